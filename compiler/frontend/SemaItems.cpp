//===- SemaItems.cpp - tables, equations, lets, outputs ---------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/AstWalk.h"
#include "compiler/frontend/Lexer.h"
#include "compiler/frontend/Sema.h"
#include "llvm/ADT/StringExtras.h"

using namespace danskin;
using namespace danskin::ast;
using llvm::StringRef;

void Sema::checkLet(LetDecl &let) {
  checkRank(let, let.binders.size());
  bindAll(let.binders, IndexUse::Domain);
  checkValue(let.body, {});
  scope.clear();
}

void Sema::checkOutput(OutputDecl &output) {
  if (output.binders.size() > limits::rank)
    error("E0107", output.range,
          "`" + output.name + "` has " + llvm::utostr(output.binders.size()) +
              " dimensions; the limit is " + llvm::utostr(limits::rank));
  bindAll(output.binders, IndexUse::Domain);
  checkValue(output.body, {});
  scope.clear();
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

void Sema::checkTable(TableDecl &table) {
  checkRank(table, table.binders.size());
  bindAll(table.binders, IndexUse::Domain);
  if (table.where)
    checkWhere(*table.where);
  scope.clear();
  checkTableEquations(table);
}

void Sema::checkTableEquations(TableDecl &table) {
  if (table.equations.empty())
    error("E0211", table.range, "table `" + table.name + "` has no equation")
        .help("say what its cells are: `" + table.name + "[...] = ...`");
  const Equation *otherwise = nullptr;
  for (const Equation *equation : table.equations) {
    if (!equation->otherwise)
      continue;
    if (otherwise)
      error("E0211", equation->range,
            "a second `otherwise` of table `" + table.name + "`")
          .note(source.locate(otherwise->range), "the first is here");
    otherwise = equation;
  }
  if (table.equations.size() > limits::equations)
    error("E0107", table.equations[limits::equations]->range,
          "more than " + llvm::utostr(limits::equations) +
              " equations of one table");
}

/// A domain is affine: comparisons of sizes and binders, and of `abs` of such.
void Sema::checkWhere(Cond &cond) {
  if (auto *compare = llvm::dyn_cast<CompareCond>(&cond)) {
    checkWhereOperand(compare->lhs);
    checkWhereOperand(compare->rhs);
  } else if (auto *negation = llvm::dyn_cast<NotCond>(&cond)) {
    checkWhere(*negation->operand);
  } else {
    auto &logic = llvm::cast<LogicCond>(cond);
    checkWhere(*logic.lhs);
    checkWhere(*logic.rhs);
  }
}

void Sema::checkWhereOperand(ExprPtr &expr) {
  if (auto *call = llvm::dyn_cast<CallExpr>(expr.get());
      call && call->function == CallExpr::Abs) {
    checkIndex(call->arguments[0], IndexUse::Domain);
    call->type = Type::Int;
    return;
  }
  checkIndex(expr, IndexUse::Domain);
}

//===----------------------------------------------------------------------===//
// Equations
//===----------------------------------------------------------------------===//

void Sema::attachEquation(Equation &equation) {
  const Decl *decl = resolve(equation.tableName, equation.nameRange);
  if (!decl)
    return;
  Decl *target = globals.lookup(equation.tableName);
  equation.table = llvm::dyn_cast<TableDecl>(target);
  if (!equation.table) {
    noteDeclared(error("E0209", equation.nameRange,
                       "an equation of `" + equation.tableName +
                           "`, which is not a table"),
                 *decl);
    return;
  }
  equation.ordinal = static_cast<unsigned>(equation.table->equations.size());
  equation.table->equations.push_back(&equation);
}

void Sema::checkEquation(Equation &equation) {
  if (!equation.table)
    return;
  bool fits =
      checkArity(*equation.table, equation.patterns.size(), equation.range);
  for (Pattern &pattern : equation.patterns)
    checkPattern(pattern);
  // With places missing or too many the body's names would be guesses.
  if (fits) {
    if (equation.when) {
      checkCond(*equation.when, {});
      warnFloatCondition(*equation.when);
    }
    checkValue(equation.body, {});
  }
  scope.clear();
}

/// A bare name that is no size is a variable; the first time it binds, then it
/// means equality. All else is an expression over sizes.
void Sema::checkPattern(Pattern &pattern) {
  auto *var = llvm::dyn_cast<VarExpr>(pattern.value.get());
  const Decl *known = var ? find(var->name) : nullptr;
  bool repeated = known && llvm::isa<Binder>(known);
  if (var && !repeated && !(known && llvm::isa<SizeDecl>(known))) {
    pattern.variable = std::make_unique<Binder>();
    pattern.variable->name = var->name;
    pattern.variable->range = var->range;
    bind(*pattern.variable);
    pattern.value = nullptr;
    return;
  }
  if (repeated) {
    checkIndex(pattern.value, IndexUse::Domain);
    return;
  }
  // Only sizes can stand in an expression here, so any other name was meant as
  // a variable.
  bool onlyGlobals = true;
  walk(*pattern.value, [&](const Expr &expr) {
    auto *part = llvm::dyn_cast<VarExpr>(&expr);
    onlyGlobals &= !part || globals.count(part->name) != 0;
  });
  if (onlyGlobals)
    return checkIndex(pattern.value, IndexUse::Extent);
  StringRef text = source.text().slice(pattern.range.begin, pattern.range.end);
  error("E0210", pattern.range,
        "a place of an equation is a name, or an expression of sizes and "
        "numbers")
      .help("write a new name here and the relation after it: `when k == " +
            text.str() + "`");
}
