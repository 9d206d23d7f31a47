//===- CountTest.cpp - numbers as functions of the sizes ------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Wavefront.h"
#include "compiler/schedule/Width.h"
#include "test/schedule/Zoo.h"
#include <gtest/gtest.h>

using namespace danskin;
using namespace danskin::test;

static std::string cells(const Problem &problem) {
  return countCells(problem).toString(problem.parameters);
}
static std::string reads(const Problem &problem) {
  return countReads(problem).toString(problem.parameters);
}
static std::string width(const Problem &problem) {
  SchedulingResult result = solve(problem);
  EXPECT_TRUE(result);
  return widthOf(problem, result.schedule).toString(problem.parameters);
}

TEST(Polynomial, Prints) {
  Polynomial n = Polynomial::variable(2, 0), m = Polynomial::variable(2, 1);
  Polynomial sum = n * m * Polynomial::Rational(3, 1);
  sum += n * Polynomial::Rational(-2, 1);
  sum += Polynomial::constant(2, 1);
  EXPECT_EQ(sum.toString({"N", "M"}), "3*N*M - 2*N + 1");
  EXPECT_EQ(sum.order({"N", "M"}), "O(N*M)");
  EXPECT_EQ(sum.evaluate({2, 5}), Polynomial::Rational(27, 1));
  EXPECT_EQ((n * n * Polynomial::Rational(1, 2)).toString({"N", "M"}),
            "1/2*N^2");
  EXPECT_EQ(Polynomial(2).toString({"N", "M"}), "0");
}

TEST(Polynomial, InterpolatesOnlyPolynomials) {
  auto product = [](const std::vector<int64_t> &x) {
    return std::optional<int64_t>(x[0] * x[1] * x[1] - 4 * x[0] + 7);
  };
  std::optional<Polynomial> found = interpolate({2, 3}, 3, product);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->toString({"N", "M"}), "N*M^2 - 4*N + 7");
  EXPECT_FALSE(interpolate({2, 3}, 2, product));
  EXPECT_FALSE(interpolate({2, 2}, 2, [](const std::vector<int64_t> &x) {
    return std::optional<int64_t>(std::min(x[0], x[1]));
  }));
  EXPECT_FALSE(interpolate({2}, 2, [](const std::vector<int64_t> &x) {
    return std::optional<int64_t>(x[0] / 2);
  }));
}

TEST(Count, Cells) {
  EXPECT_EQ(cells(dtw()), "N*M");
  EXPECT_EQ(cells(gotoh()), "3*N*M + 2*N + 2*M + 1");
  EXPECT_EQ(cells(nussinov()), "1/2*N^2 + 3/2*N + 1");
  EXPECT_EQ(cells(cky()), "1/2*N^2*G + 1/2*N*G");
  EXPECT_EQ(cells(scalars()), "2*N + 4");
}

TEST(Count, Reads) {
  EXPECT_EQ(reads(dtw()), "3*N*M - 2*N - 2*M + 1");
  EXPECT_EQ(reads(cky()), "1/3*N^3*G^3 - 1/3*N*G^3");
  EXPECT_EQ(reads(viterbi()), "T*S^2 - S^2");
  EXPECT_EQ(reads(semimarkov()), "O(T*S^2*W)");
  EXPECT_EQ(reads(parity()), "O(N)");
}

TEST(Count, OverlappingPiecesCountOnce) {
  Names names = {"N", "i"};
  Polyhedron context = parseSet({"N"}, {"0 <= N"});
  PolyhedronUnion set = {parseSet(names, {"0 <= i <= N"}),
                         parseSet(names, {"1 <= i <= N + 2"})};
  EXPECT_EQ(countPoints(context, set).toString({"N"}), "N + 3");
}

TEST(Width, OfTheZoo) {
  EXPECT_EQ(width(dtw()), "1 axis, n cells at equal sizes n");
  EXPECT_EQ(width(cky()), "2 axes, N*G cells");
  EXPECT_EQ(width(unaryRules()), "1 axis, N cells");
  EXPECT_EQ(width(valueIteration()), "1 axis, S cells");
  EXPECT_EQ(width(viterbi()), "1 axis, S cells");
  EXPECT_EQ(width(hops()), "1 axis, V cells");
  EXPECT_EQ(width(dag()), "0 axes, 1 cell");
  EXPECT_EQ(width(nussinov()), "1 axis, N + 1 cells");
  EXPECT_EQ(width(threeSequences()), "2 axes");
  EXPECT_EQ(width(scalars()), "0 axes, 1 cell");
}
