//===- DiagnosticsTest.cpp - how diagnostics are shown ----------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Codes.h"
#include "test/frontend/Support.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>
#include <set>

using namespace danskin;
using namespace danskin::test;

static std::string printed(const Diagnostics &diagnostics) {
  std::string text;
  llvm::raw_string_ostream os(text);
  diagnostics.print(os);
  return text;
}

TEST(Diagnostics, Text) {
  Diagnostics diagnostics;
  diagnostics.addSource("a.dp", "dp 1\n    | down: D[i-1, j]\n");
  diagnostics
      .error("E0301", {"a.dp", 2, 13, 0, 0},
             "read of `D[-1, 1]` outside the domain of table `D`")
      .note("for example when N = 1, M = 2, i = 0, j = 1")
      .note({"a.dp", 1, 1, 1, 3}, "the edition is given here")
      .help("write `D[i-1, j]?` to drop this candidate there");
  EXPECT_EQ(
      printed(diagnostics),
      R"(a.dp:2:13: error: read of `D[-1, 1]` outside the domain of table `D` [E0301]
   |     | down: D[i-1, j]
   |             ^
   = for example when N = 1, M = 2, i = 0, j = 1
   = help: write `D[i-1, j]?` to drop this candidate there
a.dp:1:1: note: the edition is given here
   | dp 1
   | ^~
)");
}

TEST(Diagnostics, TabsAndWideCharacters) {
  Diagnostics diagnostics;
  diagnostics.addSource("a", "\t\xc3\xa9 x");
  diagnostics.error("E0101", diagnostics.locate("a", {4, 5}), "m");
  EXPECT_EQ(printed(diagnostics),
            "a:1:5: error: m [E0101]\n   | \t\xc3\xa9 x\n   | \t  ^\n");
}

TEST(Diagnostics, WithoutSource) {
  Diagnostics diagnostics;
  diagnostics.error("E0503", {"b", 3, 4, 0, 0}, "m");
  diagnostics.warning("W0701", {"b", 0, 0, 0, 0}, "w");
  EXPECT_EQ(printed(diagnostics),
            "b: warning: w [W0701]\nb:3:4: error: m [E0503]\n");
}

TEST(Diagnostics, Limit) {
  Diagnostics diagnostics;
  diagnostics.errorLimit = 2;
  for (unsigned i = 1; i <= 5; ++i)
    diagnostics.error("E0101", {"b", i, 1, 0, 0}, "m");
  EXPECT_EQ(printed(diagnostics), "b:1:1: error: m [E0101]\n"
                                  "b:2:1: error: m [E0101]\n"
                                  "error: too many errors: 3 more not shown\n");
}

TEST(Diagnostics, WarningsAsErrors) {
  Diagnostics diagnostics;
  diagnostics.warning("W0601", {"b", 1, 1, 0, 0}, "m");
  EXPECT_FALSE(diagnostics.hasErrors());
  diagnostics.warningsAreErrors = true;
  EXPECT_FALSE(parseFile("dp 1 program p { input x : float output y = "
                         "if x > 0 then 1 else 2 }",
                         "b", diagnostics));
  EXPECT_TRUE(diagnostics.hasErrors());
}

TEST(Diagnostics, Json) {
  Diagnostics diagnostics;
  parseFile("dp 1 program p { input len : float output y = lem }", "b.dp",
            diagnostics);
  std::string text;
  llvm::raw_string_ostream os(text);
  diagnostics.printJson(os);
  auto value = llvm::json::parse(text);
  ASSERT_TRUE(static_cast<bool>(value));
  const llvm::json::Object &object = *value->getAsObject();
  EXPECT_EQ(object.getString("code"), "E0201");
  EXPECT_EQ(object.getString("severity"), "error");
  EXPECT_EQ(object.getInteger("column"), 47);
  EXPECT_EQ(object.getInteger("endColumn"), 50);
  const llvm::json::Object &fix =
      *(*object.getArray("fixIts"))[0].getAsObject();
  EXPECT_EQ(fix.getString("text"), "len");
}

TEST(Diagnostics, NearestName) {
  EXPECT_EQ(nearestName("entropi", {"hard", "entropy"}), "entropy");
  EXPECT_EQ(nearestName("n", {"N", "m"}), "N");
  EXPECT_EQ(nearestName("x", {"y"}), "");
  EXPECT_EQ(nearestName("cost", {"value"}), "");
}

// What the front end itself decides is decided as the catalogue shows; the
// proofs of E03, E04 and the run-time codes come later.
TEST(Codes, ProgramsBehaveAsTold) {
  std::set<std::string> later = {"E0301", "E0302", "E0303",
                                 "E0304", "E0306", "E0401"};
  std::set<std::string> seen;
  for (const CodeInfo &info : allCodes()) {
    std::string code = info.code.str();
    EXPECT_TRUE(seen.insert(code).second) << code;
    EXPECT_FALSE(info.title.empty() || info.explanation.empty()) << code;
    if (!info.right.empty()) {
      EXPECT_EQ(faults(info.right), "") << code;
    }
    if (!info.wrong.empty()) {
      EXPECT_EQ(faults(info.wrong).substr(0, 5), later.count(code) ? "" : code);
    }
  }
}

TEST(Codes, Explain) {
  EXPECT_EQ(findCode("E9999"), nullptr);
  const CodeInfo *info = findCode("e0301");
  ASSERT_NE(info, nullptr);
  std::string text;
  llvm::raw_string_ostream os(text);
  explainCode(*info, os);
  EXPECT_NE(text.find("E0301: read outside a domain\n\n"), std::string::npos);
  EXPECT_NE(text.find("Wrong:\n\n    dp 1\n"), std::string::npos);
}
