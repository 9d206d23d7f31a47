//===- CarryFaults.cpp - dp-carry-faults ----------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A branch for each number that might not fit costs more than the question: it
// keeps loops from being unrolled, and loads from what comes before it. Nobody
// looks at the notes before the end, so a cell's are put together in a
// register.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Marks.h"
#include "compiler/conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace danskin {
#define GEN_PASS_DEF_DPCARRYFAULTS
#include "compiler/conversion/Passes.h.inc"
} // namespace danskin

using namespace mlir;
using namespace danskin::conversion;

/// The store of a branch that does nothing but note a fault.
static memref::StoreOp getNote(Operation *op) {
  auto branch = dyn_cast<scf::IfOp>(op);
  if (!branch || branch.getNumResults() || branch.elseBlock())
    return {};
  memref::StoreOp note;
  for (Operation &inner : branch.thenBlock()->without_terminator()) {
    if (auto store = dyn_cast<memref::StoreOp>(inner);
        store && store->hasAttr(faultAttr) && !note)
      note = store;
    else if (!inner.hasTrait<OpTrait::ConstantLike>())
      return {};
  }
  return note;
}

static bool hasNotes(Operation *op) {
  return op
      ->walk([](memref::StoreOp store) {
        return store->hasAttr(faultAttr) ? WalkResult::interrupt()
                                         : WalkResult::advance();
      })
      .wasInterrupted();
}

namespace {
class Carrier {
public:
  /// Replaces the notes in the block; gives what `sum` is afterwards, which is
  /// not 0 where there was a fault.
  Value carry(Block &block, Value sum);
  /// Notes a sum, before `op`.
  void note(Operation *op, Value sum);

private:
  Value carry(scf::IfOp branch, Value sum);
  Value carry(scf::ForOp loop, Value sum);

  Value memory; ///< for the notes; null: there was none
};
} // namespace

Value Carrier::carry(Block &block, Value sum) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (memref::StoreOp note = getNote(&op)) {
      OpBuilder b(&op);
      Value condition = cast<scf::IfOp>(op).getCondition();
      Value fault =
          b.create<arith::ExtSIOp>(op.getLoc(), sum.getType(), condition);
      sum = b.create<arith::OrIOp>(op.getLoc(), sum, fault);
      memory = note.getMemRef();
      op.erase();
    } else if (isOverCells(&op) || !hasNotes(&op)) {
      // Iterations that are shared out note each its own.
      continue;
    } else if (auto branch = dyn_cast<scf::IfOp>(op)) {
      sum = carry(branch, sum);
    } else if (auto loop = dyn_cast<scf::ForOp>(op)) {
      sum = carry(loop, sum);
    }
  }
  return sum;
}

/// Adds a value to what a block yields.
static void yieldToo(Block &block, Value value) {
  Operation *yield = block.getTerminator();
  yield->insertOperands(yield->getNumOperands(), value);
}

Value Carrier::carry(scf::IfOp branch, Value sum) {
  OpBuilder b(branch);
  SmallVector<Type> types(branch.getResultTypes());
  types.push_back(sum.getType());
  auto wider = b.create<scf::IfOp>(branch.getLoc(), types,
                                   branch.getCondition(), /*withElse=*/true);
  wider->setAttrs(branch->getAttrs());
  for (auto [from, to] : llvm::zip(branch->getRegions(), wider->getRegions())) {
    if (from.empty()) {
      OpBuilder::atBlockEnd(&to.front())
          .create<scf::YieldOp>(branch.getLoc(), sum);
      continue;
    }
    to.takeBody(from);
    yieldToo(to.front(), carry(to.front(), sum));
  }
  for (auto [before, after] :
       llvm::zip(branch.getResults(), wider.getResults()))
    before.replaceAllUsesWith(after);
  branch.erase();
  return wider.getResults().back();
}

Value Carrier::carry(scf::ForOp loop, Value sum) {
  IRRewriter rewriter(loop.getContext());
  auto wider = cast<scf::ForOp>(*loop.replaceWithAdditionalYields(
      rewriter, sum, /*replaceInitOperandUsesInLoop=*/false,
      [](OpBuilder &, Location, ArrayRef<BlockArgument> carried) {
        return SmallVector<Value>(carried.begin(), carried.end());
      }));
  Block &body = *wider.getBody();
  Value after = carry(body, wider.getRegionIterArgs().back());
  Operation *yield = body.getTerminator();
  yield->setOperand(yield->getNumOperands() - 1, after);
  return wider.getResults().back();
}

void Carrier::note(Operation *op, Value sum) {
  if (!memory)
    return;
  OpBuilder b(op);
  Location loc = op->getLoc();
  Value none = b.create<arith::ConstantIntOp>(loc, 0, 32);
  Value any = b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ne, sum, none);
  auto branch = b.create<scf::IfOp>(loc, any, /*withElse=*/false);
  OpBuilder then = branch.getThenBodyBuilder();
  Value one = then.create<arith::ConstantIntOp>(loc, 1, 8);
  Value place = then.create<arith::ConstantIndexOp>(loc, 0);
  auto store = then.create<memref::StoreOp>(loc, one, memory, place);
  store->setAttr(faultAttr, then.getUnitAttr());
}

/// Puts together what is noted in the block before `end`.
static void carryIn(Block &block, Operation *end) {
  OpBuilder b = OpBuilder::atBlockBegin(&block);
  Value none =
      b.create<arith::ConstantIntOp>(block.getParentOp()->getLoc(), 0, 32);
  Carrier carrier;
  Value sum = carrier.carry(block, none);
  carrier.note(end, sum);
}

namespace {
struct DpCarryFaults : danskin::impl::DpCarryFaultsBase<DpCarryFaults> {
  using Base::Base;

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal() || !hasNotes(function))
        continue;
      SmallVector<scf::ForOp> cells;
      function.walk([&](scf::ForOp loop) {
        if ((loop->hasAttr(cellsAttr) || loop->hasAttr(stripsAttr)) &&
            hasNotes(loop))
          cells.push_back(loop);
      });
      for (scf::ForOp loop : cells)
        carryIn(*loop.getBody(), loop.getBody()->getTerminator());
      if (cellsOnly)
        continue;
      Block &body = function.getBody().front();
      carryIn(body, findReader(body));
    }
  }

  /// The first that asks for the notes, or the end.
  static Operation *findReader(Block &body) {
    Value notes;
    body.walk([&](memref::StoreOp store) {
      if (store->hasAttr(faultAttr))
        notes = store.getMemRef();
    });
    for (Operation &op : body)
      if (auto load = dyn_cast<memref::LoadOp>(op);
          load && load.getMemRef() == notes)
        return load;
    return body.getTerminator();
  }
};
} // namespace
