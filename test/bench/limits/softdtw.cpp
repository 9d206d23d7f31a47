//===- softdtw.cpp - soft-DTW: value and gradient
//---------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The way back needs the weights of every cell. Rows of cells are kept every 16
// rows (or every set of strips), and the weights of one such block at a time
// are computed again from them, with the same operations and so the same bits.
//
//===----------------------------------------------------------------------===//

#include "alignmentlong.h"
#include "interface.h"

namespace limits::LIMITS_ISA {

constexpr int rowsInFlight = 4;
constexpr int64_t blockRows = 16; ///< from one kept row to the next
constexpr int stripsInFlight = 4;

//===----------------------------------------------------------------------===//
// An instance a lane
//===----------------------------------------------------------------------===//

static void forwardBatch(const float *d, int64_t b, int64_t n, int64_t m,
                         float gamma, float *value) {
  constexpr int R = rowsInFlight;
  auto *row = reinterpret_cast<Soft::Cell *>(
      workspace<0>(m * sizeof(Soft::Cell) / sizeof(float)));
  int64_t item = n * m;
  for (int64_t group = 0; group < b; group += width) {
    const float *own = d + group * item;
    clearRow<Soft>(row, m);
    for (int64_t i = 0; i < n; i += R) {
      const float *next = i + R < n           ? own + (i + R) * m
                          : group + width < b ? own + width * item
                                              : nullptr;
      runBatchBlock<Soft, R, Keep::Nothing>(own + i * m, item, m,
                                            Soft::factor(gamma), row, i == 0,
                                            nullptr, next);
    }
    for (int l = 0; l < width; ++l)
      value[group + l] = Soft::value(row[m - 1].m[l], row[m - 1].e[l], gamma);
  }
}

/// One wavefront of R rows, from the last column to the first and from row R -
/// 1 up to row 0; the records' first vector becomes the gradient.
template <int R, bool isEdge>
static ALWAYS_INLINE void backwardChunk(int64_t m, int64_t t, F *below, F *left,
                                        F *diagonal, F *up,
                                        Soft::Record *records) {
  for (int64_t s = 0; s < chunk; ++s)
    UNROLL for (int k = R - 1; k >= 0; --k) {
      int64_t j = m - 1 - (t + s - k);
      if (isEdge && (j < 0 || j >= m))
        continue;
      Soft::Record &record = records[(R - 1 - k) * m + j];
      F e = (k ? up[k - 1] : below[j]) + left[k];
      F a = e * record.up, b = e * record.left;
      up[k] = a + diagonal[k];
      left[k] = b;
      diagonal[k] = e - a - b;
      record.up = e;
      if (k == R - 1)
        below[j] = up[k];
    }
}

template <int R>
[[gnu::noinline]] static void backwardBlock(float *gradient, int64_t item,
                                            int64_t m, F *below,
                                            Soft::Record *records) {
  F left[R] = {}, diagonal[R] = {}, up[R] = {};
  for (int64_t t = 0; t < m + R - 1; t += chunk)
    if (t >= chunk && t + chunk <= m)
      backwardChunk<R, false>(m, t, below, left, diagonal, up, records);
    else
      backwardChunk<R, true>(m, t, below, left, diagonal, up, records);
  for (int k = 0; k < R; ++k)
    emitRow(gradient + k * m, item, m, &records[k * m].up,
            sizeof(Soft::Record));
}

static void gradientBatch(const float *d, int64_t b, int64_t n, int64_t m,
                          float gamma, float *value, float *gradient) {
  constexpr int R = rowsInFlight;
  constexpr int64_t cellFloats = sizeof(Soft::Cell) / sizeof(float);
  int64_t blocks = n / blockRows, item = n * m;
  auto *row = reinterpret_cast<Soft::Cell *>(
      workspace<0>((blocks + 1) * m * cellFloats));
  auto *kept = row + m;
  auto *records = reinterpret_cast<Soft::Record *>(
      workspace<1>(blockRows * m * sizeof(Soft::Record) / sizeof(float)));
  auto *below = reinterpret_cast<F *>(workspace<2>(m * width));
  float factor = Soft::factor(gamma);
  for (int64_t group = 0; group < b; group += width) {
    const float *own = d + group * item;
    auto sweep = [&]<Keep keep>(int64_t block, Soft::Cell *cells,
                                const float *next) {
      for (int64_t r = 0; r < blockRows; r += R) {
        int64_t i = block * blockRows + r;
        runBatchBlock<Soft, R, keep>(
            own + i * m, item, m, factor, cells, i == 0, records + r * m,
            r + R < blockRows ? own + (i + R) * m : next);
      }
    };
    auto rowsOf = [&](int64_t block) {
      return block >= 0 && block < blocks ? own + block * blockRows * m
                                          : nullptr;
    };
    clearRow<Soft>(row, m);
    for (int64_t block = 0; block < blocks; ++block) {
      std::copy_n(row, m, kept + block * m);
      if (block < blocks - 1)
        sweep.template operator()<Keep::Nothing>(block, row, rowsOf(block + 1));
      else
        sweep.template operator()<Keep::Weights>(block, row, rowsOf(block - 1));
    }
    for (int l = 0; l < width; ++l)
      value[group + l] = Soft::value(row[m - 1].m[l], row[m - 1].e[l], gamma);
    std::fill_n(below, m, F{});
    below[m - 1] = splat(1);
    for (int64_t block = blocks - 1; block >= 0; --block) {
      if (block < blocks - 1)
        sweep.template operator()<Keep::Weights>(block, kept + block * m,
                                                 rowsOf(block - 1));
      for (int64_t r = blockRows - R; r >= 0; r -= R)
        backwardBlock<R>(gradient + group * item + (block * blockRows + r) * m,
                         item, m, below, records + r * m);
    }
  }
}

//===----------------------------------------------------------------------===//
// A row a lane
//===----------------------------------------------------------------------===//

static void forwardLong(const float *d, int64_t n, int64_t m, float gamma,
                        float *value) {
  constexpr int K = stripsInFlight;
  auto boundary = makeBoundary<Soft>(workspace<0>(boundarySize<Soft>(m)), m);
  boundary.clear(-chunk, m + chunk);
  for (int64_t i = 0; i < n; i += K * width)
    runLongSet<Soft, K, Keep::Nothing>(d + i * m, m, Soft::factor(gamma),
                                       boundary, i == 0, nullptr);
  *value = Soft::value(boundary.m[m - 1], boundary.e[m - 1], gamma);
}

/// The same strips the other way, strip 0 being the lowest: lane l is l columns
/// ahead. `below` holds what the row beneath has pushed up.
template <int K, bool isEdge>
static ALWAYS_INLINE void backwardSteps(int64_t m, int64_t t, float *below,
                                        F *left, F *diagonal, F *up,
                                        Soft::Record *records) {
  for (int64_t s = 0; s < chunk; ++s)
    UNROLL for (int k = 0; k < K; ++k) {
      // The strips above read what those below them had a step ago.
      int kk = K - 1 - k;
      int64_t step = t + s - kk * width;
      if (isEdge && (step < 0 || step >= stepsOf(m)))
        continue;
      Soft::Record &record =
          records[(K - 1 - kk) * stepsOf(m) + stepsOf(m) - 1 - step];
      F under = kk ? up[kk - 1] : load(below + m - 1 - step);
      F e = shiftDown(up[kk], under) + left[kk];
      if (isEdge && step < width - 1)
        e = laneNumbers() < int32_t(width - 1 - step) ? F{} : e;
      F a = e * record.up, b = e * record.left;
      up[kk] = a + diagonal[kk];
      left[kk] = b;
      diagonal[kk] = e - a - b;
      record.up = e;
      if (kk == K - 1) {
        int64_t j = m - 1 - (step - (width - 1));
        if (!isEdge || (j >= 0 && j < m))
          below[j] = up[kk][0];
      }
    }
}

/// The gradient of a strip from its records, whose lane l is l columns behind.
[[gnu::noinline]] static void emitStrip(float *gradient, int64_t m,
                                        const Soft::Record *records) {
  constexpr int64_t burst = 256;
  // Lines hold a vector's width of columns from before the burst.
  alignas(64) float lines[width][width + burst + 2 * width];
  int64_t begin = 0;
  for (int64_t t = 0; t < m + width; t += width) {
    F r[width];
    UNROLL for (int l = 0; l < width; ++l) r[l] =
        t + l < stepsOf(m) ? records[t + l].up : F{};
    transpose(r);
    UNROLL for (int l = 0; l < width; ++l)
        store(&lines[l][width + t - begin - l], r[l]);
    if (t - begin == burst || t == m) {
      int64_t count = std::min(burst, m - begin);
      for (int l = 0; l < width; ++l) {
        for (int64_t c = 0; c < count; c += width)
          stream(gradient + l * m + begin + c, load(&lines[l][width + c]));
        store(&lines[l][0], load(&lines[l][burst]));
        store(&lines[l][width], load(&lines[l][width + burst]));
      }
      begin += count;
    }
  }
}

static void gradientLong(const float *d, int64_t n, int64_t m, float gamma,
                         float *value, float *gradient) {
  constexpr int K = stripsInFlight;
  constexpr int64_t rows = K * width;
  int64_t sets = n / rows, size = boundarySize<Soft>(m);
  float *memory = workspace<0>(size * (sets + 1));
  float *kept = memory + size;
  auto *records = reinterpret_cast<Soft::Record *>(
      workspace<1>(K * stepsOf(m) * sizeof(Soft::Record) / sizeof(float)));
  float *below = workspace<2>(m + 4 * width) + 2 * width;
  float factor = Soft::factor(gamma);
  auto boundary = makeBoundary<Soft>(memory, m);
  boundary.clear(-chunk, m + chunk);
  for (int64_t set = 0; set < sets; ++set) {
    std::memcpy(kept + set * size, memory, size * sizeof(float));
    if (set < sets - 1)
      runLongSet<Soft, K, Keep::Nothing>(d + set * rows * m, m, factor,
                                         boundary, set == 0, nullptr);
    else
      runLongSet<Soft, K, Keep::Weights>(d + set * rows * m, m, factor,
                                         boundary, set == 0, records);
  }
  *value = Soft::value(boundary.m[m - 1], boundary.e[m - 1], gamma);
  std::fill(below - 2 * width, below + m + 2 * width, 0.0f);
  below[m - 1] = 1;
  for (int64_t set = sets - 1; set >= 0; --set) {
    if (set < sets - 1)
      runLongSet<Soft, K, Keep::Weights>(
          d + set * rows * m, m, factor,
          makeBoundary<Soft>(kept + set * size, m), set == 0, records);
    F left[K] = {}, diagonal[K] = {}, up[K] = {};
    int64_t last = stepsOf(m) + width * (K - 1);
    for (int64_t t = 0; t < last; t += chunk)
      if (t >= width * K && t + chunk <= m)
        backwardSteps<K, false>(m, t, below, left, diagonal, up, records);
      else
        backwardSteps<K, true>(m, t, below, left, diagonal, up, records);
    for (int k = 0; k < K; ++k)
      emitStrip(gradient + (set * rows + k * width) * m, m,
                records + k * stepsOf(m));
  }
}

//===----------------------------------------------------------------------===//
// The interface
//===----------------------------------------------------------------------===//

void softdtw_forward(const float *d, int64_t b, int64_t n, int64_t m,
                     float gamma, float *value) {
  FlushToZero flush;
  if (b % width == 0)
    return forwardBatch(d, b, n, m, gamma, value);
  for (int64_t k = 0; k < b; ++k)
    forwardLong(d + k * n * m, n, m, gamma, value + k);
}

void softdtw_gradient(const float *d, int64_t b, int64_t n, int64_t m,
                      float gamma, float *value, float *gradient) {
  FlushToZero flush;
  if (b % width == 0)
    return gradientBatch(d, b, n, m, gamma, value, gradient);
  for (int64_t k = 0; k < b; ++k)
    gradientLong(d + k * n * m, n, m, gamma, value + k, gradient + k * n * m);
}

} // namespace limits::LIMITS_ISA
