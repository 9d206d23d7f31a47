//===- Pieces.cpp - formulas as unions of polyhedra -----------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/Pieces.h"
#include "llvm/ADT/STLExtras.h"

using namespace danskin;

namespace {
/// Splits depth first, so that an empty piece is never split further.
class Splitter {
public:
  Splitter(const AffineSpace &space, ProofBudget &budget)
      : space(space), budget(budget) {}

  /// `piece` and all of `open`.
  void split(Conjunction piece, std::vector<Formula> open) {
    std::vector<Formula> choices;
    for (const Formula &formula : open)
      if (!take(formula, piece, choices))
        return;
    if (budget.used++ > budget.limit || space.isEmpty(piece))
      return;
    if (choices.empty()) {
      pieces.push_back(std::move(piece));
      return;
    }
    // The choice with the fewest parts first: it multiplies the least.
    auto *first = llvm::min_element(choices, [](const auto &a, const auto &b) {
                    return a.getParts().size() < b.getParts().size();
                  }).base();
    std::vector<Formula> parts = first->getParts().vec();
    choices.erase(choices.begin() + (first - choices.data()));
    for (const Formula &part : parts) {
      std::vector<Formula> rest = choices;
      rest.push_back(part);
      split(piece, std::move(rest));
      // The parts to come need not hold what this one held.
      if (part.getKind() == Formula::Atom && !part.getAtom().equality)
        piece.push_back((!part).getAtom());
    }
  }

  std::vector<Conjunction> pieces;

private:
  /// Moves what is no choice into the piece; false if that is never true.
  static bool take(const Formula &formula, Conjunction &piece,
                   std::vector<Formula> &choices) {
    switch (formula.getKind()) {
    case Formula::True:
      return true;
    case Formula::False:
      return false;
    case Formula::Atom:
      piece.push_back(formula.getAtom());
      return true;
    case Formula::Or:
      choices.push_back(formula);
      return true;
    case Formula::And:
      break;
    }
    return llvm::all_of(formula.getParts(), [&](const Formula &part) {
      return take(part, piece, choices);
    });
  }

  const AffineSpace &space;
  ProofBudget &budget;
};
} // namespace

std::optional<std::vector<Conjunction>>
danskin::getPieces(const AffineSpace &space, const Formula &formula,
                   ProofBudget &budget) {
  Splitter splitter(space, budget);
  splitter.split({}, {formula});
  if (budget.isSpent())
    return std::nullopt;
  return std::move(splitter.pieces);
}
