//===- CellProducts.cpp - sums whose terms are products -------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Factors that adjacent cells have in common are packed before the outermost
// loop over cells that none of them depends on. Numbers at one exponent lose
// what is 2^126 times smaller than the largest of them; a sum that is not far
// above has lost nothing that counts, any other is doubtful, and is added up
// again term by term.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Cell.h"
#include "compiler/conversion/Marks.h"
#include "compiler/conversion/Scaled.h"
#include "compiler/conversion/Slices.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace danskin::conversion;

/// Below it a sum is doubtful: terms that were lost are 2^-46 of it.
static constexpr double leastSum = 0x1p-80;
/// Above it a term may be beyond all floats.
static constexpr double mostSum = 0x1p126;
/// Partial sums, and maxima, that do not wait for one another.
static constexpr unsigned sums = 2, maxima = 4;

/// A loop that reduces to several values at once, `body` one index at a time:
/// value i gets the indices i, i + n, i + 2n, ..., the first what is left over.
static SmallVector<Value> reduceInTurns(
    OpBuilder &b, Location loc, Value lower, Value upper, ValueRange init,
    llvm::function_ref<Value(OpBuilder &, Value index, Value before)> body) {
  unsigned number = init.size();
  Value step = constantIndex(b, loc, number);
  Value count = b.create<arith::SubIOp>(loc, upper, lower);
  count = b.create<arith::MaxSIOp>(loc, count, constantIndex(b, loc, 0));
  Value rest = b.create<arith::RemUIOp>(loc, count, step);
  Value middle = b.create<arith::AddIOp>(
      loc, lower, b.create<arith::SubIOp>(loc, count, rest));
  auto whole = b.create<scf::ForOp>(
      loc, lower, middle, step, init,
      [&](OpBuilder &inner, Location, Value first, ValueRange before) {
        SmallVector<Value> after;
        for (auto [i, value] : llvm::enumerate(before)) {
          Value index = inner.create<arith::AddIOp>(
              loc, first, constantIndex(inner, loc, i));
          after.push_back(body(inner, index, value));
        }
        inner.create<scf::YieldOp>(loc, after);
      });
  SmallVector<Value> results(whole.getResults());
  results[0] =
      b.create<scf::ForOp>(
           loc, middle, upper, constantIndex(b, loc, 1), results[0],
           [&](OpBuilder &inner, Location, Value index, ValueRange before) {
             inner.create<scf::YieldOp>(loc, body(inner, index, before[0]));
           })
          .getResult(0);
  return results;
}

/// Combines neighbours until one is left.
static Value combine(SmallVector<Value> values,
                     llvm::function_ref<Value(Value, Value)> two) {
  while (values.size() > 1) {
    SmallVector<Value> next;
    for (size_t i = 0; i + 1 < values.size(); i += 2)
      next.push_back(two(values[i], values[i + 1]));
    if (values.size() % 2)
      next.push_back(values.back());
    values = next;
  }
  return values.front();
}

//===----------------------------------------------------------------------===//
// Flat powers
//===----------------------------------------------------------------------===//

void Cell::emitFlatPower(OpBuilder &b, const InputPower &power) {
  Value zero = constantIndex(b, loc, 0), count = memory.getCount(power);
  Scaled scaled(b, loc);
  SmallVector<Value> tops(maxima, scaled.zero().exponent);
  tops = reduceInTurns(b, loc, zero, count, tops,
                       [&](OpBuilder &at, Value place, Value top) {
                         Memory::Raw raw = memory.loadElement(at, power, place);
                         return Scaled(at, loc).raise(top, {raw[0], raw[1]});
                       });
  Value top = combine(
      tops, [&](Value x, Value y) { return scaled.raise(x, {Value(), y}); });
  memory.setTop(power, top);
  auto loop = b.create<scf::ForOp>(loc, zero, count, constantIndex(b, loc, 1));
  loop->setAttr(cellsAttr, b.getUnitAttr());
  OpBuilder inner = OpBuilder::atBlockTerminator(loop.getBody());
  Memory::Raw raw = memory.loadElement(inner, power, loop.getInductionVar());
  memory.storeFlat(inner, power, loop.getInductionVar(),
                   Scaled(inner, loc).mass({raw[0], raw[1]}, top));
}

//===----------------------------------------------------------------------===//
// Factors
//===----------------------------------------------------------------------===//

/// What was emitted of the arm stands where it may not be known.
void Cell::forget(dp::ArmOp arm) {
  arm.walk([&](Operation *op) {
    for (Value result : op->getResults()) {
      scope.erase(result);
      reals.erase(result);
    }
  });
}

/// Emits what the arm computes of `value` and has not been emitted here.
void Cell::emitValue(OpBuilder &b, Value value, dp::ArmOp arm) {
  Operation *op = value.getDefiningOp();
  if (!op || !arm->isProperAncestor(op) || scope.contains(value) ||
      reals.contains(value))
    return;
  for (Value operand : op->getOperands())
    emitValue(b, operand, arm);
  emitOp(b, op);
}

Value Cell::emitCondition(OpBuilder &b, const Condition &condition) {
  IRMapping domain;
  for (auto [index, here] : condition.inside)
    domain.map(index, env.emit(b, here, scope));
  Value value =
      env.emit(b, condition.value, condition.inside.empty() ? scope : domain);
  if (condition.kind == Condition::Kind::Holds)
    return value;
  auto predicate = condition.kind == Condition::Kind::Below
                       ? arith::CmpIPredicate::slt
                       : arith::CmpIPredicate::sge;
  return b.create<arith::CmpIOp>(loc, predicate,
                                 env.emit(b, condition.index, scope), value);
}

ScaledNumber Cell::emitFactor(OpBuilder &b, const Factor &factor) {
  Scaled scaled(b, loc);
  switch (factor.kind) {
  case Factor::Kind::Scaled: {
    Real real = getScaled(b, factor.value, factor.unit);
    return {real.value, real.exponent};
  }
  case Factor::Kind::Plain:
    return {getPlain(b, factor.value).value, scaled.constant(0.0)};
  case Factor::Kind::Lowering:
    return {scaled.constant(1.0),
            b.create<arith::NegFOp>(loc, get(factor.value).value)};
  }
  llvm_unreachable("all kinds of factors are named");
}

//===----------------------------------------------------------------------===//
// Packs
//===----------------------------------------------------------------------===//

namespace danskin::conversion {
/// Finds the place that packs of a group belong before, and emits them there:
/// its panels, or the others.
class Packer {
public:
  Packer(Cell &cell, const Product &product, const PackGroup &group,
         bool ofPanels)
      : cell(cell), product(product), group(group), ofPanels(ofPanels),
        loc(cell.loc) {
    llvm::copy_if(group, std::back_inserter(mine),
                  [&](Pack *pack) { return pack->isPanel == ofPanels; });
  }

  bool isEmpty() const { return mine.empty(); }
  /// Where panels begin, once it is found.
  Value getFirstCell() const { return bounds.lookup(product.along).first; }

  /// Is there such a place, seen from `block`?
  bool find(Block *block);
  void emit();

private:
  bool addLeaves(Value value);
  bool addLeaves(const Condition &condition);
  bool isKnownBefore(Value value, scf::ForOp loop) const;
  bool areKnownBefore(ArrayRef<Value> values, scf::ForOp loop) const {
    return llvm::all_of(
        values, [&](Value value) { return isKnownBefore(value, loop); });
  }
  SmallVector<Value> getEmitted(Value leaf) const;
  bool isAsked(const Condition &condition) const;
  bool isOfElements(const Condition &condition) const;
  Value emitGuard(OpBuilder &b);

  /// A loop over a binder's values, seen in its body.
  struct Round {
    Value index, place;
  };
  scf::ForOp openLoop(OpBuilder &b, Value axis, ValueRange carried);
  void bindAll();
  SmallVector<Value> getAxes(const Pack &pack, bool shared) const;
  SmallVector<Value> getPlaces(ArrayRef<Value> axes) const;

  Value emitGroupTop(OpBuilder &b, ArrayRef<Value> shared, Value top);
  Value emitTop(OpBuilder &b, const Pack &pack);
  SmallVector<Value> emitTops(OpBuilder &b, const Pack &pack,
                              ArrayRef<Value> axes, ValueRange tops);
  Value emitReference(OpBuilder &b, const Pack &pack);
  void emitElements(OpBuilder &b, const Pack &pack);
  ScaledNumber emitElement(OpBuilder &b, const Pack &pack);

  Cell &cell;
  const Product &product;
  const PackGroup &group;
  bool ofPanels;
  Location loc;
  PackGroup mine;
  scf::ForOp home;
  /// What the factors are made of outside of the arm.
  llvm::SetVector<Value> leaves;
  /// Branches between the loop and the term, and which way they went.
  SmallVector<std::pair<Value, bool>> guards;
  llvm::DenseMap<Value, std::pair<Value, Value>> bounds; ///< by axis
  llvm::DenseMap<Value, Round> rounds; ///< the same, of loops around
  Value groupTop;
};
} // namespace danskin::conversion

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

/// Null if there is nothing to ask.
Value Packer::emitGuard(OpBuilder &b) {
  Value all;
  IRMapping map;
  for (auto [condition, holds] : guards) {
    Value value = cloneInLoop(b, condition, home, map);
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
  Value guard = emitGuard(b);
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
  return Scaled(b, loc).raise(top, {Value(), sum});
}

/// The largest exponent of a pack's elements where shared binders are known.
Value Packer::emitTop(OpBuilder &b, const Pack &pack) {
  Scaled scaled(b, loc);
  SmallVector<Value> tops(maxima, scaled.zero().exponent);
  tops = emitTops(b, pack, getAxes(pack, /*shared=*/false), tops);
  return combine(
      tops, [&](Value x, Value y) { return scaled.raise(x, {Value(), y}); });
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

//===----------------------------------------------------------------------===//
// The sum
//===----------------------------------------------------------------------===//

namespace danskin::conversion {
/// Adds up the terms, in a loop for each binder.
class Adder {
public:
  /// `firstCell`: where panels begin.
  Adder(Cell &cell, const Product &product, Value firstCell)
      : cell(cell), product(product), firstCell(firstCell), loc(cell.loc) {}

  Value emit(OpBuilder &b) {
    for (dp::IterateOp binder : product.binders) {
      lowers.push_back(cell.env.emit(b, binder.getLower(), cell.scope));
      uppers.push_back(cell.env.emit(b, binder.getUpper(), cell.scope));
    }
    SmallVector<Value> init(sums, cell.memory.emitFloat(b, 0.0));
    return combine(emitLoops(b, init), [&](Value x, Value y) -> Value {
      return b.create<arith::AddFOp>(loc, x, y);
    });
  }

private:
  /// Those conditions that depend on the loops so far and no others ask
  /// whether there is anything in the loops to come.
  SmallVector<Value> emitLoops(OpBuilder &b, ValueRange before) {
    Value holds;
    bindAll();
    for (const Condition &condition : product.conditions)
      if (isAskedHere(condition))
        holds = cell.both(b, holds, cell.emitCondition(b, condition));
    if (!holds)
      return emitNextLoop(b, before);
    return cell.emitBranch(
        b, holds, before.getTypes(),
        [&](OpBuilder &inner) { return emitNextLoop(inner, before); },
        [&](OpBuilder &) { return SmallVector<Value>(before); });
  }

  bool isAskedHere(const Condition &condition) const {
    unsigned known = indices.size();
    auto isAsked = [&](unsigned depth) {
      dp::IterateOp binder = product.binders[depth];
      return product.depends(condition, binder.getIndex());
    };
    return known && isAsked(known - 1) &&
           llvm::none_of(llvm::seq<unsigned>(known, product.binders.size()),
                         isAsked);
  }

  /// Of the arm, only the indices of the loops around are known.
  void bindAll() {
    cell.forget(product.arm);
    for (auto [i, index] : llvm::enumerate(indices))
      cell.scope.map(dp::IterateOp(product.binders[i]).getIndex(), index);
  }

  SmallVector<Value> emitNextLoop(OpBuilder &b, ValueRange before) {
    unsigned depth = indices.size();
    if (depth + 1 == product.binders.size())
      return reduceInTurns(b, loc, lowers[depth], uppers[depth], before,
                           [&](OpBuilder &inner, Value index, Value sum) {
                             indices.push_back(index);
                             Value next = emitTerm(inner, sum);
                             indices.pop_back();
                             return next;
                           });
    auto loop = b.create<scf::ForOp>(loc, lowers[depth], uppers[depth],
                                     constantIndex(b, loc, 1), before);
    OpBuilder inner = OpBuilder::atBlockEnd(loop.getBody());
    indices.push_back(loop.getInductionVar());
    SmallVector<Value> after = emitLoops(inner, loop.getRegionIterArgs());
    indices.pop_back();
    inner.create<scf::YieldOp>(loc, after);
    return SmallVector<Value>(loop.getResults());
  }

  Value emitTerm(OpBuilder &b, Value sum) {
    bindAll();
    llvm::DenseMap<Value, Value> places;
    for (auto [i, index] : llvm::enumerate(indices))
      places[dp::IterateOp(product.binders[i]).getIndex()] =
          b.create<arith::SubIOp>(loc, index, lowers[i]);
    if (firstCell)
      places[product.along] =
          b.create<arith::SubIOp>(loc, cell.getIndex(product.along), firstCell);
    auto multiply = [&](Value x, Value y) -> Value {
      return x ? b.create<arith::MulFOp>(loc, x, y).getResult() : y;
    };
    Value common, own;
    for (auto &pack : product.packs) {
      auto position = llvm::map_to_vector(
          pack->axes, [&](Value axis) { return places.lookup(axis); });
      Value &factors = pack->isPanel ? own : common;
      factors = multiply(factors, cell.memory.loadPacked(b, *pack, position));
    }
    for (auto [read, power] : product.powers) {
      SmallVector<Value> element;
      for (Value index : dp::ReadOp(read).getIndices())
        element.push_back(cell.env.emit(b, index, cell.scope));
      own = multiply(own, cell.memory.loadFlat(b, *power, element));
    }
    for (const Factor &factor : product.exponentials) {
      cell.emitValue(b, factor.value, product.arm);
      Value powers = cell.getMeasure(factor.unit).powers;
      own = multiply(own, Scaled(b, loc).powerAsFloat(
                              cell.getPlain(b, factor.value).value, powers));
    }
    return b.create<math::FmaOp>(loc, common, own, sum);
  }

  Cell &cell;
  const Product &product;
  Value firstCell;
  Location loc;
  SmallVector<Value> lowers, uppers, indices;
};
} // namespace danskin::conversion

std::optional<Cell::ProductSum> Cell::emitProduct(OpBuilder &b, dp::ArmOp arm) {
  auto found = plan.products.find(arm);
  if (found == plan.products.end() || path || times.lower)
    return std::nullopt;
  const Product &product = *found->second;
  forget(arm);
  SmallVector<std::unique_ptr<Packer>> packers;
  Value firstCell;
  for (bool ofPanels : {true, false})
    for (const PackGroup &group : product.groups) {
      auto packer = std::make_unique<Packer>(*this, product, group, ofPanels);
      if (packer->isEmpty())
        continue;
      if (!packer->find(b.getBlock()))
        return std::nullopt;
      if (ofPanels)
        firstCell = packer->getFirstCell();
      packers.push_back(std::move(packer));
    }
  for (auto &packer : packers)
    packer->emit();

  auto emitSum = [&](OpBuilder &at) -> SmallVector<Value> {
    Scaled scaled(at, loc);
    ScaledNumber sum = {Adder(*this, product, firstCell).emit(at),
                        scaled.constant(0.0)};
    // A NaN is doubtful too.
    Value size = at.create<math::AbsFOp>(loc, sum.mantissa);
    Value doubtful = at.create<arith::CmpFOp>(loc, arith::CmpFPredicate::ULT,
                                              size, scaled.constant(leastSum));
    if (!product.exponentials.empty())
      doubtful = at.create<arith::OrIOp>(
          loc, doubtful,
          at.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OGT, size,
                                   scaled.constant(mostSum)));
    for (const PackGroup &group : product.groups)
      sum.exponent = at.create<arith::AddFOp>(
          loc, sum.exponent, memory.loadTop(at, *group.front(), {}));
    for (auto [read, power] : product.powers)
      sum.exponent =
          at.create<arith::AddFOp>(loc, sum.exponent, memory.getTop(*power));
    forget(arm);
    for (const Factor &factor : product.common) {
      emitValue(at, factor.value, arm);
      sum = scaled.multiply(sum, emitFactor(at, factor));
    }
    return {sum.mantissa, sum.exponent, doubtful};
  };
  Value holds;
  for (const Condition &condition : product.conditions)
    if (!product.dependsOnBinders(condition))
      holds = both(b, holds, emitCondition(b, condition));
  SmallVector<Value> sum;
  if (holds)
    sum =
        emitBranch(b, holds, {plan.compute, plan.compute, Type(b.getI1Type())},
                   emitSum, [&](OpBuilder &at) -> SmallVector<Value> {
                     ScaledNumber zero = Scaled(at, loc).zero();
                     Value no = at.create<arith::ConstantIntOp>(loc, 0, 1);
                     return {zero.mantissa, zero.exponent, no};
                   });
  else
    sum = emitSum(b);
  forget(arm);
  return ProductSum{sum[0], sum[1], sum[2]};
}
