//===- Tangent.h - derivatives of pointwise expressions -----------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TRANSFORMS_TANGENT_H
#define DANSKIN_TRANSFORMS_TANGENT_H

#include "dialects/dp/Dp.h"
#include "llvm/ADT/DenseMap.h"

namespace danskin {

/// Forward-mode derivative of values of one block. A null value is an exact
/// zero, so that what does not depend on a direction costs nothing. At kinks
/// the conventions of the language hold: fmax and fmin follow their first
/// argument on a tie; abs, sqrt and powers at 0 and log at 0 have derivative 0.
class Tangent {
public:
  /// The tangent of a read or of a weight, made at the builder; null for 0.
  /// Gets the Tangent to ask for those of the operands.
  using Seed = llvm::function_ref<mlir::Value(Tangent &, mlir::OpBuilder &,
                                              mlir::Operation *)>;

  /// `isLast`: no derivative is taken of these. Then a slope, even an infinite
  /// one, does not matter along a tangent that happens to be 0; a derivative
  /// would not see what the tangent does beside 0.
  Tangent(mlir::OpBuilder &builder, Seed seed, bool isLast = false)
      : builder(builder), seed(seed), isLast(isLast) {}

  /// The tangent of `value` at the builder, which `value` must dominate.
  mlir::Value get(mlir::Value value);
  /// As get, with an explicit 0.
  mlir::Value getOrZero(mlir::Value value);

private:
  mlir::Value compute(mlir::Operation *op, mlir::Value value);
  mlir::Value computeUnary(mlir::Operation *op, mlir::Value x, mlir::Value dx);
  mlir::Value computeBinary(mlir::Operation *op);
  mlir::Value computePower(mlir::Operation *op);
  mlir::Value computeSelect(mlir::Location loc, mlir::Value condition,
                            mlir::Value whenTrue, mlir::Value whenFalse);
  mlir::Value computeIf(mlir::Operation *op, unsigned result);

  mlir::Value constant(mlir::Location loc, double value);
  mlir::Value add(mlir::Location loc, mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Location loc, mlir::Value a, mlir::Value b);
  mlir::Value neg(mlir::Location loc, mlir::Value a);
  /// `slope dx`.
  mlir::Value along(mlir::Location loc, mlir::Value slope, mlir::Value dx);
  /// `value` but 0 where `x` is 0.
  mlir::Value zeroAtZero(mlir::Location loc, mlir::Value x, mlir::Value value);

  mlir::OpBuilder &builder;
  Seed seed;
  bool isLast;
  llvm::DenseMap<mlir::Value, mlir::Value> cache;
};

} // namespace danskin

#endif // DANSKIN_TRANSFORMS_TANGENT_H
