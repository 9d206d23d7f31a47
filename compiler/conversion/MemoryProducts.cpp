//===- MemoryProducts.cpp - what sums of products read --------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Memory.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace danskin::conversion;

void Memory::storeIn(OpBuilder &b, const Region &region, ValueRange position,
                     Value value) {
  b.create<memref::StoreOp>(loc, value, region.data,
                            getPlace(b, region, position));
}

Value Memory::loadFrom(OpBuilder &b, const Region &region,
                       ValueRange position) {
  return b.create<memref::LoadOp>(loc, region.data,
                                  getPlace(b, region, position));
}

//===----------------------------------------------------------------------===//
// Flat powers
//===----------------------------------------------------------------------===//

Value Memory::loadFlat(OpBuilder &b, const InputPower &power,
                       ValueRange indices) {
  return loadFrom(b, flats[&power], power.turn(indices));
}

Memory::Raw Memory::loadElement(OpBuilder &b, const InputPower &power,
                                Value place) {
  const Region &region = powers[&power];
  return {b.create<memref::LoadOp>(loc, region.data, place),
          b.create<memref::LoadOp>(loc, region.second, place)};
}

void Memory::storeFlat(OpBuilder &b, const InputPower &power, Value place,
                       Value value) {
  b.create<memref::StoreOp>(loc, value, flats[&power].data, place);
}

//===----------------------------------------------------------------------===//
// Packs
//===----------------------------------------------------------------------===//

SmallVector<Value> Memory::getExtents(OpBuilder &b, const Pack &pack) {
  SmallVector<Value> extents;
  for (const Pack::Room &room : pack.rooms) {
    dp::InputOp input = room.input;
    extents.push_back(input ? env.getParameter(input.getExtents()[room.axis])
                            : room.box->emitExtents(b, env)[room.axis]);
  }
  return extents;
}

void Memory::storePacked(OpBuilder &b, const Pack &pack, ValueRange position,
                         Value value) {
  storeIn(b, packs[&pack], position, value);
}

Value Memory::loadPacked(OpBuilder &b, const Pack &pack, ValueRange position) {
  return loadFrom(b, packs[&pack], position);
}

void Memory::storeTop(OpBuilder &b, const Pack &pack, ValueRange position,
                      Value exponent) {
  storeIn(b, packTops[&pack], position, exponent);
}

Value Memory::loadTop(OpBuilder &b, const Pack &pack, ValueRange position) {
  return loadFrom(b, packTops[&pack], position);
}
