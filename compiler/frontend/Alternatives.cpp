//===- Alternatives.cpp - numbers of what a path takes --------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Alternatives.h"
#include "compiler/frontend/AstWalk.h"

using namespace danskin::ast;

FirstAlternatives danskin::ast::numberAlternatives(const Expr &body) {
  FirstAlternatives firsts;
  int64_t count = 0;
  walk(body, [&](const Expr &expr) {
    auto *choice = llvm::dyn_cast<ChoiceExpr>(&expr);
    if (!choice || choice->op == ChoiceExpr::Sum)
      return;
    firsts[choice] = count;
    count += choice->alternatives.size();
  });
  return firsts;
}
