//===- NestEmission.cpp - loops over a domain as scf ----------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Nest.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace danskin::conversion;

Value danskin::conversion::emitLinear(OpBuilder &b, Location loc,
                                      ArrayRef<int64_t> coefficients,
                                      ArrayRef<Value> columns,
                                      int64_t constant) {
  Value sum;
  auto include = [&](Value term, bool minus) {
    if (!sum && !minus)
      sum = term;
    else if (minus)
      sum = b.create<arith::SubIOp>(loc, sum ? sum : constantIndex(b, loc, 0),
                                    term);
    else
      sum = b.create<arith::AddIOp>(loc, sum, term);
  };
  // Positive terms first, so that no difference starts from 0.
  for (bool minus : {false, true})
    for (auto [coefficient, column] : llvm::zip(coefficients, columns)) {
      if (coefficient == 0 || (coefficient < 0) != minus)
        continue;
      Value term = column;
      if (std::abs(coefficient) != 1)
        term = b.create<arith::MulIOp>(
            loc, column, constantIndex(b, loc, std::abs(coefficient)));
      include(term, minus);
    }
  if (!sum || constant != 0)
    include(constantIndex(b, loc, sum ? std::abs(constant) : constant),
            sum && constant < 0);
  return sum;
}

/// The bound that `row` gives column `column`: `-rest / coefficient`, rounded
/// up for a lower, down for an upper bound.
static Value emitRowBound(OpBuilder &b, Location loc, const LinearRow &row,
                          unsigned column, bool lower,
                          ArrayRef<Value> columns) {
  int64_t own = row.coeffs[column];
  SmallVector<int64_t> rest;
  for (int64_t c : row.coeffs)
    rest.push_back(own > 0 ? -c : c);
  rest[column] = 0;
  int64_t constant = rest.pop_back_val();
  rest.resize(columns.size());
  Value value = emitLinear(b, loc, rest, columns, constant);
  if (std::abs(own) == 1)
    return value;
  Value divisor = constantIndex(b, loc, std::abs(own));
  if (lower)
    return b.create<arith::CeilDivSIOp>(loc, value, divisor);
  return b.create<arith::FloorDivSIOp>(loc, value, divisor);
}

Value Nest::emitBound(OpBuilder &b, Location loc, ArrayRef<LinearRow> rows,
                      unsigned column, bool lower,
                      ArrayRef<Value> columns) const {
  Value all;
  for (const LinearRow &row : rows) {
    Value bound = emitRowBound(b, loc, row, column, lower, columns);
    if (!all)
      all = bound;
    else if (lower)
      all = b.create<arith::MaxSIOp>(loc, all, bound);
    else
      all = b.create<arith::MinSIOp>(loc, all, bound);
  }
  return all;
}

//===----------------------------------------------------------------------===//
// Guards
//===----------------------------------------------------------------------===//

static Value conjunction(OpBuilder &b, Location loc, Value left, Value right) {
  if (!left || !right)
    return left ? left : right;
  return b.create<arith::AndIOp>(loc, left, right);
}

Value Nest::emitRowHolds(OpBuilder &b, Location loc, const LinearRow &row,
                         ArrayRef<Value> columns) const {
  Value value = emitLinear(b, loc, ArrayRef(row.coeffs).drop_back(), columns,
                           row.getConstant());
  return b.create<arith::CmpIOp>(
      loc, row.equality ? arith::CmpIPredicate::eq : arith::CmpIPredicate::sge,
      value, constantIndex(b, loc, 0));
}

Value Nest::emitCheck(OpBuilder &b, Location loc, Env &env, const Point &point,
                      const Check &check) const {
  IRMapping scope;
  for (auto [d, dim] : llvm::enumerate(domain.dims))
    if (Value value = point.columns[columnOfDim[d]])
      scope.map(dim, value);
  Value value = env.emit(b, check.value, scope);
  if (check.kind == Check::Condition)
    return value;
  return b.create<arith::CmpIOp>(
      loc,
      check.kind == Check::Lower ? arith::CmpIPredicate::sge
                                 : arith::CmpIPredicate::slt,
      point.columns[columnOfDim[check.level]], value);
}

/// Does the value read an input?
static bool readsInput(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || isa<dp::IterateOp>(op))
    return false;
  return isa<dp::ReadOp, dp::SourceOp, dp::ContainsOp, scf::IfOp>(op) ||
         llvm::any_of(op->getOperands(), readsInput);
}

/// What reads an input is asked only where all before it holds: that may be
/// what keeps the read inside.
Value Nest::emitGuards(OpBuilder &b, Location loc, Env &env,
                       const Point &point) const {
  Value all;
  for (const LinearRow &row : guards)
    all = conjunction(b, loc, all, emitRowHolds(b, loc, row, point.columns));
  for (const Check &check : domain.checks) {
    bool isBound = check.kind != Check::Condition;
    if (check.level + isBound > known)
      continue;
    if (!all || !readsInput(check.value)) {
      all = conjunction(b, loc, all, emitCheck(b, loc, env, point, check));
      continue;
    }
    auto branch = b.create<scf::IfOp>(
        loc, all,
        [&](OpBuilder &then, Location) {
          then.create<scf::YieldOp>(loc,
                                    emitCheck(then, loc, env, point, check));
        },
        [&](OpBuilder &otherwise, Location) {
          Value no = otherwise.create<arith::ConstantIntOp>(loc, 0, 1);
          otherwise.create<scf::YieldOp>(loc, no);
        });
    all = branch.getResult(0);
  }
  return all;
}

Value Nest::emitTimeGuard(OpBuilder &b, Location loc, const Point &point,
                          unsigned row) const {
  const Level &level = levels[row];
  Rows rows;
  if (level.pin) {
    rows.push_back(*level.pin);
  } else {
    llvm::append_range(rows, level.lowers);
    llvm::append_range(rows, level.uppers);
  }
  Value all;
  for (const LinearRow &r : rows)
    all = conjunction(b, loc, all, emitRowHolds(b, loc, r, point.columns));
  return all;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

Nest::Point Nest::start(Env &env, ValueRange knownValues) const {
  Point point;
  point.columns.resize(variables.size());
  for (unsigned i = 0; i < numParameters; ++i)
    point.columns[i] = env.getParameter(variables[i]);
  for (auto [i, value] : llvm::enumerate(knownValues))
    point.columns[numParameters + i] = value;
  return point;
}

std::pair<Value, Value> Nest::emitTimeBounds(OpBuilder &b, Location loc,
                                             const Point &point,
                                             unsigned row) const {
  unsigned column = firstLevel + row;
  const Level &level = levels[row];
  if (level.pin) {
    Value value = emitBound(b, loc, *level.pin, column, true, point.columns);
    return {value, value};
  }
  return {emitBound(b, loc, level.lowers, column, true, point.columns),
          emitBound(b, loc, level.uppers, column, false, point.columns)};
}

bool Nest::hasSameBounds(const Nest &other, unsigned row) const {
  unsigned visible = firstLevel + row + 1;
  if (numParameters != other.numParameters || firstLevel != other.firstLevel)
    return false;
  for (unsigned i = 0; i < numParameters; ++i)
    if (variables[i] != other.variables[i])
      return false;
  auto same = [&](ArrayRef<LinearRow> a, ArrayRef<LinearRow> b) {
    return llvm::equal(a, b, [&](const LinearRow &x, const LinearRow &y) {
      return x.equality == y.equality && x.getConstant() == y.getConstant() &&
             ArrayRef(x.coeffs).take_front(visible) ==
                 ArrayRef(y.coeffs).take_front(visible);
    });
  };
  const Level &mine = levels[row], &theirs = other.levels[row];
  return same(mine.lowers, theirs.lowers) && same(mine.uppers, theirs.uppers);
}

void Nest::emit(OpBuilder &b, Location loc, Env &env, Point point, Body body,
                StringRef mark) const {
  emitLevel(b, loc, env, point, firstLevel + numTimes, body, mark);
}

void Nest::emitLevel(OpBuilder &b, Location loc, Env &env, Point &point,
                     unsigned column, Body body, StringRef mark) const {
  if (column == firstHidden) {
    SmallVector<Value> cell;
    for (unsigned c : columnOfDim)
      cell.push_back(point.columns[c]);
    body(b, cell);
    return;
  }
  const Level &level = levels[column - firstLevel];
  if (level.pin) {
    point.columns[column] =
        emitBound(b, loc, *level.pin, column, true, point.columns);
    emitChecked(b, loc, env, point, column, /*bounded=*/false, body, mark);
    return;
  }
  Value lower = emitBound(b, loc, level.lowers, column, true, point.columns);
  Value last = emitBound(b, loc, level.uppers, column, false, point.columns);
  Value upper =
      last ? b.create<arith::AddIOp>(loc, last, constantIndex(b, loc, 1))
           : Value();
  // A bound that is data tightens the loop, which is then in natural order.
  unsigned dim = llvm::find(columnOfDim, column) - columnOfDim.begin();
  IRMapping scope;
  for (auto [d, index] : llvm::enumerate(domain.dims))
    if (point.columns[columnOfDim[d]] && columnOfDim[d] < column)
      scope.map(index, point.columns[columnOfDim[d]]);
  for (const Check &check : domain.checks) {
    if (check.level != dim || check.kind == Check::Condition)
      continue;
    Value bound = env.emit(b, check.value, scope);
    if (check.kind == Check::Lower)
      lower = lower ? b.create<arith::MaxSIOp>(loc, lower, bound) : bound;
    else
      upper = upper ? b.create<arith::MinSIOp>(loc, upper, bound) : bound;
  }
  auto loop = b.create<scf::ForOp>(loc, lower, upper, constantIndex(b, loc, 1));
  if (!mark.empty())
    loop->setAttr(mark, b.getUnitAttr());
  OpBuilder inner = OpBuilder::atBlockTerminator(loop.getBody());
  point.columns[column] = loop.getInductionVar();
  emitChecked(inner, loc, env, point, column, /*bounded=*/true, body, mark);
  point.columns[column] = Value();
}

/// Asks what can be asked now that `column` is known, then goes on inside.
/// `bounded`: the loop has met the checks of its bounds.
void Nest::emitChecked(OpBuilder &b, Location loc, Env &env, Point &point,
                       unsigned column, bool bounded, Body body,
                       StringRef mark) const {
  unsigned dim = llvm::find(columnOfDim, column) - columnOfDim.begin();
  OpBuilder inner = b;
  for (const Check &check : domain.checks) {
    bool isBound = check.kind != Check::Condition;
    if (check.level + isBound != dim + 1 || (isBound && bounded))
      continue;
    Value holds = emitCheck(inner, loc, env, point, check);
    auto branch = inner.create<scf::IfOp>(loc, holds, /*withElse=*/false);
    inner = branch.getThenBodyBuilder();
  }
  emitLevel(inner, loc, env, point, column + 1, body, mark);
}
