//===- Diagonals.cpp - matrices that wavefronts read ----------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Adjacent cells of a wavefront want elements of a matrix that lie a row apart:
// a vector of them costs a load each, from as many cache lines. What each row
// has for the next times is one line.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Marks.h"
#include "compiler/conversion/Memory.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace danskin::conversion;

//===----------------------------------------------------------------------===//
// Which
//===----------------------------------------------------------------------===//

/// Is it a sum of multiples of these indices and a constant?
static bool isOf(const Form &form, ValueRange indices) {
  return llvm::all_of(form.terms, [&](const auto &term) {
    return llvm::is_contained(indices, term.first);
  });
}

void Plan::addDiagonals() {
  if (purpose != Copies::OfCells || forThreads)
    return;
  for (const Statement &statement : statements) {
    if (!statement.isScheduled || statement.scatter)
      continue;
    for (const Unit &unit : statement.units)
      for (dp::EquationOp equation : unit.equations) {
        ValueRange cell = equation.getBody().getArguments();
        equation.walk([&](dp::ReadOp read) {
          addDiagonals(statement, read,
                       cell.take_front(statement.over->op.getRank()));
        });
      }
    for (const Unit &unit : statement.units)
      for (TablePlan *table : unit.tables)
        addDiagonals(statement, *table);
  }
}

/// The same of an output, if each of its elements is a cell of the statement.
void Plan::addDiagonals(const Statement &statement, TablePlan &table) {
  std::optional<unsigned> number = statement.getSlantedRow();
  if (!number || !table.isOutput() || table.isIndex() || table.isAddedUp() ||
      table.op.getRank() != 2 || statement.over->op.getRank() != 2 ||
      !table.box->isFull())
    return;
  const ScheduleRow &time = statement.schedule[*number];
  if (std::abs(time[1]) != 1)
    return;
  diagonals.push_back(
      std::make_unique<Diagonals>(Diagonals{table.op.getResult(),
                                            time[1],
                                            -time[1] * time[0],
                                            -time[1] * time.back(),
                                            *number,
                                            {&statement}}));
  table.diagonals = diagonals.back().get();
}

/// Looks for `along` and `across` such that the column is `along * time +
/// across * row`, up to a constant.
void Plan::addDiagonals(const Statement &statement, dp::ReadOp read,
                        ValueRange cell) {
  auto input = read.getArray().getDefiningOp<dp::InputOp>();
  std::optional<unsigned> number = statement.getSlantedRow();
  if (!input || !number || read.getIndices().size() != 2 ||
      read.getType().isIndex() || findCopy(read))
    return;
  Form line = forms.get(read.getIndices()[0]);
  Form column = forms.get(read.getIndices()[1]);
  if (line.terms.size() != 1 || !isOf(line, cell) || !isOf(column, cell))
    return;
  auto [index, sign] = line.terms.front();
  if (std::abs(sign) != 1)
    return;
  const ScheduleRow &time = statement.schedule[*number];
  for (int64_t along : {1, -1}) {
    Form rest = column;
    for (auto [value, factor] : llvm::zip(cell, time))
      rest.add(Form::variable(value), -along * factor);
    int64_t across = rest.getCoefficient(index) * sign;
    bool isAlong = llvm::all_of(rest.terms, [&](const auto &term) {
      return term.first == index || term.second == 0;
    });
    if (!isAlong || across == 0)
      continue;
    int64_t offset =
        rest.constant - along * time.back() - across * line.constant;
    Diagonals *mine = nullptr;
    for (auto &known : diagonals)
      if (known->array == read.getArray() && known->along == along &&
          known->across == across && known->offset == offset &&
          known->row == *number)
        mine = known.get();
    if (!mine) {
      diagonals.push_back(std::make_unique<Diagonals>(
          Diagonals{read.getArray(), along, across, offset, *number, {}}));
      mine = diagonals.back().get();
    }
    mine->users.push_back(&statement);
    ofReads[read] = mine;
    return;
  }
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

SmallVector<Value> Memory::getShape(OpBuilder &b, const Diagonals &diagonals) {
  if (diagonals.isOutput())
    return plan.get(diagonals.array).box->emitExtents(b, env);
  SmallVector<Value> shape;
  auto input = diagonals.array.getDefiningOp<dp::InputOp>();
  for (Value extent : input.getExtents())
    shape.push_back(env.getParameter(extent));
  return shape;
}

/// Rows side by side; a gap, for extents may be powers of two.
SmallVector<Value> Memory::getExtents(OpBuilder &b,
                                      const Diagonals &diagonals) {
  Value gap = constantIndex(b, loc, alignment / 4);
  Value lines = getShape(b, diagonals)[0];
  return {constantIndex(b, loc, Diagonals::times),
          b.create<arith::AddIOp>(loc, lines, gap)};
}

/// `x + factor * y`.
static Value addMultiple(OpBuilder &b, Location loc, Value x, int64_t factor,
                         Value y) {
  Value product =
      b.create<arith::MulIOp>(loc, y, constantIndex(b, loc, factor));
  return b.create<arith::AddIOp>(loc, x, product);
}

/// Between the column and `along * time + across * row`, as elements of the
/// array are counted: those of an output begin with its first cell.
Value Memory::getOffset(OpBuilder &b, const Diagonals &diagonals) {
  Value offset = constantIndex(b, loc, diagonals.offset);
  if (!diagonals.isOutput())
    return offset;
  Value zero = constantIndex(b, loc, 0);
  SmallVector<Value> origin =
      plan.get(diagonals.array).box->emitPosition(b, env, {zero, zero});
  offset = b.create<arith::AddIOp>(loc, offset, origin[1]);
  return addMultiple(b, loc, offset, -diagonals.across, origin[0]);
}

Value Memory::getPlace(OpBuilder &b, const Diagonals &diagonals,
                       ValueRange position) {
  // along * (column - across * line - offset)
  Value time = addMultiple(b, loc, position[1], -diagonals.across, position[0]);
  time = b.create<arith::SubIOp>(loc, time, getOffset(b, diagonals));
  time = b.create<arith::MulIOp>(loc, time,
                                 constantIndex(b, loc, diagonals.along));
  Value place = b.create<arith::AndIOp>(
      loc, time, constantIndex(b, loc, Diagonals::times - 1));
  return getPlace(b, ofDiagonals[&diagonals], {place, position[0]});
}

void Memory::moveDiagonals(OpBuilder &b, const Diagonals &diagonals, Value time,
                           Value edge) {
  // An input's times begin at the first place, an output's end at the last.
  Value mask = constantIndex(b, loc, Diagonals::times - 1);
  Value place = b.create<arith::AndIOp>(loc, time, mask);
  auto isEqual = [&](Value x, Value y) -> Value {
    return b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, x, y);
  };
  Value moves = b.create<arith::OrIOp>(
      loc,
      isEqual(place, diagonals.isOutput() ? mask : constantIndex(b, loc, 0)),
      isEqual(time, edge));
  auto branch = b.create<scf::IfOp>(loc, moves, /*withElse=*/false);
  OpBuilder then = branch.getThenBodyBuilder();
  Value begin = then.create<arith::SubIOp>(loc, time, place);
  Value array = env.getArray(diagonals.array);
  Value copy = ofDiagonals[&diagonals].data;
  forDiagonals(then, diagonals, begin,
               [&](OpBuilder &inner, ValueRange position, Value at) {
                 auto move = [&](Value from, ValueRange source, Value to,
                                 ValueRange target) {
                   inner.create<memref::StoreOp>(
                       loc, inner.create<memref::LoadOp>(loc, from, source), to,
                       target);
                 };
                 if (diagonals.isOutput())
                   move(copy, at, array, position);
                 else
                   move(array, position, copy, at);
               });
}

void Memory::forDiagonals(OpBuilder &at, const Diagonals &diagonals,
                          Value begin, Move move) {
  constexpr int64_t times = Diagonals::times;
  auto constant = [&](OpBuilder &b, int64_t value) {
    return constantIndex(b, loc, value);
  };
  SmallVector<Value> shape = getShape(at, diagonals);
  Value lines = shape[0], columns = shape[1];
  // Rows whose column is inside at one of the times, at least:
  // along * time + offset, least and most.
  Value offset = getOffset(at, diagonals);
  Value end = at.create<arith::AddIOp>(loc, begin, constant(at, times - 1));
  auto shift = [&](Value x) {
    return addMultiple(at, loc, offset, diagonals.along, x);
  };
  Value least = shift(diagonals.along > 0 ? begin : end);
  Value most = shift(diagonals.along > 0 ? end : begin);
  // 0 <= most + across * line and least + across * line < columns.
  Value size = constant(at, std::abs(diagonals.across));
  Value lower, upper;
  if (diagonals.across < 0) {
    Value from = at.create<arith::SubIOp>(loc, least, columns);
    lower = at.create<arith::FloorDivSIOp>(loc, from, size);
    upper = at.create<arith::FloorDivSIOp>(loc, most, size);
  } else {
    Value to = at.create<arith::SubIOp>(loc, columns, least);
    Value minus = at.create<arith::SubIOp>(loc, constant(at, 0), most);
    lower = at.create<arith::FloorDivSIOp>(loc, minus, size);
    upper = at.create<arith::FloorDivSIOp>(loc, to, size);
  }
  lower = at.create<arith::MaxSIOp>(loc, lower, constant(at, 0));
  upper = at.create<arith::AddIOp>(loc, upper, constant(at, 1));
  upper = at.create<arith::MinSIOp>(loc, upper, lines);

  Value origin = shift(begin);
  auto overLines = at.create<scf::ForOp>(loc, lower, upper, constant(at, 1));
  overLines->setAttr(fillAttr, at.getUnitAttr());
  OpBuilder outer = OpBuilder::atBlockTerminator(overLines.getBody());
  Value line = overLines.getInductionVar();
  // The column of the first time; it goes up or down by 1.
  Value column = addMultiple(outer, loc, origin, diagonals.across, line);
  Value from, to;
  if (diagonals.along > 0) {
    from = outer.create<arith::SubIOp>(loc, constant(outer, 0), column);
    to = outer.create<arith::SubIOp>(loc, columns, column);
  } else {
    from = outer.create<arith::SubIOp>(loc, column, columns);
    from = outer.create<arith::AddIOp>(loc, from, constant(outer, 1));
    to = outer.create<arith::AddIOp>(loc, column, constant(outer, 1));
  }
  from = outer.create<arith::MaxSIOp>(loc, from, constant(outer, 0));
  to = outer.create<arith::MinSIOp>(loc, to, constant(outer, times));
  // Nothing but this knows that the line after the next is wanted: rows are
  // pages apart.
  Value ahead = addMultiple(outer, loc, column, diagonals.along,
                            constant(outer, 2 * times));
  outer.create<memref::PrefetchOp>(loc, env.getArray(diagonals.array),
                                   ValueRange{line, ahead},
                                   /*isWrite=*/diagonals.isOutput(),
                                   /*localityHint=*/2, /*isDataCache=*/true);
  auto overTimes = outer.create<scf::ForOp>(loc, from, to, constant(outer, 1));
  OpBuilder inner = OpBuilder::atBlockTerminator(overTimes.getBody());
  Value round = overTimes.getInductionVar();
  Value place = getPlace(inner, ofDiagonals[&diagonals], {round, line});
  move(inner, {line, addMultiple(inner, loc, column, diagonals.along, round)},
       place);
}
