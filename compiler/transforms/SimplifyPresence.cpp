//===- SimplifyPresence.cpp - ask for presence only where it is in doubt --===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every operator of an absent operand is absent. So an expression is present
// where what it reads is; what is never absent need not be read to know. The
// weights of some regularizers tell by themselves that a candidate was there.
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Derived.h"
#include "compiler/transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace danskin;

namespace danskin {
#define GEN_PASS_DEF_DPSIMPLIFYPRESENCE
#include "compiler/transforms/Passes.h.inc"
} // namespace danskin

/// Collects the values that an expression is present with: those of its parts
/// that are no operators and may be absent.
static void collect(Value value, llvm::SetVector<Value> &parts,
                    llvm::SmallDenseSet<Value> &seen) {
  Operation *op = value.getDefiningOp();
  if (!value.getType().isF64() || !op || !seen.insert(value).second)
    return;
  if (isa<dp::WeightOp, dp::CurvatureOp, arith::ConstantOp>(op))
    return;
  if (auto read = dyn_cast<dp::ReadOp>(op)) {
    auto table = read.getArray().getDefiningOp<dp::TableOp>();
    if (table && table.getAbsence() != dp::Absence::Never)
      parts.insert(value);
    return;
  }
  bool isOperator =
      isa<math::MathDialect>(op->getDialect()) ||
      (isa<arith::ArithDialect>(op->getDialect()) && !isa<arith::SelectOp>(op));
  if (!isOperator) {
    parts.insert(value);
    return;
  }
  for (Value operand : op->getOperands())
    collect(operand, parts, seen);
}

namespace {
struct SimplifyPresence
    : danskin::impl::DpSimplifyPresenceBase<SimplifyPresence> {
  void runOnOperation() override {
    getOperation().walk([&](dp::WeightOp op) {
      if (op.getReg().weighsByPlace())
        forgetScore(op);
    });
    SmallVector<dp::PresentOp> questions;
    getOperation().walk([&](dp::PresentOp op) {
      // What is above -inf is not known from its parts.
      if (!op.getAbove())
        questions.push_back(op);
    });
    for (dp::PresentOp op : questions)
      simplify(op);
    SmallVector<dp::WhereOp> settled;
    getOperation().walk([&](dp::WhereOp op) {
      if (matchPattern(op.getCondition(), m_One()))
        settled.push_back(op);
    });
    for (dp::WhereOp op : settled)
      op.erase();
  }

  /// A weight of the place alone needs no score, nor to know that there is one.
  void forgetScore(dp::WeightOp weight) {
    settlePresence(weight);
    Operation *score = weight.getScore().getDefiningOp();
    OpBuilder b(weight);
    weight.getScoreMutable().assign(
        b.create<arith::ConstantOp>(weight.getLoc(), b.getF64FloatAttr(0.0)));
    eraseIfDead(score);
  }

  void simplify(dp::PresentOp op) {
    llvm::SetVector<Value> parts;
    llvm::SmallDenseSet<Value> seen;
    collect(op.getValue(), parts, seen);
    if (parts.size() == 1 && parts[0] == op.getValue())
      return;
    OpBuilder b(op);
    Location loc = op.getLoc();
    Value all;
    for (Value part : parts) {
      Value present = b.create<dp::PresentOp>(loc, part, false);
      all = all ? b.create<arith::AndIOp>(loc, all, present) : present;
    }
    if (!all)
      all = b.create<arith::ConstantIntOp>(loc, 1, 1);
    op.replaceAllUsesWith(all);
    eraseIfDead(op);
  }
};
} // namespace
