//===- Slices.cpp - what values are computed from -------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Slices.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

Value danskin::conversion::cloneInLoop(OpBuilder &b, Value value,
                                       scf::ForOp loop, IRMapping &map) {
  if (map.contains(value) || loop.isDefinedOutsideOfLoop(value))
    return map.lookupOrDefault(value);
  Operation *op = value.getDefiningOp();
  for (Value operand : op->getOperands())
    cloneInLoop(b, operand, loop, map);
  b.clone(*op, map);
  return map.lookup(value);
}

Value danskin::conversion::cloneBefore(OpBuilder &b, Value value, Operation *op,
                                       IRMapping &map) {
  if (Value known = map.lookupOrNull(value))
    return known;
  if (!op->isAncestor(value.getParentBlock()->getParentOp()))
    return value;
  Operation *inner = value.getDefiningOp();
  if (!inner || inner->getNumRegions() || !isPure(inner))
    return Value();
  for (Value operand : inner->getOperands()) {
    Value earlier = cloneBefore(b, operand, op, map);
    if (!earlier)
      return Value();
    map.map(operand, earlier);
  }
  b.clone(*inner, map);
  return map.lookup(value);
}

bool danskin::conversion::isLoaded(Value value) {
  Operation *op = value.getDefiningOp();
  return op && (isa<memref::LoadOp>(op) ||
                (isa<arith::ArithDialect>(op->getDialect()) &&
                 llvm::any_of(op->getOperands(), isLoaded)));
}
