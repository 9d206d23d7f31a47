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

bool L2Attr::asksOften() const { return true; }

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

namespace {
/// The support {x - m > threshold}: its size, and the sums over it of x - m
/// and, where that is asked for, of its square.
struct Support {
  Value size, sum, squares;
};
} // namespace

static SmallVector<Value> emitSums(OpBuilder &builder, Location loc,
                                   ValueRange left, ValueRange right) {
  SmallVector<Value> sums;
  for (auto [x, y] : llvm::zip_equal(left, right))
    sums.push_back(builder.create<arith::AddFOp>(loc, x, y));
  return sums;
}

/// Sizes are exact up to the length of a mantissa, beyond which terms of a sum
/// are lost as well.
static Support emitSupport(OpBuilder &builder, Location loc,
                           ScoreRange &distances, Value threshold,
                           bool withSquares = false) {
  Type type = distances.getType();
  Value zero = emitFloat(builder, loc, type, 0.0);
  Value one = emitFloat(builder, loc, type, 1.0);
  SmallVector<Value> sums = distances.reduce(
      builder, loc, SmallVector<Value>(withSquares ? 3 : 2, zero),
      [&](OpBuilder &b, Location loc, Value distance, ValueRange carried) {
        Value inSupport = emitIsAbove(b, loc, distance, threshold);
        SmallVector<Value> terms = {one, distance};
        if (withSquares)
          terms.push_back(b.create<arith::MulFOp>(loc, distance, distance));
        // Additions under a mask, where a processor has them.
        SmallVector<Value> sums = emitSums(b, loc, carried, terms);
        for (auto [sum, before] : llvm::zip_equal(sums, carried))
          sum = b.create<arith::SelectOp>(loc, inSupport, sum, before);
        return sums;
      },
      emitSums);
  return {sums[0], sums[1], withSquares ? sums[2] : Value()};
}

/// The threshold at which the weights of the support sum to 1; a number where
/// there is nobody.
static Value emitNewtonStep(OpBuilder &builder, Location loc,
                            const Support &support) {
  Value one = emitFloat(builder, loc, support.sum.getType(), 1.0);
  Value excess = builder.create<arith::SubFOp>(loc, support.sum, one);
  Value size = builder.create<arith::MaximumFOp>(loc, support.size, one);
  return builder.create<arith::DivFOp>(loc, excess, size);
}

/// The threshold, as exact as the type of the distances is. The loop goes on
/// while the support shrinks; rounding may not make it grow, so it ends.
static Value emitThreshold(OpBuilder &builder, Location loc,
                           ScoreRange &distances) {
  Type type = distances.getType();
  Value everyone =
      emitFloat(builder, loc, type, std::numeric_limits<double>::infinity());
  Value start = emitFloat(builder, loc, type, -1.0);
  auto loop = builder.create<scf::WhileOp>(
      loc, TypeRange{type, type}, ValueRange{everyone, start},
      [&](OpBuilder &b, Location loc, ValueRange carried) {
        Support support = emitSupport(b, loc, distances, carried[1]);
        Value shrank = b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OLT,
                                               support.size, carried[0]);
        b.create<scf::ConditionOp>(
            loc, shrank,
            ValueRange{support.size, emitNewtonStep(b, loc, support)});
      },
      [](OpBuilder &b, Location loc, ValueRange carried) {
        b.create<scf::YieldOp>(loc, carried);
      });
  return loop.getResult(1);
}

/// The value in another float type.
static Value convert(OpBuilder &builder, Location loc, Value value,
                     FloatType type) {
  unsigned width = value.getType().getIntOrFloatBitWidth();
  if (width > type.getWidth())
    return builder.create<arith::TruncFOp>(loc, type, value);
  if (width < type.getWidth())
    return builder.create<arith::ExtFOp>(loc, type, value);
  return value;
}

/// Which candidates are in the support is found in the type of the results. Who
/// is wrongly in or out has a weight as small as an error of that type; what
/// the others weigh comes of the scores themselves.
SmallVector<Value> L2Attr::emitChoice(OpBuilder &builder, Location loc,
                                      CandidateRange &candidates) const {
  auto scores = candidates.keepScores(builder, loc);
  FloatType type = scores->getType(), rough = candidates.getResultType();
  Value maximum = emitMaximum(builder, loc, *scores);
  auto getDistance = [maximum](OpBuilder &b, Location loc, Value score) {
    return emitNotAbove(b, loc, score, maximum);
  };
  auto rounded = scores->keep(
      builder, loc, rough, [=](OpBuilder &b, Location loc, Value score) {
        return convert(b, loc, getDistance(b, loc, score), rough);
      });
  Value threshold = emitThreshold(builder, loc, *rounded);
  threshold = convert(builder, loc, threshold, type);
  auto distances = scores->map(type, getDistance);
  Support support =
      emitSupport(builder, loc, *distances, threshold, /*withSquares=*/true);
  threshold = emitNewtonStep(builder, loc, support);
  // sum q (x - m) - 1/2 sum q^2, where q = x - m - threshold.
  Value square = builder.create<arith::MulFOp>(loc, threshold, threshold);
  Value rest = builder.create<arith::SubFOp>(
      loc, support.squares,
      builder.create<arith::MulFOp>(loc, support.size, square));
  Value relative = builder.create<arith::MulFOp>(
      loc, emitFloat(builder, loc, type, 0.5), rest);
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
