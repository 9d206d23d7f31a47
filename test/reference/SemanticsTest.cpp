//===- SemanticsTest.cpp - absence, order, infinities, paths, faults ------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/reference/Sizes.h"
#include "test/reference/Support.h"
#include <cmath>

namespace danskin::reference {
namespace {

const double inf = INFINITY;

/// The value of `output o = EXPR` with `x : float[N]`, and of its gradient.
struct Outcome {
  double value;
  std::vector<double> gradient;
};
Outcome evaluate(const std::string &expr, std::vector<double> x,
                 const std::string &reg = "hard") {
  Case test = Case::fromText("program p { size N\n input x : float[N]\n"
                             "output o = " +
                             expr + " }");
  int64_t count = x.size();
  test.size("N", count).set("x", {count}, std::move(x));
  return {test.scalar(reg), test.gradient(reg, {"x"})["x"].data};
}

TEST(Absence, PassesThroughEveryOperator) {
  for (const char *expr :
       {"none - none", "0 * none", "fmax(none, 0)", "exp(none)", "-none",
        "none / none", "if x[0] > 0 then none else 1", "none + x[0]"}) {
    Outcome outcome = evaluate("max { " + std::string(expr) + " }", {1, 2});
    EXPECT_EQ(outcome.value, -inf) << expr;
    EXPECT_EQ(outcome.gradient, (std::vector<double>{0, 0})) << expr;
  }
  EXPECT_EQ(evaluate("max { none - none | x[1] }", {1, 2}).value, 2);
  EXPECT_EQ(evaluate("min { -none | x[1] }", {1, 2}).value, 2);
}

TEST(Absence, OutputsShowTheSenseOfTheirOutermostChoice) {
  EXPECT_EQ(evaluate("min { x[0] if N > 5 }", {1}).value, inf);
  EXPECT_EQ(evaluate("1 + max { x[0] if N > 5 }", {1}).value, -inf);
  EXPECT_EQ(evaluate("min { max { none } }", {1}).value, inf);
}

TEST(Absence, TheLosingInfinityIsAbsentAndTheWinningOneWins) {
  for (const char *reg : {"hard", "entropy", "l2"}) {
    Outcome lost = evaluate("max { x[i] for i in 0..N }", {-inf, -inf}, reg);
    EXPECT_EQ(lost.value, -inf);
    EXPECT_EQ(lost.gradient, (std::vector<double>{0, 0}));
    Outcome one = evaluate("max { x[i] for i in 0..N }", {-inf, 3}, reg);
    EXPECT_EQ(one.value, std::string(reg) == "l2" ? 2.5 : 3);
    EXPECT_EQ(one.gradient, (std::vector<double>{0, 1}));
    Outcome won = evaluate("max { x[i] for i in 0..N }", {inf, 3, inf}, reg);
    EXPECT_EQ(won.value, inf);
    EXPECT_EQ(won.gradient, std::string(reg) == "hard"
                                ? (std::vector<double>{1, 0, 0})
                                : (std::vector<double>{.5, 0, .5}));
    EXPECT_EQ(evaluate("min { x[i] for i in 0..N }", {inf, -inf}, reg).value,
              -inf);
  }
}

TEST(Absence, Sums) {
  EXPECT_EQ(evaluate("sum { x[i] for i in 0..N }", {}).value, 0);
  EXPECT_EQ(evaluate("sum { x[0] | none }", {1}).value, -inf);
  Case test = Case::fromText(R"(
program p {
  size N >= 1
  input x : float[N]
  table T[i in 0..N]
  T[i] = x[i]
  output o = sum { T[i]? for i in 0-2..=N }
})");
  test.size("N", 3).set("x", {3}, {1, 2, 4});
  EXPECT_EQ(test.scalar("hard"), 7); // what `?` drops is no term
}

TEST(Numbers, ANaNPoisonsOnlyWhatReadsIt) {
  Case test = Case::fromText(R"(
program p {
  size N
  input x : float[N]
  output a = max { x[0] | x[1] }
  output b = max { x[1] | x[2] }
})");
  test.size("N", 3).set("x", {3}, {NAN, 1, 2});
  TensorMap values = test.value("entropy");
  EXPECT_TRUE(std::isnan(values["a"].data[0]));
  EXPECT_NEAR(values["b"].data[0], 2.313261687518223, 1e-15);
}

TEST(Numbers, Ties) {
  EXPECT_EQ(evaluate("max { x[0] | x[1] }", {2, 2}).gradient,
            (std::vector<double>{1, 0}));
  EXPECT_EQ(evaluate("min { x[1] | x[0] }", {2, 2}).gradient,
            (std::vector<double>{0, 1}));
}

TEST(Evaluation, AQuestionMarkGuardsTheOtherReads) {
  Case test = Case::fromText(R"(
program p {
  size N >= 1
  input x : float[N]
  table T[i in 0..=N]
  T[0] = 0
  T[i] otherwise = max { x[i-2] + T[i-2]? + 100 | T[i-1] + 1 }
  output o = T[N]
})");
  test.size("N", 3).set("x", {3}, {1, 2, 3});
  EXPECT_EQ(test.scalar("hard"), 103);
  Case other = Case::fromText(R"(
program p {
  size N >= 1
  table T[i in 0..N]
  T[i] = if i == 0 then 5 else 1
  output o = max { T[N]? else -1 | T[N+1]? }
})");
  other.size("N", 2);
  EXPECT_EQ(other.scalar("hard"), -1);
}

TEST(Evaluation, ANodesOwnRegularizerAndGamma) {
  EXPECT_EQ(evaluate("max[hard] { x[0] | x[1] }", {1, 1}, "entropy").value, 1);
  EXPECT_NEAR(evaluate("max[entropy(x[2])] { x[0] | x[1] }", {1, 1, 2}).value,
              1 + 2 * std::log(2), 1e-14);
  EXPECT_NEAR(
      evaluate("max[entropy(x[2])] { x[0] | x[1] }", {1, 1, 2}).gradient[2],
      std::log(2), 1e-14);
}

TEST(Evaluation, IndicesDivideTowardsMinusInfinity) {
  Case test = Case::fromText(R"(
program p {
  size N >= 1
  table T[i in 0-3..N]
  T[i] = i / 2
  output o[i in 0..N] = T[(i - 3) / 2]
})");
  test.size("N", 4);
  EXPECT_EQ(test.value("hard")["o"].data,
            (std::vector<double>{-1, -.5, -.5, 0}));
}

TEST(Evaluation, ChainsMayBeLongerThanTheStack) {
  Case test = Case::fromText(R"(
program p {
  size N >= 1
  input x : float[N]
  table T[i in 0..N]
  T[0] = x[0]
  T[i] otherwise = max { T[i-1] + x[i] | none }
  output o = T[N-1]
})");
  const int64_t count = 200000;
  test.size("N", count).set("x", {count}, std::vector<double>(count, 1));
  EXPECT_EQ(test.scalar("entropy"), double(count));
  EXPECT_EQ(test.argmax().shape[0], count);
}

TEST(Evaluation, ACellThatDependsOnItselfIsAFault) {
  Case test = Case::fromText(R"(
program p {
  size N >= 1
  table T[i in 0..N]
  T[i] = max { T[N-1-i] + 1 | 0 }
  output o = T[0]
})");
  test.size("N", 4);
  EXPECT_NE(test.getError().find("depends on itself"), std::string::npos);
  // A cycle longer than one suspension.
  Case far = Case::fromText(R"(
program p {
  size N >= 1
  table T[i in 0..N]
  T[i] when i >= 1 = max { T[i-1] }
  T[0] = max { T[N-1] }
  output o = T[N-1]
})");
  far.size("N", 5000);
  EXPECT_NE(far.getError().find("depends on itself"), std::string::npos);
}

TEST(Lets, TheirSlotsLieInTheBoundingBox) {
  Case test = Case::fromText(R"(
program p {
  size N >= 1
  input x : float[N]
  let d[i in 1..N, j in i..N] = x[i] * x[j]
  output o = sum { d[i, j] for i in 1..N, j in i..N }
})");
  test.size("N", 4).set("x", {4}, {1, 2, 3, 4});
  Tensor gradient = test.gradient("hard", {"d"})["d"];
  EXPECT_EQ(gradient.shape, (Shape{3, 3}));
  EXPECT_EQ(gradient.data, (std::vector<double>{1, 1, 1, 0, 1, 1, 0, 0, 1}));
}

TEST(Paths, RowsAreInPreorderWithNestedChoicesAfterTheirOuterOnes) {
  Case test = Case::fromText(R"(
program p {
  size N >= 1
  input x : float[N]
  table T[i in 0..N]
  table U[i in 0..N]
  T[0] = x[0]
  T[i] otherwise = max { T[i-1] | U[i] + max { x[k] for k in 0..=i } }
  U[i] = x[i] + 1
  output o = max { T[i] for i in 0..N }
})");
  test.size("N", 3).set("x", {3}, {1, 5, 2});
  IntTensor rows = test.argmax();
  // o takes T[1] (6 + 5); T[1] its second arm; that arm's max takes k = 1, by
  // the third alternative of the equation. U is a weight, which is not visited.
  EXPECT_EQ(rows.shape, (Shape{3, 5}));
  EXPECT_EQ(rows.data, (std::vector<int64_t>{2, -1, 0, 0, 1, //
                                             0, 1, 1, 1, -1, //
                                             0, 1, 1, 2, 1}));
}

TEST(Paths, AnInfeasibleInstanceHasNone) {
  Case test = Case::fromExample("ctc");
  test.size("T", 2).size("L", 2).size("V", 3).setInts("y", {2}, {1, 1});
  test.randomFloats(1);
  EXPECT_EQ(test.scalar("entropy"), -inf);
  EXPECT_EQ(test.argmax().shape[0], 0);
  TensorMap gradient = test.gradient("entropy", {"logp"});
  for (double x : gradient["logp"].data)
    EXPECT_EQ(x, 0);
}

TEST(Faults, NameTheInputTheAxisAndBothSizes) {
  Case test = Case::fromExample("dtw");
  test.size("N", 2).size("M", 2).size("K", 3);
  test.set("x", {2, 3}, std::vector<double>(6));
  test.set("y", {2, 2}, std::vector<double>(4));
  EXPECT_EQ(test.getError(), "axis 1 of input `y` has size 2, but `K` is 3 by "
                             "the call [R05]");
  auto sizes =
      resolveSizes(test.getProgram(), {{"x", {2, 3}}, {"y", {2, 2}}}, {});
  EXPECT_EQ(llvm::toString(sizes.takeError()),
            "axis 1 of input `y` has size 2, but `K` is 3 by axis 1 of input "
            "`x` [R05]");
}

TEST(Faults, RangesAndDags) {
  Case labels = Case::fromExample("ctc");
  labels.size("T", 2).size("L", 1).size("V", 3).randomFloats(1);
  labels.setInts("y", {1}, {3});
  EXPECT_EQ(labels.getError(),
            "input `y`: element [0] is 3, but must lie in 1..3 [R11]");
  Case graph = Case::fromExample("dagpath");
  graph.size("V", 2).size("E", 1).randomFloats(1);
  graph.setInts("g.indptr", {3}, {0, 0, 1}).setInts("g.src", {1}, {1});
  EXPECT_EQ(graph.getError(), "input `g.src`: element [0] is 1, but must lie "
                              "in 0..1 [R11]");
  graph.setInts("g.indptr", {3}, {0, 2, 1});
  EXPECT_EQ(graph.getError(), "input `g.indptr`: element [1] is 2, but must "
                              "lie in 0..2 [R11]");
}

TEST(Faults, ReadsOutsideAndMissingEquations) {
  Case outside = Case::fromText("program p { size N\n input x : float[N]\n"
                                "table T[i in 0..N]\n T[i] = x[i]\n"
                                "output o = T[N] }");
  outside.size("N", 1).set("x", {1}, {0});
  EXPECT_EQ(outside.getError(), "read of `T[1]` outside the domain of `T`");
  Case gap = Case::fromText("program p { size N\n table T[i in 0..N]\n"
                            "T[i] when i >= 1 = 0\n output o = T[0] }");
  gap.size("N", 1);
  EXPECT_EQ(gap.getError(), "no equation defines `T[0]`");
}

} // namespace
} // namespace danskin::reference
