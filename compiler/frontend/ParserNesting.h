//===- ParserNesting.h - the bound on nesting -------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_FRONTEND_PARSERNESTING_H
#define DANSKIN_FRONTEND_PARSERNESTING_H

#include "compiler/frontend/Parser.h"

namespace danskin {

/// One level of nesting, while it lives. False where the limit is passed,
/// which has then been reported. Every recursion of the parser goes through
/// one, so that its stack, and that of all who walk the tree, is bounded.
struct Parser::Nesting {
  explicit Nesting(Parser &parser) : parser(parser) {
    if (++parser.depth > 2 * limits::nesting)
      parser.fail("E0107", parser.peek().range,
                  "nested more than " + std::to_string(limits::nesting) +
                      " deep");
  }
  ~Nesting() { --parser.depth; }
  explicit operator bool() const { return parser.depth <= 2 * limits::nesting; }

private:
  Parser &parser;
};

} // namespace danskin

#endif // DANSKIN_FRONTEND_PARSERNESTING_H
