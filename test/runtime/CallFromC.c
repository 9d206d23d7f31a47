//===- CallFromC.c - the ABI as a C99 program sees it ---------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Toy.h"
#include <string.h>

#define CHECK(condition)                                                       \
  if (!(condition))                                                            \
  return __LINE__

static dp_tensor tensor(void *data, int bits, int code, int32_t rank,
                        int64_t *shape) {
  dp_tensor result;
  memset(&result, 0, sizeof result);
  result.data = data;
  result.device.device_type = DP_CPU;
  result.ndim = rank;
  result.dtype.code = (uint8_t)code;
  result.dtype.bits = (uint8_t)bits;
  result.dtype.lanes = 1;
  result.shape = shape;
  return result;
}

int call_toy_from_c(void) {
  int64_t two[] = {2, 2}, three[] = {3};
  double x[] = {1, 2, 3, 4}, w[] = {10, 20, 30};
  int64_t y[] = {2, 0}, width = 1;
  double score, rows[3], grad_x[4], grad_w[3];
  dp_tensor in[] = {tensor(x, 64, DP_TYPE_FLOAT, 2, two),
                    tensor(w, 64, DP_TYPE_FLOAT, 1, three),
                    tensor(y, 64, DP_TYPE_INT, 1, two)};
  dp_tensor out[] = {tensor(&score, 64, DP_TYPE_FLOAT, 0, NULL),
                     tensor(rows, 64, DP_TYPE_FLOAT, 1, three),
                     tensor(grad_x, 64, DP_TYPE_FLOAT, 2, two),
                     tensor(grad_w, 64, DP_TYPE_FLOAT, 1, three)};
  dp_tensor size = tensor(&width, 64, DP_TYPE_INT, 0, NULL);
  const dp_tensor *inputs[] = {&in[0], &in[1], &in[2], NULL, NULL};
  const dp_tensor *outputs[] = {&out[0], &out[1], &out[2], &out[3]};
  const dp_tensor *sizes[] = {NULL, NULL, &size};
  double workspace[64];
  dp_call call;
  memset(&call, 0, sizeof call);
  call.struct_size = sizeof call;
  call.num_inputs = TOY_INPUTS;
  call.num_outputs = TOY_OUTPUTS;
  call.num_sizes = TOY_SIZES;
  call.inputs = inputs;
  call.outputs = outputs;
  call.sizes = sizes;
  call.workspace = workspace;
  call.workspace_bytes = sizeof workspace;
  CHECK(dp_workspace(&toy_f64, &call) <= (int64_t)sizeof workspace);
  CHECK(dp_invoke(&toy_f64, &call) == DP_OK);
  CHECK(rows[0] == 10 + 40 + 30 && rows[1] == 30 + 80 + 10 && rows[2] == 1);
  CHECK(score == 1 + rows[0] + rows[1]);
  CHECK(grad_x[0] == 10 && grad_x[1] == 20 && grad_x[3] == 20);
  CHECK(grad_w[0] == 1 + 3 + 1 && grad_w[1] == 6 && grad_w[2] == 1);
  return 0;
}
