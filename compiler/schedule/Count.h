//===- Count.h - how many points, as a function of the sizes ----*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_SCHEDULE_COUNT_H
#define DANSKIN_SCHEDULE_COUNT_H

#include "compiler/schedule/Polynomial.h"
#include "compiler/schedule/Problem.h"

namespace danskin {

/// A number that depends on the sizes. `exact` holds from small sizes on (a
/// handful) and is missing where the number is no polynomial, as min(N, M).
struct SizeFormula {
  std::optional<Polynomial> exact;
  Polynomial bound; ///< its order, always there

  SizeFormula &operator+=(const SizeFormula &other);
  /// `3*N*M + 1`, or `O(N*M)`.
  std::string toString(const std::vector<std::string> &names) const;
};

/// Sizes at which a number is sampled start here: the smallest of the context,
/// where it has any, plus a few, so that boundaries do not overlap. Nothing if
/// larger sizes leave the context.
std::optional<std::vector<int64_t>> sampleBase(const Polyhedron &context,
                                               int64_t beyond);

/// The number of points of a set over [parameters, variables].
SizeFormula countPoints(const Polyhedron &context, const PolyhedronUnion &set);

/// The cells of all statements: memory.
SizeFormula countCells(const Problem &problem);
/// The instances of all dependences: cost. Locals that stand for data count as
/// if they took all their values.
SizeFormula countReads(const Problem &problem);

} // namespace danskin

#endif // DANSKIN_SCHEDULE_COUNT_H
