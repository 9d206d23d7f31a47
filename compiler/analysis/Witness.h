//===- Witness.h - small instances that break a claim -----------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_ANALYSIS_WITNESS_H
#define DANSKIN_ANALYSIS_WITNESS_H

#include "compiler/analysis/Pieces.h"

namespace danskin {

/// Values of the variables of a space.
class Witness {
public:
  Witness(const AffineSpace &space, std::vector<unsigned> columns,
          std::vector<int64_t> values);

  int64_t evaluate(const LinearForm &form) const;
  /// `D[-1, 1]`.
  std::string toString(llvm::StringRef array,
                       llvm::ArrayRef<LinearForm> indices) const;
  /// `N = 1, M = 2, i = 0, y[0] = 1`: the sizes, then the indices and data in
  /// question.
  std::string toString() const;

private:
  const AffineSpace *space;
  std::vector<unsigned> columns;
  std::vector<int64_t> values; ///< by variable; 0 for those in no column
};

/// The points of `pieces` with the smallest sum of sizes, and of those the
/// lexicographically smallest.
Witness findWitness(const AffineSpace &space,
                    llvm::ArrayRef<Conjunction> pieces);

/// `form >= 0` as a person would write it: `i >= 1`, `j <= N - 1`.
std::string conditionToString(const AffineSpace &space, const LinearForm &form);

} // namespace danskin

#endif // DANSKIN_ANALYSIS_WITNESS_H
