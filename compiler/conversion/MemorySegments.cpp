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

/// How many cells a time of a table takes; null where it does not keep times
/// one after the other.
Value Memory::getTimeStride(TablePlan &table) {
  std::optional<unsigned> axis = table.layout->getTimeAxis();
  return axis ? regions[&table].strides[*axis] : Value();
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

void Memory::forEachKept(OpBuilder &b, Value slot, Value from, MoveRun move) {
  auto multiply = [&](Value x, Value y) -> Value {
    return b.create<arith::MulIOp>(loc, x, y);
  };
  Value next = b.create<arith::MinSIOp>(loc, segments->emitFirst(b, slot),
                                        segments->producers.upper);
  for (auto &[table, kept] : slots) {
    Value place = multiply(slot, kept.size), stride = getTimeStride(*table);
    if (table->layout->isSegmented()) {
      move(*table, kept.region, multiply(from, stride), place, kept.size);
      continue;
    }
    if (!stride) {
      move(*table, kept.region, constantIndex(b, loc, 0), place, kept.size);
      continue;
    }
    for (int64_t ago = plan.checkpoint->latest; ago > 0; --ago) {
      Value time =
          b.create<arith::SubIOp>(loc, next, constantIndex(b, loc, ago));
      Value start = table->layout->emitPlaceOfTime(b, env, time);
      move(*table, kept.region, multiply(start, stride), place, stride);
      place = b.create<arith::AddIOp>(loc, place, stride);
    }
  }
}

void Memory::keepTimes(OpBuilder &b, Value slot, Value from) {
  forEachKept(b, slot, from,
              [&](TablePlan &table, const Region &kept, Value start,
                  Value place, Value count) {
                copy(b, regions[&table], start, kept, place, count);
              });
}

void Memory::restoreTimes(OpBuilder &b, Value slot) {
  forEachKept(b, slot, constantIndex(b, loc, 0),
              [&](TablePlan &table, const Region &kept, Value start,
                  Value place, Value count) {
                copy(b, kept, place, regions[&table], start, count);
              });
}
