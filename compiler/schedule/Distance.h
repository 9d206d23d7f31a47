//===- Distance.h - distances of a dependence under a row -------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All that the search for a schedule asks of a dependence: how far a row
// separates readers from their targets. Constants of rows are left out, they
// only shift distances.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_SCHEDULE_DISTANCE_H
#define DANSKIN_SCHEDULE_DISTANCE_H

#include "compiler/schedule/Problem.h"
#include "mlir/Analysis/Presburger/Simplex.h"
#include <map>

namespace danskin {

/// The effort of a search, against its limit.
struct Work {
  uint64_t done = 0, limit = 0;
  bool exhausted() const { return done > limit; }
  void add(uint64_t units) { done += units; }
};

using Coefficients = std::vector<int64_t>;

class Distance {
public:
  /// "Unbounded below", far enough from overflow to add constants to.
  static constexpr int64_t unbounded = INT64_MIN / 4;
  /// The smallest distance where there is no instance at all.
  static constexpr int64_t none = INT64_MAX / 4;

  Distance(const Problem &problem, const Dependence &dependence, Work &work);

  bool hasInstances() const { return !pieces.empty(); }

  /// The smallest `reader . x - target . y` over the instances.
  int64_t smallest(const Coefficients &reader, const Coefficients &target);

  /// Whether the distance has an upper bound that no size changes.
  bool isBoundedAbove(const Coefficients &reader, const Coefficients &target);

  /// Whether a dependence of a statement on itself never has a negative
  /// distance. Remembers instances that refuted a row, so that most rows are
  /// refuted without a linear program.
  bool selfNonnegative(const Coefficients &row);

private:
  struct Piece {
    mlir::presburger::Simplex simplex;
    std::optional<mlir::presburger::Simplex> boxed; ///< made when needed
  };
  using Fractions = llvm::SmallVector<mlir::presburger::Fraction, 8>;

  llvm::SmallVector<llvm::DynamicAPInt, 16>
  objective(const Coefficients &reader, const Coefficients &target) const;
  void learn(const Coefficients &row);
  void learnFrom(mlir::presburger::Simplex &simplex, const Coefficients &row);

  unsigned numParameters, readerRank, targetRank, numVars = 0;
  Work &work;
  std::vector<Piece> pieces;
  std::map<std::pair<Coefficients, Coefficients>, int64_t> memo;
  std::vector<Coefficients> refutations; ///< reader minus target, scaled
  std::vector<int64_t> scales;           ///< denominators of the above
};

} // namespace danskin

#endif // DANSKIN_SCHEDULE_DISTANCE_H
