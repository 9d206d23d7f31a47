//===- FlattenBranches.cpp - dp-flatten-branches --------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace danskin {
#define GEN_PASS_DEF_DPFLATTENBRANCHES
#include "compiler/conversion/Passes.h.inc"
} // namespace danskin

using namespace mlir;

/// Is it about numbers, and not about which cells there are? Then no proof that
/// a read stays inside has made use of it.
static bool isOfNumbers(Value condition) {
  Operation *op = condition.getDefiningOp();
  if (!op)
    return false;
  if (isa<arith::CmpFOp>(op))
    return true;
  if (isa<arith::AndIOp, arith::OrIOp, arith::XOrIOp>(op))
    return llvm::all_of(op->getOperands(), [](Value operand) {
      return isOfNumbers(operand) ||
             isa_and_nonnull<arith::ConstantOp>(operand.getDefiningOp());
    });
  return false;
}

/// May the block be run in vain, and cheaply?
static bool isHarmless(Block &block, unsigned limit) {
  unsigned count = 0;
  for (Operation &op : block.without_terminator()) {
    bool isHarmless = isa<memref::LoadOp>(op) ||
                      (op.getNumRegions() == 0 && isMemoryEffectFree(&op));
    if (!isHarmless || ++count > limit)
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
      if (branch.getNumResults() && isOfNumbers(branch.getCondition()) &&
          isHarmless(*branch.thenBlock(), limit) &&
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
