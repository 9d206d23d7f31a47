//===- Tsallis15.cpp - Omega = 4/3 sum (p^1.5 - p) ------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// "1.5-entmax" (Peters, Niculae & Martins, ACL 2019): q = max(0, x / 2 -
// tau)^2. The statistics are the maximum and the threshold relative to half of
// it.
//
//===----------------------------------------------------------------------===//

#include "test/dialects/Tsallis15.h"
#include "dialects/dp/Dp.h"
#include "dialects/dp/Regularizers/Emit.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/DialectImplementation.h"

using namespace mlir;

namespace {
struct Tsallis15Attr
    : Attribute::AttrBase<Tsallis15Attr, Attribute, AttributeStorage,
                          dp::RegularizerAttrInterface::Trait> {
  using Base::Base;
  static constexpr StringLiteral name = "dptest.tsallis15";

  bool usesGamma() const { return true; }
  dp::CurvatureKind getCurvatureKind() const { return dp::CurvatureKind::Own; }
  SmallVector<Type> getStatisticTypes(MLIRContext *context, unsigned) const {
    return SmallVector<Type>(2, Float64Type::get(context));
  }
  SmallVector<Value> emitChoice(OpBuilder &builder, Location loc,
                                dp::CandidateRange &candidates) const;
  Value emitWeight(OpBuilder &builder, Location loc,
                   const dp::Candidate &candidate, ValueRange statistics) const;
  Value emitCurvature(OpBuilder &builder, Location loc, Value weight) const {
    return builder.create<math::SqrtOp>(loc, weight);
  }
};

struct TestDialect : Dialect {
  explicit TestDialect(MLIRContext *context)
      : Dialect(getDialectNamespace(), context, TypeID::get<TestDialect>()) {
    addAttributes<Tsallis15Attr>();
    context->loadDialect<arith::ArithDialect, math::MathDialect,
                         scf::SCFDialect>();
  }
  static StringRef getDialectNamespace() { return "dptest"; }

  Attribute parseAttribute(DialectAsmParser &parser, Type) const override {
    if (failed(parser.parseKeyword("tsallis15")))
      return {};
    return Tsallis15Attr::get(getContext());
  }
  void printAttribute(Attribute, DialectAsmPrinter &printer) const override {
    printer << "tsallis15";
  }
};
} // namespace

/// sqrt(q) of a candidate: max(0, (x - m) / 2 - threshold).
static Value emitRoot(OpBuilder &b, Location loc, Value score, Value maximum,
                      Value threshold) {
  Type type = score.getType();
  Value distance = dp::emitDistance(b, loc, score, maximum);
  Value half =
      b.create<arith::MulFOp>(loc, distance, dp::emitFloat(b, loc, type, 0.5));
  return b.create<arith::MaximumFOp>(
      loc, b.create<arith::SubFOp>(loc, half, threshold),
      dp::emitFloat(b, loc, type, 0.0));
}

/// Sums, over the candidates, what `term` makes of each root and score.
static SmallVector<Value> emitSums(
    OpBuilder &builder, Location loc, dp::CandidateRange &candidates,
    Value maximum, Value threshold, unsigned count,
    llvm::function_ref<SmallVector<Value>(OpBuilder &, Value, Value)> term) {
  Value zero = dp::emitFloat(builder, loc, candidates.getScoreType(), 0.0);
  return candidates.forEach(
      builder, loc, SmallVector<Value>(count, zero),
      [&](OpBuilder &b, Location loc, const dp::Candidate &c,
          ValueRange carried) {
        Value root = emitRoot(b, loc, c.score, maximum, threshold);
        Value distance = dp::emitDistance(b, loc, c.score, maximum);
        SmallVector<Value> next;
        for (auto [sum, add] :
             llvm::zip_equal(carried, term(b, root, distance)))
          next.push_back(b.create<arith::AddFOp>(loc, sum, add));
        return next;
      });
}

/// Newton's method for sum root^2 = 1 from the left: it climbs until rounding
/// stops it.
static Value emitThreshold(OpBuilder &builder, Location loc,
                           dp::CandidateRange &candidates, Value maximum) {
  Type type = candidates.getScoreType();
  Value start = dp::emitFloat(builder, loc, type, -1.0);
  Value below = dp::emitFloat(builder, loc, type, -2.0);
  auto loop = builder.create<scf::WhileOp>(
      loc, TypeRange{type, type}, ValueRange{below, start},
      [&](OpBuilder &b, Location loc, ValueRange carried) {
        Value climbs = b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OGT,
                                               carried[1], carried[0]);
        b.create<scf::ConditionOp>(loc, climbs, carried);
      },
      [&](OpBuilder &b, Location loc, ValueRange carried) {
        SmallVector<Value> sums = emitSums(
            b, loc, candidates, maximum, carried[1], 2,
            [&](OpBuilder &b, Value root, Value) -> SmallVector<Value> {
              return {b.create<arith::MulFOp>(loc, root, root), root};
            });
        Value excess = b.create<arith::SubFOp>(
            loc, sums[0], dp::emitFloat(b, loc, type, 1.0));
        Value slope = b.create<arith::AddFOp>(loc, sums[1], sums[1]);
        Value step = b.create<arith::DivFOp>(loc, excess, slope);
        b.create<scf::YieldOp>(
            loc, ValueRange{carried[1],
                            b.create<arith::AddFOp>(loc, carried[1], step)});
      });
  return loop.getResult(0);
}

SmallVector<Value>
Tsallis15Attr::emitChoice(OpBuilder &builder, Location loc,
                          dp::CandidateRange &candidates) const {
  Type type = candidates.getScoreType();
  auto scores = candidates.getScores();
  Value maximum = dp::emitMaximum(builder, loc, *scores);
  Value threshold = emitThreshold(builder, loc, candidates, maximum);
  // q (x - m) - 4/3 (q^1.5 - q); off the support x - m may be -inf.
  Value relative =
      emitSums(
          builder, loc, candidates, maximum, threshold, 1,
          [&](OpBuilder &b, Value root, Value distance) -> SmallVector<Value> {
            Value factor = dp::emitFloat(b, loc, type, -4.0 / 3.0);
            Value one = dp::emitFloat(b, loc, type, 1.0);
            Value zero = dp::emitFloat(b, loc, type, 0.0);
            Value omega = b.create<arith::MulFOp>(
                loc, factor, b.create<arith::SubFOp>(loc, root, one));
            Value inner = b.create<arith::AddFOp>(loc, distance, omega);
            Value weight = b.create<arith::MulFOp>(loc, root, root);
            Value off = b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OEQ,
                                                root, zero);
            return {b.create<arith::SelectOp>(
                loc, off, zero, b.create<arith::MulFOp>(loc, weight, inner))};
          })
          .front();
  return {builder.create<arith::AddFOp>(loc, maximum, relative), maximum,
          threshold};
}

Value Tsallis15Attr::emitWeight(OpBuilder &builder, Location loc,
                                const dp::Candidate &candidate,
                                ValueRange statistics) const {
  Value root =
      emitRoot(builder, loc, candidate.score, statistics[0], statistics[1]);
  return builder.create<arith::MulFOp>(loc, root, root);
}

void danskin::test::registerTsallis15(DialectRegistry &registry) {
  registry.insert<TestDialect>();
}

dp::RegularizerAttrInterface danskin::test::getTsallis15(MLIRContext *context) {
  context->loadDialect<TestDialect>();
  return Tsallis15Attr::get(context);
}
