//===- CallTest.cpp - what calls compute ----------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ToyCall.h"
#include "gtest/gtest.h"
#include <cmath>
#include <thread>

namespace {

TEST(Call, FromC) { EXPECT_EQ(call_toy_from_c(), 0); }

/// Compares every element with the definition, padding included.
template <typename T> void expectRight(ToyCall<T> &c) {
  std::vector<double> sums(size_t(c.K + 1), 0.0);
  const double tolerance = sizeof(T) == 8 ? 1e-12 : 1e-4;
  for (int64_t b = 0; b < c.B; ++b) {
    int64_t n = c.sizeLengths[TOY_N] ? c.lengths(b) : c.N;
    double total = 0;
    for (int64_t i = 0; i < c.N; ++i) {
      double term = i < n ? double(c.w(c.y(b, i))) : 0;
      for (int64_t k = 0; k < c.K; ++k) {
        double gradient = i < n ? c.gamma(b) * double(c.w(k)) : 0;
        ASSERT_NEAR(c.gradX(b, i, k), gradient, tolerance) << b << i << k;
        if (i >= n)
          continue;
        term += double(c.x(b, i, k)) * double(c.w(k));
        sums[size_t(k)] += c.gamma(b) * double(c.x(b, i, k));
      }
      total += term;
      if (i < n) {
        sums[size_t(c.y(b, i))] += c.gamma(b);
        ASSERT_NEAR(c.rows(b, i), term, tolerance);
      }
    }
    for (int64_t i = n; i < c.N + c.W; ++i)
      ASSERT_EQ(c.rows(b, i), i < n + c.W ? T(c.W) : T(0));
    ASSERT_NEAR(c.score(b), double(c.W) + c.gamma(b) * total,
                tolerance * (1 + std::fabs(total)));
  }
  for (int64_t k = 0; k <= c.K; ++k)
    ASSERT_NEAR(c.gradW(k), sums[size_t(k)],
                tolerance * (1 + std::fabs(sums[size_t(k)])));
}

TEST(Call, ComputesTheBatchInEveryLayout) {
  for (bool dense : {true, false})
    for (int64_t B : {0, 1, 3, 40}) {
      ToyCall<double> wide(B, 4, 3, 2, dense);
      ASSERT_EQ(wide(), DP_OK) << wide.error;
      expectRight(wide);
      ToyCall<float> narrow(B, 4, 3, 2, dense);
      ASSERT_EQ(narrow(), DP_OK) << narrow.error;
      expectRight(narrow);
    }
}

TEST(Call, HasNoSpecialSizes) {
  for (int64_t K : {0, 1})
    for (int64_t W : {0, 1}) {
      ToyCall<double> c(2, 1, K, W);
      ASSERT_EQ(c(), DP_OK) << c.error;
      expectRight(c);
    }
}

TEST(Call, PadsWithZeroAndReadsNoPadding) {
  ToyCall<double> c(5, 6, 2, 3, false);
  c.useLengths();
  for (int64_t b = 0; b < 5; ++b) {
    c.lengths(b) = b + 1;
    for (int64_t i = b + 1; i < 6; ++i) {
      c.y(b, i) = -1000;
      c.x(b, i, 0) = c.x(b, i, 1) = NAN;
    }
  }
  ASSERT_EQ(c(), DP_OK) << c.error;
  expectRight(c);
}

TEST(Call, TakesOneLengthForAll) {
  ToyCall<double> c(3, 4, 2, 0);
  Array<int32_t> length({});
  length() = 2;
  for (int64_t b = 0; b < 3; ++b)
    c.lengths(b) = 2;
  c.sizeLengths[TOY_N] = &length.tensor;
  c.call.lengths = c.sizeLengths;
  ASSERT_EQ(c(), DP_OK) << c.error;
  expectRight(c);
}

TEST(Call, BroadcastsWithStrideZero) {
  ToyCall<double> c(3, 4, 2, 0, false);
  c.x.tensor.byte_offset = 0;
  c.x.strides.assign(3, 0);
  ASSERT_EQ(c(), DP_OK) << c.error;
  expectRight(c);
}

TEST(Call, GivesTheSameBitsOnAnyNumberOfThreads) {
  ToyCall<float> one(100, 5, 4, 1);
  one.call.max_threads = 1;
  ASSERT_EQ(one(), DP_OK) << one.error;
  for (int32_t threads : {2, 7, 0}) {
    ToyCall<float> many(100, 5, 4, 1);
    many.call.max_threads = threads;
    ASSERT_EQ(many(), DP_OK) << many.error;
    EXPECT_EQ(one.gradW.storage, many.gradW.storage);
    EXPECT_EQ(one.gradX.storage, many.gradX.storage);
    EXPECT_EQ(one.score.storage, many.score.storage);
  }
}

void backwards(void *host, int64_t count, dp_body body, void *context) {
  *static_cast<int64_t *>(host) += count;
  while (count-- > 0)
    body(context, count);
}

TEST(Call, RunsOnTheHostsThreads) {
  int64_t calls = 0;
  ToyCall<double> c(32, 2, 2, 0); // four blocks of sums
  c.call.max_threads = 4;
  c.call.parallel_for = backwards;
  c.call.parallel_host = &calls;
  ASSERT_EQ(c(), DP_OK) << c.error;
  expectRight(c);
  EXPECT_EQ(calls, 2 * 4); // to validate and to run
}

TEST(Call, ConvertsInts) {
  for (bool dense : {true, false}) {
    ToyCall<double> c(4, 3, 2, 1);
    Array<int32_t> y({4, 3}, dense);
    for (int64_t b = 0; b < 4; ++b)
      for (int64_t i = 0; i < 3; ++i)
        y(b, i) = int32_t(c.y(b, i));
    c.inputs[TOY_Y] = &y.tensor;
    ASSERT_EQ(c(), DP_OK) << c.error;
    expectRight(c);
  }
}

TEST(Call, TakesASizeForEachInstance) {
  ToyCall<double> c(3, 2, 1, 4);
  Array<int64_t> widths({3});
  for (int64_t b = 0; b < 3; ++b)
    widths(b) = b * 2;
  c.sizes[TOY_W] = &widths.tensor;
  ASSERT_EQ(c(), DP_OK) << c.error;
  EXPECT_EQ(c.rows(0, 2), 0);
  EXPECT_EQ(c.rows(1, 2), 2);
  EXPECT_EQ(c.rows(1, 4), 0);
  EXPECT_EQ(c.rows(2, 5), 4);
}

TEST(Call, DefaultsGammaAndCotangent) {
  ToyCall<float> c(2, 3, 2, 0);
  c.inputs[TOY_GAMMA] = nullptr;
  ASSERT_EQ(c(), DP_OK) << c.error;
  expectRight(c);
  Array<float> cotangent({2}, true, 2);
  c.inputs[TOY_CT] = &cotangent.tensor;
  ASSERT_EQ(c(), DP_OK) << c.error;
  EXPECT_EQ(c.gradX(0, 0, 0), 2 * c.w(0));
}

TEST(Call, TellsShapes) {
  ToyCall<double> c(3, 5, 2, 4);
  int32_t rank;
  int64_t shape[3];
  ASSERT_EQ(dp_output_shape(&toy_f64, &c.call, TOY_ROWS, &rank, shape), DP_OK);
  EXPECT_EQ(rank, 2);
  EXPECT_EQ(shape[0], 3);
  EXPECT_EQ(shape[1], 9);
  ASSERT_EQ(dp_output_shape(&toy_f64, &c.call, TOY_GRAD_W, &rank, shape),
            DP_OK);
  EXPECT_EQ(rank, 1);
  EXPECT_EQ(shape[0], 3);
  EXPECT_EQ(dp_output_shape(&toy_f64, &c.call, 9, &rank, shape), DP_ERROR_CALL);
}

TEST(Call, WorkspaceCountsSlotsAndSums) {
  ToyCall<double> c(100, 5, 2, 0);
  c.call.max_threads = 3;
  // Slots of one cache line for the kernel and one for the terms of grad.w;
  // 13 blocks, of 8 instances, of 3 sums; 63 bytes to align.
  EXPECT_EQ(dp_workspace(&toy_f64, &c.call), 3 * 128 + 13 * 3 * 8 + 63);
  c.inputs[TOY_WEIGHTS] = nullptr;
  EXPECT_EQ(dp_workspace(&toy_f64, &c.call), -DP_ERROR_CALL);
}

TEST(Call, IsReentrant) {
  std::vector<std::thread> hosts;
  std::vector<std::unique_ptr<ToyCall<double>>> calls;
  for (int h = 0; h < 4; ++h)
    calls.push_back(std::make_unique<ToyCall<double>>(50, 4, 3, 1));
  for (auto &call : calls)
    hosts.emplace_back([&call] {
      call->call.max_threads = 3;
      for (int repeat = 0; repeat < 20; ++repeat)
        (*call)();
    });
  for (std::thread &host : hosts)
    host.join();
  for (auto &call : calls)
    expectRight(*call);
}

} // namespace
