//===- KernelWriter.h - kernels of a GPU around the loops -------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_KERNELWRITER_H
#define DANSKIN_CONVERSION_KERNELWRITER_H

#include "compiler/conversion/Descriptor.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"

namespace danskin::conversion {

/// The functions of one entry and element type.
struct KernelFunctions {
  mlir::func::FuncOp run, scaled, validate, shapes, holds, workspace, near;
  llvm::SmallVector<mlir::MemRefType> inputs, outputs;
  unsigned numSizes = 0;

  static KernelFunctions find(mlir::ModuleOp module, mlir::func::FuncOp run);
  unsigned countAxes() const {
    unsigned count = 0;
    for (mlir::MemRefType type :
         llvm::concat<const mlir::MemRefType>(inputs, outputs))
      count += type.getRank();
    return count;
  }
};

/// Where things stand in a kernel's argument; the layout of dp_device_words.
struct KernelWords {
  explicit KernelWords(const KernelFunctions &functions);

  unsigned sizes;                              ///< DP_WORDS_SIZE each
  llvm::SmallVector<unsigned> inputs, outputs; ///< the first word of each
  unsigned count;
};

/// Writes one kernel.
class KernelWriter {
public:
  KernelWriter(KernelFunctions &functions, llvm::StringRef name,
               unsigned indexBits);

  /// `callee`, `run` or `scaled`, for each instance; `isFirst`: nothing is
  /// known of the instances, otherwise status tells which it is to be run for.
  void writeInstances(mlir::func::FuncOp callee, bool isFirst);
  void writeSums();

private:
  mlir::Value index(int64_t value) {
    return b.create<mlir::arith::ConstantIndexOp>(loc, value);
  }
  mlir::Value word(int64_t value, unsigned bits = 64) {
    return b.create<mlir::arith::ConstantIntOp>(loc, value, bits);
  }
  mlir::Value toIndex(mlir::Value value) {
    return b.create<mlir::arith::IndexCastOp>(loc, b.getIndexType(), value);
  }
  mlir::Value toWord(mlir::Value value) {
    return b.create<mlir::arith::IndexCastOp>(loc, b.getI64Type(), value);
  }
  /// Of an address in the device's memory.
  mlir::Value toPointer(mlir::Value value);
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value x,
                      mlir::Value y) {
    return b.create<mlir::arith::CmpIOp>(loc, predicate, x, y);
  }
  mlir::Value isSet(mlir::Value value) {
    return compare(mlir::arith::CmpIPredicate::ne, value, word(0));
  }
  mlir::Value both(mlir::Value x, mlir::Value y) {
    return b.create<mlir::arith::AndIOp>(loc, x, y);
  }
  template <typename Op> mlir::Value readRegister() {
    return toIndex(b.create<Op>(loc, b.getI32Type()));
  }
  mlir::Value load(unsigned place, mlir::Type type);
  mlir::Value load(unsigned place) { return load(place, b.getI64Type()); }
  llvm::SmallVector<mlir::Value> loadAll(unsigned place, unsigned count);
  mlir::MemRefType getPlain(mlir::Type element) {
    return mlir::MemRefType::get(mlir::ShapedType::kDynamic, element);
  }
  /// Runs `then` where the condition holds; gives its value, or `otherwise`.
  mlir::Value emitIf(mlir::Value condition, mlir::Value otherwise,
                     llvm::function_ref<mlir::Value()> then);

  void emitDefaults();
  llvm::SmallVector<mlir::Value> emitSizes(mlir::Value instance);
  llvm::SmallVector<mlir::Value> emitArrays(mlir::Value instance);
  mlir::Value emitMemRef(mlir::MemRefType type, mlir::Value data,
                         llvm::ArrayRef<mlir::Value> strides = {}) {
    return emitDescriptor(b, loc, type, data, strides, indexBits);
  }
  mlir::Value emitArray(mlir::MemRefType type, mlir::Value data,
                        mlir::Value between, unsigned strides,
                        mlir::Value instance);
  void emitShapes(mlir::ValueRange sizes);
  void emitWidening(mlir::ValueRange arrays, mlir::Value instance);
  mlir::Value emitCheck(mlir::ValueRange sizes);
  mlir::Value emitValidation(mlir::ValueRange sizes, mlir::ValueRange arrays);
  void emitPadding(mlir::Value isFine, mlir::ValueRange arrays);
  mlir::Value emitNear(mlir::ValueRange sizes, mlir::Value workspace);
  void emitSum(unsigned output, mlir::Value thread, mlir::Value step);

  KernelFunctions &functions;
  KernelWords words;
  mlir::OpBuilder b;
  mlir::Location loc;
  unsigned indexBits;
  mlir::Type pointer;
  mlir::func::FuncOp kernel;
  mlir::Value argument, block; ///< block: the address of its workspace
  mlir::Value extents, fault;  ///< on the stack
};

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_KERNELWRITER_H
