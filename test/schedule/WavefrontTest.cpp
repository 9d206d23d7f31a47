//===- WavefrontTest.cpp - schedules of known programs --------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Wavefront.h"
#include "compiler/schedule/Width.h"
#include "test/schedule/Zoo.h"
#include <gtest/gtest.h>
#include <random>

using namespace danskin;
using namespace danskin::test;

/// The proved schedule of a problem as text.
static std::string scheduled(const Problem &problem,
                             const SchedulingOptions &options = {}) {
  EXPECT_FALSE(check(problem));
  SchedulingResult result = solve(problem, options);
  if (result.failure)
    return "none";
  EXPECT_FALSE(check(problem, result.schedule));
  if (std::optional<Violation> violation = verify(problem, result.schedule))
    return "wrong: " + problem.dependences[violation->dependence].label;
  return toString(problem, result.schedule);
}

TEST(Wavefront, TwoSequenceAlignment) {
  EXPECT_EQ(scheduled(dtw()), "D[i, j]: (i + j)\n");
}
TEST(Wavefront, ThreeSequenceAlignment) {
  EXPECT_EQ(scheduled(threeSequences()), "D[i, j, k]: (i + j + k)\n");
}
TEST(Wavefront, GapsBeforeMatches) {
  EXPECT_EQ(scheduled(gotoh()), "H[i, j]: (i + j, 1)\n"
                                "E[i, j]: (i + j, 0)\n"
                                "F[i, j]: (i + j, 0)\n");
}
TEST(Wavefront, SpansByLength) {
  EXPECT_EQ(scheduled(cky()), "I[i, j, a]: (-i + j)\n");
}
TEST(Wavefront, UnaryRulesBySymbol) {
  EXPECT_EQ(scheduled(unaryRules()), "I[i, j, a]: (-i + j, -a)\n");
}
TEST(Wavefront, Nussinov) {
  EXPECT_EQ(scheduled(nussinov()), "P[i, j]: (-i)\n");
}
TEST(Wavefront, ValueIteration) {
  EXPECT_EQ(scheduled(valueIteration()), "V[k, s]: (k)\n");
}
TEST(Wavefront, RuntimeDag) { EXPECT_EQ(scheduled(dag()), "D[v]: (v)\n"); }
TEST(Wavefront, HopsOverRuntimeDag) {
  EXPECT_EQ(scheduled(hops()), "D[h, v]: (h)\n");
}
TEST(Wavefront, IncompleteBeforeComplete) {
  EXPECT_EQ(scheduled(eisner()), "R[i, j]: (-i + j, 0)\n"
                                 "L[i, j]: (-i + j, 0)\n"
                                 "CR[i, j]: (-i + j, 1)\n"
                                 "CL[i, j]: (-i + j, 1)\n");
}
TEST(Wavefront, TimeRunsBackwards) {
  EXPECT_EQ(scheduled(backward()), "G[t, s]: (-t)\n");
}
TEST(Wavefront, EightMutualTables) {
  EXPECT_EQ(scheduled(mutual(8)), "T0[i, j]: (-i + j, 0)\n"
                                  "T1[i, j]: (-i + j, 1)\n"
                                  "T2[i, j]: (-i + j, 2)\n"
                                  "T3[i, j]: (-i + j, 3)\n"
                                  "T4[i, j]: (-i + j, 4)\n"
                                  "T5[i, j]: (-i + j, 5)\n"
                                  "T6[i, j]: (-i + j, 6)\n"
                                  "T7[i, j]: (-i + j, 7)\n");
}
TEST(Wavefront, StrictlyInsideSpans) {
  EXPECT_EQ(scheduled(zuker()), "V[i, j]: (0, -i + j, 0)\n"
                                "M[i, j]: (0, -i + j, 1)\n"
                                "W[j]: (1, j, 0)\n");
}
TEST(Wavefront, TwoPairsOfEnds) {
  EXPECT_EQ(scheduled(sankoff()), "S[i, j, k, l]: (-i + j - k + l)\n");
}
TEST(Wavefront, LargerCoefficientsWhereNeeded) {
  EXPECT_EQ(scheduled(oneStepSkew()), "D[i, j]: (2*i + j)\n");
}
TEST(Wavefront, ReductionWithinAStep) {
  EXPECT_EQ(scheduled(normalized()), "A[t, s]: (t, 0)\n"
                                     "Z[t]: (t, 1)\n");
}
TEST(Wavefront, OppositeDirectionsAreTwoLoops) {
  EXPECT_EQ(scheduled(forwardBackward()), "F[t, s]: (0, t, 0)\n"
                                          "G[t, s]: (1, -t, 0)\n"
                                          "H[t, s]: (1, -t, 1)\n");
}
TEST(Wavefront, TablesWithoutDims) {
  EXPECT_EQ(scheduled(scalars()), "A[i]: (0, i, 0)\n"
                                  "Z[]: (1, 0, 0)\n"
                                  "B[i]: (2, -i, 0)\n"
                                  "Y[]: (2, 0, 1)\n"
                                  "Empty[i]: (3, 0, 0)\n");
}
TEST(Wavefront, SweepsThatReadThemselves) {
  EXPECT_EQ(scheduled(gaussSeidel()), "V[k, s]: (k, s)\n");
}
TEST(Wavefront, Strides) {
  EXPECT_EQ(scheduled(stride()), "T[i]: (-i)\n");
  EXPECT_EQ(scheduled(half()), "D[i]: (i)\n");
}

TEST(Wavefront, RowMajor) {
  SchedulingOptions options;
  options.rowMajor = true;
  EXPECT_EQ(scheduled(dtw(), options), "D[i, j]: (i, j)\n");
  EXPECT_EQ(scheduled(nussinov(), options), "P[i, j]: (-i)\n");
  EXPECT_EQ(scheduled(gotoh(), options), "H[i, j]: (i, 1, j, 1)\n"
                                         "E[i, j]: (i, 1, j, 0)\n"
                                         "F[i, j]: (i, 0, 0, 0)\n");
}

TEST(Wavefront, TangentsShareLoops) {
  Problem problem = differentiate(viterbi());
  EXPECT_EQ(scheduled(problem), "A[t, s]: (0, t, 0)\n"
                                "A~[t, s]: (0, t, 1)\n"
                                "A^[t, s]: (1, -t, 0)\n"
                                "A^~[t, s]: (1, -t, 1)\n");
  SchedulingOptions options;
  options.fuse = false;
  EXPECT_EQ(scheduled(problem, options), "A[t, s]: (0, t)\n"
                                         "A~[t, s]: (1, t)\n"
                                         "A^[t, s]: (2, -t)\n"
                                         "A^~[t, s]: (3, -t)\n");
}

/// Derived tables run as wide as their primal ones, and finding that out takes
/// little work: a unit is a fraction of a microsecond.
TEST(Wavefront, DifferentiatedZoo) {
  for (const NamedProblem &each : zoo()) {
    SCOPED_TRACE(each.name);
    SchedulingResult primal = solve(each.problem);
    Problem problem = differentiate(each.problem);
    SchedulingResult result = solve(problem);
    ASSERT_TRUE(primal && result);
    EXPECT_FALSE(verify(problem, result.schedule));
    EXPECT_LE(result.work, 10000u);
    for (unsigned k = 0; k < problem.statements.size(); ++k)
      EXPECT_EQ(freeAxes(result.schedule, k, problem.rank(k)),
                freeAxes(primal.schedule, k / 4, problem.rank(k)))
          << problem.statements[k].name;
  }
}

//===----------------------------------------------------------------------===//
// Failures
//===----------------------------------------------------------------------===//

static std::string failure(const Problem &problem,
                           const SchedulingOptions &options = {}) {
  SchedulingResult result = solve(problem, options);
  if (!result.failure)
    return toString(problem, result.schedule);
  switch (result.failure->kind) {
  case SchedulingFailure::Cycle:
    return toString(problem, *result.failure->cycle);
  case SchedulingFailure::NoSchedule:
    return "no schedule";
  case SchedulingFailure::WorkLimit:
    return "work limit";
  }
  return "";
}

TEST(Wavefront, CyclesAreShown) {
  ProblemBuilder self({"N"});
  self.table("D", {"i"}, {"0 <= i <= N"}).read("D", "D", {"i"});
  EXPECT_EQ(failure(self.problem), "N = 0: D[0] -> D[0]");

  ProblemBuilder neighbours({"N"});
  neighbours.table("D", {"i"}, {"0 <= i <= N"})
      .read("D", "D", {"i - 1"})
      .read("D", "D", {"i + 1"});
  EXPECT_EQ(failure(neighbours.problem), "N = 1: D[1] -> D[0] -> D[1]");

  ProblemBuilder three({"N"});
  three.table("A", {"i"}, {"0 <= i < N"})
      .table("B", {"i"}, {"0 <= i < N"})
      .table("C", {"i"}, {"0 <= i < N"})
      .read("A", "B", {"i - 1"})
      .read("B", "C", {"i - 1"})
      .read("C", "A", {"i + 2"})
      .read("C", "C", {"i - 1"});
  EXPECT_EQ(failure(three.problem), "N = 3: A[2] -> B[1] -> C[0] -> A[2]");
}

/// Even cells read the next, odd ones the one before the last: no cycle, yet
/// no row orders all cells.
TEST(Wavefront, ParityNeedsASplit) {
  EXPECT_EQ(failure(parity()), "no schedule");
}

TEST(Wavefront, TwoPassesNeedASplit) {
  ProblemBuilder passes({"N"});
  passes.table("D", {"p", "j"}, {"0 <= p < 2", "0 <= j <= N"})
      .read("D", "D", {"0", "j - 1"}, {"p = 0"})
      .read("D", "D", {"0", "j"}, {"p = 1"})
      .read("D", "D", {"1", "j + 1"}, {"p = 1"});
  EXPECT_EQ(failure(passes.problem), "no schedule");
}

TEST(Wavefront, StopsAtTheWorkLimit) {
  SchedulingOptions options;
  options.workLimit = 100;
  EXPECT_EQ(failure(eisner(), options), "work limit");
}

/// Sixteen dims that all move: many candidates, no exponential search.
TEST(Wavefront, ManyDims) {
  Names dims, domain;
  for (unsigned k = 0; k < 16; ++k) {
    dims.push_back("i" + std::to_string(k));
    domain.push_back("0 <= " + dims.back() + " < N");
  }
  ProblemBuilder builder({"N"});
  builder.table("D", dims, domain);
  for (unsigned k = 0; k < 16; ++k) {
    Names index = dims;
    index[k] += " - 1";
    builder.read("D", "D", index);
  }
  SchedulingResult result = solve(builder.problem);
  ASSERT_TRUE(result);
  ASSERT_EQ(result.schedule.numRows(), 1u);
  EXPECT_EQ(result.schedule.rows[0][0].coefficients,
            std::vector<int64_t>(16, 1));
  EXPECT_LE(result.work, 200000u);
}

//===----------------------------------------------------------------------===//
// Random programs
//===----------------------------------------------------------------------===//

/// Draws a row first, then reads at distances that the row makes positive: the
/// solver must do with one row as well.
TEST(Wavefront, AtLeastAsParallelAsDrawn) {
  std::mt19937 random(11);
  auto draw = [&](int64_t lower, int64_t upper) {
    return std::uniform_int_distribution<int64_t>(lower, upper)(random);
  };
  const Names dims = {"i", "j", "k"};
  for (unsigned round = 0; round < 300; ++round) {
    unsigned rank = draw(1, 3);
    std::vector<int64_t> row(rank);
    for (int64_t &value : row)
      value = draw(-2, 2);
    ProblemBuilder builder({"N", "M"});
    Names mine(dims.begin(), dims.begin() + rank), domain;
    for (const std::string &dim : mine)
      domain.push_back("0 <= " + dim + (draw(0, 1) ? " < N" : " < M"));
    builder.table("D", mine, domain);
    for (unsigned tries = 0; tries < 12; ++tries) {
      Names index;
      int64_t distance = 0;
      for (unsigned k = 0; k < rank; ++k) {
        int64_t offset = draw(-3, 3);
        distance += row[k] * offset;
        index.push_back(mine[k] + (offset < 0 ? " - " : " + ") +
                        std::to_string(std::abs(offset)));
      }
      if (distance < 0)
        builder.read("D", "D", index);
    }
    SchedulingResult result = solve(builder.problem);
    ASSERT_TRUE(result);
    EXPECT_LE(result.schedule.numRows(), 1u);
    EXPECT_FALSE(verify(builder.problem, result.schedule));
  }
}

static bool isInstance(const Problem &problem, const DependenceCycle &cycle,
                       unsigned read) {
  std::vector<int64_t> point = cycle.sizes;
  const Cell &reader = cycle.cells[read];
  const Cell &target = cycle.cells[(read + 1) % cycle.cells.size()];
  for (const Cell *cell : {&reader, &target})
    point.insert(point.end(), cell->index.begin(), cell->index.end());
  const Dependence &dependence = problem.dependences[cycle.dependences[read]];
  return dependence.reader == reader.statement &&
         dependence.target == target.statement &&
         dependence.instances.front().containsPoint(point);
}

/// Whatever tables read each other: a schedule is proved, a cycle is one.
TEST(Wavefront, RandomSystemsOfTables) {
  std::mt19937 random(5);
  auto draw = [&](int64_t lower, int64_t upper) {
    return std::uniform_int_distribution<int64_t>(lower, upper)(random);
  };
  unsigned schedules = 0, cycles = 0;
  for (unsigned round = 0; round < 400; ++round) {
    ProblemBuilder builder({"N"});
    const Names tables = {"A", "B", "C"};
    unsigned numTables = draw(1, 3);
    for (unsigned k = 0; k < numTables; ++k)
      builder.table(
          tables[k], {"i", "j"},
          {draw(0, 1) ? "0 <= i <= j" : "0 <= i <= N", "0 <= j <= N"});
    auto index = [&](const std::string &dim) {
      int64_t offset = draw(-2, draw(0, 3) ? 0 : 1);
      return (draw(0, 9) ? dim : "2*" + dim) + (offset < 0 ? " - " : " + ") +
             std::to_string(std::abs(offset));
    };
    for (int64_t k = draw(1, 5); k > 0; --k)
      builder.read(tables[draw(0, numTables - 1)],
                   tables[draw(0, numTables - 1)],
                   draw(0, 6) ? Names{index("i"), index("j")}
                              : Names{index("j"), index("i")});
    SchedulingOptions options;
    options.rowMajor = draw(0, 3) == 0;
    options.fuse = draw(0, 3) != 0;
    SchedulingResult result = solve(builder.problem, options);
    if (result) {
      ++schedules;
      ASSERT_FALSE(check(builder.problem, result.schedule));
      EXPECT_FALSE(verify(builder.problem, result.schedule));
    } else if (result.failure->kind == SchedulingFailure::Cycle) {
      ++cycles;
      for (unsigned k = 0; k < result.failure->cycle->cells.size(); ++k)
        EXPECT_TRUE(isInstance(builder.problem, *result.failure->cycle, k));
    }
  }
  EXPECT_GT(schedules, 100u);
  EXPECT_GT(cycles, 40u);
}
