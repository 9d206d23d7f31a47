/*===- scratch.h - calls from hosts that bring no workspace -------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#ifndef DP_SRC_SCRATCH_H
#define DP_SRC_SCRATCH_H

#include "dp/runtime.h"

/* As dp_invoke, with a workspace from malloc. DP_ERROR_DEVICE where the call
 * would run on a GPU. */
int dp_invoke_with_scratch(const dp_entry *entry, dp_call *call);

#endif
