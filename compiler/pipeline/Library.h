//===- Library.h - from a checked file to a library ---------------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_PIPELINE_LIBRARY_H
#define DANSKIN_PIPELINE_LIBRARY_H

#include "compiler/frontend/Frontend.h"
#include "compiler/pipeline/Objects.h"
#include "compiler/pipeline/Pipelines.h"
#include "compiler/target/Interface.h"
#include "llvm/ADT/StringMap.h"

namespace danskin {

struct LibraryOptions {
  PipelineOptions pipeline;
  /// Empty: every entry that a program's class has.
  std::vector<std::string> entries;
  std::string program; ///< empty: all of the file
  llvm::StringMap<int64_t> fixed;
  CpuOptions cpu;
  std::vector<Isa> isas; ///< empty: the compiler's choice
  /// GPUs to have kernels for, such as `sm_90`; alone `sim`: the emulator, or
  /// `sim:large`: the same with indices of 64 bits.
  std::vector<std::string> devices;
  bool hasLines = false; ///< keep where code comes from, for a debugger
  /// Where to print the schedule of each entry; null: nowhere.
  llvm::raw_ostream *schedules = nullptr;
  std::string commandLine;
};

/// A compiled file: objects to link and what they hold.
struct Library {
  LibraryInterface interface;
  std::string manifest;
  std::vector<std::string> objects; ///< the last holds the manifest
};

/// Compiles the programs of a file that Sema accepted. Nothing where an error
/// was added to `diagnostics`.
std::optional<Library>
compileLibrary(const ast::File &file, llvm::StringRef text,
               llvm::StringRef filename, const LibraryOptions &options,
               Diagnostics &diagnostics, const Clock &clock = nullptr);

/// Puts it into the library's manifest; `options` are those it was compiled
/// with. False where an error was added.
bool addVerification(Library &library, const Verification &verified,
                     const LibraryOptions &options, Diagnostics &diagnostics);

/// Prints the programs at a stage, one entry after the other. False where an
/// error was added.
bool printStage(const ast::File &file, llvm::StringRef text,
                llvm::StringRef filename, const LibraryOptions &options,
                const Stage &stage, llvm::raw_ostream &os,
                Diagnostics &diagnostics);

} // namespace danskin

#endif // DANSKIN_PIPELINE_LIBRARY_H
