//===- Entropy.cpp - Omega = sum p log p ----------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Log-sum-exp, its weights the softmax. The statistics are the maximum m and
// Z = sum exp(x - m), in which a score that equals m counts as exactly 1.
//
//===----------------------------------------------------------------------===//

#include "dialects/dp/Dp.h"
#include "dialects/dp/Regularizers/Emit.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::dp;

bool EntropyAttr::usesGamma() const { return true; }

bool EntropyAttr::isLogSumExp() const { return true; }

CurvatureKind EntropyAttr::getCurvatureKind() const {
  return CurvatureKind::Weights;
}

SmallVector<Type> EntropyAttr::getStatisticTypes(MLIRContext *context,
                                                 unsigned binders) const {
  return SmallVector<Type>(2, Float64Type::get(context));
}

/// exp(score - maximum).
static Value emitMass(OpBuilder &builder, Location loc, Value score,
                      Value maximum) {
  Value distance = emitDistance(builder, loc, score, maximum);
  return builder.create<math::ExpOp>(loc, distance);
}

SmallVector<Value> EntropyAttr::emitChoice(OpBuilder &builder, Location loc,
                                           CandidateRange &candidates) const {
  Type type = candidates.getScoreType();
  auto scores = candidates.getScores();
  Value maximum = emitMaximum(builder, loc, *scores);
  Value total = candidates
                    .forEach(builder, loc, emitFloat(builder, loc, type, 0.0),
                             [&](OpBuilder &b, Location loc, const Candidate &c,
                                 ValueRange carried) -> SmallVector<Value> {
                               return {b.create<arith::AddFOp>(
                                   loc, carried.front(),
                                   emitMass(b, loc, c.score, maximum))};
                             })
                    .front();

  // Z is 0 without candidates and 1 for one: the value is m, whatever log does
  // at 0.
  Value one = emitFloat(builder, loc, type, 1.0);
  Value atMostOne =
      builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OLE, total, one);
  Value value = builder.create<arith::AddFOp>(
      loc, maximum, builder.create<math::LogOp>(loc, total));
  value = builder.create<arith::SelectOp>(loc, atMostOne, maximum, value);
  return {value, maximum, total};
}

Value EntropyAttr::emitWeight(OpBuilder &builder, Location loc,
                              const Candidate &candidate,
                              ValueRange statistics) const {
  return builder.create<arith::DivFOp>(
      loc, emitMass(builder, loc, candidate.score, statistics[0]),
      statistics[1]);
}

Value EntropyAttr::emitCurvature(OpBuilder &builder, Location loc,
                                 Value weight) const {
  return weight;
}
