//===- PathSteps.h - which cells a path goes through --------------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The path of the winners, seen from a program of isolated reductions: what a
// cell adds to the path and which cells it goes on to.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TRANSFORMS_PATHSTEPS_H
#define DANSKIN_TRANSFORMS_PATHSTEPS_H

#include "dialects/dp/Dp.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/DenseSet.h"

namespace danskin {

class PathSteps {
public:
  /// How rows are laid out, whatever becomes of the program's tables after
  /// DpLayOutPaths: the number of a table, and of the program the most indices
  /// that a table has and that an arm binds.
  static constexpr llvm::StringLiteral numberAttr = "path_number";
  static constexpr llvm::StringLiteral rankAttr = "path_rank";
  static constexpr llvm::StringLiteral bindersAttr = "path_binders";

  explicit PathSteps(mlir::dp::ProgramOp program);

  /// What the user calls a table, an output included, in program order.
  mlir::ArrayRef<mlir::dp::TableOp> getTables() const { return tables; }
  mlir::ArrayRef<mlir::dp::TableOp> getOutputs() const { return outputs; }

  /// Does a path go through cells of this table? Not through those of a let,
  /// nor through tables behind which no choice stands.
  bool isOnPath(mlir::Value array) const { return onPath.contains(array); }
  /// The table that the user wrote the equations of `table` for.
  static mlir::dp::TableOp getRoot(mlir::dp::TableOp table);
  static mlir::dp::ChooseOp getChoice(mlir::dp::EquationOp equation);
  static mlir::dp::SumOp getSum(mlir::dp::EquationOp equation);
  /// What an equation gives its first table, unless it is a reduction.
  static mlir::Value getValue(mlir::dp::EquationOp equation);
  /// Does a choice stand in the equation (not: in what it reads)?
  bool chooses(mlir::dp::EquationOp equation) const;

  /// The parts of a row: table, indices, equation, arm, binders.
  unsigned getRank() const { return rank; }
  unsigned getBinders() const { return binders; }
  unsigned getWidth() const { return 3 + rank + binders; }
  int64_t getTableNumber(mlir::dp::TableOp root) const {
    return numbers.lookup(root);
  }
  static int64_t getEquationNumber(mlir::dp::TableOp table,
                                   mlir::dp::EquationOp equation);
  /// Among the arms of all choices of the spec's equation. A choice that is not
  /// the first has the number of its first arm as the attribute `first`.
  static int64_t getArmNumber(mlir::dp::ArmOp arm);

private:
  void findOnPath(mlir::dp::ProgramOp program);

  mlir::SmallVector<mlir::dp::TableOp> tables, outputs;
  mlir::DenseMap<mlir::Operation *, int64_t> numbers;
  mlir::DenseSet<mlir::Value> onPath;
  unsigned rank = 0, binders = 0;
};

/// The reads that `value` is computed from, its conditions and indices left
/// out, in the order of the text.
void forEachRead(mlir::Value value,
                 llvm::function_ref<void(mlir::dp::ReadOp)> visit);

} // namespace danskin

#endif // DANSKIN_TRANSFORMS_PATHSTEPS_H
