//===- DiagnosticsTest.cpp - each fault with its smallest instance --------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/Report.h"
#include "compiler/schedule/Wavefront.h"
#include "test/analysis/TestProgram.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace danskin;

static std::string faults(const std::string &items) {
  return faultsOf("dp 1\nprogram p {\n" + items + "\n}\n");
}

TEST(Diagnostics, ReadOutsideTable) {
  EXPECT_EQ(faults(R"(size N >= 1, M
    table D[i in 0..N, j in 0..M]
    D[i, j] = max { D[i, j-1]? | D[i-1, j] | 0 }
    output y = 0)"),
            "E0301 read of `D[-1, 0]` outside the domain of table `D` | "
            "N = 1, M = 1, i = 0, j = 0\n");
}

TEST(Diagnostics, GuardMayNotAssumeOptional) {
  EXPECT_EQ(faults(R"(size N
    table E[i in 0..N]
    E[i] = 1
    table D[i in 0..N]
    D[i] = max { 0 | D[i-1]? if E[i-1] > 0 }
    output y = 0)"),
            "E0301 read of `E[-1]` outside the domain of table `E` | "
            "N = 1, i = 0\n");
}

TEST(Diagnostics, OtherReadsMayAssumeOptional) {
  EXPECT_EQ(faults(R"(size N
    input x : float[N]
    table D[i in 0..N]
    D[i] = max { 0 | D[i-1]? + x[i-1] }
    output y = 0)"),
            "");
}

TEST(Diagnostics, IndexOfOptionalMayAssumeGuard) {
  EXPECT_EQ(faults(R"(size N, M
    input y : int[M] in 0..=N
    table D[i in 0..=N, j in 0..=M]
    D[i, j] = max { 0 | D[y[j-1] - 1, j]? if j >= 1 }
    output o = 0)"),
            "");
}

TEST(Diagnostics, ReadOutsideInput) {
  EXPECT_EQ(faults(R"(size N, V
    input x : float[V]
    input y : int[N] in 0..=V
    output a[i in 0..N] = x[y[i]])"),
            "E0302 read of `x[0]` outside the extents of input `x` | "
            "N = 1, V = 0, i = 0, y[0] = 0\n");
}

TEST(Diagnostics, RangeOfAnElementDependsOnItsIndex) {
  EXPECT_EQ(faults(R"(size N
    input parent : int[i in N] in 0..=i
    table D[i in 0..N]
    D[i] = max { 0 | D[parent[i] - 1]? }
    output y[i in 1..N] = D[parent[i]] + D[parent[i] + 1])"),
            "E0301 read of `D[2]` outside the domain of table `D` | "
            "N = 2, i = 1, parent[1] = 1\n");
}

TEST(Diagnostics, Gap) {
  EXPECT_EQ(faults(R"(size N
    table D[i in 0..N]
    D[0] = 0
    D[i] when i >= 2 = 1
    output y = 0)"),
            "E0303 no equation defines `D[1]` | N = 2, i = 1\n");
}

TEST(Diagnostics, Overlap) {
  EXPECT_EQ(faults(R"(size N
    table D[i in 0..N, j in 0..N]
    D[i, i] = 0
    D[i, 0] = 1
    D[i, j] otherwise = 2
    output y = 0)"),
            "E0304 two equations define `D[0, 0]` | N = 1, i = 0, j = 0\n");
}

TEST(Diagnostics, EqualDataIsEqual) {
  EXPECT_EQ(faults(R"(size N
    input y : int[N] in 0..3
    table D[i in 0..N]
    D[i] when y[i] == 1 = 0
    D[i] when y[i] != 1 = 1
    output z = 0)"),
            "");
}

TEST(Diagnostics, NeedlessOptional) {
  EXPECT_EQ(faults(R"(size N
    table D[i in 0..=N]
    D[0] = 0
    D[i] otherwise = max { D[i-1]? | D[i-2]? | D[i-3]? if i >= 3 }
    output y = 0)"),
            "E0306 needless `?`: `D[i - 1]` is always in the domain of table "
            "`D`\n"
            "E0306 needless `?`: `D[i - 3]` is always in the domain of table "
            "`D`\n");
}

TEST(Diagnostics, Band) {
  EXPECT_EQ(faults(R"(size N, W
    table D[i in 0..N, j in 0..N] where abs(i - j) <= W
    D[i, j] = max { D[i-1, j-1]? | D[i-1, j]? | 0 }
    output y[i in 0..N] = D[i, i])"),
            "");
}

TEST(Diagnostics, Halves) {
  EXPECT_EQ(faults(R"(size N
    table D[i in 0..N]
    D[i] = max { 0 | D[i / 2] if i >= 1 | D[(i - 1) / 2] }
    output y = 0)"),
            "E0301 read of `D[-1]` outside the domain of table `D` | "
            "N = 1, i = 0\n");
}

TEST(Schedule, CycleIsNone) {
  EXPECT_EQ(scheduleOf(R"(dp 1
program p {
  size N >= 1
  table D[i in 0..N]
  table E[i in 0..N]
  D[i] = max { E[i] | 0 }
  E[i] = max { D[i] | 0 }
  output y = D[N-1]
}
)"),
            "no schedule");
}

static std::string reportOf(const std::string &text) {
  TestProgram test(text);
  EXPECT_EQ(test.errors, "");
  ProofBudget budget{dependenceProofLimit};
  ProgramDependences dependences = getDependences(test.program, budget);
  Schedule schedule = solve(dependences.problem).schedule;
  std::string printed;
  llvm::raw_string_ostream os(printed);
  print(getReport(test.program, dependences, schedule), os);
  return printed;
}

TEST(Report, Tree) {
  EXPECT_EQ(reportOf(R"(dp 1
program p {
  size N >= 1
  input w : float[N]
  table I[i in 0..N, j in i+1..=N]
  I[i, j] when j == i + 1 = w[i]
  I[i, j] otherwise = max { I[i, k] + I[k, j] for k in i+1..j }
  output y = I[0, N]
}
)"),
            "class: tree\nschedule:\n  I[i, j]: (-i + j)\nwidth: 1 axis, N "
            "cells\ncost: 1/6*N^3 + 1/2*N^2 + 1/3*N + 1 candidates\nmemory: "
            "1/2*N^2 + 1/2*N cells\n");
}

TEST(Report, EdgesCountOnce) {
  EXPECT_EQ(reportOf(R"(dp 1
program p {
  size V >= 1, E
  input g : dag[V, E]
  input w : float[E]
  table D[v in 0..V]
  D[0] = 0
  D[v] otherwise = min { D[g.src(e)] + w[e] for e in g.in(v) }
  output dist = D[V-1]
}
)"),
            "class: chain\nschedule:\n  D[v]: (v)\nwidth: 0 axes, 1 "
            "cell\ncost: V + E + 1 candidates\nmemory: V cells\n");
}

TEST(Report, General) {
  EXPECT_EQ(reportOf(R"(dp 1
program p {
  size S, A, K
  input R : float[S, A]
  input P : float[S, A, S]
  table V[k in 0..=K, s in 0..S]
  V[0, s] = 0
  V[k, s] otherwise = max { R[s, a] + sum { P[s, a, t] * V[k-1, t] for t in 0..S } for a in 0..A }
  output value[s in 0..S] = V[K, s]
}
)"),
            "class: general\nschedule:\n  V[k, s]: (k)\nwidth: 1 axis, S "
            "cells\ncost: S^2*A*K + S*A*K + S*K + 2*S candidates\nmemory: S*K "
            "+ S cells\n");
}
