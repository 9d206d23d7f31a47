//===- MarkCold.h - branches that are hardly ever taken ---------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TARGET_MARKCOLD_H
#define DANSKIN_TARGET_MARKCOLD_H

#include "llvm/IR/PassManager.h"

namespace danskin {

/// Marks in assembly where a branch begins that is taken less than once in a
/// thousand times: an empty piece of inline assembly, of which machine code has
/// nothing, stands there as `#APP`. Who counts instructions may leave it out.
struct MarkCold : llvm::PassInfoMixin<MarkCold> {
  llvm::PreservedAnalyses run(llvm::Function &function,
                              llvm::FunctionAnalysisManager &analyses);
};

} // namespace danskin

#endif // DANSKIN_TARGET_MARKCOLD_H
