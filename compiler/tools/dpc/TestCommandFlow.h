//===- TestCommandFlow.h - what flows into a cell flows out -----*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where each candidate reads at most one cell, a solution is a path, and E is a
// flow of 1 from each element of an output to where paths end. Lets of 0 make
// it visible: one is added to each cell, one to each read of a cell by who is
// read and one by who reads, one to each candidate that reads none. Their
// gradients are what passes there.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_TESTCOMMANDFLOW_H
#define DANSKIN_TOOLS_DPC_TESTCOMMANDFLOW_H

#include "compiler/tools/dpc/TestCommandCheck.h"
#include "compiler/tools/dpc/TestCommandTraits.h"

namespace danskin {

/// The lets of one table, and of the outputs (only `ends`).
struct FlowLets {
  std::string cells, leaving, entering, ends;
};

/// A file's text with the lets added to one program.
struct FlowProgram {
  std::string text;
  std::vector<FlowLets> tables;
  std::string outputEnds;
  std::vector<std::string> getNames() const;
};

/// Nothing, and why in `reason`, where solutions are no paths or the text is
/// not understood.
std::optional<FlowProgram> addFlowLets(const ast::Program &program,
                                       const ProgramTraits &traits,
                                       llvm::StringRef text,
                                       std::string &reason);

class FlowChecker {
public:
  explicit FlowChecker(Tally &tally) : tally(tally) {}

  /// Compiles `program` of a file's text with its lets; where there are none,
  /// tallies why. `spec` and `sample` are of the program without them.
  void prepare(const ast::Program &program, const ProgramTraits &traits,
               llvm::StringRef text, CallSpec spec, ResolvedCall sample,
               EngineFactory makeEngine);
  /// `call` is of one instance of the program without lets.
  llvm::Error check(ResolvedCall call);

private:
  void checkSums(const Results &results, bool isSingle);

  Tally &tally;
  FlowProgram flow;
  Diagnostics diagnostics;
  std::unique_ptr<ast::File> file;
  const ast::Program *program = nullptr;
  std::unique_ptr<Engine> engine; ///< null: there is nothing to check
};

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_TESTCOMMANDFLOW_H
