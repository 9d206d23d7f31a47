//===- MaximumRounds.cpp - a maximum over rounds --------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A maximum is the same in any order, and so is what came with the first of the
// largest: lane l sees rounds l, l + width, ...; in the end halves of the lanes
// are compared until one is left.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Rounds.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace danskin::conversion;

namespace {
/// A reduction to a maximum, and to what came with it.
class Maximum : public Rounds {
public:
  using Rounds::Rounds;
  bool match() override;

  /// Per lane or for all: the number so far, the round it is of, and what is
  /// carried with it.
  struct State {
    Value number, round;
    SmallVector<Value> others;
  };

private:
  SmallVector<Value> emitStart(OpBuilder &b, ValueRange inits,
                               unsigned width) override;
  SmallVector<Value> emitVector(OpBuilder &b, ValueRange carriedLanes,
                                unsigned width, GetLanes getLanes) override;
  SmallVector<Value> emitEnd(OpBuilder &b, ValueRange lanes, ValueRange inits,
                             unsigned width) override;
  bool isOrdered() const override { return false; }

  bool matchNumber();
  bool matchOther(unsigned position);
  bool isAbove(Value condition);
  bool isMaximum(Value value);

  Value evaluate(OpBuilder &b, Value value, Value before, Value term);
  State raise(OpBuilder &b, const State &before, const State &term,
              Value takes);
  State choose(OpBuilder &b, const State &x, const State &y);
  State join(OpBuilder &b, State lanes, unsigned width);
  State apply(const State &state, llvm::function_ref<Value(Value)> change);
  State restore(ValueRange values) const;

  Value carried, next; ///< the number, before and after a round
  Value term;          ///< what the round compares it with
  Value takes;         ///< whether the round wins, if anything asks
  struct Other {
    unsigned position;
    Value brought;
  };
  SmallVector<Other> others;
};
} // namespace

//===----------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------===//

static bool isCompare(Value condition, arith::CmpFPredicate how, Value x,
                      Value y) {
  auto compare = condition.getDefiningOp<arith::CmpFOp>();
  return compare && compare.getPredicate() == how && compare.getLhs() == x &&
         compare.getRhs() == y;
}

/// `term > carried`, or that the term is NaN.
bool Maximum::isAbove(Value condition) {
  using Predicate = arith::CmpFPredicate;
  if (isCompare(condition, Predicate::OGT, term, carried))
    return true;
  auto either = condition.getDefiningOp<arith::OrIOp>();
  return either && isCompare(either.getLhs(), Predicate::OGT, term, carried) &&
         isCompare(either.getRhs(), Predicate::UNO, term, term);
}

/// The term if it is above, or else NaN where either is.
bool Maximum::isMaximum(Value value) {
  using Predicate = arith::CmpFPredicate;
  auto select = value.getDefiningOp<arith::SelectOp>();
  if (!select)
    return false;
  Value x = select.getTrueValue(), y = select.getFalseValue();
  if (isAbove(select.getCondition()))
    return x == term && y == carried;
  auto inner = y.getDefiningOp<arith::SelectOp>();
  APFloat number(0.0f);
  return isCompare(select.getCondition(), Predicate::UNO, carried, term) &&
         matchPattern(x, m_ConstantFloat(&number)) && number.isNaN() && inner &&
         isCompare(inner.getCondition(), Predicate::OGT, carried, term) &&
         inner.getTrueValue() == carried && inner.getFalseValue() == term;
}

/// Whatever the number is compared with first may be the term.
bool Maximum::matchNumber() {
  for (Operation *user : carried.getUsers()) {
    auto compare = dyn_cast<arith::CmpFOp>(user);
    if (!compare)
      continue;
    term = compare.getLhs() == carried ? compare.getRhs() : compare.getLhs();
    if (term != carried && isMaximum(next))
      return true;
  }
  return false;
}

/// `takes ? brought : carried`
bool Maximum::matchOther(unsigned position) {
  Value before = loop.getRegionIterArgs()[position];
  auto select =
      loop.getYieldedValues()[position].getDefiningOp<arith::SelectOp>();
  if (!select || select.getFalseValue() != before ||
      (takes && takes != select.getCondition()) ||
      !isMadeOf(select.getCondition(), {carried, term}))
    return false;
  takes = select.getCondition();
  others.push_back({position, select.getTrueValue()});
  return true;
}

bool Maximum::match() {
  carried = loop.getRegionIterArgs()[0];
  next = loop.getYieldedValues()[0];
  if (!isa<FloatType>(carried.getType()) || !matchNumber())
    return false;
  for (unsigned i = 1; i < loop.getNumResults(); ++i)
    if (!loop.getResult(i).use_empty() && !matchOther(i))
      return false;
  return isOfRound(term) && llvm::all_of(others, [&](const Other &other) {
           return isOfRound(other.brought);
         });
}

//===----------------------------------------------------------------------===//
// Emitting
//===----------------------------------------------------------------------===//

/// `value`, which is made of the number and the term, of these two.
Value Maximum::evaluate(OpBuilder &b, Value value, Value before, Value with) {
  IRMapping map;
  map.map(carried, before);
  map.map(term, with);
  return cloneMade(b, value, map, before.getType());
}

Maximum::State Maximum::apply(const State &state,
                              llvm::function_ref<Value(Value)> change) {
  State changed;
  changed.number = change(state.number);
  changed.round = state.round ? change(state.round) : Value();
  for (Value other : state.others)
    changed.others.push_back(change(other));
  return changed;
}

/// The number of both; else the term's if it takes, elementwise.
Maximum::State Maximum::raise(OpBuilder &b, const State &before,
                              const State &with, Value isTaken) {
  State after;
  after.number = evaluate(b, next, before.number, with.number);
  auto select = [&](Value x, Value y) -> Value {
    return b.create<arith::SelectOp>(loc, isTaken, x, y);
  };
  if (before.round)
    after.round = select(with.round, before.round);
  for (auto [x, y] : llvm::zip_equal(with.others, before.others))
    after.others.push_back(select(x, y));
  return after;
}

/// What a loop over the rounds of both would have carried out.
Maximum::State Maximum::choose(OpBuilder &b, const State &x, const State &y) {
  Value isTaken;
  if (takes) {
    Value later = evaluate(b, takes, x.number, y.number);
    Value earlier = evaluate(b, takes, y.number, x.number);
    Value isLater = b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::slt,
                                            x.round, y.round);
    Value yes = spreadLike(b, b.create<arith::ConstantIntOp>(loc, 1, 1),
                           isLater.getType());
    isTaken = b.create<arith::SelectOp>(
        loc, isLater, later, b.create<arith::XOrIOp>(loc, earlier, yes));
  }
  return raise(b, x, y, isTaken);
}

/// Half of the lanes with the other half, until one is left.
Maximum::State Maximum::join(OpBuilder &b, State lanes, unsigned width) {
  for (; width > 1; width /= 2) {
    auto takeHalf = [&](unsigned first) {
      return apply(lanes, [&](Value value) {
        return takeLanes(b, loc, value, first, width / 2);
      });
    };
    lanes = choose(b, takeHalf(0), takeHalf(width / 2));
  }
  return apply(lanes, [&](Value value) { return takeFirst(b, loc, value); });
}

Maximum::State Maximum::restore(ValueRange values) const {
  State state{values[0], takes ? values[1] : Value(), {}};
  llvm::append_range(state.others, values.drop_front(takes ? 2 : 1));
  return state;
}

static SmallVector<Value> flatten(const Maximum::State &state) {
  SmallVector<Value> values = {state.number};
  if (state.round)
    values.push_back(state.round);
  llvm::append_range(values, state.others);
  return values;
}

/// What there was before comes before all rounds, in every lane.
SmallVector<Value> Maximum::emitStart(OpBuilder &b, ValueRange inits,
                                      unsigned width) {
  State start{inits[0], Value(), {}};
  if (takes)
    start.round = b.create<arith::ConstantIndexOp>(loc, -1);
  for (const Other &other : others)
    start.others.push_back(inits[other.position]);
  Type lanes = VectorType::get(width, carried.getType());
  return flatten(
      apply(start, [&](Value x) { return spreadLike(b, x, lanes); }));
}

SmallVector<Value> Maximum::emitVector(OpBuilder &b, ValueRange carriedLanes,
                                       unsigned width, GetLanes getLanes) {
  State before = restore(carriedLanes), with{getLanes(term), Value(), {}};
  if (takes)
    with.round = getLanes(loop.getInductionVar());
  for (const Other &other : others)
    with.others.push_back(getLanes(other.brought));
  Value isTaken =
      takes ? evaluate(b, takes, before.number, with.number) : Value();
  return flatten(raise(b, before, with, isTaken));
}

SmallVector<Value> Maximum::emitEnd(OpBuilder &b, ValueRange lanes,
                                    ValueRange inits, unsigned width) {
  State one = join(b, restore(lanes), width);
  SmallVector<Value> results(inits);
  results[0] = one.number;
  for (auto [other, value] : llvm::zip_equal(others, one.others))
    results[other.position] = value;
  return results;
}

std::unique_ptr<Rounds> danskin::conversion::createMaximum(scf::ForOp loop) {
  return std::make_unique<Maximum>(loop);
}
