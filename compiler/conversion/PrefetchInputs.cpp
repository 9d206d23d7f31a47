//===- PrefetchInputs.cpp - dp-prefetch-inputs ----------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Between two barriers a thread has little to do but wait for what it loads.
// What nothing writes meanwhile can be asked for some times earlier; where that
// is no place in the memory, nothing comes of it.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Marks.h"
#include "compiler/conversion/Passes.h"
#include "compiler/conversion/Slices.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace danskin {
#define GEN_PASS_DEF_DPPREFETCHINPUTS
#include "compiler/conversion/Passes.h.inc"
} // namespace danskin

using namespace mlir;
using namespace danskin::conversion;

namespace {
/// A loop over cells in a loop over time.
class Prefetcher {
public:
  Prefetcher(scf::ForOp times, scf::ForOp cells, unsigned ahead);

  void run();

private:
  bool dependsOnTime(Value value);
  bool canClone(Value value);

  scf::ForOp times, cells;
  unsigned ahead;
  DenseSet<Value> written;
};
} // namespace

Prefetcher::Prefetcher(scf::ForOp times, scf::ForOp cells, unsigned ahead)
    : times(times), cells(cells), ahead(ahead) {
  times.walk([&](memref::StoreOp store) { written.insert(store.getMemRef()); });
}

bool Prefetcher::dependsOnTime(Value value) {
  if (value == times.getInductionVar())
    return true;
  Operation *op = value.getDefiningOp();
  return op && times->isProperAncestor(op) &&
         llvm::any_of(op->getOperands(),
                      [&](Value operand) { return dependsOnTime(operand); });
}

/// Is it made of the two loops' indices and of what is known before?
bool Prefetcher::canClone(Value value) {
  if (value == times.getInductionVar() || value == cells.getInductionVar() ||
      times.isDefinedOutsideOfLoop(value))
    return true;
  Operation *op = value.getDefiningOp();
  return op && isa<arith::ArithDialect>(op->getDialect()) &&
         llvm::all_of(op->getOperands(),
                      [&](Value operand) { return canClone(operand); });
}

void Prefetcher::run() {
  OpBuilder b = OpBuilder::atBlockBegin(cells.getBody());
  Location loc = cells.getLoc();
  SmallVector<memref::LoadOp> loads;
  DenseSet<Value> seen;
  cells.walk([&](memref::LoadOp load) {
    if (load->getParentOfType<scf::ForOp>() == cells &&
        !written.contains(load.getMemRef()) && !load.getIndices().empty() &&
        llvm::any_of(load.getIndices(),
                     [&](Value index) { return dependsOnTime(index); }) &&
        llvm::all_of(load.getIndices(),
                     [&](Value index) { return canClone(index); }) &&
        seen.insert(load.getMemRef()).second)
      loads.push_back(load);
  });
  if (loads.empty())
    return;
  Value distance = b.create<arith::ConstantIndexOp>(loc, ahead);
  IRMapping map;
  map.map(cells.getInductionVar(), cells.getInductionVar());
  map.map(times.getInductionVar(),
          b.create<arith::AddIOp>(loc, times.getInductionVar(), distance));
  for (memref::LoadOp load : loads) {
    SmallVector<Value> indices;
    for (Value index : load.getIndices())
      indices.push_back(cloneInLoop(b, index, times, map));
    b.create<memref::PrefetchOp>(loc, load.getMemRef(), indices,
                                 /*isWrite=*/false, /*localityHint=*/3,
                                 /*isDataCache=*/true);
  }
}

namespace {
struct DpPrefetchInputs
    : danskin::impl::DpPrefetchInputsBase<DpPrefetchInputs> {
  using Base::Base;

  void runOnOperation() override {
    getOperation().walk([&](scf::ForOp cells) {
      auto times = cells->getParentOfType<scf::ForOp>();
      // A thread takes a row of its own columns at each time.
      if (times && times->hasAttr(stripsAttr))
        Prefetcher(cells, cells, ahead).run();
      if (cells->hasAttr(cellsAttr) && times && !times->hasAttr(cellsAttr))
        Prefetcher(times, cells, ahead).run();
    });
  }
};
} // namespace
