//===- Derived.cpp - tables made from tables ------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Derived.h"
#include "compiler/analysis/Affine.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace danskin;

//===----------------------------------------------------------------------===//
// What depends on what
//===----------------------------------------------------------------------===//

StringRef danskin::getName(Value array) {
  Operation *op = array.getDefiningOp();
  if (auto input = dyn_cast<dp::InputOp>(op))
    return input.getName();
  return cast<dp::TableOp>(op).getName();
}

static bool isFloat(Value array) {
  return cast<dp::ArrayType>(array.getType()).getElement().isF64();
}

std::optional<SmallVector<Value>>
danskin::findVariables(dp::ProgramOp program, ArrayRef<std::string> names) {
  SmallVector<Value> variables;
  Block &body = program.getBody().front();
  if (names.empty()) {
    for (auto input : body.getOps<dp::InputOp>())
      if (isFloat(input.getResult()) && !input.getGamma() &&
          !input->hasAttr(derivedAttr))
        variables.push_back(input.getResult());
    return variables;
  }
  for (StringRef name : names) {
    Value found;
    for (auto input : body.getOps<dp::InputOp>())
      if (input.getName() == name && isFloat(input.getResult()))
        found = input.getResult();
    for (auto table : body.getOps<dp::TableOp>())
      if (table.getName() == name && table.getRole() == dp::TableRole::Let)
        found = table.getResult();
    if (!found) {
      program.emitError() << "`" << name
                          << "` is no float input and no let of program `"
                          << program.getSymName() << "` [E0503]";
      return std::nullopt;
    }
    if (!llvm::is_contained(variables, found))
      variables.push_back(found);
  }
  return variables;
}

/// Calls `edge(target, source)` for each read of `source` in what defines
/// `target`, once or more.
static void forEachRead(dp::ProgramOp program,
                        function_ref<void(Value, Value)> edge) {
  for (Operation &op : program.getBody().front()) {
    SmallVector<Value> targets;
    if (auto equation = dyn_cast<dp::EquationOp>(op))
      llvm::append_range(targets, equation.getTables());
    else if (auto scatter = dyn_cast<dp::ScatterOp>(op))
      targets.push_back(scatter.getTable());
    else
      continue;
    op.walk([&](dp::ReadOp read) {
      for (Value target : targets)
        edge(target, read.getArray());
    });
  }
}

static DenseSet<Value> close(dp::ProgramOp program, DenseSet<Value> set,
                             bool toTargets) {
  for (bool changed = true; changed;) {
    changed = false;
    forEachRead(program, [&](Value target, Value source) {
      Value from = toTargets ? source : target,
            to = toTargets ? target : source;
      if (isFloat(to) && set.contains(from))
        changed |= set.insert(to).second;
    });
  }
  return set;
}

DenseSet<Value> danskin::getDependents(dp::ProgramOp program, ValueRange from) {
  return close(program, DenseSet<Value>(from.begin(), from.end()), true);
}

DenseSet<Value> danskin::getPrecedents(dp::ProgramOp program) {
  DenseSet<Value> outputs;
  for (auto table : program.getBody().front().getOps<dp::TableOp>())
    if (table.getRole() == dp::TableRole::Output)
      outputs.insert(table.getResult());
  return close(program, outputs, false);
}

//===----------------------------------------------------------------------===//
// New tables and inputs
//===----------------------------------------------------------------------===//

dp::TableOp danskin::createTableLike(OpBuilder &builder, dp::TableOp like,
                                     const Twine &name, dp::TableRole role,
                                     Value owner) {
  auto table = builder.create<dp::TableOp>(
      like.getLoc(), like.getResult().getType(), name.str(), role,
      dp::Absence::Never, owner, like.getFollowsAttr());
  IRMapping mapping;
  like.getDomain().cloneInto(&table.getDomain(), mapping);
  return table;
}

dp::TableOp danskin::createTableOver(OpBuilder &builder, dp::InputOp input,
                                     const Twine &name, dp::TableRole role) {
  Location loc = input.getLoc();
  auto table = builder.create<dp::TableOp>(loc, input.getResult().getType(),
                                           name.str(), role, dp::Absence::Never,
                                           Value(), input.getNameAttr());
  OpBuilder::InsertionGuard guard(builder);
  builder.createBlock(&table.getDomain());
  Value zero = builder.create<arith::ConstantIndexOp>(loc, 0);
  SmallVector<Value> indices;
  for (Value extent : input.getExtents())
    indices.push_back(
        builder.create<dp::IterateOp>(loc, zero, extent, StringAttr()));
  builder.create<dp::YieldOp>(loc, indices);
  return table;
}

namespace {
/// The bounding box of a table's domain, over sizes only.
class BoundingBox {
public:
  BoundingBox(OpBuilder &builder, dp::TableOp table)
      : builder(builder), table(table),
        space(table->getParentOfType<dp::ProgramOp>()) {
    std::vector<LinearForm> cell;
    for (unsigned d = 0; d < table.getRank(); ++d) {
      indices.push_back(space.addIndex("i" + std::to_string(d)));
      cell.push_back(LinearForm::variable(indices.back()));
    }
    Conjunction domain;
    addAtoms(space.getDomain(table, cell), domain);
    addAtoms(space.getAssumptions(), domain);
    columns = space.getMentioned(domain);
    set = space.getPolyhedron(domain, columns);
  }

  /// The smallest index of dimension `d`, and the extent: affine in the sizes,
  /// so that a caller can be told it. Where several bounds hold, the first.
  std::pair<Value, Value> get(unsigned d) {
    std::vector<unsigned> others;
    unsigned column = 0;
    for (auto [c, id] : llvm::enumerate(columns)) {
      if (id == indices[d])
        column = c;
      else if (id >= space.getNumSizes())
        others.push_back(c);
    }
    Polyhedron shadow = sets::eliminate(set, others).set;
    sets::dropRedundant(shadow);
    SmallVector<AffineExpr> lower, upper;
    auto bound = [&](AffineForm row) {
      int64_t coefficient = row[column];
      if (!coefficient)
        return;
      row[column] = 0;
      if (coefficient > 0)
        lower.push_back(toExpr(sets::negate(row)).ceilDiv(coefficient));
      else
        upper.push_back(toExpr(row).floorDiv(-coefficient) + 1);
    };
    for (unsigned i = 0; i < shadow.getNumInequalities(); ++i)
      bound(sets::inequality(shadow, i));
    for (unsigned i = 0; i < shadow.getNumEqualities(); ++i) {
      bound(sets::equality(shadow, i));
      bound(sets::negate(sets::equality(shadow, i)));
    }
    return {emit(lower.front()), emit(upper.front() - lower.front())};
  }

private:
  static void addAtoms(const Formula &formula, Conjunction &atoms) {
    if (formula.getKind() == Formula::Atom)
      atoms.push_back(formula.getAtom());
    if (formula.getKind() == Formula::And)
      for (const Formula &part : formula.getParts())
        addAtoms(part, atoms);
  }

  AffineExpr toExpr(const AffineForm &row) {
    AffineExpr expr = builder.getAffineConstantExpr(row.back());
    for (auto [column, id] : llvm::enumerate(columns))
      if (row[column])
        expr = expr + builder.getAffineDimExpr(id) * row[column];
    return expr;
  }

  Value emit(AffineExpr expr) {
    if (auto constant = dyn_cast<AffineConstantExpr>(expr))
      return builder.create<arith::ConstantIndexOp>(table.getLoc(),
                                                    constant.getValue());
    SmallVector<Value> sizes;
    for (unsigned id = 0; id < space.getNumSizes(); ++id)
      sizes.push_back(space.getVariable(id).value);
    auto map = AffineMap::get(sizes.size(), 0, expr);
    return builder.create<affine::AffineApplyOp>(table.getLoc(), map, sizes);
  }

  OpBuilder &builder;
  dp::TableOp table;
  AffineSpace space;
  std::vector<unsigned> indices, columns;
  Polyhedron set = sets::universe(0);
};
} // namespace

BoxInput::BoxInput(OpBuilder &builder, Value array, const Twine &name,
                   double initial) {
  Location loc = array.getLoc();
  SmallVector<Value> extents;
  bool shared = false;
  if (auto like = array.getDefiningOp<dp::InputOp>()) {
    llvm::append_range(extents, like.getExtents());
    shared = like.getShared();
  } else {
    auto table = array.getDefiningOp<dp::TableOp>();
    BoundingBox box(builder, table);
    for (unsigned d = 0; d < table.getRank(); ++d) {
      auto [lower, extent] = box.get(d);
      origin.push_back(lower);
      extents.push_back(extent);
    }
  }
  input = builder.create<dp::InputOp>(
      loc, array.getType(), name.str(), extents, shared, false,
      builder.getF64FloatAttr(initial), nullptr);
  input->setAttr(derivedAttr, builder.getUnitAttr());
}

Value BoxInput::read(OpBuilder &builder, Location loc, ValueRange cell) const {
  SmallVector<Value> indices(cell);
  for (auto [index, lower] : llvm::zip(indices, origin))
    index = builder.create<arith::SubIOp>(loc, index, lower);
  dp::InputOp array = input;
  return builder.create<dp::ReadOp>(loc, array.getResult(), indices);
}

dp::EquationOp danskin::createEquation(OpBuilder &builder, Location loc,
                                       ValueRange tables) {
  auto equation = builder.create<dp::EquationOp>(loc, tables, false, nullptr);
  unsigned rank = cast<dp::ArrayType>(tables.front().getType()).getRank();
  OpBuilder::InsertionGuard guard(builder);
  builder.createBlock(&equation.getBody(), {},
                      SmallVector<Type>(rank, builder.getIndexType()),
                      SmallVector<Location>(rank, loc));
  return equation;
}

void danskin::openSum(OpBuilder &builder, dp::EquationOp equation,
                      StringAttr label) {
  Location loc = equation.getLoc();
  builder.setInsertionPointToEnd(&equation.getBody().front());
  auto sum = builder.create<dp::SumOp>(loc, builder.getF64Type());
  builder.create<dp::YieldOp>(loc, sum.getResult());
  builder.createBlock(&sum.getArms());
  auto arm = builder.create<dp::ArmOp>(loc, label);
  builder.createBlock(&arm.getBody());
}

dp::EquationOp danskin::cloneEquation(OpBuilder &builder,
                                      dp::EquationOp equation,
                                      ValueRange tables) {
  auto copy = builder.create<dp::EquationOp>(equation.getLoc(), tables,
                                             equation.getOtherwise(),
                                             equation.getOrdinalAttr());
  IRMapping mapping;
  equation.getBody().cloneInto(&copy.getBody(), mapping);
  return copy;
}

dp::WeightOp danskin::createWeight(OpBuilder &builder, Location loc,
                                   dp::EquationOp node, unsigned arm,
                                   Value score, ValueRange binders,
                                   ValueRange cell) {
  auto choose = getReduction<dp::ChooseOp>(node);
  SmallVector<Value> statistics, places(binders);
  for (Value table : node.getTables().drop_front())
    statistics.push_back(builder.create<dp::ReadOp>(loc, table, cell));
  while (places.size() < choose.getMaxBinders())
    places.push_back(builder.create<arith::ConstantIndexOp>(loc, 0));
  return builder.create<dp::WeightOp>(loc, choose.getRegAttr(), arm, score,
                                      places, statistics);
}

void danskin::settlePresence(dp::WeightOp weight) {
  for (Operation *user :
       llvm::make_early_inc_range(weight.getScore().getUsers())) {
    auto present = dyn_cast<dp::PresentOp>(user);
    if (!present || !present.getAbove() ||
        present->getBlock() != weight->getBlock())
      continue;
    OpBuilder before(present);
    present.replaceAllUsesWith(
        before.create<arith::ConstantIntOp>(present.getLoc(), 1, 1)
            .getResult());
    present.erase();
  }
}

void danskin::eraseIfDead(Operation *op) {
  llvm::SetVector<Operation *> open;
  open.insert(op);
  while (!open.empty()) {
    Operation *next = open.pop_back_val();
    if (!isOpTriviallyDead(next))
      continue;
    for (Value operand : next->getOperands())
      if (Operation *source = operand.getDefiningOp())
        open.insert(source);
    next->erase();
  }
}
