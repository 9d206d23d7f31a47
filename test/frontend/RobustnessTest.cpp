//===- RobustnessTest.cpp - any text gets an answer -------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/frontend/Support.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>
#include <random>

using namespace danskin;
using namespace danskin::test;

/// The texts of all example programs, in a fixed order.
static std::vector<std::string> examples() {
  std::vector<std::string> paths, texts;
  std::error_code failure;
  for (llvm::sys::fs::recursive_directory_iterator
           at(DANSKIN_EXAMPLES, failure),
       end;
       !failure && at != end; at.increment(failure))
    if (llvm::StringRef(at->path()).ends_with(".dp"))
      paths.push_back(at->path());
  std::sort(paths.begin(), paths.end());
  for (const std::string &path : paths)
    texts.push_back(readFile(path));
  return texts;
}

TEST(Robustness, ExamplesAreAccepted) {
  std::vector<std::string> texts = examples();
  EXPECT_GE(texts.size(), 10u);
  for (const std::string &text : texts)
    EXPECT_EQ(faults(text), "") << text;
}

/// Reads `text`, and shows what came of it, the tree or the messages.
static void answer(const std::string &text) {
  Diagnostics diagnostics;
  auto file = parseFile(text, "t.dp", diagnostics);
  ASSERT_EQ(file == nullptr, diagnostics.hasErrors()) << text;
  std::string shown;
  llvm::raw_string_ostream os(shown);
  diagnostics.print(os);
  diagnostics.printJson(os);
  if (file)
    printAst(*file, os);
}

TEST(Robustness, Truncations) {
  for (const std::string &text : examples())
    for (size_t length = 0; length < text.size(); length += 3)
      answer(text.substr(0, length));
}

/// The words of the language and its symbols, and some that are none.
static const char *const pieces[] = {"dp 1",      "program p {",
                                     "}",         "{",
                                     "|",         "max {",
                                     "sum",       "min[",
                                     "entropy(",  "]",
                                     "[",         "(",
                                     ")",         "none",
                                     "if",        "then",
                                     "else",      "for",
                                     "in",        "..",
                                     "..=",       "?",
                                     ":",         "=",
                                     "==",        "<=",
                                     "not",       "and",
                                     "or",        "when",
                                     "where",     "table",
                                     "otherwise", "output",
                                     "let",       "size",
                                     "input",     "shared",
                                     "reg",       "float",
                                     "int",       "dag",
                                     "i",         "N",
                                     "D",         "0",
                                     "1.5",       "-",
                                     "^",         "*",
                                     "/",         "g.in(",
                                     "g.src(",    ",",
                                     "\n",        "\xff",
                                     "$",         "9223372036854775807",
                                     "abs(",      "clamp(",
                                     "#",         "\t",
                                     "\0"};

static std::string mutate(std::string text, std::mt19937 &random) {
  auto below = [&](size_t n) { return n ? random() % n : 0; };
  for (size_t edits = 1 + below(4); edits--;) {
    size_t at = below(text.size() + 1);
    size_t length = std::min<size_t>(below(12), text.size() - at);
    switch (below(4)) {
    case 0:
      text.erase(at, length);
      break;
    case 1:
      text.insert(at, pieces[below(std::size(pieces))]);
      break;
    case 2:
      text.replace(at, length, pieces[below(std::size(pieces))]);
      break;
    default:
      text.insert(at, text.substr(below(text.size()), below(40)));
    }
  }
  return text;
}

TEST(Robustness, Mutations) {
  std::mt19937 random(1);
  std::vector<std::string> texts = examples();
  for (unsigned i = 0; i < 20000; ++i)
    answer(mutate(texts[i % texts.size()], random));
}

TEST(Robustness, Noise) {
  std::mt19937 random(2);
  for (unsigned i = 0; i < 5000; ++i) {
    std::string text = "dp 1 program p { ";
    for (unsigned words = random() % 40; words--;)
      text += std::string(pieces[random() % std::size(pieces)]) + " ";
    answer(text);
  }
}
