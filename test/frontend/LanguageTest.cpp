//===- LanguageTest.cpp - the programs of the language reference *- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/frontend/Support.h"
#include "llvm/ADT/StringRef.h"
#include <gtest/gtest.h>

using namespace danskin::test;
using llvm::StringRef;

// Blocks marked `dp` are accepted as they stand; blocks marked `dp-error CODE`
// are refused with that code, those of E03 and E04 perhaps only by the proofs.
TEST(Language, ProgramsOfTheReference) {
  std::string text = readFile(DANSKIN_LANGUAGE);
  unsigned programs = 0;
  for (StringRef rest = text; !rest.empty();) {
    auto [line, after] = rest.split('\n');
    rest = after;
    if (!line.consume_front("```dp"))
      continue;
    size_t end = rest.find("```");
    ASSERT_NE(end, StringRef::npos) << line.str();
    StringRef program = rest.take_front(end);
    rest = rest.drop_front(end + 3);
    ++programs;
    bool wrong = line.consume_front("-error ");
    std::string found = faults(program);
    if (!wrong) {
      EXPECT_EQ(found, "") << program.str();
    } else if (!found.empty()) {
      EXPECT_EQ(StringRef(found).take_front(5), line) << program.str();
    } else {
      EXPECT_TRUE(line.starts_with("E03") || line.starts_with("E04"))
          << program.str();
    }
  }
  EXPECT_GE(programs, 10u);
}
