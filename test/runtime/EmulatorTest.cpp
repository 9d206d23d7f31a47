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
#include <string>
#include <vector>

using testing::HasSubstr;
using testing::IsEmpty;

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

/// What the emulator says of a kernel that may access these and nothing else.
std::string launch(dp_emulated_kernel kernel, int64_t *words,
                   const std::vector<dp_region> &regions, int64_t blocks = 1) {
  dp_emulated_launch launch = {};
  launch.kernel = kernel;
  launch.words = words;
  launch.blocks = blocks;
  launch.threads = 8;
  launch.num_regions = int32_t(regions.size());
  launch.regions = regions.data();
  launch.near = 64;
  dp_emulator_launch(&launch);
  return launch.fault;
}

dp_region getRegion(const char *name, const void *first, int64_t bytes) {
  dp_region region = {};
  region.what = "array";
  region.name = name;
  region.block = DP_ANY_BLOCK;
  region.first = first;
  region.bytes = bytes;
  region.count = 1;
  return region;
}

std::string launch(dp_emulated_kernel kernel, std::vector<int64_t> &words,
                   int64_t blocks = 1) {
  words.assign(numWords, 0);
  return launch(kernel, words.data(),
                {getRegion("words", words.data(), 8 * numWords)}, blocks);
}

/// Each thread leaves its number; after a barrier it adds up its neighbour's.
void passAround(int64_t *words) {
  int32_t thread = dp_emulator_thread(), threads = dp_emulator_threads();
  store(words + 1 + thread, thread);
  dp_emulator_barrier(1);
  int64_t other = load(words + 1 + (thread + 1) % threads);
  dp_emulator_barrier(1);
  store(words + 1 + thread, other);
}

TEST(Emulator, ThreadsMeetAtBarriers) {
  std::vector<int64_t> words;
  EXPECT_THAT(launch(passAround, words), IsEmpty());
  for (int64_t thread = 0; thread < 8; ++thread)
    EXPECT_EQ(words[1 + thread], (thread + 1) % 8);
}

TEST(Emulator, BlocksRunAll) {
  std::vector<int64_t> words;
  auto count = [](int64_t *words) {
    if (dp_emulator_thread() == 0)
      words[1 + dp_emulator_block()] += dp_emulator_blocks();
  };
  EXPECT_THAT(launch(count, words, 5), IsEmpty());
  EXPECT_EQ(std::accumulate(words.begin(), words.end(), int64_t(0)), 25);
}

TEST(Emulator, VotesReachAll) {
  std::vector<int64_t> words;
  auto vote = [](int64_t *words) {
    int32_t thread = dp_emulator_thread();
    bool first = dp_emulator_barrier_or(thread == 3, 1);
    bool second = dp_emulator_barrier_or(0, 2);
    words[1 + thread] = first && !second;
  };
  EXPECT_THAT(launch(vote, words), IsEmpty());
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

TEST(Emulator, ForgetsWhatABarrierOrders) {
  std::vector<int64_t> words;
  auto turns = [](int64_t *words) {
    for (int32_t turn = 0; turn < dp_emulator_threads(); ++turn) {
      if (dp_emulator_thread() == turn)
        store(words, load(words) + 1);
      dp_emulator_barrier(1);
    }
  };
  EXPECT_THAT(launch(turns, words), IsEmpty());
  EXPECT_EQ(words[0], 8);
}

TEST(Emulator, SaysWhoRaces) {
  std::vector<int64_t> words;
  auto race = [](int64_t *words) { store(words + 2, dp_emulator_thread()); };
  EXPECT_EQ(launch(race, words),
            "a race: thread 1 of block 0 writes where there writes thread 0, "
            "with no barrier between them, 16 bytes into array `words`");
}

//===----------------------------------------------------------------------===//
// Barriers
//===----------------------------------------------------------------------===//

TEST(Emulator, FindsABarrierInABranch) {
  std::vector<int64_t> words;
  auto part = [](int64_t *) {
    if (dp_emulator_thread() >= 3)
      dp_emulator_barrier(5);
  };
  EXPECT_EQ(launch(part, words),
            "a deadlock: thread 3 of block 0 waits at a barrier, number 5, but "
            "thread 2 has ended");
}

TEST(Emulator, FindsTwoBarriersAtOnce) {
  std::vector<int64_t> words;
  auto apart = [](int64_t *) {
    dp_emulator_barrier(1);
    if (dp_emulator_block() == 1 && dp_emulator_thread() == 6)
      dp_emulator_barrier_or(1, 2);
    else
      dp_emulator_barrier(3);
  };
  EXPECT_EQ(launch(apart, words, 2),
            "a deadlock: thread 0 of block 1 waits at a barrier, number 3, but "
            "thread 6 at another, number 2");
}

TEST(Emulator, FindsALoopThatGoesOnAlone) {
  std::vector<int64_t> words;
  auto rounds = [](int64_t *) {
    for (int32_t round = 0; round <= dp_emulator_thread(); ++round)
      dp_emulator_barrier(1);
  };
  EXPECT_THAT(launch(rounds, words), HasSubstr("thread 0 has ended"));
}

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

TEST(Emulator, FindsAReadBeyondAnArray) {
  std::vector<int64_t> words;
  auto beyond = [](int64_t *words) { load(words + numWords + 1); };
  EXPECT_EQ(launch(beyond, words),
            "an access out of bounds: thread 0 of block 0 reads 8 bytes, 8 "
            "bytes beyond array `words`");
}

TEST(Emulator, FindsAWriteBeforeAnArray) {
  std::vector<int64_t> words;
  auto before = [](int64_t *words) {
    dp_emulator_barrier(1);
    if (dp_emulator_thread() == 4)
      store(words - 1, 0);
  };
  EXPECT_EQ(launch(before, words, 2),
            "an access out of bounds: thread 4 of block 0 writes 8 bytes, 8 "
            "bytes before array `words`");
}

TEST(Emulator, FindsAnAccessThatEndsBeyond) {
  std::vector<int64_t> words;
  auto astride = [](int64_t *words) {
    dp_emulator_read(words + numWords - 1, 16);
  };
  EXPECT_THAT(launch(astride, words), HasSubstr("reads 16 bytes, 504 bytes "
                                                "into array `words`"));
}

TEST(Emulator, FindsAFlagBeyondAnArray) {
  std::vector<int64_t> words;
  auto beyond = [](int64_t *words) { dp_emulator_set(words + numWords, 1); };
  EXPECT_THAT(launch(beyond, words), HasSubstr("out of bounds"));
}

/// What would end the process is not done.
TEST(Emulator, EndsBeforeAWildAccess) {
  std::vector<int64_t> words;
  auto wild = [](int64_t *) {
    auto *nowhere = reinterpret_cast<int64_t *>(uintptr_t(64));
    store(nowhere, load(nowhere) + 1);
  };
  EXPECT_THAT(launch(wild, words), HasSubstr("out of bounds"));
  auto high = [](int64_t *) { load(reinterpret_cast<int64_t *>(-8)); };
  EXPECT_THAT(launch(high, words), HasSubstr("out of bounds"));
  EXPECT_THAT(launch(passAround, words), IsEmpty());
}

TEST(Emulator, KnowsWhoseWorkspaceItIs) {
  alignas(8) int64_t memory[16] = {};
  std::vector<dp_region> regions;
  for (int32_t block = 0; block < 2; ++block) {
    regions.push_back(getRegion(nullptr, memory + 8 * block, 64));
    regions.back().what = "the workspace of block";
    regions.back().block = block;
  }
  auto own = [](int64_t *words) {
    store(words + 8 * dp_emulator_block() + dp_emulator_thread(), 1);
  };
  EXPECT_THAT(launch(own, memory, regions, 2), IsEmpty());
  auto others = [](int64_t *words) { store(words + dp_emulator_thread(), 1); };
  EXPECT_EQ(launch(others, memory, regions, 2),
            "an access out of bounds: thread 7 of block 1 writes 8 bytes, 56 "
            "bytes into the workspace of block 0");
}

/// A view: rows from the last to the first, of each two of three columns, for
/// two instances.
TEST(Emulator, KnowsAViewsElements) {
  alignas(8) int64_t memory[24] = {};
  const int64_t shape[] = {4, 2}, strides[] = {-3, 1};
  dp_region view = getRegion("view", memory + 9, 8);
  view.count = 2;
  view.between = 12;
  view.rank = 2;
  view.shape = shape;
  view.strides = strides;
  auto all = [](int64_t *words) {
    if (dp_emulator_thread() == 0)
      for (int64_t k = 0; k < 24; ++k)
        if (k % 3 < 2)
          store(words + k, 1);
  };
  EXPECT_THAT(launch(all, memory, {view}), IsEmpty());
  auto between = [](int64_t *words) { load(words + 14); };
  EXPECT_THAT(launch(between, memory, {view}),
              HasSubstr("112 bytes into array `view`"));
  auto beyond = [](int64_t *words) { load(words + 23); };
  EXPECT_THAT(launch(beyond, memory, {view}),
              HasSubstr("0 bytes beyond array `view`"));
}

/// Windows that overlap; an instance is shared.
TEST(Emulator, KnowsOverlappingElements) {
  alignas(8) int64_t memory[8] = {};
  const int64_t shape[] = {3, 4}, strides[] = {2, 1};
  dp_region windows = getRegion("windows", memory, 8);
  windows.count = 5;
  windows.rank = 2;
  windows.shape = shape;
  windows.strides = strides;
  auto all = [](int64_t *words) { load(words + dp_emulator_thread()); };
  EXPECT_THAT(launch(all, memory, {windows}), IsEmpty());
  auto beyond = [](int64_t *words) { load(words + 8); };
  EXPECT_THAT(launch(beyond, memory, {windows}), HasSubstr("out of bounds"));
}

TEST(Emulator, AnEmptyArrayHasNothing) {
  const int64_t shape[] = {0}, strides[] = {1};
  alignas(8) int64_t memory[1] = {};
  dp_region empty = getRegion("empty", memory, 8);
  empty.rank = 1;
  empty.shape = shape;
  empty.strides = strides;
  auto first = [](int64_t *words) { load(words); };
  EXPECT_THAT(launch(first, memory, {empty}),
              HasSubstr("far from every array"));
}

TEST(Emulator, KnowsABlocksOwnMemory) {
  std::vector<int64_t> words;
  auto within = [](int64_t *) {
    store(reinterpret_cast<int64_t *>(dp_near) + dp_emulator_thread(), 1);
  };
  EXPECT_THAT(launch(within, words), IsEmpty());
  auto beyond = [](int64_t *) {
    load(reinterpret_cast<int64_t *>(dp_near) + 8);
  };
  EXPECT_THAT(launch(beyond, words),
              HasSubstr("0 bytes beyond the block's own memory"));
}

TEST(Emulator, KnowsVariables) {
  std::vector<int64_t> words;
  auto within = [](int64_t *) {
    static int64_t variable[8];
    dp_emulator_variable(variable, sizeof variable);
    store(variable + dp_emulator_thread(), 1);
  };
  EXPECT_THAT(launch(within, words), IsEmpty());
  auto beyond = [](int64_t *) {
    static int64_t variable[2];
    dp_emulator_variable(variable, 8);
    load(variable + 1);
  };
  EXPECT_THAT(launch(beyond, words),
              HasSubstr("0 bytes beyond a variable of the kernel"));
}

TEST(Emulator, KnowsStacks) {
  std::vector<int64_t> words;
  auto within = [](int64_t *) {
    int64_t own = 0;
    store(&own, load(&own) + 1);
  };
  EXPECT_THAT(launch(within, words), IsEmpty());
  auto others = [](int64_t *words) {
    int64_t own = 0;
    if (dp_emulator_thread() == 0)
      store(words, int64_t(&own));
    dp_emulator_barrier(1);
    if (dp_emulator_thread() == 1)
      load(reinterpret_cast<int64_t *>(load(words)));
  };
  EXPECT_THAT(launch(others, words), HasSubstr("thread 1 of block 0 reads"));
}

//===----------------------------------------------------------------------===//
// Alignment
//===----------------------------------------------------------------------===//

TEST(Emulator, FindsAMisalignedNumber) {
  std::vector<int64_t> words;
  auto askew = [](int64_t *words) {
    dp_emulator_write(reinterpret_cast<char *>(words) + 20, 8);
  };
  EXPECT_EQ(launch(askew, words),
            "a misaligned access: thread 0 of block 0 writes 8 bytes at an "
            "address 4 past a multiple of that, 20 bytes into array `words`");
}

TEST(Emulator, FindsAMisalignedVector) {
  alignas(16) int64_t memory[8] = {};
  auto aligned = [](int64_t *words) { dp_emulator_read(words + 2, 16); };
  auto askew = [](int64_t *words) { dp_emulator_read(words + 3, 16); };
  dp_region region = getRegion("memory", memory, sizeof memory);
  EXPECT_THAT(launch(aligned, memory, {region}), IsEmpty());
  EXPECT_EQ(launch(askew, memory, {region}),
            "a misaligned access: thread 0 of block 0 reads 16 bytes at an "
            "address 8 past a multiple of that, 24 bytes into array `memory`");
}

} // namespace
