//===- BruteForceTest.cpp - values by enumeration -------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The value of a program under hard and entropy is a maximum, or a sum of
// exponentials, over its paths or trees, here enumerated by hand-written loops.
// Under l2 it is defined by the recursion, here without memory and with the
// threshold found by bisection.
//
//===----------------------------------------------------------------------===//

#include "test/reference/Support.h"
#include <algorithm>
#include <cmath>
#include <functional>

namespace danskin::reference {
namespace {

/// max_Omega of numbers by the definition of each regularizer.
double maxOmega(const std::string &reg, const std::vector<double> &x,
                double gamma) {
  double top = *std::max_element(x.begin(), x.end());
  if (reg == "hard")
    return top;
  if (reg == "entropy") {
    double sum = 0;
    for (double score : x)
      sum += std::exp((score - top) / gamma);
    return top + gamma * std::log(sum);
  }
  double low = top / gamma - 1, high = top / gamma;
  for (int step = 0; step < 200; ++step) {
    double tau = (low + high) / 2, sum = 0;
    for (double score : x)
      sum += std::max(score / gamma - tau, 0.0);
    (sum > 1 ? low : high) = tau;
  }
  double value = 0;
  for (double score : x) {
    double p = std::max(score / gamma - low, 0.0);
    value += p * score - gamma / 2 * p * p;
  }
  return value;
}

double minOmega(const std::string &reg, std::vector<double> x, double gamma) {
  for (double &score : x)
    score = -score;
  return -maxOmega(reg, x, gamma);
}

struct BruteForce : testing::TestWithParam<unsigned> {};

TEST_P(BruteForce, ChainByAllSequences) {
  Case test = Case::fromExample("viterbi");
  test.size("T", 4).size("S", 3).randomFloats(GetParam());
  test.instance.gamma = 0.7;
  auto &emit = test.instance.floats["emit"],
       &trans = test.instance.floats["trans"],
       &start = test.instance.floats["start"];
  std::vector<double> scores;
  for (int64_t code = 0; code < 81; ++code) {
    int64_t s[4] = {code % 3, code / 3 % 3, code / 9 % 3, code / 27};
    double score = start.at({s[0]}) + emit.at({0, s[0]});
    for (int64_t t = 1; t < 4; ++t)
      score += emit.at({t, s[t]}) + trans.at({s[t - 1], s[t]});
    scores.push_back(score);
  }
  for (const char *reg : {"hard", "entropy"})
    EXPECT_NEAR(test.scalar(reg), maxOmega(reg, scores, 0.7), 1e-12);
}

TEST_P(BruteForce, GridByAllPaths) {
  Case test = Case::fromExample("dtw");
  test.size("N", 4).size("M", 5).size("K", 2).randomFloats(GetParam());
  test.instance.gamma = 0.5;
  auto &x = test.instance.floats["x"], &y = test.instance.floats["y"];
  auto cost = [&](int64_t i, int64_t j) {
    double a = x.at({i, 0}) - y.at({j, 0}), b = x.at({i, 1}) - y.at({j, 1});
    return a * a + b * b;
  };
  std::vector<double> scores;
  std::function<void(int64_t, int64_t, double)> walk = [&](int64_t i, int64_t j,
                                                           double sum) {
    sum += cost(i, j);
    if (i == 3 && j == 4)
      scores.push_back(sum);
    if (i < 3)
      walk(i + 1, j, sum);
    if (j < 4)
      walk(i, j + 1, sum);
    if (i < 3 && j < 4)
      walk(i + 1, j + 1, sum);
  };
  walk(0, 0, 0);
  EXPECT_EQ(scores.size(), 129u); // Delannoy(3, 4)
  for (const char *reg : {"hard", "entropy"})
    EXPECT_NEAR(test.scalar(reg), minOmega(reg, scores, 0.5), 1e-12);
  // l2: the recursion itself, without memory.
  std::function<double(int64_t, int64_t)> cell = [&](int64_t i, int64_t j) {
    std::vector<double> arms;
    if (i == 0 && j == 0)
      return cost(0, 0);
    if (i && j)
      arms.push_back(cell(i - 1, j - 1));
    if (i)
      arms.push_back(cell(i - 1, j));
    if (j)
      arms.push_back(cell(i, j - 1));
    return cost(i, j) + minOmega("l2", arms, 0.5);
  };
  EXPECT_NEAR(test.scalar("l2"), cell(3, 4), 1e-9);
}

TEST_P(BruteForce, TreesByAllBracketings) {
  Case test = Case::fromExample("cky");
  test.size("N", 4).size("G", 2).randomFloats(GetParam());
  auto &lex = test.instance.floats["lex"], &rule = test.instance.floats["rule"],
       &root = test.instance.floats["root"];
  // The scores of all trees over [i, j) with label a.
  std::function<std::vector<double>(int64_t, int64_t, int64_t)> trees =
      [&](int64_t i, int64_t j, int64_t a) {
        std::vector<double> all;
        if (j == i + 1)
          all.push_back(lex.at({i, a}));
        for (int64_t k = i + 1; k < j; ++k)
          for (int64_t b = 0; b < 2; ++b)
            for (int64_t c = 0; c < 2; ++c)
              for (double left : trees(i, k, b))
                for (double right : trees(k, j, c))
                  all.push_back(rule.at({a, b, c}) + left + right);
        return all;
      };
  std::vector<double> scores;
  for (int64_t a = 0; a < 2; ++a)
    for (double tree : trees(0, 4, a))
      scores.push_back(root.at({a}) + tree);
  EXPECT_EQ(scores.size(), 5u * 128); // Catalan(3) 2^7
  for (const char *reg : {"hard", "entropy"})
    EXPECT_NEAR(test.scalar(reg), maxOmega(reg, scores, 1), 1e-12);
}

TEST_P(BruteForce, ChainUnderL2WithoutMemory) {
  Case test = Case::fromExample("viterbi");
  test.size("T", 4).size("S", 3).randomFloats(GetParam());
  auto &emit = test.instance.floats["emit"],
       &trans = test.instance.floats["trans"],
       &start = test.instance.floats["start"];
  std::function<double(int64_t, int64_t)> cell = [&](int64_t t, int64_t s) {
    if (t == 0)
      return start.at({s}) + emit.at({0, s});
    std::vector<double> arms;
    for (int64_t r = 0; r < 3; ++r)
      arms.push_back(cell(t - 1, r) + trans.at({r, s}));
    return emit.at({t, s}) + maxOmega("l2", arms, 1);
  };
  EXPECT_NEAR(test.scalar("l2"),
              maxOmega("l2", {cell(3, 0), cell(3, 1), cell(3, 2)}, 1), 1e-9);
}

INSTANTIATE_TEST_SUITE_P(Seeds, BruteForce, testing::Range(1u, 6u));

//===----------------------------------------------------------------------===//
// Closed forms: all weights 0, gamma 1, so exp V counts
//===----------------------------------------------------------------------===//

TEST(ClosedForms, Delannoy) {
  Case test = Case::fromExample("dtw");
  test.size("N", 9).size("M", 10).size("K", 0);
  test.set("x", {9, 0}, {}).set("y", {10, 0}, {});
  // D(8, 9): a minimum of paths that all cost 0 is -log of their number.
  EXPECT_NEAR(std::exp(-test.scalar("entropy")), 598417, 1e-6);
}

TEST(ClosedForms, Binomial) {
  Case test = Case::fromExample("rnnt");
  test.size("T", 8).size("U", 5);
  test.set("blank", {8, 6}, std::vector<double>(48));
  test.set("label", {8, 5}, std::vector<double>(40));
  EXPECT_NEAR(std::exp(test.scalar("entropy")), 792, 1e-9); // C(12, 5)
}

TEST(ClosedForms, Catalan) {
  Case test = Case::fromExample("cky");
  test.size("N", 10).size("G", 1);
  test.set("lex", {10, 1}, std::vector<double>(10));
  test.set("rule", {1, 1, 1}, {0}).set("root", {1}, {0});
  EXPECT_NEAR(std::exp(test.scalar("entropy")), 4862, 1e-8);
}

TEST(ClosedForms, L2OfThreeScores) {
  Case test = Case::fromText("program p { size N\n input x : float[N]\n"
                             "output o = max { x[i] for i in 0..N } }");
  test.size("N", 3).set("x", {3}, {.3, 1, .8});
  EXPECT_NEAR(test.scalar("l2"), 0.66, 1e-12);
  // A node of one candidate is still a node.
  test.size("N", 1).set("x", {1}, {3});
  EXPECT_NEAR(test.scalar("l2"), 2.5, 1e-12);
}

} // namespace
} // namespace danskin::reference
