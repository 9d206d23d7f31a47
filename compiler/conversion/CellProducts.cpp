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

#include "compiler/conversion/Marks.h"
#include "compiler/conversion/Packer.h"
#include "compiler/conversion/Turns.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace danskin::conversion;

/// Below it a sum is doubtful: terms that were lost are 2^-46 of it.
static constexpr double leastSum = 0x1p-80;
/// Above it a term may be beyond all floats.
static constexpr double mostSum = 0x1p126;
/// Partial sums that do not wait for one another.
static constexpr unsigned sums = 2;

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
  Value top = scaled.largest(tops);
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
