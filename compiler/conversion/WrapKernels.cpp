//===- WrapKernels.cpp - dp-wrap-kernels ----------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the runtime does around a kernel on the CPU (runtime/src/run.c) for what
// only the device may read: lengths, int inputs, results. Where those are not
// what they must be, an instance's floats become NaN and its status says why.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Descriptor.h"
#include "compiler/conversion/Marks.h"
#include "compiler/conversion/Passes.h"
#include "compiler/conversion/Run.h"
#include "dp/abi.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace danskin {
#define GEN_PASS_DEF_DPWRAPKERNELS
#include "compiler/conversion/Passes.h.inc"
} // namespace danskin

using namespace mlir;
using namespace danskin::conversion;

/// The address space of what all blocks share, of which PTX wants to know.
static constexpr unsigned globalMemory = 1;

namespace {
/// The functions of one entry and element type.
struct Functions {
  func::FuncOp run, scaled, validate, shapes, holds, workspace, near;
  SmallVector<MemRefType> inputs, outputs;
  unsigned numSizes = 0;

  static Functions find(ModuleOp module, func::FuncOp run);
  unsigned countAxes() const {
    unsigned count = 0;
    for (MemRefType type : llvm::concat<const MemRefType>(inputs, outputs))
      count += type.getRank();
    return count;
  }
};

/// Where things stand in a kernel's argument; the layout of dp_device_words.
struct Words {
  explicit Words(const Functions &functions);

  unsigned sizes;                        ///< DP_WORDS_SIZE each
  SmallVector<unsigned> inputs, outputs; ///< the first word of each
  unsigned count;
};

/// Writes one kernel.
class KernelWriter {
public:
  KernelWriter(Functions &functions, StringRef name, unsigned indexBits);

  /// `callee`, `run` or `scaled`, for each instance; `isFirst`: nothing is
  /// known of the instances, otherwise status tells which it is to be run for.
  void writeInstances(func::FuncOp callee, bool isFirst);
  void writeSums();

private:
  Value index(int64_t value) {
    return b.create<arith::ConstantIndexOp>(loc, value);
  }
  Value word(int64_t value, unsigned bits = 64) {
    return b.create<arith::ConstantIntOp>(loc, value, bits);
  }
  Value toIndex(Value value) {
    return b.create<arith::IndexCastOp>(loc, b.getIndexType(), value);
  }
  Value toWord(Value value) {
    return b.create<arith::IndexCastOp>(loc, b.getI64Type(), value);
  }
  /// Of an address in the device's memory.
  Value toPointer(Value value) {
    Type global = LLVM::LLVMPointerType::get(b.getContext(), globalMemory);
    Value address = b.create<LLVM::IntToPtrOp>(loc, global, value);
    return b.create<LLVM::AddrSpaceCastOp>(loc, pointer, address);
  }
  Value compare(arith::CmpIPredicate predicate, Value x, Value y) {
    return b.create<arith::CmpIOp>(loc, predicate, x, y);
  }
  Value isSet(Value value) {
    return compare(arith::CmpIPredicate::ne, value, word(0));
  }
  Value both(Value x, Value y) { return b.create<arith::AndIOp>(loc, x, y); }
  template <typename Op> Value readRegister() {
    return toIndex(b.create<Op>(loc, b.getI32Type()));
  }
  Value load(unsigned place, Type type);
  Value load(unsigned place) { return load(place, b.getI64Type()); }
  SmallVector<Value> loadAll(unsigned place, unsigned count);
  MemRefType getPlain(Type element) {
    return MemRefType::get(ShapedType::kDynamic, element);
  }
  /// Runs `then` where the condition holds; gives its value, or `otherwise`.
  template <typename Then>
  Value emitIf(Value condition, Value otherwise, Then then);

  void emitDefaults();
  SmallVector<Value> emitSizes(Value instance);
  SmallVector<Value> emitArrays(Value instance);
  Value emitMemRef(MemRefType type, Value data, ArrayRef<Value> strides = {}) {
    return emitDescriptor(b, loc, type, data, strides, indexBits);
  }
  Value emitArray(MemRefType type, Value data, Value between, unsigned strides,
                  Value instance);
  void emitShapes(ValueRange sizes);
  void emitWidening(ValueRange arrays, Value instance);
  Value emitCheck(ValueRange sizes);
  Value emitValidation(ValueRange sizes, ValueRange arrays);
  void emitPadding(Value isFine, ValueRange arrays);
  Value emitNear(ValueRange sizes, Value workspace);
  void emitSum(unsigned output, Value thread, Value step);

  Functions &functions;
  Words words;
  OpBuilder b;
  Location loc;
  unsigned indexBits;
  Type pointer;
  func::FuncOp kernel;
  Value argument, block; ///< block: the address of its workspace
  Value extents, fault;  ///< on the stack
};
} // namespace

Functions Functions::find(ModuleOp module, func::FuncOp run) {
  Functions functions;
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

Words::Words(const Functions &functions) : sizes(DP_WORDS_CALL) {
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

KernelWriter::KernelWriter(Functions &functions, StringRef name,
                           unsigned indexBits)
    : functions(functions), words(functions), b(functions.run.getContext()),
      loc(functions.run.getLoc()), indexBits(indexBits),
      pointer(LLVM::LLVMPointerType::get(b.getContext())) {
  b.setInsertionPointAfter(functions.run);
  kernel = b.create<func::FuncOp>(loc, name, b.getFunctionType({pointer}, {}));
  Type array = LLVM::LLVMArrayType::get(b.getI64Type(), words.count);
  kernel.setArgAttr(0, LLVM::LLVMDialect::getByValAttrName(),
                    TypeAttr::get(array));
  kernel.setArgAttr(0, LLVM::LLVMDialect::getAlignAttrName(),
                    b.getI64IntegerAttr(8));
  b.setInsertionPointToStart(kernel.addEntryBlock());
  argument = kernel.getArgument(0);
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

template <typename Then>
Value KernelWriter::emitIf(Value condition, Value otherwise, Then then) {
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

/// The block's own memory, where the launch gave it enough, or the workspace.
Value KernelWriter::emitNear(ValueRange sizes, Value workspace) {
  auto module = functions.run->getParentOfType<ModuleOp>();
  StringRef name = DP_NEAR_NAME;
  auto global = module.lookupSymbol<LLVM::GlobalOp>(name);
  if (!global) {
    OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
    global = top.create<LLVM::GlobalOp>(
        loc, LLVM::LLVMArrayType::get(b.getI8Type(), 0), /*isConstant=*/false,
        LLVM::Linkage::External, name, Attribute(), /*alignment=*/64,
        blockMemory);
  }
  Value bytes = b.create<func::CallOp>(loc, functions.near, sizes).getResult(0);
  Value fits =
      compare(arith::CmpIPredicate::ule, bytes, load(DP_WORD_NEAR_BYTES));
  Value own = b.create<LLVM::AddressOfOp>(loc, global);
  own = b.create<LLVM::AddrSpaceCastOp>(loc, pointer, own);
  Value data = b.create<arith::SelectOp>(loc, fits, own, workspace);
  return emitMemRef(getPlain(b.getI8Type()), data);
}

void KernelWriter::writeInstances(func::FuncOp callee, bool isFirst) {
  auto reserve = [&](int64_t count) -> Value {
    Value stack =
        b.create<memref::AllocaOp>(loc, MemRefType::get(count, b.getI64Type()));
    return b.create<memref::CastOp>(loc, getPlain(b.getI64Type()), stack);
  };
  int64_t rank = 0;
  for (MemRefType type : functions.inputs)
    rank = std::max(rank, type.getRank());
  extents = reserve(functions.countAxes() + 1);
  fault = reserve(rank + 3);
  Value number = readRegister<NVVM::BlockIdXOp>();
  Value step = readRegister<NVVM::GridDimXOp>();
  block = b.create<arith::AddIOp>(
      loc, load(DP_WORD_WORKSPACE),
      b.create<arith::MulIOp>(loc, toWord(number), load(DP_WORD_BLOCK_BYTES)));
  emitDefaults();
  int64_t defaults = (functions.inputs.size() * 8 + 63) / 64 * 64;
  Value own = b.create<arith::AddIOp>(loc, block, word(defaults));
  Value data = toPointer(own);
  Value workspace = emitMemRef(getPlain(b.getI8Type()), data);
  Value status =
      emitMemRef(getPlain(b.getI32Type()), toPointer(load(DP_WORD_STATUS)));

  auto loop =
      b.create<scf::ForOp>(loc, number, toIndex(load(DP_WORD_BATCH)), step);
  b.setInsertionPointToStart(loop.getBody());
  Value instance = loop.getInductionVar();
  if (!isFirst) {
    Value before = b.create<memref::LoadOp>(loc, status, instance);
    auto branch = b.create<scf::IfOp>(
        loc,
        compare(arith::CmpIPredicate::eq, before, word(DP_STATUS_AGAIN, 32)),
        /*withElse=*/false);
    b.setInsertionPointToStart(branch.thenBlock());
  }
  SmallVector<Value> sizes = emitSizes(instance), arrays = emitArrays(instance);
  auto call = [&]() -> Value {
    SmallVector<Value> operands(sizes);
    llvm::append_range(operands, arrays);
    operands.push_back(emitNear(sizes, data));
    operands.push_back(workspace);
    Value code = b.create<func::CallOp>(loc, callee, operands).getResult(0);
    Value isWell = compare(arith::CmpIPredicate::eq, code, word(0, 32));
    bool mayRetry = callee == functions.scaled;
    return b.create<arith::SelectOp>(
        loc, isWell, word(DP_OK, 32),
        word(mayRetry ? int(DP_STATUS_AGAIN) : int(DP_ERROR_KERNEL), 32));
  };
  Value code;
  if (isFirst) {
    Value fits = emitCheck(sizes);
    Value isFine = emitIf(fits, word(0, 1), [&] {
      emitWidening(arrays, instance);
      return emitValidation(sizes, arrays);
    });
    emitPadding(isFine, arrays);
    Value wrong = b.create<arith::SelectOp>(loc, fits, word(DP_ERROR_VALUE, 32),
                                            word(DP_ERROR_LENGTH, 32));
    code = emitIf(isFine, wrong, call);
  } else {
    emitShapes(sizes);
    emitWidening(arrays, instance);
    code = call();
  }
  b.create<memref::StoreOp>(loc, code, status, instance);
  b.setInsertionPointToEnd(&kernel.getBody().front());
  b.create<func::ReturnOp>(loc);
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

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

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// What the host asks, as dp_workspace_function.
static void writeWorkspace(Functions &functions, func::FuncOp callee,
                           StringRef name, unsigned indexBits) {
  Location loc = functions.run.getLoc();
  OpBuilder b(functions.run);
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto function = b.create<func::FuncOp>(
      loc, name, b.getFunctionType({pointer}, {b.getI64Type()}));
  b.setInsertionPointToStart(function.addEntryBlock());
  Value array = emitDescriptor(
      b, loc, MemRefType::get(ShapedType::kDynamic, b.getI64Type()),
      function.getArgument(0), {}, indexBits);
  SmallVector<Value> sizes;
  for (unsigned k = 0; k < functions.numSizes; ++k) {
    Value place = b.create<arith::ConstantIndexOp>(loc, k);
    Value size = b.create<memref::LoadOp>(loc, array, place);
    sizes.push_back(b.create<arith::IndexCastOp>(loc, b.getIndexType(), size));
  }
  auto call = b.create<func::CallOp>(loc, callee, sizes);
  b.create<func::ReturnOp>(loc, call.getResults());
}

namespace {
struct DpWrapKernels : danskin::impl::DpWrapKernelsBase<DpWrapKernels> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<func::FuncOp> runs, others;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal())
        (function.getName().ends_with("_run") ? runs : others)
            .push_back(function);
    for (func::FuncOp run : runs) {
      Functions functions = Functions::find(getOperation(), run);
      std::string stem = run.getName().drop_back(3).str();
      if (functions.scaled)
        KernelWriter(functions, stem + "again", indexBits)
            .writeInstances(run, /*isFirst=*/false);
      KernelWriter(functions, stem + "kernel", indexBits)
          .writeInstances(functions.scaled ? functions.scaled : run,
                          /*isFirst=*/true);
      KernelWriter(functions, stem + "sums", indexBits).writeSums();
      writeWorkspace(functions, functions.workspace, stem + "device",
                     indexBits);
      writeWorkspace(functions, functions.near, stem + "block", indexBits);
    }
    defineMath(getOperation());
    for (func::FuncOp function : llvm::concat<func::FuncOp>(runs, others)) {
      function.setPrivate();
      function->setAttr("llvm.linkage",
                        LLVM::LinkageAttr::get(
                            &getContext(), LLVM::linkage::Linkage::Internal));
      function->setAttr(
          "passthrough",
          Builder(&getContext()).getStrArrayAttr({"alwaysinline"}));
    }
  }
};
} // namespace
