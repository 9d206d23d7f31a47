//===- CellScaled.cpp - what a cell computes with scaled numbers ----------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A value that LogUnits gives a unit is scaled wherever it is; any other is
// plain. What does not fit leaves a note in the kernel's faults, and the
// instance is computed again by the kernel that is not scaled.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Cell.h"
#include "compiler/conversion/Marks.h"
#include "compiler/conversion/Scaled.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace danskin::conversion;

static ScaledNumber toNumber(const Real &real) {
  return {real.value, real.exponent};
}

static Real toReal(const ScaledNumber &number) {
  return {number.mantissa, Value(), number.exponent};
}

//===----------------------------------------------------------------------===//
// LogUnits
//===----------------------------------------------------------------------===//

void Cell::emitFault(OpBuilder &b, Value bad) {
  for (Value condition : conditions)
    bad = both(b, bad, condition);
  noteFault(b, bad);
}

void Cell::noteFault(OpBuilder &b, Value bad) {
  auto branch = b.create<scf::IfOp>(loc, bad, false);
  OpBuilder then = branch.getThenBodyBuilder();
  auto store = then.create<memref::StoreOp>(
      loc, then.create<arith::ConstantIntOp>(loc, 1, 8), memory.getFaults(),
      constantIndex(then, loc, 0));
  store->setAttr(faultAttr, then.getUnitAttr());
}

/// Emits at the start: how much ln 2 is worth, with its sign, and how many
/// powers of two a plain number is.
Cell::Measure &Cell::getMeasure(const LogUnit &unit) {
  Measure &measure =
      measures[{unit.temperature.getAsOpaquePointer(), unit.negative}];
  if (measure.perLog)
    return measure;
  OpBuilder &b = env.getPrologue();
  auto constant = [&](double value) -> Value {
    return b.create<arith::ConstantOp>(loc, b.getF64FloatAttr(value));
  };
  double sign = unit.negative ? -1.0 : 1.0;
  Value log2e = constant(sign * 0x1.71547652b82fep0);
  if (unit.temperature) {
    Value temperature = b.create<memref::LoadOp>(
        loc, env.getArray(unit.temperature), ValueRange());
    temperature = memory.convert(b, temperature, b.getF64Type());
    // No number is kept in units of these.
    Value isGood = b.create<arith::AndIOp>(
        loc,
        b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OGT, temperature,
                                constant(0x1p-100)),
        b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OLT, temperature,
                                constant(0x1p100)));
    noteFault(b, b.create<arith::XOrIOp>(
                     loc, isGood, b.create<arith::ConstantIntOp>(loc, 1, 1)));
    measure.perLog = b.create<arith::MulFOp>(loc, temperature, constant(sign));
    log2e = b.create<arith::DivFOp>(loc, log2e, temperature);
  } else {
    measure.perLog = constant(sign);
  }
  measure.powers = memory.convert(b, log2e, b.getF32Type());
  return measure;
}

Real Cell::getPlain(OpBuilder &b, Value value) {
  Real real = get(value);
  if (!real.isScaled())
    return real;
  Scaled scaled(b, loc);
  ScaledNumber number = toNumber(real);
  Value plain = b.create<arith::MulFOp>(
      loc, scaled.log(number), getMeasure(*plan.units.get(value)).perLog);
  return {memory.convert(b, plain, plan.compute), scaled.isNotZero(number),
          Value()};
}

const InputPower *Cell::findPower(Value value, LogUnit unit) {
  auto read = value.getDefiningOp<dp::ReadOp>();
  return read ? plan.findPower(read, unit) : nullptr;
}

void Cell::emitPowers(OpBuilder &b) {
  for (auto &power : plan.powers)
    memory.fillPower(
        b, *power, [&](OpBuilder &inner, Value element) -> Memory::Raw {
          Value bad;
          ScaledNumber number =
              Scaled(inner, loc)
                  .power(element, getMeasure(power->unit).powers, bad);
          emitFault(inner, bad);
          return {number.mantissa, number.exponent};
        });
  for (auto &power : plan.powers)
    if (power->flat)
      emitFlatPower(b, *power);
}

Real Cell::getScaled(OpBuilder &b, Value value, LogUnit unit) {
  if (get(value).isScaled() && plan.units.get(value) == unit)
    return get(value);
  Scaled scaled(b, loc);
  if (const InputPower *power = findPower(value, unit)) {
    auto read = value.getDefiningOp<dp::ReadOp>();
    Memory::Raw raw =
        memory.loadPower(b, *power, getIndices(read.getIndices()));
    return {raw[0], Value(), raw[1]};
  }
  if (matchPattern(value, m_AnyZeroFloat()))
    return toReal(scaled.one());
  // Not the rounded quotient.
  if (auto quotient = value.getDefiningOp<arith::DivFOp>())
    if (auto read = quotient.getRhs().getDefiningOp<dp::ReadOp>())
      if (!unit.temperature && read.getIndices().empty() &&
          read.getArray().getDefiningOp<dp::InputOp>()) {
        unit.temperature = read.getArray();
        value = quotient.getLhs();
      }
  Real real = getPlain(b, value);
  Value bad;
  ScaledNumber number = scaled.power(real.value, getMeasure(unit).powers, bad);
  emitFault(b, both(b, bad, real.present));
  if (real.present)
    number = scaled.select(real.present, number, scaled.zero());
  return toReal(number);
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

bool Cell::emitScaledOp(OpBuilder &b, Operation *op) {
  if (op->getNumResults() != 1)
    return false;
  Value result = op->getResult(0);
  std::optional<LogUnit> unit = plan.units.get(result);
  if (!unit)
    return false;
  Scaled scaled(b, loc);
  Value left = op->getOperand(0);
  if (isa<arith::AddFOp, arith::SubFOp>(op)) {
    auto getFactor = [&](OpOperand &operand) {
      return toNumber(
          getScaled(b, operand.get(), *plan.units.getWanted(operand)));
    };
    ScaledNumber x = getFactor(op->getOpOperand(0));
    ScaledNumber y = getFactor(op->getOpOperand(1));
    reals[result] = toReal(scaled.multiply(x, y));
    return true;
  }
  // A sign or a temperature is the unit's.
  if (isa<arith::NegFOp, arith::MulFOp, arith::DivFOp>(op)) {
    Real real = get(left);
    reals[result] = real.isScaled() ? real : get(op->getOperand(1));
    return true;
  }
  return false;
}

namespace {
/// The candidates of a scaled choice.
using Term = llvm::function_ref<SmallVector<Value>(OpBuilder &, ScaledNumber,
                                                   ValueRange)>;
} // namespace

/// Do the scores add what is kept as scaled numbers, and nothing else?
bool Cell::isTabulated(dp::ChooseOp op) {
  bool all = true;
  op.getArms().walk([&](Operation *part) {
    if (!isa<arith::AddFOp, arith::SubFOp>(part))
      return;
    for (OpOperand &operand : part->getOpOperands()) {
      std::optional<LogUnit> wanted = plan.units.getWanted(operand);
      all &= wanted && (plan.units.get(operand.get()) == wanted ||
                        findPower(operand.get(), *wanted));
    }
  });
  for (auto arm : op.getArms().front().getOps<dp::ArmOp>())
    all &= plan.units.get(arm.getScore()).has_value();
  return all;
}

/// The sum of the candidates. A loop may bring many, whose scores are computed
/// once. Of a few, or where there is nothing to compute, the largest exponent
/// is found first: by looking twice where registers are few, otherwise when all
/// are known.
ScaledNumber Cell::emitScaledSum(OpBuilder &b, dp::ChooseOp op,
                                 ArrayRef<dp::ArmOp> arms) {
  auto emitArm = [&](dp::ArmOp arm, ValueRange init, Term body) {
    return emitComprehension(
        b, arm.getBody().front().begin(), init,
        [&](OpBuilder &inner, dp::YieldOp yield, ValueRange inside) {
          Real score = getScaled(inner, yield.getOperand(0), LogUnit());
          return body(inner, toNumber(score), inside);
        });
  };
  auto fold = [&](ValueRange init, Term body) {
    SmallVector<Value> carried(init);
    for (auto arm : arms)
      carried = emitArm(arm, carried, body);
    return carried;
  };
  auto raise = [&](OpBuilder &inner, ScaledNumber term,
                   ValueRange carried) -> SmallVector<Value> {
    return {Scaled(inner, loc).raise(carried[0], term)};
  };

  bool isLoop = llvm::any_of(
      arms, [](dp::ArmOp arm) { return !arm.getBinders().empty(); });
  ScaledNumber sum = Scaled(b, loc).zero();
  if (isLoop && !isTabulated(op)) {
    SmallVector<Value> sums =
        fold({sum.mantissa, sum.exponent},
             [&](OpBuilder &inner, ScaledNumber term,
                 ValueRange carried) -> SmallVector<Value> {
               Scaled at(inner, loc);
               Value exponent = at.raise(carried[1], term);
               Value before =
                   at.add(at.constant(0.0), exponent, {carried[0], carried[1]});
               return {at.add(before, exponent, term), exponent};
             });
    sum = {sums[0], sums[1]};
  } else if (plan.forThreads && !isLoop) {
    SmallVector<ScaledNumber> terms;
    for (auto arm : arms) {
      SmallVector<Value> term = emitArm(
          arm, {sum.mantissa, sum.exponent},
          [](OpBuilder &, ScaledNumber term, ValueRange) -> SmallVector<Value> {
            return {term.mantissa, term.exponent};
          });
      terms.push_back({term[0], term[1]});
    }
    Scaled scaled(b, loc);
    for (const ScaledNumber &term : terms)
      sum.exponent = scaled.raise(sum.exponent, term);
    for (const ScaledNumber &term : terms)
      sum.mantissa = scaled.add(sum.mantissa, sum.exponent, term);
  } else {
    sum.exponent = fold(sum.exponent, raise)[0];
    sum.mantissa =
        fold(sum.mantissa,
             [&](OpBuilder &inner, ScaledNumber term,
                 ValueRange carried) -> SmallVector<Value> {
               return {Scaled(inner, loc).add(carried[0], sum.exponent, term)};
             })[0];
  }
  return sum;
}

/// The sum of all arms, those that are products at one exponent each; all of
/// it term by term where one of these is doubtful.
ScaledNumber Cell::emitProductSum(OpBuilder &b, dp::ChooseOp op) {
  SmallVector<dp::ArmOp> all(op.getArms().front().getOps<dp::ArmOp>()), others;
  SmallVector<ScaledNumber> parts;
  Value doubtful;
  for (dp::ArmOp arm : all) {
    std::optional<ProductSum> product = emitProduct(b, arm);
    if (!product) {
      others.push_back(arm);
      continue;
    }
    parts.push_back({product->mantissa, product->exponent});
    doubtful = doubtful
                   ? b.create<arith::OrIOp>(loc, doubtful, product->doubtful)
                   : product->doubtful;
  }
  if (parts.empty())
    return emitScaledSum(b, op, all);
  if (!others.empty())
    parts.push_back(emitScaledSum(b, op, others));
  Type type = plan.compute;
  SmallVector<Value> sum = emitColdBranch(
      b, doubtful, {type, type},
      [&](OpBuilder &inner) -> SmallVector<Value> {
        ScaledNumber again = emitScaledSum(inner, op, all);
        return {again.mantissa, again.exponent};
      },
      [&](OpBuilder &inner) -> SmallVector<Value> {
        Scaled scaled(inner, loc);
        ScaledNumber sum = parts.front();
        for (const ScaledNumber &part : ArrayRef(parts).drop_front()) {
          Value top = scaled.raise(sum.exponent, part);
          Value before = scaled.add(scaled.constant(0.0), top, sum);
          sum = {scaled.add(before, top, part), top};
        }
        return {sum.mantissa, sum.exponent};
      });
  return {sum[0], sum[1]};
}

void Cell::emitScaledChoose(OpBuilder &b, dp::ChooseOp op) {
  ScaledNumber sum = emitProductSum(b, op);
  Scaled scaled(b, loc);
  sum = scaled.normalize(sum);
  emitFault(b, scaled.isBeyond(sum));
  reals[op.getValue()] = toReal(sum);
  if (op.getNumResults() == 1)
    return;
  reals[op.getResult(1)] = {sum.exponent, Value(), Value()};
  reals[op.getResult(2)] = {scaled.reciprocal(sum), Value(), Value()};
}

void Cell::emitScaledWeight(OpBuilder &b, dp::WeightOp op) {
  Scaled scaled(b, loc);
  ScaledNumber score = toNumber(getScaled(b, op.getScore(), LogUnit()));
  Share &share = shares[op.getResult()];
  share.mass = scaled.mass(score, get(op.getStatistics()[0]).value);
  share.reciprocal = get(op.getStatistics()[1]).value;
  reals[op.getResult()] = {
      b.create<arith::MulFOp>(loc, share.mass, share.reciprocal), Value(),
      Value()};
}

/// Products with weights and whether a weight is 0, from their parts: what
/// stands beside a weight is often known before it, as the reciprocal is.
bool Cell::emitShareOp(OpBuilder &b, Operation *op) {
  if (op->getNumOperands() != 2)
    return false;
  Value left = op->getOperand(0), right = op->getOperand(1);
  auto found = shares.find(right);
  if (isa<arith::MulFOp>(op) && found != shares.end()) {
    Real factor = getPlain(b, left);
    factor.value =
        b.create<arith::MulFOp>(loc, factor.value, found->second.reciprocal);
    factor.value =
        b.create<arith::MulFOp>(loc, factor.value, found->second.mass);
    reals[op->getResult(0)] = factor;
    return true;
  }
  found = shares.find(left);
  if (isa<arith::CmpFOp>(op) && found != shares.end() &&
      matchPattern(right, m_AnyZeroFloat())) {
    scope.map(op->getResult(0),
              b.create<arith::CmpFOp>(
                  loc, cast<arith::CmpFOp>(op).getPredicate(),
                  found->second.mass, Scaled(b, loc).constant(0.0)));
    return true;
  }
  return false;
}
