//===- HideInvariants.h - keep what loops do not change short ---*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TARGET_HIDEINVARIANTS_H
#define DANSKIN_TARGET_HIDEINVARIANTS_H

#include "llvm/IR/PassManager.h"

namespace danskin {

/// Freezes integers and pointers that are computed before a loop and used in
/// it.
///
/// An address is a sum of many products of strides and indices, most of which a
/// loop does not change. Loop strength reduction looks through them all, at a
/// cost of the third power of their number; of what is frozen it sees one
/// value.
struct HideInvariants : llvm::PassInfoMixin<HideInvariants> {
  llvm::PreservedAnalyses run(llvm::Function &function,
                              llvm::FunctionAnalysisManager &analyses);
};

} // namespace danskin

#endif // DANSKIN_TARGET_HIDEINVARIANTS_H
