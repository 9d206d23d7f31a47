//===- Number.h - forward-mode dual numbers ---------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The reference differentiates by running the same evaluator over other
// numbers: `double` gives values, `Dual<double, W>` the partials of W slots,
// `Dual<Dual<double, 1>, W>` those partials and their change along one
// direction.
//
// Derivatives follow an exact zero algebra: 0 times anything is 0 in a partial,
// so that a slot nothing depends on, or a candidate of weight 0, contributes
// exactly 0 whatever infinities stand beside it. Values keep IEEE arithmetic.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_REFERENCE_NUMBER_H
#define DANSKIN_REFERENCE_NUMBER_H

#include <array>
#include <cmath>

namespace danskin::reference {

template <class S, unsigned Width> struct Dual {
  using Scalar = S;
  static constexpr unsigned width = Width;

  S value{};
  std::array<S, Width> partials{};

  Dual() = default;
  Dual(double constant) : value(constant) {}
};

inline double primal(double x) { return x; }
template <class S, unsigned W> double primal(const Dual<S, W> &x) {
  return primal(x.value);
}

//===----------------------------------------------------------------------===//
// Products of derivatives
//===----------------------------------------------------------------------===//

inline double scale(double a, double b) {
  return a == 0 || b == 0 ? 0.0 : a * b;
}
/// A factor of a derivative times a partial, by the exact zero algebra.
template <class S, unsigned W>
Dual<S, W> scale(const Dual<S, W> &a, const Dual<S, W> &b) {
  Dual<S, W> r;
  r.value = scale(a.value, b.value);
  for (unsigned k = 0; k < W; ++k)
    r.partials[k] =
        scale(a.value, b.partials[k]) + scale(b.value, a.partials[k]);
  return r;
}

/// The number `value` whose partials are those of `x` times `slope`.
template <class S, unsigned W>
Dual<S, W> chain(const S &value, const S &slope, const Dual<S, W> &x) {
  Dual<S, W> r;
  r.value = value;
  for (unsigned k = 0; k < W; ++k)
    r.partials[k] = scale(slope, x.partials[k]);
  return r;
}

/// As above for a function of two numbers.
template <class S, unsigned W>
Dual<S, W> chain(const S &value, const S &slopeX, const Dual<S, W> &x,
                 const S &slopeY, const Dual<S, W> &y) {
  Dual<S, W> r;
  r.value = value;
  for (unsigned k = 0; k < W; ++k)
    r.partials[k] = scale(slopeX, x.partials[k]) + scale(slopeY, y.partials[k]);
  return r;
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

template <class S, unsigned W>
Dual<S, W> operator+(const Dual<S, W> &a, const Dual<S, W> &b) {
  Dual<S, W> r;
  r.value = a.value + b.value;
  for (unsigned k = 0; k < W; ++k)
    r.partials[k] = a.partials[k] + b.partials[k];
  return r;
}
template <class S, unsigned W> Dual<S, W> operator-(const Dual<S, W> &a) {
  Dual<S, W> r;
  r.value = -a.value;
  for (unsigned k = 0; k < W; ++k)
    r.partials[k] = -a.partials[k];
  return r;
}
template <class S, unsigned W>
Dual<S, W> operator-(const Dual<S, W> &a, const Dual<S, W> &b) {
  return a + (-b);
}
template <class S, unsigned W>
Dual<S, W> operator*(const Dual<S, W> &a, const Dual<S, W> &b) {
  return chain<S, W>(a.value * b.value, b.value, a, a.value, b);
}
template <class S, unsigned W>
Dual<S, W> operator/(const Dual<S, W> &a, const Dual<S, W> &b) {
  S quotient = a.value / b.value;
  return chain<S, W>(quotient, S(1) / b.value, a, -quotient / b.value, b);
}

//===----------------------------------------------------------------------===//
// Functions. Where a derivative does not exist it is 0 by convention: abs, sqrt
// and x^p (p < 1) at 0, log at 0.
//===----------------------------------------------------------------------===//

inline double expOf(double x) { return std::exp(x); }
inline double logOf(double x) { return std::log(x); }
inline double sqrtOf(double x) { return std::sqrt(x); }
inline double tanhOf(double x) { return std::tanh(x); }
inline double absOf(double x) { return std::fabs(x); }
inline double powOf(double x, double p) { return std::pow(x, p); }
/// A power whose exponent is a constant, so that nothing flows into it.
inline double powConst(double x, double p) { return std::pow(x, p); }

template <class S, unsigned W> Dual<S, W> expOf(const Dual<S, W> &x) {
  S value = expOf(x.value);
  return chain<S, W>(value, value, x);
}
template <class S, unsigned W> Dual<S, W> logOf(const Dual<S, W> &x) {
  S slope = primal(x) == 0 ? S(0) : S(1) / x.value;
  return chain<S, W>(logOf(x.value), slope, x);
}
template <class S, unsigned W> Dual<S, W> sqrtOf(const Dual<S, W> &x) {
  S value = sqrtOf(x.value);
  return chain<S, W>(value, primal(x) == 0 ? S(0) : S(0.5) / value, x);
}
template <class S, unsigned W> Dual<S, W> tanhOf(const Dual<S, W> &x) {
  S value = tanhOf(x.value);
  return chain<S, W>(value, S(1) - value * value, x);
}
template <class S, unsigned W> Dual<S, W> absOf(const Dual<S, W> &x) {
  double sign = primal(x) > 0 ? 1 : primal(x) < 0 ? -1 : 0;
  return chain<S, W>(absOf(x.value), S(sign), x);
}
template <class S, unsigned W>
Dual<S, W> powConst(const Dual<S, W> &x, double p) {
  S slope(0);
  if (p != 0 && !(primal(x) == 0 && p < 1))
    slope = S(p) * powConst(x.value, p - 1);
  return chain<S, W>(powConst(x.value, p), slope, x);
}
template <class S, unsigned W>
Dual<S, W> powOf(const Dual<S, W> &x, const Dual<S, W> &p) {
  S value = powOf(x.value, p.value);
  bool atZero = primal(x) == 0;
  S slopeX(0), slopeP(0);
  if (primal(p) != 0 && !(atZero && primal(p) < 1))
    slopeX = p.value * powOf(x.value, p.value - S(1));
  if (!atZero)
    slopeP = value * logOf(x.value);
  return chain<S, W>(value, slopeX, x, slopeP, p);
}

/// The greater of two; a tie gives the first, a NaN stays.
template <class T> const T &greater(const T &a, const T &b) {
  return primal(a) >= primal(b) || std::isnan(primal(a)) ? a : b;
}
template <class T> const T &lesser(const T &a, const T &b) {
  return primal(a) <= primal(b) || std::isnan(primal(a)) ? a : b;
}

} // namespace danskin::reference

#endif // DANSKIN_REFERENCE_NUMBER_H
