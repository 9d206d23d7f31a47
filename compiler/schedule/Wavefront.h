//===- Wavefront.h - the scheduler ------------------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Finds lexicographic schedules row by row, after Feautrier (Some efficient
// solutions to the affine scheduling problem, part II, 1992): a row satisfies
// every open dependence weakly and as many as possible strictly. Among valid
// rows those with few, small coefficients win, which leaves most dims free to
// run in parallel.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_SCHEDULE_WAVEFRONT_H
#define DANSKIN_SCHEDULE_WAVEFRONT_H

#include "compiler/schedule/Cycle.h"
#include "compiler/schedule/Distance.h"

namespace danskin {

struct SchedulingOptions {
  /// Only rows that are one dim, forward or backward: loops in nested order.
  bool rowMajor = false;
  /// Lets strongly connected components share loops where they run at a
  /// constant distance.
  bool fuse = true;
  /// Visited combinations; a linear program counts as 20.
  uint64_t workLimit = 1000000;
};

struct SchedulingFailure {
  enum Kind {
    Cycle,      ///< some cell waits for itself: no order exists
    NoSchedule, ///< none of the form looked for; splitting statements may help
    WorkLimit   ///< gave up
  } kind = NoSchedule;
  /// Statements that need each other and for which no row was found.
  Indices statements;
  /// Their reads that the rows found so far leave unordered.
  Indices open;
  std::optional<DependenceCycle> cycle; ///< for Cycle: an instance
};

struct SchedulingResult {
  Schedule schedule; ///< proved by nobody yet: see verify()
  std::optional<SchedulingFailure> failure;
  uint64_t work = 0;

  explicit operator bool() const { return !failure; }
};

/// Searches for schedules of one problem: what one search finds out about
/// distances, the next knows.
class Scheduler {
public:
  explicit Scheduler(const Problem &problem);
  Scheduler(const Scheduler &) = delete;

  /// Schedules all statements. Components that do not share loops are ordered
  /// by constants in row 0, one constant each: where row 0 is constant for all
  /// statements, those with the same constant form one loop nest.
  SchedulingResult solve(const SchedulingOptions &options = {});

private:
  const Problem &problem;
  Work work;
  std::vector<Distance> shared;
  std::vector<Distance *> distances; ///< for each dependence
};

/// A single search.
SchedulingResult solve(const Problem &problem,
                       const SchedulingOptions &options = {});

} // namespace danskin

#endif // DANSKIN_SCHEDULE_WAVEFRONT_H
