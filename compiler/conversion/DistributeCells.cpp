//===- DistributeCells.cpp - dp-distribute-cells --------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All threads walk through the code together and compute the same, which costs
// no more than if one did, except where there are cells to share. So control
// outside of shared loops is the same for all, and a barrier may stand there.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Additive.h"
#include "compiler/conversion/Passes.h"
#include "compiler/conversion/Sharing.h"
#include "dp/abi.h"
#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

namespace danskin {
#define GEN_PASS_DEF_DPDISTRIBUTECELLS
#include "compiler/conversion/Passes.h.inc"
} // namespace danskin

using namespace mlir;
using namespace danskin::conversion;

/// Threads that run in step.
static constexpr int64_t warpSize = 32;

/// What the threads of a block keep in its memory: a number each.
static constexpr StringLiteral partsName = "dp.parts";

static bool isLoad(Operation *op) { return isa<memref::LoadOp>(op); }

static bool isStrips(Operation *op) { return op->hasAttr(stripsAttr); }

/// Do all threads have a part in it?
static bool isCommon(Operation *op) {
  return containsAny(op, isShared) || containsAny(op, isStrips) ||
         containsAny(op, isKernelCall);
}

/// Are there stores in `op`, and does each add to what is there?
static bool onlyAdds(Operation *op) {
  return !containsAny(
      op, [](Operation *o) { return isStore(o) && !o->hasAttr(addAttr); });
}

namespace {
class Distributor {
public:
  explicit Distributor(func::FuncOp function)
      : function(function), loc(function.getLoc()) {
    OpBuilder b = OpBuilder::atBlockBegin(&function.getBody().front());
    auto read = [&](auto op) -> Value {
      return b.create<arith::IndexCastOp>(loc, b.getIndexType(), op);
    };
    Type word = b.getI32Type();
    thread = read(b.create<NVVM::ThreadIdXOp>(loc, word));
    numThreads = read(b.create<NVVM::BlockDimXOp>(loc, word));
    zero = b.create<arith::ConstantIndexOp>(loc, 0);
    one = b.create<arith::ConstantIndexOp>(loc, 1);
    isFirst =
        b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, thread, zero);
  }

  /// Shares what `run` does.
  void shareCells() {
    visit(function.getBody().front());
    Operation *end = function.getBody().front().getTerminator();
    meet(end);
  }
  /// Shares what `validate` looks at.
  void shareChecks();

private:
  void visit(Block &block);
  void visitRegions(Operation *op);
  void visitWriter(Operation *op);
  /// A barrier before `op`, if anything was written since the last one.
  void meet(Operation *op);
  void ownAdditions(Operation *op);
  void ownBlock(memref::StoreOp store);
  void ownAddition(memref::StoreOp store);
  Value emitIsMine(OpBuilder &b, Value place);

  void share(scf::ForOp loop);
  void shareSum(scf::ForOp loop);
  Value emitTotal(OpBuilder &b, Value part);
  scf::ForOp getOnlyInner(scf::ForOp loop);
  scf::ForOp join(scf::ForOp outer, scf::ForOp inner);
  void stride(scf::ForOp loop, Value first, Value step);

  func::FuncOp function;
  Location loc;
  Value thread, numThreads, zero, one, isFirst;
  /// What was written since the last barrier: by all threads, by the first.
  bool allWrote = false, firstWrote = false;
};
} // namespace

//===----------------------------------------------------------------------===//
// What all threads go through
//===----------------------------------------------------------------------===//

void Distributor::meet(Operation *op) {
  if (allWrote || firstWrote)
    OpBuilder(op).create<NVVM::Barrier0Op>(loc);
  allWrote = firstWrote = false;
}

void Distributor::visit(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (isShared(&op)) {
      meet(&op);
      share(cast<scf::ForOp>(op));
      allWrote = true;
    } else if (isStrips(&op)) {
      meet(&op);
      allWrote = true;
    } else if (isStore(&op)) {
      visitWriter(&op);
    } else if (op.getNumRegions() && isCommon(&op)) {
      visitRegions(&op);
    } else if (op.getNumRegions() && containsAny(&op, isStore)) {
      visitWriter(&op);
    } else if (containsAny(&op, isLoad) || isKernelCall(&op)) {
      // Kernels leave nothing that another would have to wait for.
      meet(&op);
      auto loop = dyn_cast<scf::ForOp>(op);
      if (loop && !loop->getParentOfType<scf::ForOp>() && isAdditive(loop))
        shareSum(loop);
    }
  }
}

void Distributor::visitRegions(Operation *op) {
  // Once before a loop, not in each round.
  if (isa<LoopLikeOpInterface>(op))
    meet(op);
  bool all = allWrote, first = firstWrote;
  bool anyAll = all, anyFirst = first;
  for (Region &region : op->getRegions()) {
    if (region.empty())
      continue;
    allWrote = all;
    firstWrote = first;
    visit(region.front());
    // The next round may meet what this one wrote.
    if (isa<LoopLikeOpInterface>(op))
      meet(region.front().getTerminator());
    anyAll |= allWrote;
    anyFirst |= firstWrote;
  }
  allWrote = anyAll;
  firstWrote = anyFirst;
}

/// What is to be written once, in order.
void Distributor::visitWriter(Operation *op) {
  bool adds = onlyAdds(op);
  // The first need not wait for itself.
  if (adds || allWrote)
    meet(op);
  adds ? ownAdditions(op) : giveToFirst(op, isFirst);
  (adds ? allWrote : firstWrote) = true;
}

/// What an addition's place is computed from, within its block: not further
/// out, since conditions around it may be what keeps that inside of arrays.
static SetVector<Operation *> getSliceOfPlace(memref::StoreOp store) {
  BackwardSliceOptions options;
  options.omitBlockArguments = options.inclusive = true;
  options.filter = [&](Operation *op) {
    return op->getBlock() == store->getBlock();
  };
  SetVector<Operation *> slice;
  getBackwardSlice(store.getIndices().front(), &slice, options);
  return slice;
}

/// Is the place the calling thread's?
Value Distributor::emitIsMine(OpBuilder &b, Value place) {
  Value last = b.create<arith::SubIOp>(loc, numThreads, one);
  Value owner = b.create<arith::AndIOp>(loc, place, last);
  return b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, owner, thread);
}

/// Every thread goes through all iterations and does those whose addition is to
/// a place of its own.
void Distributor::ownAdditions(Operation *op) {
  DenseMap<Block *, unsigned> counts;
  SmallVector<memref::StoreOp> stores;
  op->walk([&](memref::StoreOp store) {
    stores.push_back(store);
    ++counts[store->getBlock()];
  });
  for (memref::StoreOp store : stores) {
    Block *block = store->getBlock();
    if (op->isAncestor(block->getParentOp()) && counts[block] == 1 &&
        block->getTerminator()->getNumOperands() == 0)
      ownBlock(store);
    else
      ownAddition(store);
  }
}

/// All that stands beside the addition is for its owner alone.
void Distributor::ownBlock(memref::StoreOp store) {
  Block &body = *store->getBlock();
  OpBuilder b = OpBuilder::atBlockBegin(&body);
  IRMapping map;
  for (Operation *part : getSliceOfPlace(store))
    b.clone(*part, map);
  Value place = map.lookupOrDefault(store.getIndices().front());
  auto branch = b.create<scf::IfOp>(loc, emitIsMine(b, place), false);
  Block &then = *branch.thenBlock();
  then.getOperations().splice(
      then.getTerminator()->getIterator(), body.getOperations(),
      std::next(branch->getIterator()), body.getTerminator()->getIterator());
}

void Distributor::ownAddition(memref::StoreOp store) {
  OpBuilder b(store);
  Value isMine = emitIsMine(b, store.getIndices().front());
  auto branch = b.create<scf::IfOp>(loc, isMine, /*withElse=*/false);
  Operation *sum = store.getValueToStore().getDefiningOp();
  Operation *load = sum->getOperand(0).getDefiningOp();
  Operation *end = branch.thenBlock()->getTerminator();
  for (Operation *part : {load, sum, store.getOperation()})
    part->moveBefore(end);
}

//===----------------------------------------------------------------------===//
// What they share
//===----------------------------------------------------------------------===//

void Distributor::stride(scf::ForOp loop, Value first, Value step) {
  OpBuilder b(loop);
  loop.setLowerBound(b.create<arith::AddIOp>(loc, loop.getLowerBound(), first));
  loop.setStep(step);
}

/// The one loop that is shared right inside `loop`, if nothing else happens
/// there and its bounds are the same for each iteration.
scf::ForOp Distributor::getOnlyInner(scf::ForOp loop) {
  scf::ForOp inner;
  bool isPlain = true;
  loop.getBody()->walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (isShared(op)) {
      isPlain &= !inner;
      inner = cast<scf::ForOp>(op);
      return WalkResult::skip();
    }
    isPlain &= !isStore(op) && (!op->getNumRegions() ||
                                (isa<scf::IfOp>(op) && !op->getNumResults()));
    return WalkResult::advance();
  });
  auto isOutside = [&](Value value) {
    return loop.isDefinedOutsideOfLoop(value);
  };
  if (!inner || !isPlain || !isOutside(inner.getLowerBound()) ||
      !isOutside(inner.getUpperBound()))
    return {};
  return inner;
}

/// One loop over both, from 0.
scf::ForOp Distributor::join(scf::ForOp outer, scf::ForOp inner) {
  OpBuilder b(outer);
  auto count = [&](scf::ForOp loop) -> Value {
    Value extent = b.create<arith::SubIOp>(loc, loop.getUpperBound(),
                                           loop.getLowerBound());
    return b.create<arith::MaxSIOp>(loc, extent, zero);
  };
  Value width = count(inner);
  Value total = b.create<arith::MulIOp>(loc, count(outer), width);
  auto joined = b.create<scf::ForOp>(loc, zero, total, one);
  joined->setAttr(fillAttr, b.getUnitAttr());
  OpBuilder body = OpBuilder::atBlockBegin(joined.getBody());
  Value number = joined.getInductionVar();
  Value row = body.create<arith::DivUIOp>(loc, number, width);
  Value column = body.create<arith::RemUIOp>(loc, number, width);
  auto place = [&](scf::ForOp loop, Value index) {
    Value at = body.create<arith::AddIOp>(loc, index, loop.getLowerBound());
    loop.getInductionVar().replaceAllUsesWith(at);
  };
  place(outer, row);
  place(inner, column);
  Block *target = joined.getBody();
  inner.getBody()->getTerminator()->erase();
  inner->getBlock()->getOperations().splice(inner->getIterator(),
                                            inner.getBody()->getOperations());
  inner.erase();
  outer.getBody()->getTerminator()->erase();
  target->getOperations().splice(target->getTerminator()->getIterator(),
                                 outer.getBody()->getOperations());
  outer.erase();
  return joined;
}

void Distributor::share(scf::ForOp loop) {
  while (scf::ForOp inner = getOnlyInner(loop))
    loop = join(loop, inner);
  SmallVector<scf::ForOp> rows;
  loop.getBody()->walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (!isShared(op))
      return WalkResult::advance();
    rows.push_back(cast<scf::ForOp>(op));
    return WalkResult::skip();
  });
  if (rows.empty())
    return stride(loop, thread, numThreads);
  OpBuilder b(loop);
  Value size = b.create<arith::ConstantIndexOp>(loc, warpSize);
  size = b.create<arith::MinUIOp>(loc, size, numThreads);
  Value warp = b.create<arith::DivUIOp>(loc, thread, size);
  Value lane = b.create<arith::RemUIOp>(loc, thread, size);
  stride(loop, warp, b.create<arith::DivUIOp>(loc, numThreads, size));
  for (scf::ForOp row : rows)
    stride(row, lane, size);
}

/// The sum of what the threads have, the same for all of them.
Value Distributor::emitTotal(OpBuilder &b, Value part) {
  auto module = function->getParentOfType<ModuleOp>();
  auto type = MemRefType::get({DP_MAX_THREADS}, b.getF64Type(),
                              MemRefLayoutAttrInterface(),
                              b.getI64IntegerAttr(blockMemory));
  if (!module.lookupSymbol(partsName)) {
    OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
    top.create<memref::GlobalOp>(loc, partsName, top.getStringAttr("private"),
                                 type, top.getUnitAttr(), /*constant=*/false,
                                 /*alignment=*/IntegerAttr());
  }
  Value parts = b.create<memref::GetGlobalOp>(loc, type, partsName);
  auto number = cast<FloatType>(part.getType());
  if (number.getWidth() < 64)
    part = b.create<arith::ExtFOp>(loc, b.getF64Type(), part);
  // Others may still read the sum before this one.
  b.create<NVVM::Barrier0Op>(loc);
  b.create<memref::StoreOp>(loc, part, parts, thread);
  b.create<NVVM::Barrier0Op>(loc);
  Value nothing = b.create<arith::ConstantOp>(loc, b.getF64FloatAttr(0));
  auto loop = b.create<scf::ForOp>(
      loc, zero, numThreads, one, ValueRange(nothing),
      [&](OpBuilder &inner, Location, Value other, ValueRange sums) {
        Value next = inner.create<memref::LoadOp>(loc, parts, other);
        Value sum = inner.create<arith::AddFOp>(loc, sums[0], next);
        inner.create<scf::YieldOp>(loc, sum);
      });
  Value total = loop.getResult(0);
  if (number.getWidth() < 64)
    total = b.create<arith::TruncFOp>(loc, number, total);
  return total;
}

/// Each thread adds up a part, in an order that only the number of threads
/// decides.
void Distributor::shareSum(scf::ForOp loop) {
  OpBuilder b(loop);
  stride(loop, thread, numThreads);
  SmallVector<Value> inits(loop.getInitArgs());
  for (auto [k, init] : llvm::enumerate(inits))
    loop.getInitArgsMutable()[k].set(
        b.create<arith::ConstantOp>(loc, b.getZeroAttr(init.getType())));
  b.setInsertionPointAfter(loop);
  for (auto [part, init] : llvm::zip_equal(loop.getResults(), inits)) {
    SmallVector<OpOperand *> uses;
    for (OpOperand &use : part.getUses())
      uses.push_back(&use);
    Value sum = b.create<arith::AddFOp>(loc, init, emitTotal(b, part));
    for (OpOperand *use : uses)
      use->set(sum);
  }
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

/// A loop that carries a verdict ends with that of all threads: whether any has
/// met a fault.
void Distributor::shareChecks() {
  SmallVector<scf::ForOp> loops;
  function.getBody().front().walk<WalkOrder::PreOrder>([&](Operation *op) {
    auto loop = dyn_cast<scf::ForOp>(op);
    if (!loop)
      return WalkResult::advance();
    loops.push_back(loop);
    return WalkResult::skip();
  });
  for (scf::ForOp loop : loops) {
    stride(loop, thread, numThreads);
    OpBuilder b(loop);
    b.setInsertionPointAfter(loop);
    Value mine = loop.getResult(0);
    Value none = b.create<arith::ConstantIntOp>(loc, 0, 64);
    Value isWrong =
        b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ne, mine, none);
    Value wrong = b.create<arith::ExtUIOp>(loc, b.getI32Type(), isWrong);
    auto any = b.create<LLVM::CallIntrinsicOp>(
        loc, b.getI32Type(), b.getStringAttr("llvm.nvvm.barrier0.or"),
        ValueRange(wrong));
    Value verdict =
        b.create<arith::ExtUIOp>(loc, b.getI64Type(), any.getResult(0));
    mine.replaceAllUsesExcept(verdict, isWrong.getDefiningOp());
  }
}

namespace {
struct DpDistributeCells
    : danskin::impl::DpDistributeCellsBase<DpDistributeCells> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      StringRef part = function.getName().rsplit('_').second;
      if (function.isExternal())
        continue;
      if (part == "run" || part == "scaled" || part == "kernel" ||
          part == "again")
        Distributor(function).shareCells();
      else if (part == "validate")
        Distributor(function).shareChecks();
    }
  }
};
} // namespace
