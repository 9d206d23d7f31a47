//===- SemaExprs.cpp - values and conditions --------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/AstWalk.h"
#include "compiler/frontend/Sema.h"
#include "llvm/ADT/StringExtras.h"

using namespace danskin;
using namespace danskin::ast;

static Type joined(Type a, Type b) {
  return a == Type::Int && b == Type::Int ? Type::Int : Type::Float;
}

bool Sema::checkArity(const Decl &decl, size_t given, ast::Range range) {
  size_t rank = rankOf(decl);
  if (rank == given)
    return true;
  std::string what = "`" + decl.name + "` ";
  noteDeclared(error("E0203", range,
                     what + "has " + counted(rank, "index", "indices") + ", " +
                         (given ? llvm::utostr(given) : "none") + " given"),
               decl);
  return false;
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

void Sema::checkValue(ExprPtr &expr, ValueUse use) {
  switch (expr->kind) {
  case Expr::Number:
    expr->type =
        llvm::cast<NumberExpr>(*expr).isInteger ? Type::Int : Type::Float;
    return;
  case Expr::None:
    if (use.operand)
      error("E0208", expr->range, "`none` is nothing that can be compared");
    return;
  case Expr::Var:
    return checkVar(expr);
  case Expr::Read:
    return checkRead(llvm::cast<ReadExpr>(*expr), use);
  case Expr::Source:
    return checkSource(llvm::cast<SourceExpr>(*expr));
  case Expr::Call:
    return checkCall(llvm::cast<CallExpr>(*expr), use);
  case Expr::Negate: {
    auto &negate = llvm::cast<NegateExpr>(*expr);
    checkValue(negate.operand, use);
    negate.type = negate.operand->type;
    return;
  }
  case Expr::Binary: {
    auto &binary = llvm::cast<BinaryExpr>(*expr);
    checkValue(binary.lhs, use);
    checkValue(binary.rhs, use);
    bool exact = binary.op == BinaryExpr::Div || binary.op == BinaryExpr::Pow;
    binary.type =
        exact ? Type::Float : joined(binary.lhs->type, binary.rhs->type);
    return;
  }
  case Expr::If:
    return checkIf(llvm::cast<IfExpr>(*expr), use);
  case Expr::Choice:
    return checkChoice(llvm::cast<ChoiceExpr>(*expr));
  }
}

void Sema::checkVar(ExprPtr &expr) {
  auto &var = llvm::cast<VarExpr>(*expr);
  const Decl *decl = resolve(var.name, var.range);
  if (!decl)
    return;
  var.decl = decl;
  auto *input = llvm::dyn_cast<InputDecl>(decl);
  if (input && input->element == InputDecl::Dag) {
    noteDeclared(
        error("E0209", var.range, "the graph `" + var.name + "` is not a value")
            .help("`" + var.name +
                  ".src(e)` is the vertex that edge "
                  "`e` comes from"),
        *decl);
    return;
  }
  if (!checkArity(*decl, 0, var.range))
    return;
  bool isInt = llvm::isa<SizeDecl, Binder>(decl) ||
               (input && input->element == InputDecl::Int);
  var.type = isInt ? Type::Int : Type::Float;
  if (!llvm::isa<TableDecl>(decl))
    return;
  auto read = std::make_unique<ReadExpr>(var.range);
  read->name = var.name;
  read->nameRange = var.range;
  read->decl = decl;
  expr = std::move(read);
}

void Sema::checkRead(ReadExpr &read, ValueUse use) {
  for (ExprPtr &index : read.indices)
    checkIndex(index, IndexUse::Free);
  if (read.otherwise)
    checkValue(read.otherwise, use);
  else if (read.optional && !use.candidate)
    error("E0305", read.range, "`?` outside a candidate")
        .help("only a candidate of `max`, `min` or `sum` can be dropped; "
              "elsewhere say what stands for the cell, `? else none`");
  const Decl *decl = resolve(read.name, read.nameRange);
  if (!decl)
    return;
  read.decl = decl;
  auto *input = llvm::dyn_cast<InputDecl>(decl);
  if (input && input->element == InputDecl::Dag) {
    noteDeclared(error("E0209", read.range,
                       "the graph `" + read.name + "` is not an array")
                     .help("`" + read.name +
                           ".src(e)` is the vertex that edge "
                           "`e` comes from"),
                 *decl);
    return;
  }
  if (!checkArity(*decl, read.indices.size(), read.range))
    return;
  if (read.indices.empty() && !llvm::isa<TableDecl>(decl))
    error("E0203", read.range,
          "`" + read.name + "` has no indices: it is read without brackets")
        .fixIt(source.locate(read.range), read.name);
  else if (read.indices.empty() && read.optional)
    error("E0306", read.range,
          "`?` after a cell that is always there: table `" + read.name +
              "` has no indices");
  read.type =
      input && input->element == InputDecl::Int ? Type::Int : Type::Float;
  if (read.otherwise)
    read.type = joined(read.type, read.otherwise->type);
}

/// `e` must be bound by `in` of the same graph: only then does the compiler
/// know the vertex it enters, and so that its source comes before.
void Sema::checkSource(SourceExpr &expr) {
  expr.type = Type::Int;
  checkIndex(expr.edge, IndexUse::Free);
  expr.graph = resolveGraph(expr.graphName, expr.range);
  if (!expr.graph)
    return;
  auto *var = llvm::dyn_cast<VarExpr>(expr.edge.get());
  auto *edge = var ? llvm::dyn_cast_or_null<Binder>(var->decl) : nullptr;
  if (var && !var->decl)
    return;
  if (!edge || !edge->values || edge->values->graph != expr.graph)
    error("E0209", expr.edge->range,
          "`" + expr.graphName + ".src` is asked of what is no edge of `" +
              expr.graphName + "`")
        .help("bind the edge by its target, `for e in " + expr.graphName +
              ".in(v)`");
}

void Sema::checkCall(CallExpr &call, ValueUse use) {
  bool allInts = true;
  for (ExprPtr &argument : call.arguments) {
    checkValue(argument, use);
    allInts &= argument->type == Type::Int;
  }
  bool keepsInts =
      call.function == CallExpr::Abs || call.function == CallExpr::FMax ||
      call.function == CallExpr::FMin || call.function == CallExpr::Clamp;
  call.type = allInts && keepsInts ? Type::Int : Type::Float;
}

void Sema::checkIf(IfExpr &expr, ValueUse use) {
  checkCond(*expr.condition, use);
  warnFloatCondition(*expr.condition);
  checkValue(expr.thenValue, use);
  checkValue(expr.elseValue, use);
  expr.type = joined(expr.thenValue->type, expr.elseValue->type);
}

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

void Sema::checkChoice(ChoiceExpr &choice) {
  if (choice.reg && choice.op == ChoiceExpr::Sum)
    error("E0505", choice.reg->range, "a `sum` has no regularizer")
        .help("only `max` and `min` are choices; `sum` adds");
  else if (choice.reg)
    checkReg(*choice.reg);
  llvm::StringMap<const Alternative *> labels;
  for (Alternative &alternative : choice.alternatives) {
    if (!alternative.label.empty() &&
        !labels.try_emplace(alternative.label, &alternative).second)
      error("E0202", alternative.range,
            "the label `" + alternative.label +
                "` is given twice in one "
                "choice")
          .note(source.locate(labels[alternative.label]->range),
                "the first is here");
    size_t outer = scope.size();
    bindAll(alternative.binders, IndexUse::Free);
    if (alternative.guard) {
      checkCond(*alternative.guard, {});
      warnFloatCondition(*alternative.guard);
    }
    ValueUse candidate;
    candidate.candidate = true;
    checkValue(alternative.body, candidate);
    scope.resize(outer);
  }
}

//===----------------------------------------------------------------------===//
// Conditions
//===----------------------------------------------------------------------===//

void Sema::checkCond(Cond &cond, ValueUse use) {
  if (auto *compare = llvm::dyn_cast<CompareCond>(&cond)) {
    use.operand = true;
    checkValue(compare->lhs, use);
    checkValue(compare->rhs, use);
  } else if (auto *negation = llvm::dyn_cast<NotCond>(&cond)) {
    checkCond(*negation->operand, use);
  } else {
    auto &logic = llvm::cast<LogicCond>(cond);
    checkCond(*logic.lhs, use);
    checkCond(*logic.rhs, use);
  }
}

static bool isFloatData(const Decl *decl) {
  if (auto *input = llvm::dyn_cast_or_null<InputDecl>(decl))
    return input->element == InputDecl::Float;
  return llvm::isa_and_nonnull<LetDecl, TableDecl>(decl);
}

void Sema::warnFloatCondition(const Cond &cond) {
  const Expr *culprit = nullptr;
  walk(cond, [&](const Expr &expr) {
    const Decl *decl = nullptr;
    if (auto *var = llvm::dyn_cast<VarExpr>(&expr))
      decl = var->decl;
    else if (auto *read = llvm::dyn_cast<ReadExpr>(&expr))
      decl = read->decl;
    if (!culprit && isFloatData(decl))
      culprit = &expr;
  });
  if (culprit)
    diagnostics
        .warning("W0601", source.locate(culprit->range),
                 "a condition on a float is constant to the derivatives")
        .note("where it flips, the value jumps or bends, and no derivative "
              "sees it");
}
