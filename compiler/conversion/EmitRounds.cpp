//===- EmitRounds.cpp - rounds of a maximum as lanes ----------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A maximum is the same in any order, and so is what came with the first of the
// largest. Where no lanes are cells, as many rounds are taken at a time: lane l
// sees rounds l, l + width, ...; in the end the lanes become one. What does not
// fill a vector is left to the loop as it was.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/CellEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace danskin::conversion;

/// The loop as far as it goes through whole turns that a loop for the rest
/// follows; null if there are none. See reduceInTurns.
static scf::ForOp getTurns(scf::ForOp loop) {
  auto turns = loop.getInitArgs()[0].getDefiningOp<scf::ForOp>();
  bool isSo = turns && turns->hasAttr(turnsAttr) && loop.getNumResults() == 1 &&
              turns.getResult(0) == loop.getInitArgs()[0] &&
              turns.getUpperBound() == loop.getLowerBound();
  return isSo ? turns : scf::ForOp();
}

namespace {
/// A reduction to a maximum, and to what came with it.
class Maximum {
public:
  explicit Maximum(scf::ForOp loop) : loop(loop), loc(loop.getLoc()) {}

  /// Is the loop one, of rounds that only compute and load?
  bool match();
  void emit(unsigned width);

private:
  /// Per lane or for all: the number so far, the round it is of, and what is
  /// carried with it.
  struct State {
    Value number, round;
    SmallVector<Value> others;
  };

  bool matchNumber();
  bool matchOther(unsigned position);
  bool isMaximum(Value value);
  bool isMadeOf(Value value);
  bool dependsOnCarried(Operation *op);
  scf::ForOp createRounds(OpBuilder &b, Value lower, IRMapping &map);

  Value spread(OpBuilder &b, Value value, Type like);
  Value evaluate(OpBuilder &b, Value value, Value before, Value term);
  State raise(OpBuilder &b, const State &before, const State &term,
              Value takes);
  State choose(OpBuilder &b, const State &x, const State &y);
  State join(OpBuilder &b, State lanes, unsigned width);
  State apply(const State &state, llvm::function_ref<Value(Value)> change);

  scf::ForOp loop;
  Location loc;
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

static arith::CmpFOp getGreater(Value condition, Value x, Value y) {
  auto compare = condition.getDefiningOp<arith::CmpFOp>();
  return compare && compare.getPredicate() == arith::CmpFPredicate::OGT &&
                 compare.getLhs() == x && compare.getRhs() == y
             ? compare
             : arith::CmpFOp();
}

/// `term > carried ? term : carried`, or `carried > term ? carried : term` and
/// NaN where either is.
bool Maximum::isMaximum(Value value) {
  auto select = value.getDefiningOp<arith::SelectOp>();
  if (!select)
    return false;
  Value x = select.getTrueValue(), y = select.getFalseValue();
  if (getGreater(select.getCondition(), term, carried))
    return x == term && y == carried;
  auto either = select.getCondition().getDefiningOp<arith::CmpFOp>();
  auto inner = y.getDefiningOp<arith::SelectOp>();
  APFloat number(0.0f);
  return either && either.getPredicate() == arith::CmpFPredicate::UNO &&
         either.getLhs() == carried && either.getRhs() == term &&
         matchPattern(x, m_ConstantFloat(&number)) && number.isNaN() && inner &&
         getGreater(inner.getCondition(), carried, term) &&
         inner.getTrueValue() == carried && inner.getFalseValue() == term;
}

bool Maximum::matchNumber() {
  auto select = next.getDefiningOp<arith::SelectOp>();
  if (!select)
    return false;
  auto compare = select.getCondition().getDefiningOp<arith::CmpFOp>();
  if (!compare)
    return false;
  term = compare.getLhs() == carried ? compare.getRhs() : compare.getLhs();
  return term != carried && isMaximum(next);
}

/// Is the value made of the number and the term alone?
bool Maximum::isMadeOf(Value value) {
  if (value == carried || value == term || matchPattern(value, m_Constant()))
    return true;
  Operation *op = value.getDefiningOp();
  return op && loop->isProperAncestor(op) && !op->getNumRegions() &&
         isa<arith::ArithDialect>(op->getDialect()) &&
         llvm::all_of(op->getOperands(),
                      [&](Value operand) { return isMadeOf(operand); });
}

/// `takes ? brought : carried`
bool Maximum::matchOther(unsigned position) {
  Value before = loop.getRegionIterArgs()[position];
  auto select =
      loop.getYieldedValues()[position].getDefiningOp<arith::SelectOp>();
  if (!select || select.getFalseValue() != before ||
      (takes && takes != select.getCondition()) ||
      !isMadeOf(select.getCondition()))
    return false;
  takes = select.getCondition();
  others.push_back({position, select.getTrueValue()});
  return true;
}

/// Does the operation need what earlier rounds found?
bool Maximum::dependsOnCarried(Operation *op) {
  return op
      ->walk([&](Operation *inner) {
        bool isSo = llvm::any_of(inner->getOperands(), [&](Value operand) {
          if (llvm::is_contained(loop.getRegionIterArgs(), operand))
            return true;
          Operation *from = operand.getDefiningOp();
          return from && from->getBlock() == loop.getBody() && from != op &&
                 dependsOnCarried(from);
        });
        return isSo ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

bool Maximum::match() {
  if (loop.getInitArgs().empty() || getConstantIntValue(loop.getStep()) != 1 ||
      isForVectors(loop))
    return false;
  for (Type type : loop.getResultTypes())
    if (!isa<FloatType, IndexType>(type))
      return false;
  bool isPlain = true;
  loop.getBody()->walk([&](Operation *op) {
    isPlain &= isa<memref::LoadOp, scf::IfOp, scf::YieldOp>(op) ||
               (!op->getNumRegions() && isMemoryEffectFree(op));
  });
  carried = loop.getRegionIterArgs()[0];
  next = loop.getYieldedValues()[0];
  if (!isPlain || !isa<FloatType>(carried.getType()) || !matchNumber())
    return false;
  for (unsigned i = 1; i < loop.getNumResults(); ++i)
    if (!loop.getResult(i).use_empty() && !matchOther(i))
      return false;
  auto isOfRound = [&](Value value) {
    Operation *op = value.getDefiningOp();
    return !llvm::is_contained(loop.getRegionIterArgs(), value) &&
           (!op || op->getBlock() != loop.getBody() || !dependsOnCarried(op));
  };
  return isOfRound(term) && llvm::all_of(others, [&](const Other &other) {
           return isOfRound(other.brought);
         });
}

//===----------------------------------------------------------------------===//
// Emitting
//===----------------------------------------------------------------------===//

/// A loop of what rounds compute by themselves.
scf::ForOp Maximum::createRounds(OpBuilder &b, Value lower, IRMapping &map) {
  auto rounds =
      b.create<scf::ForOp>(loc, lower, loop.getUpperBound(), loop.getStep());
  OpBuilder body(rounds.getBody()->getTerminator());
  map.map(loop.getInductionVar(), rounds.getInductionVar());
  for (Operation &op : loop.getBody()->without_terminator())
    if (!dependsOnCarried(&op))
      body.clone(op, map);
  return rounds;
}

Value Maximum::spread(OpBuilder &b, Value value, Type like) {
  auto type = dyn_cast<VectorType>(like);
  if (!type || isa<VectorType>(value.getType()))
    return value;
  return b.create<vector::BroadcastOp>(
      loc, VectorType::get(type.getShape(), value.getType()), value);
}

/// `value`, which is made of the number and the term, of these two.
Value Maximum::evaluate(OpBuilder &b, Value value, Value before, Value with) {
  if (value == carried)
    return before;
  if (value == term)
    return with;
  Operation *op = value.getDefiningOp();
  if (matchPattern(value, m_Constant()))
    return spread(b, b.clone(*op)->getResult(0), before.getType());
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(evaluate(b, operand, before, with));
  Type type = value.getType();
  if (auto lanes = dyn_cast<VectorType>(before.getType()))
    type = VectorType::get(lanes.getShape(), type);
  OperationState state(loc, op->getName(), operands, type,
                       op->getAttrDictionary().getValue());
  return b.create(state)->getResult(0);
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
    Value yes =
        spread(b, b.create<arith::ConstantIntOp>(loc, 1, 1), isLater.getType());
    isTaken = b.create<arith::SelectOp>(
        loc, isLater, later, b.create<arith::XOrIOp>(loc, earlier, yes));
  }
  return raise(b, x, y, isTaken);
}

/// Half of the lanes with the other half, until one is left.
Maximum::State Maximum::join(OpBuilder &b, State lanes, unsigned width) {
  for (; width > 1; width /= 2) {
    auto takeHalf = [&](unsigned first) {
      return apply(lanes, [&](Value value) -> Value {
        return b.create<vector::ExtractStridedSliceOp>(
            loc, value, ArrayRef<int64_t>{first}, ArrayRef<int64_t>{width / 2},
            ArrayRef<int64_t>{1});
      });
    };
    lanes = choose(b, takeHalf(0), takeHalf(width / 2));
  }
  return apply(lanes, [&](Value value) -> Value {
    return b.create<vector::ExtractOp>(loc, value, ArrayRef<int64_t>{0});
  });
}

void Maximum::emit(unsigned width) {
  scf::ForOp turns = getTurns(loop);
  OpBuilder b(loop);
  Value lower = turns ? turns.getLowerBound() : loop.getLowerBound();
  SmallVector<Value> inits(turns ? turns.getInitArgs().take_front(1)
                                 : loop.getInitArgs());
  IRMapping map;
  scf::ForOp rounds = createRounds(b, lower, map);
  Varying varying(rounds);
  if (varying.getObstacle())
    return rounds.erase();

  Value times = b.create<arith::ConstantIndexOp>(loc, width);
  Value count = b.create<arith::SubIOp>(loc, loop.getUpperBound(), lower);
  Value isEnough =
      b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::sge, count, times);
  SmallVector<Type> types = {b.getIndexType(), carried.getType()};
  for (const Other &other : others)
    types.push_back(other.brought.getType());
  auto branch = b.create<scf::IfOp>(loc, types, isEnough,
                                    /*withElseRegion=*/true);
  OpBuilder then = branch.getThenBodyBuilder();
  Value rest = then.create<arith::RemUIOp>(loc, count, times);
  Value end = then.create<arith::SubIOp>(loc, loop.getUpperBound(), rest);

  // What there was before comes before all rounds, in every lane.
  State start{inits[0], Value(), {}};
  if (takes)
    start.round = then.create<arith::ConstantIndexOp>(loc, -1);
  for (const Other &other : others)
    start.others.push_back(inits[other.position]);
  auto flatten = [](const State &state) {
    SmallVector<Value> values = {state.number};
    if (state.round)
      values.push_back(state.round);
    llvm::append_range(values, state.others);
    return values;
  };
  auto restore = [&](ValueRange values) {
    State state{values[0], takes ? values[1] : Value(), {}};
    llvm::append_range(state.others, values.drop_front(takes ? 2 : 1));
    return state;
  };
  Type like = VectorType::get(width, carried.getType());
  auto vectors = then.create<scf::ForOp>(
      loc, lower, end, times,
      flatten(apply(start, [&](Value x) { return spread(then, x, like); })));
  OpBuilder body = OpBuilder::atBlockEnd(vectors.getBody());
  CellEmitter emitter(varying, width, rounds);
  emitter.run(body, vectors.getInductionVar(), Value(), {});
  auto getLanes = [&](Value value) {
    return emitter.getLanes(body, map.lookupOrDefault(value));
  };
  State with{getLanes(term), Value(), {}};
  if (takes)
    with.round = getLanes(loop.getInductionVar());
  for (const Other &other : others)
    with.others.push_back(getLanes(other.brought));
  State before = restore(vectors.getRegionIterArgs());
  Value isTaken =
      takes ? evaluate(body, takes, before.number, with.number) : Value();
  body.create<scf::YieldOp>(loc, flatten(raise(body, before, with, isTaken)));
  State one = join(then, restore(vectors.getResults()), width);
  one.round = Value();
  SmallVector<Value> results = {end};
  llvm::append_range(results, flatten(one));
  then.create<scf::YieldOp>(loc, results);
  start.round = Value();
  results = {lower};
  llvm::append_range(results, flatten(start));
  branch.getElseBodyBuilder().create<scf::YieldOp>(loc, results);
  rounds.erase();

  loop.getLowerBoundMutable().assign(branch.getResult(0));
  loop.getInitArgsMutable()[0].set(branch.getResult(1));
  for (auto [i, other] : llvm::enumerate(others))
    loop.getInitArgsMutable()[other.position].set(branch.getResult(2 + i));
  if (turns) {
    turns.replaceAllUsesWith(turns.getInitArgs());
    turns.erase();
  }
}

void danskin::conversion::emitRounds(func::FuncOp kernel, unsigned width) {
  SmallVector<scf::ForOp> loops;
  kernel.walk([&](scf::ForOp loop) { loops.push_back(loop); });
  for (scf::ForOp loop : loops)
    if (Maximum maximum(loop); maximum.match())
      maximum.emit(width);
}
