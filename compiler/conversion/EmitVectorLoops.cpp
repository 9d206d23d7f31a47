//===- EmitVectorLoops.cpp - loops on vectors -----------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where the bounds of a loop differ from lane to lane, lanes run it together,
// from the first one's start to the last one's end, and those that have no part
// in a round wait. If they then read what lies apart, each lane is in a round
// of its own at a time, ahead of the one before by as much as its bounds are:
// the cells of a diagonal read diagonals.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Vectors.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace danskin::conversion;

/// Where all lanes are in the same round at a time.
VectorEmitter::Rounds
VectorEmitter::getRoundsTogether(OpBuilder &b, Value lowers, Value uppers) {
  Value runs =
      b.create<arith::CmpIOp>(here, arith::CmpIPredicate::slt, lowers, uppers);
  Value most = spread(b, constant(b, std::numeric_limits<int64_t>::max()));
  Value least = spread(b, constant(b, std::numeric_limits<int64_t>::min()));
  Value lower = b.create<vector::ReductionOp>(
      here, vector::CombiningKind::MINSI,
      b.create<arith::SelectOp>(here, runs, lowers, most));
  Value upper = b.create<vector::ReductionOp>(
      here, vector::CombiningKind::MAXSI,
      b.create<arith::SelectOp>(here, runs, uppers, least));
  return {lower, upper, lowers, uppers, Value(), Value()};
}

/// Where each lane is ahead of the one before. Rounds are counted from the
/// first one of each lane, or to the last one.
VectorEmitter::Rounds VectorEmitter::getShiftedRounds(OpBuilder &b,
                                                      scf::ForOp loop) {
  Value lowers = get(loop.getLowerBound()), uppers = get(loop.getUpperBound());
  Value start = getFirst(b, loop.getLowerBound()),
        end = getFirst(b, loop.getUpperBound());
  Value most = b.create<arith::SubIOp>(here, end, start);
  int64_t lower = *varying.getStep(loop.getLowerBound()),
          upper = *varying.getStep(loop.getUpperBound());
  if (lower == upper)
    return {constant(b, 0), most, Value(), Value(), lowers, start};
  if (upper > lower)
    most = b.create<arith::AddIOp>(
        here, most, constant(b, (upper - lower) * int64_t(width - 1)));
  lowers = spread(b, lowers);
  uppers = spread(b, uppers);
  if (varying.getShift(loop) == lower)
    return {constant(b, 0), most, lowers, uppers, lowers, start};
  return {constant(b, 0),
          most,
          lowers,
          uppers,
          b.create<arith::SubIOp>(here, uppers, spread(b, most)),
          b.create<arith::SubIOp>(here, end, most)};
}

VectorEmitter::Rounds VectorEmitter::getRounds(OpBuilder &b, scf::ForOp loop,
                                               Mask mask) {
  Value lower = loop.getLowerBound(), upper = loop.getUpperBound();
  if (!varying.contains(lower) && !varying.contains(upper))
    return {get(lower), get(upper), Value(), Value(), Value(), Value()};
  if (varying.getShift(loop)) {
    Rounds rounds = getShiftedRounds(b, loop);
    if (mask && rounds.uppers)
      rounds.uppers =
          b.create<arith::SelectOp>(here, mask, rounds.uppers, rounds.lowers);
    return rounds;
  }
  // A lane that has no part here has an empty range.
  Value lowers = getLanes(b, lower), uppers = getLanes(b, upper);
  if (mask)
    uppers = b.create<arith::SelectOp>(here, mask, uppers, lowers);
  return getRoundsTogether(b, lowers, uppers);
}

void VectorEmitter::emitFor(OpBuilder &b, scf::ForOp loop, Mask mask) {
  Location loc = here;
  Rounds rounds = getRounds(b, loop, mask);
  SmallVector<Value> inits;
  for (auto [init, argument] :
       llvm::zip(loop.getInitArgs(), loop.getRegionIterArgs()))
    inits.push_back(fit(b, get(init), argument));
  auto copy = b.create<scf::ForOp>(loc, rounds.lower, rounds.upper,
                                   get(loop.getStep()), inits);
  OpBuilder inner = inits.empty() ? OpBuilder(copy.getBody()->getTerminator())
                                  : OpBuilder::atBlockEnd(copy.getBody());
  Value index = copy.getInductionVar();
  if (rounds.starts) {
    noteShifted(loop, inner.create<arith::AddIOp>(loc, rounds.start, index));
    index =
        inner.create<arith::AddIOp>(loc, rounds.starts, spread(inner, index));
  }
  map.map(loop.getInductionVar(), index);
  map.map(loop.getRegionIterArgs(), copy.getRegionIterArgs());
  Mask running = mask;
  if (rounds.lowers) {
    index = spread(inner, index);
    Value started = inner.create<arith::CmpIOp>(loc, arith::CmpIPredicate::sle,
                                                rounds.lowers, index);
    Value open = inner.create<arith::CmpIOp>(loc, arith::CmpIPredicate::slt,
                                             index, rounds.uppers);
    running = inner.create<arith::AndIOp>(loc, started, open);
  }
  emitBlock(inner, *loop.getBody(), running);
  here = loc;
  if (!inits.empty()) {
    SmallVector<Value> yields;
    for (auto [value, argument] :
         llvm::zip(loop.getYieldedValues(), loop.getRegionIterArgs())) {
      Value next = fit(inner, get(value), argument);
      if (rounds.lowers)
        next = inner.create<arith::SelectOp>(loc, running, next, get(argument));
      yields.push_back(next);
    }
    inner.create<scf::YieldOp>(loc, yields);
  }
  map.map(loop.getResults(), copy.getResults());
}

/// Carries, beside the values, the lanes still in the loop and what each lane
/// left it with.
void VectorEmitter::emitWhile(OpBuilder &b, scf::WhileOp loop, Mask mask) {
  Location loc = here;
  size_t numInits = loop.getInits().size();
  SmallVector<Value> inits;
  for (Value init : loop.getInits())
    inits.push_back(getLanes(b, init));
  inits.push_back(mask ? mask : getAll(b));
  SmallVector<Type> afterTypes, laneTypes;
  for (Value result : loop.getResults()) {
    laneTypes.push_back(getLaneType(result.getType()));
    inits.push_back(emitNothing(b, laneTypes.back()));
  }
  // Forwarded: the lanes that go on, and the values of all.
  afterTypes.push_back(inits[numInits].getType());
  llvm::append_range(afterTypes, laneTypes);
  auto copy = b.create<scf::WhileOp>(
      loc, afterTypes, inits,
      [&](OpBuilder &before, Location, ValueRange arguments) {
        map.map(loop.getBeforeArguments(), arguments.take_front(numInits));
        Value active = arguments[numInits];
        ValueRange earlier = arguments.drop_front(numInits + 1);
        emitBlock(before, *loop.getBeforeBody(), active);
        here = loc;
        scf::ConditionOp condition = loop.getConditionOp();
        Value on = before.create<arith::AndIOp>(
            loc, active, getLanes(before, condition.getCondition()));
        SmallVector<Value> forwarded = {on};
        for (auto [value, old] : llvm::zip(condition.getArgs(), earlier))
          forwarded.push_back(before.create<arith::SelectOp>(
              loc, active, getLanes(before, value), old));
        before.create<scf::ConditionOp>(loc, emitAny(before, on), forwarded);
      },
      [&](OpBuilder &after, Location, ValueRange arguments) {
        ValueRange values = arguments.drop_front(1);
        map.map(loop.getAfterArguments(), values);
        emitBlock(after, *loop.getAfterBody(), arguments[0]);
        here = loc;
        SmallVector<Value> next;
        for (Value value : loop.getYieldOp().getOperands())
          next.push_back(getLanes(after, value));
        next.push_back(arguments[0]);
        llvm::append_range(next, values);
        after.create<scf::YieldOp>(loc, next);
      });
  map.map(loop.getResults(), copy.getResults().drop_front(1));
}
