//===- alignment.cpp - local alignment with affine gaps -------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Gotoh's three tables in f32. A strip is as many rows as a vector has lanes,
// lane l being l columns behind lane 0, and K strips are in flight, as for one
// long DTW. For each symbol of x what it scores along y is laid out once; a
// strip reads those lines as DTW reads its costs.
//
//===----------------------------------------------------------------------===//

#include "alignmentlong.h"
#include "interface.h"

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
  /// `lines` has a pointer to column 0 of what each row scores, with room for a
  /// chunk at either end.
  Set(const float *const *lines, int64_t m, Gap gap, LastRow last)
      : lines(lines), m(m), gap(gap), last(last) {
    UNROLL for (int k = 0; k < K; ++k) {
      h[k] = diagonal[k] = best[k] = F{};
      e[k] = f[k] = splat(none);
    }
  }

  ALWAYS_INLINE F run() {
    int64_t steps = stepsOf(m) + width * (K - 1);
    for (int64_t t = 0; t < steps; t += chunk)
      if (t >= width * K && t + chunk <= m)
        runChunk<false>(t);
      else
        runChunk<true>(t);
    F all = best[0];
    UNROLL for (int k = 1; k < K; ++k) all = max(all, best[k]);
    return all;
  }

private:
  ALWAYS_INLINE void loadScores(int k, int64_t c, F *scores) {
    UNROLL for (int s = 0; s < chunk; s += width) {
      UNROLL for (int l = 0; l < width; ++l) scores[s + l] =
          load(lines[k * width + l] + c + s - l);
      transpose(scores + s);
    }
  }

  template <bool isEdge> ALWAYS_INLINE void runChunk(int64_t t) {
    F scores[K][chunk] = {};
    UNROLL for (int k = 0; k < K; ++k) {
      int64_t c = t - k * width;
      if (!isEdge || (c >= -chunk && c < m + width))
        loadScores(k, c, scores[k]);
    }
    for (int64_t s = 0; s < chunk; ++s)
      UNROLL for (int k = K - 1; k >= 0; --k) {
        int64_t at = t + s - k * width;
        if (isEdge && (at < 0 || at >= stepsOf(m)))
          continue;
        F up = shiftIn(h[k], k ? h[k - 1] : last.at(last.h, at));
        F upGap = shiftIn(f[k], k ? f[k - 1] : last.at(last.f, at));
        f[k] = max(up - gap.opening, upGap - gap.extending);
        e[k] = max(h[k] - gap.opening, e[k] - gap.extending);
        F cell = max(max(diagonal[k] + scores[k][s], F{}), max(e[k], f[k]));
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

  const float *const *lines;
  int64_t m;
  Gap gap;
  LastRow last;
  F h[K], diagonal[K], e[K], f[K], best[K];
};
} // namespace

template <int K>
[[gnu::noinline]] static F runSet(const float *const *lines, int64_t m, Gap gap,
                                  LastRow last) {
  return Set<K>(lines, m, gap, last).run();
}

void affine_alignment(const int32_t *x, const int32_t *y, int64_t b, int64_t n,
                      int64_t m, const float *scores, int64_t symbols,
                      float opening, float extending, float *value) {
  constexpr int K = 4;
  int64_t room = m + 4 * chunk;
  float *memory = workspace<0>((2 + symbols) * room);
  LastRow last{memory + 2 * chunk, memory + room + 2 * chunk};
  float *profile = memory + 2 * room + 2 * chunk;
  Gap gap{splat(opening), splat(extending)};
  for (int64_t k = 0; k < b; ++k) {
    for (int64_t symbol = 0; symbol < symbols; ++symbol)
      for (int64_t j = 0; j < m; ++j)
        profile[symbol * room + j] = scores[symbol * symbols + y[k * m + j]];
    std::fill_n(memory, room, 0.0f);
    std::fill_n(memory + room, room, none);
    F best{};
    for (int64_t i = 0; i < n; i += K * width) {
      const float *lines[K * width];
      for (int row = 0; row < K * width; ++row)
        lines[row] = profile + x[k * n + i + row] * room;
      best = max(best, runSet<K>(lines, m, gap, last));
    }
    value[k] = maxOf(best);
  }
}

} // namespace limits::LIMITS_ISA
