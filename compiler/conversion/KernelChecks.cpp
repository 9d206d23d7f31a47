//===- KernelChecks.cpp - what a kernel of a GPU checks -------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where an instance is not what it must be its floats become NaN, and its
// status says why.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/KernelWriter.h"
#include "compiler/conversion/Marks.h"
#include "dp/abi.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace danskin::conversion;

/// Are the sizes within what is padded, and such as the program demands? If so,
/// `extents` has those of the arrays.
Value KernelWriter::emitCheck(ValueRange sizes) {
  Value fine = word(1, 1);
  for (auto [k, size] : llvm::enumerate(sizes)) {
    Value padded = load(words.sizes + k * DP_WORDS_SIZE);
    fine = both(fine, compare(arith::CmpIPredicate::ule, toWord(size), padded));
  }
  return emitIf(fine, word(0, 1), [&]() -> Value {
    Value holds =
        b.create<func::CallOp>(loc, functions.holds, sizes).getResult(0);
    return emitIf(holds, word(0, 1), [&]() -> Value {
      emitShapes(sizes);
      Value fits = word(1, 1);
      unsigned axis = 0;
      auto check = [&](unsigned place, unsigned rank) {
        for (unsigned d = 0; d < rank; ++d) {
          Value extent = b.create<memref::LoadOp>(loc, extents, index(axis++));
          fits = both(fits, compare(arith::CmpIPredicate::ule, extent,
                                    load(place + d)));
        }
      };
      for (auto [i, type] : llvm::enumerate(functions.inputs))
        check(words.inputs[i] + DP_WORDS_INPUT + type.getRank(),
              type.getRank());
      for (auto [o, type] : llvm::enumerate(functions.outputs))
        check(words.outputs[o] + DP_WORDS_OUTPUT + type.getRank(),
              type.getRank());
      Value bytes =
          b.create<func::CallOp>(loc, functions.workspace, sizes).getResult(0);
      return both(fits, compare(arith::CmpIPredicate::ule, bytes,
                                load(DP_WORD_KERNEL_BYTES)));
    });
  });
}

/// Are the int inputs in their ranges?
Value KernelWriter::emitValidation(ValueRange sizes, ValueRange arrays) {
  Value trust =
      b.create<arith::AndIOp>(loc, load(DP_WORD_FLAGS), word(DP_TRUST_INPUTS));
  Value asks = compare(arith::CmpIPredicate::eq, trust, word(0));
  return emitIf(asks, word(1, 1), [&]() -> Value {
    SmallVector<Value> operands(sizes);
    llvm::append_range(operands, arrays.take_front(functions.inputs.size()));
    operands.push_back(fault);
    Value verdict =
        b.create<func::CallOp>(loc, functions.validate, operands).getResult(0);
    return compare(arith::CmpIPredicate::eq, verdict, word(0));
  });
}

/// Sets what lies beyond the instance's extents to 0, or everything to NaN.
void KernelWriter::emitPadding(Value isFine, ValueRange arrays) {
  OpBuilder::InsertionGuard guard(b);
  Value ragged = isSet(
      b.create<arith::AndIOp>(loc, load(DP_WORD_FLAGS), word(DP_FLAG_RAGGED)));
  Value isBad = b.create<arith::XOrIOp>(loc, isFine, word(1, 1));
  auto branch = b.create<scf::IfOp>(
      loc, Value(b.create<arith::OrIOp>(loc, ragged, isBad)), false);
  unsigned axis = 0;
  for (MemRefType type : functions.inputs)
    axis += type.getRank();
  for (auto [o, type] : llvm::enumerate(functions.outputs)) {
    b.setInsertionPoint(branch.thenBlock()->getTerminator());
    Value array = arrays[functions.inputs.size() + o];
    Value fill =
        b.create<arith::ConstantOp>(loc, b.getZeroAttr(type.getElementType()));
    if (auto real = dyn_cast<FloatType>(type.getElementType()))
      fill = b.create<arith::SelectOp>(
          loc, isFine, fill,
          b.create<arith::ConstantOp>(
              loc, FloatAttr::get(
                       real, llvm::APFloat::getNaN(real.getFloatSemantics()))));
    unsigned shape = words.outputs[o] + DP_WORDS_OUTPUT + type.getRank();
    SmallVector<Value> indices;
    Value outside = isBad;
    for (int64_t d = 0; d < type.getRank(); ++d) {
      Value extent =
          toIndex(b.create<memref::LoadOp>(loc, extents, index(axis++)));
      auto loop = b.create<scf::ForOp>(loc, index(0), toIndex(load(shape + d)),
                                       index(1));
      loop->setAttr(fillAttr, b.getUnitAttr());
      indices.push_back(loop.getInductionVar());
      b.setInsertionPoint(loop.getBody()->getTerminator());
      Value beyond = compare(arith::CmpIPredicate::sge, indices.back(), extent);
      outside = b.create<arith::OrIOp>(loc, outside, beyond);
    }
    auto inner = b.create<scf::IfOp>(loc, outside, /*withElse=*/false);
    b.setInsertionPointToStart(inner.thenBlock());
    b.create<memref::StoreOp>(loc, fill, array, indices);
  }
}
