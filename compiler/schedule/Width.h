//===- Width.h - how parallel a schedule is ---------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_SCHEDULE_WIDTH_H
#define DANSKIN_SCHEDULE_WIDTH_H

#include "compiler/schedule/Count.h"

namespace danskin {

/// The parallel width of a schedule.
struct Width {
  /// Dims of a statement that its rows leave free, the most of any that counts:
  /// those in a recursion, or all where there is none. (What runs before or
  /// after a recursion is free and says nothing of it.)
  unsigned axes = 0;
  /// The largest number of cells of equal time, where it is a polynomial.
  std::optional<Polynomial> cells;
  /// Else, if all sizes are equal, where it is one in that size.
  std::optional<Polynomial> cellsAtEqualSizes;

  /// `1 axis, S cells`, `1 axis, n cells at equal sizes n`, `2 axes`.
  std::string toString(const std::vector<std::string> &names) const;
};

/// Dims of one statement that a schedule leaves free.
unsigned freeAxes(const Schedule &schedule, unsigned statement, unsigned rank);

Width widthOf(const Problem &problem, const Schedule &schedule);

} // namespace danskin

#endif // DANSKIN_SCHEDULE_WIDTH_H
