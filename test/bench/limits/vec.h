//===- vec.h - vectors of the widest kind ------------------------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Vector extensions of the compiler: the same source becomes 8 lanes of AVX2 or
// 16 of AVX-512. Intrinsics only where one instruction has no other name.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_BENCH_LIMITS_VEC_H
#define DANSKIN_BENCH_LIMITS_VEC_H

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <immintrin.h>
#include <utility>

#define UNROLL _Pragma("clang loop unroll(full)")
#define ALWAYS_INLINE inline __attribute__((always_inline))

namespace limits::LIMITS_ISA {

#ifdef __AVX512F__
constexpr int width = 16;
using Mask = uint16_t;
#else
constexpr int width = 8;
using Mask = uint8_t;
#endif
using F = float __attribute__((vector_size(4 * width)));
using I = int32_t __attribute__((vector_size(4 * width)));

ALWAYS_INLINE F splat(float x) { return F{} + x; }
ALWAYS_INLINE I splatInt(int32_t x) { return I{} + x; }
ALWAYS_INLINE F load(const float *p) {
  F x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
ALWAYS_INLINE void store(float *p, F x) { std::memcpy(p, &x, sizeof x); }
/// Past the caches; p is aligned to a vector.
ALWAYS_INLINE void stream(float *p, F x) {
  __builtin_nontemporal_store(x, reinterpret_cast<F *>(p));
}
ALWAYS_INLINE F max(F a, F b) { return a > b ? a : b; }
ALWAYS_INLINE F min(F a, F b) { return a < b ? a : b; }
ALWAYS_INLINE I max(I a, I b) { return a > b ? a : b; }
ALWAYS_INLINE F fma(F a, F b, F c) {
  return __builtin_elementwise_fma(a, b, c);
}
ALWAYS_INLINE I bits(F x) { return reinterpret_cast<I>(x); }
ALWAYS_INLINE F fromBits(I x) { return reinterpret_cast<F>(x); }

/// One bit a lane.
ALWAYS_INLINE Mask maskOf(I lanes) {
#ifdef __AVX512F__
  return _mm512_movepi32_mask(reinterpret_cast<__m512i>(lanes));
#else
  return _mm256_movemask_ps(reinterpret_cast<__m256>(lanes));
#endif
}

/// 1 / x to about one unit in the last place.
ALWAYS_INLINE F reciprocal(F x) {
#ifdef __AVX512F__
  F r = _mm512_rcp14_ps(x);
  return fma(r, fma(-x, r, splat(1)), r);
#else
  // Dividing is as fast as the estimate with the two steps it needs.
  return splat(1) / x;
#endif
}

//===----------------------------------------------------------------------===//
// 2^x and log2
//===----------------------------------------------------------------------===//

/// 2^r for r in [-0.5, 0.5], to 1e-7.
ALWAYS_INLINE F exp2Fraction(F r) {
  F p = fma(splat(0x1.5bba14p-10f), r, splat(0x1.3cea88p-7f));
  p = fma(p, r, splat(0x1.c6b752p-5f));
  p = fma(p, r, splat(0x1.ebf9bcp-3f));
  p = fma(p, r, splat(0x1.62e42ap-1f));
  return fma(p, r, splat(1));
}

/// Adding it rounds to an integer, which the low bits then hold.
constexpr float roundingShift = 0x1.8p23f;
constexpr int32_t roundingBits = 0x4b400000;

/// 2^e where it is a normal number, 0 below.
ALWAYS_INLINE F power(I e) { return fromBits(max(e + 127, I{}) << 23); }

/// 2^x for x below 127; 0 where it is no normal number.
ALWAYS_INLINE F exp2(F x) {
#ifdef __AVX512F__
  F r = _mm512_reduce_ps(x, 0x08);
  return _mm512_scalef_ps(exp2Fraction(r), x - r);
#else
  F y = max(x, splat(-200));
  F t = y + roundingShift;
  F r = y - (t - roundingShift);
  return exp2Fraction(r) * power(bits(t) - roundingBits);
#endif
}

/// log2 x for normal x > 0, to 1e-7 absolutely.
ALWAYS_INLINE F log2(F x) {
  // The mantissa is taken in [0.75, 1.5).
  I b = bits(x) - 0x3f400000;
  I e = b >> 23;
  F t = fromBits((b & 0x7fffff) + 0x3f400000) - 1;
  F p = fma(splat(-0.0908790084f), t, splat(0.201280588f));
  p = fma(p, t, splat(-0.251942054f));
  p = fma(p, t, splat(0.290806222f));
  p = fma(p, t, splat(-0.360261042f));
  p = fma(p, t, splat(0.480801934f));
  p = fma(p, t, splat(-0.721352119f));
  p = fma(p, t, splat(1.4426959f));
  return fma(p, t, __builtin_convertvector(e, F));
}

/// The exponent of normal x > 0.
ALWAYS_INLINE I exponentOf(F x) { return (bits(x) >> 23) - 127; }

//===----------------------------------------------------------------------===//
// Across lanes
//===----------------------------------------------------------------------===//

/// The lanes Map::at(0), Map::at(1), ... of a and b, as if b followed a.
template <class Map, size_t... Lane>
ALWAYS_INLINE F pickLanes(F a, F b, std::index_sequence<Lane...>) {
  return __builtin_shufflevector(a, b, Map::at(Lane)...);
}
template <class Map> ALWAYS_INLINE F pick(F a, F b) {
  return pickLanes<Map>(a, b, std::make_index_sequence<width>());
}

/// Elements of a and b alternately, of the lower or upper half of each four.
template <bool isUpper> struct Interleave {
  static constexpr int at(int lane) {
    return lane / 4 * 4 + lane % 4 / 2 + 2 * isUpper + lane % 2 * width;
  }
};
template <bool isUpper> struct InterleavePairs {
  static constexpr int at(int lane) {
    return lane / 4 * 4 + lane % 2 + 2 * isUpper + lane % 4 / 2 * width;
  }
};
/// Every second group of four, of a and then of b.
template <bool isOdd> struct Groups {
  static constexpr int at(int lane) {
    return (2 * (lane / 4) + isOdd) * 4 + lane % 4;
  }
};
/// Lane 0 is the last of b, lane k the one before k of a.
struct ShiftIn {
  static constexpr int at(int lane) { return lane ? lane - 1 : 2 * width - 1; }
};
/// Lane k is lane k + 1 of a, the last is the first of b.
struct ShiftDown {
  static constexpr int at(int lane) { return lane + 1; }
};
ALWAYS_INLINE F shiftIn(F a, F below) { return pick<ShiftIn>(a, below); }
ALWAYS_INLINE I shiftIn(I a, I below) {
  return bits(shiftIn(fromBits(a), fromBits(below)));
}
ALWAYS_INLINE F shiftDown(F a, F above) { return pick<ShiftDown>(a, above); }

ALWAYS_INLINE void transpose(F *r) {
  UNROLL for (int i = 0; i < width; i += 2) {
    F a = r[i], b = r[i + 1];
    r[i] = pick<Interleave<false>>(a, b);
    r[i + 1] = pick<Interleave<true>>(a, b);
  }
  UNROLL for (int i = 0; i < width; i += 4) {
    F a = r[i], b = r[i + 1], c = r[i + 2], d = r[i + 3];
    r[i] = pick<InterleavePairs<false>>(a, c);
    r[i + 1] = pick<InterleavePairs<true>>(a, c);
    r[i + 2] = pick<InterleavePairs<false>>(b, d);
    r[i + 3] = pick<InterleavePairs<true>>(b, d);
  }
  UNROLL for (int span = 4; span < width; span *= 2)
      UNROLL for (int i = 0; i < width; ++i) if (!(i & span)) {
    F a = r[i], b = r[i + span];
    r[i] = pick<Groups<false>>(a, b);
    r[i + span] = pick<Groups<true>>(a, b);
  }
}

struct Add {
  static ALWAYS_INLINE F apply(F a, F b) { return a + b; }
};
struct Max {
  static ALWAYS_INLINE F apply(F a, F b) { return max(a, b); }
};

/// Lane n of the result combines all lanes of v[n].
template <class Operation> ALWAYS_INLINE F reduceRows(F *v) {
  UNROLL for (int i = 0; i < width / 2; ++i) v[i] =
      Operation::apply(pick<Interleave<false>>(v[2 * i], v[2 * i + 1]),
                       pick<Interleave<true>>(v[2 * i], v[2 * i + 1]));
  UNROLL for (int i = 0; i < width / 4; ++i) v[i] =
      Operation::apply(pick<InterleavePairs<false>>(v[2 * i], v[2 * i + 1]),
                       pick<InterleavePairs<true>>(v[2 * i], v[2 * i + 1]));
  UNROLL for (int count = width / 8; count; count /= 2)
      UNROLL for (int i = 0; i < count; ++i) v[i] =
          Operation::apply(pick<Groups<false>>(v[2 * i], v[2 * i + 1]),
                           pick<Groups<true>>(v[2 * i], v[2 * i + 1]));
  return v[0];
}

ALWAYS_INLINE float maxOf(F x) {
  float lanes[width], most = 0;
  store(lanes, x);
  most = lanes[0];
  UNROLL for (int l = 1; l < width; ++l) most = std::max(most, lanes[l]);
  return most;
}
ALWAYS_INLINE float sumOf(F x) {
  float lanes[width], sum = 0;
  store(lanes, x);
  UNROLL for (int l = 0; l < width; ++l) sum += lanes[l];
  return sum;
}

//===----------------------------------------------------------------------===//
// Around a kernel
//===----------------------------------------------------------------------===//

/// Numbers too small to be normal count as 0.
class FlushToZero {
public:
  FlushToZero() : before(_mm_getcsr()) { _mm_setcsr(before | 0x8040); }
  ~FlushToZero() { _mm_setcsr(before); }

private:
  unsigned before;
};

/// Memory that a thread keeps from call to call, aligned to a page.
template <int number> float *workspace(size_t floats) {
  struct Owner {
    float *data = nullptr;
    size_t size = 0;
    ~Owner() { std::free(data); }
  };
  static thread_local Owner owner;
  if (owner.size < floats) {
    std::free(owner.data);
    size_t bytes = (floats * sizeof(float) + 4095) / 4096 * 4096;
    owner.data = static_cast<float *>(std::aligned_alloc(4096, bytes));
    std::memset(owner.data, 0, bytes);
    owner.size = floats;
  }
  return owner.data;
}

} // namespace limits::LIMITS_ISA

#endif // DANSKIN_BENCH_LIMITS_VEC_H
