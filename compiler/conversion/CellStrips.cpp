//===- CellStrips.cpp - conditions of a cell in strips --------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Cell.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace danskin::conversion;

/// Has the unit a cell wherever its statement has one that is in these strips?
bool Cell::isAllCells(Unit &unit) {
  if (!strip)
    return false;
  SmallVector<Form> here;
  for (Value dim : strip->domain.dims)
    here.push_back(Form::variable(dim));
  auto open = strip->facts.getOpen(unit.tables[0]->domain, here);
  return open && open->empty();
}

/// Maps the result of a condition that is known to a constant.
bool Cell::isKnown(OpBuilder &b, Operation *op) {
  if (!strip || !isa<arith::CmpIOp, arith::AndIOp, arith::XOrIOp>(op) ||
      !op->getResult(0).getType().isInteger(1))
    return false;
  std::optional<bool> known = strip->facts.decide(op->getResult(0));
  if (known)
    scope.map(op->getResult(0), b.create<arith::ConstantIntOp>(loc, *known, 1));
  return known.has_value();
}

/// Does nothing go wrong where there is no such cell? What is held of it then
/// says that it is absent, and what stands beside loads nothing else.
static bool isHarmless(dp::ContainsOp op, Plan &plan, const Strips &strips) {
  auto arm = dyn_cast<dp::ArmOp>(op->getParentOp());
  if (!arm || !llvm::all_of(op->getUsers(), llvm::IsaPred<dp::WhereOp>))
    return false;
  bool isGood = true;
  arm.walk([&](Operation *inner) {
    auto read = dyn_cast<dp::ReadOp>(inner);
    if (!read) {
      isGood &= inner == arm || !inner->getNumRegions();
      return;
    }
    auto place = plan.tables.find(read.getArray());
    if (place == plan.tables.end()) {
      isGood &= read.getIndices().empty();
      return;
    }
    TablePlan &table = *place->second;
    isGood &= read.getArray() == op.getTable() &&
              llvm::equal(read.getIndices(), op.getIndices()) &&
              strips.distances.count(read) &&
              (plan.units.getTable(table.op.getResult()) ||
               table.op.getAbsence() == dp::Absence::Min ||
               table.op.getAbsence() == dp::Absence::Max);
  });
  return isGood;
}

Value Cell::emitContainsInStrip(OpBuilder &b, dp::ContainsOp op) {
  auto constant = [&](bool value) -> Value {
    return b.create<arith::ConstantIntOp>(loc, value, 1);
  };
  if (isHarmless(op, plan, strip->strips))
    return constant(true);
  SmallVector<Form> indices;
  for (Value index : op.getIndices())
    indices.push_back(strip->facts.get(index));
  auto open = strip->facts.getOpen(plan.get(op.getTable()).domain, indices);
  bool isOfCell = open && llvm::all_of(*open, [&](FormConstraint &each) {
                    return llvm::all_of(each.form.terms, [&](auto &term) {
                      return plan.forms.isParameter(term.first) ||
                             llvm::is_contained(strip->domain.dims, term.first);
                    });
                  });
  if (!isOfCell)
    return env.emitContains(b, op.getTable().getDefiningOp<dp::TableOp>(),
                            getIndices(op.getIndices()));
  IRMapping here;
  here.map(strip->domain.dims, strip->indices);
  Value all;
  for (const FormConstraint &each : *open) {
    if (strip->facts.exclude(each))
      return constant(false);
    all = both(b, all, env.emitHolds(b, each, here));
  }
  return all ? all : constant(true);
}
