//===- Tangent.cpp - derivatives of pointwise expressions -----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Tangent.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace danskin;

//===----------------------------------------------------------------------===//
// Arithmetic that knows zero
//===----------------------------------------------------------------------===//

Value Tangent::constant(Location loc, double value) {
  return builder.create<arith::ConstantOp>(loc, builder.getF64FloatAttr(value));
}

Value Tangent::add(Location loc, Value a, Value b) {
  if (!a || !b)
    return a ? a : b;
  return builder.create<arith::AddFOp>(loc, a, b);
}

Value Tangent::mul(Location loc, Value a, Value b) {
  if (!a || !b)
    return Value();
  return builder.create<arith::MulFOp>(loc, a, b);
}

Value Tangent::along(Location loc, Value slope, Value dx) {
  Value product = mul(loc, slope, dx);
  return product && isLast ? zeroAtZero(loc, dx, product) : product;
}

Value Tangent::neg(Location loc, Value a) {
  return a ? builder.create<arith::NegFOp>(loc, a).getResult() : Value();
}

Value Tangent::zeroAtZero(Location loc, Value x, Value value) {
  Value zero = constant(loc, 0.0);
  Value atZero =
      builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OEQ, x, zero);
  return builder.create<arith::SelectOp>(loc, atZero, zero, value);
}

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

Value Tangent::get(Value value) {
  auto known = cache.find(value);
  if (known != cache.end())
    return known->second;
  Operation *op = value.getDefiningOp();
  Value tangent;
  if (op && value.getType().isF64())
    tangent = compute(op, value);
  cache[value] = tangent;
  return tangent;
}

Value Tangent::getOrZero(Value value) {
  Value tangent = get(value);
  return tangent ? tangent : constant(value.getLoc(), 0.0);
}

Value Tangent::compute(Operation *op, Value value) {
  if (isa<dp::ReadOp, dp::WeightOp>(op))
    return seed(*this, builder, op);
  if (isa<arith::ConstantOp, arith::SIToFPOp, dp::NoneOp>(op))
    return Value();
  if (auto select = dyn_cast<arith::SelectOp>(op))
    return computeSelect(op->getLoc(), select.getCondition(),
                         get(select.getTrueValue()),
                         get(select.getFalseValue()));
  if (isa<scf::IfOp>(op))
    return computeIf(op, cast<OpResult>(value).getResultNumber());
  if (isa<math::PowFOp>(op))
    return computePower(op);
  if (op->getNumOperands() == 2)
    return computeBinary(op);
  assert(op->getNumOperands() == 1 && "no rule for this operation");
  Value dx = get(op->getOperand(0));
  return dx ? computeUnary(op, op->getOperand(0), dx) : Value();
}

Value Tangent::computeUnary(Operation *op, Value x, Value dx) {
  Location loc = op->getLoc();
  Value y = op->getResult(0);
  if (isa<arith::NegFOp>(op))
    return neg(loc, dx);
  if (isa<math::ExpOp>(op))
    return along(loc, y, dx);
  if (isa<math::LogOp>(op))
    return zeroAtZero(loc, x, builder.create<arith::DivFOp>(loc, dx, x));
  if (isa<math::SqrtOp>(op)) {
    Value twice = add(loc, y, y);
    return zeroAtZero(loc, x, builder.create<arith::DivFOp>(loc, dx, twice));
  }
  if (isa<math::TanhOp>(op)) {
    Value one = constant(loc, 1.0);
    Value slope = builder.create<arith::SubFOp>(loc, one, mul(loc, y, y));
    return mul(loc, slope, dx);
  }
  if (isa<math::AbsFOp>(op)) {
    Value zero = constant(loc, 0.0);
    Value isNegative =
        builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OLT, x, zero);
    return zeroAtZero(
        loc, x,
        builder.create<arith::SelectOp>(loc, isNegative, neg(loc, dx), dx));
  }
  llvm_unreachable("no derivative rule for this operation");
}

Value Tangent::computeBinary(Operation *op) {
  Location loc = op->getLoc();
  Value a = op->getOperand(0), b = op->getOperand(1);
  Value da = get(a), db = get(b);
  if (!da && !db)
    return Value();
  if (isa<arith::AddFOp>(op))
    return add(loc, da, db);
  if (isa<arith::SubFOp>(op))
    return add(loc, da, neg(loc, db));
  if (isa<arith::MulFOp>(op))
    return add(loc, along(loc, b, da), along(loc, a, db));
  if (isa<arith::DivFOp>(op)) {
    Value change = add(loc, da, neg(loc, along(loc, op->getResult(0), db)));
    Value quotient = builder.create<arith::DivFOp>(loc, change, b);
    return isLast ? zeroAtZero(loc, change, quotient) : quotient;
  }
  auto follow = [&](arith::CmpFPredicate first) {
    return computeSelect(loc, builder.create<arith::CmpFOp>(loc, first, a, b),
                         da, db);
  };
  if (isa<arith::MaximumFOp>(op))
    return follow(arith::CmpFPredicate::OGE);
  if (isa<arith::MinimumFOp>(op))
    return follow(arith::CmpFPredicate::OLE);
  llvm_unreachable("no derivative rule for this operation");
}

/// x^p: p x^(p-1) dx + x^p log(x) dp, each 0 at x = 0.
Value Tangent::computePower(Operation *op) {
  Location loc = op->getLoc();
  Value x = op->getOperand(0), p = op->getOperand(1);
  Value dx = get(x), dp = get(p), change;
  if (dx) {
    Value less = builder.create<arith::SubFOp>(loc, p, constant(loc, 1.0));
    Value power = builder.create<math::PowFOp>(loc, x, less);
    change = zeroAtZero(loc, x, along(loc, mul(loc, p, power), dx));
  }
  if (dp) {
    Value log = builder.create<math::LogOp>(loc, x);
    Value byPower = along(loc, mul(loc, op->getResult(0), log), dp);
    change = add(loc, change, zeroAtZero(loc, x, byPower));
  }
  return change;
}

Value Tangent::computeSelect(Location loc, Value condition, Value whenTrue,
                             Value whenFalse) {
  if (!whenTrue && !whenFalse)
    return Value();
  if (!whenTrue)
    whenTrue = constant(loc, 0.0);
  if (!whenFalse)
    whenFalse = constant(loc, 0.0);
  return builder.create<arith::SelectOp>(loc, condition, whenTrue, whenFalse);
}

/// A second scf.if on the same condition, whose branches compute the value
/// again and then its tangent.
Value Tangent::computeIf(Operation *op, unsigned result) {
  auto ifOp = cast<scf::IfOp>(op);
  Location loc = op->getLoc();
  auto tangent = builder.create<scf::IfOp>(loc, builder.getF64Type(),
                                           ifOp.getCondition(), true);
  OpBuilder::InsertionGuard guard(builder);
  bool depends = false;
  for (auto [from, to] : llvm::zip(op->getRegions(), tangent->getRegions())) {
    builder.setInsertionPointToStart(&to.front());
    IRMapping mapping;
    for (Operation &inner : from.front().without_terminator())
      builder.clone(inner, mapping);
    Value value = mapping.lookupOrDefault(
        from.front().getTerminator()->getOperand(result));
    // What is cached of a branch must not outlive it.
    Tangent inside(builder, seed);
    inside.cache = cache;
    Value change = inside.get(value);
    depends |= bool(change);
    builder.create<scf::YieldOp>(loc, change ? change : constant(loc, 0.0));
  }
  if (depends)
    return tangent.getResult(0);
  tangent.erase();
  return Value();
}
