//===- Layout.h - where the cells of a table lie ----------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A table takes a box of memory. Skewed: index d is stored relative to its
// lower bound given the indices before it, so a band of width W takes W a row.
// By time: the times of a cell come before its indices, so what is computed
// together lies together. Plain: the bounding box of the domain, which is what
// a caller gets.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_LAYOUT_H
#define DANSKIN_CONVERSION_LAYOUT_H

#include "compiler/conversion/Nest.h"
#include <memory>

namespace danskin::conversion {

class Layout {
public:
  /// The bounding box.
  static mlir::FailureOr<Layout> getPlain(mlir::dp::TableOp table,
                                          const Domain &domain, Forms &forms);
  /// Skewed; leaves out dimensions that the next one determines. By time where
  /// there is a `schedule` that has a bounded box.
  static mlir::FailureOr<Layout>
  getSkewed(mlir::dp::TableOp table, const Domain &domain, Forms &forms,
            llvm::ArrayRef<ScheduleRow> schedule);

  /// Keeps the latest `times` of a row of the schedule only, where an axis is
  /// that row: the time itself, or the index `dim`.
  void fold(unsigned row, std::optional<unsigned> dim, int64_t times);

  /// Keeps a window of times of a row of the schedule only, which the Env
  /// says; false where they do not come first in memory.
  bool segment(unsigned row, std::optional<unsigned> dim,
               llvm::ArrayRef<int64_t> time, Env::Phase phase);
  bool isSegmented() const {
    return llvm::any_of(axes,
                        [](const Axis &axis) { return !axis.time.empty(); });
  }

  Env::Phase getPhase() const { return phase; }
  /// The outermost axis, if it is that of the times in such a window or of the
  /// latest times.
  std::optional<unsigned> getTimeAxis() const;
  /// Where on that axis of the latest times one is kept.
  mlir::Value emitPlaceOfTime(mlir::OpBuilder &b, Env &env,
                              mlir::Value time) const;

  /// Does it keep the latest cells only?
  bool isFolded() const {
    return llvm::any_of(axes, [](const Axis &axis) { return axis.times; });
  }

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
    int64_t times = 0; ///< how many of its places there are; 0: all
    ScheduleRow time;  ///< of which there is a window; empty: none
    unsigned column = 0;
    /// What is subtracted from the index.
    Rows lowers;
    /// Bounds of column `extentColumn`, which is the largest stored index, or,
    /// of a plain box, of the index itself.
    Rows uppers;
    unsigned extentColumn = 0;
  };
  Layout(const Domain &domain, Forms &forms,
         llvm::ArrayRef<ScheduleRow> schedule);
  /// This, or an error if it is none.
  mlir::FailureOr<Layout> checked(mlir::dp::TableOp table) &&;
  /// The first axis without bounds.
  std::optional<unsigned> findUnbounded() const;
  void addSkewed(unsigned column, const Level &level);
  void addPlain(unsigned column);
  llvm::SmallVector<mlir::Value> getColumns(Env &env) const;

  std::unique_ptr<Nest> nest;
  llvm::SmallVector<ScheduleRow> schedule;
  llvm::SmallVector<Axis> axes;
  bool full = false;
  Env::Phase phase = Env::Phase::Producers; ///< whose window it is
};

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_LAYOUT_H
