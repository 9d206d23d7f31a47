//===- dtwpath.cpp - hard DTW and its path --------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The sweep leaves two bits a cell: did `up` beat the diagonal, did `left` beat
// both? The path is read off them from the end.
//
//===----------------------------------------------------------------------===//

#include "alignmentlong.h"
#include "interface.h"

namespace limits::LIMITS_ISA {

/// `record(i, j)` are the bits of a cell, `lane(i)` the lane they are in.
template <class Record, class Lane>
static int32_t walk(int64_t n, int64_t m, int32_t *path, Record record,
                    Lane lane) {
  int32_t count = 0;
  for (int64_t i = n - 1, j = m - 1;;) {
    path[count++] = int32_t(i * m + j);
    if (!i && !j)
      return count;
    Hard::Record bits = record(i, j);
    int l = lane(i);
    if (bits.left >> l & 1)
      --j;
    else if (bits.up >> l & 1)
      --i;
    else
      --i, --j;
  }
}

static void pathBatch(const float *d, int64_t b, int64_t n, int64_t m,
                      float *value, int32_t *path, int32_t *length) {
  constexpr int R = 4;
  auto *row = reinterpret_cast<Hard::Cell *>(workspace<0>(m * width));
  auto *records = reinterpret_cast<Hard::Record *>(
      workspace<1>(n * m * sizeof(Hard::Record) / sizeof(float) + 1));
  int64_t item = n * m;
  for (int64_t group = 0; group < b; group += width) {
    const float *own = d + group * item;
    clearRow<Hard>(row, m);
    for (int64_t i = 0; i < n; i += R) {
      const float *next = i + R < n           ? own + (i + R) * m
                          : group + width < b ? own + width * item
                                              : nullptr;
      runBatchBlock<Hard, R, Keep::Weights>(own + i * m, item, m, 1, row,
                                            i == 0, records + i * m, next);
    }
    for (int l = 0; l < width; ++l) {
      value[group + l] = row[m - 1].v[l];
      length[group + l] = walk(
          n, m, path + (group + l) * (n + m),
          [&](int64_t i, int64_t j) { return records[i * m + j]; },
          [&](int64_t) { return l; });
    }
  }
}

static void pathLong(const float *d, int64_t n, int64_t m, float *value,
                     int32_t *path, int32_t *length) {
  constexpr int K = 4;
  auto boundary = makeBoundary<Hard>(workspace<0>(boundarySize<Hard>(m)), m);
  auto *records = reinterpret_cast<Hard::Record *>(workspace<1>(
      n / width * stepsOf(m) * sizeof(Hard::Record) / sizeof(float) + 1));
  boundary.clear(-chunk, m + chunk);
  for (int64_t i = 0; i < n; i += K * width)
    runLongSet<Hard, K, Keep::Weights>(d + i * m, m, 1, boundary, i == 0,
                                       records + i / width * stepsOf(m));
  *value = boundary.v[m - 1];
  *length = walk(
      n, m, path,
      [&](int64_t i, int64_t j) {
        return records[i / width * stepsOf(m) + j + i % width];
      },
      [](int64_t i) { return int(i % width); });
}

void dtw_path(const float *d, int64_t b, int64_t n, int64_t m, float *value,
              int32_t *path, int32_t *length) {
  FlushToZero flush;
  if (b % width == 0)
    return pathBatch(d, b, n, m, value, path, length);
  for (int64_t k = 0; k < b; ++k)
    pathLong(d + k * n * m, n, m, value + k, path + k * (n + m), length + k);
}

} // namespace limits::LIMITS_ISA
