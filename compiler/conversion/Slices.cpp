//===- Slices.cpp - what values are computed from -------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Slices.h"

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
