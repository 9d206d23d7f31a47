//===- FlattenBranches.cpp - dp-flatten-branches --------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a branch guards may be what keeps a load inside of its memory. A table
// in the workspace ends with an element that nobody writes, for the threads
// that want nothing.
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

/// The table that a load reads, where that has an element to spare.
static memref::ViewOp getTable(Operation &op) {
  auto load = dyn_cast<memref::LoadOp>(op);
  if (!load)
    return {};
  auto table = load.getMemRef().getDefiningOp<memref::ViewOp>();
  return table && table.getSizes().size() == 1 ? table : memref::ViewOp();
}

/// May the block be run in vain, and cheaply?
static bool isHarmless(Block &block, unsigned limit) {
  unsigned count = 0;
  for (Operation &op : block.without_terminator()) {
    if (op.getNumRegions() || ++count > limit ||
        !(isMemoryEffectFree(&op) || getTable(op)))
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

  /// Where the condition is not `wanted`, the last element is loaded.
  static void guardLoads(Block &block, Value condition, bool wanted) {
    for (Operation &op : block.without_terminator()) {
      memref::ViewOp table = getTable(op);
      if (!table)
        continue;
      OpBuilder b(&op);
      Location loc = op.getLoc();
      auto load = cast<memref::LoadOp>(op);
      Value place = load.getIndices().front();
      Value last =
          b.create<arith::SubIOp>(loc, table.getSizes().front(),
                                  b.create<arith::ConstantIndexOp>(loc, 1));
      load.getIndicesMutable()[0].set(b.create<arith::SelectOp>(
          loc, condition, wanted ? place : last, wanted ? last : place));
    }
  }

  static void flatten(scf::IfOp branch) {
    Value condition = branch.getCondition();
    guardLoads(*branch.thenBlock(), condition, true);
    guardLoads(*branch.elseBlock(), condition, false);
    OpBuilder b(branch);
    scf::YieldOp yes = branch.thenYield(), no = branch.elseYield();
    for (Block *block : {branch.thenBlock(), branch.elseBlock()})
      branch->getBlock()->getOperations().splice(
          branch->getIterator(), block->getOperations(), block->begin(),
          block->getTerminator()->getIterator());
    for (auto [result, first, second] : llvm::zip_equal(
             branch.getResults(), yes.getOperands(), no.getOperands()))
      result.replaceAllUsesWith(
          b.create<arith::SelectOp>(branch.getLoc(), condition, first, second));
    branch.erase();
  }
};
} // namespace
