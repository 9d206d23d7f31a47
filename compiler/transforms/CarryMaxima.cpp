//===- CarryMaxima.cpp - maxima over a table, taken as it passes ----------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A maximum over all cells of a table (where a local alignment ends) waits for
// the last of them, so that none can be forgotten before. The maximum so far is
// a table too, whose cells have the time of those that they look at:
//
//   score = max { H[i, j] for i in 0..N, j in 0..M }
//
//   run0[i, j] = max { run0[i-1, j]? | H[i, j] }      of a column, down to i
//   run1[N-1, j] = max { run1[N-1, j-1]? | run0[N-1, j] }
//   score = max { run1[N-1, M-1]? }
//
// A hard maximum is the same in any order; of the others none is to the bit.
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/Dependences.h"
#include "compiler/transforms/Passes.h"
#include "compiler/transforms/Slices.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace danskin;

namespace danskin {
#define GEN_PASS_DEF_DPCARRYMAXIMA
#include "compiler/transforms/Passes.h.inc"
} // namespace danskin

static bool dependsOn(Value value, ArrayRef<dp::IterateOp> iterates) {
  Operation *op = value.getDefiningOp();
  return op && (llvm::is_contained(iterates, op) ||
                llvm::any_of(op->getOperands(), [&](Value operand) {
                  return dependsOn(operand, iterates);
                }));
}

/// Does the arm read a cell of a table for each of the indices?
static bool readsTable(dp::ArmOp arm, ArrayRef<dp::IterateOp> iterates) {
  return llvm::any_of(arm.getOps<dp::ReadOp>(), [&](dp::ReadOp read) {
    return read.getArray().getDefiningOp<dp::TableOp>() &&
           llvm::all_of(iterates, [&](dp::IterateOp iterate) {
             return llvm::is_contained(read.getIndices(), iterate.getIndex());
           });
  });
}

/// Does the arm read what is computed with the maximum itself (a sum that is
/// one of its candidates)? That does not pass by: it waits for the maximum.
static bool readsOwn(dp::ArmOp arm, dp::TableOp maximum) {
  return arm
      .walk([&](dp::ReadOp read) {
        auto table = read.getArray().getDefiningOp<dp::TableOp>();
        bool isOwn = table && getRootOwner(table) == getRootOwner(maximum);
        return isOwn ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

/// The equation of `table`: a choice like `choose`, without its arms and
/// statistics. Leaves the builder where arms go; returns the equation's block.
static Block *createChoice(OpBuilder &b, dp::ChooseOp choose,
                           dp::TableOp table) {
  Location loc = choose.getLoc();
  auto made = b.create<dp::EquationOp>(loc, ValueRange(table.getResult()),
                                       false, nullptr);
  SmallVector<Location> locs(table.getRank(), loc);
  SmallVector<Type> types(table.getRank(), b.getIndexType());
  Block *block = b.createBlock(&made.getBody(), {}, types, locs);
  auto choice =
      b.create<dp::ChooseOp>(loc, TypeRange(b.getF64Type()), choose.getSense(),
                             choose.getRegAttr(), Value());
  b.create<dp::YieldOp>(loc, choice.getResults());
  b.createBlock(&choice.getArms());
  return block;
}

namespace {
/// An arm of a choice.
class Carrier {
public:
  Carrier(dp::ArmOp arm, unsigned number)
      : arm(arm), number(number), choose(arm->getParentOfType<dp::ChooseOp>()),
        equation(choose->getParentOfType<dp::EquationOp>()),
        node(equation.getTables().front().getDefiningOp<dp::TableOp>()),
        iterates(arm.getOps<dp::IterateOp>()), rank(node.getRank()) {}

  dp::ArmOp getArm() { return arm; }
  /// Is it over a box, all cells of a table?
  bool isWorthIt();
  /// Returns the table that has the maximum in its last cell.
  dp::TableOp createTables();
  /// In the arm's place, at the builder: that cell, if there is one.
  void emitLast(OpBuilder &b, dp::TableOp table);

private:
  dp::TableOp createTable(unsigned axis);
  void emitRead(OpBuilder &b, dp::TableOp table,
                llvm::function_ref<SmallVector<Value>(OpBuilder &)> getCell);
  void emitScore(OpBuilder &b, ValueRange cell);
  void createEquation(dp::TableOp table, unsigned axis, dp::TableOp before);

  Value decrement(OpBuilder &b, Value index) {
    Value one = b.create<arith::ConstantIndexOp>(choose.getLoc(), 1);
    return b.create<arith::SubIOp>(choose.getLoc(), index, one);
  }

  dp::ArmOp arm;
  unsigned number; ///< of the arm
  dp::ChooseOp choose;
  dp::EquationOp equation;
  dp::TableOp node;
  SmallVector<dp::IterateOp> iterates;
  unsigned rank; ///< of the node, whose indices come first
};
} // namespace

bool Carrier::isWorthIt() {
  bool isBox = llvm::none_of(iterates, [&](dp::IterateOp iterate) {
    return dependsOn(iterate.getLower(), iterates) ||
           dependsOn(iterate.getUpper(), iterates);
  });
  return iterates.size() > 1 && isBox && readsTable(arm, iterates) &&
         !readsOwn(arm, node);
}

/// Over the node's indices and those of the arm, of which the first `axis` are
/// the last there are.
dp::TableOp Carrier::createTable(unsigned axis) {
  Region domain;
  OpBuilder inner(node.getContext());
  inner.createBlock(&domain);
  IRMapping map;
  SmallVector<Value> indices = cloneDomain(inner, node);
  map.map(equation.getBody().getArguments(), indices);
  for (auto [id, iterate] : llvm::enumerate(iterates)) {
    Value upper = cloneValue(inner, iterate.getUpper(), map);
    Value lower = id < axis ? decrement(inner, upper)
                            : cloneValue(inner, iterate.getLower(), map);
    indices.push_back(inner.create<dp::IterateOp>(
        iterate.getLoc(), lower, upper, iterate.getNameAttr()));
  }
  inner.create<dp::YieldOp>(choose.getLoc(), indices);
  OpBuilder b(equation);
  std::string name =
      (node.getName() + ".run" + Twine(number) + "." + Twine(axis)).str();
  auto table = b.create<dp::TableOp>(
      choose.getLoc(),
      dp::ArrayType::get(b.getContext(), indices.size(), b.getF64Type()), name,
      dp::TableRole::Node, dp::Absence::Max, Value(), nullptr);
  table.getDomain().takeBody(domain);
  return table;
}

/// An arm: the cell of the table, if there is one.
void Carrier::emitRead(
    OpBuilder &b, dp::TableOp table,
    llvm::function_ref<SmallVector<Value>(OpBuilder &)> getCell) {
  Location loc = choose.getLoc();
  auto read = b.create<dp::ArmOp>(loc, StringAttr());
  OpBuilder inner(b.getContext());
  inner.createBlock(&read.getBody());
  SmallVector<Value> cell = getCell(inner);
  Value array = table.getResult();
  inner.create<dp::WhereOp>(loc,
                            inner.create<dp::ContainsOp>(loc, array, cell));
  Value score = inner.create<dp::ReadOp>(loc, array, cell);
  inner.create<dp::YieldOp>(loc, score);
}

/// The arm itself, for one cell.
void Carrier::emitScore(OpBuilder &b, ValueRange cell) {
  IRMapping map;
  map.map(equation.getBody().getArguments(), cell.take_front(rank));
  for (auto [iterate, index] : llvm::zip_equal(iterates, cell.drop_front(rank)))
    map.map(iterate.getIndex(), index);
  auto score = b.create<dp::ArmOp>(arm.getLoc(), arm.getLabelAttr());
  OpBuilder inner(b.getContext());
  inner.createBlock(&score.getBody());
  for (Operation &op : arm.getBody().front())
    if (!isa<dp::IterateOp>(op))
      cloneWithCaptures(inner, &op, map);
}

void Carrier::createEquation(dp::TableOp table, unsigned axis,
                             dp::TableOp before) {
  OpBuilder b(equation);
  SmallVector<Value> cell(createChoice(b, choose, table)->getArguments());
  emitRead(b, table, [&](OpBuilder &inner) {
    SmallVector<Value> previous(cell);
    previous[rank + axis] = decrement(inner, cell[rank + axis]);
    return previous;
  });
  if (before)
    emitRead(b, before, [&](OpBuilder &) { return cell; });
  else
    emitScore(b, cell);
}

dp::TableOp Carrier::createTables() {
  dp::TableOp before;
  for (unsigned axis = 0; axis < iterates.size(); ++axis) {
    dp::TableOp table = createTable(axis);
    createEquation(table, axis, before);
    before = table;
  }
  return before;
}

void Carrier::emitLast(OpBuilder &b, dp::TableOp table) {
  Operation *holder = b.getInsertionBlock()->getParentOp();
  Block &block = holder->getParentOfType<dp::EquationOp>().getBody().front();
  emitRead(b, table, [&](OpBuilder &inner) {
    IRMapping map;
    SmallVector<Value> cell(block.getArguments());
    map.map(equation.getBody().getArguments(), cell);
    for (dp::IterateOp iterate : iterates)
      cell.push_back(
          decrement(inner, cloneValue(inner, iterate.getUpper(), map)));
    return cell;
  });
}

/// Does what it looks at never wait for it? A table that reads others of its
/// cells may not have the maximum of more of them than it asks for.
static bool isOfOutput(dp::EquationOp equation) {
  auto table = equation.getTables().front().getDefiningOp<dp::TableOp>();
  return getRootOwner(table).getRole() == dp::TableRole::Output;
}

/// Does anybody ask which candidate was the largest?
static bool hasReadStatistics(dp::EquationOp equation) {
  return llvm::any_of(equation.getTables().drop_front(),
                      [](Value table) { return !table.hasOneUse(); });
}

static void carryMaxima(dp::EquationOp equation, dp::ChooseOp choose) {
  SmallVector<std::pair<Carrier, dp::TableOp>> arms;
  bool isAny = false;
  for (auto arm : choose.getArms().front().getOps<dp::ArmOp>()) {
    Carrier carrier(arm, arms.size());
    bool isWorthIt = carrier.isWorthIt();
    arms.push_back({carrier, isWorthIt ? carrier.createTables() : nullptr});
    isAny |= isWorthIt;
  }
  if (!isAny)
    return;
  OpBuilder b(equation);
  IRMapping map;
  map.map(
      equation.getBody().getArguments(),
      createChoice(b, choose,
                   equation.getTables().front().getDefiningOp<dp::TableOp>())
          ->getArguments());
  for (auto &[carrier, table] : arms)
    if (table)
      carrier.emitLast(b, table);
    else
      cloneWithCaptures(b, carrier.getArm(), map);
  SmallVector<Value> statistics(equation.getTables().drop_front());
  equation.erase();
  for (Value table : statistics)
    table.getDefiningOp()->erase();
}

namespace {
struct CarryMaxima : danskin::impl::DpCarryMaximaBase<CarryMaxima> {
  void runOnOperation() override {
    SmallVector<dp::ChooseOp> choices;
    getOperation().walk([&](dp::ChooseOp choose) {
      if (choose.getReg()->getCurvatureKind() == dp::CurvatureKind::Zero)
        choices.push_back(choose);
    });
    for (dp::ChooseOp choose : choices) {
      auto equation = cast<dp::EquationOp>(choose->getParentOp());
      if (isOfOutput(equation) && !hasReadStatistics(equation))
        carryMaxima(equation, choose);
    }
  }
};
} // namespace
