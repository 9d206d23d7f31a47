/*===- bounds.h - what an emulated kernel may access --------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#ifndef DP_SRC_BOUNDS_H
#define DP_SRC_BOUNDS_H

#include "dp/abi.h"
#include <stddef.h>

typedef struct dp_bounds dp_bounds;

/* With room for `others` plain regions more; NULL: no memory. The regions' text
 * and numbers stay the caller's. */
dp_bounds *dp_bounds_make(const dp_region *regions, int32_t count,
                          int32_t others);
void dp_bounds_free(dp_bounds *bounds);
/* Bytes at an address, unless they are known already; 0: there is no room. */
int dp_bounds_add(dp_bounds *bounds, const char *what, const void *address,
                  int64_t bytes);
/* Does one array, or what block number `block` has to itself, have them all? */
int dp_bounds_hold(const dp_bounds *bounds, int32_t block, uintptr_t address,
                   int64_t bytes);
/* "8 bytes beyond input `x`": the address by what is nearest. */
void dp_bounds_describe(const dp_bounds *bounds, uintptr_t address, char *text,
                        size_t size);

#endif
