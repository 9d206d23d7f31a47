//===- Packer.cpp - common factors at one exponent ------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Packer.h"
#include "compiler/conversion/Marks.h"
#include "compiler/conversion/Slices.h"
#include "compiler/conversion/Turns.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace danskin::conversion;

/// False if what the value is made of is known to the cell alone.
bool Packer::addLeaves(Value value) {
  if (ofPanels && value == product.along)
    return true;
  Operation *op = value.getDefiningOp();
  if (!op || !product.arm->isProperAncestor(op)) {
    leaves.insert(value);
    return true;
  }
  if (isa<dp::IterateOp>(op))
    return true;
  ValueRange operands = op->getOperands();
  if (auto read = dyn_cast<dp::ReadOp>(op);
      read && read.getArray().getDefiningOp<dp::TableOp>()) {
    if (cell.plan.get(read.getArray()).local)
      return false;
    operands = read.getIndices();
  }
  return llvm::all_of(operands,
                      [&](Value operand) { return addLeaves(operand); });
}

bool Packer::addLeaves(const Condition &condition) {
  if (condition.inside.empty() && !addLeaves(condition.value))
    return false;
  return (!condition.index || addLeaves(condition.index)) &&
         llvm::all_of(condition.inside,
                      [&](auto &pair) { return addLeaves(pair.second); });
}

/// What a leaf is in the function; nothing for what stands before all cells.
SmallVector<Value> Packer::getEmitted(Value leaf) const {
  SmallVector<Value> values;
  if (Value known = cell.scope.lookupOrNull(leaf))
    values.push_back(known);
  if (auto known = cell.reals.find(leaf); known != cell.reals.end())
    for (Value part :
         {known->second.value, known->second.present, known->second.exponent})
      if (part)
        values.push_back(part);
  return values;
}

bool Packer::isKnownBefore(Value value, scf::ForOp loop) const {
  if (loop.isDefinedOutsideOfLoop(value))
    return true;
  Operation *op = value.getDefiningOp();
  if (!op || op->getNumRegions())
    return false;
  // No kernel writes into its inputs.
  auto load = dyn_cast<memref::LoadOp>(op);
  if (load ? bool(load.getMemRef().getDefiningOp<memref::ViewOp>())
           : !isMemoryEffectFree(op))
    return false;
  return llvm::all_of(op->getOperands(), [&](Value operand) {
    return isKnownBefore(operand, loop);
  });
}

/// Does the condition guard what the packs read?
bool Packer::isAsked(const Condition &condition) const {
  return isOfElements(condition) || !product.dependsOnBinders(condition);
}

bool Packer::isOfElements(const Condition &condition) const {
  return llvm::any_of(mine, [&](Pack *pack) {
    return llvm::any_of(pack->axes, [&](Value axis) {
      return product.depends(condition, axis);
    });
  });
}

bool Packer::find(Block *block) {
  for (Pack *pack : mine)
    for (const Factor &factor : pack->factors)
      if (!addLeaves(factor.value))
        return false;
  for (dp::IterateOp binder : product.binders)
    if (!addLeaves(binder.getLower()) || !addLeaves(binder.getUpper()))
      return false;
  for (const Condition &condition : product.conditions)
    if (isAsked(condition) && !addLeaves(condition))
      return false;
  SmallVector<Value> known;
  for (Value leaf : leaves)
    llvm::append_range(known, getEmitted(leaf));
  SmallVector<std::pair<Value, bool>> between;
  // A panel has the cells of the innermost loop for an axis.
  bool isInnermost = ofPanels;
  for (;; block = block->getParentOp()->getBlock()) {
    Operation *op = block->getParentOp();
    if (auto branch = dyn_cast_or_null<scf::IfOp>(op)) {
      between.push_back({branch.getCondition(), block == branch.thenBlock()});
      known.push_back(branch.getCondition());
      continue;
    }
    auto loop = dyn_cast_or_null<scf::ForOp>(op);
    if (!loop || !loop->hasAttr(cellsAttr))
      return home != nullptr;
    if (std::exchange(isInnermost, false)) {
      if (cell.scope.lookupOrNull(product.along) != loop.getInductionVar())
        return false;
      bounds[product.along] = {loop.getLowerBound(), loop.getUpperBound()};
      known.append({loop.getLowerBound(), loop.getUpperBound()});
      continue;
    }
    if (!areKnownBefore(known, loop))
      return home != nullptr;
    home = loop;
    guards.append(std::exchange(between, {}));
  }
}

/// Null if there is nothing to ask. `brought`: what is there of the loop.
Value Packer::emitGuard(OpBuilder &b, IRMapping &brought) {
  Value all;
  for (auto [condition, holds] : guards) {
    Value value = cloneInLoop(b, condition, home, brought);
    if (!holds)
      value = b.create<arith::XOrIOp>(
          loc, value, b.create<arith::ConstantIntOp>(loc, 1, 1));
    all = cell.both(b, all, value);
  }
  for (const Condition &condition : product.conditions)
    if (isAsked(condition) && !isOfElements(condition))
      all = cell.both(b, all, cell.emitCondition(b, condition));
  return all;
}

void Packer::emit() {
  IRMapping scope = cell.scope;
  auto reals = cell.reals;
  OpBuilder b(home);
  IRMapping map;
  auto bring = [&](Value value) {
    return value ? cloneInLoop(b, value, home, map) : value;
  };
  for (Value leaf : leaves) {
    if (Value known = cell.scope.lookupOrNull(leaf))
      cell.scope.map(leaf, bring(known));
    if (auto known = cell.reals.find(leaf); known != cell.reals.end())
      known->second = {bring(known->second.value), bring(known->second.present),
                       bring(known->second.exponent)};
  }
  cell.forget(product.arm);
  Value guard = emitGuard(b, map);
  for (auto &[axis, known] : bounds)
    known = {bring(known.first), bring(known.second)};
  for (dp::IterateOp binder : product.binders) {
    auto &[lower, upper] = bounds[binder.getIndex()];
    lower = cell.env.emit(b, binder.getLower(), cell.scope);
    upper = cell.env.emit(b, binder.getUpper(), cell.scope);
    guard = cell.both(
        b, guard,
        b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, lower, upper));
  }
  // All of it is one operation, which one thread runs.
  auto branch = b.create<scf::IfOp>(loc, guard, /*withElse=*/false);
  OpBuilder inner = branch.getThenBodyBuilder();
  const Pack &first = *mine.front();
  Value top = emitGroupTop(inner, getAxes(first, /*shared=*/true),
                           Scaled(inner, loc).zero().exponent);
  if (first.leads) {
    groupTop = top;
    cell.memory.storeTop(inner, first, {}, top);
  }
  for (Pack *pack : mine)
    emitElements(inner, *pack);
  cell.scope = std::move(scope);
  cell.reals = std::move(reals);
}

//===----------------------------------------------------------------------===//
// Loops over binders
//===----------------------------------------------------------------------===//

scf::ForOp Packer::openLoop(OpBuilder &b, Value axis, ValueRange carried) {
  auto [lower, upper] = bounds.lookup(axis);
  auto loop = b.create<scf::ForOp>(loc, lower, upper, constantIndex(b, loc, 1),
                                   carried);
  OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
  Value index = loop.getInductionVar();
  rounds[axis] = {index, inner.create<arith::SubIOp>(loc, index, lower)};
  return loop;
}

/// Of the arm, only the indices of the loops around are known.
void Packer::bindAll() {
  cell.forget(product.arm);
  for (auto &[axis, round] : rounds)
    cell.scope.map(axis, round.index);
}

SmallVector<Value> Packer::getAxes(const Pack &pack, bool shared) const {
  SmallVector<Value> axes;
  for (auto [i, axis] : llvm::enumerate(pack.axes))
    if (llvm::is_contained(pack.shared, i) == shared)
      axes.push_back(axis);
  return axes;
}

SmallVector<Value> Packer::getPlaces(ArrayRef<Value> axes) const {
  return llvm::map_to_vector(
      axes, [&](Value axis) { return rounds.lookup(axis).place; });
}

//===----------------------------------------------------------------------===//
// Exponents
//===----------------------------------------------------------------------===//

/// The largest exponent of a product of elements, one of each pack.
Value Packer::emitGroupTop(OpBuilder &b, ArrayRef<Value> shared, Value top) {
  if (!shared.empty()) {
    scf::ForOp loop = openLoop(b, shared.front(), top);
    OpBuilder inner = OpBuilder::atBlockEnd(loop.getBody());
    Value next = emitGroupTop(inner, shared.drop_front(),
                              loop.getRegionIterArgs().front());
    inner.create<scf::YieldOp>(loc, next);
    rounds.erase(shared.front());
    return loop.getResult(0);
  }
  Value sum;
  for (Pack *pack : group) {
    // Where panels are emitted, nothing is known of others; elsewhere they are
    // there.
    bool isOwn = pack->isPanel == ofPanels;
    if (!isOwn && ofPanels)
      continue;
    SmallVector<Value> places = getPlaces(getAxes(*pack, /*shared=*/true));
    Value its =
        isOwn ? emitTop(b, *pack) : cell.memory.loadTop(b, *pack, places);
    if (isOwn && !pack->leads)
      cell.memory.storeTop(b, *pack, places, its);
    sum = sum ? b.create<arith::AddFOp>(loc, sum, its).getResult() : its;
  }
  return Scaled(b, loc).largest({top, sum});
}

/// The largest exponent of a pack's elements where shared binders are known.
Value Packer::emitTop(OpBuilder &b, const Pack &pack) {
  Scaled scaled(b, loc);
  SmallVector<Value> tops(maxima, scaled.zero().exponent);
  return scaled.largest(
      emitTops(b, pack, getAxes(pack, /*shared=*/false), tops));
}

SmallVector<Value> Packer::emitTops(OpBuilder &b, const Pack &pack,
                                    ArrayRef<Value> axes, ValueRange tops) {
  auto raise = [&](OpBuilder &at, Value top) {
    bindAll();
    return Scaled(at, loc).raise(top, emitElement(at, pack));
  };
  if (axes.empty())
    return {raise(b, tops.front())};
  Value axis = axes.front();
  SmallVector<Value> results;
  if (axes.size() == 1) {
    auto [lower, upper] = bounds.lookup(axis);
    results = reduceInTurns(b, loc, lower, upper, tops,
                            [&](OpBuilder &inner, Value index, Value top) {
                              rounds[axis] = {index, Value()};
                              return raise(inner, top);
                            });
  } else {
    scf::ForOp loop = openLoop(b, axis, tops);
    OpBuilder inner = OpBuilder::atBlockEnd(loop.getBody());
    SmallVector<Value> after =
        emitTops(inner, pack, axes.drop_front(), loop.getRegionIterArgs());
    inner.create<scf::YieldOp>(loc, after);
    llvm::append_range(results, loop.getResults());
  }
  rounds.erase(axis);
  return results;
}

/// What the exponents of a pack are relative to, in all loops.
Value Packer::emitReference(OpBuilder &b, const Pack &pack) {
  auto getTop = [&](const Pack &other) {
    return cell.memory.loadTop(b, other,
                               getPlaces(getAxes(other, /*shared=*/true)));
  };
  if (!pack.leads)
    return getTop(pack);
  Value reference = groupTop;
  for (Pack *other : group)
    if (!other->leads)
      reference = b.create<arith::SubFOp>(loc, reference, getTop(*other));
  return reference;
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

void Packer::emitElements(OpBuilder &b, const Pack &pack) {
  OpBuilder inner = b;
  scf::ForOp loop;
  for (Value axis : pack.axes) {
    loop = openLoop(inner, axis, {});
    inner = OpBuilder::atBlockTerminator(loop.getBody());
  }
  loop->setAttr(packAttr, b.getUnitAttr());
  bindAll();
  ScaledNumber element = emitElement(inner, pack);
  cell.memory.storePacked(
      inner, pack, getPlaces(pack.axes),
      Scaled(inner, loc).mass(element, emitReference(inner, pack)));
  rounds.clear();
}

/// The product of the factors, 0 where a condition does not hold. Mantissas
/// that are not of scaled numbers may be of any size.
ScaledNumber Packer::emitElement(OpBuilder &b, const Pack &pack) {
  auto emitAll = [&](OpBuilder &at) -> SmallVector<Value> {
    Scaled scaled(at, loc);
    ScaledNumber number;
    bool isNormal = true;
    for (const Factor &factor : pack.factors) {
      cell.emitValue(at, factor.value, product.arm);
      ScaledNumber next = cell.emitFactor(at, factor);
      number = number.mantissa ? scaled.multiply(number, next) : next;
      isNormal &= factor.kind == Factor::Kind::Scaled;
    }
    if (!isNormal)
      number = scaled.normalizeSigned(number);
    return {number.mantissa, number.exponent};
  };
  Value holds;
  for (const Condition &condition : product.conditions)
    if (llvm::any_of(pack.axes, [&](Value axis) {
          return product.depends(condition, axis);
        }))
      holds = cell.both(b, holds, cell.emitCondition(b, condition));
  SmallVector<Value> parts;
  if (!holds) {
    parts = emitAll(b);
  } else {
    Type type = cell.plan.compute;
    parts = cell.emitBranch(b, holds, {type, type}, emitAll,
                            [&](OpBuilder &at) -> SmallVector<Value> {
                              ScaledNumber zero = Scaled(at, loc).zero();
                              return {zero.mantissa, zero.exponent};
                            });
  }
  return {parts[0], parts[1]};
}
