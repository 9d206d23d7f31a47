//===- alignmentnumbers.h - what a cell of DTW holds --------------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Soft: 2^(-V / (gamma ln 2)) as mantissa and exponent, so that a cell needs
// one power of two and neither logarithm nor division. Hard: V itself. Both
// know how to make a cell of its three neighbours, and what to keep for the way
// back.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_BENCH_LIMITS_ALIGNMENTNUMBERS_H
#define DANSKIN_BENCH_LIMITS_ALIGNMENTNUMBERS_H

#include "vec.h"
#include <cmath>

namespace limits::LIMITS_ISA {

/// What a cell leaves for the way back.
enum class Keep { Nothing, Weights };

struct Soft {
  struct Cell {
    F m;
    I e;
  };
  /// The weights of `up` and `left`; that of the diagonal is what is left of 1.
  struct Record {
    F up, left;
  };
  /// Costs are multiplied by it.
  static float factor(float gamma) { return -1.44269504089f / gamma; }
  static Cell none() { return {splat(1), splatInt(-(1 << 28))}; }
  static Cell start() { return {splat(1), I{}}; }
  static double value(float m, int32_t e, float gamma) {
    return -double(gamma) * 0.693147180559945309 *
           (double(e) + std::log2(double(m)));
  }

  /// 2^(cost * factor), which hangs on no other cell.
  struct Weight {
    F p;
    I n;
  };
  static ALWAYS_INLINE Weight weigh(F cost, F factor) {
    F y = cost * factor, t = y + roundingShift;
    return {exp2Fraction(y - (t - roundingShift)),
            bits(t) - (roundingBits - 127)};
  }

  template <Keep keep>
  static ALWAYS_INLINE Cell step(const Cell &up, const Cell &left,
                                 const Cell &diagonal, const Weight &weight,
                                 Record *record) {
    I low = max(max(up.e, left.e), diagonal.e) - 127;
    F a = up.m * fromBits(max(up.e - low, I{}) << 23);
    F b = left.m * fromBits(max(left.e - low, I{}) << 23);
    F c = diagonal.m * fromBits(max(diagonal.e - low, I{}) << 23);
    F sum = a + c + b;
    if constexpr (keep == Keep::Weights) {
      F r = reciprocal(sum);
      *record = {a * r, b * r};
    }
    return {sum * weight.p, low + weight.n};
  }

  /// Mantissas drift by some bits a cell: to be called every some cells.
  static ALWAYS_INLINE void normalize(Cell &cell) {
    I b = bits(cell.m);
    cell.e += (b >> 23) - 127;
    cell.m = fromBits((b & 0x7fffff) | 0x3f800000);
  }
  static ALWAYS_INLINE Cell shiftedIn(const Cell &cell, const Cell &below) {
    return {shiftIn(cell.m, below.m), shiftIn(cell.e, below.e)};
  }
  static ALWAYS_INLINE Cell select(I lanes, const Cell &a, const Cell &b) {
    return {lanes ? a.m : b.m, lanes ? a.e : b.e};
  }
};

struct Hard {
  struct Cell {
    F v;
  };
  /// Lanes where `up` beats the diagonal, and where `left` beats both.
  struct Record {
    Mask up, left;
  };
  static float factor(float) { return 1; }
  static Cell none() { return {splat(1e30f)}; }
  static Cell start() { return {F{}}; }

  using Weight = F;
  static ALWAYS_INLINE Weight weigh(F cost, F) { return cost; }

  template <Keep keep>
  static ALWAYS_INLINE Cell step(const Cell &up, const Cell &left,
                                 const Cell &diagonal, F cost, Record *record) {
    F first = min(up.v, diagonal.v);
    if constexpr (keep == Keep::Weights)
      *record = {maskOf(up.v < diagonal.v), maskOf(left.v < first)};
    return {min(left.v, first) + cost};
  }
  static ALWAYS_INLINE void normalize(Cell &) {}
  static ALWAYS_INLINE Cell shiftedIn(const Cell &cell, const Cell &below) {
    return {shiftIn(cell.v, below.v)};
  }
  static ALWAYS_INLINE Cell select(I lanes, const Cell &a, const Cell &b) {
    return {lanes ? a.v : b.v};
  }
};

} // namespace limits::LIMITS_ISA

#endif // DANSKIN_BENCH_LIMITS_ALIGNMENTNUMBERS_H
