//===- FlattenBranches.cpp - dp-flatten-branches --------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace danskin {
#define GEN_PASS_DEF_DPFLATTENBRANCHES
#include "compiler/conversion/Passes.h.inc"
} // namespace danskin

using namespace mlir;

/// May the block be run in vain, and cheaply? A load may not: an absent number
/// may be what keeps it inside of its array.
static bool isHarmless(Block &block, unsigned limit) {
  unsigned count = 0;
  for (Operation &op : block.without_terminator()) {
    if (op.getNumRegions() || !isMemoryEffectFree(&op) || ++count > limit)
      return false;
  }
  return true;
}

namespace {
struct DpFlattenBranches
    : danskin::impl::DpFlattenBranchesBase<DpFlattenBranches> {
  using Base::Base;

  void runOnOperation() override {
    // Inner ones first.
    getOperation().walk([&](scf::IfOp branch) {
      if (branch.getNumResults() && isHarmless(*branch.thenBlock(), limit) &&
          isHarmless(*branch.elseBlock(), limit))
        flatten(branch);
    });
  }

  static void flatten(scf::IfOp branch) {
    OpBuilder b(branch);
    scf::YieldOp yes = branch.thenYield(), no = branch.elseYield();
    for (Block *block : {branch.thenBlock(), branch.elseBlock()})
      branch->getBlock()->getOperations().splice(
          branch->getIterator(), block->getOperations(), block->begin(),
          block->getTerminator()->getIterator());
    for (auto [result, first, second] : llvm::zip_equal(
             branch.getResults(), yes.getOperands(), no.getOperands()))
      result.replaceAllUsesWith(b.create<arith::SelectOp>(
          branch.getLoc(), branch.getCondition(), first, second));
    branch.erase();
  }
};
} // namespace
