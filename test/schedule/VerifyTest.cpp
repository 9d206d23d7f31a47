//===- VerifyTest.cpp - proofs of schedules against enumeration -----------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Wavefront.h"
#include "test/schedule/Zoo.h"
#include <gtest/gtest.h>
#include <random>

using namespace danskin;
using namespace danskin::test;

static std::vector<int64_t> timeOf(const Schedule &schedule, const Cell &cell) {
  std::vector<int64_t> time;
  for (const ScheduleRow &row : schedule.rows[cell.statement]) {
    time.push_back(row.constant);
    for (unsigned k = 0; k < cell.index.size(); ++k)
      time.back() += row.coefficients[k] * cell.index[k];
  }
  return time;
}

/// Whether every read of a point of the box is ordered; dependences without
/// locals only.
static bool holdsInBox(const Problem &problem, const Schedule &schedule,
                       int64_t largest) {
  bool holds = true;
  for (const Dependence &read : problem.dependences) {
    unsigned begin = problem.numParameters();
    unsigned middle = begin + problem.rank(read.reader);
    unsigned end = middle + problem.rank(read.target);
    forEachPoint(end, 0, largest, [&](const std::vector<int64_t> &point) {
      for (const Polyhedron &piece : read.instances) {
        if (!piece.containsPoint(point))
          continue;
        auto at = point.begin();
        Cell reader{read.reader, {at + begin, at + middle}};
        Cell target{read.target, {at + middle, at + end}};
        holds &= timeOf(schedule, target) < timeOf(schedule, reader);
      }
    });
  }
  return holds;
}

/// Small tables with constant, strided and swapped reads, random rows.
TEST(Verify, AgreesWithEnumeration) {
  std::mt19937 random(7);
  auto draw = [&](int64_t lower, int64_t upper) {
    return std::uniform_int_distribution<int64_t>(lower, upper)(random);
  };
  unsigned proved = 0, violated = 0;
  for (unsigned round = 0; round < 1500; ++round) {
    ProblemBuilder builder({"N"}, {"N <= 5"});
    Names domain = {"0 <= i <= N", "0 <= j <= N"};
    builder.table("A", {"i", "j"}, domain).table("B", {"i", "j"}, domain);
    auto index = [&](const char *dim) {
      int64_t offset = draw(-2, 1);
      return (draw(0, 5) ? "" : "2*") + std::string(dim) +
             (offset < 0 ? " - " : " + ") + std::to_string(std::abs(offset));
    };
    for (int64_t k = draw(1, 2); k > 0; --k)
      builder.read(draw(0, 1) ? "A" : "B", draw(0, 1) ? "A" : "B",
                   draw(0, 4) ? Names{index("i"), index("j")}
                              : Names{index("j"), index("i")});
    Schedule schedule;
    unsigned numRows = draw(1, 2);
    schedule.rows.resize(2);
    for (std::vector<ScheduleRow> &rows : schedule.rows)
      for (unsigned k = 0; k < numRows; ++k)
        rows.push_back({{draw(-1, 2), draw(-1, 2)}, draw(0, 1)});
    std::optional<Violation> violation = verify(builder.problem, schedule);
    ASSERT_EQ(!violation, holdsInBox(builder.problem, schedule, 5));
    (violation ? violated : proved) += 1;
    if (!violation)
      continue;
    EXPECT_GE(timeOf(schedule, violation->target),
              timeOf(schedule, violation->reader));
    std::vector<int64_t> point = violation->sizes;
    for (const Cell *cell : {&violation->reader, &violation->target})
      point.insert(point.end(), cell->index.begin(), cell->index.end());
    EXPECT_TRUE(builder.problem.dependences[violation->dependence]
                    .instances.front()
                    .containsPoint(point));
  }
  EXPECT_GT(proved, 100u);
  EXPECT_GT(violated, 100u);
}

TEST(Verify, ShowsTheSmallestWrongRead) {
  Problem problem = dtw();
  Schedule schedule{{{{{1, 0}, 0}}}};
  std::optional<Violation> violation = verify(problem, schedule);
  ASSERT_TRUE(violation);
  EXPECT_EQ(problem.dependences[violation->dependence].label, "D reads D");
  EXPECT_EQ(sizesToString(problem, violation->sizes), "N = 1, M = 2");
  EXPECT_EQ(toString(problem, violation->reader), "D[0, 1]");
  EXPECT_EQ(toString(problem, violation->target), "D[0, 0]");
  EXPECT_EQ(violation->row, 1u);
}

TEST(Check, FindsMalformedProblems) {
  Problem problem = dtw();
  EXPECT_FALSE(check(problem));
  EXPECT_TRUE(check(problem, Schedule{}));
  EXPECT_TRUE(check(problem, Schedule{{{{{1}, 0}}}}));
  Problem extra = problem;
  extra.dependences[0].numLocals = 1;
  EXPECT_TRUE(check(extra));
  Problem nowhere = problem;
  nowhere.dependences[0].target = 3;
  EXPECT_TRUE(check(nowhere));
  Problem domain = problem;
  domain.statements[0].dims.push_back("k");
  EXPECT_TRUE(check(domain));
}
