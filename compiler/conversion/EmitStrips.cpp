//===- EmitStrips.cpp - threads that go down columns ----------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// As many columns as the threads of a block take are a strip. In step s thread
// l computes row s - l of its columns: row s - l of its neighbor's was computed
// in the step before, and lies in the block's memory, in one of two places that
// take turns, so that one barrier a step is enough. What the last thread of a
// strip computes waits in the workspace for the first one of the next.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/EmitStrips.h"
#include "compiler/conversion/Marks.h"
#include "dp/abi.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace danskin::conversion;

namespace {
constexpr unsigned numColumns = Strips::columns;

class StripEmitter {
public:
  StripEmitter(OpBuilder &b, Plan &plan, Env &env, Memory &memory, Cell &cell,
               const Strips &strips);
  void emit(OpBuilder &b);

private:
  /// Cells of a row, from `left` columns before a thread's first on.
  using Cells = SmallVector<Memory::Raw>;
  /// Of one held table: the row that is computed, then those above.
  struct Window {
    TablePlan *table;
    const Strips::Held *held;
    SmallVector<Cells> rows;
  };

  void emitRow(OpBuilder &b, Value row);
  void emitCell(OpBuilder &b, Statement &statement, unsigned column);
  Facts getFacts(const Domain &domain, unsigned column, bool isInside);
  Value emitGuard(OpBuilder &b, const Domain &domain, unsigned column);
  SmallVector<Value> emitUnits(OpBuilder &b, Statement &statement,
                               unsigned column);
  void emitCorners(OpBuilder &b);
  void takeEdge(OpBuilder &b, Value row);
  void leaveEdge(OpBuilder &b, Value row);
  template <typename Visit> void forEdges(Visit visit);

  void clear(OpBuilder &b);
  SmallVector<Value> getKept(unsigned age);
  void setAges(unsigned ages, ValueRange values);
  Value getIndex(OpBuilder &b, unsigned dim, Value number);

  Value constant(OpBuilder &b, int64_t value) {
    return constantIndex(b, loc, value);
  }
  Value add(OpBuilder &b, Value x, Value y) {
    return b.create<arith::AddIOp>(loc, x, y);
  }
  Value sub(OpBuilder &b, Value x, Value y) {
    return b.create<arith::SubIOp>(loc, x, y);
  }
  Value mul(OpBuilder &b, Value x, Value y) {
    return b.create<arith::MulIOp>(loc, x, y);
  }
  Value compare(OpBuilder &b, arith::CmpIPredicate how, Value x, Value y) {
    return b.create<arith::CmpIOp>(loc, how, x, y);
  }

  Plan &plan;
  Env &env;
  Memory &memory;
  Cell &cell;
  const Strips &strips;
  Location loc;
  SmallVector<Window> windows;
  unsigned numEdges = 0; ///< numbers that a thread leaves for its neighbor
  Value thread, numThreads, rows, columns, slots, edges;
  /// Of a strip: its first column, the thread's, and of the cell.
  Value base, first, step;
  SmallVector<Value> indices;
};
} // namespace

StripEmitter::StripEmitter(OpBuilder &b, Plan &plan, Env &env, Memory &memory,
                           Cell &cell, const Strips &strips)
    : plan(plan), env(env), memory(memory), cell(cell), strips(strips),
      loc(env.getLoc()) {
  for (auto &[table, held] : strips.held)
    windows.push_back({table, &held, {}});
  numEdges = strips.countEdges(plan);
  auto read = [&](auto op) -> Value {
    return b.create<arith::IndexCastOp>(loc, b.getIndexType(), op);
  };
  thread = read(b.create<NVVM::ThreadIdXOp>(loc, b.getI32Type()));
  numThreads = read(b.create<NVVM::BlockDimXOp>(loc, b.getI32Type()));
  rows = strips.emitExtent(b, env, 0);
  columns = strips.emitExtent(b, env, 1);
  edges = memory.getEdges(strips);

  if (numEdges == 0)
    return;
  // Two places for each thread's numbers. The strips of a kernel come one after
  // the other, with barriers between.
  unsigned most = 0;
  for (auto &each : plan.strips)
    most = std::max(most, each->countEdges(plan));
  auto type = MemRefType::get({2 * int64_t(most) * DP_MAX_THREADS},
                              plan.compute, MemRefLayoutAttrInterface(),
                              b.getI64IntegerAttr(blockMemory));
  auto function =
      b.getInsertionBlock()->getParent()->getParentOfType<func::FuncOp>();
  auto module = function->getParentOfType<ModuleOp>();
  std::string name =
      (function.getName() + ".columns" + Twine(numColumns)).str();
  if (!module.lookupSymbol(name)) {
    OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
    top.create<memref::GlobalOp>(loc, name, top.getStringAttr("private"), type,
                                 top.getUnitAttr(), /*constant=*/false,
                                 /*alignment=*/IntegerAttr());
  }
  slots = b.create<memref::GetGlobalOp>(loc, type, name);
}

//===----------------------------------------------------------------------===//
// Registers
//===----------------------------------------------------------------------===//

/// Forgets all cells: those that are not there.
void StripEmitter::clear(OpBuilder &b) {
  for (Window &window : windows) {
    Memory::Raw nothing = memory.emitNothing(b, *window.table);
    window.rows.assign(window.held->above + 1,
                       Cells(window.held->left + numColumns, nothing));
  }
}

/// The rows of this age of all tables that have some.
SmallVector<Value> StripEmitter::getKept(unsigned age) {
  SmallVector<Value> values;
  for (Window &window : windows)
    if (age < window.rows.size())
      for (const Memory::Raw &raw : window.rows[age])
        llvm::append_range(values, raw);
  return values;
}

/// Sets the rows of ages 1 to `ages`.
void StripEmitter::setAges(unsigned ages, ValueRange values) {
  for (unsigned age = 1; age <= ages; ++age)
    for (Window &window : windows)
      if (age < window.rows.size())
        for (Memory::Raw &raw : window.rows[age])
          for (Value &number : raw) {
            number = values.front();
            values = values.drop_front();
          }
}

Value StripEmitter::getIndex(OpBuilder &b, unsigned dim, Value number) {
  if (strips.sign > 0)
    return add(b, env.emitForm(b, strips.lows[dim], {}), number);
  return sub(b, env.emitForm(b, strips.highs[dim], {}), number);
}

//===----------------------------------------------------------------------===//
// Neighbors
//===----------------------------------------------------------------------===//

/// `visit` gets each number that goes to the neighbor: its place among them,
/// and where it stands in the row of the one who left it, and of the other.
template <typename Visit> void StripEmitter::forEdges(Visit visit) {
  unsigned number = 0;
  for (Window &window : windows) {
    Cells &row = window.rows.front();
    for (unsigned k = 0; k < window.held->left; ++k)
      for (auto [from, to] : llvm::zip_equal(row[numColumns + k], row[k]))
        visit(number++, from, to);
  }
}

void StripEmitter::takeEdge(OpBuilder &b, Value row) {
  if (numEdges == 0)
    return;
  SmallVector<Type> types(numEdges, plan.compute);
  auto branch = b.create<scf::IfOp>(
      loc, types, compare(b, arith::CmpIPredicate::eq, thread, constant(b, 0)),
      true);
  OpBuilder then = branch.getThenBodyBuilder();
  auto early = then.create<scf::IfOp>(
      loc, types,
      compare(then, arith::CmpIPredicate::eq, base, constant(then, 0)), true);
  OpBuilder nothing = early.getThenBodyBuilder();
  OpBuilder before = early.getElseBodyBuilder();
  OpBuilder beside = branch.getElseBodyBuilder();
  SmallVector<Value> none, kept, left;
  for (Window &window : windows)
    for (unsigned k = 0; k < window.held->left; ++k)
      llvm::append_range(none, memory.emitNothing(nothing, *window.table));
  // The other place than that of this step.
  Value turn =
      sub(beside, constant(beside, 1),
          beside.create<arith::AndIOp>(loc, step, constant(beside, 1)));
  Value slot =
      add(beside, sub(beside, thread, constant(beside, 1)),
          mul(beside, turn, constant(beside, numEdges * DP_MAX_THREADS)));
  for (unsigned k = 0; k < numEdges; ++k) {
    Value place = add(before, mul(before, rows, constant(before, k)), row);
    kept.push_back(before.create<memref::LoadOp>(loc, edges, place));
    left.push_back(beside.create<memref::LoadOp>(
        loc, slots, add(beside, slot, constant(beside, k * DP_MAX_THREADS))));
  }
  nothing.create<scf::YieldOp>(loc, none);
  before.create<scf::YieldOp>(loc, kept);
  then.create<scf::YieldOp>(loc, early.getResults());
  beside.create<scf::YieldOp>(loc, left);
  forEdges([&](unsigned number, Value, Value &to) {
    to = branch.getResult(number);
  });
}

void StripEmitter::leaveEdge(OpBuilder &b, Value row) {
  if (numEdges == 0)
    return;
  Value turn = b.create<arith::AndIOp>(loc, step, constant(b, 1));
  Value slot =
      add(b, thread, mul(b, turn, constant(b, numEdges * DP_MAX_THREADS)));
  forEdges([&](unsigned number, Value from, Value) {
    b.create<memref::StoreOp>(
        loc, from, slots, add(b, slot, constant(b, number * DP_MAX_THREADS)));
  });
  Value isLast = compare(b, arith::CmpIPredicate::eq, thread,
                         sub(b, numThreads, constant(b, 1)));
  auto branch = b.create<scf::IfOp>(loc, isLast, false);
  OpBuilder then = branch.getThenBodyBuilder();
  forEdges([&](unsigned number, Value from, Value) {
    Value place = add(then, mul(then, rows, constant(then, number)), row);
    then.create<memref::StoreOp>(loc, from, edges, place);
  });
}

//===----------------------------------------------------------------------===//
// Cells
//===----------------------------------------------------------------------===//

/// What is known of the indices of a cell: `isInside`, or that it is not beyond
/// the last column is not known but of a thread's first.
Facts StripEmitter::getFacts(const Domain &domain, unsigned column,
                             bool isInside) {
  Facts facts(plan.forms);
  auto addBounds = [&](unsigned dim, unsigned beyondFirst, bool hasLast) {
    Form index = Form::variable(domain.dims[dim]);
    bool isUp = strips.sign > 0;
    if (isUp || hasLast)
      facts.add(order(strips.lows[dim], index, isUp ? beyondFirst : 0));
    if (!isUp || hasLast)
      facts.add(order(index, strips.highs[dim], isUp ? 0 : beyondFirst));
  };
  addBounds(0, 0, true);
  addBounds(1, column, isInside || column == 0);
  return facts;
}

/// Asks what is not known of whether there is such a cell; null for nothing.
Value StripEmitter::emitGuard(OpBuilder &b, const Domain &domain,
                              unsigned column) {
  Facts facts = getFacts(domain, column, /*isInside=*/false);
  IRMapping scope;
  scope.map(domain.dims, indices);
  Value guard;
  for (const FormConstraint &constraint : domain.constraints) {
    if (facts.imply(constraint))
      continue;
    Value holds = env.emitHolds(b, constraint, scope);
    guard = guard ? b.create<arith::AndIOp>(loc, guard, holds) : holds;
  }
  return guard;
}

/// Computes the cells of the statement's units; gives what is held of them.
SmallVector<Value> StripEmitter::emitUnits(OpBuilder &b, Statement &statement,
                                           unsigned column) {
  const Domain &domain = statement.over->domain;
  auto load = [&](TablePlan &table, unsigned above, unsigned left) {
    Window &window = *llvm::find_if(
        windows, [&](Window &each) { return each.table == &table; });
    return window.rows[above][window.held->left + column - left];
  };
  StripCell here{strips, domain, indices,
                 getFacts(domain, column, /*isInside=*/true), load};
  for (const FormConstraint &constraint : domain.constraints)
    here.facts.add(constraint);
  cell.enter(&here);
  for (Unit &unit : statement.units)
    cell.emitCells(b, unit, indices);
  SmallVector<Value> numbers;
  for (Window &window : windows)
    if (window.table->root == statement.over->op)
      llvm::append_range(numbers, cell.getKnown(*window.table));
  cell.leave();
  cell.enter(nullptr);
  return numbers;
}

void StripEmitter::emitCell(OpBuilder &b, Statement &statement,
                            unsigned column) {
  SmallVector<Window *> own;
  for (Window &window : windows)
    if (window.table->root == statement.over->op)
      own.push_back(&window);
  SmallVector<Value> numbers;
  if (Value guard = emitGuard(b, statement.over->domain, column)) {
    SmallVector<Type> types;
    for (Window *window : own)
      llvm::append_range(types, memory.getRawTypes(*window->table));
    auto branch = b.create<scf::IfOp>(loc, types, guard, !types.empty());
    OpBuilder then = OpBuilder::atBlockBegin(branch.thenBlock());
    SmallVector<Value> made = emitUnits(then, statement, column);
    if (!types.empty()) {
      then.setInsertionPointToEnd(branch.thenBlock());
      then.create<scf::YieldOp>(loc, made);
      OpBuilder otherwise = branch.getElseBodyBuilder();
      SmallVector<Value> nothing;
      for (Window *window : own)
        llvm::append_range(nothing,
                           memory.emitNothing(otherwise, *window->table));
      otherwise.create<scf::YieldOp>(loc, nothing);
    }
    numbers.assign(branch.result_begin(), branch.result_end());
  } else {
    numbers = emitUnits(b, statement, column);
  }
  ArrayRef<Value> rest = numbers;
  for (Window *window : own) {
    Memory::Raw &raw = window->rows[0][window->held->left + column];
    size_t width = raw.size();
    raw.assign(rest.begin(), rest.begin() + width);
    rest = rest.drop_front(width);
  }
}

/// Stores the cells that are read when all are there: of the last row, which
/// nothing came after.
void StripEmitter::emitCorners(OpBuilder &b) {
  Value last = sub(b, rows, constant(b, 1));
  for (Window &window : windows)
    for (ArrayRef<Value> corner : window.held->corners)
      for (unsigned column = 0; column < numColumns; ++column) {
        Value number = add(b, first, constant(b, column));
        Value here[] = {getIndex(b, 0, last), getIndex(b, 1, number)};
        Value isHere = compare(b, arith::CmpIPredicate::eq, here[1],
                               env.getParameter(corner[1]));
        isHere = b.create<arith::AndIOp>(
            loc, isHere, env.emitContains(b, window.table->op, here));
        auto branch = b.create<scf::IfOp>(loc, isHere, false);
        OpBuilder store = branch.getThenBodyBuilder();
        memory.store(store, *window.table, here,
                     window.rows[1][window.held->left + column]);
      }
}

void StripEmitter::emitRow(OpBuilder &b, Value row) {
  takeEdge(b, row);
  for (unsigned column = 0; column < numColumns; ++column) {
    Value number = add(b, first, constant(b, column));
    indices = {getIndex(b, 0, row), getIndex(b, 1, number)};
    for (Statement *statement : strips.statements)
      emitCell(b, *statement, column);
  }
  leaveEdge(b, row);
}

void StripEmitter::emit(OpBuilder &b) {
  Value zero = constant(b, 0), one = constant(b, 1);
  Value many = constant(b, numColumns);
  auto loop =
      b.create<scf::ForOp>(loc, zero, columns, mul(b, numThreads, many));
  loop->setAttr(stripsAttr, b.getUnitAttr());
  OpBuilder inner = OpBuilder::atBlockTerminator(loop.getBody());
  base = loop.getInductionVar();
  first = add(inner, base, mul(inner, thread, many));
  Value isIn = compare(inner, arith::CmpIPredicate::slt, first, columns);
  Value used =
      inner.create<arith::CeilDivUIOp>(loc, sub(inner, columns, base), many);
  used = inner.create<arith::MinSIOp>(loc, used, numThreads);
  Value steps = sub(inner, add(inner, rows, used), one);

  clear(inner);
  unsigned ages = 0;
  for (Window &window : windows)
    ages = std::max<unsigned>(ages, window.held->above);
  SmallVector<Value> kept;
  for (unsigned age = 1; age <= ages; ++age)
    llvm::append_range(kept, getKept(age));
  auto times = inner.create<scf::ForOp>(loc, zero, steps, one, kept);
  OpBuilder body = OpBuilder::atBlockBegin(times.getBody());
  step = times.getInductionVar();
  ValueRange carried = times.getRegionIterArgs();
  setAges(ages, carried);

  Value row = sub(body, step, thread);
  Value isRow = compare(body, arith::CmpIPredicate::ult, row, rows);
  Value isActive = body.create<arith::AndIOp>(loc, isIn, isRow);
  // Where there is no row, what is kept stays: nothing before the first, and
  // after the last what is read when all is done.
  auto branch = body.create<scf::IfOp>(loc, ValueRange(carried).getTypes(),
                                       isActive, true);
  OpBuilder::atBlockEnd(branch.elseBlock()).create<scf::YieldOp>(loc, carried);
  OpBuilder then = OpBuilder::atBlockBegin(branch.thenBlock());
  emitRow(then, row);
  SmallVector<Value> next;
  for (unsigned age = 0; age < ages; ++age)
    for (Window &window : windows)
      if (age + 1 < window.rows.size())
        for (const Memory::Raw &raw : window.rows[age])
          llvm::append_range(next, raw);
  then.create<scf::YieldOp>(loc, next);
  body.create<NVVM::Barrier0Op>(loc);
  body.create<scf::YieldOp>(loc, branch.getResults());
  setAges(ages, times.getResults());
  emitCorners(inner);
}

void danskin::conversion::emitStrips(OpBuilder &b, Plan &plan, Env &env,
                                     Memory &memory, Cell &cell,
                                     const Strips &strips) {
  StripEmitter(b, plan, env, memory, cell, strips).emit(b);
}
