//===- WavefrontTest.cpp - schedules of known programs --------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Wavefront.h"
#include "test/schedule/Zoo.h"
#include <gtest/gtest.h>

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
