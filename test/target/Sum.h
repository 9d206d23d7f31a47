//===- Sum.h - a library made by hand for the tests of targets --*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   program <name>
//   size N >= 1
//   input x : float[N]
//   output total = exp(sum of x), and its gradient
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TEST_TARGET_SUM_H
#define DANSKIN_TEST_TARGET_SUM_H

#include "compiler/target/Cpu.h"
#include "compiler/target/Interface.h"
#include <string>

/// Interface of its entries: `value` and `value_grad` in f64.
danskin::LibraryInterface sumLibrary(llvm::StringRef program);

/// Its object. The generated functions are named like the program.
std::string sumObject(const danskin::LibraryInterface &library,
                      const danskin::CpuOptions &options);

/// A fresh file name in a folder that goes when the process ends.
std::string temporaryPath(llvm::StringRef name);

/// Exit status of a shell command; its output goes to the test's.
int shell(const std::string &command);

#endif
