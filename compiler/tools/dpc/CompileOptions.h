//===- CompileOptions.h - the command line of compiling -----------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_COMPILEOPTIONS_H
#define DANSKIN_TOOLS_DPC_COMPILEOPTIONS_H

#include "compiler/pipeline/Library.h"
#include "compiler/tools/dpc/Commands.h"
#include "llvm/Support/Error.h"

namespace danskin {

struct CompileOptions {
  LibraryOptions library;
  std::string file;
  std::string output; ///< -o
  std::string emit;   ///< empty: a library
  std::string headerFile, manifestFile;
  std::string timeTraceFile;  ///< empty: no trace
  std::string dependencyFile; ///< empty: none; `-MF`, or beside the output
  bool time = false, printSchedule = false;
  bool verify = false; ///< compare kernels with the reference
  bool json = false;   ///< of `dpc check`
  bool warningsAreErrors = false, jsonDiagnostics = false;
};

/// Parses `dpc FILE.dp ...`. Knows every option of its help text.
llvm::Expected<CompileOptions> parseCompileOptions(Arguments arguments);

/// A source file read, checked, and what there is to say about it.
struct SourceFile {
  std::string text;
  Diagnostics diagnostics;
  std::unique_ptr<ast::File> file; ///< null where an error was reported
};
/// Reads the file that the options name, and settles their regularizer.
llvm::Expected<std::unique_ptr<SourceFile>> readSource(CompileOptions &options);

/// What the options make, as a file; empty for standard output.
std::string getOutput(const CompileOptions &options);

/// Prints what there is to say; the exit code that it means.
int report(const Diagnostics &diagnostics, bool json);

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_COMPILEOPTIONS_H
