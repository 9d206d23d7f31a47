/*===- xla_gpu.h - what XLA says and has of a GPU -----------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#ifndef DP_SRC_XLA_GPU_H
#define DP_SRC_XLA_GPU_H

#include "dp/runtime.h"
#include "xla_ffi.h"

/* Whether the version of XLA that calls is one of those that tell. */
int dp_xla_knows_gpus(const dp_xla_frame *frame);

/* The GPU of the call by its number, and the stream of its work. Returns NULL,
 * or XLA's error: where it runs on the CPU, say. */
void *dp_xla_find_gpu(const dp_xla_frame *frame, int32_t *number,
                      void **stream);

/* As dp_invoke, with a workspace from XLA's allocator. Sets *code to what that
 * returns; returns NULL, or XLA's error, where there is no memory, say. */
void *dp_xla_invoke_on_gpu(const dp_entry *entry, const dp_xla_frame *frame,
                           dp_call *call, int *code);

#endif
