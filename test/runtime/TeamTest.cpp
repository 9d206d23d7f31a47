//===- TeamTest.cpp - one instance by several threads ---------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

extern "C" {
#include "../../runtime/src/plan.h"
}
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <thread>

namespace {

constexpr int64_t numRows = 2000, numColumns = 37;

/// Each row is the sum of two elements of the row before, so members that do
/// not wait for one another are found out.
int32_t addRows(const int64_t *, void *const *arrays, const int64_t *, void *,
                int64_t thread, int64_t threads, void *team) {
  auto *rows = static_cast<int64_t *>(arrays[0]);
  for (int64_t i = 1; i < numRows; ++i) {
    dp_meet(team);
    for (int64_t j = thread; j < numColumns; j += threads)
      rows[i * numColumns + j] =
          (rows[(i - 1) * numColumns + j] +
           rows[(i - 1) * numColumns + (j * 7 + i) % numColumns]) %
          1000003;
  }
  auto *most = static_cast<std::atomic<int64_t> *>(arrays[1]);
  *most = std::max(most->load(), threads);
  return thread == threads - 1 ? 5 : 0;
}

struct Rows {
  std::vector<int64_t> cells;
  std::atomic<int64_t> members{0};
  int32_t code = 0;

  explicit Rows(int64_t threads, const dp_call &call = dp_call())
      : cells(numRows * numColumns) {
    for (int64_t j = 0; j < numColumns; ++j)
      cells[j] = j * j;
    void *arrays[] = {cells.data(), &members};
    dp_team_call what = {addRows, nullptr, arrays, nullptr, nullptr};
    code = dp_run_team(&call, threads, &what);
  }
};

TEST(Team, AnyNumberComputesTheSame) {
  Rows alone(1);
  EXPECT_EQ(alone.members, 1);
  for (int64_t threads : {2, 3, 8})
    for (int repeat = 0; repeat < 20; ++repeat) {
      Rows together(threads);
      ASSERT_EQ(together.cells, alone.cells);
      EXPECT_LE(together.members, threads);
      EXPECT_EQ(together.code, 5);
    }
}

/// On a busy machine that may take many tries.
TEST(Team, ThoseWhoComeWork) {
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  int64_t most = 1;
  while (most == 1 && std::chrono::steady_clock::now() < end)
    most = std::max<int64_t>(most, Rows(2).members);
  EXPECT_EQ(most, 2);
}

TEST(Team, AHostMayRunOneAfterTheOther) {
  dp_call call = {};
  for (bool backwards : {false, true}) {
    call.parallel_host = &backwards;
    call.parallel_for = [](void *host, int64_t count, dp_body body,
                           void *context) {
      for (int64_t k = 0; k < count; ++k)
        body(context, *static_cast<bool *>(host) ? count - 1 - k : k);
    };
    Rows rows(4, call);
    EXPECT_EQ(rows.members, 1);
    EXPECT_EQ(rows.cells, Rows(1).cells);
  }
}

TEST(Team, SeveralTeamsAtOnce) {
  std::vector<int64_t> expected = Rows(1).cells;
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int c = 0; c < 4; ++c)
    callers.emplace_back([&] {
      for (int repeat = 0; repeat < 10; ++repeat)
        wrong += Rows(3).cells != expected;
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(wrong, 0);
}

} // namespace
