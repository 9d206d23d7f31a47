//===- L2.cpp - Omega = 1/2 sum p^2 ---------------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The weights are the projection of the scores onto the simplex ("sparsemax",
// Martins & Astudillo, ICML 2016): q = max(0, x - tau). The threshold is the
// zero of the convex, piecewise linear, decreasing sum q - 1; Newton's method
// from the left of it (Michelot, 1986) only ever takes candidates out of the
// support, so it ends after finitely many passes and needs no sorting.
//
// The statistics are the maximum m and the threshold relative to it, tau - m,
// which lies in [-1, 0).
//
//===----------------------------------------------------------------------===//

#include "dialects/dp/Dp.h"
#include "dialects/dp/Regularizers/Emit.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <limits>

using namespace mlir;
using namespace mlir::dp;

bool L2Attr::usesGamma() const { return true; }

CurvatureKind L2Attr::getCurvatureKind() const { return CurvatureKind::Own; }

SmallVector<Type> L2Attr::getStatisticTypes(MLIRContext *context,
                                            unsigned binders) const {
  return SmallVector<Type>(2, Float64Type::get(context));
}

/// The distance of a score from the maximum: 0 where both are infinite, and
/// where either is NaN, of which the maximum tells. One minimum of a processor.
static Value emitNotAbove(OpBuilder &builder, Location loc, Value score,
                          Value maximum) {
  Value zero = emitFloat(builder, loc, score.getType(), 0.0);
  Value distance = builder.create<arith::SubFOp>(loc, score, maximum);
  Value isBelow = builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OLT,
                                                distance, zero);
  return builder.create<arith::SelectOp>(loc, isBelow, distance, zero);
}

static Value emitIsAbove(OpBuilder &builder, Location loc, Value distance,
                         Value threshold) {
  return builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OGT, distance,
                                       threshold);
}

/// One pass of Newton's method: the size of the support {x - m > threshold} and
/// the threshold at which its weights sum to 1.
static std::pair<Value, Value> emitNewtonStep(OpBuilder &builder, Location loc,
                                              CandidateRange &candidates,
                                              Value maximum, Value threshold) {
  Type type = candidates.getScoreType();
  Value zero = emitFloat(builder, loc, type, 0.0);
  Value one = emitFloat(builder, loc, type, 1.0);
  // Sizes are exact up to the length of a mantissa, beyond which terms of a sum
  // are lost as well.
  SmallVector<Value> sums = candidates.forAll(
      builder, loc, {zero, zero},
      [&](OpBuilder &b, Location loc, const Candidate &c,
          ValueRange carried) -> SmallVector<Value> {
        Value distance = emitNotAbove(b, loc, c.score, maximum);
        Value inSupport = emitIsAbove(b, loc, distance, threshold);
        Value count = b.create<arith::SelectOp>(loc, inSupport, one, zero);
        Value term = b.create<arith::SelectOp>(loc, inSupport, distance, zero);
        return {b.create<arith::AddFOp>(loc, carried[0], count),
                b.create<arith::AddFOp>(loc, carried[1], term)};
      });
  Value excess = builder.create<arith::SubFOp>(loc, sums[1], one);
  return {sums[0], builder.create<arith::DivFOp>(loc, excess, sums[0])};
}

/// The threshold relative to the maximum. The loop goes on while the support
/// shrinks; rounding may not make it grow, so it ends.
static Value emitThreshold(OpBuilder &builder, Location loc,
                           CandidateRange &candidates, Value maximum) {
  Type type = candidates.getScoreType();
  Value everyone =
      emitFloat(builder, loc, type, std::numeric_limits<double>::infinity());
  Value start = emitFloat(builder, loc, type, -1.0);
  auto loop = builder.create<scf::WhileOp>(
      loc, TypeRange{everyone.getType(), type}, ValueRange{everyone, start},
      [&](OpBuilder &b, Location loc, ValueRange carried) {
        auto [size, threshold] =
            emitNewtonStep(b, loc, candidates, maximum, carried[1]);
        Value shrank = b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OLT,
                                               size, carried[0]);
        b.create<scf::ConditionOp>(loc, shrank, ValueRange{size, threshold});
      },
      [](OpBuilder &b, Location loc, ValueRange carried) {
        b.create<scf::YieldOp>(loc, carried);
      });
  return loop.getResult(1);
}

SmallVector<Value> L2Attr::emitChoice(OpBuilder &builder, Location loc,
                                      CandidateRange &candidates) const {
  Type type = candidates.getScoreType();
  Value maximum = emitMaximum(builder, loc, candidates);
  Value threshold = emitThreshold(builder, loc, candidates, maximum);
  Value zero = emitFloat(builder, loc, type, 0.0);
  Value half = emitFloat(builder, loc, type, 0.5);
  // sum q (x - m) - 1/2 sum q^2, all of whose terms have one sign.
  Value relative =
      candidates
          .forAll(
              builder, loc, zero,
              [&](OpBuilder &b, Location loc, const Candidate &c,
                  ValueRange carried) -> SmallVector<Value> {
                Value distance = emitNotAbove(b, loc, c.score, maximum);
                Value inSupport = emitIsAbove(b, loc, distance, threshold);
                Value weight =
                    b.create<arith::SubFOp>(loc, distance, threshold);
                Value inner = b.create<arith::SubFOp>(
                    loc, distance, b.create<arith::MulFOp>(loc, half, weight));
                Value term = b.create<arith::MulFOp>(loc, weight, inner);
                term = b.create<arith::SelectOp>(loc, inSupport, term, zero);
                return {b.create<arith::AddFOp>(loc, carried.front(), term)};
              })
          .front();
  Value value = builder.create<arith::AddFOp>(loc, maximum, relative);
  return {value, maximum, threshold};
}

Value L2Attr::emitWeight(OpBuilder &builder, Location loc,
                         const Candidate &candidate,
                         ValueRange statistics) const {
  Value distance = emitDistance(builder, loc, candidate.score, statistics[0]);
  Value weight = builder.create<arith::SubFOp>(loc, distance, statistics[1]);
  return builder.create<arith::MaximumFOp>(
      loc, weight, emitFloat(builder, loc, weight.getType(), 0.0));
}

Value L2Attr::emitCurvature(OpBuilder &builder, Location loc,
                            Value weight) const {
  // 1 on the support, and the weight itself off it: 0, or the NaN that it is.
  Type type = weight.getType();
  Value inSupport =
      emitIsAbove(builder, loc, weight, emitFloat(builder, loc, type, 0.0));
  return builder.create<arith::SelectOp>(
      loc, inSupport, emitFloat(builder, loc, type, 1.0), weight);
}
