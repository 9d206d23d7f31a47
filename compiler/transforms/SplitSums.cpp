//===- SplitSums.cpp - a sum over a wavefront, row by row -----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A sum over all cells that a slanted wavefront makes, such as the derivative
// by one price of gaps, is a sum over its rows of sums over their cells. Those
// have a place each, so cells of equal time can add to them as they are made.
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/ScheduleAttr.h"
#include "compiler/transforms/Derived.h"
#include "compiler/transforms/Passes.h"
#include "compiler/transforms/Slices.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace danskin;

namespace danskin {
#define GEN_PASS_DEF_DPSPLITSUMS
#include "compiler/transforms/Passes.h.inc"
} // namespace danskin

/// Does the arm run over the cells of a wavefront, which it reads?
static bool runsOverWavefront(dp::ArmOp arm) {
  SmallVector<Value> binders = arm.getBinders();
  if (binders.size() != 2)
    return false;
  WalkResult found = arm.walk([&](dp::ReadOp read) {
    auto table = read.getArray().getDefiningOp<dp::TableOp>();
    return table && isWavefront(getRootOwner(table)) &&
                   read.getIndices().size() == 2 &&
                   std::is_permutation(binders.begin(), binders.end(),
                                       read.getIndices().begin())
               ? WalkResult::interrupt()
               : WalkResult::advance();
  });
  return found.wasInterrupted();
}

/// The arms of the one sum that the table's one cell is, if all run so.
static SmallVector<dp::ArmOp> findArms(dp::TableOp table) {
  auto equations = table.getEquations();
  if (table.getRank() != 0 || table.getOwner() || equations.size() != 1 ||
      equations[0].getTables().size() != 1 ||
      table.getAbsence() != dp::Absence::Never ||
      table->hasAttr(scheduleAttrName))
    return {};
  Block &cell = equations[0].getBody().front();
  auto sum = cell.getTerminator()->getOperand(0).getDefiningOp<dp::SumOp>();
  if (!sum || !llvm::hasSingleElement(cell.without_terminator()))
    return {};
  auto arms = llvm::to_vector(sum.getArms().front().getOps<dp::ArmOp>());
  return llvm::all_of(arms, runsOverWavefront) ? arms
                                               : SmallVector<dp::ArmOp>();
}

namespace {
struct SplitSums : danskin::impl::DpSplitSumsBase<SplitSums> {
  void runOnOperation() override {
    SmallVector<dp::ArmOp> arms;
    for (auto table : getOperation().getBody().front().getOps<dp::TableOp>())
      llvm::append_range(arms, findArms(table));
    for (auto [number, arm] : llvm::enumerate(arms))
      split(arm, number);
    if (arms.empty())
      markAllAnalysesPreserved();
  }

  /// The arm becomes a sum over a new table, whose cell is the sum of what was
  /// under the first of its indices.
  static void split(dp::ArmOp arm, unsigned number) {
    auto equation = arm->getParentOfType<dp::EquationOp>();
    auto outer = *arm.getBody().front().getOps<dp::IterateOp>().begin();
    OpBuilder b(equation);
    dp::TableOp rows = createTable(b, outer, number);
    createEquation(b, arm, outer, rows);

    b.setInsertionPoint(arm);
    auto total = b.create<dp::ArmOp>(arm.getLoc(), arm.getLabelAttr());
    b.createBlock(&total.getBody());
    IRMapping mapping;
    Value row = cloneWithCaptures(b, outer, mapping)->getResult(0);
    Value read = b.create<dp::ReadOp>(arm.getLoc(), rows.getResult(), row);
    b.create<dp::YieldOp>(arm.getLoc(), read);
    arm.erase();
  }

  static dp::TableOp createTable(OpBuilder &b, dp::IterateOp outer,
                                 unsigned number) {
    Location loc = outer.getLoc();
    auto rows = b.create<dp::TableOp>(
        loc, dp::ArrayType::get(b.getContext(), 1, b.getF64Type()),
        ("rows." + Twine(number)).str(), dp::TableRole::Table,
        dp::Absence::Never, Value(), StringAttr());
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&rows.getDomain());
    IRMapping mapping;
    Value row = cloneWithCaptures(b, outer, mapping)->getResult(0);
    b.create<dp::YieldOp>(loc, row);
    return rows;
  }

  static void createEquation(OpBuilder &b, dp::ArmOp arm, dp::IterateOp outer,
                             dp::TableOp rows) {
    Location loc = arm.getLoc();
    auto equation = danskin::createEquation(b, loc, rows.getResult());
    OpBuilder::InsertionGuard guard(b);
    Block &cell = equation.getBody().front();
    openSum(b, equation, arm.getLabelAttr());
    IRMapping mapping;
    mapping.map(outer.getIndex(), cell.getArgument(0));
    for (Operation &op : arm.getBody().front())
      if (&op != outer)
        b.clone(op, mapping);
  }
};
} // namespace
