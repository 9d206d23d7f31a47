//===- SetsTest.cpp - sets of integer points against enumeration ----------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Sets.h"
#include "compiler/schedule/Points.h"
#include "test/schedule/TestProblem.h"
#include <gtest/gtest.h>
#include <random>
#include <set>

using namespace danskin;
using namespace danskin::test;

namespace {

constexpr int64_t boxLimit = 4;
using PointSet = std::set<std::vector<int64_t>>;

/// Polyhedra within [-boxLimit, boxLimit]^n, with equalities of any
/// coefficients; about half of them are not empty.
class SetsFuzz : public testing::TestWithParam<unsigned> {
protected:
  SetsFuzz() : random(GetParam()) {}

  int64_t draw(int64_t lower, int64_t upper) {
    return std::uniform_int_distribution<int64_t>(lower, upper)(random);
  }

  AffineForm drawForm(unsigned numVars, int64_t largest, int64_t constant) {
    AffineForm form(numVars + 1, 0);
    for (unsigned k = 0; k < numVars; ++k)
      if (draw(0, 3))
        form[k] = draw(-largest, largest);
    form.back() = draw(-constant, constant);
    return form;
  }

  Polyhedron drawSet(unsigned numVars) {
    Polyhedron set = sets::universe(numVars);
    for (unsigned k = 0; k < numVars; ++k)
      for (int64_t sign : {1, -1}) {
        AffineForm bound(numVars + 1, 0);
        bound[k] = sign;
        bound.back() = boxLimit;
        set.addInequality(bound);
      }
    for (int64_t k = draw(0, 3); k > 0; --k)
      set.addInequality(drawForm(numVars, 3, 5));
    for (int64_t k = draw(0, 2); k > 0; --k)
      set.addEquality(drawForm(numVars, 3, 4));
    return set;
  }

  PolyhedronUnion drawUnion(unsigned numVars) {
    PolyhedronUnion set;
    for (int64_t k = draw(1, 3); k > 0; --k)
      set.push_back(drawSet(numVars));
    return set;
  }

  static bool contains(const PolyhedronUnion &set,
                       const std::vector<int64_t> &point) {
    for (const Polyhedron &piece : set)
      if (piece.containsPoint(point))
        return true;
    return false;
  }

  static PointSet points(const PolyhedronUnion &set, unsigned numVars) {
    PointSet result;
    forEachPoint(numVars, -boxLimit, boxLimit,
                 [&](const std::vector<int64_t> &point) {
                   if (contains(set, point))
                     result.insert(point);
                 });
    return result;
  }

  static bool areDisjoint(const PolyhedronUnion &set, unsigned numVars) {
    bool apart = true;
    forEachPoint(numVars, -boxLimit, boxLimit,
                 [&](const std::vector<int64_t> &point) {
                   unsigned owners = 0;
                   for (const Polyhedron &piece : set)
                     owners += piece.containsPoint(point);
                   apart &= owners <= 1;
                 });
    return apart;
  }

  std::mt19937 random;
};

} // namespace

TEST_P(SetsFuzz, EmptinessAndWitness) {
  for (unsigned round = 0; round < 400; ++round) {
    unsigned numVars = draw(1, 3);
    Polyhedron set = drawSet(numVars);
    PointSet expected = points({set}, numVars);
    EXPECT_EQ(sets::isEmpty(set), expected.empty());
    std::optional<std::vector<int64_t>> smallest = sets::witness(set);
    ASSERT_EQ(smallest.has_value(), !expected.empty());
    if (smallest) {
      EXPECT_EQ(*smallest, *expected.begin());
    }
  }
}

TEST_P(SetsFuzz, ImpliedConstraints) {
  for (unsigned round = 0; round < 200; ++round) {
    unsigned numVars = draw(1, 3);
    Polyhedron set = drawSet(numVars);
    AffineForm form = drawForm(numVars, 2, 8);
    bool all = true, allZero = true;
    for (const std::vector<int64_t> &point : points({set}, numVars)) {
      int64_t value = form.back();
      for (unsigned k = 0; k < numVars; ++k)
        value += form[k] * point[k];
      all &= value >= 0;
      allZero &= value == 0;
    }
    EXPECT_EQ(sets::implied(set, form), all);
    EXPECT_EQ(sets::impliedZero(set, form), allZero);
  }
}

TEST_P(SetsFuzz, Difference) {
  for (unsigned round = 0; round < 120; ++round) {
    unsigned numVars = draw(1, 3);
    PolyhedronUnion from = drawUnion(numVars), what = drawUnion(numVars);
    PointSet expected = points(from, numVars);
    for (const std::vector<int64_t> &point : points(what, numVars))
      expected.erase(point);
    std::optional<PolyhedronUnion> rest = sets::subtract(from, what);
    ASSERT_TRUE(rest);
    EXPECT_EQ(points(*rest, numVars), expected);
    EXPECT_TRUE(areDisjoint(*rest, numVars));
    EXPECT_EQ(sets::isSubset(from, what), expected.empty());
  }
}

TEST_P(SetsFuzz, DisjointAndCoalesced) {
  for (unsigned round = 0; round < 150; ++round) {
    unsigned numVars = draw(1, 3);
    PolyhedronUnion set = drawUnion(numVars);
    PointSet expected = points(set, numVars);
    std::optional<PolyhedronUnion> apart = sets::disjoint(set);
    ASSERT_TRUE(apart);
    EXPECT_EQ(points(*apart, numVars), expected);
    EXPECT_TRUE(areDisjoint(*apart, numVars));
    EXPECT_EQ(points(sets::coalesce(set), numVars), expected);
  }
}

TEST_P(SetsFuzz, Extrema) {
  for (unsigned round = 0; round < 300; ++round) {
    unsigned numVars = draw(1, 3);
    Polyhedron set = drawSet(numVars);
    AffineForm form = drawForm(numVars, 3, 3);
    PointSet all = points({set}, numVars);
    if (all.empty())
      continue;
    int64_t least = INT64_MAX, most = INT64_MIN;
    for (const std::vector<int64_t> &point : all) {
      int64_t value = form.back();
      for (unsigned k = 0; k < numVars; ++k)
        value += form[k] * point[k];
      least = std::min(least, value);
      most = std::max(most, value);
    }
    EXPECT_LE(sets::minimum(set, form).value, least);
    EXPECT_GE(sets::maximum(set, form).value, most);
  }
}

TEST_P(SetsFuzz, Projection) {
  for (unsigned round = 0; round < 300; ++round) {
    unsigned numVars = draw(2, 4);
    unsigned count = draw(1, numVars - 1), first = draw(0, numVars - count);
    Polyhedron set = drawSet(numVars);
    PointSet expected;
    for (std::vector<int64_t> point : points({set}, numVars)) {
      point.erase(point.begin() + first, point.begin() + first + count);
      expected.insert(point);
    }
    sets::Projection shadow = sets::project(set, first, count);
    PointSet found = points({shadow.set}, numVars - count);
    if (shadow.exact) {
      EXPECT_EQ(found, expected);
    } else {
      EXPECT_TRUE(std::includes(found.begin(), found.end(), expected.begin(),
                                expected.end()));
    }
  }
}

TEST_P(SetsFuzz, Enumeration) {
  for (unsigned round = 0; round < 200; ++round) {
    unsigned numVars = draw(1, 4);
    unsigned numParameters = draw(0, numVars - 1);
    Polyhedron set = drawSet(numVars);
    PointEnumerator enumerator(set, numParameters);
    std::vector<int64_t> parameters;
    for (unsigned k = 0; k < numParameters; ++k)
      parameters.push_back(draw(-boxLimit, boxLimit));
    PointSet expected, found;
    for (const std::vector<int64_t> &point : points({set}, numVars))
      if (std::equal(parameters.begin(), parameters.end(), point.begin()))
        expected.insert(point);
    uint64_t budget = 100000;
    EXPECT_TRUE(enumerator.forEach(
        parameters, budget,
        [&](const std::vector<int64_t> &point) { found.insert(point); }));
    EXPECT_EQ(found, expected);
    EXPECT_EQ(enumerator.count(parameters, budget), int64_t(expected.size()));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, SetsFuzz, testing::Range(1u, 6u));

/// The library's own subtract() loses this point: 2i + 2j = y + 1.
TEST(Sets, DifferenceKeepsDivisibility) {
  Names names = {"N", "i", "j", "y"};
  Polyhedron set = parseSet(names, {"2*i + 2*j = y + 1", "i <= N"});
  Polyhedron far = parseSet(names, {"5 <= j"});
  std::optional<PolyhedronUnion> rest = sets::subtract(set, {far});
  ASSERT_TRUE(rest);
  bool found = false;
  for (const Polyhedron &piece : *rest)
    found |= piece.containsPoint(std::vector<int64_t>{1, 1, 0, 1});
  EXPECT_TRUE(found);
  EXPECT_EQ(sets::isSubset({set}, {far}), false);
}

TEST(Sets, ProjectionOfEvenNumbersIsNotExact) {
  Polyhedron set = parseSet({"i", "q"}, {"i = 2*q", "0 <= i <= 9"});
  EXPECT_FALSE(sets::project(set, 1, 1).exact);
  EXPECT_TRUE(sets::project(set, 0, 1).exact);
}

TEST(Sets, DifferenceStopsAtItsLimit) {
  Names names;
  PolyhedronUnion diagonals;
  for (unsigned k = 0; k < 17; ++k)
    names.push_back("i" + std::to_string(k));
  for (unsigned k = 0; k < 16; ++k)
    diagonals.push_back(parseSet(names, {names[k] + " = " + names[k + 1]}));
  EXPECT_FALSE(sets::subtract(sets::universe(17), diagonals, /*limit=*/1000)
                   .has_value());
}

TEST(Sets, CoalesceRecoversEqualities) {
  Names names = {"N", "i", "x"};
  PolyhedronUnion set =
      sets::coalesce({parseSet(names, {"0 <= i <= 3", "x = i - 1"}),
                      parseSet(names, {"4 <= i <= N", "x = i - 1"}),
                      parseSet(names, {"5 <= i <= 4"})});
  ASSERT_EQ(set.size(), 2u); // for N < 3 they do not touch
  for (const Polyhedron &piece : set)
    EXPECT_EQ(piece.getNumEqualities(), 1u);
}

TEST(Sets, UnboundedForms) {
  Polyhedron set = parseSet({"N", "i"}, {"0 <= i < N"});
  EXPECT_TRUE(sets::maximum(set, {0, 1, 0}).unbounded());
  EXPECT_EQ(sets::minimum(set, {0, 1, 0}).value, 0);
  EXPECT_EQ(sets::minimum(set, {1, -1, 0}).value, 1);
  EXPECT_EQ(sets::minimum(parseSet({"i"}, {"1 <= i <= 0"}), {1, 0}).kind,
            sets::Extremum::Empty);
}
