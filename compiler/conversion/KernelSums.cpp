//===- KernelSums.cpp - what instances of a GPU add up --------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/KernelWriter.h"
#include "dp/abi.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace danskin::conversion;

/// One output's: each thread of the grid takes elements of its own.
void KernelWriter::emitSum(unsigned output, Value thread, Value step) {
  OpBuilder::InsertionGuard guard(b);
  MemRefType type = functions.outputs[output];
  auto real = dyn_cast<FloatType>(type.getElementType());
  if (!real)
    return;
  unsigned place = words.outputs[output];
  unsigned rank = type.getRank();
  Value sum = load(place + DP_OUTPUT_WORD_SUM);
  auto branch = b.create<scf::IfOp>(loc, isSet(sum), /*withElse=*/false);
  b.setInsertionPointToStart(branch.thenBlock());
  SmallVector<Value> shape = loadAll(place + DP_WORDS_OUTPUT + rank, rank);
  Value count = word(1);
  for (Value extent : shape)
    count = b.create<arith::MulIOp>(loc, count, extent);
  Value terms = emitMemRef(getPlain(real), toPointer(load(place)));
  Value between = toIndex(load(place + DP_ARRAY_WORD_STRIDE));
  Value target = emitMemRef(type, toPointer(sum),
                            loadAll(place + DP_WORDS_OUTPUT + 2 * rank, rank));
  auto loop = b.create<scf::ForOp>(loc, thread, toIndex(count), step);
  b.setInsertionPointToStart(loop.getBody());
  Value rest = loop.getInductionVar();
  SmallVector<Value> indices(rank);
  for (unsigned d = rank; d-- > 0;) {
    Value extent = toIndex(shape[d]);
    indices[d] = b.create<arith::RemUIOp>(loc, rest, extent);
    rest = b.create<arith::DivUIOp>(loc, rest, extent);
  }
  Value zero = b.create<arith::ConstantOp>(loc, b.getF64FloatAttr(0));
  auto batch = b.create<scf::ForOp>(
      loc, index(0), toIndex(load(DP_WORD_BATCH)), index(1), ValueRange(zero),
      [&](OpBuilder &inner, Location, Value instance, ValueRange sums) {
        Value at = inner.create<arith::MulIOp>(loc, instance, between);
        at = inner.create<arith::AddIOp>(loc, at, loop.getInductionVar());
        Value term = inner.create<memref::LoadOp>(loc, terms, at);
        if (real.getWidth() < 64)
          term = inner.create<arith::ExtFOp>(loc, inner.getF64Type(), term);
        Value next = inner.create<arith::AddFOp>(loc, sums[0], term);
        inner.create<scf::YieldOp>(loc, next);
      });
  Value total = batch.getResult(0);
  if (real.getWidth() < 64)
    total = b.create<arith::TruncFOp>(loc, real, total);
  b.create<memref::StoreOp>(loc, total, target, indices);
}

void KernelWriter::writeSums() {
  Value size = readRegister<NVVM::BlockDimXOp>();
  Value thread =
      b.create<arith::MulIOp>(loc, readRegister<NVVM::BlockIdXOp>(), size);
  thread =
      b.create<arith::AddIOp>(loc, thread, readRegister<NVVM::ThreadIdXOp>());
  Value step =
      b.create<arith::MulIOp>(loc, readRegister<NVVM::GridDimXOp>(), size);
  for (unsigned o = 0; o < functions.outputs.size(); ++o)
    emitSum(o, thread, step);
  b.create<func::ReturnOp>(loc);
}
