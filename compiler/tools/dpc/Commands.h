//===- Commands.h - the subcommands of dpc ------------------------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_COMMANDS_H
#define DANSKIN_TOOLS_DPC_COMMANDS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace danskin {

using Arguments = llvm::ArrayRef<const char *>;

struct Command {
  llvm::StringRef name; ///< empty: `dpc file.dp ...`
  llvm::StringRef usage;
  llvm::StringRef summary;
  /// Gets what follows the command's name; returns the exit code.
  int (*run)(Arguments arguments);
};
llvm::ArrayRef<Command> getCommands();

int compileCommand(Arguments arguments);
int checkCommand(Arguments arguments);
int runCommand(Arguments arguments);
int explainCommand(Arguments arguments);

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_COMMANDS_H
