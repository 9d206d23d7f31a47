//===- KernelInts.cpp - ints of 32 bits on a GPU --------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/KernelWriter.h"
#include "compiler/conversion/Marks.h"
#include "dp/abi.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace danskin::conversion;

/// Makes i64 of ints that are i32, within the instance's extents.
void KernelWriter::emitWidening(ValueRange arrays, Value instance) {
  unsigned axis = 0;
  for (auto [i, type] : llvm::enumerate(functions.inputs)) {
    unsigned place = words.inputs[i], first = axis;
    axis += type.getRank();
    if (!type.getElementType().isInteger(64))
      continue;
    OpBuilder::InsertionGuard guard(b);
    Value data = load(place + DP_INPUT_WORD_NARROW);
    auto branch = b.create<scf::IfOp>(loc, isSet(data), /*withElse=*/false);
    b.setInsertionPointToStart(branch.thenBlock());
    Value narrow = emitArray(
        MemRefType::get(type.getShape(), b.getI32Type(), type.getLayout()),
        data, load(place + DP_INPUT_WORD_NARROW_STRIDE),
        place + DP_WORDS_INPUT + 2 * type.getRank(), instance);
    SmallVector<Value> indices;
    for (int64_t d = 0; d < type.getRank(); ++d) {
      Value extent =
          toIndex(b.create<memref::LoadOp>(loc, extents, index(first + d)));
      auto loop = b.create<scf::ForOp>(loc, index(0), extent, index(1));
      loop->setAttr(fillAttr, b.getUnitAttr());
      indices.push_back(loop.getInductionVar());
      b.setInsertionPoint(loop.getBody()->getTerminator());
    }
    Value number = b.create<memref::LoadOp>(loc, narrow, indices);
    number = b.create<arith::ExtSIOp>(loc, b.getI64Type(), number);
    b.create<memref::StoreOp>(loc, number, arrays[i], indices);
  }
}
