//===- Jit.h - run a dp program given as text -------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TEST_CONVERSION_JIT_H
#define DANSKIN_TEST_CONVERSION_JIT_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc

namespace danskin::test {

/// What a caller hands over: any stride, elements of 8 bytes.
struct Array {
  void *data;
  std::vector<int64_t> strides;
};

/// A program in memory, its four functions ready to be called (f64).
class Jit {
public:
  /// `file`: in Inputs. `edits`: pairs of text to replace, and by what.
  Jit(const std::string &file, const std::string &program,
      std::vector<std::pair<std::string, std::string>> edits = {});
  ~Jit();

  std::vector<int64_t> extents(const std::vector<int64_t> &sizes, size_t count);
  int64_t workspace(const std::vector<int64_t> &sizes);
  /// In a workspace of exactly the size asked for, filled with rubbish; fails
  /// the test if the bytes around it change.
  int32_t run(const std::vector<int64_t> &sizes, std::vector<Array> arrays);
  int64_t validate(const std::vector<int64_t> &sizes, std::vector<Array> arrays,
                   std::vector<int64_t> &fault);

private:
  void *find(const std::string &part);

  std::string prefix;
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

} // namespace danskin::test

#endif // DANSKIN_TEST_CONVERSION_JIT_H
