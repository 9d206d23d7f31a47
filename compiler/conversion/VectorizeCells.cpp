//===- VectorizeCells.cpp - kernels that take several cells at once -------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Passes.h"
#include "compiler/conversion/ShareCells.h"
#include "compiler/conversion/Slices.h"
#include "compiler/conversion/Vectors.h"
#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace danskin {
#define GEN_PASS_DEF_DPVECTORIZECELLS
#include "compiler/conversion/Passes.h.inc"
} // namespace danskin

using namespace mlir;
using namespace danskin::conversion;

/// Operations on numbers of a round that ends before its result is there, and
/// how many vectors fill the wait and share the rest.
static constexpr unsigned shortRound = 24, vectorsAtOnce = 4,
                          vectorsInTurns = 2;

/// The innermost loops over cells, and what differs in each.
static SmallVector<std::pair<scf::ForOp, Varying>>
findLoops(func::FuncOp kernel) {
  SmallVector<std::pair<scf::ForOp, Varying>> loops;
  DenseSet<Operation *> outer;
  // Inner loops come first.
  kernel.walk([&](scf::ForOp loop) {
    if (!isForVectors(loop))
      return;
    if (!outer.contains(loop))
      loops.push_back({loop, Varying(loop)});
    for (Operation *op = loop->getParentOp(); op != kernel;
         op = op->getParentOp())
      outer.insert(op);
  });
  return loops;
}

/// How many vectors of cells at once have enough to do while rounds of a loop
/// in `loop` wait for one another's result: the most, then fewer where there
/// are not so many; none if rounds are long. Two are enough if results take
/// turns.
static SmallVector<unsigned>
countVectors(scf::ForOp loop, const Varying &varying, unsigned width) {
  // Long memory of cells has room for one vector.
  if (varying.ownsMore(stageLength * vectorsAtOnce * width))
    return {};
  bool isShort = false, takeTurns = false;
  loop.getBody()->walk([&](scf::ForOp inner) {
    unsigned count = 0;
    inner.getBody()->walk([&](Operation *op) { count += computesFloat(*op); });
    isShort |= count <= shortRound;
    takeTurns |=
        count <= shortRound && getConstantIntValue(inner.getStep()) != 1;
  });
  if (!isShort)
    return {};
  return takeTurns ? SmallVector<unsigned>{vectorsAtOnce, vectorsInTurns}
                   : SmallVector<unsigned>{vectorsAtOnce};
}

/// Makes room for all lanes in the memory of cells: for as many as there may
/// be, if it is short.
static void widenOwn(func::FuncOp kernel, unsigned width) {
  kernel.walk([&](memref::AllocaOp memory) {
    if (!memory->hasAttr(ownAttr))
      return;
    MemRefType type = memory.getType();
    int64_t length = type.getDimSize(0);
    unsigned lanes = length > stageLength ? width : vectorsAtOnce * width;
    memory.getResult().setType(
        MemRefType::get(length * lanes, type.getElementType()));
  });
}

static bool hasLoops(func::FuncOp kernel) {
  return kernel
      .walk([](scf::ForOp loop) {
        return isForVectors(loop) ? WalkResult::interrupt()
                                  : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Are there loops over what data say where it is?
static bool isApart(func::FuncOp kernel) {
  return kernel
      .walk([](scf::ForOp loop) {
        return isLoaded(loop.getLowerBound()) ? WalkResult::interrupt()
                                              : WalkResult::advance();
      })
      .wasInterrupted();
}

namespace {
struct DpVectorizeCells
    : public danskin::impl::DpVectorizeCellsBase<DpVectorizeCells> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<func::FuncOp> kernels;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal() && function.getName().ends_with("_run"))
        kernels.push_back(function);
    for (func::FuncOp kernel : kernels)
      makeOne(kernel);
  }

  void makeOne(func::FuncOp kernel) {
    std::string stem = kernel.getName().drop_back(3).str();
    auto find = [&](StringRef part) {
      return getOperation().lookupSymbol<func::FuncOp>(stem + part.str());
    };
    func::FuncOp one = find("scaled"), wavefront = find("wavefront");
    if (func::FuncOp own = wavefront ? wavefront : find("turned")) {
      // It is there for vectors.
      func::FuncOp &other = width > 1 ? one : own;
      if (other)
        other.erase();
      if (width > 1)
        one = own;
    }
    if (!one && width > 1 && hasLoops(kernel)) {
      OpBuilder b(getOperation().getContext());
      b.setInsertionPointAfter(kernel);
      one = cast<func::FuncOp>(b.clone(*kernel));
    }
    if (!one) {
      if (width == 1)
        return;
      if (isApart(kernel))
        makeCellsAtOnce(kernel, stem + "cells", width, /*isWavefront=*/false);
      return emitRounds(kernel, width);
    }
    one.setName(stem + "one");
    if (width > 1)
      makeCellsAtOnce(one, stem + "cells", width, one == wavefront);
    shareCells(one);
    if (width > 1) {
      for (auto &[loop, varying] : findLoops(one))
        if (!varying.getObstacle())
          stageArrays(one, loop, varying);
      widenOwn(one, width);
      for (auto &[loop, varying] : findLoops(one))
        if (!varying.getObstacle())
          emit(loop, varying);
      emitRounds(one, width);
    }
    one->removeAttr(sequentialAttr);
    kernel->removeAttr(sequentialAttr);
  }

  /// Several vectors of cells at once, where there are so many, hide how long
  /// each round of a loop within takes.
  void emit(scf::ForOp loop, const Varying &varying) {
    SmallVector<unsigned> widths;
    for (unsigned vectors : countVectors(loop, varying, width))
      widths.push_back(vectors * width);
    widths.push_back(width);
    emitCells(loop, varying, widths);
  }
};
} // namespace
