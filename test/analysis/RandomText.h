//===- RandomText.h - random programs, right and wrong ----------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TEST_ANALYSIS_RANDOMTEXT_H
#define DANSKIN_TEST_ANALYSIS_RANDOMTEXT_H

#include <string>

namespace danskin {

struct RandomText {
  std::string text;
  bool hasData; ///< an integer input is read
};

/// A program of one table of two indices, two sizes and, for every third seed,
/// an integer input. About half of them have a fault.
RandomText randomProgram(unsigned seed);

} // namespace danskin

#endif // DANSKIN_TEST_ANALYSIS_RANDOMTEXT_H
