//===- Hard.cpp - Omega = 0 -----------------------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The maximum. Its statistics are the place of the winner (arm, binders): the
// weight of a candidate is 1 where it stands in that place. Ties go to the
// first in program order, since only a greater score takes the place.
//
//===----------------------------------------------------------------------===//

#include "dialects/dp/Dp.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::dp;

bool HardAttr::usesGamma() const { return false; }

CurvatureKind HardAttr::getCurvatureKind() const { return CurvatureKind::Zero; }

SmallVector<Type> HardAttr::getStatisticTypes(MLIRContext *context,
                                              unsigned binders) const {
  return SmallVector<Type>(1 + binders, IndexType::get(context));
}

SmallVector<Value> HardAttr::emitChoice(OpBuilder &builder, Location loc,
                                        CandidateRange &candidates) const {
  FloatType type = candidates.getScoreType();
  Value lowest = builder.create<arith::ConstantOp>(
      loc, builder.getFloatAttr(
               type, APFloat::getInf(type.getFloatSemantics(), true)));
  Value nobody = builder.create<arith::ConstantIndexOp>(loc, -1);
  SmallVector<Value> init(2 + candidates.getMaxBinders(), nobody);
  init[0] = lowest;
  return candidates.forEach(
      builder, loc, init,
      [](OpBuilder &b, Location loc, const Candidate &c, ValueRange carried) {
        // "Not at most" lets a NaN in, and keeps it: nothing is above a NaN
        // by an ordered comparison.
        Value best = carried.front();
        Value above = b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::UGT,
                                              c.score, best);
        Value isNumber =
            b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::ORD, best, best);
        Value wins = b.create<arith::AndIOp>(loc, above, isNumber);
        SmallVector<Value> place = {c.score, c.arm};
        place.append(c.binders);
        SmallVector<Value> next;
        for (auto [mine, theirs] : llvm::zip_equal(place, carried))
          next.push_back(b.create<arith::SelectOp>(loc, wins, mine, theirs));
        return next;
      });
}

Value HardAttr::emitWeight(OpBuilder &builder, Location loc,
                           const Candidate &candidate,
                           ValueRange statistics) const {
  SmallVector<Value> place = {candidate.arm};
  place.append(candidate.binders);
  Value same;
  for (auto [mine, winner] : llvm::zip_equal(place, statistics)) {
    Value equal = builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq,
                                                mine, winner);
    same = same ? builder.create<arith::AndIOp>(loc, same, equal).getResult()
                : equal;
  }
  Type type = candidate.score.getType();
  Value one =
      builder.create<arith::ConstantOp>(loc, builder.getFloatAttr(type, 1.0));
  Value zero =
      builder.create<arith::ConstantOp>(loc, builder.getFloatAttr(type, 0.0));
  return builder.create<arith::SelectOp>(loc, same, one, zero);
}

Value HardAttr::emitCurvature(OpBuilder &builder, Location loc,
                              Value weight) const {
  return builder.create<arith::ConstantOp>(
      loc, builder.getFloatAttr(weight.getType(), 0.0));
}
