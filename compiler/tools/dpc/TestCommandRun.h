//===- TestCommandRun.h - one regularizer and type --------- -*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_TESTCOMMANDRUN_H
#define DANSKIN_TOOLS_DPC_TESTCOMMANDRUN_H

#include "compiler/tools/dpc/TestCommandCheck.h"

namespace danskin {

struct TestOptions {
  std::string file, program;
  unsigned instances = 20;
  uint64_t seed = 1;
  std::vector<std::string> regs = {"hard", "entropy", "l2"};
  std::vector<std::string> types = {"f64", "f32"};
  std::vector<std::string> engineOptions; ///< what is left: -O0, --form=...
  bool json = false;
};

struct TestSubject {
  const ast::File &file;
  llvm::StringRef text; ///< of the file
  const ast::Program &program;
  const std::string &reg;
  bool isSingle;
  bool hasFlow = true; ///< compile once more to see what flows
};

/// Checks one program under one regularizer and type. What an engine's factory
/// has to say is printed where `said` does not hold it yet.
llvm::Error runTests(const TestSubject &subject, const TestOptions &options,
                     EngineFactory makeEngine, std::set<std::string> &said,
                     Tally &tally);

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_TESTCOMMANDRUN_H
