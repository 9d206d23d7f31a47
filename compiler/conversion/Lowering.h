//===- Lowering.h - from loops to LLVM IR -----------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_LOWERING_H
#define DANSKIN_CONVERSION_LOWERING_H

#include <memory>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm
namespace mlir {
class ModuleOp;
class OpPassManager;
} // namespace mlir

namespace danskin {

/// Adds the passes from scf, memref, vector, arith, math and func to the llvm
/// dialect, for a module of wrapped entry points; an index has `indexBits`.
void populateLowerToLLVM(mlir::OpPassManager &passes, unsigned indexBits = 64);

/// The module as LLVM IR; null if it holds anything but the llvm dialect.
std::unique_ptr<llvm::Module> translate(mlir::ModuleOp module,
                                        llvm::LLVMContext &context);

} // namespace danskin

#endif // DANSKIN_CONVERSION_LOWERING_H
