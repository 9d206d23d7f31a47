//===- alignmentlong.h - DTW of one instance, a row a lane --------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A strip is as many rows as a vector has lanes, lane l being l columns behind
// lane 0, so that a vector is a piece of an anti-diagonal. K strips make a set;
// strip k + 1 is a vector's width behind strip k and takes what it needs from
// that one's registers. Between sets a row of cells is kept in memory.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_BENCH_LIMITS_ALIGNMENTLONG_H
#define DANSKIN_BENCH_LIMITS_ALIGNMENTLONG_H

#include "alignmentbatch.h"

namespace limits::LIMITS_ISA {

/// Rows at a distance of one column from lane to lane: columns[s] holds column
/// c + s - l of row l. Outside of the matrix it is 0.
template <class Number, bool isEdge>
ALWAYS_INLINE void loadSkewed(const float *d, int64_t m, int64_t c, F factor,
                              typename Number::Weight *columns) {
  if (isEdge) {
    for (int s = 0; s < chunk; ++s) {
      F costs;
      for (int l = 0; l < width; ++l) {
        int64_t j = c + s - l;
        costs[l] = j >= 0 && j < m ? d[l * m + j] : 0;
      }
      columns[s] = Number::weigh(costs, factor);
    }
    return;
  }
  UNROLL for (int s = 0; s < chunk; s += width) {
    F r[width];
    UNROLL for (int l = 0; l < width; ++l) r[l] = load(d + l * m + c + s - l);
    transpose(r);
    UNROLL for (int l = 0; l < width; ++l) columns[s + l] =
        Number::weigh(r[l], factor);
  }
}

/// Cells of one row, a lane each in memory, with room around them.
template <class Number> struct Boundary;
template <> struct Boundary<Soft> {
  float *m;
  int32_t *e;
  static constexpr int64_t planes = 2;
  static Boundary make(float *memory, int64_t plane) {
    return {memory, reinterpret_cast<int32_t *>(memory + plane)};
  }
  void clear(int64_t from, int64_t to) {
    std::fill(m + from, m + to, 1.0f);
    std::fill(e + from, e + to, -(1 << 28));
  }
  /// A vector whose last lane is the cell of column j.
  ALWAYS_INLINE Soft::Cell lastLane(int64_t j) const {
    return {load(m + j - width + 1),
            bits(load(reinterpret_cast<const float *>(e) + j - width + 1))};
  }
  ALWAYS_INLINE void put(int64_t j, const Soft::Cell &cell) {
    m[j] = cell.m[width - 1];
    e[j] = cell.e[width - 1];
  }
  ALWAYS_INLINE void normalize(int64_t j) {
    for (int64_t s = 0; s < chunk; s += width) {
      Soft::Cell cell{load(m + j + s),
                      bits(load(reinterpret_cast<float *>(e) + j + s))};
      Soft::normalize(cell);
      store(m + j + s, cell.m);
      store(reinterpret_cast<float *>(e) + j + s, fromBits(cell.e));
    }
  }
};
template <> struct Boundary<Hard> {
  float *v;
  static constexpr int64_t planes = 1;
  static Boundary make(float *memory, int64_t) { return {memory}; }
  void clear(int64_t from, int64_t to) { std::fill(v + from, v + to, 1e30f); }
  ALWAYS_INLINE Hard::Cell lastLane(int64_t j) const {
    return {load(v + j - width + 1)};
  }
  ALWAYS_INLINE void put(int64_t j, const Hard::Cell &cell) {
    v[j] = cell.v[width - 1];
  }
  ALWAYS_INLINE void normalize(int64_t) {}
};

/// Lanes 0, 1, ...
ALWAYS_INLINE I laneNumbers() {
  I lanes;
  UNROLL for (int l = 0; l < width; ++l) lanes[l] = l;
  return lanes;
}

/// Steps of a strip: its last lane reaches the last column.
constexpr int64_t stepsOf(int64_t m) { return m + width - 1; }

template <class Number, int K, Keep keep> class LongSet {
  using Cell = typename Number::Cell;
  using Record = typename Number::Record;

public:
  /// Records of strip k stand at records[k * stepsOf(m)], a step after the
  /// other.
  LongSet(const float *d, int64_t m, float factor, Boundary<Number> boundary,
          bool isFirst, Record *records)
      : d(d), m(m), factor(splat(factor)), boundary(boundary),
        records(records) {
    UNROLL for (int k = 0; k < K; ++k) left[k] = diagonal[k] = Number::none();
    if (isFirst)
      diagonal[0] =
          Number::select(laneNumbers() == 0, Number::start(), Number::none());
  }

  ALWAYS_INLINE void run() {
    boundary.normalize(0);
    int64_t last = stepsOf(m) + width * (K - 1);
    for (int64_t t = 0; t < last; t += chunk) {
      if (t + chunk < m)
        boundary.normalize(t + chunk);
      if (t >= width * K && t + chunk <= m)
        runChunk<false>(t);
      else
        runChunk<true>(t);
    }
  }

private:
  template <bool isEdge> ALWAYS_INLINE void runChunk(int64_t t) {
    typename Number::Weight weights[K][chunk];
    UNROLL for (int k = 0; k < K; ++k) {
      const float *strip = d + k * width * m;
      loadSkewed<Number, isEdge>(strip, m, t - k * width, factor, weights[k]);
      if (!isEdge)
        UNROLL for (int l = 0; l < width; ++l) _mm_prefetch(
            reinterpret_cast<const char *>(strip + l * m + t + 128),
            _MM_HINT_T0);
    }
    for (int64_t s = 0; s < chunk; ++s)
      UNROLL for (int k = K - 1; k >= 0; --k) {
        int64_t step = t + s - k * width;
        if (isEdge && (step < 0 || step >= stepsOf(m)))
          continue;
        Cell up = Number::shiftedIn(left[k],
                                    k ? left[k - 1] : boundary.lastLane(step));
        Cell cell =
            Number::template step<keep>(up, left[k], diagonal[k], weights[k][s],
                                        records + k * stepsOf(m) + step);
        if (isEdge && step < width - 1)
          cell = Number::select(laneNumbers() > int32_t(step), Number::none(),
                                cell);
        diagonal[k] = up;
        left[k] = cell;
        if (k == K - 1 && step >= width - 1)
          boundary.put(step - (width - 1), cell);
      }
    UNROLL for (int k = 0; k < K; ++k) {
      Number::normalize(left[k]);
      Number::normalize(diagonal[k]);
    }
  }

  const float *d;
  int64_t m;
  F factor;
  Boundary<Number> boundary;
  Record *records;
  Cell left[K], diagonal[K];
};

template <class Number, int K, Keep keep>
[[gnu::noinline]] void runLongSet(const float *d, int64_t m, float factor,
                                  Boundary<Number> boundary, bool isFirst,
                                  typename Number::Record *records) {
  LongSet<Number, K, keep>(d, m, factor, boundary, isFirst, records).run();
}

/// Floats of a boundary of m cells, with room for a vector at either end.
template <class Number> constexpr int64_t boundarySize(int64_t m) {
  return Boundary<Number>::planes * (m + 4 * chunk);
}
template <class Number>
Boundary<Number> makeBoundary(float *memory, int64_t m) {
  return Boundary<Number>::make(memory + 2 * chunk, m + 4 * chunk);
}

} // namespace limits::LIMITS_ISA

#endif // DANSKIN_BENCH_LIMITS_ALIGNMENTLONG_H
