//===- EmulateTest.cpp - calls whose kernels the emulator runs ------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the emulator is told of a call: kernels that touch one element too many
// of each of its arrays.
//
//===----------------------------------------------------------------------===//

#include "ToyDevice.h"
#include "runtime/src/emulator.h"
#include <gmock/gmock.h>

using testing::HasSubstr;

namespace {

constexpr int64_t firstInput = DP_WORDS_CALL + TOY_SIZES * DP_WORDS_SIZE;

/// The word of an input or output where its address stands.
int64_t getPlace(int32_t array) {
  const int32_t inputRanks[] = {2, 1, 1, 0, 0}, outputRanks[] = {0, 1, 2, 1};
  int64_t place = firstInput;
  for (int32_t i = 0; i < array && i < TOY_INPUTS; ++i)
    place += DP_WORDS_INPUT + 3 * inputRanks[i];
  for (int32_t o = 0; o < array - TOY_INPUTS; ++o)
    place += DP_WORDS_OUTPUT + 3 * outputRanks[o];
  return place;
}

const char *getAddress(const int64_t *words, int64_t place) {
  return reinterpret_cast<const char *>(words[place]);
}

/// What the kernel below accesses.
struct Access {
  int64_t place; ///< the word with an address
  int64_t offset, bytes;
} theAccess;

/// The first thread of the last block.
void touch(int64_t *words) {
  if (dp_emulator_thread() == 0 &&
      dp_emulator_block() + 1 == dp_emulator_blocks())
    dp_emulator_write(getAddress(words, theAccess.place) + theAccess.offset,
                      theAccess.bytes);
}

class Emulate : public ToyDevice {
protected:
  explicit Emulate(bool dense = true) : ToyDevice(dense) {
    kernels.emulated[DP_KERNEL_FIRST] = touch;
    kernels.emulator = dp_emulator_launch;
  }

  int access(int64_t place, int64_t offset, int64_t bytes) {
    theAccess = {place, offset, bytes};
    return c();
  }

  /// The elements of an array are `bytes` in all, all its own.
  void ends(int32_t array, int64_t bytes, const char *name) {
    int64_t place = getPlace(array);
    EXPECT_EQ(access(place, 0, 8), DP_OK) << c.error;
    EXPECT_EQ(access(place, bytes - 8, 8), DP_OK) << c.error;
    EXPECT_EQ(access(place, bytes, 8), DP_ERROR_KERNEL);
    EXPECT_THAT(c.error, HasSubstr("the emulator found an access out of "
                                   "bounds: thread 0 of block 1 writes 8 "
                                   "bytes, 0 bytes beyond " +
                                   std::string(name)));
  }
};

/// Rows from the last to the first, columns with room between them.
class EmulateViews : public Emulate {
protected:
  EmulateViews() : Emulate(/*dense=*/false) {}
};

TEST_F(Emulate, Inputs) {
  ends(TOY_X, 3 * 4 * 2 * 8, "input `x`");
  ends(TOY_WEIGHTS, 3 * 8, "input `w`");
  ends(TOY_Y, 3 * 4 * 8, "input `y`");
  ends(TOY_GAMMA, 3 * 8, "input `gamma`");
}

TEST_F(Emulate, Outputs) {
  ends(TOY_INPUTS + TOY_SCORE, 3 * 8, "output `score`");
  ends(TOY_INPUTS + TOY_ROWS, 3 * 5 * 8, "output `rows`");
  ends(TOY_INPUTS + TOY_GRAD_X, 3 * 4 * 2 * 8, "output `grad.x`");
}

/// An instance leaves terms; the sum is for another kernel.
TEST_F(Emulate, Sums) {
  int32_t array = TOY_INPUTS + TOY_GRAD_W;
  int64_t place = getPlace(array), sum = place + DP_OUTPUT_WORD_SUM;
  EXPECT_EQ(access(place, 3 * 3 * 8 - 8, 8), DP_OK) << c.error;
  EXPECT_EQ(access(place, 3 * 3 * 8, 8), DP_ERROR_KERNEL);
  EXPECT_THAT(c.error, HasSubstr("beyond terms of output `grad.w`"));
  EXPECT_EQ(access(sum, 0, 8), DP_ERROR_KERNEL);
  kernels.names[DP_KERNEL_SUMS] = "toy_sums";
  kernels.emulated[DP_KERNEL_SUMS] = touch;
  kernels.emulated[DP_KERNEL_FIRST] = [](int64_t *) {};
  EXPECT_EQ(access(sum, 0, 8), DP_OK) << c.error;
  EXPECT_EQ(access(sum, 24, 8), DP_ERROR_KERNEL);
  EXPECT_EQ(access(DP_WORD_WORKSPACE, 0, 8), DP_ERROR_KERNEL);
}

/// A block has 64 bytes for numbers, then 128 that its kernel asks for.
TEST_F(Emulate, Workspace) {
  EXPECT_EQ(access(DP_WORD_WORKSPACE, 192, 8), DP_OK) << c.error;
  EXPECT_EQ(access(DP_WORD_WORKSPACE, 2 * 192 - 8, 8), DP_OK) << c.error;
  EXPECT_EQ(access(DP_WORD_WORKSPACE, 192 - 8, 8), DP_ERROR_KERNEL);
  EXPECT_THAT(c.error, HasSubstr("184 bytes into the workspace of block 0"));
  EXPECT_EQ(access(DP_WORD_WORKSPACE, 2 * 192, 8), DP_ERROR_KERNEL);
  EXPECT_THAT(c.error, HasSubstr("0 bytes beyond the workspace of block 1"));
}

TEST_F(Emulate, Lengths) {
  c.useLengths();
  int64_t place = DP_WORDS_CALL + DP_SIZE_WORD_LENGTHS;
  EXPECT_EQ(access(place, 16, 8), DP_OK) << c.error;
  EXPECT_EQ(access(place, 24, 8), DP_ERROR_KERNEL);
  EXPECT_THAT(c.error, HasSubstr("0 bytes beyond lengths of size `N`"));
}

TEST_F(Emulate, Status) {
  EXPECT_EQ(access(DP_WORD_STATUS, 8, 4), DP_OK) << c.error;
  EXPECT_EQ(access(DP_WORD_STATUS, 12, 4), DP_ERROR_KERNEL);
  EXPECT_THAT(c.error, HasSubstr("0 bytes beyond the status of instances"));
}

TEST_F(Emulate, Alignment) {
  EXPECT_EQ(access(getPlace(TOY_X), 4, 8), DP_ERROR_KERNEL);
  EXPECT_THAT(c.error,
              HasSubstr("a misaligned access: thread 0 of block 1 writes 8 "
                        "bytes at an address 4 past a multiple of that, 4 "
                        "bytes into input `x`"));
}

TEST_F(Emulate, Deadlocks) {
  kernels.emulated[DP_KERNEL_FIRST] = [](int64_t *) {
    if (dp_emulator_thread())
      dp_emulator_barrier(1);
  };
  EXPECT_EQ(c(), DP_ERROR_KERNEL);
  EXPECT_THAT(c.error, HasSubstr("a deadlock: thread 1 of block 0"));
}

TEST_F(EmulateViews, OnlyElements) {
  EXPECT_EQ(access(getPlace(TOY_X), 3 * 8, 8), DP_OK) << c.error;
  EXPECT_EQ(access(getPlace(TOY_X), 8, 8), DP_ERROR_KERNEL);
  EXPECT_THAT(c.error, HasSubstr("bytes into input `x`"));
}

} // namespace
