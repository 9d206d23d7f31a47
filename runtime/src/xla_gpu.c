/*===- xla_gpu.c - what XLA says and has of a GPU -----------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* XLA gives memory out again to work that it starts later on the same stream,
|* so a workspace is given back as soon as the work is started: nothing waits.
|* For the same reason a handler cannot be recorded into a command buffer, which
|* runs when the memory may be another's; it declares no such trait.
|*
\*===----------------------------------------------------------------------===*/
#include "xla_gpu.h"

int dp_xla_knows_gpus(const dp_xla_frame *frame) {
  return frame->api->struct_size >= sizeof *frame->api;
}

void *dp_xla_find_gpu(const dp_xla_frame *frame, int32_t *number,
                      void **stream) {
  dp_xla_stream_arguments of_stream = {sizeof of_stream, NULL, frame->context,
                                       NULL};
  void *error = frame->api->get_stream(&of_stream);
  if (error)
    return error;
  *stream = of_stream.stream;
  dp_xla_ordinal_arguments of_gpu = {sizeof of_gpu, NULL, frame->context, 0};
  error = frame->api->get_ordinal(&of_gpu);
  *number = of_gpu.ordinal;
  return error;
}

void *dp_xla_invoke_on_gpu(const dp_entry *entry, const dp_xla_frame *frame,
                           dp_call *call, int *code) {
  int64_t bytes = dp_workspace(entry, call);
  *code = bytes < 0 ? (int)-bytes : DP_OK;
  if (bytes < 0)
    return NULL;
  dp_xla_allocate_arguments of_memory = {sizeof of_memory, NULL, frame->context,
                                         (size_t)bytes,    1,    NULL};
  void *error = bytes ? frame->api->allocate(&of_memory) : NULL;
  if (error)
    return error;
  call->workspace = of_memory.data;
  call->workspace_bytes = bytes;
  *code = dp_invoke(entry, call);
  dp_xla_free_arguments given = {sizeof given, NULL, frame->context,
                                 (size_t)bytes, of_memory.data};
  return bytes ? frame->api->free(&given) : NULL;
}
