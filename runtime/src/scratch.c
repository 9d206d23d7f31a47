/*===- scratch.c - calls from hosts that bring no workspace -------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* XLA cannot know a workspace when it plans memory, for lengths are data then;
|* TVM's callers have no place for one. Here alone the runtime allocates, and
|* from malloc alone: memory of a GPU is a host's to give.
|*
\*===----------------------------------------------------------------------===*/
#include "scratch.h"
#include "plan.h"
#include <stdio.h>
#include <stdlib.h>

static int refuse_gpu(const dp_entry *entry, const dp_call *call) {
  const dp_tensor *input = dp_find_gpu(entry, call);
  if (input && call->error && call->error_bytes > 0)
    snprintf(call->error, (size_t)call->error_bytes,
             "inputs are on GPU %d, but this way to call has a workspace of "
             "the CPU alone: call the C function with one of the GPU, or "
             "danskin from PyTorch, JAX or CuPy [R%02d]",
             (int)input->device.device_id, DP_ERROR_DEVICE);
  return input ? DP_ERROR_DEVICE : DP_OK;
}

int dp_invoke_with_scratch(const dp_entry *entry, dp_call *call) {
  int64_t bytes = dp_workspace(entry, call);
  if (bytes < 0)
    return (int)-bytes;
  if (refuse_gpu(entry, call) != DP_OK)
    return DP_ERROR_DEVICE;
  call->workspace = bytes ? malloc((size_t)bytes) : NULL;
  call->workspace_bytes = bytes;
  if (bytes && !call->workspace) {
    if (call->error && call->error_bytes > 0)
      snprintf(call->error, (size_t)call->error_bytes,
               "there is no memory for a workspace of %lld bytes [R%02d]",
               (long long)bytes, DP_ERROR_WORKSPACE);
    return DP_ERROR_WORKSPACE;
  }
  int code = dp_invoke(entry, call);
  free(call->workspace);
  return code;
}
