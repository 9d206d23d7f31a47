//===- UnrollReductions.cpp - dp-unroll-reductions ------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A round of a reduction waits for what it loads. Several rounds in one block
// wait once, after dp-raise-loads. Order and results stay.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Marks.h"
#include "compiler/conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Utils/Utils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace danskin {
#define GEN_PASS_DEF_DPUNROLLREDUCTIONS
#include "compiler/conversion/Passes.h.inc"
} // namespace danskin

using namespace mlir;
using namespace danskin::conversion;

/// Is it a loop of few operations that loads, within a cell?
static bool isShortReduction(scf::ForOp loop, unsigned limit) {
  auto cells = loop->getParentOfType<scf::ForOp>();
  if (loop->hasAttr(cellsAttr) || loop.getInitArgs().empty() || !cells ||
      !cells->hasAttr(cellsAttr))
    return false;
  unsigned count = 0;
  bool loads = false;
  bool isPlain = true;
  loop.getBody()->walk([&](Operation *op) {
    ++count;
    loads |= isa<memref::LoadOp>(op);
    isPlain &= !isa<scf::ForOp, scf::WhileOp, memref::StoreOp>(op);
  });
  return loads && isPlain && count <= limit;
}

namespace {
struct DpUnrollReductions
    : danskin::impl::DpUnrollReductionsBase<DpUnrollReductions> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<scf::ForOp> loops;
    getOperation().walk([&](scf::ForOp loop) {
      if (isShortReduction(loop, limit))
        loops.push_back(loop);
    });
    for (scf::ForOp loop : loops)
      if (failed(loopUnrollByFactor(loop, factor)))
        return signalPassFailure();
  }
};
} // namespace
