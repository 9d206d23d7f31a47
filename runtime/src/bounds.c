/*===- bounds.c - what an emulated kernel may access --------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* A strided array is a run of bytes that is repeated by its axes, the inner
ones
|* first. Where the strides nest, an address leads back to its place in the run
|* by division, so that what lies between a view's elements is found too. Where
|* they do not, the array counts as a whole.
|*
\*===----------------------------------------------------------------------===*/
#include "bounds.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So many bytes from an array nobody would say where an address is by it. */
enum { FAR = 1 << 20 };

/* An axis: how far apart what is repeated lies, and how many bytes that has. */
typedef struct axis {
  uint64_t step, extent, inner;
} axis;

typedef struct bound {
  dp_region region;
  uintptr_t low;
  uint64_t span, run;
  int32_t rank;
  axis *axes;
} bound;

struct dp_bounds {
  int32_t count, capacity;
  bound *all;
  axis *axes;
};

/* Takes an axis up, by step; gives the way from its lowest to its first. */
static uint64_t insert(bound *b, int64_t stride, int64_t extent) {
  uint64_t step = (uint64_t)stride * (uint64_t)b->region.bytes, back = 0;
  if (stride == 0 || extent < 2)
    return 0;
  if (stride < 0) {
    step = -step;
    back = step * ((uint64_t)extent - 1);
  }
  int32_t at = b->rank++;
  for (; at > 0 && b->axes[at - 1].step > step; --at)
    b->axes[at] = b->axes[at - 1];
  axis own = {step, (uint64_t)extent, 0};
  b->axes[at] = own;
  return back;
}

/* Axes without gaps become part of the run, as do those that do not nest. */
static void fold(bound *b) {
  int32_t kept = 0;
  b->span = b->run = (uint64_t)b->region.bytes;
  for (int32_t k = 0; k < b->rank; ++k) {
    axis own = b->axes[k];
    own.inner = b->span;
    b->span += own.step * (own.extent - 1);
    if (own.step > own.inner || (own.step == own.inner && kept)) {
      b->axes[kept++] = own;
    } else {
      b->run = b->span;
      kept = 0;
    }
  }
  b->rank = kept;
}

static void resolve(bound *b, const dp_region *region) {
  b->region = *region;
  b->low = (uintptr_t)region->first;
  b->rank = 0;
  b->span = 0;
  int is_empty = region->count == 0 || region->bytes == 0;
  for (int32_t d = 0; d < region->rank; ++d)
    is_empty |= region->shape[d] == 0;
  if (is_empty)
    return;
  b->low -= insert(b, region->between, region->count);
  for (int32_t d = 0; d < region->rank; ++d)
    b->low -= insert(b, region->strides[d], region->shape[d]);
  fold(b);
}

dp_bounds *dp_bounds_make(const dp_region *regions, int32_t count,
                          int32_t others) {
  int32_t axes = count + others;
  for (int32_t k = 0; k < count; ++k)
    axes += regions[k].rank;
  dp_bounds *bounds = calloc(1, sizeof *bounds);
  if (!bounds)
    return NULL;
  bounds->capacity = count + others;
  bounds->all = calloc((size_t)bounds->capacity, sizeof *bounds->all);
  bounds->axes = calloc((size_t)axes, sizeof *bounds->axes);
  if (!bounds->all || !bounds->axes) {
    dp_bounds_free(bounds);
    return NULL;
  }
  axis *own = bounds->axes;
  for (; bounds->count < count; ++bounds->count) {
    bound *b = &bounds->all[bounds->count];
    b->axes = own;
    own += 1 + regions[bounds->count].rank;
    resolve(b, &regions[bounds->count]);
  }
  return bounds;
}

void dp_bounds_free(dp_bounds *bounds) {
  if (!bounds)
    return;
  free(bounds->all);
  free(bounds->axes);
  free(bounds);
}

int dp_bounds_add(dp_bounds *bounds, const char *what, const void *address,
                  int64_t bytes) {
  for (int32_t k = 0; k < bounds->count; ++k)
    if (bounds->all[k].region.first == address &&
        bounds->all[k].region.bytes == bytes)
      return 1;
  if (bounds->count == bounds->capacity)
    return 0;
  dp_region region = {what, NULL, DP_ANY_BLOCK, address, bytes, 1,
                      0,    0,    NULL,         NULL};
  resolve(&bounds->all[bounds->count++], &region);
  return 1;
}

static int holds(const bound *b, uintptr_t address, uint64_t bytes) {
  uint64_t at = address - b->low;
  if (at >= b->span)
    return 0;
  for (int32_t k = b->rank; k-- > 0;) {
    at %= b->axes[k].step;
    if (at >= b->axes[k].inner)
      return 0;
  }
  return bytes <= b->run - at;
}

int dp_bounds_hold(const dp_bounds *bounds, int32_t block, uintptr_t address,
                   int64_t bytes) {
  for (int32_t k = 0; k < bounds->count; ++k) {
    const bound *b = &bounds->all[k];
    int is_own = b->region.block == DP_ANY_BLOCK || b->region.block == block;
    if (is_own && holds(b, address, (uint64_t)bytes))
      return 1;
  }
  return 0;
}

static uint64_t distance(const bound *b, uintptr_t address) {
  if (address < b->low)
    return b->low - address;
  uint64_t at = address - b->low;
  return at < b->span ? 0 : at - b->span;
}

void dp_bounds_describe(const dp_bounds *bounds, uintptr_t address, char *text,
                        size_t size) {
  const bound *nearest = NULL;
  for (int32_t k = 0; k < bounds->count; ++k) {
    const bound *b = &bounds->all[k];
    if (b->span &&
        (!nearest || distance(b, address) < distance(nearest, address)))
      nearest = b;
  }
  if (!nearest || distance(nearest, address) > FAR) {
    snprintf(text, size, "at %#llx, far from every array",
             (unsigned long long)address);
    return;
  }
  uint64_t bytes = distance(nearest, address);
  const char *way = address < nearest->low ? "before" : "beyond";
  if (address - nearest->low < nearest->span) {
    bytes = address - nearest->low;
    way = "into";
  }
  const char *name = nearest->region.name;
  int length = snprintf(text, size, "%llu bytes %s %s%s%s%s",
                        (unsigned long long)bytes, way, nearest->region.what,
                        name ? " `" : "", name ? name : "", name ? "`" : "");
  if (nearest->region.block != DP_ANY_BLOCK && (size_t)length < size)
    snprintf(text + length, size - (size_t)length, " %d",
             (int)nearest->region.block);
}
