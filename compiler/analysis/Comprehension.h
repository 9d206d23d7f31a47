//===- Comprehension.h - what holds where in a block ------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Walks comprehension blocks in evaluation order and tells for each operation
// what has been iterated, guarded and branched on before it.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_ANALYSIS_COMPREHENSION_H
#define DANSKIN_ANALYSIS_COMPREHENSION_H

#include "compiler/analysis/Affine.h"

namespace danskin {

/// What holds whenever an operation is evaluated.
struct PointContext {
  /// All that was iterated, guarded and branched on before. For what a guard
  /// is computed by, this leaves out the `?` conditions of its candidate.
  Formula holds;
  /// The same without any `?` condition.
  Formula certain;
};
using PointVisitor =
    llvm::function_ref<void(mlir::Operation *op, const PointContext &context)>;

/// Visits every operation of the block, and of the regions in it.
void walkComprehension(AffineSpace &space, mlir::Block &block,
                       const Formula &context, PointVisitor visit);

/// The index of each cell of rank `rank` as new variables, named after the
/// block's arguments, which are bound to them.
std::vector<LinearForm> addCell(AffineSpace &space, mlir::Block &block);

/// Binds the arguments of a block to a cell.
void bindCell(AffineSpace &space, mlir::Block &block,
              llvm::ArrayRef<LinearForm> cell);

/// While it lives, the block's indices stand for another instance of it: they
/// become new variables when they are met.
class FreshInstance {
public:
  FreshInstance(AffineSpace &space, mlir::Block &block);
  ~FreshInstance();

private:
  AffineSpace &space;
  llvm::SmallVector<std::pair<mlir::Value, std::optional<LinearForm>>> before;
};

/// The leading guards of an equation at a cell.
Formula getGuard(AffineSpace &space, mlir::dp::EquationOp equation,
                 llvm::ArrayRef<LinearForm> cell);

/// Where an equation applies among the cells of the domain: its guards, or
/// for `otherwise` the complement of the other equations'.
Formula getApplicability(AffineSpace &space, mlir::dp::EquationOp equation,
                         llvm::ArrayRef<LinearForm> cell);

/// What holds wherever the body of an equation or a scatter is evaluated for
/// a cell: the program's assumptions and the domain, for `otherwise` also the
/// complement of the others. Binds the block's arguments.
Formula enterEquation(AffineSpace &space, mlir::dp::EquationOp equation,
                      llvm::ArrayRef<LinearForm> cell);
Formula enterScatter(AffineSpace &space, mlir::dp::ScatterOp scatter,
                     llvm::ArrayRef<LinearForm> cell);

} // namespace danskin

#endif // DANSKIN_ANALYSIS_COMPREHENSION_H
