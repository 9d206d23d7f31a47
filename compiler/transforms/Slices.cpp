//===- Slices.cpp - copying parts of comprehensions -----------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Slices.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

static bool isAtTop(Value value) {
  return isa<dp::ProgramOp>(value.getParentRegion()->getParentOp());
}

Value danskin::cloneValue(OpBuilder &builder, Value value, IRMapping &mapping) {
  if (Value mapped = mapping.lookupOrNull(value))
    return mapped;
  if (isAtTop(value))
    return value;
  Operation *op = value.getDefiningOp();
  assert(op && !isa<dp::IterateOp>(op) && "an unmapped index");
  cloneWithCaptures(builder, op, mapping);
  return mapping.lookup(value);
}

Operation *danskin::cloneWithCaptures(OpBuilder &builder, Operation *op,
                                      IRMapping &mapping) {
  for (Value operand : op->getOperands())
    mapping.map(operand, cloneValue(builder, operand, mapping));
  SetVector<Value> captured;
  for (Region &region : op->getRegions())
    getUsedValuesDefinedAbove(region, captured);
  for (Value value : captured)
    mapping.map(value, cloneValue(builder, value, mapping));
  return builder.clone(*op, mapping);
}

SmallVector<Value> danskin::cloneDomain(OpBuilder &builder, dp::TableOp table) {
  IRMapping mapping;
  Block &block = table.getDomain().front();
  for (Operation &op : block.without_terminator())
    builder.clone(op, mapping);
  SmallVector<Value> indices;
  for (Value index : block.getTerminator()->getOperands())
    indices.push_back(mapping.lookupOrDefault(index));
  return indices;
}

bool danskin::readsFloats(Value value) {
  SmallVector<Value> open = {value};
  DenseSet<Value> seen;
  while (!open.empty()) {
    Value next = open.pop_back_val();
    Operation *op = next.getDefiningOp();
    if (!op || !seen.insert(next).second)
      continue;
    bool found = false;
    op->walk([&](Operation *inner) {
      if (auto read = dyn_cast<dp::ReadOp>(inner))
        found |= read.getResult().getType().isF64();
      open.append(inner->operand_begin(), inner->operand_end());
    });
    if (found)
      return true;
  }
  return false;
}

Value danskin::cloneConjunction(OpBuilder &builder, dp::EquationOp equation,
                                ValueRange cell,
                                function_ref<bool(Value)> keep) {
  IRMapping mapping;
  mapping.map(equation.getBody().getArguments(), cell);
  Value all;
  for (auto where : equation.getBody().front().getOps<dp::WhereOp>()) {
    if (!keep(where.getCondition()))
      return Value();
    Value one = danskin::cloneValue(builder, where.getCondition(), mapping);
    all = all ? builder.create<arith::AndIOp>(where.getLoc(), all, one)
                    .getResult()
              : one;
  }
  return all;
}

void danskin::cloneGuards(OpBuilder &builder, dp::EquationOp equation,
                          IRMapping &mapping, function_ref<bool(Value)> keep) {
  Location loc = equation.getLoc();
  if (equation.getOtherwise()) {
    SmallVector<Value> cell;
    for (Value argument : equation.getBody().getArguments())
      cell.push_back(mapping.lookup(argument));
    auto table = equation.getTables().front().getDefiningOp<dp::TableOp>();
    for (dp::EquationOp other : table.getEquations()) {
      if (other == equation)
        continue;
      Value theirs = cloneConjunction(builder, other, cell, keep);
      if (!theirs)
        continue;
      Value yes = builder.create<arith::ConstantIntOp>(loc, 1, 1);
      Value none = builder.create<arith::XOrIOp>(loc, theirs, yes);
      builder.create<dp::WhereOp>(loc, none);
    }
  }
  for (auto where : equation.getBody().front().getOps<dp::WhereOp>())
    if (keep(where.getCondition()))
      builder.create<dp::WhereOp>(
          where.getLoc(), cloneValue(builder, where.getCondition(), mapping));
}
