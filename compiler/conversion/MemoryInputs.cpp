//===- MemoryInputs.cpp - inputs and their copies -------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Marks.h"
#include "compiler/conversion/Memory.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace danskin::conversion;

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

SmallVector<Value> Memory::getExtents(const InputCopy &copy) {
  dp::InputOp input = copy.input;
  SmallVector<Value> extents;
  for (unsigned axis : copy.axes)
    extents.push_back(env.getParameter(input.getExtents()[axis]));
  return extents;
}

Memory::Element Memory::openElements(OpBuilder &b, const InputCopy &copy,
                                     const Region &region) {
  SmallVector<Value> position, indices(copy.axes.size());
  OpBuilder inner = openLoops(b, getExtents(copy), position);
  for (auto [axis, index] : llvm::zip_equal(copy.axes, position))
    indices[axis] = index;
  dp::InputOp input = copy.input;
  Value value = inner.create<memref::LoadOp>(
      loc, env.getArray(input.getResult()), indices);
  return {inner, value, getPlace(inner, region, position)};
}

void Memory::copyInputs(OpBuilder &b) {
  for (auto &[input, copy] : plan.copies) {
    const Region &region = copies[&copy];
    Element element = openElements(b, copy, region);
    element.inner.create<memref::StoreOp>(loc, element.value, region.data,
                                          element.place);
  }
}

void Memory::fillPower(OpBuilder &b, const InputPower &power,
                       llvm::function_ref<Raw(OpBuilder &, Value)> emit) {
  const Region &region = powers[&power];
  auto [inner, value, place] = openElements(b, power, region);
  // A table like others, which vectors may fill.
  Operation *innermost = inner.getInsertionBlock()->getParentOp();
  innermost->removeAttr(fillAttr);
  innermost->setAttr(cellsAttr, b.getUnitAttr());
  Raw raw = emit(inner, value);
  inner.create<memref::StoreOp>(loc, raw[0], region.data, place);
  inner.create<memref::StoreOp>(loc, raw[1], region.second, place);
}

Memory::Raw Memory::loadPower(OpBuilder &b, const InputPower &power,
                              ValueRange indices) {
  const Region &region = powers[&power];
  Value place = getPlace(b, region, power.turn(indices));
  return {b.create<memref::LoadOp>(loc, region.data, place),
          b.create<memref::LoadOp>(loc, region.second, place)};
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

Value Memory::loadInput(OpBuilder &b, dp::ReadOp read, ValueRange indices) {
  if (const Diagonals *diagonals = plan.findDiagonals(read);
      diagonals && !isWavefrontOver)
    return convert(b,
                   b.create<memref::LoadOp>(loc, ofDiagonals[diagonals].data,
                                            getPlace(b, *diagonals, indices)),
                   plan.compute);
  const InputCopy *copy = plan.findCopy(read);
  auto load = [&](OpBuilder &at) {
    Value element = copy ? at.create<memref::LoadOp>(
                               loc, copies[copy].data,
                               getPlace(at, copies[copy], copy->turn(indices)))
                         : at.create<memref::LoadOp>(
                               loc, env.getArray(read.getArray()), indices);
    return read.getType().isIndex()
               ? at.create<arith::IndexCastOp>(loc, at.getIndexType(), element)
                     .getResult()
               : convert(at, element, plan.compute);
  };
  if (!indices.empty())
    return load(b);
  // No kernel writes into its inputs.
  Value &known = scalars[read.getArray()];
  if (!known)
    known = load(env.getPrologue());
  return known;
}

Value Memory::getInverse(dp::ReadOp read) {
  Value &known = inverses[read.getArray()];
  if (!known) {
    OpBuilder &b = env.getPrologue();
    known =
        b.create<arith::DivFOp>(loc, emitFloat(b, 1.0), loadInput(b, read, {}));
  }
  return known;
}
