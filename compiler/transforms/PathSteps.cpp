//===- PathSteps.cpp - which cells a path goes through --------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/PathSteps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace danskin;

void danskin::forEachRead(Value value, function_ref<void(dp::ReadOp)> visit) {
  DenseSet<Value> seen;
  auto walk = [&](Value value, auto &&walk) -> void {
    Operation *op = value.getDefiningOp();
    if (!value.getType().isF64() || !op || !seen.insert(value).second)
      return;
    if (auto read = dyn_cast<dp::ReadOp>(op))
      return visit(read);
    if (auto branch = dyn_cast<scf::IfOp>(op)) {
      unsigned i = cast<OpResult>(value).getResultNumber();
      walk(branch.thenYield().getOperand(i), walk);
      return walk(branch.elseYield().getOperand(i), walk);
    }
    for (Value operand : op->getOperands())
      walk(operand, walk);
  };
  walk(value, walk);
}

//===----------------------------------------------------------------------===//
// Equations
//===----------------------------------------------------------------------===//

Value PathSteps::getValue(dp::EquationOp equation) {
  return equation.getBody().front().getTerminator()->getOperand(0);
}

dp::ChooseOp PathSteps::getChoice(dp::EquationOp equation) {
  return getValue(equation).getDefiningOp<dp::ChooseOp>();
}

dp::SumOp PathSteps::getSum(dp::EquationOp equation) {
  return getValue(equation).getDefiningOp<dp::SumOp>();
}

dp::TableOp PathSteps::getRoot(dp::TableOp table) {
  while (table.getOwner())
    table = table.getOwner().getDefiningOp<dp::TableOp>();
  return table;
}

/// Calls `visit` for the reads of an equation's value, or of its arms' scores.
static void forEachRead(dp::EquationOp equation,
                        function_ref<void(dp::ReadOp)> visit) {
  Operation *op = PathSteps::getValue(equation).getDefiningOp();
  if (!isa_and_nonnull<dp::ChooseOp, dp::SumOp>(op))
    return danskin::forEachRead(PathSteps::getValue(equation), visit);
  for (auto arm : op->getRegion(0).front().getOps<dp::ArmOp>())
    danskin::forEachRead(arm.getScore(), visit);
}

bool PathSteps::chooses(dp::EquationOp equation) const {
  if (getChoice(equation))
    return true;
  bool found = false;
  ::forEachRead(equation, [&](dp::ReadOp read) {
    auto table = read.getArray().getDefiningOp<dp::TableOp>();
    if (!found && table && table.getRole() == dp::TableRole::Node)
      found = llvm::any_of(table.getEquations(),
                           [&](dp::EquationOp e) { return chooses(e); });
  });
  return found;
}

int64_t PathSteps::getEquationNumber(dp::TableOp table,
                                     dp::EquationOp equation) {
  if (auto ordinal = table->getAttrOfType<IntegerAttr>("equation"))
    return ordinal.getInt();
  return equation.getOrdinal().value_or(0);
}

int64_t PathSteps::getArmNumber(dp::ArmOp arm) {
  auto first = arm->getParentOp()->getAttrOfType<IntegerAttr>("first");
  return (first ? first.getInt() : 0) + arm.getOrdinal();
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

PathSteps::PathSteps(dp::ProgramOp program) {
  auto get = [](Operation *op, StringRef attribute) {
    return op->getAttrOfType<IntegerAttr>(attribute).getInt();
  };
  rank = get(program, rankAttr);
  binders = get(program, bindersAttr);
  for (auto table : program.getBody().front().getOps<dp::TableOp>()) {
    if (!table->hasAttr(numberAttr))
      continue;
    bool isOutput = table.getRole() == dp::TableRole::Output;
    (isOutput ? outputs : tables).push_back(table);
    numbers[table] = get(table, numberAttr);
  }
  findOnPath(program);
}

/// The least set that holds every choice, and with a table those that read it.
void PathSteps::findOnPath(dp::ProgramOp program) {
  auto isOn = [&](dp::EquationOp equation) {
    bool found = bool(getChoice(equation));
    ::forEachRead(equation, [&](dp::ReadOp read) {
      found |= onPath.contains(read.getArray());
    });
    return found;
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (auto equation : program.getBody().front().getOps<dp::EquationOp>()) {
      Value first = equation.getTables()[0];
      auto root = getRoot(first.getDefiningOp<dp::TableOp>());
      if (root.getRole() != dp::TableRole::Let && !onPath.contains(first) &&
          isOn(equation))
        changed = onPath.insert(first).second;
    }
  }
}
