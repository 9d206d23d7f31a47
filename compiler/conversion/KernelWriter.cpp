//===- KernelWriter.cpp - kernels of a GPU around the loops ---------------===//
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

/// The address space of what all blocks share, of which PTX wants to know.
static constexpr unsigned globalMemory = 1;

KernelFunctions KernelFunctions::find(ModuleOp module, func::FuncOp run) {
  KernelFunctions functions;
  StringRef stem = run.getName().drop_back(3);
  auto get = [&](StringRef part) {
    return module.lookupSymbol<func::FuncOp>((stem + part).str());
  };
  functions.run = run;
  functions.scaled = get("scaled");
  functions.validate = get("validate");
  functions.shapes = get("shapes");
  functions.holds = get("holds");
  functions.workspace = get("workspace");
  functions.near = get("near");
  functions.numSizes = functions.workspace.getNumArguments();
  size_t numInputs =
      functions.validate.getNumArguments() - functions.numSizes - 1;
  for (Type type :
       run.getArgumentTypes().drop_front(functions.numSizes).drop_back(2)) {
    bool isInput = functions.inputs.size() < numInputs;
    (isInput ? functions.inputs : functions.outputs)
        .push_back(cast<MemRefType>(type));
  }
  return functions;
}

KernelWords::KernelWords(const KernelFunctions &functions)
    : sizes(DP_WORDS_CALL) {
  unsigned next = sizes + functions.numSizes * DP_WORDS_SIZE;
  for (MemRefType type : functions.inputs) {
    inputs.push_back(next);
    next += DP_WORDS_INPUT + 3 * type.getRank();
  }
  for (MemRefType type : functions.outputs) {
    outputs.push_back(next);
    next += DP_WORDS_OUTPUT + 3 * type.getRank();
  }
  count = next;
}

KernelWriter::KernelWriter(KernelFunctions &functions, StringRef name,
                           unsigned indexBits)
    : functions(functions), words(functions), b(functions.run.getContext()),
      loc(functions.run.getLoc()), indexBits(indexBits),
      pointer(LLVM::LLVMPointerType::get(b.getContext())) {
  b.setInsertionPointAfter(functions.run);
  kernel = b.create<func::FuncOp>(loc, name, b.getFunctionType({pointer}, {}));
  // The runtime gives a block as many threads as there is something to do for.
  if (auto columns = functions.run->getAttrOfType<IntegerAttr>(columnsAttr))
    kernel->setAttr("passthrough",
                    b.getArrayAttr(b.getStrArrayAttr(
                        {columnsAttr, std::to_string(columns.getInt())})));
  Type array = LLVM::LLVMArrayType::get(b.getI64Type(), words.count);
  kernel.setArgAttr(0, LLVM::LLVMDialect::getByValAttrName(),
                    TypeAttr::get(array));
  kernel.setArgAttr(0, LLVM::LLVMDialect::getAlignAttrName(),
                    b.getI64IntegerAttr(8));
  b.setInsertionPointToStart(kernel.addEntryBlock());
  argument = kernel.getArgument(0);
}

Value KernelWriter::toPointer(Value value) {
  Type global = LLVM::LLVMPointerType::get(b.getContext(), globalMemory);
  Value address = b.create<LLVM::IntToPtrOp>(loc, global, value);
  return b.create<LLVM::AddrSpaceCastOp>(loc, pointer, address);
}

Value KernelWriter::load(unsigned place, Type type) {
  Value address = b.create<LLVM::GEPOp>(loc, pointer, b.getI64Type(), argument,
                                        ArrayRef<LLVM::GEPArg>(int32_t(place)));
  return b.create<LLVM::LoadOp>(loc, type, address);
}

SmallVector<Value> KernelWriter::loadAll(unsigned place, unsigned count) {
  SmallVector<Value> all;
  for (unsigned k = 0; k < count; ++k)
    all.push_back(load(place + k));
  return all;
}

Value KernelWriter::emitIf(Value condition, Value otherwise,
                           llvm::function_ref<Value()> then) {
  auto branch = b.create<scf::IfOp>(loc, otherwise.getType(), condition,
                                    /*withElse=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.elseBlock());
  b.create<scf::YieldOp>(loc, otherwise);
  b.setInsertionPointToStart(branch.thenBlock());
  b.create<scf::YieldOp>(loc, then());
  return branch.getResult(0);
}

//===----------------------------------------------------------------------===//
// Instances
//===----------------------------------------------------------------------===//

/// Inputs that the host gives as numbers get a place in the workspace.
void KernelWriter::emitDefaults() {
  Value places = emitMemRef(getPlain(b.getI64Type()), toPointer(block));
  for (auto [i, place] : llvm::enumerate(words.inputs)) {
    Value isValue = isSet(load(place + DP_INPUT_WORD_IS_VALUE));
    auto branch = b.create<scf::IfOp>(loc, isValue, /*withElse=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    b.create<memref::StoreOp>(loc, load(place + DP_INPUT_WORD_VALUE), places,
                              index(i));
  }
}

SmallVector<Value> KernelWriter::emitSizes(Value instance) {
  SmallVector<Value> sizes;
  for (unsigned k = 0; k < functions.numSizes; ++k) {
    unsigned place = words.sizes + k * DP_WORDS_SIZE;
    Value lengths = load(place + DP_SIZE_WORD_LENGTHS);
    Value step = load(place + DP_SIZE_WORD_STEP);
    Value size = emitIf(isSet(lengths), load(place), [&]() -> Value {
      Value at = b.create<arith::MulIOp>(loc, toWord(instance), step);
      Value isShort = compare(arith::CmpIPredicate::eq,
                              load(place + DP_SIZE_WORD_BITS), word(32));
      auto read = [&](IntegerType type) -> Value {
        Value array = emitMemRef(getPlain(type), toPointer(lengths));
        return b.create<memref::LoadOp>(loc, array, toIndex(at));
      };
      auto branch =
          b.create<scf::IfOp>(loc, b.getI64Type(), isShort, /*withElse=*/true);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(branch.thenBlock());
      b.create<scf::YieldOp>(
          loc, Value(b.create<arith::ExtSIOp>(loc, b.getI64Type(),
                                              read(b.getI32Type()))));
      b.setInsertionPointToStart(branch.elseBlock());
      b.create<scf::YieldOp>(loc, read(b.getI64Type()));
      return branch.getResult(0);
    });
    sizes.push_back(toIndex(size));
  }
  return sizes;
}

/// Of an instance: `between` elements after the one before it; the word of its
/// first stride.
Value KernelWriter::emitArray(MemRefType type, Value data, Value between,
                              unsigned strides, Value instance) {
  int64_t width = type.getElementTypeBitWidth() / 8;
  Value offset = b.create<arith::MulIOp>(loc, toWord(instance), between);
  offset = b.create<arith::MulIOp>(loc, offset, word(width));
  Value at = toPointer(b.create<arith::AddIOp>(loc, data, offset));
  return emitMemRef(type, at, loadAll(strides, type.getRank()));
}

SmallVector<Value> KernelWriter::emitArrays(Value instance) {
  SmallVector<Value> arrays;
  for (auto [i, type] : llvm::enumerate(functions.inputs)) {
    unsigned place = words.inputs[i];
    Value own = load(place + DP_INPUT_WORD_PLACE);
    Value isOwn = compare(arith::CmpIPredicate::sge, own, word(0));
    own = b.create<arith::AddIOp>(loc, block, own);
    Value data = b.create<arith::SelectOp>(loc, isOwn, own, load(place));
    arrays.push_back(emitArray(type, data, load(place + DP_ARRAY_WORD_STRIDE),
                               place + DP_WORDS_INPUT, instance));
  }
  for (auto [o, type] : llvm::enumerate(functions.outputs)) {
    unsigned place = words.outputs[o];
    arrays.push_back(emitArray(type, load(place),
                               load(place + DP_ARRAY_WORD_STRIDE),
                               place + DP_WORDS_OUTPUT, instance));
  }
  return arrays;
}

/// `extents` gets those of the arrays.
void KernelWriter::emitShapes(ValueRange sizes) {
  SmallVector<Value> operands(sizes);
  operands.push_back(extents);
  b.create<func::CallOp>(loc, functions.shapes, operands);
}
