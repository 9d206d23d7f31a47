//===- Segments.cpp - times computed again from checkpoints ---------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Segments.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace danskin::conversion;

TimeBounds
danskin::conversion::emitTimeBounds(OpBuilder &b, Location loc,
                                    ArrayRef<StatementPoint> statements,
                                    unsigned row) {
  TimeBounds bounds;
  const Nest &first = *statements.front().first->nest;
  for (auto [statement, point] : statements) {
    const Nest &nest = *statement->nest;
    auto [from, to] = nest.emitTimeBounds(b, loc, *point, row);
    if (!nest.hasSameBounds(first, row)) {
      bounds.isCommon = false;
      bounds.lower = b.create<arith::MinSIOp>(loc, bounds.lower, from);
      bounds.last = b.create<arith::MaxSIOp>(loc, bounds.last, to);
    } else if (!bounds.lower) {
      bounds.lower = from;
      bounds.last = to;
    }
  }
  return bounds;
}

/// What needs least memory: `times / length` checkpoints, each of the times of
/// some tables that the next segment reads, and a segment of all. Square roots
/// are rounded alike everywhere.
static Value emitLength(OpBuilder &b, Location loc, Value times, Plan &plan) {
  const danskin::Checkpoint &checkpoint = *plan.checkpoint;
  auto getBytes = [&](TablePlan *table) {
    auto [first, second] = plan.getBytesOfCell(*table);
    return first + second;
  };
  int64_t segmented = 0, kept = 0;
  for (TablePlan *table : plan.getStored())
    if (table->layout->isSegmented())
      segmented += getBytes(table);
  for (TablePlan *table : plan.getReplayed())
    kept += getBytes(table) * (table->layout->isFolded() ? checkpoint.latest
                               : table->past             ? checkpoint.past
                                                         : 0);
  Value all = b.create<arith::MulIOp>(loc, times, constantIndex(b, loc, kept));
  all = b.create<arith::DivUIOp>(
      loc, all, constantIndex(b, loc, std::max<int64_t>(segmented, 1)));
  Type integer = b.getI64Type(), number = b.getF64Type();
  Value root = b.create<arith::SIToFPOp>(
      loc, number, b.create<arith::IndexCastOp>(loc, integer, all));
  root = b.create<math::SqrtOp>(loc, root);
  Value length = b.create<arith::IndexCastOp>(
      loc, b.getIndexType(), b.create<arith::FPToSIOp>(loc, integer, root));
  int64_t least = std::max({checkpoint.past, checkpoint.ahead, int64_t(1)});
  return b.create<arith::MaxSIOp>(loc, length, constantIndex(b, loc, least));
}

Segments::Range Segments::getTimes(OpBuilder &b, Plan &plan, Env &env,
                                   ArrayRef<int64_t> phase) {
  std::vector<std::pair<const Statement *, Nest::Point>> points;
  for (const Statement &statement : plan.statements) {
    if (!plan.isOfPhase(statement, phase))
      continue;
    Nest::Point point = statement.nest->start(env, {});
    for (auto [row, time] : llvm::enumerate(phase))
      statement.nest->setTime(point, row, constantIndex(b, loc, time));
    points.push_back({&statement, std::move(point)});
  }
  SmallVector<StatementPoint> statements;
  for (const auto &[statement, point] : points)
    statements.push_back({statement, &point});
  TimeBounds bounds = emitTimeBounds(b, loc, statements, plan.checkpoint->row);
  Value upper =
      b.create<arith::AddIOp>(loc, bounds.last, constantIndex(b, loc, 1));
  return {bounds.lower, b.create<arith::MaxSIOp>(loc, upper, bounds.lower)};
}

Segments::Segments(Plan &plan, Env &env)
    : loc(env.getLoc()), sum(plan.checkpoint->sum) {
  OpBuilder &b = env.getPrologue();
  const danskin::Checkpoint &checkpoint = *plan.checkpoint;
  auto constant = [&](int64_t value) { return constantIndex(b, loc, value); };
  past = constant(checkpoint.past);
  ahead = constant(checkpoint.ahead);
  readersPast = constant(checkpoint.readersPast);
  producers = getTimes(b, plan, env, checkpoint.producers);
  readers = getTimes(b, plan, env, checkpoint.readers);
  Value times = b.create<arith::SubIOp>(loc, producers.upper, producers.lower);
  length = emitLength(b, loc, times, plan);
  count = b.create<arith::CeilDivSIOp>(loc, times, length);
  count = b.create<arith::MaxSIOp>(loc, count, constant(1));

  Value room = b.create<arith::AddIOp>(loc, past, length);
  env.getWindow(Env::Phase::Producers).length =
      b.create<arith::AddIOp>(loc, room, ahead);
  room = b.create<arith::AddIOp>(loc, readersPast, length);
  Value last = b.create<arith::SubIOp>(loc, count, constant(1));
  auto addBeyond = [&](Value from, Value to) {
    Value beyond = b.create<arith::SubIOp>(loc, to, from);
    beyond = b.create<arith::MaxSIOp>(loc, beyond, constant(0));
    room = b.create<arith::AddIOp>(loc, room, beyond);
  };
  addBeyond(readers.lower, emitRawMirror(b, last).lower);
  addBeyond(emitRawMirror(b, constant(0)).upper, readers.upper);
  env.getWindow(Env::Phase::Readers).length = room;
  // Where nothing was moved yet; what is never computed may also read there.
  env.getWindow(Env::Phase::Producers).first = producers.lower;
  env.getWindow(Env::Phase::Readers).first = readers.lower;
}

Value Segments::emitFirst(OpBuilder &b, Value segment) const {
  return b.create<arith::AddIOp>(loc, producers.lower,
                                 b.create<arith::MulIOp>(loc, segment, length));
}

Segments::Range Segments::emitRawMirror(OpBuilder &b, Value segment) const {
  Value upper = b.create<arith::SubIOp>(loc, constantIndex(b, loc, sum + 1),
                                        emitFirst(b, segment));
  return {b.create<arith::SubIOp>(loc, upper, length), upper};
}

Segments::Range Segments::emitMirror(OpBuilder &b, Value segment) const {
  auto [lower, upper] = emitRawMirror(b, segment);
  auto choose = [&](Value edge, Value atEdge, Value otherwise) -> Value {
    Value isEdge =
        b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, segment, edge);
    return b.create<arith::SelectOp>(loc, isEdge, atEdge, otherwise);
  };
  Value zero = constantIndex(b, loc, 0);
  Value last = b.create<arith::SubIOp>(loc, count, constantIndex(b, loc, 1));
  lower = choose(last, readers.lower,
                 b.create<arith::MaxSIOp>(loc, lower, readers.lower));
  upper = choose(zero, readers.upper,
                 b.create<arith::MinSIOp>(loc, upper, readers.upper));
  return {lower, upper};
}
