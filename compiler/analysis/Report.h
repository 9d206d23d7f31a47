//===- Report.h - what `dpc check` says of a program ------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Class, schedule, parallel width, cost and memory of a program as the front
// end makes it (choices not yet isolated, nothing differentiated).
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_ANALYSIS_REPORT_H
#define DANSKIN_ANALYSIS_REPORT_H

#include "compiler/analysis/Dependences.h"
#include "compiler/schedule/Width.h"

namespace danskin {

/// What the candidates of a program are, which says what can be asked of it.
enum class ProgramClass {
  Chain,  ///< each reads at most one cell, with coefficient 1
  Tree,   ///< some read two or more, with coefficient 1
  General ///< some read a cell with a coefficient or through a function
};

llvm::StringRef toString(ProgramClass programClass);

/// Tables that no choice stands behind are weights; a nested choice is a step
/// of its own.
ProgramClass classify(mlir::dp::ProgramOp program);

/// Evaluations of equations and candidates for one instance. Conditions on data
/// count as if they held; the edges of a dag count once each. `context` is what
/// the sizes meet.
SizeFormula countWork(mlir::dp::ProgramOp program, const Polyhedron &context);

struct ProgramReport {
  ProgramClass programClass = ProgramClass::Chain;
  std::vector<std::string> sizes;
  Schedule schedule;
  std::string scheduleText; ///< `D[i, j]: i + j`, one statement a line
  Width width;
  SizeFormula cost;   ///< see countWork
  SizeFormula memory; ///< cells of all tables
};

/// Expects a schedule of the dependences that was proved.
ProgramReport getReport(mlir::dp::ProgramOp program,
                        const ProgramDependences &dependences,
                        const Schedule &schedule);

/// The lines `dpc check` prints.
void print(const ProgramReport &report, llvm::raw_ostream &os);

} // namespace danskin

#endif // DANSKIN_ANALYSIS_REPORT_H
