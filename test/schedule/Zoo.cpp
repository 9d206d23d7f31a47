//===- Zoo.cpp - the recurrences that schedules are tested on -------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/schedule/Zoo.h"

namespace danskin::test {

Problem dtw() {
  return ProblemBuilder({"N", "M"}, {"1 <= N", "1 <= M"})
      .table("D", {"i", "j"}, {"0 <= i < N", "0 <= j < M"})
      .read("D", "D", {"i - 1", "j - 1"})
      .read("D", "D", {"i - 1", "j"})
      .read("D", "D", {"i", "j - 1"})
      .problem;
}

Problem threeSequences() {
  ProblemBuilder builder({"N", "M", "L"});
  builder.table("D", {"i", "j", "k"},
                {"0 <= i < N", "0 <= j < M", "0 <= k < L"});
  for (int moves = 1; moves < 8; ++moves)
    builder.read("D", "D",
                 {moves & 1 ? "i - 1" : "i", moves & 2 ? "j - 1" : "j",
                  moves & 4 ? "k - 1" : "k"});
  return builder.problem;
}

Problem gotoh() {
  return ProblemBuilder({"N", "M"})
      .table("H", {"i", "j"}, {"0 <= i <= N", "0 <= j <= M"})
      .table("E", {"i", "j"}, {"0 <= i <= N", "1 <= j <= M"})
      .table("F", {"i", "j"}, {"1 <= i <= N", "0 <= j <= M"})
      .read("H", "H", {"i - 1", "j - 1"})
      .read("H", "E", {"i", "j"})
      .read("H", "F", {"i", "j"})
      .read("E", "H", {"i", "j - 1"})
      .read("E", "E", {"i", "j - 1"})
      .read("F", "H", {"i - 1", "j"})
      .read("F", "F", {"i - 1", "j"})
      .problem;
}

static ProblemBuilder spans() {
  Names rule = {"i < k < j", "0 <= b < G", "0 <= c < G"};
  ProblemBuilder builder({"N", "G"}, {"1 <= N"});
  builder.table("I", {"i", "j", "a"}, {"0 <= i < j", "j <= N", "0 <= a < G"})
      .read("I", "I", {"i", "k", "b"}, rule, {"k", "b", "c"})
      .read("I", "I", {"k", "j", "c"}, rule, {"k", "b", "c"});
  return builder;
}

Problem cky() { return spans().problem; }

Problem unaryRules() {
  return spans().read("I", "I", {"i", "j", "b"}, {"a < b < G"}, {"b"}).problem;
}

Problem nussinov() {
  return ProblemBuilder({"N"})
      .table("P", {"i", "j"}, {"0 <= i <= j", "j <= N"})
      .read("P", "P", {"i + 1", "j"})
      .read("P", "P", {"i + 1", "k"}, {"i < k < j"}, {"k"})
      .read("P", "P", {"k + 1", "j"}, {"i < k < j"}, {"k"})
      .problem;
}

Problem viterbi() {
  return ProblemBuilder({"T", "S"}, {"1 <= T"})
      .table("A", {"t", "s"}, {"0 <= t < T", "0 <= s < S"})
      .read("A", "A", {"t - 1", "r"}, {"0 <= r < S"}, {"r"})
      .problem;
}

Problem valueIteration() {
  return ProblemBuilder({"S", "A", "K"})
      .table("V", {"k", "s"}, {"0 <= k <= K", "0 <= s < S"})
      .read("V", "V", {"k - 1", "t"}, {"1 <= k", "0 <= a < A", "0 <= t < S"},
            {"a", "t"})
      .problem;
}

Problem dag() {
  return ProblemBuilder({"V", "E"}, {"1 <= V"})
      .table("D", {"v"}, {"0 <= v < V"})
      .read("D", "D", {"u"}, {"0 <= e < E", "0 <= u < v"}, {"e", "u"})
      .problem;
}

Problem hops() {
  return ProblemBuilder({"V", "E", "H"}, {"1 <= V"})
      .table("D", {"h", "v"}, {"0 <= h <= H", "0 <= v < V"})
      .read("D", "D", {"h - 1", "u"}, {"0 <= e < E", "0 <= u < v"}, {"e", "u"})
      .problem;
}

Problem eisner() {
  Names span = {"0 <= i < j", "j < N"}, point = {"0 <= i <= j", "j < N"};
  ProblemBuilder builder({"N"});
  builder.table("R", {"i", "j"}, span)
      .table("L", {"i", "j"}, span)
      .table("CR", {"i", "j"}, point)
      .table("CL", {"i", "j"}, point);
  for (const char *arc : {"R", "L"})
    builder.read(arc, "CR", {"i", "k"}, {"i <= k < j"}, {"k"})
        .read(arc, "CL", {"k + 1", "j"}, {"i <= k < j"}, {"k"});
  return builder.read("CR", "R", {"i", "k"}, {"i < k <= j"}, {"k"})
      .read("CR", "CR", {"k", "j"}, {"i < k <= j"}, {"k"})
      .read("CL", "CL", {"i", "k"}, {"i <= k < j"}, {"k"})
      .read("CL", "L", {"k", "j"}, {"i <= k < j"}, {"k"})
      .problem;
}

Problem backward() {
  return ProblemBuilder({"T", "S"})
      .table("G", {"t", "s"}, {"0 <= t <= T", "0 <= s < S"})
      .read("G", "G", {"t + 1", "r"}, {"0 <= r < S"}, {"r"})
      .problem;
}

Problem mutual(unsigned numTables) {
  ProblemBuilder builder({"N"});
  auto name = [&](unsigned k) { return "T" + std::to_string(k % numTables); };
  for (unsigned k = 0; k < numTables; ++k)
    builder.table(name(k), {"i", "j"}, {"0 <= i <= j", "j <= N"});
  for (unsigned k = 0; k < numTables; ++k)
    for (unsigned left = 0; left < numTables; ++left) {
      unsigned right = k == 0 ? left : left + k;
      builder.read(name(k), name(left), {"i", "k"}, {"i <= k < j"}, {"k"})
          .read(name(k), name(right), {"k + 1", "j"}, {"i <= k < j"}, {"k"});
    }
  for (unsigned k = 1; k < numTables; ++k)
    builder.read(name(k), name(k - 1), {"i", "j"});
  return builder.problem;
}

Problem zuker() {
  Names inner = {"i < k < j - 1"};
  return ProblemBuilder({"N"})
      .table("V", {"i", "j"}, {"0 <= i <= j", "j <= N"})
      .table("M", {"i", "j"}, {"0 <= i <= j", "j <= N"})
      .table("W", {"j"}, {"0 <= j <= N"})
      .read("V", "V", {"k", "l"}, {"i < k < j", "k <= l < j"}, {"k", "l"})
      .read("V", "M", {"i + 1", "k"}, inner, {"k"})
      .read("V", "M", {"k + 1", "j - 1"}, inner, {"k"})
      .read("M", "V", {"i", "j"})
      .read("M", "M", {"i + 1", "j"})
      .read("M", "M", {"i", "j - 1"})
      .read("M", "M", {"i", "k"}, {"i <= k < j"}, {"k"})
      .read("M", "M", {"k + 1", "j"}, {"i <= k < j"}, {"k"})
      .read("W", "W", {"j - 1"})
      .read("W", "W", {"k"}, {"0 <= k < j"}, {"k"})
      .read("W", "V", {"k", "j"}, {"0 <= k < j"}, {"k"})
      .problem;
}

Problem sankoff() {
  Names split = {"i < p < j", "k < q <= l"};
  return ProblemBuilder({"N", "M"})
      .table("S", {"i", "j", "k", "l"},
             {"0 <= i <= j", "j <= N", "0 <= k <= l", "l <= M"})
      .read("S", "S", {"i + 1", "j", "k", "l"})
      .read("S", "S", {"i", "j - 1", "k", "l"})
      .read("S", "S", {"i", "j", "k + 1", "l"})
      .read("S", "S", {"i", "j", "k", "l - 1"})
      .read("S", "S", {"i + 1", "j - 1", "k + 1", "l - 1"})
      .read("S", "S", {"i", "p", "k", "q"}, split, {"p", "q"})
      .read("S", "S", {"p", "j", "q", "l"}, split, {"p", "q"})
      .problem;
}

Problem semimarkov() {
  return ProblemBuilder({"T", "S", "W"}, {"1 <= T"})
      .table("A", {"t", "s"}, {"1 <= t <= T", "0 <= s < S"})
      .read("A", "A", {"t - d", "r"}, {"1 <= d <= W", "0 <= r < S"}, {"d", "r"})
      .problem;
}

Problem oneStepSkew() {
  return ProblemBuilder({"N", "M"})
      .table("D", {"i", "j"}, {"0 <= i <= N", "0 <= j <= M"})
      .read("D", "D", {"i - 1", "j + 1"})
      .read("D", "D", {"i", "j - 1"})
      .problem;
}

Problem normalized() {
  return ProblemBuilder({"T", "S"})
      .table("A", {"t", "s"}, {"0 <= t < T", "0 <= s < S"})
      .table("Z", {"t"}, {"0 <= t < T"})
      .read("A", "A", {"t - 1", "r"}, {}, {"r"})
      .read("A", "Z", {"t - 1"})
      .read("Z", "A", {"t", "r"}, {}, {"r"})
      .problem;
}

Problem forwardBackward() {
  Names domain = {"0 <= t <= T", "0 <= s < S"};
  return ProblemBuilder({"T", "S"})
      .table("F", {"t", "s"}, domain)
      .table("G", {"t", "s"}, domain)
      .table("H", {"t", "s"}, domain)
      .read("F", "F", {"t - 1", "r"}, {}, {"r"})
      .read("G", "G", {"t + 1", "r"}, {}, {"r"})
      .read("H", "F", {"t", "s"})
      .read("H", "G", {"t", "s"})
      .problem;
}

Problem parity() {
  return ProblemBuilder({"N"})
      .table("D", {"i"}, {"0 <= i <= N"})
      .read("D", "D", {"i + 1"}, {"i = 2*q"}, {"q"})
      .read("D", "D", {"i - 2"}, {"i = 2*q + 1"}, {"q"})
      .problem;
}

Problem stride() {
  return ProblemBuilder({"N"}, {"1 <= N"})
      .table("T", {"i"}, {"1 <= i <= N"})
      .read("T", "T", {"2*i"})
      .read("T", "T", {"2*i + 1"})
      .read("T", "T", {"3*i + 2"})
      .problem;
}

Problem half() {
  return ProblemBuilder({"N"})
      .table("D", {"i"}, {"0 <= i <= N"})
      .read("D", "D", {"q"}, {"1 <= i", "0 <= i - 2*q < 2"}, {"q"})
      .read("D", "D", {"q"}, {"1 <= i", "0 <= i - 1 - 3*q < 3"}, {"q"})
      .problem;
}

Problem gaussSeidel() {
  return ProblemBuilder({"K", "S"})
      .table("V", {"k", "s"}, {"0 <= k <= K", "0 <= s < S"})
      .read("V", "V", {"k", "t"}, {"0 <= t < s"}, {"t"})
      .read("V", "V", {"k - 1", "t"}, {"s <= t < S"}, {"t"})
      .problem;
}

Problem scalars() {
  return ProblemBuilder({"N"})
      .table("A", {"i"}, {"0 <= i <= N"})
      .table("Z", {}, {})
      .table("B", {"i"}, {"0 <= i <= N"})
      .table("Y", {}, {})
      .table("Empty", {"i"}, {"1 <= i <= 0"})
      .read("A", "A", {"i - 1"})
      .read("Z", "A", {"i"}, {}, {"i"})
      .read("B", "Z", {})
      .read("B", "A", {"i"})
      .read("B", "B", {"i + 1"})
      .read("Y", "B", {"0"})
      .read("Y", "Z", {})
      .read("Empty", "Empty", {"i"})
      .problem;
}

std::vector<NamedProblem> zoo() {
  return {{"dtw", dtw()},
          {"threeSequences", threeSequences()},
          {"gotoh", gotoh()},
          {"cky", cky()},
          {"unaryRules", unaryRules()},
          {"nussinov", nussinov()},
          {"viterbi", viterbi()},
          {"valueIteration", valueIteration()},
          {"dag", dag()},
          {"hops", hops()},
          {"eisner", eisner()},
          {"backward", backward()},
          {"mutual", mutual(8)},
          {"zuker", zuker()},
          {"sankoff", sankoff()},
          {"semimarkov", semimarkov()},
          {"oneStepSkew", oneStepSkew()},
          {"normalized", normalized()},
          {"forwardBackward", forwardBackward()},
          {"gaussSeidel", gaussSeidel()},
          {"half", half()},
          {"stride", stride()},
          {"scalars", scalars()}};
}

} // namespace danskin::test
