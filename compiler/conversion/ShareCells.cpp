//===- ShareCells.cpp - a kernel of several threads -----------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All threads walk through the code together, as those of a GPU do. A long loop
// over cells is cut into a piece for each, and they meet before it. A short one
// is the first thread's, and so is whatever else writes: others go on until
// there is something to share, so loops that are all short cost no meetings.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/ShareCells.h"
#include "compiler/conversion/RuntimeCalls.h"
#include "compiler/conversion/Sharing.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace danskin::conversion;

/// A loop is long from so many cells on; those with a loop inside take longer.
static constexpr int64_t manyCells = 512, manyLongCells = 64;
/// Pieces begin on a cache line.
static constexpr int64_t pieceUnit = 16;

/// Every thread notes its own faults: they all write the same.
static bool onlyNotes(Operation *op) {
  return !containsAny(op, [](Operation *inner) {
    return isStore(inner) && !inner->hasAttr(faultAttr);
  });
}

/// A loop that fills what all threads have one of.
static bool isPack(Operation *op) { return op->hasAttr(packAttr); }

namespace {
class Sharer {
public:
  explicit Sharer(func::FuncOp kernel);
  void run() {
    visit(kernel.getBody().front());
    // Not before: it would be looked at like the kernel's own.
    OpBuilder b(kernel.getContext());
    b.setInsertionPointAfterValue(dirty);
    setDirty(b, no);
  }

private:
  void visit(Block &block);
  void share(scf::ForOp loop);
  bool readsWritten(Operation *op);
  void meet(OpBuilder &b);
  void meetWhere(OpBuilder &b, Value condition);
  void setDirty(OpBuilder &b, Value value) {
    b.create<memref::StoreOp>(loc, value, dirty, zero);
  }
  Value getDirty(OpBuilder &b) {
    return b.create<memref::LoadOp>(loc, dirty, zero);
  }
  Value constant(OpBuilder &b, int64_t value) {
    return b.create<arith::ConstantIndexOp>(loc, value);
  }

  func::FuncOp kernel;
  Location loc;
  Value thread, numThreads, team;
  Value zero, no, isFirst, isTeam;
  /// Of each thread, alike for all: may others than the first still be at what
  /// they write or read?
  Value dirty;
  DenseSet<Value> written;
};
} // namespace

Sharer::Sharer(func::FuncOp kernel) : kernel(kernel), loc(kernel.getLoc()) {
  auto arguments = kernel.getArguments().take_back(3);
  thread = arguments[0];
  numThreads = arguments[1];
  team = arguments[2];
  kernel.walk(
      [&](memref::StoreOp store) { written.insert(store.getMemRef()); });
  OpBuilder b = OpBuilder::atBlockBegin(&kernel.getBody().front());
  zero = constant(b, 0);
  no = b.create<arith::ConstantIntOp>(loc, 0, 1);
  isFirst =
      b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, thread, zero);
  isTeam = b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::sgt, numThreads,
                                   constant(b, 1));
  dirty = b.create<memref::AllocaOp>(loc, MemRefType::get({1}, b.getI1Type()));
}

void Sharer::meet(OpBuilder &b) { callRuntime(b, loc, "dp_meet", {}, team); }

void Sharer::meetWhere(OpBuilder &b, Value condition) {
  auto branch = b.create<scf::IfOp>(loc, condition, /*withElse=*/false);
  OpBuilder then = branch.getThenBodyBuilder();
  meet(then);
}

bool Sharer::readsWritten(Operation *op) {
  return containsAny(op, [&](Operation *inner) {
    auto load = dyn_cast<memref::LoadOp>(inner);
    return load && written.contains(load.getMemRef());
  });
}

void Sharer::visit(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (isShared(&op) && !containsAny(&op, isPack)) {
      share(cast<scf::ForOp>(op));
    } else if (containsAny(&op, isShared)) {
      for (Region &region : op.getRegions())
        if (!region.empty())
          visit(region.front());
    } else if (isKernelCall(&op) ||
               (containsAny(&op, isStore) && !onlyNotes(&op))) {
      OpBuilder b(&op);
      meetWhere(b, getDirty(b));
      setDirty(b, no);
      giveToFirst(&op, isFirst);
    } else if (readsWritten(&op)) {
      OpBuilder b(&op);
      meetWhere(b, isTeam);
      setDirty(b, isTeam);
    }
  }
}

void Sharer::share(scf::ForOp loop) {
  OpBuilder b(loop);
  bool hasLoops = containsAny(loop, [&](Operation *op) {
    return isa<LoopLikeOpInterface>(op) && op != loop;
  });
  Value lower = loop.getLowerBound(), upper = loop.getUpperBound();
  Value count = b.create<arith::SubIOp>(loc, upper, lower);
  Value isLong = b.create<arith::CmpIOp>(
      loc, arith::CmpIPredicate::sge, count,
      constant(b, hasLoops ? manyLongCells : manyCells));
  isLong = b.create<arith::AndIOp>(loc, isLong, isTeam);
  meetWhere(b, b.create<arith::OrIOp>(loc, isLong, getDirty(b)));
  setDirty(b, isLong);

  Value piece = b.create<arith::CeilDivUIOp>(loc, count, numThreads);
  piece = b.create<arith::AddIOp>(loc, piece, constant(b, pieceUnit - 1));
  piece = b.create<arith::AndIOp>(loc, piece, constant(b, -pieceUnit));
  Value first = b.create<arith::AddIOp>(
      loc, lower, b.create<arith::MulIOp>(loc, thread, piece));
  Value end = b.create<arith::AddIOp>(loc, first, piece);
  first = b.create<arith::MinSIOp>(loc, first, upper);
  end = b.create<arith::MinSIOp>(loc, end, upper);
  Value whole = b.create<arith::SelectOp>(loc, isFirst, lower, upper);
  loop.setLowerBound(b.create<arith::SelectOp>(loc, isLong, first, whole));
  loop.setUpperBound(b.create<arith::SelectOp>(loc, isLong, end, upper));
}

void danskin::conversion::shareCells(func::FuncOp kernel) {
  Builder b(kernel.getContext());
  for (Type type : {Type(b.getIndexType()), Type(b.getIndexType()),
                    Type(LLVM::LLVMPointerType::get(kernel.getContext()))})
    kernel.insertArgument(kernel.getNumArguments(), type, {}, kernel.getLoc());
  if (kernel->hasAttr(sequentialAttr) || !containsAny(kernel, isShared))
    return;
  Sharer(kernel).run();
  kernel->setAttr(teamAttr, b.getUnitAttr());
}
