//===- Turns.cpp - reductions that take turns -----------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Turns.h"
#include "compiler/conversion/Env.h"
#include "compiler/conversion/Marks.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace danskin::conversion;

SmallVector<Value> danskin::conversion::reduceInTurns(
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
  whole->setAttr(turnsAttr, b.getUnitAttr());
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

Value danskin::conversion::combine(
    SmallVector<Value> values, llvm::function_ref<Value(Value, Value)> two) {
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
