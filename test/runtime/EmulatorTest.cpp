//===- EmulatorTest.cpp - faults that the emulator must find --------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/emulator.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numeric>
#include <vector>

using testing::HasSubstr;
using testing::IsNull;

namespace {

int64_t load(const int64_t *at) {
  dp_emulator_read(at, 8);
  return *at;
}

void store(int64_t *at, int64_t value) {
  dp_emulator_write(at, 8);
  *at = value;
}

/// Words of the kernels below: what they compute, then room a thread.
constexpr int64_t numWords = 64;

const char *launch(dp_emulated_kernel kernel, std::vector<int64_t> &words,
                   int64_t blocks = 1, int32_t threads = 8) {
  words.assign(numWords, 0);
  return dp_emulator_launch(kernel, words.data(), blocks, threads);
}

/// Each thread leaves its number; after a barrier it adds up its neighbour's.
void passAround(int64_t *words) {
  int32_t thread = dp_emulator_thread(), threads = dp_emulator_threads();
  store(words + 1 + thread, thread);
  dp_emulator_barrier();
  int64_t other = load(words + 1 + (thread + 1) % threads);
  dp_emulator_barrier();
  store(words + 1 + thread, other);
}

TEST(Emulator, ThreadsMeetAtBarriers) {
  std::vector<int64_t> words;
  EXPECT_THAT(launch(passAround, words), IsNull());
  for (int64_t thread = 0; thread < 8; ++thread)
    EXPECT_EQ(words[1 + thread], (thread + 1) % 8);
}

TEST(Emulator, BlocksRunAll) {
  std::vector<int64_t> words;
  auto count = [](int64_t *words) {
    if (dp_emulator_thread() == 0)
      words[1 + dp_emulator_block()] += dp_emulator_blocks();
  };
  EXPECT_THAT(launch(count, words, 5), IsNull());
  EXPECT_EQ(std::accumulate(words.begin(), words.end(), int64_t(0)), 25);
}

TEST(Emulator, VotesReachAll) {
  std::vector<int64_t> words;
  auto vote = [](int64_t *words) {
    int32_t thread = dp_emulator_thread();
    bool first = dp_emulator_barrier_or(thread == 3);
    bool second = dp_emulator_barrier_or(0);
    words[1 + thread] = first && !second;
  };
  EXPECT_THAT(launch(vote, words), IsNull());
  for (int64_t thread = 0; thread < 8; ++thread)
    EXPECT_EQ(words[1 + thread], 1) << thread;
}

TEST(Emulator, FindsAReadWithoutABarrier) {
  std::vector<int64_t> words;
  auto race = [](int64_t *words) {
    int32_t thread = dp_emulator_thread(), threads = dp_emulator_threads();
    store(words + 1 + thread, thread);
    load(words + 1 + (thread + 1) % threads);
  };
  EXPECT_THAT(launch(race, words), HasSubstr("a race: thread"));
}

TEST(Emulator, FindsAWriteOverWhatIsRead) {
  std::vector<int64_t> words;
  auto race = [](int64_t *words) {
    int32_t thread = dp_emulator_thread(), threads = dp_emulator_threads();
    load(words + 1 + (thread + 1) % threads);
    store(words + 1 + thread, thread);
  };
  EXPECT_THAT(launch(race, words), HasSubstr("writes what is read by"));
}

TEST(Emulator, FindsTwoWrites) {
  std::vector<int64_t> words;
  auto race = [](int64_t *words) { store(words, dp_emulator_thread()); };
  EXPECT_THAT(launch(race, words), HasSubstr("writes where there writes"));
}

TEST(Emulator, FindsABarrierInABranch) {
  std::vector<int64_t> words;
  auto part = [](int64_t *) {
    if (dp_emulator_thread() < 3)
      dp_emulator_barrier();
  };
  EXPECT_STREQ(launch(part, words),
               "a barrier that 3 threads wait at and 5 never come to");
}

TEST(Emulator, ForgetsWhatABarrierOrders) {
  std::vector<int64_t> words;
  auto turns = [](int64_t *words) {
    for (int32_t turn = 0; turn < dp_emulator_threads(); ++turn) {
      if (dp_emulator_thread() == turn)
        store(words, load(words) + 1);
      dp_emulator_barrier();
    }
  };
  EXPECT_THAT(launch(turns, words), IsNull());
  EXPECT_EQ(words[0], 8);
}

} // namespace
