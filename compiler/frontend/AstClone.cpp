//===- AstClone.cpp - copies of expressions ---------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Parser.h"

using namespace danskin;
using namespace danskin::ast;

static ExprPtr clone(const ExprPtr &expr) {
  return expr ? cloneExpr(*expr) : nullptr;
}

static std::vector<ExprPtr> clone(const std::vector<ExprPtr> &exprs) {
  std::vector<ExprPtr> copies;
  for (const ExprPtr &expr : exprs)
    copies.push_back(clone(expr));
  return copies;
}

static CondPtr clone(const CondPtr &cond) {
  if (!cond)
    return nullptr;
  if (auto *compare = llvm::dyn_cast<CompareCond>(cond.get())) {
    auto copy = std::make_unique<CompareCond>(compare->range);
    copy->op = compare->op;
    copy->lhs = clone(compare->lhs);
    copy->rhs = clone(compare->rhs);
    return copy;
  }
  if (auto *negation = llvm::dyn_cast<NotCond>(cond.get())) {
    auto copy = std::make_unique<NotCond>(negation->range);
    copy->operand = clone(negation->operand);
    return copy;
  }
  auto *logic = llvm::cast<LogicCond>(cond.get());
  auto copy = std::make_unique<LogicCond>(logic->kind, logic->range);
  copy->lhs = clone(logic->lhs);
  copy->rhs = clone(logic->rhs);
  return copy;
}

static Binders clone(const Binders &binders) {
  Binders copies;
  for (const auto &binder : binders) {
    auto copy = std::make_unique<Binder>();
    copy->name = binder->name;
    copy->range = binder->range;
    IndexRange values;
    values.range = binder->values->range;
    values.lower = clone(binder->values->lower);
    values.upper = clone(binder->values->upper);
    values.inclusive = binder->values->inclusive;
    values.graphName = binder->values->graphName;
    values.vertex = clone(binder->values->vertex);
    copy->values = std::move(values);
    copies.push_back(std::move(copy));
  }
  return copies;
}

static ExprPtr cloneChoice(const ChoiceExpr &choice) {
  auto copy = std::make_unique<ChoiceExpr>(choice.range);
  copy->op = choice.op;
  if (choice.reg) {
    copy->reg.emplace();
    copy->reg->range = choice.reg->range;
    copy->reg->name = choice.reg->name;
    copy->reg->arguments = clone(choice.reg->arguments);
  }
  for (const Alternative &alternative : choice.alternatives) {
    Alternative other;
    other.range = alternative.range;
    other.label = alternative.label;
    other.binders = clone(alternative.binders);
    other.guard = clone(alternative.guard);
    other.body = clone(alternative.body);
    copy->alternatives.push_back(std::move(other));
  }
  return copy;
}

static ExprPtr cloneRead(const ReadExpr &read) {
  auto copy = std::make_unique<ReadExpr>(read.range);
  copy->name = read.name;
  copy->nameRange = read.nameRange;
  copy->indices = clone(read.indices);
  copy->optional = read.optional;
  copy->otherwise = clone(read.otherwise);
  return copy;
}

ExprPtr danskin::cloneExpr(const Expr &expr) {
  switch (expr.kind) {
  case Expr::Number: {
    auto &number = llvm::cast<NumberExpr>(expr);
    auto copy = std::make_unique<NumberExpr>(number.range);
    copy->value = number.value;
    copy->isInteger = number.isInteger;
    copy->integer = number.integer;
    return copy;
  }
  case Expr::None:
    return std::make_unique<NoneExpr>(expr.range);
  case Expr::Var: {
    auto copy = std::make_unique<VarExpr>(expr.range);
    copy->name = llvm::cast<VarExpr>(expr).name;
    return copy;
  }
  case Expr::Read:
    return cloneRead(llvm::cast<ReadExpr>(expr));
  case Expr::Source: {
    auto &source = llvm::cast<SourceExpr>(expr);
    auto copy = std::make_unique<SourceExpr>(source.range);
    copy->graphName = source.graphName;
    copy->edge = clone(source.edge);
    return copy;
  }
  case Expr::Call: {
    auto &call = llvm::cast<CallExpr>(expr);
    auto copy = std::make_unique<CallExpr>(call.range);
    copy->function = call.function;
    copy->arguments = clone(call.arguments);
    return copy;
  }
  case Expr::Negate: {
    auto copy = std::make_unique<NegateExpr>(expr.range);
    copy->operand = clone(llvm::cast<NegateExpr>(expr).operand);
    return copy;
  }
  case Expr::Binary: {
    auto &binary = llvm::cast<BinaryExpr>(expr);
    auto copy = std::make_unique<BinaryExpr>(binary.range);
    copy->op = binary.op;
    copy->lhs = clone(binary.lhs);
    copy->rhs = clone(binary.rhs);
    return copy;
  }
  case Expr::If: {
    auto &conditional = llvm::cast<IfExpr>(expr);
    auto copy = std::make_unique<IfExpr>(conditional.range);
    copy->condition = clone(conditional.condition);
    copy->thenValue = clone(conditional.thenValue);
    copy->elseValue = clone(conditional.elseValue);
    return copy;
  }
  case Expr::Choice:
    return cloneChoice(llvm::cast<ChoiceExpr>(expr));
  }
  return nullptr;
}
