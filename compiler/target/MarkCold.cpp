//===- MarkCold.cpp - branches that are hardly ever taken -----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/target/MarkCold.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/ProfDataUtils.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;
using namespace danskin;

/// Which of a block's successors is hardly ever next.
static std::optional<unsigned> findCold(const BasicBlock &block) {
  auto *jump = dyn_cast<BranchInst>(block.getTerminator());
  uint64_t first, second;
  if (!jump || !jump->isConditional() ||
      !extractBranchWeights(*jump, first, second))
    return std::nullopt;
  uint64_t rare = (first + second) / 1000;
  if (first < rare)
    return 0;
  if (second < rare)
    return 1;
  return std::nullopt;
}

PreservedAnalyses MarkCold::run(Function &function, FunctionAnalysisManager &) {
  auto *type = FunctionType::get(Type::getVoidTy(function.getContext()), false);
  auto *nothing = InlineAsm::get(type, "", "", /*hasSideEffects=*/true);
  for (BasicBlock &block : function) {
    std::optional<unsigned> number = findCold(block);
    if (!number)
      continue;
    // Others may come to where it leads: it may be a loop.
    BasicBlock *cold = SplitCriticalEdge(block.getTerminator(), *number);
    if (!cold)
      cold = block.getTerminator()->getSuccessor(*number);
    CallInst *mark = IRBuilder<>(cold, cold->getFirstInsertionPt())
                         .CreateCall(type, nothing);
    mark->setDoesNotAccessMemory();
    mark->setDoesNotThrow();
  }
  return PreservedAnalyses::none();
}
