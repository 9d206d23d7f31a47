//===- Lexer.h - the words of a .dp file ------------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_FRONTEND_LEXER_H
#define DANSKIN_FRONTEND_LEXER_H

#include "compiler/frontend/Diagnostics.h"

namespace danskin {

/// What the language bounds, so that no input can exhaust the compiler. All
/// are listed in LANGUAGE.md.
namespace limits {
constexpr size_t fileBytes = 16u << 20;
constexpr size_t tokens = 1u << 20;
constexpr unsigned nesting = 256;       ///< of expressions and conditions
constexpr unsigned operators = 4096;    ///< of one item
constexpr unsigned rank = 16;           ///< of a table, let, input or output
constexpr unsigned tables = 1024;       ///< of one program
constexpr unsigned equations = 1024;    ///< of one table
constexpr unsigned alternatives = 1024; ///< of one choice
constexpr unsigned declarations = 4096; ///< of one program
constexpr unsigned outputs = 1024;      ///< of one program
constexpr unsigned programs = 1024;     ///< of one file
} // namespace limits

struct Token {
  enum Kind { End, Name, Integer, Float, Symbol };
  Kind kind = End;
  bool startsLine = false; ///< the first of its line: where recovery looks
  ast::Range range;
  llvm::StringRef text;

  bool is(llvm::StringRef symbolOrWord) const {
    return kind != End && text == symbolOrWord;
  }
};

/// Splits `source` into tokens, the last an End. Words are names: which of
/// them is a keyword depends on the place and is the parser's business.
std::vector<Token> lex(const Source &source, Diagnostics &diagnostics);

} // namespace danskin

#endif // DANSKIN_FRONTEND_LEXER_H
