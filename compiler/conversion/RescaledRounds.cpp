//===- RescaledRounds.cpp - sums that keep to the largest exponent --------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A sum of scaled numbers has the largest exponent so far:
//
//   top' = max(top, e),  sum' = m 2^(e - top') + sum 2^(top - top')
//
// Powers of two are exact, so the sum may take the largest exponent of several
// rounds at once, and then their terms in order.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Rounds.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace danskin::conversion;

namespace {
class Rescaled : public Rounds {
public:
  using Rounds::Rounds;
  bool match() override;

private:
  bool matchTop(unsigned position);
  bool matchSum(unsigned position);
  bool matchInt(unsigned position);

  SmallVector<Value> emitVector(OpBuilder &b, ValueRange carried,
                                unsigned width, GetLanes getLanes) override;
  Value emitLargest(OpBuilder &b, Value lanes, unsigned width);

  std::optional<unsigned> top;
  Value exponent; ///< a round's
  SmallVector<unsigned> sums, ints;
};
} // namespace

bool Rescaled::matchTop(unsigned position) {
  Value carried = loop.getRegionIterArgs()[position];
  auto select =
      loop.getYieldedValues()[position].getDefiningOp<arith::SelectOp>();
  if (top || !select || select.getFalseValue() != carried ||
      !isOfRound(select.getTrueValue()))
    return false;
  auto compare = select.getCondition().getDefiningOp<arith::CmpFOp>();
  exponent = select.getTrueValue();
  if (!compare || compare.getPredicate() != arith::CmpFPredicate::OGT ||
      compare.getLhs() != exponent || compare.getRhs() != carried)
    return false;
  top = position;
  return true;
}

bool Rescaled::matchSum(unsigned position) {
  Value carried = loop.getRegionIterArgs()[position],
        before = loop.getRegionIterArgs()[*top],
        after = loop.getYieldedValues()[*top];
  auto add = loop.getYieldedValues()[position].getDefiningOp<math::FmaOp>();
  auto rescale = add ? add.getC().getDefiningOp<math::FmaOp>() : math::FmaOp();
  if (!rescale || rescale.getA() != carried || !carried.hasOneUse() ||
      !isMadeOf(rescale.getB(), {before, after}) ||
      !isMadeOf(rescale.getC(), {}) || !isOfRound(add.getA()) ||
      !isMadeOf(add.getB(), {exponent, after}))
    return false;
  sums.push_back(position);
  return true;
}

bool Rescaled::matchInt(unsigned position) {
  Value next = loop.getYieldedValues()[position];
  if (!getKind(loop.getRegionIterArgs()[position], next) ||
      !isOfRound(next.getDefiningOp()->getOperand(1)))
    return false;
  ints.push_back(position);
  return true;
}

bool Rescaled::match() {
  unsigned count = loop.getNumResults();
  for (unsigned i = 0; i < count && !top; ++i)
    matchTop(i);
  for (unsigned i = 0; i < count && top; ++i)
    if (i != *top && !matchSum(i) && !matchInt(i))
      return false;
  return top && !sums.empty();
}

/// `x > y ? x : y`, of vectors too.
static Value emitLarger(OpBuilder &b, Location loc, Value x, Value y) {
  Value isAbove = b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OGT, x, y);
  return b.create<arith::SelectOp>(loc, isAbove, x, y);
}

Value Rescaled::emitLargest(OpBuilder &b, Value lanes, unsigned width) {
  for (; width > 1; width /= 2)
    lanes = emitLarger(b, loc, takeLanes(b, loc, lanes, 0, width / 2),
                       takeLanes(b, loc, lanes, width / 2, width / 2));
  return takeFirst(b, loc, lanes);
}

SmallVector<Value> Rescaled::emitVector(OpBuilder &b, ValueRange carried,
                                        unsigned width, GetLanes getLanes) {
  SmallVector<Value> now(carried);
  Value exponents = getLanes(exponent);
  Value largest =
      emitLarger(b, loc, emitLargest(b, exponents, width), carried[*top]);
  IRMapping once, lanes;
  once.map(loop.getRegionIterArgs(), carried);
  for (IRMapping *map : {&once, &lanes})
    map->map(loop.getYieldedValues()[*top], largest);
  lanes.map(exponent, exponents);
  for (unsigned i : sums) {
    auto add = loop.getYieldedValues()[i].getDefiningOp<math::FmaOp>();
    auto rescale = add.getC().getDefiningOp<math::FmaOp>();
    Type type = carried[i].getType();
    now[i] = b.create<math::FmaOp>(loc, carried[i],
                                   cloneMade(b, rescale.getB(), once, type),
                                   cloneMade(b, rescale.getC(), once, type));
    Value mantissas = getLanes(add.getA()),
          powers = cloneMade(b, add.getB(), lanes, exponents.getType());
    for (int64_t lane = 0; lane < width; ++lane)
      now[i] = b.create<math::FmaOp>(
          loc, b.create<vector::ExtractOp>(loc, mantissas, lane),
          b.create<vector::ExtractOp>(loc, powers, lane), now[i]);
  }
  for (unsigned i : ints) {
    Value next = loop.getYieldedValues()[i];
    now[i] = b.create<vector::ReductionOp>(
        loc, *getKind(loop.getRegionIterArgs()[i], next),
        getLanes(next.getDefiningOp()->getOperand(1)), carried[i]);
  }
  now[*top] = largest;
  return now;
}

std::unique_ptr<Rounds> danskin::conversion::createRescaled(scf::ForOp loop) {
  return std::make_unique<Rescaled>(loop);
}
