//===- Traceback.cpp - writing the path of the winners --------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Traceback.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace danskin::conversion;

Traceback::Traceback(Plan &plan, Env &env, Memory &memory, dp::TracebackOp op)
    : plan(plan), env(env), memory(memory), cell(plan, env, memory, this),
      op(op), loc(env.getLoc()), rows(plan.get(op.getRows())),
      stack(plan.get(op.getStack())) {
  llvm::SetVector<Value> visited;
  for (auto visit : op.getVisits().front().getOps<dp::VisitOp>())
    if (!visit.getRoot())
      visited.insert(visit.getTable());
  tables.assign(visited.begin(), visited.end());
  OpBuilder &b = env.getPrologue();
  SmallVector<Value> extents = stack.layout->emitExtents(b, env);
  stackLimit = extents[0];
  rowLimit = rows.box->emitExtents(b, env)[0];
  auto slot = [&]() -> Value {
    return b.create<memref::AllocaOp>(loc,
                                      MemRefType::get({}, b.getIndexType()));
  };
  count = slot();
  depth = slot();
  failed = slot();
}

Value Traceback::get(OpBuilder &b, Value slot) {
  return b.create<memref::LoadOp>(loc, slot);
}

void Traceback::set(OpBuilder &b, Value slot, Value value) {
  b.create<memref::StoreOp>(loc, value, slot);
}

Memory::Raw Traceback::loadEntry(OpBuilder &b, Value place, int64_t part) {
  return memory.load(b, stack, {place, constant(b, part)});
}

//===----------------------------------------------------------------------===//
// Visits
//===----------------------------------------------------------------------===//

/// Runs `then` if `value` is below `limit`, else takes note of the failure.
template <typename Then>
static void emitIfBelow(OpBuilder &b, Location loc, Value value, Value limit,
                        Value failed, Then then) {
  Value fits =
      b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, value, limit);
  auto branch = b.create<scf::IfOp>(loc, fits, /*withElse=*/true);
  OpBuilder inside = branch.getThenBodyBuilder();
  then(inside);
  OpBuilder otherwise = branch.getElseBodyBuilder();
  otherwise.create<memref::StoreOp>(loc, constantIndex(otherwise, loc, 1),
                                    failed);
}

void Traceback::emitStep(OpBuilder &b, ValueRange row) {
  Value place = get(b, count);
  emitIfBelow(b, loc, place, rowLimit, failed, [&](OpBuilder &inside) {
    for (auto [k, part] : llvm::enumerate(row))
      memory.storeOutput(inside, rows, {place, constant(inside, k)}, {part});
    set(inside, count,
        inside.create<arith::AddIOp>(loc, place, constant(inside, 1)));
  });
}

void Traceback::emitDescend(OpBuilder &b, Value table, ValueRange indices) {
  auto *number = llvm::find(tables, table);
  // Nothing is known of a cell whose table has no visit.
  if (number == tables.end())
    return;
  Value place = get(b, depth);
  emitIfBelow(b, loc, place, stackLimit, failed, [&](OpBuilder &inside) {
    SmallVector<Value> entry = {constant(inside, number - tables.begin())};
    llvm::append_range(entry, indices);
    width = std::max<int64_t>(width, entry.size());
    for (auto [k, part] : llvm::enumerate(entry))
      memory.store(inside, stack, {place, constant(inside, k)}, {part});
    set(inside, depth,
        inside.create<arith::AddIOp>(loc, place, constant(inside, 1)));
  });
}

/// Turns the entries from `from` on around.
void Traceback::emitReversal(OpBuilder &b, Value from) {
  Value one = constant(b, 1), to = get(b, depth);
  Value pushed = b.create<arith::SubIOp>(loc, to, from);
  Value half = b.create<arith::ShRUIOp>(loc, pushed, one);
  Value last = b.create<arith::SubIOp>(loc, to, one);
  auto loop = b.create<scf::ForOp>(loc, constant(b, 0), half, one);
  OpBuilder inner = OpBuilder::atBlockTerminator(loop.getBody());
  Value low = inner.create<arith::AddIOp>(loc, from, loop.getInductionVar());
  Value high = inner.create<arith::SubIOp>(loc, last, loop.getInductionVar());
  for (int64_t k = 0; k < width; ++k) {
    Memory::Raw a = loadEntry(inner, low, k), z = loadEntry(inner, high, k);
    memory.store(inner, stack, {low, constant(inner, k)}, z);
    memory.store(inner, stack, {high, constant(inner, k)}, a);
  }
}

//===----------------------------------------------------------------------===//
// The walk
//===----------------------------------------------------------------------===//

/// Takes the cell on top and visits it.
void Traceback::emitPopped(OpBuilder &b) {
  Value top = b.create<arith::SubIOp>(loc, get(b, depth), constant(b, 1));
  set(b, depth, top);
  Value number = loadEntry(b, top, 0)[0];
  for (auto [i, table] : llvm::enumerate(tables)) {
    Value isIt = b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, number,
                                         constant(b, i));
    auto branch = b.create<scf::IfOp>(loc, isIt, /*withElse=*/false);
    OpBuilder inside = branch.getThenBodyBuilder();
    SmallVector<Value> indices;
    for (unsigned d = 0; d < plan.get(table).op.getRank(); ++d)
      indices.push_back(loadEntry(inside, top, 1 + d)[0]);
    if (Unit *unit = plan.findUnit(plan.get(table)))
      cell.emitAgain(inside, *unit, indices);
    for (auto visit : op.getVisits().front().getOps<dp::VisitOp>())
      if (!visit.getRoot() && visit.getTable() == table)
        cell.emitVisit(inside, visit, indices);
    cell.leave();
  }
  emitReversal(b, top);
}

void Traceback::emitWalk(OpBuilder &b) {
  emitReversal(b, constant(b, 0));
  b.create<scf::WhileOp>(
      loc, TypeRange(), ValueRange(),
      [&](OpBuilder &before, Location, ValueRange) {
        Value more = before.create<arith::CmpIOp>(
            loc, arith::CmpIPredicate::sgt, get(before, depth),
            constant(before, 0));
        // What does not fit may have no end in sight.
        Value fits = before.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq,
                                                  get(before, failed),
                                                  constant(before, 0));
        before.create<scf::ConditionOp>(
            loc, before.create<arith::AndIOp>(loc, more, fits), ValueRange());
      },
      [&](OpBuilder &after, Location, ValueRange) {
        emitPopped(after);
        after.create<scf::YieldOp>(loc);
      });
}

Value Traceback::emit(OpBuilder &b) {
  memory.clearOutput(b, rows);
  for (Value slot : {count, depth, failed})
    set(b, slot, constant(b, 0));
  for (Value table : tables)
    width = std::max<int64_t>(width, 1 + plan.get(table).op.getRank());
  for (auto visit : op.getVisits().front().getOps<dp::VisitOp>()) {
    if (!visit.getRoot())
      continue;
    Nest nest(plan.get(visit.getTable()).domain, plan.forms, Nest::Options{});
    Nest::Point point = nest.start(env, {});
    OpBuilder inner = b;
    if (Value guard = nest.emitGuards(b, loc, env, point)) {
      auto branch = b.create<scf::IfOp>(loc, guard, /*withElse=*/false);
      inner = branch.getThenBodyBuilder();
    }
    nest.emit(inner, loc, env, point, [&](OpBuilder &at, ValueRange indices) {
      cell.emitVisit(at, visit, indices);
      emitWalk(at);
    });
  }
  memory.storeOutput(b, plan.get(op.getLength()), {}, {get(b, count)});
  return b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ne, get(b, failed),
                                 constant(b, 0));
}
