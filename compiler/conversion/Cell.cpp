//===- Cell.cpp - the code of one cell ------------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Cell.h"
#include "compiler/conversion/Marks.h"
#include "compiler/conversion/Scaled.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace danskin::conversion;

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

void Cell::bind(Block &block, ValueRange indices) {
  for (auto [argument, index] : llvm::zip_equal(block.getArguments(), indices))
    scope.map(argument, index);
  if (strip)
    for (auto [argument, dim] :
         llvm::zip_equal(block.getArguments(), strip->domain.dims))
      strip->facts.bind(argument, Form::variable(dim));
}

Value Cell::getIndex(Value value) {
  if (Value known = scope.lookupOrNull(value))
    return known;
  // Stands outside of all comprehensions: a constant or a function of sizes.
  return env.getParameter(value);
}

Real Cell::get(Value value) {
  if (auto known = reals.find(value); known != reals.end())
    return known->second;
  // Stands outside of all comprehensions: a constant.
  auto constant =
      cast<FloatAttr>(value.getDefiningOp<arith::ConstantOp>().getValue());
  return reals[value] = {
             memory.emitFloat(env.getPrologue(), constant.getValueAsDouble()),
             Value(), Value()};
}

SmallVector<Value> Cell::getIndices(ValueRange values) {
  SmallVector<Value> out;
  for (Value value : values)
    out.push_back(getIndex(value));
  return out;
}

Type Cell::getType(Type type) {
  return type.isF64() ? Type(plan.compute) : type;
}

Value Cell::both(OpBuilder &b, Value left, Value right) {
  if (!left || !right)
    return left ? left : right;
  return b.create<arith::AndIOp>(loc, left, right);
}

/// `above`: and neither is it -inf.
Value Cell::emitIsPresent(OpBuilder &b, Real real, bool above) {
  if (real.isScaled())
    return Scaled(b, loc).isNotZero({real.value, real.exponent});
  Value present = real.present;
  if (above) {
    Value lowest =
        memory.emitFloat(b, -std::numeric_limits<double>::infinity());
    present = both(b, present,
                   b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::UNE,
                                           real.value, lowest));
  }
  if (!present)
    present = b.create<arith::ConstantIntOp>(loc, 1, 1);
  return present;
}

/// Before anything is emitted: can the value be absent?
bool Cell::mayBeAbsent(Value value) {
  if (auto known = absences.find(value); known != absences.end())
    return known->second;
  Operation *op = value.getDefiningOp();
  auto any = [&](ValueRange values) {
    return llvm::any_of(
        values, [&](Value v) { return v.getType().isF64() && mayBeAbsent(v); });
  };
  bool result = false;
  if (!op || isa<dp::WeightOp, dp::CurvatureOp>(op)) {
    result = false;
  } else if (auto read = dyn_cast<dp::ReadOp>(op)) {
    auto table = read.getArray().getDefiningOp<dp::TableOp>();
    result = table && table.getAbsence() != dp::Absence::Never;
  } else if (auto branch = dyn_cast<scf::IfOp>(op)) {
    unsigned i = cast<OpResult>(value).getResultNumber();
    result = any(
        {branch.thenYield().getOperand(i), branch.elseYield().getOperand(i)});
  } else if (auto sum = dyn_cast<dp::SumOp>(op)) {
    for (auto arm : sum.getArms().front().getOps<dp::ArmOp>())
      result |= any(arm.getScore());
  } else {
    result = isa<dp::NoneOp, dp::ChooseOp>(op) || any(op->getOperands());
  }
  return absences[value] = result;
}

//===----------------------------------------------------------------------===//
// Equations
//===----------------------------------------------------------------------===//

void Cell::emitCells(OpBuilder &b, Unit &unit, ValueRange indices) {
  const Nest &nest = *unit.nest;
  Nest::Point point = nest.start(env, indices);
  Value guard =
      isAllCells(unit) ? Value() : nest.emitGuards(b, loc, env, point);
  emitGuarded(b, unit, guard, [&](OpBuilder &at) {
    nest.emit(at, loc, env, point, [&](OpBuilder &inner, ValueRange cells) {
      emitUnit(inner, unit, cells);
    });
  });
}

/// Tables without memory are nothing where the guard does not hold.
void Cell::emitGuarded(OpBuilder &b, Unit &unit, Value guard,
                       llvm::function_ref<void(OpBuilder &)> emit) {
  if (!guard)
    return emit(b);
  SmallVector<TablePlan *> mine;
  for (TablePlan *table : unit.tables)
    if (table->local || isHeld(*table))
      mine.push_back(table);
  SmallVector<Type> types;
  for (TablePlan *table : mine)
    llvm::append_range(types, memory.getRawTypes(*table));
  SmallVector<Value> results = emitBranch(
      b, guard, types,
      [&](OpBuilder &inner) {
        emit(inner);
        SmallVector<Value> raws;
        for (TablePlan *table : mine)
          llvm::append_range(raws, locals.lookup(table));
        return raws;
      },
      [&](OpBuilder &inner) {
        SmallVector<Value> raws;
        for (TablePlan *table : mine)
          llvm::append_range(raws, memory.emitNothing(inner, *table));
        return raws;
      });
  ArrayRef<Value> rest = results;
  for (TablePlan *table : mine) {
    size_t width = memory.getRawTypes(*table).size();
    locals[table] = Memory::Raw(rest.take_front(width));
    rest = rest.drop_front(width);
  }
}

SmallVector<Value> Cell::emitBranch(
    OpBuilder &b, Value condition, TypeRange types,
    llvm::function_ref<SmallVector<Value>(OpBuilder &)> then,
    llvm::function_ref<SmallVector<Value>(OpBuilder &)> otherwise) {
  auto branch =
      b.create<scf::IfOp>(loc, types, condition, /*withElseRegion=*/true);
  auto fill = [&](Region &region,
                  llvm::function_ref<SmallVector<Value>(OpBuilder &)> emit) {
    Block &block = region.front();
    // One without results has its terminator.
    if (!block.empty())
      block.back().erase();
    OpBuilder inner = OpBuilder::atBlockEnd(&block);
    SmallVector<Value> yields = emit(inner);
    inner.setInsertionPointToEnd(&block);
    inner.create<scf::YieldOp>(loc, yields);
  };
  fill(branch.getThenRegion(), then);
  fill(branch.getElseRegion(), otherwise);
  return SmallVector<Value>(branch.getResults());
}

SmallVector<Value> Cell::emitColdBranch(
    OpBuilder &b, Value condition, TypeRange types,
    llvm::function_ref<SmallVector<Value>(OpBuilder &)> then,
    llvm::function_ref<SmallVector<Value>(OpBuilder &)> otherwise) {
  SmallVector<Value> results = emitBranch(b, condition, types, then, otherwise);
  results.front().getDefiningOp()->setAttr(coldAttr, b.getUnitAttr());
  return results;
}

/// Computes the cell `indices` of a unit and stores it.
void Cell::emitUnit(OpBuilder &b, Unit &unit, ValueRange indices) {
  SmallVector<Value> all = emitEquations(b, unit, indices, 0);
  ArrayRef<Value> rest = all;
  for (TablePlan *table : unit.tables) {
    size_t width = memory.getRawTypes(*table).size();
    Memory::Raw raw(rest.take_front(width));
    rest = rest.drop_front(width);
    if (table->summed)
      raw[0] = b.create<arith::AddFOp>(loc, memory.load(b, *table, indices)[0],
                                       raw[0]);
    bool isKept = isHeld(*table);
    if (table->local || isKept)
      locals[table] = raw;
    bool isStored = !table->local && !path;
    if (isStored && (!isKept || strip->strips.find(*table)->corners.empty()))
      memory.store(b, *table, indices, raw);
  }
}

SmallVector<Value> Cell::emitEquations(OpBuilder &b, Unit &unit,
                                       ValueRange indices, unsigned first) {
  dp::EquationOp equation = unit.equations[first];
  // The equations cover the table, so the last one needs no condition.
  if (first + 1 == unit.equations.size())
    return emitBody(b, unit, equation, indices);
  Value applies = emitApplies(b, equation, indices);
  if (!applies)
    return emitBody(b, unit, equation, indices);
  SmallVector<Type> types;
  for (TablePlan *table : unit.tables)
    llvm::append_range(types, memory.getRawTypes(*table));
  return emitBranch(
      b, applies, types,
      [&](OpBuilder &inner) {
        return emitBody(inner, unit, equation, indices);
      },
      [&](OpBuilder &inner) {
        return emitEquations(inner, unit, indices, first + 1);
      });
}

/// The leading guards of an equation, each asked only if those before hold;
/// null without any.
Value Cell::emitApplies(OpBuilder &b, dp::EquationOp equation,
                        ValueRange indices) {
  Block &block = equation.getBody().front();
  bind(block, indices);
  SmallVector<dp::WhereOp> guards(block.getOps<dp::WhereOp>());
  auto emitFrom = [&](OpBuilder &inner, Block::iterator op, unsigned guard,
                      auto &&emitFrom) -> Value {
    for (; &*op != guards[guard].getOperation(); ++op)
      emitOp(inner, &*op);
    Value holds = getIndex(guards[guard].getCondition());
    if (guard + 1 == guards.size())
      return holds;
    auto branch = inner.create<scf::IfOp>(
        loc, holds,
        [&](OpBuilder &then, Location) {
          then.create<scf::YieldOp>(
              loc, emitFrom(then, std::next(op), guard + 1, emitFrom));
        },
        [&](OpBuilder &otherwise, Location) {
          Value no = otherwise.create<arith::ConstantIntOp>(loc, 0, 1);
          otherwise.create<scf::YieldOp>(loc, no);
        });
    return branch.getResult(0);
  };
  return guards.empty() ? Value() : emitFrom(b, block.begin(), 0, emitFrom);
}

SmallVector<Value> Cell::emitBody(OpBuilder &b, Unit &unit,
                                  dp::EquationOp equation, ValueRange indices) {
  Block &block = equation.getBody().front();
  bind(block, indices);
  for (Operation &op : block.without_terminator())
    if (!isa<dp::WhereOp>(op))
      emitOp(b, &op);
  auto yield = cast<dp::YieldOp>(block.back());
  SmallVector<Value> out;
  for (TablePlan *table : unit.tables) {
    auto place = llvm::find(equation.getTables(), table->op.getResult());
    if (place == equation.getTables().end()) {
      llvm::append_range(out, memory.emitNothing(b, *table));
      continue;
    }
    Value value = yield.getOperand(place - equation.getTables().begin());
    Real real;
    if (table->isIndex())
      real.value = getIndex(value);
    else if (std::optional<LogUnit> unit =
                 plan.units.getTable(table->op.getResult()))
      real = getScaled(b, value, *unit);
    else
      real = getPlain(b, value);
    llvm::append_range(out, memory.encode(b, *table, real));
  }
  return out;
}

//===----------------------------------------------------------------------===//
// Comprehensions
//===----------------------------------------------------------------------===//

SmallVector<Value> Cell::emitComprehension(OpBuilder &b, Block::iterator op,
                                           ValueRange carried, Leaf leaf,
                                           bool isFlat) {
  for (;; ++op) {
    if (auto yield = dyn_cast<dp::YieldOp>(*op))
      return leaf(b, yield, carried);
    if (auto iterate = dyn_cast<dp::IterateOp>(*op)) {
      Value lower = getIndex(iterate.getLower());
      Value upper = getIndex(iterate.getUpper());
      bool isTimed = iterate == terms.loop;
      if (isTimed)
        std::tie(lower, upper) = emitTimeBounds(b, lower, upper);
      auto loop = b.create<scf::ForOp>(
          loc, lower, upper, constantIndex(b, loc, 1), carried,
          [&](OpBuilder &inner, Location, Value index, ValueRange inside) {
            scope.map(iterate.getIndex(), index);
            inner.create<scf::YieldOp>(
                loc,
                emitComprehension(inner, std::next(op), inside, leaf, isFlat));
          });
      return SmallVector<Value>(loop.getResults());
    }
    if (auto where = dyn_cast<dp::WhereOp>(*op)) {
      if (isFlat && isCheap(where))
        return emitFlat(b, op, carried, leaf);
      auto branch = b.create<scf::IfOp>(
          loc, getIndex(where.getCondition()),
          [&](OpBuilder &inner, Location) {
            inner.create<scf::YieldOp>(
                loc,
                emitComprehension(inner, std::next(op), carried, leaf, isFlat));
          },
          [&](OpBuilder &inner, Location) {
            inner.create<scf::YieldOp>(loc, carried);
          });
      return SmallVector<Value>(branch.getResults());
    }
    emitOp(b, &*op);
  }
}

void Cell::emitAgain(OpBuilder &b, Unit &unit, ValueRange indices) {
  if (llvm::any_of(unit.tables, [](TablePlan *table) { return table->again; }))
    emitUnit(b, unit, indices);
}

/// A table without memory that this cell, of a path, has not computed yet. Who
/// asks next may stand where this is not known.
Memory::Raw Cell::emitLocalAgain(OpBuilder &b, TablePlan &table,
                                 ValueRange indices) {
  auto before = locals;
  emitCells(b, *plan.findUnit(table), indices);
  Memory::Raw raw = locals.lookup(&table);
  locals = std::move(before);
  return raw;
}

void Cell::emitVisit(OpBuilder &b, dp::VisitOp visit, ValueRange indices) {
  Block &block = visit.getBody().front();
  bind(block, indices);
  emitComprehension(b, block.begin(), {},
                    [](OpBuilder &, dp::YieldOp,
                       ValueRange) -> SmallVector<Value> { return {}; });
}

void Cell::emitScatter(OpBuilder &b, dp::ScatterOp scatter,
                       ValueRange indices) {
  Block &block = scatter.getBody().front();
  bind(block, indices);
  TablePlan &table = plan.get(scatter.getTable());
  emitComprehension(b, block.begin(), {},
                    [&](OpBuilder &inner, dp::YieldOp yield,
                        ValueRange) -> SmallVector<Value> {
                      Value yielded = yield.getOperands().back();
                      SmallVector<Value> cell =
                          getIndices(yield.getOperands().drop_back());
                      Real real = getPlain(inner, yielded);
                      if (real.present) {
                        auto branch =
                            inner.create<scf::IfOp>(loc, real.present, false);
                        OpBuilder then = branch.getThenBodyBuilder();
                        memory.add(then, table, cell, real.value);
                      } else {
                        memory.add(inner, table, cell, real.value);
                      }
                      return {};
                    });
}
