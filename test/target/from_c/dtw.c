//===- dtw.c - soft-DTW from C, against all its paths ---------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dtw.h"
#include "check.h"

enum { N = 4, M = 5, K = 2, B = 11 };

static double x[B][N][K], y[B][M][K];
static const double gamma_ = 0.7;

typedef struct sums {
  double z, dx[N][K], dy[M][K];
} sums;

/* Adds every path from (i, j) to the corner with weight exp(-cost / gamma). */
static void walk(int b, int i, int j, double cost, int length, int (*path)[2],
                 sums *s) {
  int k, step;
  if (i >= N || j >= M)
    return;
  for (k = 0; k < K; ++k)
    cost += pow(x[b][i][k] - y[b][j][k], 2);
  path[length][0] = i;
  path[length][1] = j;
  ++length;
  walk(b, i + 1, j, cost, length, path, s);
  walk(b, i, j + 1, cost, length, path, s);
  walk(b, i + 1, j + 1, cost, length, path, s);
  if (i < N - 1 || j < M - 1)
    return;
  s->z += exp(-cost / gamma_);
  for (step = 0; step < length; ++step)
    for (k = 0; k < K; ++k) {
      i = path[step][0];
      j = path[step][1];
      s->dx[i][k] += exp(-cost / gamma_) * 2 * (x[b][i][k] - y[b][j][k]);
      s->dy[j][k] -= exp(-cost / gamma_) * 2 * (x[b][i][k] - y[b][j][k]);
    }
}

static double expected[B], expected_dx[B][N][K], expected_dy[B][M][K];
static double cost[B], dx[B][N][K], dy[B][M][K];

static void enumerate(int b) {
  int path[N + M][2], i, k;
  sums s;
  memset(&s, 0, sizeof s);
  walk(b, 0, 0, 0, 0, path, &s);
  expected[b] = -gamma_ * log(s.z);
  for (i = 0; i < N; ++i)
    for (k = 0; k < K; ++k)
      expected_dx[b][i][k] = s.dx[i][k] / s.z;
  for (i = 0; i < M; ++i)
    for (k = 0; k < K; ++k)
      expected_dy[b][i][k] = s.dy[i][k] / s.z;
}

static dtw_value_grad_f64_args arguments(int64_t batch) {
  dtw_value_grad_f64_args a;
  memset(&a, 0, sizeof a);
  a.N = N;
  a.M = M;
  a.K = K;
  a.batch = batch;
  a.x = &x[0][0][0];
  a.y = &y[0][0][0];
  a.gamma = &gamma_;
  a.gamma_is_common = 1;
  a.cost = cost;
  a.grad_x = &dx[0][0][0];
  a.grad_y = &dy[0][0][0];
  a.workspace = workspace;
  a.workspace_bytes = sizeof workspace;
  a.error = error;
  a.error_bytes = sizeof error;
  fill(cost, B, -7);
  fill(&dx[0][0][0], B * N * K, -7);
  fill(&dy[0][0][0], B * M * K, -7);
  return a;
}

static void check_values(void) {
  dtw_value_grad_f64_args a = arguments(0);
  check(dtw_value_grad_f64_workspace(&a) <= (int64_t)sizeof workspace,
        "workspace");
  check(dtw_value_grad_f64(&a) == DP_OK, "one");
  check_close(cost, expected, 1, 1e-12, "one.cost");
  check_close(&dx[0][0][0], &expected_dx[0][0][0], N * K, 1e-12, "one.dx");
  check_close(&dy[0][0][0], &expected_dy[0][0][0], M * K, 1e-12, "one.dy");

  a = arguments(B);
  check(dtw_value_grad_f64(&a) == DP_OK, "batch");
  check_close(cost, expected, B, 1e-12, "batch.cost");
  check_close(&dx[0][0][0], &expected_dx[0][0][0], B * N * K, 1e-12,
              "batch.dx");
  check_close(&dy[0][0][0], &expected_dy[0][0][0], B * M * K, 1e-12,
              "batch.dy");
}

static void check_single_precision(void) {
  float x32[N][K], y32[M][K], cost32;
  double found;
  dtw_value_f32_args a;
  int i;
  memset(&a, 0, sizeof a);
  for (i = 0; i < N * K; ++i)
    x32[i / K][i % K] = (float)x[0][i / K][i % K];
  for (i = 0; i < M * K; ++i)
    y32[i / K][i % K] = (float)y[0][i / K][i % K];
  a.N = N;
  a.M = M;
  a.K = K;
  a.x = &x32[0][0];
  a.y = &y32[0][0];
  a.gamma = &gamma_;
  a.cost = &cost32;
  a.workspace = workspace;
  a.workspace_bytes = sizeof workspace;
  check(dtw_value_f32(&a) == DP_OK, "f32");
  found = cost32;
  check_close(&found, expected, 1, 1e-5, "f32.cost");
}

/* The frame of a good call. It points to the arguments. */
static void begin(dtw_value_grad_f64_frame *f) {
  static dtw_value_grad_f64_args a;
  a = arguments(0);
  dtw_value_grad_f64_fill(f, &a);
}

/* With outputs as they should be, but for one. */
static int call(dtw_value_grad_f64_frame *f, double *grad_x, int64_t rows) {
  int64_t shape_x[] = {rows, K}, shape_y[] = {M, K};
  int i;
  dp_wrap_dense(&f->output[0], cost, DP_TYPE_FLOAT, 64, 0, &f->batch[0], 0);
  dp_wrap_dense(&f->output[1], grad_x, DP_TYPE_FLOAT, 64, 2, &f->batch[0], 0);
  dp_wrap_dense(&f->output[2], dy, DP_TYPE_FLOAT, 64, 2, &f->batch[0], 0);
  f->output[1].shape = shape_x;
  f->output[2].shape = shape_y;
  for (i = 0; i < 3; ++i)
    f->outputs[i] = &f->output[i];
  return dp1_dtw_value_grad_f64(&f->call);
}

#define EXPECT(code, expected, name, ...)                                      \
  do {                                                                         \
    const char *pieces[] = {__VA_ARGS__, NULL};                                \
    check_error(code, expected, pieces, cost, B, name);                        \
    check(dx[0][0][0] == -7 && dy[0][0][0] == -7, name ".unwritten");          \
  } while (0)

static void check_errors(void) {
  dtw_value_grad_f64_args a;
  dtw_value_grad_f64_frame f;
  int64_t lengths[B] = {N, N, N + 3, N}, wrong[] = {M, K + 1};
  double none = 0;

  begin(&f);
  f.input[0].ndim = 1;
  EXPECT(call(&f, &dx[0][0][0], N), DP_ERROR_RANK, "rank", "input `x`",
         "has 1 axes", "must have 2", "float[N, K]");

  begin(&f);
  f.input[1].dtype.bits = 32;
  EXPECT(call(&f, &dx[0][0][0], N), DP_ERROR_TYPE, "type", "input `y`", "f32",
         "f64");

  begin(&f);
  f.input[1].shape = wrong;
  EXPECT(call(&f, &dx[0][0][0], N), DP_ERROR_SHAPE, "shape", "input `y`",
         "axis 1", "3", "`K`", "2", "float[M, K]");

  begin(&f);
  EXPECT(call(&f, &dx[0][0][0], N - 1), DP_ERROR_SHAPE, "shape of an output",
         "output `grad.x`", "axis 0", "3", "4");

  begin(&f);
  EXPECT(call(&f, &x[0][0][0], N), DP_ERROR_LAYOUT, "over an input",
         "output `grad.x`", "input `x`");
  begin(&f);
  EXPECT(call(&f, &dy[0][0][0] - 1, N), DP_ERROR_LAYOUT, "over an output",
         "output `grad.y`", "output `grad.x`");

  a = arguments(B);
  a.len_N = lengths;
  EXPECT(dtw_value_grad_f64(&a), DP_ERROR_LENGTH, "length", "instance 2",
         "length of `N`", "it is 7", "0..=4");
  lengths[2] = -1;
  EXPECT(dtw_value_grad_f64(&a), DP_ERROR_LENGTH, "negative length",
         "length of `N`", "it is -1");
  lengths[2] = 0;
  EXPECT(dtw_value_grad_f64(&a), DP_ERROR_CONSTRAINT, "constraint",
         "instance 2", "N >= 1");

  a = arguments(0);
  a.gamma = &none;
  EXPECT(dtw_value_grad_f64(&a), DP_ERROR_VALUE, "gamma", "input `gamma`",
         "it is 0");

  a = arguments(0);
  a.workspace_bytes = 8;
  EXPECT(dtw_value_grad_f64(&a), DP_ERROR_WORKSPACE, "workspace", "8");

  a = arguments(0);
  a.x = NULL;
  EXPECT(dtw_value_grad_f64(&a), DP_ERROR_CALL, "missing", "input `x`", "NULL");
}

int main(void) {
  int b, i;
  for (i = 0; i < B * N * K; ++i)
    (&x[0][0][0])[i] = draw();
  for (i = 0; i < B * M * K; ++i)
    (&y[0][0][0])[i] = draw();
  for (b = 0; b < B; ++b)
    enumerate(b);
  check_values();
  check_single_precision();
  check_errors();
  return finish();
}
