//===- LogUnits.cpp - numbers that can be kept scaled ---------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/LogUnits.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace danskin::conversion;

/// The input of rank 0 that the value is an element of.
static Value getTemperature(Value value) {
  auto read = value.getDefiningOp<dp::ReadOp>();
  if (!read || !read.getIndices().empty())
    return Value();
  return read.getArray().getDefiningOp<dp::InputOp>() ? read.getArray()
                                                      : Value();
}

/// `value` in unit `unit`, times (or over) a temperature.
static std::optional<LogUnit> scale(std::optional<LogUnit> unit, Value factor,
                                    bool over) {
  Value temperature = getTemperature(factor);
  if (!unit || !temperature)
    return std::nullopt;
  if (unit->temperature != (over ? temperature : Value()))
    return std::nullopt;
  return LogUnit{over ? Value() : temperature, unit->negative};
}

std::optional<LogUnit> LogUnits::getTable(Value table) const {
  auto found = tables.find(table);
  if (found == tables.end())
    return std::nullopt;
  return found->second;
}

std::optional<LogUnit> LogUnits::getWanted(OpOperand &operand) const {
  Operation *sum = operand.getOwner();
  if (!isa<arith::AddFOp, arith::SubFOp>(sum))
    return std::nullopt;
  std::optional<LogUnit> unit = get(sum->getResult(0));
  if (unit && isa<arith::SubFOp>(sum) && operand.getOperandNumber() == 1)
    unit->negative = !unit->negative;
  return unit;
}

bool LogUnits::isScaled(dp::ChooseOp choose) const {
  return enabled && choose.getReg() && choose.getReg()->isLogSumExp();
}

bool LogUnits::isScaled(dp::WeightOp weight) const {
  return enabled && weight.getReg().isLogSumExp();
}

std::optional<LogUnit> LogUnits::get(Value value) const {
  if (!enabled || !value.getType().isF64())
    return std::nullopt;
  if (auto found = known.find(value); found != known.end())
    return found->second;
  std::optional<LogUnit> unit = compute(value);
  known[value] = unit;
  return unit;
}

/// The unit of what is one of two values, or their sum.
std::optional<LogUnit> LogUnits::computeCommon(Value left, Value right) const {
  std::optional<LogUnit> one = get(left), other = get(right);
  if (one && other && *one != *other)
    return std::nullopt;
  return one ? one : other;
}

std::optional<LogUnit> LogUnits::compute(Value value) const {
  Operation *op = value.getDefiningOp();
  if (!op)
    return std::nullopt;
  if (auto read = dyn_cast<dp::ReadOp>(op))
    return getTable(read.getArray());
  if (auto choose = dyn_cast<dp::ChooseOp>(op))
    return isScaled(choose) && value == choose.getValue()
               ? std::optional<LogUnit>(LogUnit{})
               : std::nullopt;
  if (isa<arith::NegFOp>(op)) {
    std::optional<LogUnit> unit = get(op->getOperand(0));
    if (unit)
      unit->negative = !unit->negative;
    return unit;
  }
  if (isa<arith::MulFOp>(op)) {
    Value left = op->getOperand(0), right = op->getOperand(1);
    std::optional<LogUnit> unit = scale(get(left), right, /*over=*/false);
    return unit ? unit : scale(get(right), left, /*over=*/false);
  }
  if (isa<arith::DivFOp>(op))
    return scale(get(op->getOperand(0)), op->getOperand(1), /*over=*/true);
  if (isa<arith::AddFOp>(op))
    return computeCommon(op->getOperand(0), op->getOperand(1));
  if (isa<arith::SubFOp>(op))
    return get(op->getOperand(1)) ? std::nullopt : get(op->getOperand(0));
  if (auto select = dyn_cast<arith::SelectOp>(op))
    return computeCommon(select.getTrueValue(), select.getFalseValue());
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    unsigned result = cast<OpResult>(value).getResultNumber();
    return computeCommon(branch.thenYield().getOperand(result),
                         branch.elseYield().getOperand(result));
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

static bool mayHaveUnit(dp::TableOp table) {
  return table.getResult().getType().getElement().isF64() &&
         table.getRole() != dp::TableRole::Output &&
         table.getAbsence() != dp::Absence::Explicit &&
         table.getScatters().empty();
}

/// Gives tables the units of what their equations yield. True if any is new.
bool LogUnits::grow(dp::ProgramOp program) {
  bool changed = false;
  for (auto equation : program.getBody().front().getOps<dp::EquationOp>()) {
    auto yield = cast<dp::YieldOp>(equation.getBody().front().getTerminator());
    for (auto [table, value] :
         llvm::zip_equal(equation.getTables(), yield.getOperands())) {
      std::optional<LogUnit> unit = get(value);
      if (!unit || banned.contains(table) ||
          !mayHaveUnit(table.getDefiningOp<dp::TableOp>()))
        continue;
      auto [place, isNew] = tables.try_emplace(table, *unit);
      changed |= isNew;
      // Two equations that disagree.
      if (place->second != *unit) {
        tables.erase(place);
        banned.insert(table);
        changed = true;
      }
      if (changed)
        known.clear();
    }
  }
  return changed;
}

bool LogUnits::isGoodYield(dp::YieldOp yield, unsigned operand) const {
  Operation *parent = yield->getParentOp();
  if (auto equation = dyn_cast<dp::EquationOp>(parent)) {
    auto table = equation.getTables()[operand].getDefiningOp<dp::TableOp>();
    return table.getRole() == dp::TableRole::Output ||
           getTable(table.getResult()) == get(yield.getOperand(operand));
  }
  if (isa<dp::ArmOp>(parent))
    if (auto choose = dyn_cast<dp::ChooseOp>(parent->getParentOp()))
      return isScaled(choose) && get(yield.getOperand(operand)) == LogUnit();
  return false;
}

bool LogUnits::isGoodUse(OpOperand &use) const {
  Operation *user = use.getOwner();
  if (isa<dp::PresentOp>(user))
    return true;
  if (auto weight = dyn_cast<dp::WeightOp>(user))
    return weight.getScore() == use.get() && isScaled(weight) &&
           get(use.get()) == LogUnit();
  if (auto yield = dyn_cast<dp::YieldOp>(user))
    return isGoodYield(yield, use.getOperandNumber());
  Value result;
  if (isa<scf::YieldOp>(user))
    result = user->getParentOp()->getResult(use.getOperandNumber());
  else if (user->getNumResults() == 1)
    result = user->getResult(0);
  return result && get(result) && isUsedWell(result);
}

/// Does every use keep the number scaled?
bool LogUnits::isUsedWell(Value value) const {
  if (auto found = used.find(value); found != used.end())
    return found->second;
  bool good = llvm::all_of(value.getUses(),
                           [&](OpOperand &use) { return isGoodUse(use); });
  return used[value] = good;
}

/// Takes the unit of a table away that is read as a plain number. True if any
/// was.
bool LogUnits::prune(dp::ProgramOp program) {
  used.clear();
  for (auto &[table, unit] : tables) {
    bool good = llvm::all_of(table.getUsers(), [&](Operation *user) {
      auto read = dyn_cast<dp::ReadOp>(user);
      if (!read)
        return !isa<dp::TracebackOp, dp::VisitOp, dp::DescendOp>(user);
      // What runs once may convert.
      auto equation = read->getParentOfType<dp::EquationOp>();
      if (equation &&
          equation.getTables()[0].getDefiningOp<dp::TableOp>().getRank() == 0)
        return true;
      return isUsedWell(read.getResult());
    });
    if (!good) {
      banned.insert(table);
      return true;
    }
  }
  return false;
}

LogUnits::LogUnits(dp::ProgramOp program) : enabled(true) {
  do {
    tables.clear();
    known.clear();
    while (grow(program))
      ;
  } while (prune(program));
}
