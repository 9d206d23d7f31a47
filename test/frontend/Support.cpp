//===- Support.cpp - reading programs in tests ------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/frontend/Support.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <gtest/gtest.h>

using namespace danskin;
using llvm::StringRef;

static std::string list(const Diagnostics &diagnostics) {
  std::vector<const Diagnostic *> all;
  for (const Diagnostic &diagnostic : diagnostics.all())
    all.push_back(&diagnostic);
  std::stable_sort(all.begin(), all.end(), [](auto *a, auto *b) {
    return std::pair(a->where.line, a->where.column) <
           std::pair(b->where.line, b->where.column);
  });
  std::string result;
  for (const Diagnostic *diagnostic : all)
    result += (result.empty() ? "" : " ") + diagnostic->code + "@" +
              std::to_string(diagnostic->where.line) + ":" +
              std::to_string(diagnostic->where.column);
  return result;
}

static std::string program(StringRef items) {
  return "dp 1\nprogram p {\n" + items.str() + "\n}\n";
}

std::string test::faults(StringRef text) {
  Diagnostics diagnostics;
  auto file = parseFile(text, "t.dp", diagnostics);
  EXPECT_EQ(file != nullptr, !diagnostics.hasErrors());
  return list(diagnostics);
}

std::string test::faultsOf(StringRef items) { return faults(program(items)); }

std::string test::tree(StringRef items) {
  Diagnostics diagnostics;
  auto file = parseFile(program(items), "t.dp", diagnostics);
  if (!file)
    return list(diagnostics);
  std::string text;
  llvm::raw_string_ostream os(text);
  printAst(*file, os);
  return text;
}

/// `text`, indented by `depth` levels, as a tree of parentheses on one line.
static std::string flatten(StringRef text) {
  std::string result;
  int depth = -1;
  while (!text.empty()) {
    auto [line, rest] = text.split('\n');
    int level = static_cast<int>(line.size() - line.ltrim().size()) / 2;
    if (level > depth)
      result += depth < 0 ? "" : "(";
    else
      result += std::string(depth - level, ')') + " ";
    result += line.trim().str();
    depth = level;
    text = rest;
  }
  // The outermost level is the expression's own, six columns in.
  return result + std::string(std::max(depth - 3, 0), ')');
}

std::string test::treeOf(StringRef expr) {
  std::string text = tree("size N, M input x : float input z : float "
                          "input k : int in 0..N input v : float[N]\n"
                          "output y = " +
                          expr.str());
  size_t output = text.find("    output y\n");
  if (output == std::string::npos)
    return text;
  return flatten(StringRef(text).substr(output).split('\n').second);
}

std::string test::readFile(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  EXPECT_TRUE(static_cast<bool>(buffer)) << path;
  return buffer ? (*buffer)->getBuffer().str() : std::string();
}
