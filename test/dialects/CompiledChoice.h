//===- CompiledChoice.h - run the code a regularizer emits --------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TEST_DIALECTS_COMPILEDCHOICE_H
#define DANSKIN_TEST_DIALECTS_COMPILEDCHOICE_H

#include "dialects/dp/Regularizer.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include <memory>
#include <vector>

namespace danskin::test {

/// What a choice answers about a list of scores.
struct ChoiceResult {
  double value;
  std::vector<double> weights;
  std::vector<double> curvatures;
};

/// A choice over a list of scores in memory, compiled to machine code by the
/// upstream lowering.
class CompiledChoice {
public:
  /// Scores of type float or, with `isDouble`, double. The context must have
  /// the dp dialect and the one of `reg`.
  CompiledChoice(mlir::dp::RegularizerAttrInterface reg, bool isDouble);

  ChoiceResult run(const std::vector<double> &scores) const;

private:
  template <typename Float>
  ChoiceResult runAs(const std::vector<double> &scores) const;

  bool isDouble;
  std::unique_ptr<llvm::orc::LLJIT> jit;
  void *entry = nullptr;
};

} // namespace danskin::test

#endif // DANSKIN_TEST_DIALECTS_COMPILEDCHOICE_H
