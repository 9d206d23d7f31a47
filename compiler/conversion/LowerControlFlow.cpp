//===- LowerControlFlow.cpp - dp-lower-control-flow -----------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Marks.h"
#include "compiler/conversion/Passes.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Transforms/DialectConversion.h"

namespace danskin {
#define GEN_PASS_DEF_DPLOWERCONTROLFLOW
#include "compiler/conversion/Passes.h.inc"
} // namespace danskin

using namespace mlir;
using namespace danskin::conversion;

/// Once in so many times, as compilers have it of what a program says is
/// unlikely.
static constexpr unsigned coldOdds = 2000;

namespace {
/// Of two sides, the jump says which is taken.
struct LowerColdIf : public OpRewritePattern<scf::IfOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(scf::IfOp branch,
                                PatternRewriter &rewriter) const override {
    if (!branch->hasAttr(coldAttr) || branch.getElseRegion().empty())
      return failure();
    Location loc = branch.getLoc();
    Block *before = rewriter.getInsertionBlock();
    Block *after = rewriter.splitBlock(before, rewriter.getInsertionPoint());
    for (Type type : branch.getResultTypes())
      after->addArgument(type, loc);
    auto place = [&](Region &side) {
      Block *first = &side.front(), *last = &side.back();
      rewriter.setInsertionPointToEnd(last);
      rewriter.replaceOpWithNewOp<cf::BranchOp>(
          last->getTerminator(), after, last->getTerminator()->getOperands());
      rewriter.inlineRegionBefore(side, after);
      return first;
    };
    Block *rare = place(branch.getThenRegion());
    Block *usual = place(branch.getElseRegion());
    rewriter.setInsertionPointToEnd(before);
    rewriter.create<LLVM::CondBrOp>(loc, branch.getCondition(), rare,
                                    ValueRange(), usual, ValueRange(),
                                    std::make_pair(1u, coldOdds));
    rewriter.replaceOp(branch, after->getArguments());
    return success();
  }
};

struct DpLowerControlFlow
    : danskin::impl::DpLowerControlFlowBase<DpLowerControlFlow> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateSCFToControlFlowConversionPatterns(patterns);
    patterns.add<LowerColdIf>(&getContext(), /*benefit=*/2);
    ConversionTarget target(getContext());
    target.addIllegalDialect<scf::SCFDialect>();
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    if (failed(applyPartialConversion(getOperation(), target,
                                      std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
