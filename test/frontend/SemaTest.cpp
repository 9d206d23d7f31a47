//===- SemaTest.cpp - every fault of names, types and regularizers *- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/frontend/Support.h"
#include <gtest/gtest.h>

using namespace danskin::test;

TEST(Names, Faults) {
  EXPECT_EQ(faultsOf(R"(output y = a)"), "E0201@3:12");
  EXPECT_EQ(faultsOf(R"(output y = a + a + b)"), "E0201@3:12 E0201@3:20");
  EXPECT_EQ(faultsOf(R"(table D[i in 0..3]
E[i] = 1
D[i] = 2
output y = 1)"),
            "E0201@4:1");
  EXPECT_EQ(faultsOf(R"(size N
size N
output y = 1)"),
            "E0202@4:6");
  EXPECT_EQ(faultsOf(R"(let a = 1
input a : float
output y = 1)"),
            "E0202@4:7");
  EXPECT_EQ(faultsOf(R"(table D[i in 0..3]
D[i] = 1
input D : float
output y = 1)"),
            "E0202@5:7");
  EXPECT_EQ(faultsOf(R"(output y = 1
output y = 2)"),
            "E0202@4:8");
  EXPECT_EQ(faultsOf(R"(input y : float
output y = 2)"),
            "E0202@4:8");
  EXPECT_EQ(faultsOf(R"(let y = 3
output y = y)"),
            "");
  EXPECT_EQ(faultsOf(R"(reg l2
reg l2
output y = 1)"),
            "E0202@4:5");
  EXPECT_EQ(faultsOf(R"(output y = max { a: 1 | b: 2 | a: 3 })"), "E0202@3:32");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = x
output y = D[0])"),
            "E0203@9:8");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = x[0, 1]
output y = D[0])"),
            "E0203@9:8");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = s[]
output y = D[0])"),
            "E0203@9:8");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = s[0]
output y = D[0])"),
            "E0203@9:8");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = N[0] + D
output y = D[0])"),
            "E0203@9:8 E0203@9:15");
  EXPECT_EQ(faultsOf(R"(table D[i in 0..2]
D[i, j] = k
output y = 1)"),
            "E0203@4:1");
  EXPECT_EQ(faultsOf(R"(size N
let a[N in 0..3] = 1
output y = 1)"),
            "E0204@4:7");
  EXPECT_EQ(faultsOf(R"(size N
output y = max { max { 1 for i in 0..N } for i in 0..N })"),
            "E0204@4:30");
  EXPECT_EQ(faultsOf(R"(size N
output y = max { 1 for i in 0..N } + max { 1 for i in 0..N })"),
            "");
  EXPECT_EQ(faultsOf(R"(table D[i in 0..2]
D[D] = 1
output y = 1)"),
            "E0204@4:3");
  EXPECT_EQ(faultsOf(R"(input gamma : float
output y = 1)"),
            "E0204@3:7");
  EXPECT_EQ(faultsOf(R"(output gamma = 1)"), "E0204@3:8");
}

TEST(Types, Faults) {
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = x[1.5]
output y = D[0])"),
            "E0205@9:10");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = x[s]
output y = D[0])"),
            "E0205@9:10");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = x[D[0]]
output y = D[0])"),
            "E0205@9:10");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = x[none]
output y = D[0])"),
            "E0208@9:10");
  EXPECT_EQ(faultsOf(R"(input x : float in 0..3
output y = x)"),
            "E0205@3:20");
  EXPECT_EQ(faultsOf(R"(size N
input x : float[N + 0.5]
output y = 1)"),
            "E0205@4:21");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = x[i*i]
output y = D[0])"),
            "E0206@9:10");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = x[i*N]
output y = D[0])"),
            "E0206@9:10");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = x[2*i - 3 + -(i/2) + (1+2)*N]
output y = D[0])"),
            "");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = x[i/0]
output y = D[0])"),
            "E0206@9:10");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = x[i/N]
output y = D[0])"),
            "E0206@9:10");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = x[i^2]
output y = D[0])"),
            "E0206@9:10");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = x[abs(i)]
output y = D[0])"),
            "E0206@9:10");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = x[if i < 1 then 1 else 2]
output y = D[0])"),
            "E0206@9:10");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = x[u]
output y = D[0])"),
            "E0206@9:10");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = x[i - k] + u
output y = D[0])"),
            "");
  EXPECT_EQ(faultsOf(R"(size N
input k : int in 0..N
table D[i in 0..k]
D[i] = 1
output y = D[0])"),
            "E0207@5:17");
  EXPECT_EQ(faultsOf(R"(size N
input k : int in 0..N
input x : float[k]
output y = 1)"),
            "E0207@5:17");
  EXPECT_EQ(faultsOf(R"(size N
input k : int in 0..N
table D[i in 0..N] where i < k
D[i] = 1
output y = D[0])"),
            "E0207@5:30");
  EXPECT_EQ(faultsOf(R"(size V, E
input g : dag[V, E]
let a[v in 0..V, e in g.in(v)] = 1
output y = 1)"),
            "E0207@5:23");
  EXPECT_EQ(faultsOf(R"(size N
input s : int[i in N] in 0..i
input t : int[N] in 0..i
output y = 1)"),
            "E0201@5:24");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = if none < 1 then 1 else 2
output y = D[0])"),
            "E0208@9:11");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = fmax(none, 0) - none
output y = D[0])"),
            "");
  EXPECT_EQ(faultsOf(R"(size V, E
input g : dag[V, E]
output y = g)"),
            "E0209@5:12");
  EXPECT_EQ(faultsOf(R"(size V, E
input g : dag[V, E]
output y = g[0])"),
            "E0209@5:12");
  EXPECT_EQ(faultsOf(R"(size V, E
input g : dag[V, E]
output y = g.src(0))"),
            "E0209@5:18");
  EXPECT_EQ(faultsOf(R"(size V, E
input g : dag[V, E]
input h : dag[V, E]
output y = max { g.src(e) for e in h.in(0) })"),
            "E0209@6:24");
  EXPECT_EQ(faultsOf(R"(size V, E
input w : float[E]
output y = max { w[e] for e in w.in(0) })"),
            "E0209@5:32");
  EXPECT_EQ(faultsOf(R"(input a : float[3]
a[i] = 1
output y = 1)"),
            "E0209@4:1");
  EXPECT_EQ(faultsOf(R"(table D[i in 0..3, j in 0..3]
D[i, i+1] = 1
output y = 1)"),
            "E0210@4:6");
  EXPECT_EQ(faultsOf(R"(table D[i in 0..3]
D[2*j] = 1
output y = 1)"),
            "E0210@4:3");
  EXPECT_EQ(faultsOf(R"(table D[i in 0..3]
output y = 1)"),
            "E0211@3:7");
  EXPECT_EQ(faultsOf(R"(table D[i in 0..3]
D[0] otherwise = 1
D[i] otherwise = 2
output y = 1)"),
            "E0211@5:1");
  EXPECT_EQ(faultsOf(R"(size N)"), "E0212@2:9");
}

TEST(Optional, Faults) {
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = D[i-1]?
output y = D[0])"),
            "E0305@9:8");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = D[i-1]? else 0
output y = D[0])"),
            "");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = max { D[i-1]? + 1 }
output y = D[0])"),
            "");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = sum { 1 if D[i-1]? > 0 }
output y = D[0])"),
            "E0305@9:19 W0601@9:19");
  EXPECT_EQ(faultsOf(R"(size N >= 1
input x : float[N]
input s : float
input k : int in 0..N
input u : int
table D[i in 0..N]
D[i] = max { x[k?] }
output y = D[0])"),
            "E0101@9:17");
  EXPECT_EQ(faultsOf(R"(size N
input s : int[N] in 0..N
output y = max { s[s[0]?] })"),
            "E0305@5:20");
  EXPECT_EQ(faultsOf(R"(table T[]
T[] = 1
output y = max { T[]? })"),
            "E0306@5:18");
}

TEST(Lets, Recursion) {
  EXPECT_EQ(faultsOf(R"(let a = a
output y = 1)"),
            "E0403@3:5");
  EXPECT_EQ(faultsOf(R"(let a = b
let b = c
let c = a
output y = 1)"),
            "E0403@3:5");
  EXPECT_EQ(faultsOf(R"(let b = c + 1
let c = 2
output y = b)"),
            "");
  EXPECT_EQ(faultsOf(R"(size N >= 1
let a[i in 0..N] = D[i]
table D[i in 0..N]
D[i] = a[i]
output y = 1)"),
            "E0403@4:5");
  EXPECT_EQ(faultsOf(R"(size N >= 1
let a[i in 0..N] = D[i]
table D[i in 0..N]
D[i] = max { D[i-1]? | 0 }
output y = a[0])"),
            "");
  EXPECT_EQ(faultsOf(R"(size N >= 1
let a = D[0]
table D[i in 0..N]
D[i] when a > 0 = 1
output y = 1)"),
            "E0403@4:5 W0601@6:11");
}

TEST(Regularizers, Faults) {
  EXPECT_EQ(faultsOf(R"(size N
input x : float[N]
input t : float
let l = t
output y = max[hard] { x[i] for i in 0..N })"),
            "");
  EXPECT_EQ(faultsOf(R"(size N
input x : float[N]
input t : float
let l = t
output y = max[entropy] { x[i] for i in 0..N })"),
            "");
  EXPECT_EQ(faultsOf(R"(size N
input x : float[N]
input t : float
let l = t
output y = max[l2(0.5)] { x[i] for i in 0..N })"),
            "");
  EXPECT_EQ(faultsOf(R"(size N
input x : float[N]
input t : float
let l = t
output y = max[entropy(exp(t) + x[0])] { x[i] for i in 0..N })"),
            "");
  EXPECT_EQ(faultsOf(R"(size N
input x : float[N]
input t : float
let l = t
output y = max[entropy(N)] { x[i] for i in 0..N })"),
            "");
  EXPECT_EQ(faultsOf(R"(size N
input x : float[N]
input t : float
let l = t
output y = max[tsallis(1.5)] { x[i] for i in 0..N })"),
            "E0501@7:16");
  EXPECT_EQ(faultsOf(R"(size N
input x : float[N]
input t : float
let l = t
output y = max[fused(0.1, t)] { x[i] for i in 0..N })"),
            "E0501@7:16");
  EXPECT_EQ(faultsOf(R"(size N
input x : float[N]
input t : float
let l = t
output y = max[oscar(1)] { x[i] for i in 0..N })"),
            "E0501@7:16");
  EXPECT_EQ(faultsOf(R"(size N
input x : float[N]
input t : float
let l = t
output y = max[entropy(l)] { x[i] for i in 0..N })"),
            "E0502@7:24");
  EXPECT_EQ(faultsOf(R"(size N
input x : float[N]
input t : float
let l = t
output y = max[entropy(0)] { x[i] for i in 0..N })"),
            "E0502@7:24");
  EXPECT_EQ(faultsOf(R"(size N
input x : float[N]
input t : float
let l = t
output y = max[l2(-1)] { x[i] for i in 0..N })"),
            "E0502@7:19");
  EXPECT_EQ(faultsOf(R"(size N
input x : float[N]
input t : float
let l = t
output y = max[entropy(none)] { x[i] for i in 0..N })"),
            "E0502@7:24");
  EXPECT_EQ(faultsOf(R"(size N
input x : float[N]
input t : float
let l = t
output y = max[entropy(1, 2)] { x[i] for i in 0..N })"),
            "E0506@7:16");
  EXPECT_EQ(faultsOf(R"(size N
input x : float[N]
input t : float
let l = t
output y = max[hard(1)] { x[i] for i in 0..N })"),
            "E0506@7:16");
  EXPECT_EQ(faultsOf(R"(size N
input x : float[N]
input t : float
let l = t
output y = max[tsallis] { x[i] for i in 0..N })"),
            "E0506@7:16");
  EXPECT_EQ(faultsOf(R"(size N
input x : float[N]
input t : float
let l = t
output y = max[tsallis(t)] { x[i] for i in 0..N })"),
            "E0501@7:16 E0506@7:24");
  EXPECT_EQ(faultsOf(R"(size N
input x : float[N]
input t : float
let l = t
output y = max[softmax] { x[i] for i in 0..N })"),
            "E0504@7:16");
  EXPECT_EQ(faultsOf(R"(size N
output y = max { max[entropy(i)] { 1 } for i in 0..N })"),
            "E0502@4:30");
  EXPECT_EQ(faultsOf(R"(output y = sum[l2] { 1 })"), "E0505@3:16");
  EXPECT_EQ(faultsOf(R"(reg entropy(tau)
input tau : float
output y = 1)"),
            "");
}

TEST(Warnings, FloatConditions) {
  EXPECT_EQ(faultsOf(R"(input x : float
output y = if x > 0 then 1 else 2)"),
            "W0601@4:15");
  EXPECT_EQ(faultsOf(R"(input x : float
output y = max { 1 if 2 < x })"),
            "W0601@4:27");
  EXPECT_EQ(faultsOf(R"(input x : int
size N
output y = if x > N/2 then 1 else 2)"),
            "");
}

TEST(Options, AnotherRegularizer) {
  danskin::FrontendOptions options;
  options.regularizers.push_back("tsallis");
  options.regularizers.push_back("mine");
  danskin::Diagnostics diagnostics;
  EXPECT_TRUE(danskin::parseFile(
      "dp 1 program p { reg tsallis(1.5) output y = max[mine(2)] { 1 } }",
      "t.dp", diagnostics, options));
  EXPECT_FALSE(diagnostics.hasErrors());
}
