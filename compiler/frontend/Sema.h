//===- Sema.h - what a program must satisfy to have a meaning ---*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sema resolves every name, counts indices, gives every expression its type and
// checks what the grammar cannot say. That reads stay inside domains and that
// equations cover their tables is proved later, on the dialect.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_FRONTEND_SEMA_H
#define DANSKIN_FRONTEND_SEMA_H

#include "compiler/frontend/Frontend.h"
#include "llvm/ADT/StringMap.h"

namespace danskin {

/// Checks one program. An object is used once.
class Sema {
public:
  Sema(ast::Program &program, const Source &source, Diagnostics &diagnostics,
       const FrontendOptions &options)
      : program(program), source(source), diagnostics(diagnostics),
        options(options) {}

  void run();
  /// Instead of run: a regularizer that an option names. `program` is empty.
  void checkOption(ast::RegRef &reg);

private:
  /// What an expression in index position may be made of.
  enum class IndexUse {
    Extent, ///< sizes and numbers
    Domain, ///< and binders: the domains of tables, lets and outputs
    Free,   ///< and ranged ints and `g.src(e)`: all other indices
  };
  /// Where a value stands.
  struct ValueUse {
    bool candidate = false; ///< in a candidate: `?` has something to drop
    bool operand = false;   ///< of a comparison: `none` has no place
  };

  // Declarations (Sema.cpp).
  void declare(ast::Decl &decl);
  void declareAll();
  void checkOutputNames();
  void checkSize(ast::SizeDecl &size);
  void checkInput(ast::InputDecl &input);
  void checkRank(const ast::Decl &decl, size_t rank);
  const ast::Decl *find(llvm::StringRef name) const;
  const ast::Decl *resolve(llvm::StringRef name, ast::Range range);

  // Binders.
  void bind(ast::Binder &binder);
  void bindAll(ast::Binders &binders, IndexUse use);
  void checkRange(ast::IndexRange &range, IndexUse use, bool edgesAllowed);
  const ast::InputDecl *resolveGraph(llvm::StringRef name, ast::Range range);

  // Tables, lets, outputs (SemaItems.cpp).
  void checkLet(ast::LetDecl &let);
  void checkTable(ast::TableDecl &table);
  void checkOutput(ast::OutputDecl &output);
  void attachEquation(ast::Equation &equation);
  void checkEquation(ast::Equation &equation);
  void checkPattern(ast::Pattern &pattern);
  void checkTableEquations(ast::TableDecl &table);
  void checkWhere(ast::Cond &cond);
  void checkWhereOperand(ast::ExprPtr &expr);

  // Recursive lets (SemaCycles.cpp).
  void checkCycles();

  // Regularizers (SemaRegs.cpp).
  void checkReg(ast::RegRef &reg);
  void refuseReg(const ast::RegRef &reg);
  void checkGamma(ast::RegRef &reg);

  // Values (SemaExprs.cpp).
  void checkValue(ast::ExprPtr &expr, ValueUse use);
  void checkVar(ast::ExprPtr &expr);
  void checkRead(ast::ReadExpr &read, ValueUse use);
  void checkSource(ast::SourceExpr &expr);
  void checkCall(ast::CallExpr &call, ValueUse use);
  void checkIf(ast::IfExpr &expr, ValueUse use);
  void checkChoice(ast::ChoiceExpr &choice);
  void checkCond(ast::Cond &cond, ValueUse use);
  void warnFloatCondition(const ast::Cond &cond);
  /// The right number of indices; reports where it is not.
  bool checkArity(const ast::Decl &decl, size_t given, ast::Range range);

  // Indices (SemaIndices.cpp).
  void checkIndex(ast::ExprPtr &expr, IndexUse use);
  void checkIndexVar(ast::ExprPtr &expr, IndexUse use);
  void checkIndexRead(ast::ReadExpr &read, IndexUse use);
  void checkIndexBinary(ast::BinaryExpr &binary, IndexUse use);
  void notAffine(const ast::Expr &expr, const std::string &message,
                 const char *help = nullptr);
  void notConstantOfCall(const ast::Expr &expr, IndexUse use);

  Diagnostic &error(llvm::StringRef code, ast::Range range,
                    std::string message) {
    return diagnostics.error(code, source.locate(range), std::move(message));
  }
  void noteDeclared(Diagnostic &diagnostic, const ast::Decl &decl);

  ast::Program &program;
  const Source &source;
  Diagnostics &diagnostics;
  const FrontendOptions &options;
  llvm::StringMap<ast::Decl *> globals;
  llvm::StringMap<bool> reportedNames;
  std::vector<ast::Binder *> scope; ///< innermost last
};

/// `D` and its indices, as many as `decl` takes: 0 for what has none.
size_t rankOf(const ast::Decl &decl);
/// "table", "input", ...
const char *kindOf(const ast::Decl &decl);
/// "2 indices".
std::string counted(size_t count, const char *singular, const char *plural);
/// The value of an expression of integer literals.
std::optional<int64_t> integerConstant(const ast::Expr &expr);

} // namespace danskin

#endif // DANSKIN_FRONTEND_SEMA_H
