//===- ParserConds.cpp - conditions -----------------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `(` may open a condition or an expression: `(a < b) and c == d` against
// `(a + b) < c`. So that nothing is read twice, the functions here give an
// Operand, either of the two; who needs a condition says so by `asCond`.
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/ParserNesting.h"
#include "llvm/ADT/StringSwitch.h"

using namespace danskin;
using namespace danskin::ast;

Parser::Operand Parser::asCond(Operand operand) {
  if (!operand.expr)
    return operand;
  Diagnostic *fault =
      fail("E0101", sees("=") ? peek().range : operand.expr->range,
           "expected a comparison");
  if (fault && sees("="))
    fault->help("equality is written `==`");
  return {};
}

CondPtr Parser::parseCond() { return asCond(parseOr()).cond; }

static CondPtr join(Cond::Kind kind, CondPtr lhs, CondPtr rhs) {
  auto logic = std::make_unique<LogicCond>(
      kind, ast::Range{lhs->range.begin, rhs->range.end});
  logic->lhs = std::move(lhs);
  logic->rhs = std::move(rhs);
  return logic;
}

Parser::Operand Parser::parseOr() {
  Nesting nesting(*this);
  if (!nesting)
    return {};
  Operand lhs = parseAnd();
  while (lhs && sees("or")) {
    lhs = asCond(std::move(lhs));
    take();
    Operand rhs = countOperator() ? asCond(parseAnd()) : Operand{};
    if (!lhs || !rhs)
      return {};
    lhs.cond = join(Cond::Or, std::move(lhs.cond), std::move(rhs.cond));
  }
  return lhs;
}

Parser::Operand Parser::parseAnd() {
  Operand lhs = parseNot();
  while (lhs && sees("and")) {
    lhs = asCond(std::move(lhs));
    take();
    Operand rhs = countOperator() ? asCond(parseNot()) : Operand{};
    if (!lhs || !rhs)
      return {};
    lhs.cond = join(Cond::And, std::move(lhs.cond), std::move(rhs.cond));
  }
  return lhs;
}

Parser::Operand Parser::parseNot() {
  Nesting nesting(*this);
  if (!nesting || !sees("not"))
    return nesting ? parseComparison() : Operand{};
  uint32_t begin = take().range.begin;
  Operand operand = countOperator() ? asCond(parseNot()) : Operand{};
  if (!operand)
    return {};
  auto negation = std::make_unique<NotCond>(since(begin));
  negation->operand = std::move(operand.cond);
  operand.cond = std::move(negation);
  return operand;
}

/// An expression, or a condition in parentheses.
Parser::Operand Parser::parseComparisonOperand() {
  Operand operand;
  if (!sees("(")) {
    operand.expr = parseExpr();
    return operand;
  }
  take();
  operand = parseOr();
  if (!operand || !expect(")", "after the condition"))
    return {};
  if (operand.expr)
    operand.expr = parseExpr(std::move(operand.expr));
  return operand;
}

static std::optional<CompareCond::Op> comparison(llvm::StringRef symbol) {
  return llvm::StringSwitch<std::optional<CompareCond::Op>>(symbol)
      .Case("==", CompareCond::Eq)
      .Case("!=", CompareCond::Ne)
      .Case("<", CompareCond::Lt)
      .Case("<=", CompareCond::Le)
      .Case(">", CompareCond::Gt)
      .Case(">=", CompareCond::Ge)
      .Default(std::nullopt);
}

/// `a < b <= c` is `a < b and b <= c`.
Parser::Operand Parser::parseComparison() {
  Operand operand = parseComparisonOperand();
  if (!operand.expr)
    return operand;
  ExprPtr lhs = std::move(operand.expr);
  while (auto op = comparison(peek().text)) {
    take();
    unsigned before = operators;
    ExprPtr rhs = countOperator() ? parseExpr() : nullptr;
    if (!rhs)
      return {};
    auto compare = std::make_unique<CompareCond>(
        ast::Range{lhs->range.begin, rhs->range.end});
    compare->op = *op;
    bool more = comparison(peek().text).has_value();
    // A copy counts as much as what it copies, or nested chains would grow
    // without bound.
    if (more)
      operators += operators - before;
    ExprPtr next = more ? cloneExpr(*rhs) : nullptr;
    compare->lhs = std::move(lhs);
    compare->rhs = std::move(rhs);
    lhs = std::move(next);
    operand.cond = operand.cond ? join(Cond::And, std::move(operand.cond),
                                       std::move(compare))
                                : CondPtr(std::move(compare));
  }
  if (!operand.cond)
    operand.expr = std::move(lhs);
  return operand;
}
