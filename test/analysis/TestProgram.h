//===- TestProgram.h - programs for tests, from text ------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TEST_ANALYSIS_TESTPROGRAM_H
#define DANSKIN_TEST_ANALYSIS_TESTPROGRAM_H

#include "dialects/dp/Dp.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include <string>

namespace danskin {

/// A `.dp` text as a dp.program; `errors` says why there is none.
struct TestProgram {
  explicit TestProgram(const std::string &text);

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::dp::ProgramOp program;
  std::string errors;
};

/// The faults of a program, as `E0301 read of ... | N = 1`, one a line.
std::string faultsOf(const std::string &text);

/// The schedule of a program, one statement a line, or why it has none.
std::string scheduleOf(const std::string &text);

} // namespace danskin

#endif // DANSKIN_TEST_ANALYSIS_TESTPROGRAM_H
