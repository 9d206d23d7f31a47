//===- RowSearch.h - one row of a schedule ----------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_SCHEDULE_ROWSEARCH_H
#define DANSKIN_SCHEDULE_ROWSEARCH_H

#include "compiler/schedule/Components.h"
#include "compiler/schedule/Distance.h"

namespace danskin {

/// A row for some statements, weakly satisfying every open dependence.
struct RowChoice {
  std::vector<ScheduleRow> rows; ///< for each statement searched
  Indices carried;               ///< dependences it satisfies strictly
  bool finishes = false;         ///< a constant row can order the rest
  int64_t cost = 0;
};

/// Looks for rows: candidate coefficients for each statement by cost, constants
/// by difference constraints.
class RowSearch {
public:
  RowSearch(const Problem &problem, const std::vector<Distance *> &distances,
            Work &work, bool rowMajor);

  /// The row for `statements` that finishes if any does, else carries most,
  /// then costs least. Small coefficients are tried first, larger ones only
  /// while nothing finishes.
  std::optional<RowChoice> find(const Indices &statements, const Indices &open);

  /// The same with given coefficients.
  std::optional<RowChoice> place(const Indices &statements, const Indices &open,
                                 const std::vector<Coefficients> &coefficients);

  /// Coefficients worth trying for a statement, cheapest first.
  std::vector<Coefficients> candidates(unsigned statement, int64_t bound) const;

  /// Row-major rows use each dim once.
  void markUsed(unsigned statement, const ScheduleRow &row);

private:
  int64_t cost(const Coefficients &row) const;
  bool allowed(unsigned statement, const Coefficients &row) const;
  bool isWeaklyValid(unsigned statement, const Indices &open,
                     const Coefficients &row);
  Coefficients sumOfUnits(unsigned statement, const Indices &open);
  std::vector<Coefficients> weaklyValid(unsigned statement, const Indices &open,
                                        int64_t bound);

  const Problem &problem;
  const std::vector<Distance *> &distances; ///< for each dependence
  Work &work;
  bool rowMajor;
  std::vector<std::vector<bool>> used;
};

} // namespace danskin

#endif // DANSKIN_SCHEDULE_ROWSEARCH_H
