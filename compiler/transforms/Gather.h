//===- Gather.h - from a cell to the reads that reach it ----------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A read `T[f(x, b)]` in an equation of cell x under binders b is a relation
// between readers (x, b) and the cell y = f(x, b). A gather runs it backward:
// given y, loops over the readers. Where f goes through data that depends on
// what would be looped over (`logp[t, y[l]]`, a dag's sources) the loop would
// only filter, and the read is better pushed from the reader: a scatter.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TRANSFORMS_GATHER_H
#define DANSKIN_TRANSFORMS_GATHER_H

#include "compiler/analysis/Affine.h"
#include "mlir/IR/IRMapping.h"

namespace danskin {

/// One read of a table or input, and where it stands.
struct ReadSite {
  mlir::dp::ReadOp read;
  mlir::dp::EquationOp equation;
  mlir::dp::TableOp reader; ///< the (first) table of the equation
  mlir::dp::ArmOp arm;      ///< null in a pointwise equation

  /// The arm's binders, in order.
  mlir::SmallVector<mlir::dp::IterateOp> getIterates() const;
};

/// One step of running over the readers of a cell.
struct GatherStep {
  enum Kind {
    Pin,  ///< `variable = form / divisor`, a reader only where it divides
    Load, ///< a variable that is a function of known ones (data, quotient)
    Loop  ///< `variable` from the largest lower to the smallest upper bound
  };
  Kind kind;
  unsigned variable;
  LinearForm form;     ///< Pin
  int64_t divisor = 1; ///< Pin
  /// Loop: bounds `form / divisor`, rounded inward; both ends included.
  std::vector<std::pair<LinearForm, int64_t>> lower, upper;
};

/// The readers of a cell as loops.
class Gather {
public:
  /// Nothing where the relation cannot be run backward without filtering.
  static std::optional<Gather> invert(mlir::dp::ProgramOp program,
                                      const ReadSite &site);

  /// Emits the steps for the cell `cell` and maps the equation's arguments and
  /// the arm's binders in `mapping`. All candidates for readers are met once;
  /// the exact conditions (the reader's domain, its equation's guards, the
  /// arm's ranges) are the caller's to emit after it.
  void emit(mlir::OpBuilder &builder, mlir::Location loc, mlir::ValueRange cell,
            mlir::IRMapping &mapping) const;

private:
  explicit Gather(mlir::dp::ProgramOp program) : space(program) {}

  struct Solver;

  AffineSpace space;
  std::vector<unsigned> cellVariables;
  /// What the reader's indices and binders are called in the space.
  std::vector<std::pair<mlir::Value, unsigned>> readers;
  std::vector<GatherStep> steps;
  /// Equations between known variables that no step has used.
  std::vector<LinearForm> tests;
  /// Quotients solved for: what they divide may be known by another way, so
  /// that the two must be compared.
  std::vector<unsigned> quotients;
};

} // namespace danskin

#endif // DANSKIN_TRANSFORMS_GATHER_H
