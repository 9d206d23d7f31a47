//===- HideInvariantsTest.cpp ---------------------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/target/HideInvariants.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/SourceMgr.h"
#include "gmock/gmock.h"

using namespace llvm;
using testing::ElementsAre;

namespace {

/// The names of what the pass freezes in the function @f of `text`.
std::vector<std::string> frozenIn(StringRef text) {
  LLVMContext context;
  SMDiagnostic error;
  std::unique_ptr<Module> module = parseAssemblyString(text, error, context);
  if (!module)
    return {error.getMessage().str()};
  PassBuilder builder;
  FunctionAnalysisManager functions;
  builder.registerFunctionAnalyses(functions);
  Function &function = *module->getFunction("f");
  danskin::HideInvariants().run(function, functions);
  EXPECT_FALSE(verifyFunction(function, &errs()));
  std::vector<std::string> names;
  for (Instruction &inst : instructions(function))
    if (isa<FreezeInst>(inst))
      names.push_back(inst.getOperand(0)->getName().str());
  return names;
}

// What is computed before the loop and used in it is frozen once; arguments,
// numbers and what the loop computes stay.
TEST(HideInvariants, WhatIsUsedInALoop) {
  EXPECT_THAT(frozenIn(R"(
define void @f(ptr %p, i64 %n, i64 %s, float %x) {
entry:
  %row = mul i64 %n, %s
  %y = fmul float %x, %x
  %unused = add i64 %n, 1
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %at = add i64 %i, %row
  %too = sub i64 %at, %row
  %place = getelementptr float, ptr %p, i64 %too
  store float %y, ptr %place
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
})"),
              ElementsAre("row"));
}

// Where loops are nested, the outer one's are hidden from both, and the inner
// one sees what the outer computes as one value.
TEST(HideInvariants, NestedLoops) {
  EXPECT_THAT(frozenIn(R"(
define void @f(ptr %p, i64 %n, i64 %s) {
entry:
  %row = mul i64 %n, %s
  br label %outer
outer:
  %i = phi i64 [ 0, %entry ], [ %i.next, %latch ]
  %base = add i64 %i, %row
  br label %loop
loop:
  %j = phi i64 [ 0, %outer ], [ %j.next, %loop ]
  %at = add i64 %j, %base
  %place = getelementptr float, ptr %p, i64 %at
  store float 0.0, ptr %place
  %j.next = add i64 %j, 1
  %more = icmp slt i64 %j.next, %n
  br i1 %more, label %loop, label %latch
latch:
  %i.next = add i64 %i, 1
  %again = icmp slt i64 %i.next, %n
  br i1 %again, label %outer, label %exit
exit:
  ret void
})"),
              ElementsAre("row", "base"));
}

} // namespace
