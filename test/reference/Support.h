//===- Support.h - what the tests of the reference share --------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TEST_REFERENCE_SUPPORT_H
#define DANSKIN_TEST_REFERENCE_SUPPORT_H

#include "compiler/frontend/Frontend.h"
#include "compiler/reference/Interpreter.h"
#include "gtest/gtest.h"
#include <random>

namespace danskin::reference {

/// A parsed program with an instance of it. Failures are failures of the test.
class Case {
public:
  /// A program without `dp 1`.
  static Case fromText(const std::string &text);
  /// `examples/NAME/NAME.dp`.
  static Case fromExample(const std::string &name);

  const ast::Program &getProgram() const { return *file->programs.front(); }
  Case &size(const std::string &name, int64_t value);
  Case &set(const std::string &name, Shape shape, std::vector<double> data);
  Case &setInts(const std::string &name, Shape shape,
                std::vector<int64_t> data);
  /// Normal floats of the declared shapes, for every float input.
  Case &randomFloats(unsigned seed);

  TensorMap value(const std::string &reg);
  /// The only element of the only output.
  double scalar(const std::string &reg);
  TensorMap gradient(const std::string &reg,
                     const std::vector<std::string> &wrt);
  HessianProduct hessian(const std::string &reg,
                         const std::vector<std::string> &wrt,
                         const TensorMap &directions);
  IntTensor argmax();
  /// The message a value query gives; empty if it works.
  std::string getError();
  std::vector<std::string> getFloatNames() const;

  Instance instance;

private:
  std::unique_ptr<Diagnostics> diagnostics;
  std::unique_ptr<ast::File> file;
};

double dot(const TensorMap &a, const TensorMap &b);
TensorMap randomLike(const TensorMap &like, unsigned seed);

/// Each of the example programs on a small instance with random floats.
std::vector<std::pair<std::string, Case>> getExamples(unsigned seed);

} // namespace danskin::reference

#endif // DANSKIN_TEST_REFERENCE_SUPPORT_H
