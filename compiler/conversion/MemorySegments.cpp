//===- MemorySegments.cpp - tables kept by segments of time ---------------===//
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

/// How many cells a time of a table takes: times are the outermost axis.
Value Memory::getTimeStride(TablePlan &table) {
  for (auto [axis, stride] : llvm::enumerate(regions[&table].strides))
    if (table.layout->isTimeAxis(axis))
      return stride;
  llvm_unreachable("the table is not kept by segments");
}

void Memory::copy(OpBuilder &b, const Region &source, Value from,
                  const Region &target, Value to, Value count) {
  auto loop = b.create<scf::ForOp>(loc, constantIndex(b, loc, 0), count,
                                   constantIndex(b, loc, 1));
  loop->setAttr(fillAttr, b.getUnitAttr());
  OpBuilder inner = OpBuilder::atBlockTerminator(loop.getBody());
  auto getElementPlace = [&](Value start) -> Value {
    return inner.create<arith::AddIOp>(loc, start, loop.getInductionVar());
  };
  Value read = getElementPlace(from), written = getElementPlace(to);
  inner.create<memref::StoreOp>(
      loc, inner.create<memref::LoadOp>(loc, source.data, read), target.data,
      written);
  if (source.second)
    inner.create<memref::StoreOp>(
        loc, inner.create<memref::LoadOp>(loc, source.second, read),
        target.second, written);
}

void Memory::moveTimes(OpBuilder &b, Env::Phase phase, Value from, Value to,
                       Value count) {
  for (TablePlan *table : plan.getStored()) {
    if (!table->layout->isSegmented() || table->layout->getPhase() != phase)
      continue;
    Value stride = getTimeStride(*table);
    auto scale = [&](Value times) -> Value {
      return b.create<arith::MulIOp>(loc, times, stride);
    };
    const Region &region = regions[table];
    copy(b, region, scale(from), region, scale(to), scale(count));
  }
}

void Memory::takeSums(OpBuilder &b) {
  Value zero = constantIndex(b, loc, 0);
  for (auto &[table, next] : nextSums)
    copy(b, next, zero, regions[table], zero, next.count);
}

void Memory::keepTimes(OpBuilder &b, Value slot, Value from) {
  for (auto &[table, kept] : slots) {
    Value start = constantIndex(b, loc, 0);
    if (table->layout->isSegmented())
      start = b.create<arith::MulIOp>(loc, from, getTimeStride(*table));
    copy(b, regions[table], start, kept.region,
         b.create<arith::MulIOp>(loc, slot, kept.size), kept.size);
  }
}

void Memory::restoreTimes(OpBuilder &b, Value slot) {
  for (auto &[table, kept] : slots)
    copy(b, kept.region, b.create<arith::MulIOp>(loc, slot, kept.size),
         regions[table], constantIndex(b, loc, 0), kept.size);
}
