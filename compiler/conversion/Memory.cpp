//===- Memory.cpp - tables in the workspace and at the caller -------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Memory.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <limits>

using namespace mlir;
using namespace danskin::conversion;

static constexpr int64_t alignment = 64;

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

Type Memory::getElement(TablePlan &table) {
  OpBuilder b(plan.program.getContext());
  return table.isIndex() ? Type(b.getI64Type()) : Type(plan.compute);
}

Memory::Memory(Plan &plan, Env &env) : plan(plan), env(env), loc(env.getLoc()) {
  OpBuilder &b = env.getPrologue();
  auto constant = [&](int64_t value) { return constantIndex(b, loc, value); };
  bytes = constant(0);
  auto reserve = [&](Value count, int64_t width) {
    Value offset = bytes;
    Value size = b.create<arith::MulIOp>(loc, count, constant(width));
    size = b.create<arith::AddIOp>(loc, size, constant(alignment - 1));
    size = b.create<arith::AndIOp>(loc, size, constant(-alignment));
    bytes = b.create<arith::AddIOp>(loc, bytes, size);
    return offset;
  };
  for (TablePlan *table : plan.getStored()) {
    Region &region = regions[table];
    SmallVector<Value> extents = table->layout->emitExtents(b, env);
    region.strides.resize(extents.size());
    region.count = constant(1);
    for (size_t d = extents.size(); d-- > 0;) {
      region.strides[d] = region.count;
      region.count = b.create<arith::MulIOp>(loc, region.count, extents[d]);
    }
    region.offset =
        reserve(region.count, getElement(*table).getIntOrFloatBitWidth() / 8);
    if (table->isExplicit())
      region.presenceOffset = reserve(region.count, 1);
  }
}

void Memory::open(Value workspace) {
  OpBuilder &b = env.getPrologue();
  auto view = [&](Value offset, Value count, Type element) {
    return b.create<memref::ViewOp>(
        loc, MemRefType::get(ShapedType::kDynamic, element), workspace, offset,
        ValueRange(count));
  };
  for (TablePlan *table : plan.getStored()) {
    Region &region = regions[table];
    region.data = view(region.offset, region.count, getElement(*table));
    if (region.presenceOffset)
      region.presence =
          view(region.presenceOffset, region.count, b.getI8Type());
  }
}

Value Memory::getOffset(OpBuilder &b, TablePlan &table, ValueRange indices) {
  SmallVector<Value> position = table.layout->emitPosition(b, env, indices);
  Value offset = constantIndex(b, loc, 0);
  for (auto [place, stride] :
       llvm::zip_equal(position, regions[&table].strides)) {
    Value step = b.create<arith::MulIOp>(loc, place, stride);
    offset = b.create<arith::AddIOp>(loc, offset, step);
  }
  return offset;
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

Value Memory::emitFloat(OpBuilder &b, double value) {
  return b.create<arith::ConstantOp>(loc, b.getFloatAttr(plan.compute, value));
}

Value Memory::convert(OpBuilder &b, Value value, FloatType type) {
  unsigned from = value.getType().getIntOrFloatBitWidth();
  if (from < type.getWidth())
    return b.create<arith::ExtFOp>(loc, type, value);
  if (from > type.getWidth())
    return b.create<arith::TruncFOp>(loc, type, value);
  return value;
}

Value Memory::loadInput(OpBuilder &b, Value input, ValueRange indices) {
  Value element = b.create<memref::LoadOp>(loc, env.getArray(input), indices);
  return convert(b, element, plan.compute);
}

/// The number that an absent cell is, unless a bit says so.
static double getAbsentNumber(TablePlan &table) {
  double infinity = std::numeric_limits<double>::infinity();
  return table.op.getAbsence() == dp::Absence::Min ? infinity : -infinity;
}

SmallVector<Type, 2> Memory::getRawTypes(TablePlan &table) {
  OpBuilder b(plan.program.getContext());
  if (table.isIndex())
    return {b.getIndexType()};
  if (table.isExplicit())
    return {plan.compute, b.getI1Type()};
  return {plan.compute};
}

Memory::Raw Memory::encode(OpBuilder &b, TablePlan &table, Real real) {
  if (table.isIndex() || table.op.getAbsence() == dp::Absence::Never)
    return {real.value};
  if (table.isExplicit()) {
    Value present = real.present;
    if (!present)
      present = b.create<arith::ConstantIntOp>(loc, 1, 1);
    return {real.value, present};
  }
  if (!real.present)
    return {real.value};
  return {b.create<arith::SelectOp>(loc, real.present, real.value,
                                    emitFloat(b, getAbsentNumber(table)))};
}

Real Memory::decode(OpBuilder &b, TablePlan &table, const Raw &raw) {
  if (table.isIndex() || table.op.getAbsence() == dp::Absence::Never)
    return {raw[0], Value()};
  if (table.isExplicit())
    return {raw[0], raw[1]};
  return {raw[0],
          b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::UNE, raw[0],
                                  emitFloat(b, getAbsentNumber(table)))};
}

Memory::Raw Memory::emitNothing(OpBuilder &b, TablePlan &table) {
  if (table.isIndex())
    return {constantIndex(b, loc, 0)};
  Value absent = b.create<arith::ConstantIntOp>(loc, 0, 1);
  return encode(b, table, {emitFloat(b, 0.0), absent});
}

//===----------------------------------------------------------------------===//
// Cells
//===----------------------------------------------------------------------===//

Memory::Raw Memory::load(OpBuilder &b, TablePlan &table, ValueRange indices) {
  Region &region = regions[&table];
  Value offset = getOffset(b, table, indices);
  Value number = b.create<memref::LoadOp>(loc, region.data, offset);
  if (table.isIndex())
    return {b.create<arith::IndexCastOp>(loc, b.getIndexType(), number)};
  if (!region.presence)
    return {number};
  Value byte = b.create<memref::LoadOp>(loc, region.presence, offset);
  Value zero = b.create<arith::ConstantIntOp>(loc, 0, 8);
  return {number,
          b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ne, byte, zero)};
}

void Memory::store(OpBuilder &b, TablePlan &table, ValueRange indices,
                   const Raw &raw) {
  if (table.box)
    storeOutput(b, table, indices, raw);
  if (!table.layout)
    return;
  Region &region = regions[&table];
  Value offset = getOffset(b, table, indices), number = raw[0];
  if (table.isIndex())
    number = b.create<arith::IndexCastOp>(loc, b.getI64Type(), number);
  b.create<memref::StoreOp>(loc, number, region.data, offset);
  if (region.presence) {
    Value byte = b.create<arith::ExtUIOp>(loc, b.getI8Type(), raw[1]);
    b.create<memref::StoreOp>(loc, byte, region.presence, offset);
  }
}

void Memory::add(OpBuilder &b, TablePlan &table, ValueRange indices,
                 Value value) {
  Region &region = regions[&table];
  Value offset = getOffset(b, table, indices);
  Value before = b.create<memref::LoadOp>(loc, region.data, offset);
  Value after = b.create<arith::AddFOp>(loc, before, value);
  b.create<memref::StoreOp>(loc, after, region.data, offset);
}

void Memory::storeOutput(OpBuilder &b, TablePlan &table, ValueRange indices,
                         const Raw &raw) {
  Value number = raw[0];
  if (table.isIndex()) {
    number = b.create<arith::IndexCastOp>(loc, b.getI64Type(), number);
  } else {
    if (table.isExplicit())
      number = b.create<arith::SelectOp>(loc, raw[1], number,
                                         emitFloat(b, getAbsentNumber(table)));
    number = convert(b, number, plan.io);
  }
  b.create<memref::StoreOp>(loc, number, env.getArray(table.op.getResult()),
                            table.box->emitPosition(b, env, indices));
}

//===----------------------------------------------------------------------===//
// Zeros
//===----------------------------------------------------------------------===//

void Memory::clearOutput(OpBuilder &b, TablePlan &table) {
  Value array = env.getArray(table.op.getResult());
  Type element = cast<MemRefType>(array.getType()).getElementType();
  Value zero = b.create<arith::ConstantOp>(loc, b.getZeroAttr(element));
  SmallVector<Value> extents = table.box->emitExtents(b, env), indices;
  Value from = constantIndex(b, loc, 0), step = constantIndex(b, loc, 1);
  OpBuilder inner = b;
  for (Value extent : extents) {
    auto loop = inner.create<scf::ForOp>(loc, from, extent, step);
    indices.push_back(loop.getInductionVar());
    inner = OpBuilder::atBlockTerminator(loop.getBody());
  }
  inner.create<memref::StoreOp>(loc, zero, array, indices);
}

void Memory::clear(OpBuilder &b, TablePlan &table) {
  Region &region = regions[&table];
  Value from = constantIndex(b, loc, 0), step = constantIndex(b, loc, 1);
  auto loop = b.create<scf::ForOp>(loc, from, region.count, step);
  OpBuilder inner = OpBuilder::atBlockTerminator(loop.getBody());
  Value zero =
      inner.create<arith::ConstantOp>(loc, b.getZeroAttr(getElement(table)));
  Value index = loop.getInductionVar();
  inner.create<memref::StoreOp>(loc, zero, region.data, index);
  if (region.presence) {
    Value present = inner.create<arith::ConstantIntOp>(loc, 1, 8);
    inner.create<memref::StoreOp>(loc, present, region.presence, index);
  }
}
