//===- RaiseLoads.cpp - dp-raise-loads ------------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// LLVM knows nothing of which memory is whose, so a note of a fault between two
// loads makes the second wait for the first. Here tables and arrays are known
// to be apart.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SetVector.h"

namespace danskin {
#define GEN_PASS_DEF_DPRAISELOADS
#include "compiler/conversion/Passes.h.inc"
} // namespace danskin

using namespace mlir;

/// May `op` or what is in it write what `memory` holds, or wait for others?
static bool mayChange(Operation *op, Value memory) {
  return op
      ->walk([&](Operation *inner) {
        if (auto store = dyn_cast<memref::StoreOp>(inner))
          return store.getMemRef() == memory ? WalkResult::interrupt()
                                             : WalkResult::advance();
        bool isSafe = inner->hasTrait<OpTrait::HasRecursiveMemoryEffects>() ||
                      isMemoryEffectFree(inner) || isa<memref::LoadOp>(inner);
        return isSafe ? WalkResult::advance() : WalkResult::interrupt();
      })
      .wasInterrupted();
}

/// Moves `op` up to behind what it needs or must not pass.
static void moveUp(Operation *op,
                   llvm::function_ref<bool(Operation *)> mayPass) {
  Operation *before = op;
  while (Operation *previous = before->getPrevNode()) {
    bool isNeeded = llvm::any_of(op->getOperands(), [&](Value operand) {
      return operand.getDefiningOp() == previous;
    });
    if (isNeeded || !mayPass(previous))
      break;
    before = previous;
  }
  if (before != op)
    op->moveBefore(before);
}

/// Adds what `op` is computed from in its block, in order.
static void collectSources(Operation *op, SetVector<Operation *> &sources) {
  for (Value operand : op->getOperands()) {
    Operation *source = operand.getDefiningOp();
    if (!source || source->getBlock() != op->getBlock() ||
        source->getNumRegions() || !isMemoryEffectFree(source) ||
        sources.contains(source))
      continue;
    collectSources(source, sources);
    sources.insert(source);
  }
}

static void raise(memref::LoadOp load) {
  SetVector<Operation *> sources;
  collectSources(load, sources);
  for (Operation *source : sources)
    moveUp(source, [](Operation *) { return true; });
  moveUp(load, [&](Operation *previous) {
    return !mayChange(previous, load.getMemRef());
  });
}

namespace {
struct DpRaiseLoads : danskin::impl::DpRaiseLoadsBase<DpRaiseLoads> {
  void runOnOperation() override {
    SmallVector<memref::LoadOp> loads;
    getOperation().walk([&](memref::LoadOp load) { loads.push_back(load); });
    llvm::for_each(loads, raise);
  }
};
} // namespace
