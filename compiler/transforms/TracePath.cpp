//===- TracePath.cpp - dp-trace-path --------------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A visit of a choice writes a row and goes on in the arm that won, a visit of
// a sum in every term, any other visit in the reads of the value. The layout of
// the rows is in DpTracePath's description.
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "compiler/transforms/PathLength.h"
#include "compiler/transforms/Slices.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace danskin;

namespace danskin {
#define GEN_PASS_DEF_DPTRACEPATH
#include "compiler/transforms/Passes.h.inc"
} // namespace danskin

//===----------------------------------------------------------------------===//
// Where an equation applies
//===----------------------------------------------------------------------===//

/// Whether the guards from `first` on hold, each asked only if those before do.
/// `mapping` is a copy: what a branch copies belongs to it.
static Value emitGuards(OpBuilder &b, ArrayRef<dp::WhereOp> guards,
                        IRMapping mapping) {
  dp::WhereOp guard = guards.front();
  Value holds = cloneValue(b, guard.getCondition(), mapping);
  if (guards.size() == 1)
    return holds;
  Location loc = guard.getLoc();
  auto branch = b.create<scf::IfOp>(loc, TypeRange(b.getI1Type()), holds, true);
  OpBuilder then = branch.getThenBodyBuilder();
  then.create<scf::YieldOp>(loc,
                            emitGuards(then, guards.drop_front(), mapping));
  OpBuilder otherwise = branch.getElseBodyBuilder();
  Value no = otherwise.create<arith::ConstantIntOp>(loc, 0, 1);
  otherwise.create<scf::YieldOp>(loc, no);
  return branch.getResult(0);
}

/// Guards for the cell `cell` to be one that `equation` defines.
static void emitApplies(OpBuilder &b, dp::TableOp table,
                        dp::EquationOp equation, ValueRange cell,
                        IRMapping &mapping) {
  Location loc = equation.getLoc();
  auto getGuards = [](dp::EquationOp op) {
    return SmallVector<dp::WhereOp>(op.getBody().front().getOps<dp::WhereOp>());
  };
  if (equation.getOtherwise())
    for (dp::EquationOp other : table.getEquations()) {
      if (other == equation)
        continue;
      SmallVector<dp::WhereOp> guards = getGuards(other);
      Value yes = b.create<arith::ConstantIntOp>(loc, 1, 1);
      IRMapping theirs;
      theirs.map(other.getBody().getArguments(), cell);
      Value taken = guards.empty() ? yes : emitGuards(b, guards, theirs);
      b.create<dp::WhereOp>(loc, b.create<arith::XOrIOp>(loc, taken, yes));
    }
  for (dp::WhereOp guard : getGuards(equation))
    b.create<dp::WhereOp>(loc, cloneValue(b, guard.getCondition(), mapping));
}

//===----------------------------------------------------------------------===//
// Visits
//===----------------------------------------------------------------------===//

namespace {
struct TracePath : danskin::impl::DpTracePathBase<TracePath> {
  void runOnOperation() override {
    if (!getOperation()->hasAttr(PathSteps::rankAttr)) {
      getOperation().emitError(
          "has no layout of its paths; dp-lay-out-paths makes one");
      return signalPassFailure();
    }
    PathSteps steps(getOperation());
    OpBuilder b = OpBuilder::atBlockEnd(&getOperation().getBody().front());
    if (failed(createTraceback(b, steps)))
      return signalPassFailure();
    for (dp::TableOp output : steps.getOutputs())
      emitRoot(output, steps);
    SmallVector<dp::TableOp> tables(
        getOperation().getBody().front().getOps<dp::TableOp>());
    for (dp::TableOp table : tables)
      if (steps.isOnPath(table.getResult()) &&
          table.getRole() != dp::TableRole::Output)
        for (dp::EquationOp equation : table.getEquations())
          emitVisits(table, equation, steps);
    if (hasFailed)
      signalPassFailure();
  }

private:
  LogicalResult createTraceback(OpBuilder &b, const PathSteps &steps) {
    Location loc = getOperation().getLoc();
    PathLength length = emitPathLength(b, getOperation(), steps);
    if (!length.rows)
      return getOperation().emitError(
          "finds no bound on the length of a path [E0508]");
    Value width = b.create<arith::ConstantIndexOp>(loc, steps.getWidth());
    unsigned rank = 0;
    for (auto table : getOperation().getBody().front().getOps<dp::TableOp>())
      rank = std::max(rank, table.getRank());
    Value entry = b.create<arith::ConstantIndexOp>(loc, 1 + rank);
    Value rows =
        createTable(b, "argmax", dp::TableRole::Output, {length.rows, width});
    Value count = createTable(b, "argmax.length", dp::TableRole::Output, {});
    Value stack = createTable(b, "argmax.stack", dp::TableRole::Node,
                              {length.cells, entry});
    traceback = b.create<dp::TracebackOp>(loc, rows, count, stack);
    b.createBlock(&traceback.getVisits());
    return success();
  }

  Value createTable(OpBuilder &b, StringRef name, dp::TableRole role,
                    ArrayRef<Value> extents) {
    Location loc = getOperation().getLoc();
    auto table = b.create<dp::TableOp>(
        loc,
        dp::ArrayType::get(b.getContext(), extents.size(), b.getIndexType()),
        name, role, dp::Absence::Never, Value(), nullptr);
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&table.getDomain());
    Value zero = b.create<arith::ConstantIndexOp>(loc, 0);
    SmallVector<Value> indices;
    for (Value extent : extents)
      indices.push_back(
          b.create<dp::IterateOp>(loc, zero, extent, StringAttr()));
    b.create<dp::YieldOp>(loc, indices);
    return table.getResult();
  }

  /// Opens a visit of `table`; the builder stands before its yield.
  std::pair<dp::VisitOp, OpBuilder> createVisit(dp::TableOp table,
                                                bool isRoot) {
    OpBuilder b = OpBuilder::atBlockEnd(&traceback.getVisits().front());
    Location loc = table.getLoc();
    auto visit = b.create<dp::VisitOp>(loc, table.getResult(), isRoot);
    Block *block =
        b.createBlock(&visit.getBody(), {},
                      SmallVector<Type>(table.getRank(), b.getIndexType()),
                      SmallVector<Location>(table.getRank(), loc));
    auto yield = b.create<dp::YieldOp>(loc, ValueRange());
    return {visit, OpBuilder(block, Block::iterator(yield))};
  }

  /// The rows of an absent output are none.
  void emitRoot(dp::TableOp output, const PathSteps &steps) {
    for (dp::EquationOp equation : output.getEquations()) {
      auto [visit, b] = createVisit(output, /*isRoot=*/true);
      IRMapping mapping;
      mapping.map(equation.getBody().getArguments(),
                  visit.getBody().getArguments());
      Value value = PathSteps::getValue(equation);
      Value copy = cloneValue(b, value, mapping);
      b.create<dp::WhereOp>(equation.getLoc(),
                            b.create<dp::PresentOp>(equation.getLoc(), copy));
      emitDescents(b, value, mapping, steps);
    }
  }

  void emitVisits(dp::TableOp table, dp::EquationOp equation,
                  const PathSteps &steps) {
    // The statistics of a choice are no cells of their own.
    if (equation.getTables()[0] != table.getResult())
      return;
    if (dp::ChooseOp choice = PathSteps::getChoice(equation)) {
      for (auto arm : choice.getArms().front().getOps<dp::ArmOp>())
        emitWinner(table, equation, arm, steps);
      return;
    }
    if (dp::SumOp sum = PathSteps::getSum(equation)) {
      for (auto arm : sum.getArms().front().getOps<dp::ArmOp>())
        emitTerms(table, equation, arm, steps);
      return;
    }
    auto [visit, b] = createVisit(table, /*isRoot=*/false);
    IRMapping mapping;
    mapping.map(equation.getBody().getArguments(),
                visit.getBody().getArguments());
    emitApplies(b, table, equation, visit.getBody().getArguments(), mapping);
    if (!steps.chooses(equation))
      emitStep(b, table, equation, visit, -1, {}, steps);
    emitDescents(b, PathSteps::getValue(equation), mapping, steps);
  }

  void emitWinner(dp::TableOp table, dp::EquationOp equation, dp::ArmOp arm,
                  const PathSteps &steps) {
    auto [visit, b] = createVisit(table, /*isRoot=*/false);
    Location loc = arm.getLoc();
    ValueRange cell = visit.getBody().getArguments();
    auto readStatistic = [&, &b = b](unsigned i) -> Value {
      return b.create<dp::ReadOp>(loc, equation.getTables()[1 + i], cell);
    };
    Value place = b.create<arith::ConstantIndexOp>(loc, arm.getOrdinal());
    b.create<dp::WhereOp>(loc,
                          b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq,
                                                  readStatistic(0), place));
    IRMapping mapping;
    mapping.map(equation.getBody().getArguments(), cell);
    SmallVector<Value> binders;
    for (auto [i, binder] : llvm::enumerate(arm.getBinders())) {
      binders.push_back(readStatistic(1 + i));
      mapping.map(binder, binders.back());
    }
    emitStep(b, table, equation, visit, PathSteps::getArmNumber(arm), binders,
             steps);
    emitDescents(b, arm.getScore(), mapping, steps);
  }

  void emitTerms(dp::TableOp table, dp::EquationOp equation, dp::ArmOp arm,
                 const PathSteps &steps) {
    auto [visit, b] = createVisit(table, /*isRoot=*/false);
    IRMapping mapping;
    mapping.map(equation.getBody().getArguments(),
                visit.getBody().getArguments());
    for (Operation &op : arm.getBody().front())
      if (isa<dp::IterateOp, dp::WhereOp>(op))
        cloneWithCaptures(b, &op, mapping);
    emitDescents(b, arm.getScore(), mapping, steps);
  }

  /// Writes the row of a choice whose arm of this number won, or, with -1, of
  /// an equation.
  void emitStep(OpBuilder &b, dp::TableOp table, dp::EquationOp equation,
                dp::VisitOp visit, int64_t number, ArrayRef<Value> binders,
                const PathSteps &steps) {
    Location loc = table.getLoc();
    auto constant = [&](int64_t value) -> Value {
      return b.create<arith::ConstantIndexOp>(loc, value);
    };
    Value nothing = constant(-1);
    dp::TableOp root = PathSteps::getRoot(table);
    SmallVector<Value> row = {constant(steps.getTableNumber(root))};
    llvm::append_range(
        row, visit.getBody().getArguments().take_front(root.getRank()));
    row.resize(1 + steps.getRank(), nothing);
    row.push_back(constant(PathSteps::getEquationNumber(table, equation)));
    row.push_back(constant(number));
    row.append(binders.begin(), binders.end());
    row.resize(steps.getWidth(), nothing);
    b.create<dp::StepOp>(loc, row);
  }

  /// Names the cells that `value` is made of. `mapping` is a copy: what a
  /// branch copies belongs to it.
  void emitDescents(OpBuilder &b, Value value, IRMapping mapping,
                    const PathSteps &steps) {
    Operation *op = value.getDefiningOp();
    if (!isMadeOfPath(value, steps))
      return;
    if (auto read = dyn_cast<dp::ReadOp>(op)) {
      SmallVector<Value> indices;
      for (Value index : read.getIndices())
        indices.push_back(cloneValue(b, index, mapping));
      b.create<dp::DescendOp>(read.getLoc(), read.getArray(), indices);
      return;
    }
    auto emitBranch = [&](Value condition, Value yes, Value no) {
      auto branch = b.create<scf::IfOp>(
          op->getLoc(), TypeRange(), cloneValue(b, condition, mapping), true);
      OpBuilder then = branch.getThenBodyBuilder();
      emitDescents(then, yes, mapping, steps);
      OpBuilder otherwise = branch.getElseBodyBuilder();
      emitDescents(otherwise, no, mapping, steps);
    };
    if (auto branch = dyn_cast<scf::IfOp>(op)) {
      unsigned i = cast<OpResult>(value).getResultNumber();
      return emitBranch(branch.getCondition(), branch.thenYield().getOperand(i),
                        branch.elseYield().getOperand(i));
    }
    if (auto select = dyn_cast<arith::SelectOp>(op))
      return emitBranch(select.getCondition(), select.getTrueValue(),
                        select.getFalseValue());
    if (!isa<arith::AddFOp, arith::SubFOp, arith::NegFOp>(op)) {
      op->emitError("a path cannot go through what multiplies or transforms "
                    "the cells it reads [E0507]");
      hasFailed = true;
      return;
    }
    for (Value operand : op->getOperands())
      emitDescents(b, operand, mapping, steps);
  }

  bool isMadeOfPath(Value value, const PathSteps &steps) {
    auto [place, isNew] = madeOfPath.try_emplace(value, false);
    if (!isNew)
      return place->second;
    bool found = false;
    forEachRead(value, [&](dp::ReadOp read) {
      found |= steps.isOnPath(read.getArray());
    });
    return madeOfPath[value] = found;
  }

  dp::TracebackOp traceback;
  DenseMap<Value, bool> madeOfPath;
  bool hasFailed = false;
};
} // namespace
