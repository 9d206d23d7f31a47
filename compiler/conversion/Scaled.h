//===- Scaled.h - arithmetic on mantissas and exponents ---------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A scaled number m 2^e is a mantissa and an integral exponent, both f32. Zero
// is m = 0 with the lowest exponent, so that no test for it is needed where
// numbers are added. The only function of the reals in here is 2^r on
// [-1/2, 1/2], and it is taken of what is given, never of what is computed.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_SCALED_H
#define DANSKIN_CONVERSION_SCALED_H

#include "mlir/IR/Builders.h"

namespace danskin::conversion {

struct ScaledNumber {
  mlir::Value mantissa, exponent;
};

class Scaled {
public:
  Scaled(mlir::OpBuilder &b, mlir::Location loc) : b(b), loc(loc) {}

  ScaledNumber zero();
  ScaledNumber one();
  /// 2^(x factor); 0 where the product is -inf. `bad` is whether the product
  /// is another number without an exponent of 22 bits. Source of the
  /// polynomial: minimax on [-1/2, 1/2], relative error 2e-8.
  ScaledNumber power(mlir::Value x, mlir::Value factor, mlir::Value &bad);
  /// The same as a float, from 2^-126 to 2^126: below it is 0, above infinity
  /// or a NaN.
  mlir::Value powerAsFloat(mlir::Value x, mlir::Value factor);
  ScaledNumber multiply(ScaledNumber x, ScaledNumber y);
  ScaledNumber select(mlir::Value condition, ScaledNumber x, ScaledNumber y);
  /// Sums: `raise` gives the largest exponent of all terms, then `add` each
  /// term to a mantissa at that exponent.
  mlir::Value raise(mlir::Value exponent, ScaledNumber term);
  /// The largest of some exponents.
  mlir::Value largest(llvm::ArrayRef<mlir::Value> exponents);
  mlir::Value add(mlir::Value mantissa, mlir::Value exponent,
                  ScaledNumber term);
  /// The same number with a mantissa in [1, 2).
  ScaledNumber normalize(ScaledNumber x);
  /// The same of any sign, and zero as zero() is.
  ScaledNumber normalizeSigned(ScaledNumber x);
  /// The float that it is, or the nearest.
  mlir::Value toFloat(ScaledNumber x);
  /// Is the exponent beyond what 24 bits hold, and the number not 0?
  mlir::Value isBeyond(ScaledNumber x);
  /// x over 2^exponent, where that is at least x's own.
  mlir::Value mass(ScaledNumber x, mlir::Value exponent);
  /// 1 / mantissa, 0 of 0.
  mlir::Value reciprocal(ScaledNumber x);
  mlir::Value isNotZero(ScaledNumber x);
  /// ln x as f64, -inf of zero.
  mlir::Value log(ScaledNumber x);
  mlir::Value constant(double value);

private:
  /// 2^(x factor) without a look at its size.
  ScaledNumber split(mlir::Value x, mlir::Value factor);
  mlir::Value powerOfTwo(mlir::Value exponent);
  mlir::Value integer(int64_t value);
  mlir::Value toBits(mlir::Value x);
  mlir::Value fromBits(mlir::Value x);

  mlir::OpBuilder &b;
  mlir::Location loc;
};

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_SCALED_H
