//===- NameMaxima.cpp - dp-name-maxima ------------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A regularizer says what a maximum is by comparisons and selections, which is
// what a CPU has. A GPU since sm_80 has an instruction for it.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Matchers.h"

namespace danskin {
#define GEN_PASS_DEF_DPNAMEMAXIMA
#include "compiler/conversion/Passes.h.inc"
} // namespace danskin

using namespace mlir;

/// The comparison that the condition is, if it is `how`.
static arith::CmpFOp getCompare(Value condition, arith::CmpFPredicate how) {
  auto compare = condition.getDefiningOp<arith::CmpFOp>();
  return compare && compare.getPredicate() == how ? compare : arith::CmpFOp();
}

/// `a uno b ? NaN : a > b ? a : b`
static void nameMaximum(arith::SelectOp op) {
  APFloat number(0.0f);
  auto isNone = getCompare(op.getCondition(), arith::CmpFPredicate::UNO);
  auto inner = op.getFalseValue().getDefiningOp<arith::SelectOp>();
  if (!op.getType().isF32() || !isNone || !inner ||
      !matchPattern(op.getTrueValue(), m_ConstantFloat(&number)) ||
      !number.isNaN())
    return;
  Value a = inner.getTrueValue(), b = inner.getFalseValue();
  auto isOf = [&](arith::CmpFOp compare) {
    return compare && compare.getLhs() == a && compare.getRhs() == b;
  };
  if (!isOf(isNone))
    return;
  OpBuilder at(op);
  if (isOf(getCompare(inner.getCondition(), arith::CmpFPredicate::OGT)))
    op.replaceAllUsesWith(
        at.create<LLVM::MaximumOp>(op.getLoc(), a, b).getResult());
  else if (isOf(getCompare(inner.getCondition(), arith::CmpFPredicate::OLT)))
    op.replaceAllUsesWith(
        at.create<LLVM::MinimumOp>(op.getLoc(), a, b).getResult());
}

/// `x != c ? x : c` and `x != c ? -x : -c`: a number that says by itself that
/// it is absent.
static void dropAbsence(arith::SelectOp op) {
  APFloat absent(0.0f), otherwise(0.0f);
  auto compare = getCompare(op.getCondition(), arith::CmpFPredicate::UNE);
  if (!compare || !matchPattern(compare.getRhs(), m_ConstantFloat(&absent)) ||
      !matchPattern(op.getFalseValue(), m_ConstantFloat(&otherwise)) ||
      !absent.isInfinity())
    return;
  Value number = op.getTrueValue();
  auto negation = number.getDefiningOp<arith::NegFOp>();
  bool isSame = number == compare.getLhs() && otherwise == absent;
  bool isNegative = negation && negation.getOperand() == compare.getLhs() &&
                    otherwise == neg(absent);
  if (isSame || isNegative)
    op.replaceAllUsesWith(number);
}

namespace {
struct DpNameMaxima : danskin::impl::DpNameMaximaBase<DpNameMaxima> {
  void runOnOperation() override {
    getOperation().walk([](arith::SelectOp op) {
      dropAbsence(op);
      if (!op->use_empty())
        nameMaximum(op);
    });
  }
};
} // namespace
