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

bool HardAttr::weighsByPlace() const { return true; }

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
  Value nan = builder.create<arith::ConstantOp>(
      loc,
      builder.getFloatAttr(type, APFloat::getNaN(type.getFloatSemantics())));
  return candidates.forAll(
      builder, loc, init,
      [=](OpBuilder &b, Location loc, const Candidate &c, ValueRange carried) {
        Value best = carried.front();
        auto compare = [&](arith::CmpFPredicate predicate, Value x, Value y) {
          return b.create<arith::CmpFOp>(loc, predicate, x, y);
        };
        // The value does without the place, of which nobody may want to know: a
        // maximum as machines have it, and NaN where either is.
        Value value = b.create<arith::SelectOp>(
            loc, compare(arith::CmpFPredicate::OGT, best, c.score), best,
            c.score);
        value = b.create<arith::SelectOp>(
            loc, compare(arith::CmpFPredicate::UNO, best, c.score), nan, value);
        // "Not at most" lets a NaN in, and keeps it: nothing is above a NaN
        // by an ordered comparison.
        Value wins = b.create<arith::AndIOp>(
            loc, compare(arith::CmpFPredicate::UGT, c.score, best),
            compare(arith::CmpFPredicate::ORD, best, best));
        SmallVector<Value> place = {c.arm}, next = {value};
        place.append(c.binders);
        for (auto [mine, theirs] : llvm::zip_equal(place, carried.drop_front()))
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
