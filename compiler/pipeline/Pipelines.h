//===- Pipelines.h - the stages of the compiler -------------------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The map of the compiler: which stages there are, which passes lead into each,
// and what an entry (a query: value, gradient, ...) adds on the way. Nothing
// else orders passes.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_PIPELINE_PIPELINES_H
#define DANSKIN_PIPELINE_PIPELINES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <string>
#include <vector>

namespace mlir {
class MLIRContext;
class OpPassManager;
} // namespace mlir

namespace danskin {

/// In which order cells run.
enum class Order {
  Widest,    ///< as many as can be at equal time
  RowsFirst, ///< row by row where that is possible
  Rows       ///< row by row
};

/// What the caller of the compiler chooses.
struct PipelineOptions {
  std::string regularizer;      ///< empty: the program's own
  std::vector<std::string> wrt; ///< empty: all float inputs
  std::vector<std::string> floats = {"f32"};
  std::string form;    ///< numeric form; empty: the compiler's choice
  std::string lane;    ///< lane axis; empty: the compiler's choice
  std::string storage; ///< storage plan; empty: the compiler's choice
  /// Compute again what derivatives read, a segment of times at a time.
  bool checkpoint = false;
  /// Lanes are instances, so an instance had better walk along its memory.
  Order order = Order::RowsFirst;
  unsigned lanes = 8; ///< instances or cells computed at once; 1: one
  /// For threads of a GPU, whose blocks take an instance each.
  bool forThreads = false;
  unsigned indexBits = 64; ///< of the numbers that tell places in memory

  /// The same choices for a device.
  PipelineOptions onDevice(unsigned indexBits) const;
};

/// A query that a library answers.
struct Entry {
  llvm::StringRef name;  ///< in symbols
  llvm::StringRef query; ///< on command lines
  llvm::StringRef summary;
  /// Adds what turns a program with isolated reductions into the entry's.
  void (*derive)(mlir::OpPassManager &, const PipelineOptions &);
  /// The regularizer every choice takes, whatever the program says; empty:
  /// what is chosen.
  llvm::StringRef onlyRegularizer;
  bool tracesPath = false;
};
llvm::ArrayRef<Entry> getEntries();
/// By either name.
const Entry *findEntry(llvm::StringRef name);

/// A form of the program that `--emit=` prints.
struct Stage {
  llvm::StringRef name;
  llvm::StringRef summary;
  /// Adds the passes from the stage before; null for a stage that is no MLIR.
  void (*populate)(mlir::OpPassManager &, const PipelineOptions &,
                   const Entry &);
};
/// In order; the first is the tree of the front end, the last the library.
llvm::ArrayRef<Stage> getStages();
const Stage *findStage(llvm::StringRef name);

/// Adds the passes of all stages after `first` (null: from the start) up to and
/// with `last`.
void populatePipeline(mlir::OpPassManager &manager,
                      const PipelineOptions &options, const Entry &entry,
                      const Stage &last, const Stage *first = nullptr);

/// Adds the static checks of a spec, and the split of tables that no schedule
/// orders whole; what the stage `dp` starts from.
void populateChecks(mlir::OpPassManager &manager);

/// Adds the search for a schedule; part of the stage `schedule`. Kernels for
/// vectors may have a second one; so may programs whose paths are traced.
void populateSchedule(mlir::OpPassManager &manager, Order order = Order::Widest,
                      bool isForVectors = false, bool tracesPath = false);

/// Every dialect that a stage holds.
void loadDialects(mlir::MLIRContext &context);

} // namespace danskin

#endif // DANSKIN_PIPELINE_PIPELINES_H
