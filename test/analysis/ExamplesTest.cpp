//===- ExamplesTest.cpp - the examples' proofs and schedules --------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/analysis/TestProgram.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

using namespace danskin;

namespace {
struct Example {
  const char *name;
  const char *schedule;
};

class ExamplesTest : public testing::TestWithParam<Example> {
protected:
  std::string text() const {
    std::string name = GetParam().name;
    std::string path = std::string(DANSKIN_SOURCE_DIR) + "/examples/" + name +
                       "/" + name + ".dp";
    auto buffer = llvm::MemoryBuffer::getFile(path);
    EXPECT_TRUE(bool(buffer)) << path;
    return buffer ? (*buffer)->getBuffer().str() : "";
  }
};
} // namespace

TEST_P(ExamplesTest, HasNoFault) { EXPECT_EQ(faultsOf(text()), ""); }

TEST_P(ExamplesTest, HasItsSchedule) {
  EXPECT_EQ(scheduleOf(text()), GetParam().schedule);
}

INSTANTIATE_TEST_SUITE_P(
    Zoo, ExamplesTest,
    testing::Values(Example{"cky", ""}, Example{"ctc", ""},
                    Example{"dagpath", ""}, Example{"dtw", ""},
                    Example{"nussinov", ""}, Example{"rnnt", ""},
                    Example{"semimarkov", ""}, Example{"sw", ""},
                    Example{"sw3", ""}, Example{"valueiter", ""},
                    Example{"viterbi", ""}),
    [](const auto &info) { return std::string(info.param.name); });
