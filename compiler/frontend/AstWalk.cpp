//===- AstWalk.cpp - visiting every expression below one --------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/AstWalk.h"

using namespace danskin::ast;

static void walk(const ExprPtr &expr, ExprVisitor visit) {
  if (expr)
    walk(*expr, visit);
}

static void walk(const std::vector<ExprPtr> &exprs, ExprVisitor visit) {
  for (const ExprPtr &expr : exprs)
    walk(expr, visit);
}

static void walkChoice(const ChoiceExpr &choice, ExprVisitor visit) {
  if (choice.reg) {
    walk(choice.reg->arguments, visit);
    walk(choice.reg->gamma, visit);
  }
  for (const Alternative &alternative : choice.alternatives) {
    walk(alternative.body, visit);
    for (const auto &binder : alternative.binders)
      if (binder->values)
        walk(*binder->values, visit);
    if (alternative.guard)
      walk(*alternative.guard, visit);
  }
}

void danskin::ast::walk(const IndexRange &range, ExprVisitor visit) {
  ::walk(range.vertex, visit);
  ::walk(range.lower, visit);
  ::walk(range.upper, visit);
}

void danskin::ast::walk(const Cond &cond, ExprVisitor visit) {
  if (auto *compare = llvm::dyn_cast<CompareCond>(&cond)) {
    walk(*compare->lhs, visit);
    walk(*compare->rhs, visit);
  } else if (auto *negation = llvm::dyn_cast<NotCond>(&cond)) {
    walk(*negation->operand, visit);
  } else {
    auto &logic = llvm::cast<LogicCond>(cond);
    walk(*logic.lhs, visit);
    walk(*logic.rhs, visit);
  }
}

void danskin::ast::walk(const Expr &expr, ExprVisitor visit) {
  visit(expr);
  switch (expr.kind) {
  case Expr::Number:
  case Expr::None:
  case Expr::Var:
    return;
  case Expr::Read:
    ::walk(llvm::cast<ReadExpr>(expr).indices, visit);
    return ::walk(llvm::cast<ReadExpr>(expr).otherwise, visit);
  case Expr::Source:
    return walk(*llvm::cast<SourceExpr>(expr).edge, visit);
  case Expr::Call:
    return ::walk(llvm::cast<CallExpr>(expr).arguments, visit);
  case Expr::Negate:
    return walk(*llvm::cast<NegateExpr>(expr).operand, visit);
  case Expr::Binary:
    walk(*llvm::cast<BinaryExpr>(expr).lhs, visit);
    return walk(*llvm::cast<BinaryExpr>(expr).rhs, visit);
  case Expr::If: {
    auto &conditional = llvm::cast<IfExpr>(expr);
    walk(*conditional.condition, visit);
    walk(*conditional.thenValue, visit);
    return walk(*conditional.elseValue, visit);
  }
  case Expr::Choice:
    return walkChoice(llvm::cast<ChoiceExpr>(expr), visit);
  }
}
