//===- Layout.h - where the cells of a table lie ----------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A table takes a box of memory. Skewed: index d is stored relative to its
// lower bound given the indices before it, so a band of width W takes W a row.
// Plain: the bounding box of the domain, which is what a caller gets.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_LAYOUT_H
#define DANSKIN_CONVERSION_LAYOUT_H

#include "compiler/conversion/Nest.h"
#include <memory>

namespace danskin::conversion {

class Layout {
public:
  /// `compact` leaves out dimensions that the next one determines.
  static mlir::FailureOr<Layout> get(mlir::dp::TableOp table,
                                     const Domain &domain, Forms &forms,
                                     bool skewed, bool compact);

  unsigned getRank() const { return axes.size(); }
  /// The extents of the box, none below 0.
  llvm::SmallVector<mlir::Value> emitExtents(mlir::OpBuilder &b,
                                             Env &env) const;
  /// Where in the box a cell is stored.
  llvm::SmallVector<mlir::Value> emitPosition(mlir::OpBuilder &b, Env &env,
                                              mlir::ValueRange indices) const;
  /// Is every place of the box a cell of the domain?
  bool isFull() const { return full; }

private:
  struct Axis {
    bool stored = true;
    /// What is subtracted from the index.
    Rows lowers;
    /// Bounds of column `extentColumn`, which is the largest stored index, or,
    /// of a plain box, of the index itself.
    Rows uppers;
    unsigned extentColumn = 0;
  };
  mlir::LogicalResult addSkewed(unsigned dim);
  mlir::LogicalResult addPlain(unsigned dim);
  llvm::SmallVector<mlir::Value> getColumns(Env &env) const;

  std::unique_ptr<Nest> nest;
  llvm::SmallVector<Axis> axes;
  bool full = false;
};

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_LAYOUT_H
