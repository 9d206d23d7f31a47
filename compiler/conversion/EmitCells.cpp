//===- EmitCells.cpp - a loop over vectors of cells -----------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Cells that do not depend on one another are computed `width` at a time. The
// last vector ends where the loop ends, so some cells are computed twice: that
// costs less than masks, and gives the same numbers. Only cells that add to
// sums take masks there.
//
// Conditions on the loop's index, which guard the edges of a domain, have one
// answer in most vectors. There is a body for these, without masks, and one for
// the others and for loops that are shorter than a vector.
//
// Indices are followed as `first + lane * step`: memory whose lanes lie side by
// side is loaded whole. Whether a caller's array lies so is asked at run time.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Slices.h"
#include "compiler/conversion/Vectors.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace danskin::conversion;

namespace {
class CellEmitter : public VectorEmitter {
public:
  /// `first`: a branch in which it leaves out what is rare, for others.
  CellEmitter(const Varying &varying, unsigned width, scf::ForOp loop,
              scf::IfOp first = {})
      : VectorEmitter(varying, width, loop.getLoc()), loop(loop), first(first) {
  }

  /// Emits the iterations from `first` on that come before `end`, null for all
  /// of a vector. The conditions are what their values say.
  void run(OpBuilder &b, Value first, Value end,
           ArrayRef<std::pair<Value, bool>> conditions);

  /// Has nothing been left out?
  Value emitIsDone(OpBuilder &b);
  /// Makes what is known before the branch of its arrays, that lanes lie side
  /// by side in them, a condition of it.
  void requireAdjacent(scf::IfOp branch);

private:
  /// An index that differs by the same step from lane to lane.
  struct Progression {
    Value first, step;
  };

  const FlatArray &getArray(Value array);
  std::optional<Progression> getProgression(OpBuilder &b, Value index);
  Value add(OpBuilder &b, Value x, Value y) {
    return b.createOrFold<arith::AddIOp>(here, x, y);
  }
  Value multiply(OpBuilder &b, Value x, Value y) {
    return b.createOrFold<arith::MulIOp>(here, x, y);
  }

  Address getAddress(OpBuilder &b, Value array, ValueRange indices) override;
  void emitView(OpBuilder &b, memref::ViewOp view) override {
    b.clone(*view, map);
  }
  bool isCommon(Value array, ValueRange indices) override {
    return llvm::none_of(indices,
                         [&](Value index) { return varying.contains(index); });
  }
  void emitCommonLoad(OpBuilder &b, memref::LoadOp load, Mask mask) override;
  void emitCommonStore(OpBuilder &b, memref::StoreOp store, Mask mask) override;
  Value getFirst(OpBuilder &b, Value index) override {
    return getProgression(b, index)->first;
  }
  void noteShifted(scf::ForOp loop, Value first) override {
    OpBuilder b(first.getContext());
    b.setInsertionPointAfterValue(first);
    progressions[loop.getInductionVar()] = {
        first, constant(b, varying.getShift(loop))};
  }
  void noteElementwise(OpBuilder &b, Operation *op) override;
  bool leaveOut(OpBuilder &b, scf::IfOp branch, Mask mask) override;
  void noteLeftOut(OpBuilder &b, Value isSo);

  scf::ForOp loop;
  scf::IfOp first;
  Value leftOut; ///< whether anything is, in memory
  SmallVector<Value> adjacent;
  Value lane;
  DenseMap<Value, Progression> progressions;
  DenseMap<Value, FlatArray> arrays;
};
} // namespace

void CellEmitter::run(OpBuilder &b, Value first, Value end,
                      ArrayRef<std::pair<Value, bool>> conditions) {
  lane = countUp(b);
  Value index = loop.getInductionVar();
  Value indices = b.create<arith::AddIOp>(here, spread(b, first), lane);
  map.map(index, indices);
  progressions[index] = {first, constant(b, 1)};
  for (auto [condition, holds] : conditions)
    map.map(condition, b.create<arith::ConstantIntOp>(here, holds, 1));
  Mask mask;
  if (end)
    mask = b.create<arith::CmpIOp>(here, arith::CmpIPredicate::slt, indices,
                                   spread(b, end));
  emitBlock(b, *loop.getBody(), mask);
}

/// Opened where the kernel begins.
const FlatArray &CellEmitter::getArray(Value array) {
  auto [found, isNew] = arrays.try_emplace(array);
  if (isNew) {
    OpBuilder b(array.getContext());
    b.setInsertionPointAfterValue(array);
    found->second = FlatArray::get(b, loop.getLoc(), array);
  }
  return found->second;
}

std::optional<CellEmitter::Progression>
CellEmitter::getProgression(OpBuilder &b, Value index) {
  if (!varying.contains(index))
    return Progression{get(index), constant(b, 0)};
  auto found = progressions.find(index);
  if (found == progressions.end())
    return std::nullopt;
  return found->second;
}

/// Sums and multiples of progressions are progressions; what is made of indices
/// that are the same in all lanes after all is so too.
void CellEmitter::noteElementwise(OpBuilder &b, Operation *op) {
  Value result = op->getResult(0);
  if (!result.getType().isIndex())
    return;
  SmallVector<Progression> operands;
  bool allSame = true;
  for (Value operand : op->getOperands()) {
    std::optional<Progression> known;
    if (operand.getType().isIndex())
      known = getProgression(b, operand);
    if (!known)
      return;
    allSame &= matchPattern(known->step, m_Zero());
    operands.push_back(*known);
  }
  auto combine = [&](auto part) -> Value {
    SmallVector<Value> values;
    for (const Progression &operand : operands)
      values.push_back(operand.*part);
    OperationState state(here, op->getName());
    state.addOperands(values);
    state.addTypes(result.getType());
    state.addAttributes(op->getAttrs());
    Operation *scalar = b.create(state);
    SmallVector<Value> folded;
    if (failed(b.tryFold(scalar, folded)) || folded.empty())
      return scalar->getResult(0);
    return folded.front();
  };
  if (allSame) {
    progressions[result] = {combine(&Progression::first), constant(b, 0)};
  } else if (isa<arith::AddIOp, arith::SubIOp>(op)) {
    progressions[result] = {combine(&Progression::first),
                            combine(&Progression::step)};
  } else if (isa<arith::MulIOp>(op)) {
    unsigned factor = !matchPattern(operands[0].step, m_Zero());
    if (matchPattern(operands[factor].step, m_Zero()))
      progressions[result] = {
          combine(&Progression::first),
          multiply(b, operands[factor].first, operands[1 - factor].step)};
  }
}

VectorEmitter::Address CellEmitter::getAddress(OpBuilder &b, Value array,
                                               ValueRange indices) {
  Value one = constant(b, 1), zero = constant(b, 0);
  Address address{get(array), zero, Value(), Value()};
  SmallVector<Value> strides = {one};
  if (!array.getDefiningOp<memref::ViewOp>()) {
    const FlatArray &mine = getArray(array);
    address.memory = mine.memory;
    strides = mine.strides;
  }
  // All lanes' common step, and what is no progression.
  Value step = zero, rest;
  for (auto [index, stride] : llvm::zip_equal(indices, strides)) {
    if (auto known = getProgression(b, index)) {
      address.base = add(b, address.base, multiply(b, known->first, stride));
      step = add(b, step, multiply(b, known->step, stride));
      continue;
    }
    Value term =
        b.createOrFold<arith::MulIOp>(here, get(index), spread(b, stride));
    rest = rest ? b.create<arith::AddIOp>(here, rest, term).getResult() : term;
  }
  if (!rest && matchPattern(step, m_One()))
    return address;
  llvm::APInt constantStep;
  address.descends = !rest &&
                     matchPattern(step, m_ConstantInt(&constantStep)) &&
                     constantStep.isAllOnes();
  address.offsets = b.createOrFold<arith::MulIOp>(here, lane, spread(b, step));
  if (rest)
    address.offsets = b.create<arith::AddIOp>(here, address.offsets, rest);
  else
    address.adjacent =
        b.create<arith::CmpIOp>(here, arith::CmpIPredicate::eq, step, one);
  if (address.adjacent)
    adjacent.push_back(address.adjacent);
  return address;
}

/// What no lane may load may not be there.
void CellEmitter::emitCommonLoad(OpBuilder &b, memref::LoadOp load, Mask mask) {
  if (!mask) {
    b.clone(*load, map);
    return;
  }
  auto branch = b.create<scf::IfOp>(
      here, emitAny(b, mask),
      [&](OpBuilder &inner, Location) {
        Value loaded = inner.clone(*load, map)->getResult(0);
        inner.create<scf::YieldOp>(here, loaded);
      },
      [&](OpBuilder &inner, Location) {
        inner.create<scf::YieldOp>(here, emitNothing(inner, load.getType()));
      });
  map.map(load.getResult(), branch.getResult(0));
}

/// What all lanes store is the same, so one of them does.
void CellEmitter::emitCommonStore(OpBuilder &b, memref::StoreOp store,
                                  Mask mask) {
  auto emitOnce = [&](OpBuilder &at) {
    if (first && store->hasAttr(faultAttr))
      noteLeftOut(at, at.create<arith::ConstantIntOp>(here, 1, 1));
    else
      at.clone(*store, map);
  };
  if (!mask)
    return emitOnce(b);
  b.create<scf::IfOp>(here, emitAny(b, mask), [&](OpBuilder &inner, Location) {
    emitOnce(inner);
    inner.create<scf::YieldOp>(here);
  });
}

bool CellEmitter::leaveOut(OpBuilder &b, scf::IfOp branch, Mask mask) {
  if (!first || !branch->hasAttr(coldAttr))
    return false;
  Value condition = get(branch.getCondition());
  if (isa<VectorType>(condition.getType()))
    condition = emitAny(b, meet(b, mask, condition));
  noteLeftOut(b, condition);
  return true;
}

void CellEmitter::noteLeftOut(OpBuilder &b, Value isSo) {
  if (!leftOut) {
    auto function = loop->getParentOfType<func::FuncOp>();
    OpBuilder start = OpBuilder::atBlockBegin(&function.front());
    leftOut = start.create<memref::AllocaOp>(
        here, MemRefType::get({}, start.getI1Type()));
    OpBuilder before = OpBuilder::atBlockBegin(first.thenBlock());
    Value no = before.create<arith::ConstantIntOp>(here, 0, 1);
    before.create<memref::StoreOp>(here, no, leftOut);
  }
  Value before = b.create<memref::LoadOp>(here, leftOut);
  Value after = b.create<arith::OrIOp>(here, before, isSo);
  b.create<memref::StoreOp>(here, after, leftOut);
}

Value CellEmitter::emitIsDone(OpBuilder &b) {
  Value yes = b.create<arith::ConstantIntOp>(here, 1, 1);
  if (!leftOut)
    return yes;
  Value isLeftOut = b.create<memref::LoadOp>(here, leftOut);
  return b.create<arith::XOrIOp>(here, isLeftOut, yes);
}

/// `value`, computed before `op`, in which it is; null where that cannot be.
static Value hoist(OpBuilder &b, Value value, Operation *op, IRMapping &map) {
  if (Value known = map.lookupOrNull(value))
    return known;
  if (!op->isProperAncestor(value.getParentBlock()->getParentOp()) &&
      value.getParentBlock()->getParentOp() != op)
    return value;
  Operation *inner = value.getDefiningOp();
  if (!inner || inner->getNumRegions() || !isPure(inner))
    return Value();
  for (Value operand : inner->getOperands()) {
    Value earlier = hoist(b, operand, op, map);
    if (!earlier)
      return Value();
    map.map(operand, earlier);
  }
  b.clone(*inner, map);
  return map.lookup(value);
}

void CellEmitter::requireAdjacent(scf::IfOp branch) {
  OpBuilder before(branch), start = branch.getThenBodyBuilder();
  start.setInsertionPointToStart(branch.thenBlock());
  Value yes = start.create<arith::ConstantIntOp>(here, 1, 1);
  IRMapping map;
  for (Value isSo : adjacent) {
    Value known = hoist(before, isSo, branch, map);
    if (!known)
      continue;
    isSo.replaceAllUsesWith(yes);
    branch.getConditionMutable().assign(
        before.create<arith::AndIOp>(here, branch.getCondition(), known));
  }
}

//===----------------------------------------------------------------------===//
// The loop
//===----------------------------------------------------------------------===//

static bool isKnownBefore(Value value, scf::ForOp loop) {
  return loop.isDefinedOutsideOfLoop(value) ||
         matchPattern(value, m_Constant());
}

/// Is the value a sum of multiples of the loop's index and of what is known
/// before the loop?
static bool isLinear(Value value, scf::ForOp loop) {
  if (value == loop.getInductionVar() || isKnownBefore(value, loop))
    return true;
  Operation *op = value.getDefiningOp();
  if (!op || !isa<arith::AddIOp, arith::SubIOp, arith::MulIOp>(op))
    return false;
  Value x = op->getOperand(0), y = op->getOperand(1);
  return isLinear(x, loop) && isLinear(y, loop) &&
         (!isa<arith::MulIOp>(op) || isKnownBefore(x, loop) ||
          isKnownBefore(y, loop));
}

/// The comparisons in the loop that its index alone decides, and what each says
/// away from the edges.
static SmallVector<std::pair<Value, bool>>
findConditions(scf::ForOp loop, const Varying &varying) {
  SmallVector<std::pair<Value, bool>> conditions;
  loop.walk([&](arith::CmpIOp compare) {
    if (varying.contains(compare.getResult()) &&
        compare.getLhs().getType().isIndex() &&
        isLinear(compare.getLhs(), loop) && isLinear(compare.getRhs(), loop))
      conditions.push_back({compare.getResult(), compare.getPredicate() !=
                                                     arith::CmpIPredicate::eq});
  });
  return conditions;
}

/// Does the condition say what it does away from the edges from index `first`
/// to index `last`? Linear differences that have one sign at both ends have it
/// between them.
static Value emitSays(OpBuilder &b, scf::ForOp loop, Value condition,
                      Value first, Value last) {
  auto compare = condition.getDefiningOp<arith::CmpIOp>();
  Location loc = compare.getLoc();
  auto at = [&](Value index, arith::CmpIPredicate asked) -> Value {
    IRMapping map;
    map.map(loop.getInductionVar(), index);
    Value lhs = cloneInLoop(b, compare.getLhs(), loop, map);
    Value rhs = cloneInLoop(b, compare.getRhs(), loop, map);
    return b.create<arith::CmpIOp>(loc, asked, lhs, rhs);
  };
  auto both = [&](arith::CmpIPredicate asked) -> Value {
    return b.create<arith::AndIOp>(loc, at(first, asked), at(last, asked));
  };
  arith::CmpIPredicate predicate = compare.getPredicate();
  if (predicate != arith::CmpIPredicate::eq &&
      predicate != arith::CmpIPredicate::ne)
    return both(predicate);
  return b.create<arith::OrIOp>(loc, both(arith::CmpIPredicate::slt),
                                both(arith::CmpIPredicate::sgt));
}

namespace {
/// What takes the place of a loop over cells.
class CellLoop {
public:
  CellLoop(scf::ForOp loop, const Varying &edge)
      : loop(loop), loc(loop.getLoc()), edge(edge),
        conditions(findConditions(loop, edge)),
        inside(loop, llvm::to_vector(llvm::make_first_range(conditions))),
        adds(loop->hasAttr(addsAttr)) {}

  /// Cells `lower` to `upper`: as many at a time as the first of `widths` says
  /// where that many are inside, the others by the widths that follow.
  void emit(OpBuilder &b, Value lower, Value upper, ArrayRef<unsigned> widths);

private:
  Value emitFirst(OpBuilder &b, Value lower, Value upper, unsigned width);
  void emitByConditions(OpBuilder &b, Value lower, Value upper,
                        ArrayRef<unsigned> widths);
  void emitLast(OpBuilder &b, Value lower, Value upper, unsigned width);
  Value emitIsInside(OpBuilder &b, Value isInside, Value first, unsigned width);
  Value constant(OpBuilder &b, int64_t value) {
    return b.create<arith::ConstantIndexOp>(loc, value);
  }

  scf::ForOp loop;
  Location loc;
  const Varying &edge;
  SmallVector<std::pair<Value, bool>> conditions;
  Varying inside;
  bool adds;
};
} // namespace

/// Is `isInside` so, and does each condition say what it does away from the
/// edges in the vector that begins with cell `first`?
Value CellLoop::emitIsInside(OpBuilder &b, Value isInside, Value first,
                             unsigned width) {
  Value last = b.create<arith::AddIOp>(loc, first, constant(b, width - 1));
  for (auto [condition, holds] : conditions)
    isInside = b.create<arith::AndIOp>(
        loc, isInside, emitSays(b, loop, condition, first, last));
  return isInside;
}

void CellLoop::emitLast(OpBuilder &b, Value lower, Value upper,
                        unsigned width) {
  Value times = constant(b, width);
  Value count =
      b.create<arith::SubIOp>(loc, loop.getUpperBound(), loop.getLowerBound());
  Value isInside =
      b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::sge, count, times);
  Value latest = b.create<arith::SubIOp>(loc, upper, times);
  if (!adds)
    latest = b.create<arith::MaxSIOp>(loc, loop.getLowerBound(), latest);
  auto vectors = b.create<scf::ForOp>(loc, lower, upper, times);
  OpBuilder body(vectors.getBody()->getTerminator());
  Value first = vectors.getInductionVar();
  if (adds)
    isInside = body.create<arith::CmpIOp>(loc, arith::CmpIPredicate::sle, first,
                                          latest);
  else
    first = body.create<arith::MinSIOp>(loc, first, latest);
  isInside = emitIsInside(body, isInside, first, width);
  auto branch = body.create<scf::IfOp>(loc, isInside, /*withElseRegion=*/true);
  OpBuilder then = branch.getThenBodyBuilder();
  CellEmitter(inside, width, loop).run(then, first, Value(), conditions);
  OpBuilder otherwise = branch.getElseBodyBuilder();
  CellEmitter(edge, width, loop).run(otherwise, first, upper, {});
}

void CellLoop::emit(OpBuilder &b, Value lower, Value upper,
                    ArrayRef<unsigned> widths) {
  unsigned width = widths.front();
  if (widths.size() == 1)
    emitLast(b, lower, upper, width);
  else if (conditions.empty())
    emit(b, emitFirst(b, lower, upper, width), upper, widths.drop_front());
  else
    emitByConditions(b, lower, upper, widths);
}

/// All whole vectors; gives the cell before which none is left.
Value CellLoop::emitFirst(OpBuilder &b, Value lower, Value upper,
                          unsigned width) {
  Value times = constant(b, width);
  Value count = b.create<arith::SubIOp>(loc, upper, lower);
  Value isEnough =
      b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::sge, count, times);
  auto branch = b.create<scf::IfOp>(loc, b.getIndexType(), isEnough,
                                    /*withElseRegion=*/true);
  OpBuilder then = branch.getThenBodyBuilder();
  Value rest = then.create<arith::RemUIOp>(loc, count, times);
  Value end = then.create<arith::SubIOp>(loc, upper, rest);
  auto vectors = then.create<scf::ForOp>(loc, lower, end, times);
  OpBuilder body(vectors.getBody()->getTerminator());
  CellEmitter emitter(inside, width, loop, adds ? scf::IfOp() : branch);
  emitter.run(body, vectors.getInductionVar(), Value(), {});
  Value next =
      then.create<arith::SelectOp>(loc, emitter.emitIsDone(then), end, lower);
  then.create<scf::YieldOp>(loc, next);
  branch.getElseBodyBuilder().create<scf::YieldOp>(loc, lower);
  emitter.requireAdjacent(branch);
  return branch.getResult(0);
}

/// Each vector that is away from the edges; what is left of it by the widths
/// that follow.
void CellLoop::emitByConditions(OpBuilder &b, Value lower, Value upper,
                                ArrayRef<unsigned> widths) {
  unsigned width = widths.front();
  Value times = constant(b, width);
  auto vectors = b.create<scf::ForOp>(loc, lower, upper, times);
  OpBuilder body(vectors.getBody()->getTerminator());
  Value first = vectors.getInductionVar();
  Value end = body.create<arith::AddIOp>(loc, first, times);
  Value fits =
      body.create<arith::CmpIOp>(loc, arith::CmpIPredicate::sle, end, upper);
  Value isInside = emitIsInside(body, fits, first, width);
  auto branch = body.create<scf::IfOp>(loc, body.getI1Type(), isInside,
                                       /*withElseRegion=*/true);
  OpBuilder then = branch.getThenBodyBuilder();
  CellEmitter emitter(inside, width, loop, adds ? scf::IfOp() : branch);
  emitter.run(then, first, Value(), conditions);
  then.create<scf::YieldOp>(loc, emitter.emitIsDone(then));
  OpBuilder otherwise = branch.getElseBodyBuilder();
  Value no = otherwise.create<arith::ConstantIntOp>(loc, 0, 1);
  otherwise.create<scf::YieldOp>(loc, no);
  emitter.requireAdjacent(branch);

  Value isLeft = body.create<arith::XOrIOp>(
      loc, branch.getResult(0), body.create<arith::ConstantIntOp>(loc, 1, 1));
  auto rest = body.create<scf::IfOp>(loc, isLeft, /*withElseRegion=*/false);
  OpBuilder inner = rest.getThenBodyBuilder();
  Value stop = inner.create<arith::MinSIOp>(loc, end, upper);
  emit(inner, first, stop, widths.drop_front());
}

void danskin::conversion::emitCells(scf::ForOp loop, const Varying &varying,
                                    ArrayRef<unsigned> widths) {
  OpBuilder b(loop);
  CellLoop(loop, varying)
      .emit(b, loop.getLowerBound(), loop.getUpperBound(), widths);
  loop.erase();
}
