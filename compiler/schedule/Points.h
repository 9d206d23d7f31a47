//===- Points.h - the points of a polyhedron, one by one --------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_SCHEDULE_POINTS_H
#define DANSKIN_SCHEDULE_POINTS_H

#include "compiler/schedule/Sets.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace danskin {

/// Visits the integer points of a polyhedron over [parameters, variables] for
/// given parameters, as nested loops.
class PointEnumerator {
public:
  PointEnumerator(const Polyhedron &set, unsigned numParameters);

  /// Calls `visit` with parameters and variables of each point. False if a
  /// variable has no bounds or `budget`, which counts down by what was
  /// visited, ran out.
  bool forEach(const std::vector<int64_t> &parameters, uint64_t &budget,
               llvm::function_ref<void(const std::vector<int64_t> &)> visit);

  /// The number of points; nothing where forEach would be false.
  std::optional<int64_t> count(const std::vector<int64_t> &parameters,
                               uint64_t &budget);

private:
  /// Constraints on parameters and the first few variables.
  struct Level {
    std::vector<AffineForm> equalities, inequalities;
  };
  struct Range {
    bool bounded = false, possible = true;
    int64_t lower = 0, upper = -1;
  };

  Range rangeOf(unsigned var, const std::vector<int64_t> &point) const;
  bool visitFrom(unsigned var, std::vector<int64_t> &point, uint64_t &budget,
                 llvm::function_ref<void(const std::vector<int64_t> &)> visit,
                 int64_t *counter);

  unsigned numParameters, numVars;
  std::vector<Level> levels; ///< levels[k]: the first k variables
};

} // namespace danskin

#endif // DANSKIN_SCHEDULE_POINTS_H
