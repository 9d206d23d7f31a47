//===- Segments.h - times computed again from checkpoints -------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The times of two phases, cut into segments that mirror one another: a time t
// of the readers is of the segment that holds `sum - t`. A table that is kept
// by segments has room for the segment and for the times around it that are
// read with it. What comes before each segment of the producers, and before
// what follows the last, is kept in slots: checkpoints.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_SEGMENTS_H
#define DANSKIN_CONVERSION_SEGMENTS_H

#include "compiler/conversion/Plan.h"

namespace danskin::conversion {

class Segments {
public:
  /// The first time and the one after the last.
  struct Range {
    mlir::Value lower, upper;
  };
  Range producers, readers;  ///< all times
  mlir::Value length, count; ///< of a segment; of segments, at least 1
  mlir::Value past, ahead, readersPast;

  /// Emits them, and how many times the tables have room for, at the start of
  /// the function.
  Segments(Plan &plan, Env &env);

  /// The first of the producers' times of a segment.
  mlir::Value emitFirst(mlir::OpBuilder &b, mlir::Value segment) const;
  /// The readers' times of a segment. The last segment has all that come before
  /// them, the first all that come after.
  Range emitMirror(mlir::OpBuilder &b, mlir::Value segment) const;

private:
  Range getTimes(mlir::OpBuilder &b, Plan &plan, Env &env,
                 llvm::ArrayRef<int64_t> phase);
  Range emitRawMirror(mlir::OpBuilder &b, mlir::Value segment) const;

  mlir::Location loc;
  int64_t sum;
};

/// The inclusive bounds of a row of the schedule over the statements; their
/// points have the rows before.
struct TimeBounds {
  mlir::Value lower, last;
  bool isCommon = true; ///< does each statement have all these times?
};
using StatementPoint = std::pair<const Statement *, const Nest::Point *>;
TimeBounds emitTimeBounds(mlir::OpBuilder &b, mlir::Location loc,
                          llvm::ArrayRef<StatementPoint> statements,
                          unsigned row);

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_SEGMENTS_H
