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

Value dp::emitMaximum(OpBuilder &builder, Location loc,
                      CandidateRange &candidates) {
  Value lowest = emitFloat(builder, loc, candidates.getScoreType(),
                           -std::numeric_limits<double>::infinity());
  return candidates
      .forAll(builder, loc, lowest,
              [](OpBuilder &b, Location loc, const Candidate &c,
                 ValueRange carried) -> SmallVector<Value> {
                return {
                    b.create<arith::MaximumFOp>(loc, carried.front(), c.score)};
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
