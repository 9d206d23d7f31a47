// Two programs of one library, and a third of another.
#include "dtw.h"
#include "optimum.h"
#include <cstdio>
#include <stdexcept>
#include <vector>

namespace {

/// Calls an entry with the workspace that it asks for.
template <typename Arguments>
void call(Arguments &arguments, int64_t (*workspace)(const Arguments *),
          int (*entry)(const Arguments *)) {
  char error[512] = "";
  arguments.error = error;
  arguments.error_bytes = sizeof error;
  int64_t bytes = workspace(&arguments);
  std::vector<char> memory(bytes > 0 ? size_t(bytes) : 0);
  arguments.workspace = memory.data();
  arguments.workspace_bytes = bytes;
  if (bytes < 0 || entry(&arguments) != DP_OK)
    throw std::runtime_error(error);
}

void print(const char *name, const std::vector<double> &values) {
  for (double value : values)
    std::printf("%s %.17g\n", name, value);
}

void align(const double &gamma) {
  std::vector<double> x = {0, 1, 3, 1, 0}, y = {0, 0, 1, 2, 3, 1, 0};
  std::vector<double> cost(1), gradX(x.size()), gradY(y.size());
  dtw_value_grad_f64_args arguments = {};
  arguments.N = int64_t(x.size());
  arguments.M = int64_t(y.size());
  arguments.K = 1;
  arguments.x = x.data();
  arguments.y = y.data();
  arguments.gamma = &gamma;
  arguments.cost = cost.data();
  arguments.grad_x = gradX.data();
  arguments.grad_y = gradY.data();
  call(arguments, dtw_value_grad_f64_workspace, dtw_value_grad_f64);
  print("dtw.cost", cost);
  print("dtw.grad.x", gradX);
}

void decode(const double &gamma) {
  // Three positions, two states.
  std::vector<double> emit = {1, 0, 0, 2, 1, 1}, start = {0, 0.5};
  std::vector<double> trans = {0.5, 0, 0, 0.25}, score(1);
  viterbi_value_f64_args arguments = {};
  arguments.T = 3;
  arguments.S = 2;
  arguments.emit = emit.data();
  arguments.trans = trans.data();
  arguments.start = start.data();
  arguments.gamma = &gamma;
  arguments.score = score.data();
  call(arguments, viterbi_value_f64_workspace, viterbi_value_f64);
  print("viterbi.score", score);
  print("viterbi.optimum", {getOptimum(arguments)});
}

} // namespace

int main() try {
  double gamma = 0.5;
  align(gamma);
  decode(gamma);
} catch (const std::exception &error) {
  std::fprintf(stderr, "embed: %s\n", error.what());
  return 1;
}
