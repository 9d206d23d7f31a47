//===- Dependences.h - which cells need which -------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A program as a scheduling problem. The statements are
//
//   - the tables without an owner that something needs: a table with an owner
//     is computed in its owner's cell, its further indices are locals;
//   - the scatters into tables that something reads, one instance for each
//     cell of `over` (reading such a table needs all instances that may add to
//     the cell read).
//
// Output tables and scatters that nothing reads are no statements: they run
// after everything else, in program order.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_ANALYSIS_DEPENDENCES_H
#define DANSKIN_ANALYSIS_DEPENDENCES_H

#include "compiler/analysis/Pieces.h"
#include "compiler/schedule/Problem.h"

namespace danskin {

struct ProgramDependences {
  Problem problem;
  /// The dp.table or dp.scatter of each statement.
  std::vector<mlir::Operation *> statements;
  /// The dp.read of each dependence.
  std::vector<mlir::Operation *> reads;
  /// The budget ran out; the problem is incomplete.
  bool incomplete = false;

  std::optional<unsigned> findStatement(mlir::Operation *op) const;
};

/// The table that computes the cells of `table`: the first of its owners that
/// has none.
mlir::dp::TableOp getRootOwner(mlir::dp::TableOp table);

/// The names of a table's dimensions, as its domain calls them.
std::vector<std::string> getDimNames(mlir::dp::TableOp table);

/// What finding the dependences of a program may cost.
constexpr unsigned dependenceProofLimit = 100000;

ProgramDependences getDependences(mlir::dp::ProgramOp program,
                                  ProofBudget &budget);

/// The dependences of a program as an analysis that passes share: it holds
/// until the program's cells or reads change.
struct DependenceAnalysis {
  explicit DependenceAnalysis(mlir::dp::ProgramOp program) {
    ProofBudget budget{dependenceProofLimit};
    dependences = getDependences(program, budget);
  }
  ProgramDependences dependences;
};

} // namespace danskin

#endif // DANSKIN_ANALYSIS_DEPENDENCES_H
