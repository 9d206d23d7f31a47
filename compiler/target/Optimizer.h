//===- Optimizer.h - LLVM's passes over a module ----------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TARGET_OPTIMIZER_H
#define DANSKIN_TARGET_OPTIMIZER_H

#include "llvm/Passes/PassBuilder.h"
#include "llvm/Passes/StandardInstrumentations.h"

namespace danskin {

/// What LLVM's passes need. They make no vectors: loops that gain by them have
/// them already.
class Optimizer {
public:
  explicit Optimizer(llvm::TargetMachine &machine, bool unrolls = true);

  /// Makes the passes that run() takes.
  llvm::PassBuilder &getBuilder() { return builder; }
  void run(llvm::Module &module, llvm::ModulePassManager &passes) {
    passes.run(module, modules);
  }

private:
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassInstrumentationCallbacks callbacks;
  llvm::TimeProfilingPassesHandler trace;
  llvm::PassBuilder builder;
};

} // namespace danskin

#endif // DANSKIN_TARGET_OPTIMIZER_H
