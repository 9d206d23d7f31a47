//===- Gathers.cpp - lanes that lie apart ---------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Processors have instructions for lanes that lie apart, but where this was
// measured, a gather took up to four times as long as a load a lane. LLVM's own
// expansion branches on each lane of a mask.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Gathers.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace {

/// Memory of the function that lanes may load or store without effect. A load
/// after a store of another size would wait, so each has its own.
Value getNowhere(OpBuilder &b, Operation *op) {
  StringRef mark =
      isa<vector::GatherOp>(op) ? "dp.loads_nowhere" : "dp.stores_nowhere";
  Block &entry = op->getParentOfType<FunctionOpInterface>().front();
  for (auto alloca : entry.getOps<LLVM::AllocaOp>())
    if (alloca->hasAttr(mark))
      return alloca;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&entry);
  Location loc = op->getLoc();
  Value one = b.create<LLVM::ConstantOp>(loc, b.getI64Type(), 1);
  auto alloca = b.create<LLVM::AllocaOp>(
      loc, LLVM::LLVMPointerType::get(b.getContext()), b.getF64Type(), one, 8);
  alloca->setAttr(mark, b.getUnitAttr());
  return alloca;
}

Value splat(OpBuilder &b, Location loc, Value value, unsigned width) {
  auto type = LLVM::getFixedVectorType(value.getType(), width);
  Value result = b.create<LLVM::UndefOp>(loc, type);
  for (unsigned i = 0; i < width; ++i)
    result = b.create<LLVM::InsertElementOp>(
        loc, result, value, b.create<LLVM::ConstantOp>(loc, b.getI32Type(), i));
  return result;
}

Value extract(OpBuilder &b, Location loc, Value vector, unsigned i) {
  return b.create<LLVM::ExtractElementOp>(
      loc, vector, b.create<LLVM::ConstantOp>(loc, b.getI32Type(), i));
}

bool isWhole(Value mask) {
  DenseElementsAttr known;
  return matchPattern(mask, m_Constant(&known)) && known.isSplat() &&
         known.getSplatValue<bool>();
}

/// What lanes lie apart, where that is the same for all; null where not.
Value getStep(Value offsets) {
  auto product = offsets.getDefiningOp<arith::MulIOp>();
  if (!product)
    return {};
  Value lanes = product.getLhs(), step = product.getRhs();
  DenseIntElementsAttr known;
  if (!matchPattern(lanes, m_Constant(&known)))
    std::swap(lanes, step);
  auto spread = step.getDefiningOp<vector::BroadcastOp>();
  if (!spread || isa<VectorType>(spread.getSourceType()) ||
      !matchPattern(lanes, m_Constant(&known)))
    return {};
  for (auto [i, value] : llvm::enumerate(known.getValues<APInt>()))
    if (value != i)
      return {};
  return spread.getSource();
}

/// Where each lane is: `base` and a distance from there, or nowhere.
SmallVector<Value> getPlaces(OpBuilder &b, Operation *op, Value base,
                             Type element, Value offsets, Value step,
                             Value mask) {
  Location loc = op->getLoc();
  unsigned width = cast<VectorType>(offsets.getType()).getNumElements();
  auto pointer = LLVM::LLVMPointerType::get(b.getContext());
  SmallVector<Value> places;
  if (!mask && step) {
    for (unsigned i = 0; i < width; ++i) {
      places.push_back(base);
      base = b.create<LLVM::GEPOp>(loc, pointer, element, base, step);
    }
    return places;
  }
  if (!mask) {
    for (unsigned i = 0; i < width; ++i)
      places.push_back(b.create<LLVM::GEPOp>(loc, pointer, element, base,
                                             extract(b, loc, offsets, i)));
    return places;
  }
  Type pointers = LLVM::getFixedVectorType(pointer, width);
  Value all = b.create<LLVM::GEPOp>(loc, pointers, element, base, offsets);
  Value nowhere = splat(b, loc, getNowhere(b, op), width);
  all = b.create<LLVM::SelectOp>(loc, mask, all, nowhere);
  for (unsigned i = 0; i < width; ++i)
    places.push_back(extract(b, loc, all, i));
  return places;
}

/// What a gather and a scatter have in common.
template <typename Op> struct LowerLanes : ConvertOpToLLVMPattern<Op> {
  using ConvertOpToLLVMPattern<Op>::ConvertOpToLLVMPattern;

  struct Lanes {
    Type element;
    Value mask; ///< null where all take part
    SmallVector<Value> places;
  };

  Lanes getLanes(Op op, typename Op::Adaptor adaptor, MemRefType memory,
                 ConversionPatternRewriter &b) const {
    Type element =
        this->getTypeConverter()->convertType(memory.getElementType());
    Value base = this->getStridedElementPtr(
        op.getLoc(), memory, adaptor.getBase(), adaptor.getIndices(), b);
    Value mask = isWhole(op.getMask()) ? Value() : adaptor.getMask();
    Value step = getStep(op.getIndexVec());
    if (step)
      step = b.getRemappedValue(step);
    return {element, mask,
            getPlaces(b, op, base, element, adaptor.getIndexVec(), step, mask)};
  }
};

struct LowerGather : LowerLanes<vector::GatherOp> {
  using LowerLanes::LowerLanes;

  LogicalResult matchAndRewrite(vector::GatherOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    auto memory = dyn_cast<MemRefType>(op.getBase().getType());
    if (!memory || op.getVectorType().getRank() != 1)
      return failure();
    Location loc = op.getLoc();
    Lanes lanes = getLanes(op, adaptor, memory, b);
    Value result = b.create<LLVM::UndefOp>(
        loc, typeConverter->convertType(op.getVectorType()));
    for (auto [i, place] : llvm::enumerate(lanes.places))
      result = b.create<LLVM::InsertElementOp>(
          loc, result, b.create<LLVM::LoadOp>(loc, lanes.element, place),
          b.create<LLVM::ConstantOp>(loc, b.getI32Type(), i));
    if (lanes.mask)
      result = b.create<LLVM::SelectOp>(loc, lanes.mask, result,
                                        adaptor.getPassThru());
    b.replaceOp(op, result);
    return success();
  }
};

struct LowerScatter : LowerLanes<vector::ScatterOp> {
  using LowerLanes::LowerLanes;

  LogicalResult matchAndRewrite(vector::ScatterOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    if (op.getVectorType().getRank() != 1)
      return failure();
    Location loc = op.getLoc();
    Lanes lanes = getLanes(op, adaptor, op.getMemRefType(), b);
    for (auto [i, place] : llvm::enumerate(lanes.places))
      b.create<LLVM::StoreOp>(
          loc, extract(b, loc, adaptor.getValueToStore(), i), place);
    b.eraseOp(op);
    return success();
  }
};

} // namespace

void danskin::conversion::populateGatherPatterns(LLVMTypeConverter &types,
                                                 RewritePatternSet &patterns) {
  // Upstream's make one intrinsic of all lanes.
  patterns.add<LowerGather, LowerScatter>(types, /*benefit=*/2);
}
