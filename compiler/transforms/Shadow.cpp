//===- Shadow.cpp - bounds of a form over sizes ---------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Shadow.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace danskin;

Shadow::Shadow(AffineSpace &space, const Formula &holds) : space(space) {
  addAtoms(holds, atoms);
  addAtoms(space.getAssumptions(), atoms);
}

std::optional<std::pair<Value, Value>>
Shadow::emitBounds(OpBuilder &builder, Location loc, const LinearForm &form) {
  unsigned target = space.addIndex("shadow");
  Conjunction all = atoms;
  addAtoms(Formula::zero(form - LinearForm::variable(target)), all);
  std::vector<unsigned> columns = space.getMentioned(all);
  std::vector<unsigned> others;
  for (auto [column, id] : llvm::enumerate(columns))
    if (id != target && id >= space.getNumSizes())
      others.push_back(column);
  Polyhedron shadow =
      sets::eliminate(space.getPolyhedron(all, columns), others).set;

  unsigned column = llvm::find(columns, target) - columns.begin();
  SmallVector<AffineExpr> lower, upper;
  auto addBound = [&](AffineForm row) {
    int64_t coefficient = row[column];
    if (!coefficient)
      return;
    AffineExpr rest = builder.getAffineConstantExpr(row.back());
    for (auto [c, id] : llvm::enumerate(columns))
      if (c != column && row[c])
        rest = rest + builder.getAffineDimExpr(id) * row[c];
    if (coefficient > 0)
      lower.push_back((-rest).ceilDiv(coefficient));
    else
      upper.push_back(rest.floorDiv(-coefficient) + 1);
  };
  for (unsigned i = 0; i < shadow.getNumInequalities(); ++i)
    addBound(sets::inequality(shadow, i));
  for (unsigned i = 0; i < shadow.getNumEqualities(); ++i) {
    addBound(sets::equality(shadow, i));
    addBound(sets::negate(sets::equality(shadow, i)));
  }
  if (lower.empty() || upper.empty())
    return std::nullopt;

  SmallVector<Value> sizes;
  for (unsigned id = 0; id < space.getNumSizes(); ++id)
    sizes.push_back(space.getVariable(id).value);
  auto getMap = [&](ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(sizes.size(), 0, exprs, builder.getContext());
  };
  return std::pair<Value, Value>(
      builder.createOrFold<affine::AffineMaxOp>(loc, getMap(lower), sizes),
      builder.createOrFold<affine::AffineMinOp>(loc, getMap(upper), sizes));
}

Value Shadow::emitExtent(OpBuilder &builder, Location loc,
                         const LinearForm &form) {
  auto bounds = emitBounds(builder, loc, form);
  if (!bounds)
    return Value();
  Value extent =
      builder.createOrFold<arith::SubIOp>(loc, bounds->second, bounds->first);
  Value zero = builder.create<arith::ConstantIndexOp>(loc, 0);
  return builder.createOrFold<arith::MaxSIOp>(loc, extent, zero);
}
