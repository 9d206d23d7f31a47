//===- chain.cpp - chains of full potentials ------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each potential is read once, so memory is the limit. The soft chain works on
// exponentials: a step multiplies exp(w) by a vector, whose scale is divided by
// the power of two that the step before asked for, off the chain of
// dependences. Without the guard that a general kernel needs: potentials of
// some tens fit.
//
//===----------------------------------------------------------------------===//

#include "interface.h"
#include "vec.h"
#include <cmath>

namespace limits::LIMITS_ISA {

constexpr float log2e = 1.44269504089f;
constexpr double ln2 = 0.693147180559945309;
/// Floats ahead of what is read.
constexpr int64_t ahead = 2048;

template <int S> ALWAYS_INLINE void fetchRow(const float *row) {
  UNROLL for (int v = 0; v < S; v += 16) _mm_prefetch(
      reinterpret_cast<const char *>(row + ahead + v), _MM_HINT_T0);
}

/// The vector of a chain between two steps.
template <int S> constexpr int vectors = S / width;

//===----------------------------------------------------------------------===//
// S of some vectors
//===----------------------------------------------------------------------===//

namespace {
struct SoftStep {
  static ALWAYS_INLINE F combine(F w, F v, F sum) {
    return fma(exp2(w * log2e), v, sum);
  }
  static ALWAYS_INLINE F first(F w, F v) { return exp2(w * log2e) * v; }
  static ALWAYS_INLINE F reduce(F *rows) { return reduceRows<Add>(rows); }
};
struct HardStep {
  static ALWAYS_INLINE F combine(F w, F v, F most) { return max(w + v, most); }
  static ALWAYS_INLINE F first(F w, F v) { return w + v; }
  static ALWAYS_INLINE F reduce(F *rows) { return reduceRows<Max>(rows); }
};
} // namespace

/// to[i] = combination over j of w[i][j] and v[j].
template <class Step, int S>
static ALWAYS_INLINE void advance(const float *w, const F *v, float *to) {
  for (int i = 0; i < S; i += width) {
    F rows[width];
    UNROLL for (int r = 0; r < width; ++r) {
      const float *row = w + (i + r) * S;
      fetchRow<S>(row);
      F x = Step::first(load(row), v[0]);
      UNROLL for (int k = 1; k < vectors<S>; ++k) x =
          Step::combine(load(row + k * width), v[k], x);
      rows[r] = x;
    }
    store(to + i, Step::reduce(rows));
  }
}

/// The power of two that brings the largest element near 1; its exponent is
/// added up.
template <int S> static ALWAYS_INLINE F scaleOf(const F *v, int64_t &exponent) {
  F most = v[0];
  UNROLL for (int k = 1; k < vectors<S>; ++k) most = max(most, v[k]);
  int32_t e;
  float largest = maxOf(most);
  std::memcpy(&e, &largest, sizeof e);
  e = (e >> 23) - 127;
  exponent += e;
  return power(splatInt(-e));
}

/// `kept` (null: nothing) gets, a step, the vector before it in S floats and
/// the raw one after it in S floats.
template <int S>
static double softChain(const float *w, int64_t t, float *kept, F *last) {
  constexpr int n = vectors<S>;
  F v[n], scale = splat(1);
  alignas(64) float next[S];
  int64_t exponent = 0, pending = 0;
  UNROLL for (int k = 0; k < n; ++k) v[k] = splat(1);
  for (int64_t step = 0; step < t; ++step, w += S * S) {
    advance<SoftStep, S>(w, v, next);
    if (kept) {
      UNROLL for (int k = 0; k < n; ++k) store(kept + k * width, v[k]);
      std::memcpy(kept + S, next, sizeof next);
      kept += 2 * S;
    }
    exponent += pending;
    pending = 0;
    UNROLL for (int k = 0; k < n; ++k) v[k] = load(next + k * width) * scale;
    scale = scaleOf<S>(v, pending);
  }
  F sum = v[0];
  UNROLL for (int k = 1; k < n; ++k) sum += v[k];
  std::copy_n(v, n, last);
  return (double(exponent) + std::log2(double(sumOf(sum)))) * ln2;
}

/// g[i][j] = r[i] exp(w[i][j]) v[j], r[i] being the marginal of i over its sum.
template <int S>
static void softBackward(const float *w, int64_t t, const float *kept,
                         const F *last, float *g) {
  constexpr int n = vectors<S>;
  alignas(64) float r[S];
  F e[n], sum = last[0];
  UNROLL for (int k = 1; k < n; ++k) sum += last[k];
  UNROLL for (int k = 0; k < n; ++k) e[k] = last[k] / splat(sumOf(sum));
  for (int64_t step = t - 1; step >= 0; --step) {
    const float *before = kept + step * 2 * S;
    F v[n];
    UNROLL for (int k = 0; k < n; ++k) {
      v[k] = load(before + k * width);
      store(r + k * width, e[k] / load(before + S + k * width));
      e[k] = F{};
    }
    for (int i = 0; i < S; ++i) {
      const float *row = w + (step * S + i) * S;
      float *to = g + (step * S + i) * S;
      F ri = splat(r[i]);
      UNROLL for (int k = 0; k < n; ++k) {
        F x = exp2(load(row + k * width) * log2e) * v[k] * ri;
        e[k] += x;
        stream(to + k * width, x);
      }
    }
  }
}

//===----------------------------------------------------------------------===//
// The l2 chain
//===----------------------------------------------------------------------===//

/// A row a lane: sparsemax of w[i][j] + v[j] for the rows of a vector. Columns
/// of which no lane comes within 1 of its maximum have no weight and are
/// dropped first; Newton's method on the rest ends after a few rounds.
template <int S>
static ALWAYS_INLINE F sparseRows(const float *w, const float *v) {
  F columns[S], most = splat(-1e30f);
  UNROLL for (int c = 0; c < S; c += width) {
    F own = load(v + c), *at = columns + c;
    UNROLL for (int r = 0; r < width; ++r) {
      fetchRow<width>(w + r * S + c);
      at[r] = load(w + r * S + c) + own;
    }
    transpose(at);
    UNROLL for (int r = 0; r < width; ++r) most = max(most, at[r]);
  }
  int count = 0;
  F least = most - 1;
  for (int j = 0; j < S; ++j) {
    F x = columns[j];
    columns[count] = x;
    count += maskOf(x > least) != 0;
  }
  F threshold = least;
  for (bool isMoving = true; isMoving;) {
    F sum{}, support{};
    for (int j = 0; j < count; ++j) {
      F x = columns[j] - threshold;
      sum += max(x, F{});
      support += x > F{} ? splat(1) : F{};
    }
    F step = (sum - 1) * reciprocal(support);
    threshold += max(step, F{});
    isMoving = maskOf(step > splat(1e-6f));
  }
  F value{};
  for (int j = 0; j < count; ++j) {
    F p = max(columns[j] - threshold, F{});
    value = fma(p, (columns[j] - most) - 0.5f * p, value);
  }
  return value + most;
}

template <int S> static double sparseChain(const float *w, int64_t t) {
  alignas(64) float v[S] = {}, next[S];
  double shift = 0;
  for (int64_t step = 0; step < t; ++step, w += S * S) {
    for (int i = 0; i < S; i += width)
      store(next + i, sparseRows<S>(w + i * S, v));
    float most = *std::max_element(next, next + S);
    shift += most;
    UNROLL for (int k = 0; k < S; k += width)
        store(v + k, load(next + k) - most);
  }
  // The last choice is one row: all lanes get the same.
  alignas(64) static thread_local float zeros[width * S + ahead];
  return shift + sparseRows<S>(zeros, v)[0];
}

//===----------------------------------------------------------------------===//
// The hard chain
//===----------------------------------------------------------------------===//

/// The place of the largest w[j] + v[j].
template <int S>
static ALWAYS_INLINE int32_t bestOf(const float *w, const float *v) {
  F most = load(w) + load(v);
  UNROLL for (int k = width; k < S; k += width) most =
      max(most, load(w + k) + load(v + k));
  F largest = splat(maxOf(most));
  for (int k = 0; k < S; k += width)
    if (Mask found = maskOf(load(w + k) + load(v + k) >= largest))
      return k + __builtin_ctz(found);
  return 0;
}

template <int S>
static float hardChain(const float *w, int64_t t, float *kept, int32_t *path) {
  constexpr int n = vectors<S>;
  F v[n] = {};
  std::fill_n(kept, S, 0.0f);
  for (int64_t step = 0; step < t; ++step) {
    float *next = kept + (step + 1) * S;
    advance<HardStep, S>(w + step * S * S, v, next);
    UNROLL for (int k = 0; k < n; ++k) v[k] = load(next + k * width);
  }
  const float *last = kept + t * S;
  path[t] = int32_t(std::max_element(last, last + S) - last);
  float value = last[path[t]];
  for (int64_t step = t - 1; step >= 0; --step)
    path[step] =
        bestOf<S>(w + (step * S + path[step + 1]) * S, kept + step * S);
  return value;
}

//===----------------------------------------------------------------------===//
// The interface
//===----------------------------------------------------------------------===//

/// 8 states are half a vector of AVX-512: the narrow kernels take them.
static bool isNarrow(int64_t s) { return width == 16 && s == 8; }

/// Calls `run` with S as a template argument.
template <class Run> static void withStates(int64_t s, Run run) {
  if (s == 128)
    run.template operator()<128>();
  else if (s == 32)
    run.template operator()<32>();
  else if constexpr (width == 8)
    run.template operator()<8>();
}

void chain_forward(const float *w, int64_t b, int64_t t, int64_t s,
                   float *value) {
  if (isNarrow(s))
    return avx2::chain_forward(w, b, t, s, value);
  FlushToZero flush;
  withStates(s, [&]<int S>() {
    F last[vectors<S>];
    for (int64_t k = 0; k < b; ++k)
      value[k] = softChain<S>(w + k * t * S * S, t, nullptr, last);
  });
}

void chain_gradient(const float *w, int64_t b, int64_t t, int64_t s,
                    float *value, float *gradient) {
  if (isNarrow(s))
    return avx2::chain_gradient(w, b, t, s, value, gradient);
  FlushToZero flush;
  withStates(s, [&]<int S>() {
    F last[vectors<S>];
    float *kept = workspace<0>(t * 2 * S);
    for (int64_t k = 0; k < b; ++k) {
      const float *own = w + k * t * S * S;
      value[k] = softChain<S>(own, t, kept, last);
      softBackward<S>(own, t, kept, last, gradient + k * t * S * S);
    }
  });
}

void chain_path(const float *w, int64_t b, int64_t t, int64_t s, float *value,
                int32_t *path) {
  if (isNarrow(s))
    return avx2::chain_path(w, b, t, s, value, path);
  FlushToZero flush;
  withStates(s, [&]<int S>() {
    float *kept = workspace<0>((t + 1) * S);
    for (int64_t k = 0; k < b; ++k)
      value[k] = hardChain<S>(w + k * t * S * S, t, kept, path + k * (t + 1));
  });
}

void sparse_chain_forward(const float *w, int64_t b, int64_t t, int64_t s,
                          float *value) {
  if (isNarrow(s))
    return avx2::sparse_chain_forward(w, b, t, s, value);
  FlushToZero flush;
  withStates(s, [&]<int S>() {
    for (int64_t k = 0; k < b; ++k)
      value[k] = sparseChain<S>(w + k * t * S * S, t);
  });
}

} // namespace limits::LIMITS_ISA
