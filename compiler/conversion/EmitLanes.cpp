//===- EmitLanes.cpp - a kernel over vectors of instances -----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A cell of the workspace is `width` numbers side by side. Arrays of the caller
// lie as they are: an element of all lanes is a gather.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Vectors.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace danskin::conversion;

namespace {
class LaneEmitter : public VectorEmitter {
public:
  LaneEmitter(func::FuncOp kernel, const Varying &varying, unsigned width)
      : VectorEmitter(varying, width, kernel.getLoc()), kernel(kernel) {}

  void run(func::FuncOp lanes);

private:
  /// An array of the caller.
  struct Array {
    Value memory;
    SmallVector<Value> strides;
    Value laneStride;
    Value laneOffsets; ///< where each lane's first element lies
  };
  /// A block of an array's elements, on the way into a buffer or out of one.
  struct Stage {
    scf::ForOp copy;
    Array array;
    ValueRange indices; ///< of the array, in the loop that copies
    Value buffer;
    bool isLoad;
    bool descends; ///< later rounds have elements before
  };

  void openArray(OpBuilder &b, Value argument, Value array, Value last);
  Value add(OpBuilder &b, Value x, Value y) {
    return b.create<arith::AddIOp>(here, x, y);
  }
  Value multiply(OpBuilder &b, Value x, Value y) {
    return b.create<arith::MulIOp>(here, x, y);
  }

  Address getAddress(OpBuilder &b, Value array, ValueRange indices) override;
  void emitView(OpBuilder &b, memref::ViewOp view) override;
  bool isCommon(Value array, ValueRange indices) override { return false; }
  void emitCommonLoad(OpBuilder &, memref::LoadOp, Mask) override {
    llvm_unreachable("lanes share no memory");
  }
  void emitCommonStore(OpBuilder &, memref::StoreOp, Mask) override {
    llvm_unreachable("lanes share no memory");
  }

  void emitPathCall(OpBuilder &b, func::CallOp call) override;
  void emitBuffer(OpBuilder &b, memref::AllocaOp buffer) override;
  void emitBounded(memref::ReinterpretCastOp cast) override;
  bool emitStage(OpBuilder &b, scf::ForOp copy) override;
  Value emitPlace(OpBuilder &b, const Stage &stage, Value round);
  void emitTile(OpBuilder &b, const Stage &stage, Value first);
  void emitElements(OpBuilder &b, const Stage &stage, Value lower, Value upper);

  func::FuncOp kernel;
  DenseMap<Value, Array> arrays;
  Value workspace, lane, count;
};
} // namespace

void LaneEmitter::openArray(OpBuilder &b, Value argument, Value array,
                            Value last) {
  FlatArray flat = FlatArray::get(b, here, array);
  // What is missing repeats the last instance.
  Value number = b.create<arith::MinSIOp>(here, lane, spread(b, last));
  arrays[argument] = {flat.memory,
                      SmallVector<Value>(llvm::drop_begin(flat.strides)),
                      flat.strides.front(),
                      multiply(b, number, spread(b, flat.strides.front()))};
}

void LaneEmitter::run(func::FuncOp lanes) {
  Block *entry = lanes.addEntryBlock();
  OpBuilder b = OpBuilder::atBlockEnd(entry);
  lane = countUp(b);
  count = entry->getArguments().back();
  Value last = b.create<arith::SubIOp>(here, count, constant(b, 1));
  workspace = kernel.getArguments().back();
  for (auto [mine, theirs] :
       llvm::zip(kernel.getArguments(), entry->getArguments())) {
    map.map(mine, theirs);
    if (isa<MemRefType>(mine.getType()) && mine != workspace)
      openArray(b, mine, theirs, last);
  }
  emitBlock(b, kernel.getBody().front(), Mask());
  auto done = cast<func::ReturnOp>(kernel.getBody().front().getTerminator());
  // A bit for each lane whose code is not 0.
  Value code = getLanes(b, done.getOperand(0));
  Value failed = b.create<arith::CmpIOp>(here, arith::CmpIPredicate::ne, code,
                                         emitNothing(b, code.getType()));
  Value bits = b.create<vector::BitCastOp>(
      here, VectorType::get(1, b.getIntegerType(width)), failed);
  bits = b.create<vector::ExtractOp>(here, bits, 0);
  if (width < 32)
    bits = b.create<arith::ExtUIOp>(here, b.getI32Type(), bits);
  b.create<func::ReturnOp>(here, bits);
}

/// A region of the workspace, `width` times as far on and as large.
void LaneEmitter::emitView(OpBuilder &b, memref::ViewOp view) {
  Value times = constant(b, width);
  MemRefType type = view.getType();
  Value count = type.isDynamicDim(0) ? get(view.getSizes()[0])
                                     : constant(b, type.getDimSize(0));
  map.map(
      view.getResult(),
      b.create<memref::ViewOp>(
          here, MemRefType::get(ShapedType::kDynamic, type.getElementType()),
          get(view.getSource()), multiply(b, get(view.getByteShift()), times),
          multiply(b, count, times)));
}

/// One lane after the other, of those that are there.
void LaneEmitter::emitPathCall(OpBuilder &b, func::CallOp call) {
  Value result = call.getResult(0);
  Value none = emitNothing(b, getLaneType(result.getType()));
  auto loop = b.create<scf::ForOp>(here, constant(b, 0), count, constant(b, 1),
                                   ValueRange(none));
  OpBuilder inner = OpBuilder::atBlockEnd(loop.getBody());
  Value which = loop.getInductionVar();
  SmallVector<Value> operands;
  for (Value operand : call.getOperands().drop_back(2)) {
    auto cast = operand.getDefiningOp<memref::CastOp>();
    auto found = arrays.find(cast ? cast.getSource() : operand);
    if (found == arrays.end()) {
      operands.push_back(get(operand));
      continue;
    }
    const Array &mine = found->second;
    auto type = mlir::cast<MemRefType>(operand.getType());
    Value most = constant(inner, std::numeric_limits<int64_t>::max());
    operands.push_back(inner.create<memref::ReinterpretCastOp>(
        here, type, mine.memory, multiply(inner, which, mine.laneStride),
        SmallVector<Value>(type.getRank(), most), mine.strides));
  }
  operands.push_back(constant(inner, width));
  operands.push_back(which);
  auto one = inner.create<func::CallOp>(here, call.getCallee(),
                                        call.getResultTypes(), operands);
  Value next = inner.create<vector::InsertElementOp>(
      here, one.getResult(0), loop.getRegionIterArgs()[0], which);
  inner.create<scf::YieldOp>(here, next);
  map.map(result, loop.getResult(0));
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

/// `width` times as large.
void LaneEmitter::emitBuffer(OpBuilder &b, memref::AllocaOp buffer) {
  MemRefType type = buffer.getType();
  auto larger =
      MemRefType::get(type.getDimSize(0) * width, type.getElementType());
  map.map(buffer.getResult(),
          b.create<memref::AllocaOp>(here, larger, b.getI64IntegerAttr(64)));
}

void LaneEmitter::emitBounded(memref::ReinterpretCastOp cast) {
  auto metadata =
      cast.getSource().getDefiningOp<memref::ExtractStridedMetadataOp>();
  Array source = arrays.lookup(metadata.getSource());
  arrays[cast.getResult()] = source;
}

/// What is transposed at once: as many floats as eight rows of eight.
static constexpr int64_t tile = 8;

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

/// Where the element of a round is, from a lane's first.
Value LaneEmitter::emitPlace(OpBuilder &b, const Stage &stage, Value round) {
  IRMapping inRound = map;
  scf::ForOp copy = stage.copy;
  inRound.map(copy.getInductionVar(), round);
  for (Operation &op : copy.getBody()->without_terminator())
    if (!isa<memref::LoadOp, memref::StoreOp>(op))
      b.clone(op, inRound);
  Value place = constant(b, 0);
  for (auto [index, stride] :
       llvm::zip_equal(stage.indices, stage.array.strides))
    place = add(b, place, multiply(b, inRound.lookupOrDefault(index), stride));
  return place;
}

/// Copies as many rounds of each lane as a tile has, from `first` on.
void LaneEmitter::emitTile(OpBuilder &b, const Stage &stage, Value first) {
  Type element = cast<MemRefType>(stage.buffer.getType()).getElementType();
  auto type = VectorType::get(tile, element);
  // The round whose element comes first in memory.
  Value edge = stage.descends ? add(b, first, constant(b, tile - 1)) : first;
  Value base = emitPlace(b, stage, edge);
  const Array &array = stage.array;
  for (unsigned lanes = 0; lanes < width; lanes += tile) {
    SmallVector<Value> inArray, inBuffer, rows;
    for (unsigned k = 0; k < tile; ++k) {
      inArray.push_back(
          add(b, base,
              b.create<vector::ExtractOp>(here, array.laneOffsets, lanes + k)));
      Value round = add(b, edge, constant(b, stage.descends ? -int64_t(k) : k));
      inBuffer.push_back(
          add(b, multiply(b, round, constant(b, width)), constant(b, lanes)));
    }
    Value from = stage.isLoad ? array.memory : stage.buffer,
          to = stage.isLoad ? stage.buffer : array.memory;
    for (unsigned k = 0; k < tile; ++k)
      rows.push_back(b.create<vector::LoadOp>(
          here, type, from, stage.isLoad ? inArray[k] : inBuffer[k]));
    for (auto [k, column] : llvm::enumerate(emitTransposed(b, here, rows)))
      b.create<vector::StoreOp>(here, column, to,
                                stage.isLoad ? inBuffer[k] : inArray[k]);
  }
}

/// Copies one element after the other. These are few and must be small.
void LaneEmitter::emitElements(OpBuilder &b, const Stage &stage, Value lower,
                               Value upper) {
  auto lanes = b.create<scf::ForOp>(here, constant(b, 0), constant(b, width),
                                    constant(b, 1));
  OpBuilder inLane = OpBuilder::atBlockTerminator(lanes.getBody());
  Value which = lanes.getInductionVar();
  Value last = add(inLane, count, constant(inLane, -1));
  Value start =
      multiply(inLane, inLane.create<arith::MinSIOp>(here, which, last),
               stage.array.laneStride);
  auto rounds =
      inLane.create<scf::ForOp>(here, lower, upper, constant(inLane, 1));
  OpBuilder inner = OpBuilder::atBlockTerminator(rounds.getBody());
  Value round = rounds.getInductionVar();
  Value inArray = add(inner, start, emitPlace(inner, stage, round));
  Value inBuffer =
      add(inner, multiply(inner, round, constant(inner, width)), which);
  Value from = stage.isLoad ? stage.array.memory : stage.buffer,
        to = stage.isLoad ? stage.buffer : stage.array.memory;
  Value element = inner.create<memref::LoadOp>(
      here, from, stage.isLoad ? inArray : inBuffer);
  inner.create<memref::StoreOp>(here, element, to,
                                stage.isLoad ? inBuffer : inArray);
}

/// Tiles of rounds where elements lie side by side, then what is left.
bool LaneEmitter::emitStage(OpBuilder &b, scf::ForOp copy) {
  auto load = *copy.getOps<memref::LoadOp>().begin();
  auto store = *copy.getOps<memref::StoreOp>().begin();
  bool isLoad = arrays.contains(load.getMemRef());
  ValueRange indices = isLoad ? load.getIndices() : store.getIndices();
  if (width % tile || varying.contains(copy.getLowerBound()) ||
      varying.contains(copy.getUpperBound()) ||
      llvm::any_of(indices, [&](Value i) { return varying.contains(i); }))
    return false;
  Stage stage{
      copy,    arrays.lookup(isLoad ? load.getMemRef() : store.getMemRef()),
      indices, get(isLoad ? store.getMemRef() : load.getMemRef()),
      isLoad,  cast<IntegerAttr>(copy->getAttr(stageAttr)).getInt() < 0};
  Value lower = get(copy.getLowerBound()), upper = get(copy.getUpperBound());
  Value isDense =
      b.create<arith::CmpIOp>(here, arith::CmpIPredicate::eq,
                              stage.array.strides.back(), constant(b, 1));
  Value rounds = b.create<arith::MaxSIOp>(
      here, b.create<arith::SubIOp>(here, upper, lower), constant(b, 0));
  Value rest = b.create<arith::RemUIOp>(here, rounds, constant(b, tile));
  rounds = b.create<arith::SelectOp>(
      here, isDense, b.create<arith::SubIOp>(here, rounds, rest),
      constant(b, 0));
  Value end = add(b, lower, rounds);
  auto tiles = b.create<scf::ForOp>(here, lower, end, constant(b, tile));
  OpBuilder inner = OpBuilder::atBlockTerminator(tiles.getBody());
  emitTile(inner, stage, tiles.getInductionVar());
  Value isMore =
      b.create<arith::CmpIOp>(here, arith::CmpIPredicate::slt, end, upper);
  auto branch = b.create<scf::IfOp>(here, isMore, /*withElseRegion=*/false);
  OpBuilder then = branch.getThenBodyBuilder();
  emitElements(then, stage, end, upper);
  return true;
}

VectorEmitter::Address LaneEmitter::getAddress(OpBuilder &b, Value array,
                                               ValueRange indices) {
  Value zero = constant(b, 0);
  auto found = arrays.find(array);
  if (found == arrays.end()) {
    Value times = constant(b, width), index = indices[0];
    if (!varying.contains(index))
      return {get(array), multiply(b, get(index), times), Value(), Value()};
    Value offsets = multiply(b, get(index), spread(b, times));
    return {get(array), zero, add(b, offsets, lane), Value()};
  }
  const Array &mine = found->second;
  Address address{mine.memory, zero, mine.laneOffsets, Value()};
  for (auto [index, stride] : llvm::zip_equal(indices, mine.strides)) {
    if (varying.contains(index))
      address.offsets =
          add(b, address.offsets, multiply(b, get(index), spread(b, stride)));
    else
      address.base = add(b, address.base, multiply(b, get(index), stride));
  }
  return address;
}

void danskin::conversion::emitLanes(func::FuncOp kernel, const Varying &varying,
                                    func::FuncOp lanes, unsigned width) {
  LaneEmitter(kernel, varying, width).run(lanes);
}
