/*===- scratch.c - calls from hosts that bring no workspace -------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* XLA cannot know a workspace when it plans memory, for lengths are data then;
|* TVM's callers have no place for one. Here alone the runtime allocates.
|*
\*===----------------------------------------------------------------------===*/
#include "scratch.h"
#include <stdio.h>
#include <stdlib.h>

int dp_invoke_with_scratch(const dp_entry *entry, dp_call *call) {
  int64_t bytes = dp_workspace(entry, call);
  if (bytes < 0)
    return (int)-bytes;
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
