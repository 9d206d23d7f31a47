//===- Emit.cpp - what regularizers have in common ------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/dp/Regularizers/Emit.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include <limits>

using namespace mlir;

Value dp::emitFloat(OpBuilder &builder, Location loc, Type type, double value) {
  return builder.create<arith::ConstantOp>(loc,
                                           builder.getFloatAttr(type, value));
}

Value dp::emitMaximum(OpBuilder &builder, Location loc, ScoreRange &scores) {
  Value lowest = emitFloat(builder, loc, scores.getType(),
                           -std::numeric_limits<double>::infinity());
  auto emitLarger = [](OpBuilder &b, Location loc, Value x,
                       Value y) -> SmallVector<Value> {
    return {b.create<arith::MaximumFOp>(loc, x, y)};
  };
  return scores
      .reduce(
          builder, loc, lowest,
          [&](OpBuilder &b, Location loc, Value score, ValueRange carried) {
            return emitLarger(b, loc, carried.front(), score);
          },
          [&](OpBuilder &b, Location loc, ValueRange left, ValueRange right) {
            return emitLarger(b, loc, left.front(), right.front());
          })
      .front();
}

Value dp::emitDistance(OpBuilder &builder, Location loc, Value score,
                       Value maximum) {
  Value equal = builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OEQ,
                                              score, maximum);
  Value zero = emitFloat(builder, loc, score.getType(), 0.0);
  Value difference = builder.create<arith::SubFOp>(loc, score, maximum);
  return builder.create<arith::SelectOp>(loc, equal, zero, difference);
}
