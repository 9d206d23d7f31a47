//===- SemaIndices.cpp - affine expressions ---------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Indices, extents and the bounds of ranges are affine: sums of integers,
// sizes, binders, ranged ints and sources of edges, each with a constant
// coefficient, and floor divisions of such by a positive constant.
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Sema.h"

using namespace danskin;
using namespace danskin::ast;

std::optional<int64_t> danskin::integerConstant(const Expr &expr) {
  if (auto *number = llvm::dyn_cast<NumberExpr>(&expr))
    return number->isInteger ? std::optional(number->integer) : std::nullopt;
  if (auto *negate = llvm::dyn_cast<NegateExpr>(&expr)) {
    auto operand = integerConstant(*negate->operand);
    return operand ? std::optional(-*operand) : std::nullopt;
  }
  auto *binary = llvm::dyn_cast<BinaryExpr>(&expr);
  if (!binary)
    return std::nullopt;
  auto lhs = integerConstant(*binary->lhs), rhs = integerConstant(*binary->rhs);
  int64_t result = 0;
  if (!lhs || !rhs)
    return std::nullopt;
  bool overflow = binary->op == BinaryExpr::Add
                      ? __builtin_add_overflow(*lhs, *rhs, &result)
                  : binary->op == BinaryExpr::Sub
                      ? __builtin_sub_overflow(*lhs, *rhs, &result)
                  : binary->op == BinaryExpr::Mul
                      ? __builtin_mul_overflow(*lhs, *rhs, &result)
                      : true;
  return overflow ? std::nullopt : std::optional(result);
}

void Sema::notAffine(const Expr &expr, const std::string &message,
                     const char *help) {
  Diagnostic &fault = error("E0206", expr.range, message);
  if (help)
    fault.help(help);
}

void Sema::checkIndex(ExprPtr &expr, IndexUse use) {
  expr->type = Type::Int;
  switch (expr->kind) {
  case Expr::Number:
    if (!llvm::cast<NumberExpr>(*expr).isInteger)
      error("E0205", expr->range, "a float in an index");
    return;
  case Expr::Var:
    checkIndexVar(expr, use);
    return;
  case Expr::Read:
    return checkIndexRead(llvm::cast<ReadExpr>(*expr), use);
  case Expr::Source:
    if (use != IndexUse::Free)
      return notConstantOfCall(*expr, use);
    return checkSource(llvm::cast<SourceExpr>(*expr));
  case Expr::Negate:
    return checkIndex(llvm::cast<NegateExpr>(*expr).operand, use);
  case Expr::Binary:
    return checkIndexBinary(llvm::cast<BinaryExpr>(*expr), use);
  case Expr::Call:
    return notAffine(*expr, "an index is affine: a function has no place in it",
                     "`abs` may stand in a `where` and in conditions");
  case Expr::None:
    error("E0208", expr->range, "`none` is not an index");
    return;
  case Expr::If:
  case Expr::Choice:
    return notAffine(*expr,
                     "an index is affine: `if` and choices have no place "
                     "in it",
                     "state the cases as equations or candidates of their own");
  }
}

void Sema::notConstantOfCall(const Expr &expr, IndexUse use) {
  error("E0207", expr.range,
        use == IndexUse::Extent
            ? "only sizes and numbers may stand here"
            : "a domain is made of sizes, numbers and the binders before it")
      .help("what depends on data belongs in a `when`, a guard or the range of "
            "a choice");
}

void Sema::checkIndexVar(ExprPtr &expr, IndexUse use) {
  auto &var = llvm::cast<VarExpr>(*expr);
  const Decl *decl = resolve(var.name, var.range);
  if (!decl)
    return;
  var.decl = decl;
  if (llvm::isa<SizeDecl>(decl))
    return;
  if (llvm::isa<Binder>(decl)) {
    if (use == IndexUse::Extent)
      notConstantOfCall(var, use);
    return;
  }
  auto *input = llvm::dyn_cast<InputDecl>(decl);
  if (!input || input->element == InputDecl::Float) {
    noteDeclared(error("E0205", var.range,
                       "`" + var.name + "` is a float, and an index is whole"),
                 *decl);
    return;
  }
  if (!checkArity(*decl, 0, var.range))
    return;
  if (use != IndexUse::Free) {
    notConstantOfCall(var, use);
    return;
  }
  if (!input->values) {
    noteDeclared(error("E0206", var.range,
                       "`" + var.name +
                           "` has no range, so no read can be "
                           "proved inside its domain")
                     .help("declare it `in 0..N`, or what its values obey"),
                 *decl);
  }
}

void Sema::checkIndexRead(ReadExpr &read, IndexUse use) {
  const Decl *decl = resolve(read.name, read.nameRange);
  if (!decl)
    return;
  read.decl = decl;
  auto *input = llvm::dyn_cast<InputDecl>(decl);
  if (!input && !llvm::isa<LetDecl, TableDecl>(decl)) {
    checkArity(*decl, read.indices.size(), read.range);
    return;
  }
  if (!input || input->element != InputDecl::Int) {
    noteDeclared(
        error("E0205", read.range,
              "`" + read.name + "` is " +
                  (input && input->element == InputDecl::Dag ? "a graph"
                                                             : "a float") +
                  ", and an index is whole"),
        *decl);
    return;
  }
  if (!checkArity(*decl, read.indices.size(), read.range))
    return;
  if (use != IndexUse::Free)
    return notConstantOfCall(read, use);
  if (read.optional)
    error("E0305", read.range, "`?` inside an index")
        .help("test the index of the int in the guard of the candidate");
  if (!input->values)
    noteDeclared(error("E0206", read.range,
                       "`" + read.name +
                           "` has no range, so no read can be "
                           "proved inside its domain")
                     .help("declare it `in 0..N`, or what its values obey"),
                 *decl);
  for (ExprPtr &index : read.indices)
    checkIndex(index, use);
}

void Sema::checkIndexBinary(BinaryExpr &binary, IndexUse use) {
  binary.inIndex = true;
  checkIndex(binary.lhs, use);
  checkIndex(binary.rhs, use);
  auto lhs = integerConstant(*binary.lhs), rhs = integerConstant(*binary.rhs);
  switch (binary.op) {
  case BinaryExpr::Add:
  case BinaryExpr::Sub:
    return;
  case BinaryExpr::Mul:
    if (!lhs && !rhs)
      notAffine(binary, "an index is affine: one factor must be a number",
                "give the product a size of its own, or the array one more "
                "dimension");
    return;
  case BinaryExpr::Div:
    if (!rhs || *rhs <= 0)
      notAffine(binary, "an index divides by positive whole numbers only");
    return;
  case BinaryExpr::Pow:
    return notAffine(binary, "an index is affine: `^` has no place in it");
  }
}
