//===- EnumeratorTest.cpp - two ways to one value -------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/reference/Enumerator.h"
#include "test/reference/Support.h"

namespace danskin::reference {
namespace {

/// Of the only element of the only output.
std::optional<Enumeration> enumerateOne(const Case &test,
                                        const EnumerationQuery &query) {
  std::optional<Enumeration> found;
  bool isWhole = llvm::cantFail(enumerateSolutions(
      test.getProgram(), test.instance, query,
      [&](const ast::OutputDecl &, int64_t flat, const Enumeration &each) {
        EXPECT_EQ(flat, 0);
        found = each;
      }));
  return isWhole ? found : std::nullopt;
}

int64_t countSolutions(const Case &test) {
  auto all = enumerateOne(test, {"hard", {}, int64_t(1) << 20});
  return all ? all->count : -1;
}

/// The float inputs that are weights, and the lets.
std::vector<std::string> getWeights(const std::string &name, const Case &test) {
  return name == "dtw" ? std::vector<std::string>{"d"} : test.getFloatNames();
}

TEST(Enumerator, AgreesWithTheRecursion) {
  for (unsigned seed : {1, 2, 3})
    for (auto &[name, test] : getExamples(seed)) {
      if (name == "valueiter") {
        EXPECT_NE(findObstacle(test.getProgram()), "");
        continue;
      }
      EXPECT_EQ(findObstacle(test.getProgram()), "") << name;
      auto weights = getWeights(name, test);
      for (const char *reg : {"hard", "entropy", "l2"}) {
        auto all = enumerateOne(test, {reg, weights, int64_t(1) << 20});
        ASSERT_TRUE(all) << name;
        EXPECT_NEAR(all->value, test.scalar(reg), 1e-9) << name << " " << reg;
        for (const auto &[slot, tensor] : test.gradient(reg, weights))
          for (size_t k = 0; k < tensor.data.size(); ++k)
            EXPECT_NEAR(all->gradient.at(slot).data[k], tensor.data[k], 1e-9)
                << name << " " << reg << " " << slot << " " << k;
      }
    }
}

TEST(Enumerator, Counts) {
  Case grid = Case::fromExample("dtw");
  grid.size("N", 4).size("M", 5).size("K", 1).randomFloats(1);
  EXPECT_EQ(countSolutions(grid), 129); // Delannoy(3, 4)
  Case trees = Case::fromExample("cky");
  trees.size("N", 4).size("G", 2).randomFloats(1);
  EXPECT_EQ(countSolutions(trees), 5 * 128); // Catalan(3) 2^7
}

TEST(Enumerator, StopsWhereThereAreTooMany) {
  Case grid = Case::fromExample("dtw");
  grid.size("N", 8).size("M", 8).size("K", 1).randomFloats(1);
  EXPECT_FALSE(enumerateOne(grid, {"hard", {}, 20000}));
  Case trees = Case::fromExample("cky");
  trees.size("N", 9).size("G", 3).randomFloats(1);
  EXPECT_FALSE(enumerateOne(trees, {"entropy", {"root"}, 20000}));
}

TEST(Enumerator, KnowsNearTies) {
  Case test = Case::fromText("program p { size N\n input x : float[N]\n"
                             "output o = min { x[i] for i in 0..N } }");
  test.size("N", 3).set("x", {3}, {3, 1.5, 1});
  EXPECT_EQ(enumerateOne(test, {"hard", {"x"}})->margin, 0.5);
  test.size("N", 0).set("x", {0}, {});
  EXPECT_EQ(enumerateOne(test, {"hard", {"x"}})->count, 0);
}

TEST(Enumerator, WantsSums) {
  auto find = [](const std::string &body) {
    return findObstacle(
        Case::fromText("program p { input x : float\n table T[]\n T[] = x\n"
                       "output o = " +
                       body + " }")
            .getProgram());
  };
  EXPECT_EQ(find("2 * x + max { T[] - 3 * x | x }"), "");
  EXPECT_NE(find("x - T[]"), "");
  EXPECT_NE(find("0.5 * max { x | 1 }"), "");
  EXPECT_NE(find("exp(T[])"), "");
}

} // namespace
} // namespace danskin::reference
