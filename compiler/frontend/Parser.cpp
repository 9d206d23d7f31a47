//===- Parser.cpp - tokens, faults, programs --------------------*- C++ -*-===//
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
// Tokens and faults
//===----------------------------------------------------------------------===//

bool Parser::accept(StringRef text) {
  if (!sees(text))
    return false;
  take();
  return true;
}

std::string Parser::describe(const Token &token) {
  if (token.kind == Token::End)
    return "the end of the file";
  return "`" + token.text.str() + "`";
}

Diagnostic *Parser::fail(StringRef code, ast::Range range,
                         std::string message) {
  if (failed)
    return nullptr;
  failed = true;
  return &diagnostics.error(code, source.locate(range), std::move(message));
}

Diagnostic *Parser::expected(const std::string &what) {
  return fail("E0101", peek().range,
              "expected " + what + " but found " + describe(peek()));
}

bool Parser::expect(StringRef text, const char *context) {
  if (accept(text))
    return true;
  expected("`" + text.str() + "` " + context);
  return false;
}

static bool isReserved(StringRef word) {
  return word == "if" || word == "not" || word == "none" || word == "max" ||
         word == "min" || word == "sum";
}

const Token *Parser::expectName(const char *what) {
  if (peek().kind != Token::Name) {
    expected(what);
    return nullptr;
  }
  if (isReserved(peek().text)) {
    if (Diagnostic *fault =
            fail("E0104", peek().range, describe(peek()) + " cannot be a name"))
      fault->help("the words `if`, `not`, `none`, `max`, `min` and `sum` are "
                  "reserved; every other word can be a name");
    return nullptr;
  }
  return &take();
}

/// Two names in a row or a name and a bracket begin an item, wherever they
/// stand; recovery also asks that they begin a line.
bool Parser::startsItem() const {
  if (peek().kind != Token::Name || !peek().startsLine)
    return false;
  if (sees("[", 1))
    return !isReserved(peek().text);
  return startsDeclaration();
}

bool Parser::startsDeclaration() const {
  if (!peek().startsLine || peek(1).kind != Token::Name || peek(1).startsLine)
    return false;
  for (StringRef word :
       {"reg", "size", "input", "shared", "let", "table", "output", "program"})
    if (sees(word))
      return true;
  return false;
}

void Parser::recover(size_t itemBegin) {
  // The fault may be that an item was cut off and the word that begins the
  // next one was taken for a name.
  if (at > itemBegin + 1) {
    --at;
    if (!startsDeclaration())
      ++at;
  }
  // A closing brace at the start of a line ends the program, whatever was
  // open before; any other may belong to the faulty item.
  unsigned open = 0;
  while (peek().kind != Token::End && !startsItem()) {
    if (sees("{"))
      ++open;
    if (sees("}")) {
      if (open == 0 && (peek().startsLine || peek(1).kind == Token::End ||
                        sees("program", 1)))
        return;
      open -= open > 0;
    }
    take();
  }
}

//===----------------------------------------------------------------------===//
// Files and programs
//===----------------------------------------------------------------------===//

std::unique_ptr<File> Parser::parseFile() {
  auto file = std::make_unique<File>();
  if (!sees("dp") || peek(1).kind != Token::Integer) {
    if (Diagnostic *fault = expected("`dp 1`, the edition of the language,"))
      fault->help("begin the file with the line `dp 1`");
    failed = false;
  } else {
    take();
    const Token &edition = take();
    if (edition.text.getAsInteger(10, file->edition) || file->edition != 1) {
      fail("E0105", edition.range,
           "edition " + edition.text.str() + " of the language is not known");
      failed = false;
    }
  }
  if (peek().kind == Token::End)
    expected("`program`");
  while (peek().kind != Token::End) {
    failed = false;
    if (sees("program") && peek(1).kind == Token::Name) {
      parseProgram(*file);
      continue;
    }
    expected("`program` and its name");
    while (peek().kind != Token::End &&
           !(sees("program") && peek(1).kind == Token::Name))
      take();
  }
  return file;
}

void Parser::parseProgram(File &file) {
  uint32_t begin = take().range.begin;
  auto program = std::make_unique<Program>();
  const Token *name = expectName("the name of the program");
  if (name) {
    program->name = name->text.str();
    program->range = name->range;
  }
  if (!name || !expect("{", "after the name of the program"))
    recover(at);
  while (peek().kind != Token::End && !sees("}")) {
    failed = false;
    operators = depth = 0;
    if (sees("program") && peek(1).kind == Token::Name) {
      expected("`}` at the end of the program");
      break;
    }
    size_t before = at;
    parseItem(*program);
    if (failed) {
      if (at == before)
        take();
      recover(before);
    }
  }
  failed = false;
  if (peek().kind == Token::End) {
    if (Diagnostic *fault = expected("`}` at the end of the program"))
      fault->note(source.locate({begin, program->range.end}),
                  "the program begins here");
  } else {
    accept("}");
  }
  file.programs.push_back(std::move(program));
}

void Parser::parseItem(Program &program) {
  bool named = peek(1).kind == Token::Name;
  if (sees("reg") && named)
    return parseRegItem(program);
  if (sees("size") && named)
    return parseSizes(program);
  if ((sees("input") || sees("shared")) && named)
    return parseInput(program);
  if (sees("let") && named)
    return parseLet(program);
  if (sees("table") && named)
    return parseTable(program);
  if (sees("output") && named)
    return parseOutput(program);
  if (peek().kind == Token::Name && sees("[", 1))
    return parseEquation(program);
  Diagnostic *fault = expected("`reg`, `size`, `input`, `let`, `table`, "
                               "`output` or an equation");
  if (fault && named) {
    StringRef near = nearestName(peek().text, {"reg", "size", "input", "shared",
                                               "let", "table", "output"});
    if (!near.empty())
      fault->help("did you mean `" + near.str() + "`?")
          .fixIt(source.locate(peek().range), near.str());
  } else if (fault && sees("=", 1)) {
    fault->help("an equation of a table names its cell: `" + peek().text.str() +
                "[...] = ...`; other values are written `let` or `output`");
  }
}
