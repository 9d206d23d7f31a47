//===- Slices.h - copying parts of comprehensions -----------------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TRANSFORMS_SLICES_H
#define DANSKIN_TRANSFORMS_SLICES_H

#include "dialects/dp/Dp.h"
#include "mlir/IR/IRMapping.h"

namespace danskin {

/// The value that stands for `value` at the builder: mapped already, defined
/// at the top of the program, or else computed by copies of the operations it
/// needs. Every dp.iterate and every block argument in between must be mapped.
mlir::Value cloneValue(mlir::OpBuilder &builder, mlir::Value value,
                       mlir::IRMapping &mapping);

/// Copies `op` with its regions and whatever it captures.
mlir::Operation *cloneWithCaptures(mlir::OpBuilder &builder,
                                   mlir::Operation *op,
                                   mlir::IRMapping &mapping);

/// Copies a table's domain (all but the yield) to the builder; returns the
/// indices it would yield.
mlir::SmallVector<mlir::Value> cloneDomain(mlir::OpBuilder &builder,
                                           mlir::dp::TableOp table);

/// Does the value depend on a float array or a table?
bool readsFloats(mlir::Value value);

/// The conjunction of an equation's own dp.where for `cell`, at the builder;
/// null without any, or where `keep` says no to one.
mlir::Value cloneConjunction(mlir::OpBuilder &builder,
                             mlir::dp::EquationOp equation,
                             mlir::ValueRange cell,
                             llvm::function_ref<bool(mlir::Value)> keep);

/// The conditions on a cell for which an equation applies, `otherwise` written
/// out, at the builder: those of `equation`'s own dp.where first, mapped from
/// its block's arguments by `mapping`. A condition is left out when `keep` says
/// no to it.
void cloneGuards(mlir::OpBuilder &builder, mlir::dp::EquationOp equation,
                 mlir::IRMapping &mapping,
                 llvm::function_ref<bool(mlir::Value)> keep);

} // namespace danskin

#endif // DANSKIN_TRANSFORMS_SLICES_H
