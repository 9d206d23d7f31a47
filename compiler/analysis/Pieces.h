//===- Pieces.h - formulas as unions of polyhedra ---------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_ANALYSIS_PIECES_H
#define DANSKIN_ANALYSIS_PIECES_H

#include "compiler/analysis/Affine.h"

namespace danskin {

/// Bounds the emptiness proofs that a question may cost: a disjunction of n
/// parts multiplies the pieces by up to n.
struct ProofBudget {
  unsigned limit = 20000;
  unsigned used = 0;

  bool isSpent() const { return used > limit; }
};

/// The formula as a union of conjunctions none of which is empty; nothing
/// once the budget is spent. A part of a disjunction leaves out what a part
/// before it covers where that keeps it convex.
std::optional<std::vector<Conjunction>> getPieces(const AffineSpace &space,
                                                  const Formula &formula,
                                                  ProofBudget &budget);

} // namespace danskin

#endif // DANSKIN_ANALYSIS_PIECES_H
