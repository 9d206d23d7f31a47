//===- Stage.cpp - a block of an array on its way -------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Stage.h"
#include "compiler/conversion/Marks.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace danskin::conversion;

/// What is transposed at once: as many floats as eight rows of eight.
static constexpr int64_t tile = 8;

/// The least that processors have.
static constexpr int64_t pageSize = 4096;

static SmallVector<Value> emitTransposed(OpBuilder &b, Location loc,
                                         ArrayRef<Value> rows) {
  auto mix = [&](Value x, Value y, ArrayRef<int64_t> places) -> Value {
    return b.create<vector::ShuffleOp>(loc, x, y, places);
  };
  // Each step has one instruction for eight floats.
  SmallVector<Value> pairs(tile), quads(tile), columns(tile);
  for (unsigned k = 0; k < 8; k += 2) {
    pairs[k] = mix(rows[k], rows[k + 1], {0, 8, 1, 9, 4, 12, 5, 13});
    pairs[k + 1] = mix(rows[k], rows[k + 1], {2, 10, 3, 11, 6, 14, 7, 15});
  }
  for (unsigned k : {0, 4})
    for (unsigned half : {0, 1}) {
      Value x = pairs[k + half], y = pairs[k + half + 2];
      quads[k + 2 * half] = mix(x, y, {0, 1, 8, 9, 4, 5, 12, 13});
      quads[k + 2 * half + 1] = mix(x, y, {2, 3, 10, 11, 6, 7, 14, 15});
    }
  for (unsigned k = 0; k < 4; ++k) {
    columns[k] = mix(quads[k], quads[k + 4], {0, 1, 2, 3, 8, 9, 10, 11});
    columns[k + 4] = mix(quads[k], quads[k + 4], {4, 5, 6, 7, 12, 13, 14, 15});
  }
  return columns;
}

Stage::Stage(scf::ForOp copy, unsigned width)
    : loc(copy.getLoc()), width(width) {
  auto load = *copy.getOps<memref::LoadOp>().begin();
  auto store = *copy.getOps<memref::StoreOp>().begin();
  source = load.getMemRef();
  target = store.getMemRef();
  isLoad = isa_and_nonnull<memref::AllocaOp>(target.getDefiningOp());
  indices = isLoad ? load.getIndices() : store.getIndices();
  descends = cast<IntegerAttr>(copy->getAttr(stageAttr)).getInt() < 0;
}

bool Stage::hasTiles() const { return width % tile == 0; }

Value Stage::constant(OpBuilder &b, int64_t value) const {
  return b.create<arith::ConstantIndexOp>(loc, value);
}

Value Stage::add(OpBuilder &b, Value x, Value y) const {
  return b.create<arith::AddIOp>(loc, x, y);
}

Value Stage::multiply(OpBuilder &b, Value x, Value y) const {
  return b.create<arith::MulIOp>(loc, x, y);
}

/// The rows of a tile that begin at `places`, as columns.
SmallVector<Value> Stage::loadTile(OpBuilder &b, Value memory,
                                   ArrayRef<Value> places) const {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  SmallVector<Value> rows;
  for (Value place : places)
    rows.push_back(b.create<vector::LoadOp>(loc, VectorType::get(tile, element),
                                            memory, place));
  return emitTransposed(b, loc, rows);
}

/// Copies as many rounds of each lane as a tile has, from `first` on.
void Stage::emitTile(OpBuilder &b, Value first) const {
  // The round whose element comes first in memory.
  Value edge = descends ? add(b, first, constant(b, tile - 1)) : first;
  Value base = emitPlace(b, edge);
  auto getInArray = [&](unsigned lanes) {
    SmallVector<Value> places;
    for (unsigned k = 0; k < tile; ++k)
      places.push_back(add(b, base, emitStart(b, constant(b, lanes + k))));
    return places;
  };
  auto getInBuffer = [&](unsigned lanes) {
    SmallVector<Value> places;
    for (unsigned k = 0; k < tile; ++k) {
      Value round = add(b, edge, constant(b, descends ? -int64_t(k) : k));
      places.push_back(
          add(b, multiply(b, round, constant(b, width)), constant(b, lanes)));
    }
    return places;
  };
  auto store = [&](ArrayRef<Value> vectors, Value memory,
                   ArrayRef<Value> places) {
    for (auto [vector, place] : llvm::zip_equal(vectors, places))
      b.create<vector::StoreOp>(loc, vector, memory, place);
  };
  if (!isLoad) {
    for (unsigned lanes = 0; lanes < width; lanes += tile)
      store(loadTile(b, buffer, getInBuffer(lanes)), memory, getInArray(lanes));
    return;
  }
  // A vector that is loaded soon should have been stored as one.
  unsigned tiles = width % (2 * tile) ? 1 : 2;
  for (unsigned lanes = 0; lanes < width; lanes += tiles * tile) {
    SmallVector<Value> vectors = loadTile(b, memory, getInArray(lanes));
    if (tiles == 2) {
      auto order = llvm::to_vector(llvm::seq<int64_t>(2 * tile));
      auto more = loadTile(b, memory, getInArray(lanes + tile));
      for (auto [left, right] : llvm::zip_equal(vectors, more))
        left = b.create<vector::ShuffleOp>(loc, left, right, order);
    }
    store(vectors, buffer, getInBuffer(lanes));
  }
}

/// Asks for what comes after the tile from `first` on, where that is on another
/// page: a processor does not ask by itself then.
void Stage::emitPrefetch(OpBuilder &b, Value first) const {
  int64_t size =
      cast<MemRefType>(buffer.getType()).getElementTypeBitWidth() / 8;
  Value isFar = b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::sge, ahead,
                                        constant(b, pageSize / size));
  auto branch = b.create<scf::IfOp>(loc, isFar, /*withElseRegion=*/false);
  OpBuilder then = branch.getThenBodyBuilder();
  Value base = add(then, emitPlace(then, first), ahead);
  for (unsigned lane = 0; lane < width; ++lane)
    then.create<memref::PrefetchOp>(
        loc, memory, add(then, base, emitStart(then, constant(then, lane))),
        /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
}

/// Copies one element after the other. These are few and must be small.
void Stage::emitElements(OpBuilder &b, Value lower, Value upper) const {
  auto lanes = b.create<scf::ForOp>(loc, constant(b, 0), constant(b, width),
                                    constant(b, 1));
  OpBuilder inLane = OpBuilder::atBlockTerminator(lanes.getBody());
  Value which = lanes.getInductionVar();
  Value start = emitStart(inLane, which);
  auto rounds =
      inLane.create<scf::ForOp>(loc, lower, upper, constant(inLane, 1));
  OpBuilder inner = OpBuilder::atBlockTerminator(rounds.getBody());
  Value round = rounds.getInductionVar();
  Value inArray = add(inner, start, emitPlace(inner, round));
  Value inBuffer =
      add(inner, multiply(inner, round, constant(inner, width)), which);
  Value element = inner.create<memref::LoadOp>(loc, isLoad ? memory : buffer,
                                               isLoad ? inArray : inBuffer);
  inner.create<memref::StoreOp>(loc, element, isLoad ? buffer : memory,
                                isLoad ? inBuffer : inArray);
}

void Stage::emit(OpBuilder &b, Value lower, Value upper) const {
  Value isDense = b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, stride,
                                          constant(b, 1));
  Value rounds = b.create<arith::MaxSIOp>(
      loc, b.create<arith::SubIOp>(loc, upper, lower), constant(b, 0));
  Value rest = b.create<arith::RemUIOp>(loc, rounds, constant(b, tile));
  rounds = b.create<arith::SelectOp>(
      loc, isDense, b.create<arith::SubIOp>(loc, rounds, rest), constant(b, 0));
  Value end = add(b, lower, rounds);
  auto tiles = b.create<scf::ForOp>(loc, lower, end, constant(b, tile));
  OpBuilder inner = OpBuilder::atBlockTerminator(tiles.getBody());
  if (ahead)
    emitPrefetch(inner, tiles.getInductionVar());
  emitTile(inner, tiles.getInductionVar());
  Value isMore =
      b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, end, upper);
  auto branch = b.create<scf::IfOp>(loc, isMore, /*withElseRegion=*/false);
  OpBuilder then = branch.getThenBodyBuilder();
  emitElements(then, end, upper);
}
