/*===- box.c - walks over strided boxes ---------------------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#include "plan.h"
#include <string.h>

int64_t dp_box_count(int32_t rank, const int64_t *extents) {
  int64_t count = 1;
  int is_large = 0;
  for (int32_t axis = 0; axis < rank; ++axis) {
    if (extents[axis] == 0)
      return 0;
    is_large |= __builtin_mul_overflow(count, extents[axis], &count);
    is_large |= count > INT64_MAX / 2;
  }
  return is_large ? -1 : count;
}

void dp_box_zero(char *data, int32_t bytes, int32_t rank, const int64_t *shape,
                 const int64_t *strides) {
  if (rank == 0) {
    memset(data, 0, (size_t)bytes);
    return;
  }
  if (rank == 1 && strides[0] == 1) {
    memset(data, 0, (size_t)(shape[0] * bytes));
    return;
  }
  for (int64_t i = 0; i < shape[0]; ++i)
    dp_box_zero(data + i * strides[0] * bytes, bytes, rank - 1, shape + 1,
                strides + 1);
}

/* Writes 0 to the elements of the box `shape` that are not in `extents`. */
void dp_box_zero_outside(char *data, int32_t bytes, int32_t rank,
                         const int64_t *shape, const int64_t *strides,
                         const int64_t *extents) {
  int32_t axis = 0;
  while (axis < rank && shape[axis] == extents[axis])
    ++axis;
  if (axis == rank)
    return;
  for (int64_t i = 0; i < extents[0]; ++i)
    dp_box_zero_outside(data + i * strides[0] * bytes, bytes, rank - 1,
                        shape + 1, strides + 1, extents + 1);
  for (int64_t i = extents[0]; i < shape[0]; ++i)
    dp_box_zero(data + i * strides[0] * bytes, bytes, rank - 1, shape + 1,
                strides + 1);
}

static int64_t *from_i32(int64_t *to, const char *from, int32_t rank,
                         const int64_t *extents, const int64_t *strides) {
  if (rank == 0) {
    int32_t value;
    memcpy(&value, from, sizeof value);
    *to = value;
    return to + 1;
  }
  for (int64_t i = 0; i < extents[0]; ++i)
    to = from_i32(to, from + i * strides[0] * 4, rank - 1, extents + 1,
                  strides + 1);
  return to;
}

/* Dense, row-major. */
void dp_box_from_i32(int64_t *to, const char *from, int32_t rank,
                     const int64_t *extents, const int64_t *strides) {
  from_i32(to, from, rank, extents, strides);
}

static double term(const void *terms, int32_t bytes, int64_t i) {
  return bytes == 4 ? (double)((const float *)terms)[i]
                    : ((const double *)terms)[i];
}

/* sums[0..shape] += terms[0..extents]; both dense. */
void dp_box_add(double *sums, int32_t rank, const int64_t *shape,
                const void *terms, int32_t bytes, const int64_t *extents) {
  if (rank == 0) {
    sums[0] += term(terms, bytes, 0);
    return;
  }
  if (rank == 1) {
    for (int64_t i = 0; i < extents[0]; ++i)
      sums[i] += term(terms, bytes, i);
    return;
  }
  int64_t sum_step = dp_box_count(rank - 1, shape + 1);
  int64_t term_step = dp_box_count(rank - 1, extents + 1);
  for (int64_t i = 0; i < extents[0]; ++i)
    dp_box_add(sums + i * sum_step, rank - 1, shape + 1,
               (const char *)terms + i * term_step * bytes, bytes, extents + 1);
}

static void store(char *data, int32_t bytes, double value) {
  if (bytes == 4) {
    float narrow = (float)value;
    memcpy(data, &narrow, sizeof narrow);
    return;
  }
  memcpy(data, &value, sizeof value);
}

/* data = the sum of `blocks` dense arrays, `pitch` elements apart, in order. */
void dp_box_store_sums(char *data, int32_t bytes, int32_t rank,
                       const int64_t *shape, const int64_t *strides,
                       const double *sums, int64_t blocks, int64_t pitch) {
  if (rank == 0) {
    double total = 0;
    for (int64_t k = 0; k < blocks; ++k)
      total += sums[k * pitch];
    store(data, bytes, total);
    return;
  }
  int64_t step = dp_box_count(rank - 1, shape + 1);
  for (int64_t i = 0; i < shape[0]; ++i)
    dp_box_store_sums(data + i * strides[0] * bytes, bytes, rank - 1, shape + 1,
                      strides + 1, sums + i * step, blocks, pitch);
}
