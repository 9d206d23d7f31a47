//===- Scaled.cpp - arithmetic on mantissas and exponents -----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Scaled.h"
#include "compiler/conversion/Turns.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace danskin::conversion;

/// Added to a float below 2^22, leaves it rounded to an integer.
static constexpr double roundingBias = 12582912.0; // 1.5 * 2^23
/// An exponent below all others, and still a number.
static constexpr double lowest = -0x1p127;

Value Scaled::constant(double value) {
  return b.create<arith::ConstantOp>(loc, b.getF32FloatAttr(value));
}

Value Scaled::integer(int64_t value) {
  return b.create<arith::ConstantIntOp>(loc, value, 32);
}

Value Scaled::toBits(Value x) {
  return b.create<arith::BitcastOp>(loc, b.getI32Type(), x);
}

Value Scaled::fromBits(Value x) {
  return b.create<arith::BitcastOp>(loc, b.getF32Type(), x);
}

ScaledNumber Scaled::zero() { return {constant(0.0), constant(lowest)}; }

ScaledNumber Scaled::one() { return {constant(1.0), constant(0.0)}; }

ScaledNumber Scaled::split(Value x, Value factor) {
  // x factor = n + r. The product is not rounded on its way to r, so r errs by
  // its own rounding alone however large it is.
  Value bias = constant(roundingBias);
  Value biased = b.create<math::FmaOp>(loc, x, factor, bias);
  Value n = b.create<arith::SubFOp>(loc, biased, bias);
  Value r =
      b.create<math::FmaOp>(loc, x, factor, b.create<arith::NegFOp>(loc, n));
  Value p = constant(0x1.41fbbcp-13);
  for (double c : {0x1.5f3e54p-10, 0x1.3b2d4cp-7, 0x1.c6aee8p-5, 0x1.ebfbdcp-3,
                   0x1.62e430p-1, 0x1p0})
    p = b.create<math::FmaOp>(loc, p, r, constant(c));
  return {p, n};
}

ScaledNumber Scaled::power(Value x, Value factor, Value &bad) {
  Value y = b.create<arith::MulFOp>(loc, x, factor);
  ScaledNumber number = split(x, factor);
  // A NaN is one in the mantissa, whatever its exponent.
  Value size = b.create<math::AbsFOp>(loc, y);
  Value isLarge = b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OGE, size,
                                          constant(0x1p22));
  Value isNotZero = b.create<arith::CmpFOp>(
      loc, arith::CmpFPredicate::UNE, y,
      constant(-std::numeric_limits<double>::infinity()));
  bad = b.create<arith::AndIOp>(loc, isLarge, isNotZero);
  return select(isNotZero, number, zero());
}

Value Scaled::powerAsFloat(Value x, Value factor) {
  ScaledNumber number = split(x, factor);
  auto isBeyond = [&](arith::CmpFPredicate predicate, double limit) -> Value {
    return b.create<arith::CmpFOp>(loc, predicate, number.exponent,
                                   constant(limit));
  };
  // Where the exponent is no number, neither is the mantissa.
  Value small = isBeyond(arith::CmpFPredicate::OLT, -126.0);
  Value large = isBeyond(arith::CmpFPredicate::OGT, 126.0);
  Value power = fromBits(b.create<arith::ShLIOp>(
      loc,
      toBits(b.create<arith::AddFOp>(loc, number.exponent,
                                     constant(roundingBias + 127))),
      integer(23)));
  Value scale = b.create<arith::SelectOp>(
      loc, large, constant(std::numeric_limits<double>::infinity()), power);
  Value product = b.create<arith::MulFOp>(loc, number.mantissa, scale);
  return b.create<arith::SelectOp>(loc, small, constant(0.0), product);
}

ScaledNumber Scaled::multiply(ScaledNumber x, ScaledNumber y) {
  return {b.create<arith::MulFOp>(loc, x.mantissa, y.mantissa),
          b.create<arith::AddFOp>(loc, x.exponent, y.exponent)};
}

ScaledNumber Scaled::select(Value condition, ScaledNumber x, ScaledNumber y) {
  return {b.create<arith::SelectOp>(loc, condition, x.mantissa, y.mantissa),
          b.create<arith::SelectOp>(loc, condition, x.exponent, y.exponent)};
}

Value Scaled::raise(Value exponent, ScaledNumber term) {
  Value above = b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OGT,
                                        term.exponent, exponent);
  return b.create<arith::SelectOp>(loc, above, term.exponent, exponent);
}

Value Scaled::largest(ArrayRef<Value> exponents) {
  return combine(SmallVector<Value>(exponents),
                 [&](Value x, Value y) { return raise(x, {Value(), y}); });
}

Value Scaled::add(Value mantissa, Value exponent, ScaledNumber term) {
  Value down = b.create<arith::SubFOp>(loc, term.exponent, exponent);
  return b.create<math::FmaOp>(loc, term.mantissa, powerOfTwo(down), mantissa);
}

/// 2^d for integral d up to 127; 0 below -126.
Value Scaled::powerOfTwo(Value d) {
  Value least = constant(-127.0);
  Value above =
      b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OGT, d, least);
  d = b.create<arith::SelectOp>(loc, above, d, least);
  Value biased = b.create<arith::AddFOp>(loc, d, constant(roundingBias + 127));
  return fromBits(b.create<arith::ShLIOp>(loc, toBits(biased), integer(23)));
}

ScaledNumber Scaled::normalize(ScaledNumber x) {
  // Of zero the exponent only sinks.
  Value biased = b.create<arith::ShRUIOp>(loc, toBits(x.mantissa), integer(23));
  Value up = b.create<arith::SubIOp>(loc, biased, integer(127));
  Value down = b.create<arith::SubIOp>(loc, integer(254), biased);
  Value factor = fromBits(b.create<arith::ShLIOp>(loc, down, integer(23)));
  return {
      b.create<arith::MulFOp>(loc, x.mantissa, factor),
      b.create<arith::AddFOp>(
          loc, x.exponent, b.create<arith::SIToFPOp>(loc, b.getF32Type(), up))};
}

ScaledNumber Scaled::normalizeSigned(ScaledNumber x) {
  Value size = b.create<math::AbsFOp>(loc, x.mantissa);
  ScaledNumber normal = normalize({size, x.exponent});
  normal.mantissa =
      b.create<math::CopySignOp>(loc, normal.mantissa, x.mantissa);
  return select(isNotZero(x), normal, zero());
}

Value Scaled::toFloat(ScaledNumber x) {
  x = normalizeSigned(x);
  // Twice what is beyond all floats is an infinity.
  Value exponent = b.create<arith::MinimumFOp>(loc, x.exponent, constant(127));
  return b.create<arith::MulFOp>(loc, x.mantissa, powerOfTwo(exponent));
}

Value Scaled::isBeyond(ScaledNumber x) {
  Value size = b.create<math::AbsFOp>(loc, x.exponent);
  Value large = b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OGT, size,
                                        constant(0x1p23));
  Value isNumber = b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OGT,
                                           x.mantissa, constant(0.0));
  return b.create<arith::AndIOp>(loc, large, isNumber);
}

Value Scaled::mass(ScaledNumber x, Value exponent) {
  Value down = b.create<arith::SubFOp>(loc, x.exponent, exponent);
  return b.create<arith::MulFOp>(loc, x.mantissa, powerOfTwo(down));
}

Value Scaled::reciprocal(ScaledNumber x) {
  Value inverse = b.create<arith::DivFOp>(loc, constant(1.0), x.mantissa);
  return b.create<arith::SelectOp>(loc, isNotZero(x), inverse, constant(0.0));
}

Value Scaled::isNotZero(ScaledNumber x) {
  return b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::UNE, x.mantissa,
                                 constant(0.0));
}

Value Scaled::log(ScaledNumber x) {
  Type wide = b.getF64Type();
  Value mantissa = b.create<arith::ExtFOp>(loc, wide, x.mantissa);
  Value exponent = b.create<arith::ExtFOp>(loc, wide, x.exponent);
  Value ln2 =
      b.create<arith::ConstantOp>(loc, b.getF64FloatAttr(0x1.62e42fefa39efp-1));
  return b.create<arith::AddFOp>(loc, b.create<math::LogOp>(loc, mantissa),
                                 b.create<arith::MulFOp>(loc, exponent, ln2));
}
