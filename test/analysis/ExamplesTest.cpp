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
    testing::Values(
        Example{"cky", "I[i, j, a]: (-i + j)\n"},
        Example{"ctc", "B[t, l]: (t)\nY[t, l]: (t)\n"},
        Example{"dagpath", "D[v]: (v)\n"},
        Example{"dtw", "d[i, j]: (0, 0)\nD[i, j]: (1, i + j)\n"},
        Example{"nussinov", "P[i, j]: (-i)\n"},
        Example{"rnnt", "A[t, u]: (t + u)\n"},
        Example{"semimarkov", "A[t, s]: (t)\n"},
        Example{
            "sw",
            "H[i, j]: (i + j, 1)\nE[i, j]: (i + j, 0)\nF[i, j]: (i + j, 0)\n"},
        Example{"sw3",
                "P[i, j]: (i + j)\nE[i, j]: (i + j)\nF[i, j]: (i + j)\n"},
        Example{"valueiter", "V[k, s]: (k)\n"},
        Example{"viterbi", "A[t, s]: (t)\n"}),
    [](const auto &info) { return std::string(info.param.name); });
