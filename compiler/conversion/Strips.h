//===- Strips.h - columns of a table that a thread keeps --------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where cells of two indices read cells at constant distances before them, and
// nothing else that comes to be on the way, a thread of a GPU may take some
// adjacent columns and go down the rows, one row behind its neighbor. What it
// reads it has computed itself, a row or a column before, and keeps it in
// registers; of the neighbor it needs the last columns.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_STRIPS_H
#define DANSKIN_CONVERSION_STRIPS_H

#include "compiler/conversion/Plan.h"

namespace danskin::conversion {

struct Strips {
  /// Columns of a thread. More would keep more registers, and a long way from
  /// the first column to the last.
  static constexpr unsigned columns = 4;

  unsigned row;           ///< of the schedule: `sign` times the sum of indices
  int64_t sign;           ///< rows and columns are counted up or down
  Form lows[2], highs[2]; ///< of the indices of all cells, inclusive
  /// In the order in which they run at a cell.
  llvm::SmallVector<Statement *> statements;

  /// A table that they read.
  struct Held {
    unsigned above = 0, left = 0; ///< how far away, in rows and in columns
    /// It has the cells that are read later at these indices, in the last row,
    /// or `all`, in memory.
    llvm::SmallVector<llvm::SmallVector<mlir::Value>> corners;
    bool all = false;
  };
  llvm::MapVector<TablePlan *, Held> held;
  /// How many rows and columns before the cell a read is.
  llvm::DenseMap<mlir::Operation *, std::pair<unsigned, unsigned>> distances;

  const Held *find(TablePlan &table) const {
    auto place = held.find(&table);
    return place == held.end() ? nullptr : &place->second;
  }
  /// Numbers that a thread leaves for its neighbor.
  unsigned countEdges(Plan &plan) const;
  /// How many rows or columns there are.
  mlir::Value emitExtent(mlir::OpBuilder &b, Env &env, unsigned dim) const;
};

/// Those of a plan that has its statements and nests, before its layouts.
std::vector<std::unique_ptr<Strips>> findStrips(Plan &plan);

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_STRIPS_H
