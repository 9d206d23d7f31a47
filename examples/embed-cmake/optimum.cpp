#include "optimum.h"
#include <dlfcn.h>
#include <stdexcept>
#include <string>

using Entry = int (*)(const dp_call *);

double getOptimum(const viterbi_value_f64_args &arguments) {
  static void *library = dlopen(OPTIMUM, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    throw std::runtime_error(dlerror());
  static auto entry =
      reinterpret_cast<Entry>(dlsym(library, "dp1_viterbi_value_f64"));
  // The frame of the header, with the function of the other library.
  viterbi_value_f64_frame frame;
  viterbi_value_f64_fill(&frame, &arguments);
  double score;
  dp_wrap_dense(&frame.output[0], &score, DP_TYPE_FLOAT, 64, 0, frame.batch, 0);
  frame.outputs[0] = &frame.output[0];
  if (int code = entry(&frame.call))
    throw std::runtime_error("viterbi: error " + std::to_string(code));
  return score;
}
