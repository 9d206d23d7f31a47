//===- Lexer.cpp - the words of a .dp file ----------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Lexer.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"

using namespace danskin;
using llvm::StringRef;

static bool startsName(char c) { return llvm::isAlpha(c) || c == '_'; }
static bool continuesName(char c) { return llvm::isAlnum(c) || c == '_'; }

namespace {

class Lexer {
public:
  Lexer(const Source &source, Diagnostics &diagnostics)
      : source(source), diagnostics(diagnostics), text(source.text()) {}

  std::vector<Token> run();

private:
  void skipBlanks();
  Token::Kind scan();
  Token::Kind scanNumber();
  Token::Kind scanSymbol();
  Diagnostic &fault(StringRef code, size_t begin, size_t end,
                    std::string message) {
    return diagnostics.error(code, source.locate(span(begin, end)),
                             std::move(message));
  }
  static ast::Range span(size_t begin, size_t end) {
    return {static_cast<uint32_t>(begin), static_cast<uint32_t>(end)};
  }
  char peek(size_t ahead = 0) const {
    return at + ahead < text.size() ? text[at + ahead] : '\0';
  }
  void skipDigits() {
    while (llvm::isDigit(peek()))
      ++at;
  }

  const Source &source;
  Diagnostics &diagnostics;
  StringRef text;
  size_t at = 0;
  bool newLine = true;
  unsigned strangers = 0;
};

} // namespace

void Lexer::skipBlanks() {
  while (at < text.size()) {
    char c = text[at];
    if (c == '\n')
      newLine = true;
    if (c == '#')
      at = std::min(text.find('\n', at), text.size());
    else if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
      ++at;
    else
      return;
  }
}

Token::Kind Lexer::scanNumber() {
  size_t begin = at;
  Token::Kind kind = Token::Integer;
  skipDigits();
  // `0..N` is a range: a point belongs to the number only before a digit.
  if (peek() == '.' && llvm::isDigit(peek(1))) {
    kind = Token::Float;
    ++at;
    skipDigits();
  }
  if (peek() == 'e' || peek() == 'E') {
    size_t digit = peek(1) == '+' || peek(1) == '-' ? 2 : 1;
    if (llvm::isDigit(peek(digit))) {
      kind = Token::Float;
      at += digit;
      skipDigits();
    }
  }
  if (startsName(peek())) {
    size_t end = at;
    while (continuesName(peek()))
      ++at;
    fault("E0103", begin, at,
          ("`" + text.slice(begin, at) + "` is not a number").str())
        .help("separate `" + text.slice(begin, end).str() + "` and `" +
              text.slice(end, at).str() + "`, or begin the name with a letter");
    return Token::Name; // told already: the parser need not
  }
  return kind;
}

Token::Kind Lexer::scanSymbol() {
  for (StringRef symbol : {"..=", "..", "==", "!=", "<=", ">="})
    if (text.substr(at).starts_with(symbol)) {
      at += symbol.size();
      return Token::Symbol;
    }
  if (peek() == '.' && llvm::isDigit(peek(1))) {
    size_t begin = at++;
    skipDigits();
    fault("E0103", begin, at, "a number begins with a digit")
        .help("write `0" + text.slice(begin, at).str() + "`");
    return Token::Float;
  }
  size_t begin = at++;
  if (StringRef("+-*/^()[]{},:=<>|?.").contains(text[begin]))
    return Token::Symbol;
  // The bytes of one non-ASCII character, or of a run of them, are one fault.
  while (at < text.size() && (text[at] & 0x80) && (text[begin] & 0x80))
    ++at;
  std::string shown =
      llvm::isPrint(text[begin])
          ? "`" + text.slice(begin, at).str() + "`"
          : "byte 0x" +
                llvm::utohexstr(static_cast<unsigned char>(text[begin]));
  Diagnostic &diagnostic =
      fault("E0102", begin, at, shown + " is no character of the language");
  if (text[begin] == ';')
    diagnostic.help("nothing ends a statement; leave it out");
  else if (text[begin] == '&' || text[begin] == '!')
    diagnostic.help("conditions are joined by `and`, `or` and `not`");
  return Token::End;
}

Token::Kind Lexer::scan() {
  if (llvm::isDigit(peek()))
    return scanNumber();
  if (!startsName(peek()))
    return scanSymbol();
  while (continuesName(peek()))
    ++at;
  return Token::Name;
}

std::vector<Token> Lexer::run() {
  std::vector<Token> tokens;
  if (text.size() > limits::fileBytes) {
    fault("E0106", 0, 0,
          "the file has " + llvm::utostr(text.size()) +
              " bytes; the limit is " + llvm::utostr(limits::fileBytes));
    at = text.size();
  }
  for (skipBlanks(); at < text.size(); skipBlanks()) {
    size_t begin = at;
    Token::Kind kind = scan();
    if (kind == Token::End && ++strangers < 100)
      continue;
    if (kind == Token::End)
      break; // a binary file: more of the same tells nothing
    tokens.push_back({kind, newLine, span(begin, at), text.slice(begin, at)});
    newLine = false;
    if (tokens.size() == limits::tokens) {
      fault("E0106", begin, at,
            "the file has more than " + llvm::utostr(limits::tokens) +
                " words and symbols");
      break;
    }
  }
  tokens.push_back({Token::End, true, span(text.size(), text.size()), ""});
  return tokens;
}

std::vector<Token> danskin::lex(const Source &source,
                                Diagnostics &diagnostics) {
  return Lexer(source, diagnostics).run();
}
