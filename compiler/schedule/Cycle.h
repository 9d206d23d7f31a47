//===- Cycle.h - cells that wait for themselves -----------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_SCHEDULE_CYCLE_H
#define DANSKIN_SCHEDULE_CYCLE_H

#include "compiler/schedule/Components.h"

namespace danskin {

/// Cells each of which reads the next; the last reads the first.
struct DependenceCycle {
  std::vector<int64_t> sizes;
  std::vector<Cell> cells;
  Indices dependences; ///< the read of each cell
};

/// A shortest cycle along `open`, at the smallest sizes; nothing if there is
/// none of up to `maxReads` reads, or none found within `maxProofs` emptiness
/// proofs.
std::optional<DependenceCycle> findCycle(const Problem &problem,
                                         const Indices &open,
                                         unsigned maxReads = 6,
                                         unsigned maxProofs = 500);

/// For people: `N = 1: D[0] -> D[1] -> D[0]`.
std::string toString(const Problem &problem, const DependenceCycle &cycle);

} // namespace danskin

#endif // DANSKIN_SCHEDULE_CYCLE_H
