//===- LaneAnalysis.cpp - which values differ from lane to lane -----------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Lanes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace danskin::conversion;

LaneAnalysis::LaneAnalysis(func::FuncOp function) {
  // What is loaded differs; the rest follows. Loops need several rounds.
  do {
    changed = false;
    function.walk([&](Operation *op) { visit(op); });
  } while (changed && !obstacle);
}

bool LaneAnalysis::anyVarying(ValueRange values) const {
  return llvm::any_of(values, [&](Value value) { return isVarying(value); });
}

void LaneAnalysis::mark(Value value) {
  changed |= varying.insert(value).second;
}

/// What is varying in `from` is so in `to`.
void LaneAnalysis::markIf(ValueRange from, ValueRange to) {
  for (auto [source, target] : llvm::zip_equal(from, to))
    if (isVarying(source))
      mark(target);
}

void LaneAnalysis::visit(Operation *op) {
  if (isa<func::FuncOp, func::ReturnOp, memref::StoreOp, scf::YieldOp,
          scf::ConditionOp>(op))
    return;
  if (isa<scf::IfOp, scf::ForOp, scf::WhileOp>(op))
    return visitControl(op);
  if (isa<memref::LoadOp>(op))
    return mark(op->getResult(0));
  if (isa<arith::ArithDialect>(op->getDialect()) || isa<func::CallOp>(op)) {
    if (op->getNumResults() == 1 && anyVarying(op->getOperands()))
      mark(op->getResult(0));
    return;
  }
  if (isa<memref::ViewOp, memref::CastOp>(op) ||
      op->hasTrait<OpTrait::ConstantLike>())
    return;
  if (op->getName().getDialectNamespace() == "math") {
    if (anyVarying(op->getOperands()))
      mark(op->getResult(0));
    return;
  }
  obstacle = "it uses memory of its own";
}

void LaneAnalysis::visitControl(Operation *op) {
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    if (branch.getNumResults() == 0)
      return;
    if (isVarying(branch.getCondition()))
      for (Value result : branch.getResults())
        mark(result);
    markIf(branch.thenYield().getOperands(), branch.getResults());
    markIf(branch.elseYield().getOperands(), branch.getResults());
    return;
  }
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    if (isVarying(loop.getLowerBound()) || isVarying(loop.getUpperBound())) {
      for (Value value : loop.getRegionIterArgs())
        mark(value);
      for (Value value : loop.getResults())
        mark(value);
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
