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

#include "compiler/conversion/Stage.h"
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
  Value emitPlace(OpBuilder &b, scf::ForOp copy, const Array &array,
                  ValueRange indices, Value round);

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

/// Where the element of a round is, from a lane's first.
Value LaneEmitter::emitPlace(OpBuilder &b, scf::ForOp copy, const Array &array,
                             ValueRange indices, Value round) {
  IRMapping inRound = map;
  inRound.map(copy.getInductionVar(), round);
  for (Operation &op : copy.getBody()->without_terminator())
    if (!isa<memref::LoadOp, memref::StoreOp>(op))
      b.clone(op, inRound);
  Value place = constant(b, 0);
  for (auto [index, stride] : llvm::zip_equal(indices, array.strides))
    place = add(b, place, multiply(b, inRound.lookupOrDefault(index), stride));
  return place;
}

bool LaneEmitter::emitStage(OpBuilder &b, scf::ForOp copy) {
  Stage stage(copy, width);
  ValueRange indices = stage.getIndices();
  if (!stage.hasTiles() || varying.contains(copy.getLowerBound()) ||
      varying.contains(copy.getUpperBound()) ||
      llvm::any_of(indices, [&](Value i) { return varying.contains(i); }))
    return false;
  const Array &array = arrays[stage.getArray()];
  stage.memory = array.memory;
  stage.buffer = get(stage.getBuffer());
  stage.stride = array.strides.back();
  stage.emitPlace = [&](OpBuilder &at, Value round) {
    return emitPlace(at, copy, array, indices, round);
  };
  stage.emitStart = [&](OpBuilder &at, Value which) {
    if (std::optional<int64_t> known = getConstantIntValue(which))
      return at.create<vector::ExtractOp>(here, array.laneOffsets, *known)
          .getResult();
    Value last = add(at, count, constant(at, -1));
    return multiply(at, at.create<arith::MinSIOp>(here, which, last),
                    array.laneStride);
  };
  stage.emit(b, get(copy.getLowerBound()), get(copy.getUpperBound()));
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
