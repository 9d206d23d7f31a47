//===- Memory.cpp - tables in the workspace and at the caller -------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Memory.h"
#include "compiler/conversion/Marks.h"
#include "compiler/conversion/Scaled.h"
#include "compiler/conversion/Strips.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <limits>

using namespace mlir;
using namespace danskin::conversion;

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

Memory::Memory(Plan &plan, Env &env) : plan(plan), env(env), loc(env.getLoc()) {
  OpBuilder &b = env.getPrologue();
  auto constant = [&](int64_t value) { return constantIndex(b, loc, value); };
  bytes = constant(0);
  auto reserve = [&](Value count, int64_t width) {
    Value offset = bytes;
    Value size = b.create<arith::MulIOp>(loc, count, constant(width));
    size = b.create<arith::AddIOp>(loc, size, constant(2 * alignment - 1));
    size = b.create<arith::AndIOp>(loc, size, constant(-alignment));
    bytes = b.create<arith::AddIOp>(loc, bytes, size);
    return offset;
  };
  if (plan.checkpoint) {
    segments.emplace(plan, env);
  }
  // For threads, a table ends with an element that may be loaded in vain.
  Value spare = constant(plan.forThreads ? 1 : 0);
  auto reserveCells = [&](TablePlan *table, Region &region) {
    auto [first, second] = plan.getBytesOfCell(*table);
    region.offset = reserve(region.room, first);
    if (second)
      region.secondOffset = reserve(region.room, second);
  };
  auto reserveTables = [&](bool near) {
    for (TablePlan *table : plan.getStored()) {
      if (isNear(*table) != near)
        continue;
      Region &region = regions[table];
      region = arrange(b, table->layout->emitExtents(b, env), table->innermost);
      region.room = b.create<arith::AddIOp>(loc, region.count, spare);
      reserveCells(table, region);
    }
  };
  reserveTables(/*near=*/true);
  nearBytes = bytes;
  reserveTables(/*near=*/false);
  if (segments) {
    Value number = b.create<arith::AddIOp>(loc, segments->count, constant(1));
    for (TablePlan *table : plan.getReplayed()) {
      if (table->layout->isSegmented() && !table->past)
        continue;
      auto &[region, size] = slots[table];
      Value stride = getTimeStride(*table);
      Value times = table->layout->isFolded()
                        ? constant(plan.checkpoint->latest)
                        : segments->past;
      size = stride ? b.create<arith::MulIOp>(loc, stride, times)
                    : regions[table].count;
      region.room = b.create<arith::MulIOp>(loc, size, number);
      reserveCells(table, region);
    }
    for (TablePlan *table : plan.getSummed()) {
      Region &region = nextSums[table];
      region = regions[table];
      reserveCells(table, region);
    }
  }
  for (auto &[input, copy] : plan.copies) {
    Region &region = copies[&copy];
    region = arrange(b, getExtents(copy));
    region.offset = reserve(region.count,
                            plan.getElement(copy).getIntOrFloatBitWidth() / 8);
  }
  for (auto &diagonals : plan.diagonals) {
    Region &region = ofDiagonals[diagonals.get()];
    region = arrange(b, getExtents(b, *diagonals));
    region.offset = reserve(region.count, plan.io.getWidth() / 8);
  }
  for (auto &power : plan.powers) {
    Region &region = powers[power.get()];
    region = arrange(b, getExtents(*power));
    region.offset = reserve(region.count, 4);
    region.secondOffset = reserve(region.count, 4);
    if (power->flat) {
      Region &flat = flats[power.get()];
      flat = region;
      flat.offset = reserve(flat.count, 4);
    }
  }
  for (auto &[arm, product] : plan.products)
    for (auto &pack : product->packs) {
      Region &region = packs[pack.get()];
      region = arrange(b, getExtents(b, *pack));
      region.offset = reserve(region.count, 4);
      Region &top = packTops[pack.get()];
      SmallVector<Value> extents;
      if (!pack->leads)
        for (unsigned shared : pack->shared)
          extents.push_back(getExtents(b, *pack)[shared]);
      top = arrange(b, extents);
      top.offset = reserve(top.count, 4);
    }
  for (auto &strips : plan.strips) {
    Region &region = edges[strips.get()];
    region.count = b.create<arith::MulIOp>(
        loc, constant(strips->countEdges(plan)), strips->emitExtent(b, env, 0));
    region.count = b.create<arith::AddIOp>(loc, region.count, spare);
    region.offset = reserve(region.count, plan.compute.getWidth() / 8);
  }
  if (!plan.units.empty())
    faultOffset = reserve(constant(1), 1);
}

Memory::Region Memory::arrange(OpBuilder &b, ValueRange extents,
                               std::optional<unsigned> innermost) {
  Region region;
  region.strides.resize(extents.size());
  region.count = constantIndex(b, loc, 1);
  auto addAxis = [&](unsigned axis) {
    region.strides[axis] = region.count;
    region.count = b.create<arith::MulIOp>(loc, region.count, extents[axis]);
  };
  if (innermost)
    addAxis(*innermost);
  for (size_t axis = extents.size(); axis-- > 0;)
    if (axis != innermost)
      addAxis(axis);
  return region;
}

void Memory::open(Value workspace, Value howMany, Value which) {
  width = howMany;
  lane = which;
  open(workspace);
}

void Memory::open(Value workspace, Value near) {
  OpBuilder &b = env.getPrologue();
  Value memory;
  auto view = [&](Value offset, Value count, Type element) {
    if (width) {
      offset = b.create<arith::MulIOp>(loc, offset, width);
      count = b.create<arith::MulIOp>(loc, count, width);
    }
    return b.create<memref::ViewOp>(
        loc, MemRefType::get(ShapedType::kDynamic, element), memory, offset,
        ValueRange(count));
  };
  auto openCells = [&](TablePlan *table, Region &region) {
    region.data = view(region.offset, region.room, getElement(*table));
    if (region.secondOffset)
      region.second =
          view(region.secondOffset, region.room,
               isScaled(*table) ? Type(b.getF32Type()) : Type(b.getI8Type()));
  };
  for (TablePlan *table : plan.getStored()) {
    memory = near && isNear(*table) ? near : workspace;
    openCells(table, regions[table]);
  }
  memory = workspace;
  for (auto &[table, kept] : slots)
    openCells(table, kept.region);
  for (auto &[table, next] : nextSums)
    openCells(table, next);
  for (auto &[input, copy] : plan.copies) {
    Region &region = copies[&copy];
    region.data = view(region.offset, region.count, plan.getElement(copy));
  }
  for (auto &diagonals : plan.diagonals) {
    Region &region = ofDiagonals[diagonals.get()];
    region.data = view(region.offset, region.count, plan.io);
  }
  for (auto &power : plan.powers) {
    Region &region = powers[power.get()];
    region.data = view(region.offset, region.count, plan.compute);
    region.second = view(region.secondOffset, region.count, plan.compute);
    if (power->flat) {
      Region &flat = flats[power.get()];
      flat.data = view(flat.offset, flat.count, plan.compute);
    }
  }
  for (auto &[arm, product] : plan.products)
    for (auto &pack : product->packs) {
      Region &region = packs[pack.get()];
      region.data = view(region.offset, region.count, plan.compute);
      Region &top = packTops[pack.get()];
      top.data = view(top.offset, top.count, plan.compute);
    }
  for (auto &[strips, region] : edges)
    region.data = view(region.offset, region.count, plan.compute);
  if (faultOffset) {
    faults = view(faultOffset, constantIndex(b, loc, 1), b.getI8Type());
    if (!width)
      b.create<memref::StoreOp>(loc, b.create<arith::ConstantIntOp>(loc, 0, 8),
                                faults, constantIndex(b, loc, 0));
  }
}

Value Memory::getOffset(OpBuilder &b, TablePlan &table, ValueRange indices) {
  return getPlace(b, regions[&table],
                  table.layout->emitPosition(b, env, indices));
}

Value Memory::getPlace(OpBuilder &b, const Region &region,
                       ValueRange position) {
  Value offset = constantIndex(b, loc, 0);
  for (auto [place, stride] : llvm::zip_equal(position, region.strides)) {
    Value step = b.create<arith::MulIOp>(loc, place, stride);
    offset = b.create<arith::AddIOp>(loc, offset, step);
  }
  if (!width)
    return offset;
  offset = b.create<arith::MulIOp>(loc, offset, width);
  return b.create<arith::AddIOp>(loc, offset, lane);
}

OpBuilder Memory::openLoops(OpBuilder b, ValueRange extents,
                            SmallVectorImpl<Value> &indices) {
  Value from = constantIndex(b, loc, 0), step = constantIndex(b, loc, 1);
  for (Value extent : extents) {
    auto loop = b.create<scf::ForOp>(loc, from, extent, step);
    loop->setAttr(fillAttr, b.getUnitAttr());
    indices.push_back(loop.getInductionVar());
    b = OpBuilder::atBlockTerminator(loop.getBody());
  }
  return b;
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
  if (isScaled(table))
    return {plan.compute, plan.compute};
  return {plan.compute};
}

Memory::Raw Memory::encode(OpBuilder &b, TablePlan &table, Real real) {
  if (real.isScaled())
    return {real.value, real.exponent};
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
  if (isScaled(table))
    return {raw[0], Value(), raw[1]};
  if (table.isIndex() || table.op.getAbsence() == dp::Absence::Never)
    return {raw[0], Value(), Value()};
  if (table.isExplicit())
    return {raw[0], raw[1], Value()};
  return {raw[0],
          b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::UNE, raw[0],
                                  emitFloat(b, getAbsentNumber(table))),
          Value()};
}

Memory::Raw Memory::emitNothing(OpBuilder &b, TablePlan &table) {
  if (table.isIndex())
    return {constantIndex(b, loc, 0)};
  if (isScaled(table)) {
    ScaledNumber zero = Scaled(b, loc).zero();
    return {zero.mantissa, zero.exponent};
  }
  Value absent = b.create<arith::ConstantIntOp>(loc, 0, 1);
  return encode(b, table, {emitFloat(b, 0.0), absent, Value()});
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
  if (!region.second)
    return {number};
  Value second = b.create<memref::LoadOp>(loc, region.second, offset);
  if (isScaled(table))
    return {number, second};
  Value zero = b.create<arith::ConstantIntOp>(loc, 0, 8);
  return {number,
          b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ne, second, zero)};
}

void Memory::store(OpBuilder &b, TablePlan &table, ValueRange indices,
                   const Raw &raw) {
  if (table.box && !table.summed)
    storeOutput(b, table, indices, raw);
  if (!table.layout)
    return;
  Region &region = table.summed ? nextSums[&table] : regions[&table];
  Value offset = getOffset(b, table, indices), number = raw[0];
  if (table.isIndex())
    number = b.create<arith::IndexCastOp>(loc, getElement(table), number);
  b.create<memref::StoreOp>(loc, number, region.data, offset);
  if (!region.second)
    return;
  Value second = raw[1];
  if (!isScaled(table))
    second = b.create<arith::ExtUIOp>(loc, b.getI8Type(), second);
  b.create<memref::StoreOp>(loc, second, region.second, offset);
}

void Memory::add(OpBuilder &b, TablePlan &table, ValueRange indices,
                 Value value) {
  Region &region = regions[&table];
  Value offset = getOffset(b, table, indices);
  Value before = b.create<memref::LoadOp>(loc, region.data, offset);
  Value after = b.create<arith::AddFOp>(loc, before, value);
  auto store = b.create<memref::StoreOp>(loc, after, region.data, offset);
  store->setAttr(addAttr, b.getUnitAttr());
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
  SmallVector<Value> position = table.box->emitPosition(b, env, indices);
  if (table.diagonals)
    b.create<memref::StoreOp>(loc, number, ofDiagonals[table.diagonals].data,
                              getPlace(b, *table.diagonals, position));
  else
    b.create<memref::StoreOp>(loc, number, env.getArray(table.op.getResult()),
                              position);
}

//===----------------------------------------------------------------------===//
// Zeros
//===----------------------------------------------------------------------===//

void Memory::clearOutput(OpBuilder &b, TablePlan &table) {
  Value array = env.getArray(table.op.getResult());
  Type element = cast<MemRefType>(array.getType()).getElementType();
  Value zero = b.create<arith::ConstantOp>(loc, b.getZeroAttr(element));
  SmallVector<Value> indices;
  OpBuilder inner = openLoops(b, table.box->emitExtents(b, env), indices);
  inner.create<memref::StoreOp>(loc, zero, array, indices);
}

void Memory::clear(OpBuilder &b, TablePlan &table) {
  Region &region = regions[&table];
  Value from = constantIndex(b, loc, 0), step = constantIndex(b, loc, 1);
  auto loop = b.create<scf::ForOp>(loc, from, region.count, step);
  loop->setAttr(fillAttr, b.getUnitAttr());
  OpBuilder inner = OpBuilder::atBlockTerminator(loop.getBody());
  Value zero =
      inner.create<arith::ConstantOp>(loc, b.getZeroAttr(getElement(table)));
  Value index = loop.getInductionVar();
  inner.create<memref::StoreOp>(loc, zero, region.data, index);
  if (region.second) {
    Value present = inner.create<arith::ConstantIntOp>(loc, 1, 8);
    inner.create<memref::StoreOp>(loc, present, region.second, index);
  }
}
