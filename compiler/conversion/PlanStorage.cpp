//===- PlanStorage.cpp - where and as what tables are kept ----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Plan.h"
#include "compiler/conversion/Strips.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace danskin::conversion;

/// Is every read of the table at the cell where it is made, by the statement
/// that makes it?
static bool isLocal(Plan &plan, TablePlan &table) {
  unsigned rank = table.op.getRank();
  if (table.isOutput() || rank != table.root.getRank() ||
      !table.op.getScatters().empty())
    return false;
  for (Operation *user : table.op.getResult().getUsers()) {
    if (isa<dp::TracebackOp>(user))
      return false;
    auto read = dyn_cast<dp::ReadOp>(user);
    if (!read)
      continue;
    auto equation = read->getParentOfType<dp::EquationOp>();
    if (!equation || !isSameCell(read, rank) ||
        plan.get(equation.getTables()[0]).root != table.root)
      return false;
  }
  return true;
}

bool TablePlan::holdsArms() {
  auto isArmOfWinner = [&](dp::EquationOp equation) {
    unsigned place = llvm::find(equation.getTables(), op.getResult()) -
                     equation.getTables().begin();
    Value made = equation.getBody().front().getTerminator()->getOperand(place);
    auto choose = made.getDefiningOp<dp::ChooseOp>();
    return choose && choose.getReg() && choose.getReg()->weighsByPlace() &&
           made == choose.getResult(1) && choose.getMaxBinders() == 0 &&
           choose.getArms().front().getOperations().size() <=
               size_t(std::numeric_limits<int8_t>::max());
  };
  SmallVector<dp::EquationOp> equations = op.getEquations();
  return isIndex() && !isOutput() && !equations.empty() &&
         llvm::all_of(equations, isArmOfWinner);
}

Type Plan::getElement(TablePlan &table) {
  Builder b(program.getContext());
  if (!table.isIndex())
    return compute;
  return table.holdsArms() ? b.getI8Type() : b.getI64Type();
}

Type Plan::getElement(const InputCopy &copy) {
  dp::InputOp input = copy.input;
  return input.getResult().getType().getElement().isIndex()
             ? Type(Builder(program.getContext()).getI64Type())
             : io;
}

std::pair<int64_t, int64_t> Plan::getBytesOfCell(TablePlan &table) {
  int64_t second = table.isExplicit() ? 1 : isScaled(table) ? 4 : 0;
  return {getElement(table).getIntOrFloatBitWidth() / 8, second};
}

/// Does only a path read this place of a winner, and finds it out again sooner
/// than each cell keeps it? A path is of one dimension: of a table of more it
/// meets few cells. Threads would look through many candidates one by one.
static bool isFoundAgain(Plan &plan, TablePlan &table) {
  if (!table.isIndex() || table.isOutput() || plan.forThreads ||
      table.op.getEquations().empty())
    return false;
  for (dp::EquationOp equation : table.op.getEquations()) {
    auto yield = cast<dp::YieldOp>(equation.getBody().front().back());
    auto choose = yield.getOperand(0).getDefiningOp<dp::ChooseOp>();
    if (!choose || (table.root.getRank() < 2 && choose.getMaxBinders() > 0))
      return false;
  }
  Value value = table.op.getEquations().front().getTables()[0];
  return llvm::all_of(table.op.getResult().getUsers(), [&](Operation *user) {
    auto read = dyn_cast<dp::ReadOp>(user);
    if (!read)
      return !isa<dp::TracebackOp>(user);
    auto visit = dyn_cast<dp::VisitOp>(read->getParentOp());
    return visit && visit.getTable() == value &&
           llvm::equal(read.getIndices(), visit.getBody().getArguments());
  });
}

/// The schedule of a table's cells, if their time is of several indices; then
/// what is computed together does not lie together by itself.
SmallVector<ScheduleRow> Plan::getSlant(TablePlan &table) {
  // Threads that go down columns leave rows behind; only the latest cells are
  // kept by time, which are a few at a corner then.
  if (const Strips *ofTable = findStripsOf(table)) {
    const Strips::Held *held = ofTable->find(table);
    if (!held || held->corners.empty())
      return {};
  }
  for (const Statement &statement : statements) {
    if (statement.scatter || statement.over->op != table.root ||
        table.op.getRank() != table.root.getRank())
      continue;
    if (statement.getSlantedRow())
      return statement.schedule;
  }
  return {};
}

void Plan::findLocals() {
  for (auto &[value, table] : tables) {
    table->again = isFoundAgain(*this, *table);
    table->local = table->again || isLocal(*this, *table);
  }
}

const Strips *Plan::findStripsOf(TablePlan &table) const {
  for (auto &each : strips)
    for (const Statement *statement : each->statements)
      if (statement->over->op == table.root)
        return each.get();
  return nullptr;
}

LogicalResult Plan::makeLayouts() {
  for (auto &[value, table] : tables) {
    dp::TableOp op = table->op;
    if (table->isOutput()) {
      FailureOr<Layout> box = Layout::getPlain(op, table->domain, forms);
      if (failed(box))
        return failure();
      table->box = std::move(*box);
    }
    bool isRead = llvm::any_of(op.getResult().getUsers(), [](Operation *user) {
      return isa<dp::ReadOp, dp::ScatterOp>(user);
    });
    if (table->local || (table->isOutput() && !isRead && !table->summed))
      continue;
    const Strips *ofTable = findStripsOf(*table);
    const Strips::Held *held = ofTable ? ofTable->find(*table) : nullptr;
    if (held && !held->all && held->corners.empty())
      continue;
    auto storage = op->getAttrOfType<StringAttr>("storage");
    bool isBox = storage && storage.getValue() == "box";
    FailureOr<Layout> layout =
        isBox ? Layout::getPlain(op, table->domain, forms)
              : Layout::getSkewed(op, table->domain, forms, getSlant(*table));
    if (failed(layout))
      return failure();
    table->layout = std::move(*layout);
    table->innermost = getAxisOfAdditions(op);
    foldLayout(*table);
    segmentLayout(*table);
  }
  return success();
}

/// The index that a time is, if it is one or its negative.
std::optional<unsigned> Plan::getOnlyDim(ArrayRef<int64_t> factors) const {
  if (llvm::count(factors, 0) + 1 == int64_t(factors.size()))
    for (auto [d, factor] : llvm::enumerate(factors))
      if (factor == 1 || factor == -1)
        return d;
  return std::nullopt;
}

/// What scatters whose places are apart add to, by an index of their cells.
std::optional<unsigned> Plan::getAxisOfAdditions(dp::TableOp table) {
  for (dp::ScatterOp scatter : table.getScatters()) {
    Block &block = scatter.getBody().front();
    if (!scatter->hasAttr(danskin::apartAttrName))
      continue;
    auto indices = block.getTerminator()->getOperands().drop_back();
    for (auto [axis, index] : llvm::enumerate(indices))
      if (isa<BlockArgument>(index))
        return axis;
  }
  return std::nullopt;
}

/// Keeps what dp-fold-storage says is enough.
void Plan::foldLayout(TablePlan &table) {
  auto window =
      table.op->getAttrOfType<DenseI64ArrayAttr>(getWindowAttrName(order));
  auto rows = table.root->getAttrOfType<ArrayAttr>(order);
  if (!window || window.size() != 2 || !rows)
    return;
  auto row = cast<DenseI64ArrayAttr>(rows[window[0]]);
  table.layout->fold(window[0], getOnlyDim(row.asArrayRef().drop_back()),
                     window[1]);
}

/// Keeps a segment where dp-checkpoint-tables says that it is enough.
void Plan::segmentLayout(TablePlan &table) {
  auto rows = table.root->getAttrOfType<ArrayAttr>(order);
  auto past = table.op->getAttrOfType<IntegerAttr>(getSegmentedAttrName(order));
  if (!checkpoint || !rows || !past)
    return;
  table.past = past.getInt();
  auto row = cast<DenseI64ArrayAttr>(rows[checkpoint->row]);
  // What scatters over a table does not make its cells.
  bool isReader = llvm::any_of(statements, [&](const Statement &statement) {
    return statement.over->op == table.root && !statement.scatter &&
           isOfPhase(statement, checkpoint->readers);
  });
  table.layout->segment(checkpoint->row,
                        getOnlyDim(row.asArrayRef().drop_back()), row,
                        isReader ? Env::Phase::Readers : Env::Phase::Producers);
}
