//===- ParserItems.cpp - the items of a program -----------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Parser.h"
#include "llvm/ADT/StringExtras.h"

using namespace danskin;
using namespace danskin::ast;
using llvm::StringRef;

//===----------------------------------------------------------------------===//
// Items
//===----------------------------------------------------------------------===//

void Parser::parseRegItem(Program &program) {
  take();
  ast::Range at = peek().range;
  auto reg = parseReg();
  if (!reg)
    return;
  if (program.reg) {
    if (Diagnostic *fault =
            fail("E0202", at, "the program has a regularizer already"))
      fault->note(source.locate(program.reg->range), "it is given here");
    return;
  }
  program.reg = std::move(reg);
}

std::optional<RegRef> Parser::parseRegularizer() {
  std::optional<RegRef> reg = parseReg();
  if (reg && peek().kind != Token::End)
    expected("the end of the option");
  return reg;
}

std::optional<RegRef> Parser::parseReg() {
  if (peek().kind != Token::Name) {
    expected("the name of a regularizer");
    return std::nullopt;
  }
  const Token &name = take();
  RegRef reg;
  reg.name = name.text.str();
  if (accept("(") && !parseArguments(")", reg.arguments))
    return std::nullopt;
  reg.range = since(name.range.begin);
  return reg;
}

void Parser::parseSizes(Program &program) {
  take();
  do {
    const Token *name = expectName("the name of a size");
    if (!name)
      return;
    auto size = std::make_unique<SizeDecl>();
    size->name = name->text.str();
    size->range = name->range;
    if (accept("=="))
      size->constraint = SizeDecl::Eq;
    else if (accept(">="))
      size->constraint = SizeDecl::Ge;
    else if (accept("<="))
      size->constraint = SizeDecl::Le;
    else if (sees("=") || sees("<") || sees(">") || sees("!=")) {
      if (Diagnostic *fault = expected("`==`, `>=` or `<=`"))
        fault->help("`N > 0` is written `N >= 1`");
      return;
    }
    if (size->constraint != SizeDecl::None && !(size->bound = parseExpr()))
      return;
    program.sizes.push_back(std::move(size));
  } while (accept(","));
}

void Parser::parseInput(Program &program) {
  auto input = std::make_unique<InputDecl>();
  input->shared = accept("shared");
  if (!expect("input", "after `shared`"))
    return;
  const Token *name = expectName("the name of an input");
  if (!name || !expect(":", "and the type of the input"))
    return;
  input->name = name->text.str();
  input->range = name->range;
  if (parseInputType(*input))
    program.inputs.push_back(std::move(input));
}

bool Parser::parseInputType(InputDecl &input) {
  if (accept("dag")) {
    input.element = InputDecl::Dag;
    return parseDag(input);
  }
  if (accept("int")) {
    input.element = InputDecl::Int;
  } else if (!accept("float")) {
    expected("a type, `float`, `int` or `dag`,");
    return false;
  }
  if (accept("[") && !parseDimensions(input))
    return false;
  if (!sees("in"))
    return true;
  take();
  input.values = parseRange();
  return input.values.has_value();
}

bool Parser::parseDag(InputDecl &input) {
  if (!expect("[", "and the sizes of the graph: `dag[V, E]`"))
    return false;
  for (const char *what : {"the size that counts the vertices",
                           "the size that counts the edges"}) {
    if (!input.extents.empty() && !expect(",", "and the number of edges"))
      return false;
    const Token *name = expectName(what);
    if (!name)
      return false;
    auto extent = std::make_unique<VarExpr>(name->range);
    extent->name = name->text.str();
    input.extents.push_back(std::move(extent));
    input.indices.push_back(nullptr);
  }
  return expect("]", "after the sizes of the graph");
}

bool Parser::parseDimensions(InputDecl &input) {
  do {
    std::unique_ptr<Binder> index;
    if (peek().kind == Token::Name && sees("in", 1)) {
      const Token *name = expectName("the name of an index");
      if (!name)
        return false;
      take();
      index = std::make_unique<Binder>();
      index->name = name->text.str();
      index->range = name->range;
    }
    ExprPtr extent = parseExpr();
    if (!extent)
      return false;
    input.extents.push_back(std::move(extent));
    input.indices.push_back(std::move(index));
  } while (accept(","));
  return expect("]", "after the extents of the input");
}

void Parser::parseLet(Program &program) {
  take();
  const Token *name = expectName("the name of a let");
  auto let = std::make_unique<LetDecl>();
  if (!name || (sees("[") && !parseBracketedBinders(let->binders)) ||
      !expect("=", "and the value of the let"))
    return;
  let->name = name->text.str();
  let->range = name->range;
  if ((let->body = parseExpr()))
    program.lets.push_back(std::move(let));
}

void Parser::parseTable(Program &program) {
  take();
  const Token *name = expectName("the name of a table");
  if (!name)
    return;
  auto table = std::make_unique<TableDecl>();
  table->name = name->text.str();
  table->range = name->range;
  if (!sees("[")) {
    if (Diagnostic *fault = expected("`[` and the domain of the table"))
      fault->help("a table of one cell is written `table " + table->name +
                  "[]`");
    return;
  }
  if (!parseBracketedBinders(table->binders))
    return;
  // A table may be called `where`: then a bracket follows, which no condition
  // begins with.
  if (sees("where") && !sees("[", 1)) {
    take();
    if (!(table->where = parseCond()))
      return;
  }
  program.tables.push_back(std::move(table));
}

void Parser::parseOutput(Program &program) {
  take();
  const Token *name = expectName("the name of an output");
  auto output = std::make_unique<OutputDecl>();
  if (!name || (sees("[") && !parseBracketedBinders(output->binders)) ||
      !expect("=", "and the value of the output"))
    return;
  output->name = name->text.str();
  output->range = name->range;
  if ((output->body = parseExpr()))
    program.outputs.push_back(std::move(output));
}

void Parser::parseEquation(Program &program) {
  const Token *name = expectName("the name of a table");
  if (!name)
    return;
  auto equation = std::make_unique<Equation>();
  equation->tableName = name->text.str();
  equation->nameRange = name->range;
  take(); // `[`
  std::vector<ExprPtr> indices;
  if (!parseArguments("]", indices))
    return;
  for (ExprPtr &index : indices) {
    Pattern pattern;
    pattern.range = index->range;
    pattern.value = std::move(index);
    equation->patterns.push_back(std::move(pattern));
  }
  if (accept("otherwise"))
    equation->otherwise = true;
  else if (accept("when") && !(equation->when = parseCond()))
    return;
  equation->range = since(name->range.begin);
  if (!sees("=")) {
    Diagnostic *fault = expected(equation->otherwise || equation->when
                                     ? "`=` and the value of the cell"
                                     : "`=`, `when` or `otherwise`");
    if (fault && sees("if"))
      fault->help("the condition of an equation follows `when`");
    return;
  }
  take();
  if ((equation->body = parseExpr()))
    program.equations.push_back(std::move(equation));
}

//===----------------------------------------------------------------------===//
// Lists
//===----------------------------------------------------------------------===//

bool Parser::parseArguments(StringRef close, std::vector<ExprPtr> &into) {
  if (accept(close))
    return true;
  do {
    ExprPtr argument = parseExpr();
    if (!argument)
      return false;
    into.push_back(std::move(argument));
  } while (accept(","));
  if (accept(close))
    return true;
  Diagnostic *fault = expected("`,` or `" + close.str() + "`");
  if (fault && sees(".."))
    fault->help("an index is one value; ranges stand where binders are "
                "declared, `i in 0..N`");
  return false;
}

bool Parser::parseBracketedBinders(Binders &binders) {
  take(); // `[`
  if (accept("]"))
    return true;
  return parseBinders(binders) && expect("]", "after the binders");
}

bool Parser::parseBinders(Binders &binders) {
  do {
    const Token *name = expectName("the name of a binder");
    if (!name || !expect("in", "and the range of the binder"))
      return false;
    auto binder = std::make_unique<Binder>();
    binder->name = name->text.str();
    binder->range = name->range;
    binder->values = parseRange();
    if (!binder->values)
      return false;
    binders.push_back(std::move(binder));
  } while (accept(","));
  return true;
}

std::optional<IndexRange> Parser::parseRange() {
  IndexRange range;
  uint32_t begin = peek().range.begin;
  bool isName = peek().kind == Token::Name;
  if (isName && sees(".", 1) && at + 2 < tokens.size() &&
      tokens[at + 2].is("in")) {
    range.graphName = take().text.str();
    take();
    take();
    if (!expect("(", "and the vertex") || !(range.vertex = parseExpr()) ||
        !expect(")", "after the vertex"))
      return std::nullopt;
    range.range = since(begin);
    return range;
  }
  if (!(range.lower = parseExpr()))
    return std::nullopt;
  range.inclusive = sees("..=");
  if (!sees("..") && !sees("..=")) {
    if (Diagnostic *fault = expected("`..` or `..=`"))
      fault->help("a range is `a..b` (without b), `a..=b` (with b) or "
                  "`g.in(v)`, the edges into a vertex");
    return std::nullopt;
  }
  take();
  if (!(range.upper = parseExpr()))
    return std::nullopt;
  range.range = since(begin);
  return range;
}
