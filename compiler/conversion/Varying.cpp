//===- Varying.cpp - which values differ from lane to lane -----------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Vectors.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace danskin::conversion;

Varying::Varying(func::FuncOp function) : allLoads(true) {
  propagate(function);
}

Varying::Varying(scf::ForOp loop, ValueRange alike)
    : alike(alike.begin(), alike.end()), allLoads(false),
      lane(loop.getInductionVar()) {
  loop.walk([&](memref::StoreOp store) {
    Operation *memory = store.getMemRef().getDefiningOp();
    if (memory && memory->hasAttr(ownAttr))
      owned.insert(store.getMemRef());
  });
  auto propagateAll = [&] {
    values = {lane};
    for (Operation &op : loop.getBody()->without_terminator())
      propagate(&op);
  };
  anyShift = true;
  propagateAll();
  anyShift = false;
  loop.getBody()->walk<WalkOrder::PreOrder>(
      [&](scf::ForOp inner) { chooseShift(inner); });
  propagateAll();
  // What lanes leave in one place must be the same.
  loop.walk([&](memref::StoreOp store) {
    if (!isOwn(store.getMemRef()) && !containsAny(store.getIndices()) &&
        contains(store.getValueToStore()))
      obstacle = "lanes store different values to one place";
  });
}

bool Varying::ownsMore(int64_t length) const {
  return llvm::any_of(owned, [&](Value memory) {
    return cast<MemRefType>(memory.getType()).getDimSize(0) > length;
  });
}

std::optional<int64_t> Varying::getStep(Value value) const {
  if (!contains(value))
    return 0;
  if (value == lane)
    return 1;
  if (auto index = dyn_cast<BlockArgument>(value)) {
    auto loop = dyn_cast<scf::ForOp>(index.getOwner()->getParentOp());
    if (loop && index == loop.getInductionVar())
      return getShift(loop);
    return std::nullopt;
  }
  Operation *op = value.getDefiningOp();
  if (!isa<arith::ArithDialect>(op->getDialect()))
    return std::nullopt;
  SmallVector<int64_t> steps;
  for (Value operand : op->getOperands()) {
    std::optional<int64_t> step = getStep(operand);
    if (!step || !operand.getType().isIndex())
      return std::nullopt;
    steps.push_back(*step);
  }
  if (isa<arith::AddIOp>(op))
    return steps[0] + steps[1];
  if (isa<arith::SubIOp>(op))
    return steps[0] - steps[1];
  if (llvm::all_of(steps, [](int64_t step) { return step == 0; }))
    return 0;
  return std::nullopt;
}

unsigned Varying::countAdjacent(scf::ForOp loop) const {
  unsigned count = 0;
  loop.walk([&](memref::LoadOp load) {
    auto isSame = [&](Value index) { return getStep(index) == 0; };
    OperandRange indices = load.getIndices();
    count += indices.empty() ||
             (llvm::all_of(indices.drop_back(), isSame) &&
              (isSame(indices.back()) || getStep(indices.back()) == 1));
  });
  return count;
}

/// Lanes run a loop together, or each from a place of its own: where it begins,
/// or where it ends. Where they have as many rounds, no lane waits for others.
void Varying::chooseShift(scf::ForOp loop) {
  std::optional<int64_t> lower = getStep(loop.getLowerBound()),
                         upper = getStep(loop.getUpperBound());
  if (!lower || !upper)
    return;
  if (lower == upper) {
    shifts[loop] = *lower;
    return;
  }
  unsigned most = countAdjacent(loop);
  SmallVector<int64_t> others = {*lower};
  // Rounds that go by turns are counted from the first.
  if (getConstantIntValue(loop.getStep()) == 1)
    others.push_back(*upper);
  for (int64_t shift : others) {
    int64_t before = std::exchange(shifts[loop], shift);
    unsigned count = countAdjacent(loop);
    if (count > most)
      most = count;
    else
      shifts[loop] = before;
  }
}

void Varying::propagate(Operation *root) {
  // Loops need several rounds.
  do {
    changed = false;
    root->walk([&](Operation *op) { visit(op); });
  } while (changed && !obstacle);
}

bool Varying::containsAny(ValueRange any) const {
  return llvm::any_of(any, [&](Value value) { return contains(value); });
}

void Varying::mark(Value value) {
  if (!alike.contains(value))
    changed |= values.insert(value).second;
}

/// What is varying in `from` is so in `to`.
void Varying::markIf(ValueRange from, ValueRange to) {
  for (auto [source, target] : llvm::zip_equal(from, to))
    if (contains(source))
      mark(target);
}

void Varying::visit(Operation *op) {
  if (isa<func::FuncOp, func::ReturnOp, memref::StoreOp, scf::YieldOp,
          scf::ConditionOp>(op))
    return;
  if (isa<scf::IfOp, scf::ForOp, scf::WhileOp>(op))
    return visitControl(op);
  if (auto load = dyn_cast<memref::LoadOp>(op)) {
    if (allLoads || isOwn(load.getMemRef()) || containsAny(load.getIndices()))
      mark(load.getResult());
    return;
  }
  // A function that takes arrays runs lane by lane.
  if (isa<func::CallOp>(op) &&
      llvm::any_of(op->getOperandTypes(),
                   [](Type type) { return isa<MemRefType>(type); })) {
    if (allLoads)
      mark(op->getResult(0));
    else
      obstacle = "it calls a function that takes arrays";
    return;
  }
  if (isa<arith::ArithDialect>(op->getDialect()) || isa<func::CallOp>(op)) {
    if (op->getNumResults() == 1 && containsAny(op->getOperands()))
      mark(op->getResult(0));
    return;
  }
  if (isa<memref::ViewOp, memref::CastOp, memref::ReinterpretCastOp,
          memref::ExtractStridedMetadataOp>(op) ||
      (allLoads && isa<memref::AllocaOp>(op)) ||
      op->hasTrait<OpTrait::ConstantLike>())
    return;
  if (op->getName().getDialectNamespace() == "math") {
    if (containsAny(op->getOperands()))
      mark(op->getResult(0));
    return;
  }
  obstacle = "it uses memory of its own";
}

void Varying::visitControl(Operation *op) {
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    if (branch.getNumResults() == 0)
      return;
    if (contains(branch.getCondition()))
      for (Value result : branch.getResults())
        mark(result);
    markIf(branch.thenYield().getOperands(), branch.getResults());
    markIf(branch.elseYield().getOperands(), branch.getResults());
    return;
  }
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    if (contains(loop.getLowerBound()) || contains(loop.getUpperBound())) {
      for (Value value : loop.getRegionIterArgs())
        mark(value);
      for (Value value : loop.getResults())
        mark(value);
      if (anyShift || getShift(loop))
        mark(loop.getInductionVar());
    }
    markIf(loop.getInitArgs(), loop.getRegionIterArgs());
    if (loop.getNumResults())
      markIf(loop.getYieldedValues(), loop.getRegionIterArgs());
    markIf(loop.getRegionIterArgs(), loop.getResults());
    return;
  }
  // Lanes leave a while loop one by one: all of it differs.
  auto loop = cast<scf::WhileOp>(op);
  for (ValueRange values :
       {ValueRange(loop.getBeforeArguments()),
        ValueRange(loop.getAfterArguments()), ValueRange(loop.getResults())})
    for (Value value : values)
      mark(value);
}
