//===- MarkColdTest.cpp - branches that are hardly ever taken -------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/target/MarkCold.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/SourceMgr.h"
#include "gmock/gmock.h"

using namespace llvm;
using testing::ElementsAre;

namespace {

// Weights of one in two thousand mark a side, on the way to it where there are
// others; none, or those of what is only seldom, do not.
TEST(MarkCold, WhatIsHardlyEverTaken) {
  LLVMContext context;
  SMDiagnostic error;
  std::unique_ptr<Module> module = parseAssemblyString(R"(
define float @f(i1 %a, i1 %b, i1 %c, float %x) {
entry:
  br i1 %a, label %cold, label %next, !prof !0
cold:
  %y = fmul float %x, %x
  br label %next
next:
  %z = phi float [ %x, %entry ], [ %y, %cold ]
  br i1 %b, label %some, label %last, !prof !1
some:
  br label %last
last:
  br i1 %c, label %one, label %loop, !prof !2
one:
  ret float %z
loop:
  br i1 %a, label %loop, label %other
other:
  ret float %x
}
!0 = !{!"branch_weights", i32 1, i32 2000}
!1 = !{!"branch_weights", i32 1, i32 10}
!2 = !{!"branch_weights", i32 2000, i32 1}
)",
                                                       error, context);
  ASSERT_TRUE(module) << error.getMessage().str();
  Function &function = *module->getFunction("f");
  FunctionAnalysisManager analyses;
  danskin::MarkCold().run(function, analyses);
  EXPECT_FALSE(verifyFunction(function, &errs()));
  std::vector<std::string> marked;
  for (Instruction &inst : instructions(function))
    if (auto *call = dyn_cast<CallInst>(&inst)) {
      EXPECT_TRUE(call->isInlineAsm());
      EXPECT_TRUE(call->doesNotAccessMemory());
      marked.push_back(inst.getParent()->getName().str());
      EXPECT_TRUE(inst.getParent()->getSinglePredecessor());
    }
  EXPECT_THAT(marked, ElementsAre("cold", "last.loop_crit_edge"));
}

} // namespace
