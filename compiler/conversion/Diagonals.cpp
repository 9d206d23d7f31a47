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

/// The first row of the schedule that is a time of several indices.
static std::optional<unsigned> getSlantedRow(const Statement &statement) {
  for (auto [number, row] : llvm::enumerate(statement.schedule))
    if (llvm::count_if(ArrayRef(row).drop_back(),
                       [](int64_t factor) { return factor != 0; }) > 1)
      return number;
  return std::nullopt;
}

/// Is it a sum of multiples of these indices and a constant?
static bool isOf(const Form &form, ValueRange indices) {
  return llvm::all_of(form.terms, [&](const auto &term) {
    return llvm::is_contained(indices, term.first);
  });
}

void Plan::addDiagonals() {
  // Paths read where no wavefront passes.
  auto &body = program.getBody().front();
  if (purpose != Copies::OfCells || forThreads ||
      !body.getOps<dp::TracebackOp>().empty())
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
  }
}

/// Looks for `along` and `across` such that the column is `along * time +
/// across * row`, up to a constant.
void Plan::addDiagonals(const Statement &statement, dp::ReadOp read,
                        ValueRange cell) {
  auto input = read.getArray().getDefiningOp<dp::InputOp>();
  std::optional<unsigned> number = getSlantedRow(statement);
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
      if (known->input == input && known->along == along &&
          known->across == across && known->offset == offset &&
          known->row == *number)
        mine = known.get();
    if (!mine) {
      diagonals.push_back(std::make_unique<Diagonals>(
          Diagonals{input, along, across, offset, *number, {}}));
      mine = diagonals.back().get();
    }
    mine->readers.push_back(&statement);
    ofReads[read] = mine;
    return;
  }
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

Value Memory::emitLine(OpBuilder &b, const Diagonals &diagonals) {
  return env.getParameter(dp::InputOp(diagonals.input).getExtents()[0]);
}

/// Rows side by side; a gap, for extents may be powers of two.
SmallVector<Value> Memory::getExtents(OpBuilder &b,
                                      const Diagonals &diagonals) {
  Value gap = constantIndex(b, loc, alignment / 4);
  return {constantIndex(b, loc, Diagonals::times),
          b.create<arith::AddIOp>(loc, emitLine(b, diagonals), gap)};
}

/// `x + factor * y`.
static Value addMultiple(OpBuilder &b, Location loc, Value x, int64_t factor,
                         Value y) {
  Value product =
      b.create<arith::MulIOp>(loc, y, constantIndex(b, loc, factor));
  return b.create<arith::AddIOp>(loc, x, product);
}

void Memory::fillDiagonals(OpBuilder &b, const Diagonals &diagonals, Value time,
                           Value first) {
  constexpr int64_t times = Diagonals::times;
  auto constant = [&](OpBuilder &at, int64_t value) {
    return constantIndex(at, loc, value);
  };
  auto compare = [&](arith::CmpIPredicate asked, Value x, Value y) -> Value {
    return b.create<arith::CmpIOp>(loc, asked, x, y);
  };
  Value place = b.create<arith::AndIOp>(loc, time, constant(b, times - 1));
  Value begins = b.create<arith::OrIOp>(
      loc, compare(arith::CmpIPredicate::eq, place, constant(b, 0)),
      compare(arith::CmpIPredicate::eq, time, first));
  auto branch = b.create<scf::IfOp>(loc, begins, /*withElse=*/false);
  OpBuilder at = branch.getThenBodyBuilder();
  Value begin = at.create<arith::SubIOp>(loc, time, place);
  dp::InputOp input = diagonals.input;
  Value columns = env.getParameter(input.getExtents()[1]);

  // Rows whose column is inside at one of the times, at least.
  Value lines = emitLine(at, diagonals);
  // along * time + offset, least and most.
  Value end = at.create<arith::AddIOp>(loc, begin, constant(at, times - 1));
  auto shift = [&](Value x) {
    return addMultiple(at, loc, constant(at, diagonals.offset), diagonals.along,
                       x);
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
  outer.create<memref::PrefetchOp>(
      loc, env.getArray(input.getResult()),
      ValueRange{line, addMultiple(outer, loc, column, diagonals.along,
                                   constant(outer, 2 * times))},
      /*isWrite=*/false, /*localityHint=*/2, /*isDataCache=*/true);
  auto overTimes = outer.create<scf::ForOp>(loc, from, to, constant(outer, 1));
  OpBuilder inner = OpBuilder::atBlockTerminator(overTimes.getBody());
  Value round = overTimes.getInductionVar();
  Value element = inner.create<memref::LoadOp>(
      loc, env.getArray(input.getResult()),
      ValueRange{line,
                 addMultiple(inner, loc, column, diagonals.along, round)});
  const Region &region = ofDiagonals[&diagonals];
  inner.create<memref::StoreOp>(loc, element, region.data,
                                getPlace(inner, region, {round, line}));
}

Value Memory::loadDiagonal(OpBuilder &b, const Diagonals &diagonals,
                           ValueRange indices) {
  // along * (column - across * line - offset)
  Value time = addMultiple(b, loc, indices[1], -diagonals.across, indices[0]);
  time = b.create<arith::SubIOp>(loc, time,
                                 constantIndex(b, loc, diagonals.offset));
  time = b.create<arith::MulIOp>(loc, time,
                                 constantIndex(b, loc, diagonals.along));
  Value place = b.create<arith::AndIOp>(
      loc, time, constantIndex(b, loc, Diagonals::times - 1));
  const Region &region = ofDiagonals[&diagonals];
  return b.create<memref::LoadOp>(loc, region.data,
                                  getPlace(b, region, {place, indices[0]}));
}
