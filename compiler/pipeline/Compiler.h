//===- Compiler.h - run a program through the stages --------------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_PIPELINE_COMPILER_H
#define DANSKIN_PIPELINE_COMPILER_H

#include "compiler/analysis/Report.h"
#include "compiler/frontend/Frontend.h"
#include "compiler/pipeline/Pipelines.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringMap.h"

namespace danskin {

/// Takes programs of one file from the tree to any stage that is MLIR. What
/// MLIR has to say is added to `diagnostics`, with its code and notes.
class Compiler {
public:
  explicit Compiler(Diagnostics &diagnostics);

  mlir::MLIRContext &getContext() { return context; }

  /// The program in dp, checked; sizes of `fixed` are specialized. Null where
  /// an error was added.
  mlir::OwningOpRef<mlir::ModuleOp>
  generate(const ast::Program &program, llvm::StringRef text,
           llvm::StringRef filename, const llvm::StringMap<int64_t> &fixed);

  /// A copy of `source` at `stage` for `entry`; null where an error was added.
  mlir::OwningOpRef<mlir::ModuleOp> lower(mlir::ModuleOp source,
                                          const Entry &entry,
                                          const PipelineOptions &options,
                                          const Stage &stage);

  /// Takes `module`, which is at stage `from`, on to stage `to`.
  bool advance(mlir::ModuleOp module, const Entry &entry,
               const PipelineOptions &options, const Stage &from,
               const Stage &to);

  /// Gives functions at stage `llvm` the lines of the program.
  bool addLines(mlir::ModuleOp module);

  /// The entries that a program's class has.
  static std::vector<const Entry *> getEntriesOf(mlir::ModuleOp source);

  /// Prints when each statement of a module at stage `schedule` runs.
  void printSchedule(mlir::ModuleOp scheduled, const Entry &entry,
                     llvm::raw_ostream &os);

  /// What `dpc check` says of a checked program; nothing where an error was
  /// added. Schedules `module` in place.
  std::optional<ProgramReport> report(mlir::ModuleOp module);

private:
  bool run(mlir::ModuleOp module,
           llvm::function_ref<void(mlir::OpPassManager &)> populate);

  mlir::MLIRContext context;
  Diagnostics &diagnostics;
};

} // namespace danskin

#endif // DANSKIN_PIPELINE_COMPILER_H
