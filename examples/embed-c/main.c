/* Aligns two series by soft dynamic time warping, and says how the cost moves
 * with the first of them. The library's header is all it includes. */
#include "dtw.h"
#include <stdio.h>
#include <stdlib.h>

enum { N = 5, M = 7, K = 1 };

int main(void) {
  const double x[N * K] = {0, 1, 3, 1, 0};
  const double y[M * K] = {0, 0, 1, 2, 3, 1, 0};
  const double gamma = 0.5;
  double cost, grad_x[N * K], grad_y[M * K];
  char error[512];
  dtw_value_grad_f64_args arguments = {0};
  int64_t bytes;
  int i;

  arguments.N = N;
  arguments.M = M;
  arguments.K = K;
  arguments.x = x;
  arguments.y = y;
  arguments.gamma = &gamma;
  arguments.cost = &cost;
  arguments.grad_x = grad_x;
  arguments.grad_y = grad_y;
  arguments.error = error;
  arguments.error_bytes = sizeof error;

  /* The library allocates nothing: it says what it needs. */
  bytes = dtw_value_grad_f64_workspace(&arguments);
  if (bytes >= 0) {
    arguments.workspace = malloc((size_t)bytes);
    arguments.workspace_bytes = bytes;
  }
  if (bytes < 0 || dtw_value_grad_f64(&arguments) != DP_OK) {
    fprintf(stderr, "dtw: %s\n", error);
    return 1;
  }
  printf("cost %.17g\n", cost);
  for (i = 0; i < N; ++i)
    printf("grad.x %.17g\n", grad_x[i]);
  free(arguments.workspace);
  return 0;
}
