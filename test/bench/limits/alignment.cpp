//===- alignment.cpp - local alignment with affine gaps -------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Gotoh's three tables in f32. A strip is as many rows as a vector has lanes,
// lane l being l columns behind lane 0, and K strips are in flight, as for one
// long DTW. Scores are gathered: a table of 20 x 20 stays in the first cache.
//
//===----------------------------------------------------------------------===//

#include "alignmentlong.h"
#include "interface.h"
#include <vector>

namespace limits::LIMITS_ISA {

namespace {
constexpr float none = -1e30f;

struct Gap {
  F opening, extending;
};

/// The last row of a set: H and F by column.
struct LastRow {
  float *h, *f;
  ALWAYS_INLINE F at(const float *row, int64_t j) const {
    return load(row + j - width + 1);
  }
};

template <int K> class Set {
public:
  Set(const int32_t *x, const int32_t *reversed, int64_t m, const float *scores,
      int64_t symbols, Gap gap, LastRow last)
      : reversed(reversed), m(m), scores(scores), gap(gap), last(last) {
    UNROLL for (int k = 0; k < K; ++k) {
      UNROLL for (int l = 0; l < width; ++l) rows[k][l] =
          int32_t(x[k * width + l] * symbols);
      h[k] = diagonal[k] = best[k] = F{};
      e[k] = f[k] = splat(none);
    }
  }

  ALWAYS_INLINE F run() {
    int64_t steps = stepsOf(m) + width * (K - 1);
    for (int64_t t = 0; t < steps; ++t)
      if (t >= width * K && t < m)
        step<false>(t);
      else
        step<true>(t);
    F all = best[0];
    UNROLL for (int k = 1; k < K; ++k) all = max(all, best[k]);
    return all;
  }

private:
  template <bool isEdge> ALWAYS_INLINE void step(int64_t t) {
    UNROLL for (int k = K - 1; k >= 0; --k) {
      int64_t at = t - k * width;
      if (isEdge && (at < 0 || at >= stepsOf(m)))
        continue;
      // Lane l is at column at - l: y backwards, from its end.
      I symbols;
      std::memcpy(&symbols, reversed + (m - 1 - at), sizeof symbols);
      F score = gather(rows[k] + symbols);
      F up = shiftIn(h[k], k ? h[k - 1] : last.at(last.h, at));
      F upGap = shiftIn(f[k], k ? f[k - 1] : last.at(last.f, at));
      f[k] = max(up - gap.opening, upGap - gap.extending);
      e[k] = max(h[k] - gap.opening, e[k] - gap.extending);
      F cell = max(max(diagonal[k] + score, F{}), max(e[k], f[k]));
      diagonal[k] = up;
      if (isEdge) {
        I column = int32_t(at) - laneNumbers();
        I isInside = (column >= 0) & (column < int32_t(m));
        cell = isInside ? cell : F{};
        e[k] = isInside ? e[k] : splat(none);
        f[k] = isInside ? f[k] : splat(none);
        diagonal[k] = column >= 0 ? diagonal[k] : F{};
      }
      h[k] = cell;
      best[k] = max(best[k], cell);
      if (k == K - 1 && at >= width - 1) {
        last.h[at - (width - 1)] = cell[width - 1];
        last.f[at - (width - 1)] = f[k][width - 1];
      }
    }
  }

  ALWAYS_INLINE F gather(I index) const {
#ifdef __AVX512F__
    return _mm512_i32gather_ps(reinterpret_cast<__m512i>(index), scores, 4);
#else
    return _mm256_i32gather_ps(scores, reinterpret_cast<__m256i>(index), 4);
#endif
  }

  const int32_t *reversed;
  int64_t m;
  const float *scores;
  Gap gap;
  LastRow last;
  I rows[K];
  F h[K], diagonal[K], e[K], f[K], best[K];
};
} // namespace

template <int K>
[[gnu::noinline]] static F runSet(const int32_t *x, const int32_t *reversed,
                                  int64_t m, const float *scores,
                                  int64_t symbols, Gap gap, LastRow last) {
  return Set<K>(x, reversed, m, scores, symbols, gap, last).run();
}

void affine_alignment(const int32_t *x, const int32_t *y, int64_t b, int64_t n,
                      int64_t m, const float *scores, int64_t symbols,
                      float opening, float extending, float *value) {
  constexpr int K = 4;
  int64_t room = m + 4 * chunk;
  float *memory = workspace<0>(2 * room);
  LastRow last{memory + 2 * chunk, memory + room + 2 * chunk};
  std::vector<int32_t> reversed(m + 2 * width);
  Gap gap{splat(opening), splat(extending)};
  for (int64_t k = 0; k < b; ++k) {
    std::reverse_copy(y + k * m, y + (k + 1) * m, reversed.begin() + width);
    std::fill_n(memory, room, 0.0f);
    std::fill_n(memory + room, room, none);
    F best{};
    for (int64_t i = 0; i < n; i += K * width)
      best = max(best, runSet<K>(x + k * n + i, reversed.data() + width, m,
                                 scores, symbols, gap, last));
    value[k] = maxOf(best);
  }
}

} // namespace limits::LIMITS_ISA
