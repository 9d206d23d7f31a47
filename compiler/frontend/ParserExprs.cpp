//===- ParserExprs.cpp - expressions ----------------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/ParserNesting.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace danskin;
using namespace danskin::ast;
using llvm::StringRef;

bool Parser::countOperator() {
  if (++operators <= limits::operators)
    return true;
  fail("E0107", peek().range,
       "more than " + llvm::utostr(limits::operators) +
           " operators in one item");
  return false;
}

ExprPtr Parser::binary(BinaryExpr::Op op, uint32_t begin, ExprPtr lhs,
                       ExprPtr rhs) {
  auto expr = std::make_unique<BinaryExpr>(since(begin));
  expr->op = op;
  expr->lhs = std::move(lhs);
  expr->rhs = std::move(rhs);
  return expr;
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

ExprPtr Parser::parseExpr(ExprPtr given) {
  Nesting nesting(*this);
  if (!nesting)
    return nullptr;
  uint32_t begin = given ? given->range.begin : peek().range.begin;
  ExprPtr lhs = parseTerm(std::move(given));
  while (lhs && (sees("+") || sees("-"))) {
    auto op = take().is("+") ? BinaryExpr::Add : BinaryExpr::Sub;
    ExprPtr rhs = countOperator() ? parseTerm(nullptr) : nullptr;
    if (!rhs)
      return nullptr;
    lhs = binary(op, begin, std::move(lhs), std::move(rhs));
  }
  return lhs;
}

ExprPtr Parser::parseTerm(ExprPtr given) {
  uint32_t begin = given ? given->range.begin : peek().range.begin;
  ExprPtr lhs = parseUnary(std::move(given));
  while (lhs && (sees("*") || sees("/"))) {
    auto op = take().is("*") ? BinaryExpr::Mul : BinaryExpr::Div;
    ExprPtr rhs = countOperator() ? parseUnary(nullptr) : nullptr;
    if (!rhs)
      return nullptr;
    lhs = binary(op, begin, std::move(lhs), std::move(rhs));
  }
  return lhs;
}

/// Negation binds looser than `^`, and `^` to the right: `-x^2` is `-(x^2)`,
/// `x^-y^2` is `x^(-(y^2))`.
ExprPtr Parser::parseUnary(ExprPtr given) {
  Nesting nesting(*this);
  if (!nesting)
    return nullptr;
  uint32_t begin = given ? given->range.begin : peek().range.begin;
  if (!given && accept("-")) {
    ExprPtr operand = countOperator() ? parseUnary(nullptr) : nullptr;
    if (!operand)
      return nullptr;
    auto expr = std::make_unique<NegateExpr>(since(begin));
    expr->operand = std::move(operand);
    return expr;
  }
  ExprPtr base = given ? std::move(given) : parsePrimary();
  if (!base || !accept("^"))
    return base;
  ExprPtr exponent = countOperator() ? parseUnary(nullptr) : nullptr;
  if (!exponent)
    return nullptr;
  return binary(BinaryExpr::Pow, begin, std::move(base), std::move(exponent));
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// Words that stand between expressions: before something that cannot follow a
/// name they are taken for the keyword, and the operand for missing.
static bool isConnective(StringRef word) {
  return llvm::StringSwitch<bool>(word)
      .Cases("for", "then", "else", "and", "or", "in", true)
      .Cases("when", "otherwise", "where", true)
      .Default(false);
}

ExprPtr Parser::parsePrimary() {
  const Token &token = peek();
  if (token.kind == Token::Integer || token.kind == Token::Float)
    return parseNumber();
  if (accept("(")) {
    ExprPtr inner = parseExpr();
    return inner && expect(")", "after the expression") ? std::move(inner)
                                                        : nullptr;
  }
  if (token.kind == Token::Name) {
    if (token.is("if"))
      return parseIf();
    if (token.is("max") || token.is("min") || token.is("sum"))
      return parseChoice();
    if (token.is("none")) {
      take();
      return std::make_unique<NoneExpr>(token.range);
    }
    const Token &next = peek(1);
    bool operandFollows = next.kind == Token::Integer ||
                          next.kind == Token::Float || next.is("(") ||
                          (next.kind == Token::Name && !next.startsLine &&
                           !isConnective(next.text));
    if (!token.is("not") && !startsDeclaration() &&
        !(isConnective(token.text) && operandFollows))
      return parseName();
  }
  Diagnostic *fault = expected("an expression");
  if (fault && token.is("not"))
    fault->help("a condition has no value; write `if ... then 1 else 0`");
  return nullptr;
}

ExprPtr Parser::parseNumber() {
  const Token &token = take();
  auto number = std::make_unique<NumberExpr>(token.range);
  number->isInteger = token.kind == Token::Integer;
  // Reading a fraction takes time quadratic in its digits.
  constexpr size_t maxDigits = 4096;
  bool bad = token.text.size() > maxDigits ||
             (number->isInteger ? token.text.getAsInteger(10, number->integer)
                                : token.text.getAsDouble(number->value));
  if (bad || number->value - number->value != 0) {
    fail("E0103", token.range,
         "the number " + describe(token) + " is too large");
    return nullptr;
  }
  if (number->isInteger)
    number->value = static_cast<double>(number->integer);
  return number;
}

ExprPtr Parser::parseName() {
  const Token &name = take();
  // A bracket at the start of a line still belongs to the name: an item would
  // begin with a name of its own.
  if (sees("["))
    return parseRead(name);
  if (sees("("))
    return parseCall(name);
  if (sees("."))
    return parseSource(name);
  if (sees("?")) {
    if (Diagnostic *fault = expected("`[`"))
      fault->help("`?` follows a read of a cell, `T[i]?`");
    return nullptr;
  }
  auto var = std::make_unique<VarExpr>(name.range);
  var->name = name.text.str();
  return var;
}

ExprPtr Parser::parseRead(const Token &name) {
  auto read = std::make_unique<ReadExpr>(name.range);
  read->name = name.text.str();
  read->nameRange = name.range;
  take(); // `[`
  if (!parseArguments("]", read->indices))
    return nullptr;
  read->range = since(name.range.begin);
  if (!accept("?"))
    return read;
  read->optional = true;
  // `else` may also be the table of an equation that follows.
  if (sees("else") && !sees("[", 1)) {
    take();
    if (!(read->otherwise = parseExpr()))
      return nullptr;
  }
  read->range = since(name.range.begin);
  return read;
}

ExprPtr Parser::parseCall(const Token &name) {
  struct Entry {
    const char *name;
    CallExpr::Function function;
    size_t arity;
  };
  static const Entry functions[] = {
      {"exp", CallExpr::Exp, 1},   {"log", CallExpr::Log, 1},
      {"sqrt", CallExpr::Sqrt, 1}, {"abs", CallExpr::Abs, 1},
      {"tanh", CallExpr::Tanh, 1}, {"fmax", CallExpr::FMax, 2},
      {"fmin", CallExpr::FMin, 2}, {"clamp", CallExpr::Clamp, 3}};
  auto call = std::make_unique<CallExpr>(name.range);
  take(); // `(`
  if (!parseArguments(")", call->arguments))
    return nullptr;
  call->range = since(name.range.begin);
  std::vector<StringRef> names;
  for (const Entry &entry : functions) {
    names.push_back(entry.name);
    if (name.text != entry.name)
      continue;
    call->function = entry.function;
    if (call->arguments.size() == entry.arity)
      return call;
    fail("E0203", call->range,
         "`" + name.text.str() + "` takes " + llvm::utostr(entry.arity) +
             (entry.arity == 1 ? " argument, " : " arguments, ") +
             llvm::utostr(call->arguments.size()) + " given");
    return nullptr;
  }
  Diagnostic *fault = fail("E0201", name.range,
                           "there is no function `" + name.text.str() + "`");
  if (!fault)
    return nullptr;
  StringRef near = nearestName(name.text, names);
  if (!near.empty())
    fault->help("did you mean `" + near.str() + "`?")
        .fixIt(source.locate(name.range), near.str());
  else
    fault->help("the functions are " + llvm::join(names, ", ") +
                "; cells are read with brackets, `" + name.text.str() + "[i]`");
  return nullptr;
}

ExprPtr Parser::parseSource(const Token &name) {
  take(); // `.`
  if (sees("in")) {
    if (Diagnostic *fault = fail("E0101", since(name.range.begin),
                                 "the edges `" + name.text.str() +
                                     ".in(v)` are a range, not a value"))
      fault->help("bind them in a choice, `for e in " + name.text.str() +
                  ".in(v)`");
    return nullptr;
  }
  auto expr = std::make_unique<SourceExpr>(name.range);
  expr->graphName = name.text.str();
  if (!expect("src", "after the graph") || !expect("(", "and the edge") ||
      !(expr->edge = parseExpr()) || !expect(")", "after the edge"))
    return nullptr;
  expr->range = since(name.range.begin);
  return expr;
}

ExprPtr Parser::parseIf() {
  uint32_t begin = take().range.begin;
  auto expr = std::make_unique<IfExpr>(ast::Range{begin, begin});
  if (!(expr->condition = parseCond()) ||
      !expect("then", "after the condition") ||
      !(expr->thenValue = parseExpr()))
    return nullptr;
  if (!sees("else")) {
    Diagnostic *fault = expected("`else`");
    if (fault && llvm::isa<ReadExpr>(*expr->thenValue) &&
        llvm::cast<ReadExpr>(*expr->thenValue).otherwise)
      fault->help("the `else` before belongs to the `?`; put the read in "
                  "parentheses");
    else if (fault)
      fault->help("both branches of an `if` have a value; `else none` stands "
                  "for none");
    return nullptr;
  }
  take();
  if (!(expr->elseValue = parseExpr()))
    return nullptr;
  expr->range = since(begin);
  return expr;
}

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

ExprPtr Parser::parseChoice() {
  const Token &word = take();
  auto choice = std::make_unique<ChoiceExpr>(word.range);
  choice->op = word.is("max")   ? ChoiceExpr::Max
               : word.is("min") ? ChoiceExpr::Min
                                : ChoiceExpr::Sum;
  if (sees("(")) {
    if (Diagnostic *fault = expected("`{` or `[`"))
      fault->help("a choice is written `" + word.text.str() +
                  " { a | b }`; the function of two numbers is `fmax` or "
                  "`fmin`");
    return nullptr;
  }
  if (accept("[")) {
    if (!(choice->reg = parseReg()) ||
        !expect("]", "after the regularizer of the choice"))
      return nullptr;
  }
  if (!expect("{", "and the candidates of the choice"))
    return nullptr;
  if (sees("}")) {
    if (Diagnostic *fault = expected("a candidate"))
      fault->help("an empty choice is written `none`");
    return nullptr;
  }
  accept("|");
  do {
    Alternative alternative;
    if (!parseAlternative(alternative))
      return nullptr;
    choice->alternatives.push_back(std::move(alternative));
    if (choice->alternatives.size() > limits::alternatives) {
      fail("E0107", peek().range,
           "more than " + llvm::utostr(limits::alternatives) +
               " alternatives in one choice");
      return nullptr;
    }
  } while (accept("|"));
  if (!accept("}")) {
    expected("`|`, `for`, `if` or `}`");
    return nullptr;
  }
  choice->range = since(word.range.begin);
  return choice;
}

bool Parser::parseAlternative(Alternative &alternative) {
  uint32_t begin = peek().range.begin;
  if (peek().kind == Token::Name && sees(":", 1)) {
    alternative.label = take().text.str();
    take();
  }
  if (!(alternative.body = parseExpr()))
    return false;
  if (accept("for") && !parseBinders(alternative.binders))
    return false;
  if (accept("if") && !(alternative.guard = parseCond()))
    return false;
  alternative.range = since(begin);
  return true;
}
