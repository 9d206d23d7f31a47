//===- CommandLine.h - what subcommands share -------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_COMMANDLINE_H
#define DANSKIN_TOOLS_DPC_COMMANDLINE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace danskin {

/// The parts of `a,b,c`.
std::vector<std::string> splitList(llvm::StringRef text);

/// Prints the error; the exit code that it means.
int report(llvm::Error error);

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_COMMANDLINE_H
