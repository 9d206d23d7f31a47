//===- SpecializeRegularizer.cpp - every choice a max at gamma = 1 --------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// min_Omega(x) = -max_Omega(-x), and max_{gamma Omega}(x) = gamma
// max_Omega(x / gamma): with both written out, the derivatives in gamma are the
// chain rule's and no later pass knows of a temperature or a minimum.
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace danskin {
#define GEN_PASS_DEF_DPSPECIALIZEREGULARIZER
#include "compiler/transforms/Passes.h.inc"
} // namespace danskin

static dp::RegularizerAttrInterface parseRegularizer(StringRef name,
                                                     MLIRContext *context) {
  if (name == "hard")
    return dp::HardAttr::get(context);
  if (name == "entropy")
    return dp::EntropyAttr::get(context);
  if (name == "l2")
    return dp::L2Attr::get(context);
  return {};
}

namespace {
struct SpecializeRegularizer
    : danskin::impl::DpSpecializeRegularizerBase<SpecializeRegularizer> {
  using DpSpecializeRegularizerBase::DpSpecializeRegularizerBase;

  void runOnOperation() override {
    dp::ProgramOp program = getOperation();
    dp::RegularizerAttrInterface standard = dp::HardAttr::get(&getContext());
    if (program.getRegAttr())
      standard = program.getRegAttr();
    if (!regularizer.empty())
      standard = parseRegularizer(regularizer, &getContext());
    if (!standard) {
      program.emitError() << "unknown regularizer `" << regularizer
                          << "`; there are hard, entropy and l2 [E0501]";
      return signalPassFailure();
    }
    for (auto input : program.getBody().front().getOps<dp::InputOp>())
      if (input.getGamma())
        callGamma = input.getResult();
    program.walk([&](dp::ChooseOp choose) { specialize(choose, standard); });
    program.setRegAttr(standard);
  }

private:
  /// The temperature of a choice at the builder's place; null where its
  /// regularizer has none.
  Value getGamma(OpBuilder &builder, dp::ChooseOp choose,
                 dp::RegularizerAttrInterface reg) {
    if (!reg.usesGamma())
      return Value();
    // A gamma without a regularizer goes with the program's, and is replaced
    // with it.
    if (choose.getGamma() && (choose.getRegAttr() || regularizer.empty()))
      return choose.getGamma();
    return builder.create<dp::ReadOp>(choose.getLoc(), callGamma, ValueRange());
  }

  void specialize(dp::ChooseOp choose, dp::RegularizerAttrInterface standard) {
    dp::RegularizerAttrInterface reg =
        choose.getRegAttr() && !everywhere ? choose.getRegAttr() : standard;
    bool isMin = choose.getSense() == dp::Sense::Min;
    Location loc = choose.getLoc();

    for (auto arm : choose.getArms().front().getOps<dp::ArmOp>()) {
      Operation *yield = arm.getBody().front().getTerminator();
      OpBuilder builder(yield);
      Value score = yield->getOperand(0);
      if (isMin)
        score = builder.create<arith::NegFOp>(loc, score);
      if (Value gamma = getGamma(builder, choose, reg))
        score = builder.create<arith::DivFOp>(loc, score, gamma);
      yield->setOperand(0, score);
    }

    OpBuilder builder(choose);
    builder.setInsertionPointAfter(choose);
    Value value = choose.getValue();
    SmallPtrSet<Operation *, 2> own;
    auto keep = [&](Value result) {
      own.insert(result.getDefiningOp());
      return result;
    };
    if (Value gamma = getGamma(builder, choose, reg))
      value = keep(builder.create<arith::MulFOp>(loc, value, gamma));
    if (isMin)
      value = keep(builder.create<arith::NegFOp>(loc, value));
    if (value != choose.getValue())
      choose.getValue().replaceAllUsesExcept(value, own);

    choose.setSense(dp::Sense::Max);
    choose.setRegAttr(reg);
    choose.getGammaMutable().clear();
  }

  Value callGamma;
};
} // namespace
