//===- crf.cpp - chains of shared transitions -----------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A step of all instances at once is a product of matrices: the vectors of the
// batch times exp(transitions), which is made once. Rows are scaled by powers
// of two that the step before asked for. The counts of transitions are products
// too, gathered over some steps. 8 states are too few for that: an instance a
// lane.
//
//===----------------------------------------------------------------------===//

#include "interface.h"
#include "vec.h"
#include <cmath>
#include <vector>

namespace limits::LIMITS_ISA {

constexpr float log2e = 1.44269504089f;
constexpr double ln2 = 0.693147180559945309;
constexpr int panel = 2 * width;              ///< columns of a tile
constexpr int tileRows = width == 16 ? 8 : 4; ///< rows of a tile
constexpr int64_t blockSteps = 8; ///< between two gatherings of counts

namespace {
struct TimesPlus {
  static F zero() { return F{}; }
  static ALWAYS_INLINE F apply(F a, F b, F c) { return fma(a, b, c); }
};
struct PlusMax {
  static F zero() { return splat(-1e30f); }
  static ALWAYS_INLINE F apply(F a, F b, F c) { return max(a + b, c); }
};
} // namespace

/// The matrix in panels of columns, each row by row.
template <int S> static void pack(const float *from, float *to) {
  for (int p = 0; p < S; p += panel)
    for (int k = 0; k < S; ++k)
      for (int i = 0; i < panel; ++i)
        *to++ = from[k * S + p + i];
}

/// to[b][i] = sum over k of x[b][k] packed[k][i], in the algebra.
template <class Algebra, int S>
[[gnu::noinline]] static void multiply(const float *x, int64_t b,
                                       const float *packed, float *to) {
  for (int p = 0; p < S; p += panel, packed += S * panel)
    for (int64_t row = 0; row < b; row += tileRows) {
      F sums[tileRows][2];
      UNROLL for (int r = 0; r < tileRows; ++r) sums[r][0] = sums[r][1] =
          Algebra::zero();
      for (int k = 0; k < S; ++k) {
        F p0 = load(packed + k * panel), p1 = load(packed + k * panel + width);
        UNROLL for (int r = 0; r < tileRows; ++r) {
          F own = splat(x[(row + r) * S + k]);
          sums[r][0] = Algebra::apply(own, p0, sums[r][0]);
          sums[r][1] = Algebra::apply(own, p1, sums[r][1]);
        }
      }
      UNROLL for (int r = 0; r < tileRows; ++r) {
        store(to + (row + r) * S + p, sums[r][0]);
        store(to + (row + r) * S + p + width, sums[r][1]);
      }
    }
}

/// exp(a - its largest element), as a matrix; the element.
static float exponentials(const float *a, int64_t s, float *to) {
  float most = *std::max_element(a, a + s * s);
  for (int64_t k = 0; k < s * s; ++k)
    to[k] = std::exp(a[k] - most);
  return most;
}

//===----------------------------------------------------------------------===//
// Some vectors of states
//===----------------------------------------------------------------------===//

/// `alpha` has the vectors of all steps where a gradient is wanted, else of
/// two; `scales` the power of two of each step and instance.
template <int S>
static void forwardMany(const float *packed, float most, const float *u,
                        int64_t b, int64_t t, bool isKept, float *alpha,
                        float *scales, float *value) {
  int64_t plane = b * S;
  std::vector<int64_t> exponents(b), pending(b);
  for (int64_t step = 0; step < t; ++step) {
    float *now = alpha + (isKept ? step : step & 1) * plane;
    const float *before = alpha + (isKept ? step - 1 : (step - 1) & 1) * plane;
    if (step)
      multiply<TimesPlus, S>(before, b, packed, now);
    for (int64_t k = 0; k < b; ++k) {
      float *row = now + k * S;
      const float *own = u + (k * t + step) * S;
      F scale = power(splatInt(-int32_t(pending[k]))), largest{};
      scales[step * b + k] = scale[0];
      exponents[k] += pending[k];
      UNROLL for (int v = 0; v < S; v += width) {
        F x = exp2(load(own + v) * log2e) * scale;
        if (step)
          x *= load(row + v);
        store(row + v, x);
        largest = max(largest, x);
      }
      float top = maxOf(largest);
      int32_t bitsOfTop;
      std::memcpy(&bitsOfTop, &top, sizeof top);
      pending[k] = (bitsOfTop >> 23) - 127;
    }
  }
  const float *last = alpha + (isKept ? t - 1 : (t - 1) & 1) * plane;
  for (int64_t k = 0; k < b; ++k) {
    double sum = 0;
    for (int i = 0; i < S; ++i)
      sum += last[k * S + i];
    value[k] =
        float((exponents[k] + std::log2(sum)) * ln2 + (t - 1) * double(most));
  }
}

/// counts[j][i] += sum over steps and instances of alpha[j] * beta[i].
template <int S>
[[gnu::noinline]] static void count(const float *alpha, const float *beta,
                                    int64_t rows, float *counts) {
  for (int p = 0; p < S; p += panel)
    for (int j = 0; j < S; j += tileRows) {
      F sums[tileRows][2];
      UNROLL for (int r = 0; r < tileRows; ++r) {
        sums[r][0] = load(counts + (j + r) * S + p);
        sums[r][1] = load(counts + (j + r) * S + p + width);
      }
      for (int64_t k = 0; k < rows; ++k) {
        F b0 = load(beta + k * S + p), b1 = load(beta + k * S + p + width);
        UNROLL for (int r = 0; r < tileRows; ++r) {
          F own = splat(alpha[k * S + j + r]);
          sums[r][0] = fma(own, b0, sums[r][0]);
          sums[r][1] = fma(own, b1, sums[r][1]);
        }
      }
      UNROLL for (int r = 0; r < tileRows; ++r) {
        store(counts + (j + r) * S + p, sums[r][0]);
        store(counts + (j + r) * S + p + width, sums[r][1]);
      }
    }
}

template <int S>
static void gradientMany(const float *a, const float *u, int64_t b, int64_t t,
                         float *value, float *byScore, float *byTransition) {
  int64_t plane = b * S;
  float *memory =
      workspace<0>(4 * S * S + (t + 1 + blockSteps) * plane + t * b);
  float *plain = memory, *packed = plain + S * S, *transposed = packed + S * S;
  float *counts = transposed + S * S, *alpha = counts + S * S;
  float *beta = alpha + t * plane, *weighted = beta + plane;
  float *scales = weighted + blockSteps * plane;
  float most = exponentials(a, S, plain);
  pack<S>(plain, packed);
  for (int i = 0; i < S; ++i)
    for (int j = 0; j < S; ++j)
      counts[i * S + j] = plain[j * S + i];
  pack<S>(counts, transposed);
  std::fill_n(counts, S * S, 0.0f);
  forwardMany<S>(packed, most, u, b, t, true, alpha, scales, value);
  const float *last = alpha + (t - 1) * plane;
  for (int64_t k = 0; k < b; ++k) {
    double sum = 0;
    for (int i = 0; i < S; ++i)
      sum += last[k * S + i];
    std::fill_n(beta + k * S, S, float(1 / sum));
  }
  for (int64_t step = t - 1; step >= 0; --step) {
    const float *now = alpha + step * plane;
    float *kept = weighted + step % blockSteps * plane;
    for (int64_t k = 0; k < b; ++k) {
      F scale = splat(scales[step * b + k]);
      int64_t at = (k * t + step) * S;
      UNROLL for (int v = 0; v < S; v += width) {
        F x = load(beta + k * S + v);
        store(byScore + at + v, x * load(now + k * S + v));
        store(kept + k * S + v, x * exp2(load(u + at + v) * log2e) * scale);
      }
    }
    if (step)
      multiply<TimesPlus, S>(kept, b, transposed, beta);
    if (step % blockSteps == 0) {
      int64_t first = std::max<int64_t>(step, 1);
      int64_t end = std::min(step + blockSteps, t);
      count<S>(alpha + (first - 1) * plane,
               weighted + first % blockSteps * plane, (end - first) * b,
               counts);
    }
  }
  for (int k = 0; k < S * S; ++k)
    byTransition[k] = counts[k] * plain[k];
}

template <int S>
static void pathMany(const float *a, const float *u, int64_t b, int64_t t,
                     float *value, int32_t *path) {
  int64_t plane = b * S;
  float *packed = workspace<0>(2 * S * S + t * plane);
  float *transposed = packed + S * S, *v = transposed + S * S;
  pack<S>(a, packed);
  for (int i = 0; i < S; ++i)
    for (int j = 0; j < S; ++j)
      transposed[i * S + j] = a[j * S + i];
  for (int64_t step = 0; step < t; ++step) {
    float *now = v + step * plane;
    if (step)
      multiply<PlusMax, S>(now - plane, b, packed, now);
    for (int64_t k = 0; k < b; ++k)
      UNROLL for (int c = 0; c < S; c += width) {
        F x = load(u + (k * t + step) * S + c);
        store(now + k * S + c, step ? x + load(now + k * S + c) : x);
      }
  }
  for (int64_t k = 0; k < b; ++k) {
    const float *last = v + (t - 1) * plane + k * S;
    int32_t *own = path + k * t;
    own[t - 1] = int32_t(std::max_element(last, last + S) - last);
    value[k] = last[own[t - 1]];
    for (int64_t step = t - 2; step >= 0; --step) {
      const float *row = transposed + own[step + 1] * S;
      const float *before = v + step * plane + k * S;
      F most = load(row) + load(before);
      UNROLL for (int c = width; c < S; c += width) most =
          max(most, load(row + c) + load(before + c));
      F largest = splat(maxOf(most));
      for (int c = 0; c < S; c += width)
        if (Mask found = maskOf(load(row + c) + load(before + c) >= largest)) {
          own[step] = c + __builtin_ctz(found);
          break;
        }
    }
  }
}

//===----------------------------------------------------------------------===//
// 8 states, an instance a lane
//===----------------------------------------------------------------------===//

constexpr int64_t few = 8;
/// Steps whose scores one transposition brings.
constexpr int64_t together = width / few;

/// The scores of `together` steps, [step][state], of all lanes.
static ALWAYS_INLINE void loadScores(const float *u, int64_t t, int64_t step,
                                     F *scores) {
  UNROLL for (int l = 0; l < width; ++l) scores[l] =
      load(u + (l * t + step) * few);
  transpose(scores);
}

namespace {
/// What the way back needs of a step.
struct KeptStep {
  F alpha[few], weights[few], scale;
};
} // namespace

/// A group of instances, soft; `kept` may be null.
static void forwardFew(const float *p, float most, const float *u, int64_t t,
                       KeptStep *kept, F *alpha, float *value) {
  F exponent{}, scale = splat(1);
  for (int64_t step = 0; step < t; step += together) {
    F scores[width];
    loadScores(u, t, step, scores);
    UNROLL for (int k = 0; k < width; ++k) scores[k] = exp2(scores[k] * log2e);
    UNROLL for (int h = 0; h < together; ++h) {
      const F *weights = scores + h * few;
      F next[few];
      if (step + h) {
        UNROLL for (int i = 0; i < few; ++i) next[i] = alpha[0] * splat(p[i]);
        UNROLL for (int j = 1; j < few; ++j)
            UNROLL for (int i = 0; i < few; ++i) next[i] =
                fma(alpha[j], splat(p[j * few + i]), next[i]);
      } else {
        UNROLL for (int i = 0; i < few; ++i) next[i] = splat(1);
      }
      F largest{};
      UNROLL for (int i = 0; i < few; ++i) {
        alpha[i] = next[i] * (weights[i] * scale);
        largest = max(largest, alpha[i]);
      }
      if (kept) {
        KeptStep &own = kept[step + h];
        UNROLL for (int i = 0; i < few; ++i) {
          own.alpha[i] = alpha[i];
          own.weights[i] = weights[i];
        }
        own.scale = scale;
      }
      // The scale of the next step; the last one's is never applied.
      I e = exponentOf(largest);
      if (step + h + 1 < t)
        exponent += __builtin_convertvector(e, F);
      scale = power(-e);
    }
  }
  F sum = alpha[0];
  UNROLL for (int i = 1; i < few; ++i) sum += alpha[i];
  for (int l = 0; l < width; ++l)
    value[l] = float((double(exponent[l]) + std::log2(double(sum[l]))) * ln2 +
                     (t - 1) * double(most));
}

static void backwardFew(const float *p, const KeptStep *kept, int64_t t,
                        const F *last, float *byScore, F *counts) {
  F sum = last[0];
  UNROLL for (int i = 1; i < few; ++i) sum += last[i];
  F beta[few];
  UNROLL for (int i = 0; i < few; ++i) beta[i] = splat(1) / sum;
  for (int64_t step = t - together; step >= 0; step -= together) {
    F out[width];
    UNROLL for (int h = together - 1; h >= 0; --h) {
      const KeptStep &own = kept[step + h];
      F weighted[few];
      UNROLL for (int i = 0; i < few; ++i) {
        out[h * few + i] = beta[i] * own.alpha[i];
        weighted[i] = beta[i] * own.weights[i] * own.scale;
      }
      if (step + h == 0)
        continue;
      const KeptStep &before = kept[step + h - 1];
      UNROLL for (int j = 0; j < few; ++j) {
        F x{}, from = before.alpha[j];
        UNROLL for (int i = 0; i < few; ++i) {
          x = fma(weighted[i], splat(p[j * few + i]), x);
          counts[j * few + i] = fma(from, weighted[i], counts[j * few + i]);
        }
        beta[j] = x;
      }
    }
    transpose(out);
    UNROLL for (int l = 0; l < width; ++l)
        store(byScore + (l * t + step) * few, out[l]);
  }
}

static void pathFew(const float *a, const float *u, int64_t t, float *value,
                    int32_t *path) {
  auto *kept = reinterpret_cast<F(*)[few]>(workspace<1>(t * few * width));
  F v[few];
  for (int64_t step = 0; step < t; step += together) {
    F scores[width];
    loadScores(u, t, step, scores);
    UNROLL for (int h = 0; h < together; ++h) {
      F next[few];
      UNROLL for (int i = 0; i < few; ++i) {
        F most = step + h ? v[0] + splat(a[i]) : F{};
        if (step + h)
          UNROLL for (int j = 1; j < few; ++j) most =
              max(most, v[j] + splat(a[j * few + i]));
        next[i] = most + scores[h * few + i];
      }
      UNROLL for (int i = 0; i < few; ++i) kept[step + h][i] = v[i] = next[i];
    }
  }
  // The path of every lane: which of the 8 candidates is the largest.
  I state{};
  F most = v[0];
  UNROLL for (int i = 1; i < few; ++i) {
    state = v[i] > most ? splatInt(i) : state;
    most = max(most, v[i]);
  }
  store(value, most);
  for (int64_t step = t - 1;; --step) {
    UNROLL for (int l = 0; l < width; ++l) path[l * t + step] = state[l];
    if (!step)
      return;
    I next{};
    F best = splat(-1e30f);
    UNROLL for (int j = 0; j < few; ++j) {
#ifdef __AVX512F__
      F row = _mm512_permutexvar_ps(
          reinterpret_cast<__m512i>(state),
          _mm512_broadcast_f32x8(_mm256_loadu_ps(a + j * few)));
#else
      F row = _mm256_permutevar8x32_ps(_mm256_loadu_ps(a + j * few),
                                       reinterpret_cast<__m256i>(state));
#endif
      F x = kept[step - 1][j] + row;
      next = x > best ? splatInt(j) : next;
      best = max(best, x);
    }
    state = next;
  }
}

//===----------------------------------------------------------------------===//
// The interface
//===----------------------------------------------------------------------===//

void crf_forward(const float *a, const float *u, int64_t b, int64_t t,
                 int64_t s, float *value) {
  FlushToZero flush;
  if (s == few) {
    alignas(64) float p[few * few];
    float most = exponentials(a, few, p);
    F alpha[few];
    for (int64_t k = 0; k < b; k += width)
      forwardFew(p, most, u + k * t * few, t, nullptr, alpha, value + k);
    return;
  }
  auto run = [&]<int S>() {
    float *plain = workspace<0>(2 * S * S + 2 * b * S + t * b);
    float *packed = plain + S * S, *alpha = packed + S * S;
    float most = exponentials(a, S, plain);
    pack<S>(plain, packed);
    forwardMany<S>(packed, most, u, b, t, false, alpha, alpha + 2 * b * S,
                   value);
  };
  s == 32 ? run.template operator()<32>() : run.template operator()<128>();
}

void crf_gradient(const float *a, const float *u, int64_t b, int64_t t,
                  int64_t s, float *value, float *byScore,
                  float *byTransition) {
  FlushToZero flush;
  if (s == few) {
    alignas(64) float p[few * few];
    float most = exponentials(a, few, p);
    auto *kept = reinterpret_cast<KeptStep *>(
        workspace<0>(t * sizeof(KeptStep) / sizeof(float)));
    F alpha[few], counts[few * few] = {};
    for (int64_t k = 0; k < b; k += width) {
      forwardFew(p, most, u + k * t * few, t, kept, alpha, value + k);
      backwardFew(p, kept, t, alpha, byScore + k * t * few, counts);
    }
    for (int k = 0; k < few * few; ++k)
      byTransition[k] = p[k] * sumOf(counts[k]);
    return;
  }
  s == 32 ? gradientMany<32>(a, u, b, t, value, byScore, byTransition)
          : gradientMany<128>(a, u, b, t, value, byScore, byTransition);
}

void crf_path(const float *a, const float *u, int64_t b, int64_t t, int64_t s,
              float *value, int32_t *path) {
  FlushToZero flush;
  if (s == few)
    for (int64_t k = 0; k < b; k += width)
      pathFew(a, u + k * t * few, t, value + k, path + k * t);
  else if (s == 32)
    pathMany<32>(a, u, b, t, value, path);
  else
    pathMany<128>(a, u, b, t, value, path);
}

} // namespace limits::LIMITS_ISA
