#include "optimum.h"
#include <dlfcn.h>
#include <stdexcept>
#include <vector>

namespace {

/// A function of the other library.
template <typename Function> Function *find(const char *name) {
  static void *library = dlopen(OPTIMUM, RTLD_NOW | RTLD_LOCAL);
  void *symbol = library ? dlsym(library, name) : nullptr;
  if (!symbol)
    throw std::runtime_error(dlerror());
  return reinterpret_cast<Function *>(symbol);
}

} // namespace

double getOptimum(viterbi_value_f64_args arguments) {
  auto workspace =
      find<int64_t(const dp_call *)>("dp1_viterbi_value_f64_workspace");
  auto entry = find<int(const dp_call *)>("dp1_viterbi_value_f64");
  // The frame of the header, with the functions of the other library.
  char error[512] = "";
  arguments.error = error;
  arguments.error_bytes = sizeof error;
  viterbi_value_f64_frame frame;
  viterbi_value_f64_fill(&frame, &arguments);
  int64_t bytes = workspace(&frame.call);
  std::vector<char> memory(bytes > 0 ? size_t(bytes) : 0);
  frame.call.workspace = memory.data();
  frame.call.workspace_bytes = bytes;
  double score;
  dp_wrap_dense(&frame.output[0], &score, DP_TYPE_FLOAT, 64, 0, frame.batch, 0);
  frame.outputs[0] = &frame.output[0];
  if (bytes < 0 || entry(&frame.call) != DP_OK)
    throw std::runtime_error(error);
  return score;
}
