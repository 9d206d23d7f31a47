//===- Descriptor.cpp - memrefs of pointers -----------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Descriptor.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

Value danskin::conversion::emitDescriptor(OpBuilder &b, Location loc,
                                          MemRefType type, Value data,
                                          ArrayRef<Value> strides,
                                          unsigned indexBits) {
  Type pointer = data.getType();
  Type word = b.getIntegerType(indexBits);
  SmallVector<Type> fields = {pointer, pointer, word};
  unsigned rank = type.getRank();
  if (rank > 0)
    fields.append(2, LLVM::LLVMArrayType::get(word, rank));
  Value descriptor = b.create<LLVM::UndefOp>(
      loc, LLVM::LLVMStructType::getLiteral(b.getContext(), fields));
  auto set = [&](Value value, ArrayRef<int64_t> place) {
    descriptor = b.create<LLVM::InsertValueOp>(loc, descriptor, value, place);
  };
  auto constant = [&](int64_t value) {
    return b.create<LLVM::ConstantOp>(loc, word, value);
  };
  set(data, 0);
  set(data, 1);
  set(constant(0), 2);
  for (unsigned d = 0; d < rank; ++d) {
    set(constant(llvm::maxIntN(indexBits)), {3, d});
    Value stride = strides.empty() ? constant(1) : strides[d];
    if (stride.getType() != word)
      stride = b.create<LLVM::TruncOp>(loc, word, stride);
    set(stride, {4, d});
  }
  return b.create<UnrealizedConversionCastOp>(loc, type, descriptor)
      .getResult(0);
}
