//===- CellEmitter.cpp - a vector of cells --------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/CellEmitter.h"
#include "compiler/conversion/Slices.h"
#include "compiler/conversion/Stage.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace danskin::conversion;

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

Value CellEmitter::add(OpBuilder &b, Value x, Value y) {
  return b.createOrFold<arith::AddIOp>(here, x, y);
}

Value CellEmitter::multiply(OpBuilder &b, Value x, Value y) {
  return b.createOrFold<arith::MulIOp>(here, x, y);
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

void CellEmitter::noteShifted(scf::ForOp loop, Value first) {
  OpBuilder b(first.getContext());
  b.setInsertionPointAfterValue(first);
  progressions[loop.getInductionVar()] = {first,
                                          constant(b, varying.getShift(loop))};
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

/// A place for each lane, side by side.
VectorEmitter::Address CellEmitter::getOwnAddress(OpBuilder &b, Value memory,
                                                  Value index) {
  Value times = constant(b, width);
  if (!varying.contains(index))
    return {memory, multiply(b, get(index), times), Value(), Value()};
  Value places =
      b.createOrFold<arith::MulIOp>(here, get(index), spread(b, times));
  return {memory, constant(b, 0),
          b.createOrFold<arith::AddIOp>(here, places, lane), Value()};
}

VectorEmitter::Address CellEmitter::getAddress(OpBuilder &b, Value array,
                                               ValueRange indices) {
  if (varying.isOwn(array))
    return getOwnAddress(b, array, indices.front());
  Value one = constant(b, 1), zero = constant(b, 0);
  Address address{get(array), zero, Value(), Value()};
  SmallVector<Value> strides = {one};
  if (!array.getDefiningOp<memref::ViewOp>()) {
    const FlatArray &mine = getArray(array);
    address.memory = mine.memory;
    strides = mine.strides;
  }
  // All lanes' common step, whether it is one down, and what is no progression.
  Value step = zero, rest;
  bool rises = false, falls = false;
  for (auto [index, stride] : llvm::zip_equal(indices, strides)) {
    if (auto known = getProgression(b, index)) {
      address.base = add(b, address.base, multiply(b, known->first, stride));
      step = add(b, step, multiply(b, known->step, stride));
      std::optional<int64_t> by = getConstantIntValue(known->step);
      rises |= by != 0 && by != -1;
      falls |= by == -1;
      continue;
    }
    Value term =
        b.createOrFold<arith::MulIOp>(here, get(index), spread(b, stride));
    rest = rest ? b.create<arith::AddIOp>(here, rest, term).getResult() : term;
  }
  if (!rest && matchPattern(step, m_One()))
    return address;
  address.offsets = b.createOrFold<arith::MulIOp>(here, lane, spread(b, step));
  if (rest) {
    address.offsets = b.create<arith::AddIOp>(here, address.offsets, rest);
    return address;
  }
  address.descends = falls && !rises;
  if (getConstantIntValue(step) == -1)
    return address;
  address.adjacent =
      b.create<arith::CmpIOp>(here, arith::CmpIPredicate::eq, step,
                              address.descends ? constant(b, -1) : one);
  adjacent.push_back(address.adjacent);
  return address;
}

/// Where the first lane has the element of a round of `copy`; nothing where
/// lanes do not go on by equal steps.
std::optional<Value> CellEmitter::emitPlace(OpBuilder &b, scf::ForOp copy,
                                            ValueRange indices,
                                            ArrayRef<Value> strides,
                                            Value round) {
  IRMapping before = map;
  map.map(copy.getInductionVar(), round);
  for (Operation &op : copy.getBody()->without_terminator())
    if (!isa<memref::LoadOp, memref::StoreOp>(op))
      emitOp(b, &op, Mask());
  std::optional<Value> place = constant(b, 0);
  for (auto [index, stride] : llvm::zip_equal(indices, strides)) {
    std::optional<Progression> known = getProgression(b, index);
    if (!known) {
      place.reset();
      break;
    }
    place = add(b, *place, multiply(b, known->first, stride));
  }
  map = before;
  return place;
}

/// Elements of an array that lie side by side for rounds, not for lanes.
bool CellEmitter::emitStage(OpBuilder &b, scf::ForOp copy) {
  Stage stage(copy, width);
  ValueRange indices = stage.getIndices();
  if (!stage.hasTiles() || varying.contains(copy.getLowerBound()) ||
      varying.contains(copy.getUpperBound()))
    return false;
  const FlatArray &array = getArray(stage.getArray());
  Value lower = get(copy.getLowerBound());
  if (!emitPlace(b, copy, indices, array.strides, lower))
    return false;
  Value step = constant(b, 0);
  for (auto [index, stride] : llvm::zip_equal(indices, array.strides))
    step =
        add(b, step, multiply(b, constant(b, *varying.getStep(index)), stride));
  stage.memory = array.memory;
  stage.buffer = get(stage.getBuffer());
  stage.stride = array.strides.back();
  stage.ahead = multiply(b, constant(b, width), step);
  stage.emitPlace = [&](OpBuilder &at, Value round) {
    return *emitPlace(at, copy, indices, array.strides, round);
  };
  stage.emitStart = [&](OpBuilder &at, Value which) {
    return multiply(at, which, step);
  };
  stage.emit(b, lower, get(copy.getUpperBound()));
  return true;
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
    if (attempt && store->hasAttr(faultAttr))
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
  if (!attempt || !branch->hasAttr(coldAttr))
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
    OpBuilder before = OpBuilder::atBlockBegin(attempt.thenBlock());
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

void CellEmitter::requireAdjacent(scf::IfOp branch) {
  OpBuilder before(branch), start = branch.getThenBodyBuilder();
  start.setInsertionPointToStart(branch.thenBlock());
  Value yes = start.create<arith::ConstantIntOp>(here, 1, 1);
  IRMapping map;
  for (Value isSo : adjacent) {
    Value known = cloneBefore(before, isSo, branch, map);
    if (!known)
      continue;
    isSo.replaceAllUsesWith(yes);
    branch.getConditionMutable().assign(
        before.create<arith::AndIOp>(here, branch.getCondition(), known));
  }
}
