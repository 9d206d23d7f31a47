//===- Distance.cpp - distances of a dependence under a row ---------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Distance.h"
#include "llvm/ADT/STLExtras.h"
#include <numeric>

using namespace mlir::presburger;
using llvm::DynamicAPInt;

namespace danskin {

/// Where unbounded distances are looked for examples: |variable| <= this.
static constexpr int64_t boxSize = 64;
/// A linear program costs about as much as this many visited combinations.
static constexpr unsigned programCost = 20;

Distance::Distance(const Problem &problem, const Dependence &dependence,
                   Work &work)
    : numParameters(problem.numParameters()),
      readerRank(problem.rank(dependence.reader)),
      targetRank(problem.rank(dependence.target)), work(work) {
  for (const Polyhedron &piece : instancesInContext(problem, dependence)) {
    numVars = piece.getNumVars();
    pieces.push_back({Simplex(piece), std::nullopt});
  }
}

llvm::SmallVector<DynamicAPInt, 16>
Distance::objective(const Coefficients &reader,
                    const Coefficients &target) const {
  llvm::SmallVector<DynamicAPInt, 16> form(numVars + 1, DynamicAPInt(0));
  for (unsigned k = 0; k < readerRank; ++k)
    form[numParameters + k] = DynamicAPInt(reader[k]);
  for (unsigned k = 0; k < targetRank; ++k)
    form[numParameters + readerRank + k] = DynamicAPInt(-target[k]);
  return form;
}

int64_t Distance::smallest(const Coefficients &reader,
                           const Coefficients &target) {
  auto [known, isNew] = memo.try_emplace({reader, target}, none);
  int64_t &least = known->second;
  if (!isNew)
    return least;
  llvm::SmallVector<DynamicAPInt, 16> form = objective(reader, target);
  for (Piece &piece : pieces) {
    work.add(programCost);
    MaybeOptimum<Fraction> optimum =
        piece.simplex.computeOptimum(Simplex::Direction::Down, form);
    if (optimum.isUnbounded())
      return least = unbounded;
    if (optimum.isBounded())
      least = std::min(least, int64_t(ceil(*optimum)));
  }
  return least;
}

bool Distance::isBoundedAbove(const Coefficients &reader,
                              const Coefficients &target) {
  llvm::SmallVector<DynamicAPInt, 16> form = objective(reader, target);
  for (Piece &piece : pieces) {
    work.add(programCost);
    if (piece.simplex.computeOptimum(Simplex::Direction::Up, form)
            .isUnbounded())
      return false;
  }
  return true;
}

bool Distance::selfNonnegative(const Coefficients &row) {
  for (auto [k, difference] : llvm::enumerate(refutations)) {
    int64_t distance = 0;
    for (unsigned dim = 0; dim < readerRank; ++dim)
      distance += row[dim] * difference[dim];
    if (distance <= -scales[k])
      return false;
  }
  if (smallest(row, row) >= 0)
    return true;
  learn(row);
  return false;
}

void Distance::learn(const Coefficients &row) {
  llvm::SmallVector<DynamicAPInt, 16> form = objective(row, row);
  for (Piece &piece : pieces) {
    work.add(programCost);
    MaybeOptimum<Fraction> optimum =
        piece.simplex.computeOptimum(Simplex::Direction::Down, form);
    if (optimum.isBounded()) {
      learnFrom(piece.simplex, row);
      continue;
    }
    if (!piece.boxed) {
      piece.boxed.emplace(piece.simplex);
      for (unsigned var = 0; var < numVars; ++var)
        for (int64_t sign : {1, -1}) {
          llvm::SmallVector<int64_t, 16> bound(numVars + 1, 0);
          bound[var] = sign;
          bound.back() = boxSize;
          piece.boxed->addInequality(getDynamicAPIntVec(bound));
        }
    }
    if (piece.boxed->isEmpty())
      continue;
    piece.boxed->computeOptimum(Simplex::Direction::Down, form);
    learnFrom(*piece.boxed, row);
  }
}

/// Any point of the set is a sound refutation, if it does refute the row.
void Distance::learnFrom(Simplex &simplex, const Coefficients &row) {
  std::optional<Fractions> point = simplex.getRationalSample();
  if (!point)
    return;
  int64_t scale = 1;
  for (unsigned k = 0; k < 2 * readerRank; ++k)
    scale = std::lcm(scale, int64_t((*point)[numParameters + k].den));
  auto scaled = [&](unsigned var) {
    const Fraction &value = (*point)[numParameters + var];
    return int64_t(value.num) * (scale / int64_t(value.den));
  };
  Coefficients difference(readerRank);
  int64_t distance = 0;
  for (unsigned k = 0; k < readerRank; ++k) {
    difference[k] = scaled(k) - scaled(readerRank + k);
    distance += row[k] * difference[k];
  }
  if (distance > -scale)
    return;
  refutations.push_back(std::move(difference));
  scales.push_back(scale);
}

} // namespace danskin
