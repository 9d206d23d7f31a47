//===- Parser.h - from tokens to the tree -----------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A predictive parser with two tokens of look-ahead (a third tells `g.in(v)`
// from `g.src(e)` where a range begins). A fault is reported once,
// the rest of its item is skipped, and the next item is read, so that several
// faults are found in one run. Names are not resolved here.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_FRONTEND_PARSER_H
#define DANSKIN_FRONTEND_PARSER_H

#include "compiler/frontend/Lexer.h"

namespace danskin {

class Parser {
public:
  Parser(const Source &source, std::vector<Token> tokens,
         Diagnostics &diagnostics)
      : source(source), tokens(std::move(tokens)), diagnostics(diagnostics) {}

  /// Always gives a tree; it is whole only where no error was reported.
  std::unique_ptr<ast::File> parseFile();
  /// A regularizer and nothing else, as an option gives it.
  std::optional<ast::RegRef> parseRegularizer();

private:
  /// Either of the two: a parenthesis may hold a condition or an expression,
  /// which only its contents tell.
  struct Operand {
    ast::ExprPtr expr;
    ast::CondPtr cond;
    explicit operator bool() const { return expr || cond; }
  };
  struct Nesting;

  // Tokens.
  const Token &peek(size_t ahead = 0) const {
    return tokens[std::min(at + ahead, tokens.size() - 1)];
  }
  bool sees(llvm::StringRef text, size_t ahead = 0) const {
    return peek(ahead).is(text);
  }
  const Token &take() { return tokens[at + 1 < tokens.size() ? at++ : at]; }
  bool accept(llvm::StringRef text);
  bool expect(llvm::StringRef text, const char *context);
  /// A name that is being declared: any word but the few that an expression
  /// could not tell from a keyword.
  const Token *expectName(const char *what);
  uint32_t previousEnd() const { return at ? tokens[at - 1].range.end : 0; }
  ast::Range since(uint32_t begin) const {
    return {begin, std::max(begin, previousEnd())};
  }

  // Faults. `fail` reports only the first of an item.
  Diagnostic *fail(llvm::StringRef code, ast::Range range, std::string message);
  Diagnostic *expected(const std::string &what);
  static std::string describe(const Token &token);
  /// Skips what is left of the item whose first token is `itemBegin`.
  void recover(size_t itemBegin);
  bool startsItem() const;
  bool startsDeclaration() const;

  // Programs (Parser.cpp) and items (ParserItems.cpp).
  void parseProgram(ast::File &file);
  void parseItem(ast::Program &program);
  void parseRegItem(ast::Program &program);
  void parseSizes(ast::Program &program);
  void parseInput(ast::Program &program);
  bool parseInputType(ast::InputDecl &input);
  bool parseDag(ast::InputDecl &input);
  bool parseDimensions(ast::InputDecl &input);
  void parseLet(ast::Program &program);
  void parseTable(ast::Program &program);
  void parseOutput(ast::Program &program);
  void parseEquation(ast::Program &program);
  std::optional<ast::RegRef> parseReg();
  bool parseBinders(ast::Binders &binders);
  bool parseBracketedBinders(ast::Binders &binders);
  std::optional<ast::IndexRange> parseRange();
  bool parseArguments(llvm::StringRef close, std::vector<ast::ExprPtr> &into);

  // Expressions (ParserExprs.cpp). `given` is a first operand already read.
  ast::ExprPtr parseExpr(ast::ExprPtr given = nullptr);
  ast::ExprPtr parseTerm(ast::ExprPtr given);
  ast::ExprPtr parseUnary(ast::ExprPtr given);
  ast::ExprPtr parsePrimary();
  ast::ExprPtr parseNumber();
  ast::ExprPtr parseName();
  ast::ExprPtr parseRead(const Token &name);
  ast::ExprPtr parseCall(const Token &name);
  ast::ExprPtr parseSource(const Token &name);
  ast::ExprPtr parseIf();
  ast::ExprPtr parseChoice();
  bool parseAlternative(ast::Alternative &alternative);
  ast::ExprPtr binary(ast::BinaryExpr::Op op, uint32_t begin, ast::ExprPtr lhs,
                      ast::ExprPtr rhs);
  bool countOperator();

  ast::CondPtr parseCond();
  Operand parseOr();
  Operand parseAnd();
  Operand parseNot();
  Operand parseComparison();
  Operand parseComparisonOperand();
  Operand asCond(Operand operand);

  const Source &source;
  std::vector<Token> tokens;
  Diagnostics &diagnostics;
  size_t at = 0;
  bool failed = false; ///< a fault of this item was reported
  unsigned depth = 0;
  unsigned operators = 0; ///< of this item
};

/// A copy of the tree below; unresolved trees only.
ast::ExprPtr cloneExpr(const ast::Expr &expr);

} // namespace danskin

#endif // DANSKIN_FRONTEND_PARSER_H
