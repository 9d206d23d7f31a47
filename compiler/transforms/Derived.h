//===- Derived.h - tables made from tables ------------------------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What both directions of differentiation share: which arrays matter, tables
// over the domain of another, inputs over the bounding box of a table.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TRANSFORMS_DERIVED_H
#define DANSKIN_TRANSFORMS_DERIVED_H

#include "dialects/dp/Dp.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringRef.h"

namespace danskin {

/// The arrays of a program that a derivative is by: the inputs and lets named,
/// or all float inputs that are neither gamma nor made by differentiation.
/// Emits E0503 and returns nothing for a name that is none.
std::optional<mlir::SmallVector<mlir::Value>>
findVariables(mlir::dp::ProgramOp program, mlir::ArrayRef<std::string> names);

/// Inputs that differentiation added carry this attribute.
inline constexpr llvm::StringLiteral derivedAttr = "derived";

/// So do guards that drop a reader whose adjoint is 0.
inline constexpr llvm::StringLiteral adjointGuardAttr = "adjoint";

/// The arrays whose values depend on one of `from` through arithmetic,
/// `from` included.
llvm::DenseSet<mlir::Value> getDependents(mlir::dp::ProgramOp program,
                                          mlir::ValueRange from);
/// The arrays that a present value of an output is computed from.
llvm::DenseSet<mlir::Value> getPrecedents(mlir::dp::ProgramOp program);

/// The name of a table or an input.
llvm::StringRef getName(mlir::Value array);

/// A table over the domain of `like` that is never absent.
mlir::dp::TableOp createTableLike(mlir::OpBuilder &builder,
                                  mlir::dp::TableOp like,
                                  const llvm::Twine &name,
                                  mlir::dp::TableRole role, mlir::Value owner);

/// A table over the extents of an input.
mlir::dp::TableOp createTableOver(mlir::OpBuilder &builder,
                                  mlir::dp::InputOp input,
                                  const llvm::Twine &name,
                                  mlir::dp::TableRole role);

/// A float input over the cells of `array`: its extents, or the bounding box of
/// a table's domain.
class BoxInput {
public:
  BoxInput(mlir::OpBuilder &builder, mlir::Value array, const llvm::Twine &name,
           double initial);
  /// The element that stands for a cell of the array.
  mlir::Value read(mlir::OpBuilder &builder, mlir::Location loc,
                   mlir::ValueRange cell) const;

private:
  mlir::dp::InputOp input;
  mlir::SmallVector<mlir::Value> origin; ///< empty: all 0
};

/// Opens an equation of `tables` at the end of the program, its arguments
/// placed like those of the block `like` where given.
mlir::dp::EquationOp createEquation(mlir::OpBuilder &builder,
                                    mlir::Location loc,
                                    mlir::ValueRange tables);

/// The first reduction of a kind in the equation's body; null for none.
template <typename Op> Op getReduction(mlir::dp::EquationOp equation) {
  auto ops = equation.getBody().front().getOps<Op>();
  return ops.empty() ? Op() : *ops.begin();
}

/// Makes the equation's cell a sum of one arm, and puts the builder into it.
void openSum(mlir::OpBuilder &builder, mlir::dp::EquationOp equation,
             mlir::StringAttr label);

/// A copy, where the builder is, that makes these tables.
mlir::dp::EquationOp cloneEquation(mlir::OpBuilder &builder,
                                   mlir::dp::EquationOp equation,
                                   mlir::ValueRange tables);

/// The weight of a score in an arm of the choice that `node` makes, at the cell
/// whose statistics count.
mlir::dp::WeightOp createWeight(mlir::OpBuilder &builder, mlir::Location loc,
                                mlir::dp::EquationOp node, unsigned arm,
                                mlir::Value score, mlir::ValueRange binders,
                                mlir::ValueRange cell);

/// Answers the questions around a weight whether its score is present and above
/// -inf with yes: those that come before it in its block, where a weight of 0
/// says the same.
void settlePresence(mlir::dp::WeightOp weight);

/// Erases the operation, if nobody needs it, and what was there for it alone.
void eraseIfDead(mlir::Operation *op);

} // namespace danskin

#endif // DANSKIN_TRANSFORMS_DERIVED_H
