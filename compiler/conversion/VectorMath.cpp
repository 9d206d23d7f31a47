//===- VectorMath.cpp - exp and log of vectors ----------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The operations of runtime/src/exp.c and log.c in their order, branches turned
// into selections: an instance gets the same bits alone and in a lane.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Vectors.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include <limits>

using namespace mlir;
using namespace danskin::conversion;

namespace {
constexpr double ln2Hi = 0x1.62e42fefa3000p-1; ///< 41 bits
constexpr double ln2Lo = 0x1.3de6af278ece6p-42;

/// Arithmetic on vectors of doubles and of the 64-bit ints they are made of.
class Vectors {
public:
  Vectors(OpBuilder &b, Location loc, Value like)
      : b(b), loc(loc), floats(cast<VectorType>(like.getType())),
        ints(floats.clone(b.getI64Type())) {}

  Value number(double value) {
    return b.create<arith::ConstantOp>(
        loc, DenseElementsAttr::get(floats, b.getF64FloatAttr(value)));
  }
  Value integer(int64_t value) {
    return b.create<arith::ConstantOp>(
        loc, DenseElementsAttr::get(ints, b.getI64IntegerAttr(value)));
  }
  template <class Op> Value make(Value x, Value y) {
    return b.create<Op>(loc, x, y);
  }
  Value add(Value x, Value y) { return make<arith::AddFOp>(x, y); }
  Value subtract(Value x, Value y) { return make<arith::SubFOp>(x, y); }
  Value multiply(Value x, Value y) { return make<arith::MulFOp>(x, y); }
  Value divide(Value x, Value y) { return make<arith::DivFOp>(x, y); }
  Value compare(arith::CmpFPredicate predicate, Value x, Value y) {
    return b.create<arith::CmpFOp>(loc, predicate, x, y);
  }
  Value select(Value condition, Value yes, Value no) {
    return b.create<arith::SelectOp>(loc, condition, yes, no);
  }
  Value toBits(Value x) { return b.create<arith::BitcastOp>(loc, ints, x); }
  Value fromBits(Value x) { return b.create<arith::BitcastOp>(loc, floats, x); }
  /// Between doubles and small ints, by way of 32 bits, which every target has.
  Value toInt(Value x) {
    Type narrow = ints.clone(b.getI32Type());
    return b.create<arith::ExtSIOp>(loc, ints,
                                    b.create<arith::FPToSIOp>(loc, narrow, x));
  }
  Value toFloat(Value k) {
    Type narrow = ints.clone(b.getI32Type());
    return b.create<arith::SIToFPOp>(loc, floats,
                                     b.create<arith::TruncIOp>(loc, narrow, k));
  }
  /// 2^k for -1023 < k < 1024.
  Value power(Value k) {
    return fromBits(make<arith::ShLIOp>(make<arith::AddIOp>(k, integer(1023)),
                                        integer(52)));
  }

private:
  OpBuilder &b;
  Location loc;
  VectorType floats, ints;
};
} // namespace

Value danskin::conversion::emitExp(OpBuilder &b, Location loc, Value x) {
  static const double inverseFactorials[] = {
      0x1.0000000000000p-1,  0x1.5555555555555p-3,  0x1.5555555555555p-5,
      0x1.1111111111111p-7,  0x1.6c16c16c16c17p-10, 0x1.a01a01a01a01ap-13,
      0x1.a01a01a01a01ap-16, 0x1.71de3a556c734p-19, 0x1.27e4fb7789f5cp-22,
      0x1.ae64567f544e4p-26, 0x1.1eed8eff8d898p-29, 0x1.6124613a86d09p-33,
      0x1.93974a8c07c9dp-37};
  Vectors v(b, loc, x);
  Value magic = v.number(0x1.8p52);
  Value quotient = v.subtract(
      v.add(v.multiply(x, v.number(0x1.71547652b82fep+0)), magic), magic);
  Value k = v.toInt(quotient);
  Value hi = v.subtract(x, v.multiply(quotient, v.number(ln2Hi)));
  // -(q c) is (-q) c.
  Value lo = v.multiply(quotient, v.number(-ln2Lo));
  Value r = v.add(hi, lo);
  Value ofLo = v.subtract(r, hi);
  Value rest = v.add(v.subtract(hi, v.subtract(r, ofLo)), v.subtract(lo, ofLo));

  Value polynomial = v.number(inverseFactorials[12]);
  for (int n = 11; n >= 0; --n)
    polynomial =
        v.add(v.multiply(polynomial, r), v.number(inverseFactorials[n]));
  Value one = v.number(1.0);
  Value sum = v.add(one, r);
  Value sumRest = v.subtract(r, v.subtract(sum, one));
  Value tail = v.add(sumRest, v.add(v.multiply(v.multiply(r, r), polynomial),
                                    v.add(rest, v.multiply(rest, r))));
  Value power = v.add(sum, tail);
  power = v.add(power, v.subtract(tail, v.subtract(power, sum)));

  // Half of k, toward 0, by shifts.
  Value sign = v.make<arith::ShRUIOp>(k, v.integer(63));
  Value first =
      v.make<arith::ShRSIOp>(v.make<arith::AddIOp>(k, sign), v.integer(1));
  Value result = v.multiply(v.multiply(power, v.power(first)),
                            v.power(v.make<arith::SubIOp>(k, first)));
  Value isHuge = v.compare(arith::CmpFPredicate::OGT, x, v.number(709.79));
  Value isTiny = v.compare(arith::CmpFPredicate::OLT, x, v.number(-745.14));
  Value isNan = v.compare(arith::CmpFPredicate::UNO, x, x);
  result = v.select(isHuge, v.number(std::numeric_limits<double>::infinity()),
                    result);
  result = v.select(isTiny, v.number(0.0), result);
  return v.select(isNan, v.add(x, x), result);
}

Value danskin::conversion::emitLog(OpBuilder &b, Location loc, Value x) {
  static const double terms[] = {
      0x1.0000000000000p+1, 0x1.5555555555555p-1, 0x1.999999999999ap-2,
      0x1.2492492492492p-2, 0x1.c71c71c71c71cp-3, 0x1.745d1745d1746p-3,
      0x1.3b13b13b13b14p-3, 0x1.1111111111111p-3, 0x1.e1e1e1e1e1e1ep-4,
      0x1.af286bca1af28p-4, 0x1.8618618618618p-4, 0x1.642c8590b2164p-4,
      0x1.47ae147ae147bp-4};
  Vectors v(b, loc, x);
  Value isSmall = v.compare(arith::CmpFPredicate::OLT, x, v.number(0x1p-1022));
  Value scaled = v.select(isSmall, v.multiply(x, v.number(0x1p54)), x);
  Value bits = v.toBits(scaled);
  Value shift = v.integer(52);
  Value exponent = v.make<arith::ShRSIOp>(
      v.make<arith::SubIOp>(bits, v.integer(0x3fe6a09e667f3bcd)), shift);
  Value mantissa = v.fromBits(
      v.make<arith::SubIOp>(bits, v.make<arith::ShLIOp>(exponent, shift)));
  Value k = v.toFloat(v.make<arith::AddIOp>(
      exponent, v.select(isSmall, v.integer(-54), v.integer(0))));

  Value f = v.subtract(mantissa, v.number(1.0));
  Value s = v.divide(f, v.add(v.number(2.0), f));
  Value square = v.multiply(s, s);
  Value series = v.number(0.0);
  for (int n = 12; n >= 1; --n)
    series = v.multiply(v.add(series, v.number(terms[n])), square);
  Value half = v.multiply(v.multiply(v.number(0.5), f), f);
  Value inner =
      v.add(v.multiply(s, v.add(half, series)), v.multiply(k, v.number(ln2Lo)));
  Value result = v.subtract(v.multiply(k, v.number(ln2Hi)),
                            v.subtract(v.subtract(half, inner), f));

  double infinity = std::numeric_limits<double>::infinity();
  Value isInfinite =
      v.compare(arith::CmpFPredicate::OEQ, x, v.number(infinity));
  Value isZero = v.compare(arith::CmpFPredicate::OEQ, x, v.number(0.0));
  Value isNegative = v.compare(arith::CmpFPredicate::OLT, x, v.number(0.0));
  Value isNan = v.compare(arith::CmpFPredicate::UNO, x, x);
  result = v.select(isInfinite, x, result);
  result = v.select(isZero, v.number(-infinity), result);
  result = v.select(isNegative,
                    v.number(std::numeric_limits<double>::quiet_NaN()), result);
  return v.select(isNan, v.add(x, x), result);
}
