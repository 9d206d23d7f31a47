//===- KernelTest.cpp - compiled programs against plain loops -------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/conversion/Jit.h"
#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace danskin::test;

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();

struct Random {
  std::mt19937 engine{7};
  std::vector<double> numbers(size_t count) {
    std::normal_distribution<double> normal;
    std::vector<double> result(count);
    for (double &x : result)
      x = normal(engine);
    return result;
  }
  int64_t below(int64_t limit) { return engine() % limit; }
};

struct Series {
  int64_t N, M, K;
  std::vector<double> x, y;
  /// y is handed over by columns.
  double cost(int64_t i, int64_t j) const {
    double sum = 0;
    for (int64_t k = 0; k < K; ++k)
      sum += std::pow(x[i * K + k] - y[k * M + j], 2);
    return sum;
  }
};

double align(const Series &s, int64_t W, bool soft, double gamma) {
  std::vector<double> D(s.N * s.M, infinity);
  auto at = [&](int64_t i, int64_t j) {
    return i < 0 || j < 0 ? infinity : D[i * s.M + j];
  };
  for (int64_t i = 0; i < s.N; ++i)
    for (int64_t j = 0; j < s.M; ++j) {
      if (std::abs(i - j) > W)
        continue;
      double a = at(i - 1, j - 1), b = at(i - 1, j), c = at(i, j - 1);
      double least = std::min({a, b, c}), total = 0;
      for (double v : {a, b, c})
        total += v < infinity ? std::exp((least - v) / gamma) : 0;
      double best =
          soft && least < infinity ? least - gamma * std::log(total) : least;
      D[i * s.M + j] = s.cost(i, j) + (i + j == 0 ? 0 : best);
    }
  return D.back();
}

void checkAlignment(Jit &jit, bool banded, bool soft) {
  Random random;
  for (auto [N, M, K] :
       {std::array<int64_t, 3>{1, 1, 1}, {1, 4, 2}, {6, 3, 1}, {11, 12, 2}})
    for (int64_t W : {int64_t(1), int64_t(3), int64_t(40)}) {
      if (banded && std::abs(N - M) > W)
        continue;
      Series s{N, M, K, random.numbers(N * K), random.numbers(M * K)};
      double gamma = 0.7, result = 0;
      std::vector<int64_t> sizes = {N, M, K};
      if (banded)
        sizes.push_back(W);
      ASSERT_EQ(jit.run(sizes, {{s.x.data(), {K, 1}},
                                {s.y.data(), {1, M}},
                                {&gamma, {}},
                                {&result, {}}}),
                0);
      EXPECT_NEAR(result, align(s, banded ? W : N + M, soft, gamma), 1e-9);
    }
}

void checkSpans(Jit &jit) {
  Random random;
  constexpr int64_t Q = 4;
  for (int64_t N : {0, 1, 2, 5, 9}) {
    std::vector<int64_t> s(N + 1);
    for (int64_t &letter : s)
      letter = random.below(Q);
    std::vector<double> pair = random.numbers(Q * Q);
    std::vector<double> P((N + 2) * (N + 2), 0);
    auto at = [&](int64_t i, int64_t j) -> double & {
      return P[i * (N + 2) + j];
    };
    for (int64_t length = 1; length <= N; ++length)
      for (int64_t i = 0, j = length; j <= N; ++i, ++j) {
        at(i, j) = at(i + 1, j);
        for (int64_t k = i + 1; k < j; ++k)
          at(i, j) = std::max(at(i, j), at(i + 1, k) + pair[s[i] * Q + s[k]] +
                                            at(k + 1, j));
      }
    ASSERT_EQ(jit.extents({N, Q}, 2), (std::vector<int64_t>{N, N}));
    double score = -1;
    std::vector<double> all(N * N + 1, -7);
    std::vector<Array> arrays = {{s.data(), {1}},
                                 {pair.data(), {Q, 1}},
                                 {&score, {}},
                                 {all.data(), {N, 1}}};
    ASSERT_EQ(jit.run({N, Q}, arrays), 0);
    EXPECT_NEAR(score, at(0, N), 1e-9);
    // The box of the spans [i, j) with i < j starts at (0, 1).
    for (int64_t i = 0; i < N; ++i)
      for (int64_t j = 1; j <= N; ++j)
        EXPECT_NEAR(all[i * N + j - 1], j > i ? at(i, j) : 0, 1e-9);

    std::vector<int64_t> fault;
    EXPECT_EQ(jit.validate({N, Q}, arrays, fault), 0);
    if (N <= 2)
      continue;
    s[2] = 9;
    EXPECT_EQ(jit.validate({N, Q}, arrays, fault), 1);
    fault.resize(4);
    EXPECT_EQ(fault, (std::vector<int64_t>{2, 9, 0, Q}));
  }
}
} // namespace

TEST(Kernel, AlignsAlongTheWavefront) {
  Jit jit("dtw.mlir", "dtw");
  checkAlignment(jit, false, false);
}

TEST(Kernel, GivesTheSameWithAnySchedule) {
  for (const char *rows : {"[array<i64: 1, 0, 0>, array<i64: 0, 1, 0>]",
                           "[array<i64: 2, 1, 3>, array<i64: 0, 0, 0>]",
                           "[array<i64: 0, 0, 0>, array<i64: 1, 3, -5>]"}) {
    Jit jit("dtw.mlir", "dtw", {{"[array<i64: 1, 1, 0>]", rows}});
    checkAlignment(jit, false, false);
  }
}

TEST(Kernel, GivesTheSameInAnyFormLaneAndStorage) {
  for (const char *attributes :
       {"lane = \"first\"", "form = \"native\"", "lane = \"none\""}) {
    Jit jit("dtw.mlir", "dtw",
            {{"@dtw", std::string("@dtw attributes {") + attributes + "}"}});
    checkAlignment(jit, false, false);
  }
}

TEST(Kernel, GivesTheSameInAPlainBox) {
  Jit jit("triangle.mlir", "tri",
          {{"{schedule = ", "{storage = \"box\", schedule = "}});
  checkSpans(jit);
}

TEST(Kernel, StaysInABand) {
  Jit jit("band.mlir", "band");
  checkAlignment(jit, true, true);
  // Two tables of at most 2 W + 1 numbers a row, and copies of both series.
  EXPECT_LE(jit.workspace({1000, 1000, 1, 3}),
            2 * (1000 * 7 * 8 + 64) + 2 * (1000 * 8 + 64));
}

TEST(Kernel, ComputesSpansFromShortToLong) {
  Jit jit("triangle.mlir", "tri");
  checkSpans(jit);
}

namespace {
struct Graph {
  int64_t V;
  std::vector<int64_t> indptr{0}, sources;
  std::vector<double> weights;

  Graph(int64_t V, Random &random) : V(V) {
    for (int64_t v = 0; v < V; ++v) {
      for (int64_t e = v ? random.below(3) : 0; e > 0; --e)
        sources.push_back(random.below(v));
      indptr.push_back(sources.size());
    }
    weights = random.numbers(sources.size() + 1);
  }
  int64_t getNumEdges() const { return sources.size(); }
};
} // namespace

TEST(Kernel, WalksAGraph) {
  Jit jit("dag.mlir", "dag");
  Random random;
  for (int64_t V : {1, 2, 6, 17}) {
    Graph g(V, random);
    int64_t E = g.getNumEdges();
    std::vector<double> dist(V, infinity), used(V, 0);
    dist[0] = 0;
    for (int64_t v = 1; v < V; ++v) {
      int64_t winner = -1;
      for (int64_t e = g.indptr[v]; e < g.indptr[v + 1]; ++e) {
        double length = dist[g.sources[e]] + g.weights[e] * g.weights[e];
        if (length < dist[v]) {
          dist[v] = length;
          winner = g.sources[e];
        }
      }
      if (winner >= 0)
        ++used[winner];
    }
    std::vector<double> gotUsed(V), gotSquares(E + 1), gotDist(V);
    g.sources.push_back(0);
    std::vector<Array> arrays = {
        {g.indptr.data(), {1}},   {g.sources.data(), {1}},
        {g.weights.data(), {1}},  {gotUsed.data(), {1}},
        {gotSquares.data(), {1}}, {gotDist.data(), {1}}};
    ASSERT_EQ(jit.run({V, E}, arrays), 0);
    EXPECT_EQ(gotUsed, used);
    EXPECT_EQ(gotDist, dist);
    for (int64_t e = 0; e < E; ++e)
      EXPECT_EQ(gotSquares[e], g.weights[e] * g.weights[e]);
    // Edges take memory once, not once a vertex: eight regions, each on a cache
    // line of its own and one away from its neighbour.
    EXPECT_LE(jit.workspace({V, E}), 8 * (4 * V + 2 * E) + V + 8 * (64 + 64));

    std::vector<int64_t> fault;
    EXPECT_EQ(jit.validate({V, E}, arrays, fault), 0);
    if (E == 0)
      continue;
    int64_t last = E - 1, v = V - 1;
    while (g.indptr[v] > last)
      --v;
    g.sources[last] = v;
    EXPECT_EQ(jit.validate({V, E}, arrays, fault), 2);
    fault.resize(4);
    EXPECT_EQ(fault, (std::vector<int64_t>{last, v, 0, v}));
    g.indptr[0] = 1;
    EXPECT_EQ(jit.validate({V, E}, arrays, fault), 1);
  }
}
