//===- HideInvariants.cpp - keep what loops do not change short -----------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/target/HideInvariants.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Instructions.h"

using namespace llvm;
using namespace danskin;

/// May an address be made of the value, and the value be made of others?
static bool isPartOfAddress(const Instruction &value) {
  Type *type = value.getType();
  return (type->isPointerTy() || type->isIntegerTy(64) ||
          type->isIntegerTy(32)) &&
         isa<BinaryOperator, GetElementPtrInst, CastInst, SelectInst, CallInst>(
             value);
}

static void hide(Loop &loop) {
  BasicBlock *before = loop.getLoopPreheader();
  if (!before)
    return;
  DenseMap<Instruction *, Value *> hidden;
  for (BasicBlock *block : loop.blocks())
    for (Instruction &user : *block)
      for (Use &use : user.operands()) {
        auto *value = dyn_cast<Instruction>(use.get());
        if (!value || loop.contains(value) || !isPartOfAddress(*value))
          continue;
        Value *&frozen = hidden[value];
        if (!frozen)
          frozen = new FreezeInst(value, value->getName(),
                                  before->getTerminator()->getIterator());
        use.set(frozen);
      }
}

PreservedAnalyses HideInvariants::run(Function &function,
                                      FunctionAnalysisManager &analyses) {
  // Outer loops first: what they hide is known before the inner ones, too.
  for (Loop *loop :
       analyses.getResult<LoopAnalysis>(function).getLoopsInPreorder())
    hide(*loop);
  return PreservedAnalyses::none();
}
