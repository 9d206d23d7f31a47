//===- SemaRegs.cpp - the names and arguments of Omega ----------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/AstWalk.h"
#include "compiler/frontend/Sema.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace danskin;
using namespace danskin::ast;
using llvm::StringRef;

namespace {
struct Known {
  const char *name;
  size_t parameters; ///< its own, before gamma
  bool hasGamma;
};
} // namespace

/// What the grammar knows. A regularizer that only the options know takes no
/// parameters of its own.
static const Known grammarRegs[] = {{"hard", 0, false}, {"entropy", 0, true},
                                    {"l2", 0, true},    {"tsallis", 1, true},
                                    {"fused", 1, true}, {"oscar", 1, true}};

static const char *parameterOf(StringRef name) {
  return name == "tsallis" ? "alpha" : "lambda";
}

static std::string quotedList(const std::vector<StringRef> &names) {
  std::string list;
  for (StringRef name : names)
    list += (list.empty() ? "`" : ", `") + name.str() + "`";
  return list;
}

/// What the language has and the compiler not.
void Sema::refuseReg(const RegRef &reg) {
  error("E0501", reg.range,
        "regularizer `" + reg.name +
            "` is in the language but not yet in this compiler")
      .help("the ones that exist are " +
            quotedList(
                {options.regularizers.begin(), options.regularizers.end()}));
}

void Sema::checkReg(RegRef &reg) {
  bool exists = llvm::is_contained(options.regularizers, reg.name);
  Known known = {reg.name.c_str(), 0, true};
  bool inGrammar = false;
  std::vector<StringRef> names(options.regularizers.begin(),
                               options.regularizers.end());
  for (const Known &entry : grammarRegs) {
    if (reg.name == entry.name) {
      known = entry;
      inGrammar = true;
    }
    if (!llvm::is_contained(options.regularizers, StringRef(entry.name)))
      names.push_back(entry.name);
  }
  if (!exists && !inGrammar) {
    Diagnostic &fault =
        error("E0504", reg.range, "there is no regularizer `" + reg.name + "`");
    StringRef near = nearestName(reg.name, names);
    if (!near.empty())
      fault.help("did you mean `" + near.str() + "`?");
    else
      fault.help("the regularizers are " + quotedList(names));
    return;
  }
  size_t most = known.parameters + known.hasGamma;
  if (reg.arguments.size() < known.parameters || reg.arguments.size() > most) {
    Diagnostic &fault = error(
        "E0506", reg.range,
        "`" + reg.name + "` takes " +
            (known.parameters == most ? std::string("no arguments")
             : known.parameters ? "its " + std::string(parameterOf(reg.name)) +
                                      " and perhaps its own gamma"
                                : "at most one argument, its own gamma") +
            "; " +
            (reg.arguments.empty() ? "none"
                                   : llvm::utostr(reg.arguments.size())) +
            " given");
    if (reg.name == "hard")
      fault.help("a hard choice has no strength");
    return;
  }
  if (!exists)
    refuseReg(reg);
  for (size_t i = 0; i < known.parameters; ++i) {
    auto *number = llvm::dyn_cast<NumberExpr>(reg.arguments[i].get());
    if (!number)
      error("E0506", reg.arguments[i]->range,
            std::string(parameterOf(reg.name)) + " of `" + reg.name +
                "` is a number");
    else
      checkValue(reg.arguments[i], {});
  }
  if (reg.arguments.size() > known.parameters) {
    reg.gamma = std::move(reg.arguments.back());
    reg.arguments.pop_back();
    checkGamma(reg);
  }
}

void Sema::checkOption(RegRef &reg) {
  unsigned before = diagnostics.errorCount();
  bool exists = llvm::is_contained(options.regularizers, reg.name);
  // A name alone asks whether there is such a regularizer.
  if (!exists && reg.arguments.empty() &&
      llvm::any_of(grammarRegs,
                   [&](const Known &known) { return reg.name == known.name; }))
    return refuseReg(reg);
  checkReg(reg);
  if (diagnostics.errorCount() == before && reg.gamma)
    error("E0506", reg.gamma->range, "an option gives no gamma")
        .help("the calls of a library pass one, as `--gamma` does for "
              "`dpc run`; a program may write `reg " +
              source.text().str() + "`");
}

/// A gamma is one number an instance: an expression of inputs, sizes and
/// numbers, the same at every cell.
void Sema::checkGamma(RegRef &reg) {
  std::vector<Binder *> hidden;
  hidden.swap(scope);
  unsigned before = diagnostics.errorCount();
  const Expr *culprit = nullptr;
  walk(*reg.gamma, [&](const Expr &expr) {
    bool outer = false;
    if (auto *var = llvm::dyn_cast<VarExpr>(&expr)) {
      const Decl *decl = globals.lookup(var->name);
      outer = llvm::isa_and_nonnull<LetDecl, TableDecl>(decl);
      for (const Binder *binder : hidden)
        outer |= binder->name == var->name;
    } else if (auto *read = llvm::dyn_cast<ReadExpr>(&expr)) {
      outer =
          llvm::isa_and_nonnull<LetDecl, TableDecl>(globals.lookup(read->name));
    } else {
      outer = llvm::isa<NoneExpr, ChoiceExpr>(expr);
    }
    if (outer && !culprit)
      culprit = &expr;
  });
  if (culprit)
    error("E0502", culprit->range,
          "a gamma is an expression of inputs, sizes and numbers alone")
        .help("it is the same at every cell of an instance: no binders, lets, "
              "tables or choices");
  else
    checkValue(reg.gamma, {});
  hidden.swap(scope);
  if (diagnostics.errorCount() != before)
    return;
  const Expr *value = reg.gamma.get();
  bool negated = llvm::isa<NegateExpr>(value);
  if (negated)
    value = llvm::cast<NegateExpr>(value)->operand.get();
  auto *number = llvm::dyn_cast<NumberExpr>(value);
  if (number && (negated || number->value <= 0))
    error("E0502", reg.gamma->range, "a gamma is greater than 0")
        .help("the limit at 0 is written `hard`");
}
