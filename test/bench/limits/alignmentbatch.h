//===- alignmentbatch.h - DTW, one instance a lane ----------------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block of R rows is swept as a wavefront, row k being k columns behind row
// 0, so that R cells without dependences are in flight. What leaves the block
// is one row of cells, kept in memory. Costs are read in place, transposed in
// registers, 16 columns at a time, the next block prefetched meanwhile.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_BENCH_LIMITS_ALIGNMENTBATCH_H
#define DANSKIN_BENCH_LIMITS_ALIGNMENTBATCH_H

#include "alignmentnumbers.h"

namespace limits::LIMITS_ISA {

constexpr int64_t chunk = 16; ///< columns, a cache line of floats

/// Fetches the next block, an item after the other.
class Prefetch {
public:
  /// `base` null: nothing is to be fetched.
  Prefetch(const float *base, int64_t item, int64_t floatsOfItem)
      : at(base), end(base + floatsOfItem), item(item),
        floatsOfItem(floatsOfItem), items(base ? width : 0) {}
  /// So many lines; they divide what an item has.
  ALWAYS_INLINE void advance(int lines) {
    if (!items)
      return;
    UNROLL for (int k = 0; k < lines; ++k) _mm_prefetch(
        reinterpret_cast<const char *>(at + k * chunk), _MM_HINT_T1);
    at += lines * chunk;
    if (at >= end) {
      at += item - floatsOfItem;
      end += item;
      --items;
    }
  }

private:
  const float *at, *end;
  int64_t item, floatsOfItem;
  int items;
};

/// A chunk of one row, of all lanes, its costs weighed.
template <class Number>
ALWAYS_INLINE void loadChunk(const float *row, int64_t item, F factor,
                             typename Number::Weight *columns) {
  UNROLL for (int c = 0; c < chunk; c += width) {
    F r[width];
    UNROLL for (int l = 0; l < width; ++l) r[l] = load(row + l * item + c);
    transpose(r);
    UNROLL for (int l = 0; l < width; ++l) columns[c + l] =
        Number::weigh(r[l], factor);
  }
}

template <class Number, int R, Keep keep> class BatchBlock {
  using Cell = typename Number::Cell;
  using Record = typename Number::Record;

public:
  /// `d` is the block's first row in the first item; `row` the cells above and
  /// then the last of the block; records stand row by row.
  BatchBlock(const float *d, int64_t item, int64_t m, float factor, Cell *row,
             bool isFirst, Record *records, const float *next)
      : d(d), item(item), m(m), factor(splat(factor)), row(row),
        records(records), prefetch(next, item, R * m) {
    UNROLL for (int k = 0; k < R; ++k) left[k] = diagonal[k] = Number::none();
    if (isFirst)
      diagonal[0] = Number::start();
  }

  ALWAYS_INLINE void run() {
    UNROLL for (int k = 0; k < R; ++k)
        loadChunk<Number>(d + k * m, item, factor, weights[k]);
    for (int64_t t = 0; t < m + R - 1; t += chunk)
      if (t >= chunk && t + chunk <= m)
        runChunk<false>(t);
      else
        runChunk<true>(t);
  }

private:
  template <bool isEdge> ALWAYS_INLINE void runChunk(int64_t t) {
    int64_t next = t + chunk;
    UNROLL for (int part = 0; part < R; ++part) {
      if (next < m)
        loadChunk<Number>(d + part * m + next, item, factor,
                          weights[part] + (next & chunk));
      prefetch.advance(width);
      for (int64_t s = chunk / R * part; s < chunk / R * (part + 1); ++s)
        UNROLL for (int k = R - 1; k >= 0; --k) {
          int64_t j = t + s - k;
          if (isEdge && (j < 0 || j >= m))
            continue;
          Cell up = k ? left[k - 1] : row[j];
          Cell cell = Number::template step<keep>(
              up, left[k], diagonal[k], weights[k][j & (2 * chunk - 1)],
              records + k * m + j);
          diagonal[k] = up;
          left[k] = cell;
          if (k == R - 1) {
            Number::normalize(cell);
            row[j] = cell;
          }
        }
    }
    UNROLL for (int k = 0; k < R; ++k) {
      Number::normalize(left[k]);
      Number::normalize(diagonal[k]);
    }
  }

  const float *d;
  int64_t item, m;
  F factor;
  Cell *row;
  Record *records;
  Prefetch prefetch;
  Cell left[R], diagonal[R];
  typename Number::Weight weights[R][2 * chunk];
};

template <class Number, int R, Keep keep>
[[gnu::noinline]] void
runBatchBlock(const float *d, int64_t item, int64_t m, float factor,
              typename Number::Cell *row, bool isFirst,
              typename Number::Record *records, const float *next) {
  BatchBlock<Number, R, keep>(d, item, m, factor, row, isFirst, records, next)
      .run();
}

template <class Number> void clearRow(typename Number::Cell *row, int64_t m) {
  std::fill_n(row, m, Number::none());
}

/// Turns a row of vectors, `pitch` bytes apart, into rows of the items, in
/// bursts that stores past the caches like.
[[gnu::noinline]] inline void emitRow(float *to, int64_t item, int64_t m,
                                      const void *from, int64_t pitch) {
  constexpr int64_t burst = 256;
  alignas(64) float lines[width][burst + 16];
  const char *bytes = static_cast<const char *>(from);
  for (int64_t c0 = 0; c0 < m; c0 += burst) {
    int64_t count = std::min(burst, m - c0);
    for (int64_t c = 0; c < count; c += width) {
      F r[width];
      UNROLL for (int l = 0; l < width; ++l) r[l] =
          *reinterpret_cast<const F *>(bytes + (c0 + c + l) * pitch);
      transpose(r);
      UNROLL for (int l = 0; l < width; ++l) store(&lines[l][c], r[l]);
    }
    for (int l = 0; l < width; ++l)
      for (int64_t c = 0; c < count; c += width)
        stream(to + l * item + c0 + c, load(&lines[l][c]));
  }
}

} // namespace limits::LIMITS_ISA

#endif // DANSKIN_BENCH_LIMITS_ALIGNMENTBATCH_H
