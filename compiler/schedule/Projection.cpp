//===- Projection.cpp - Fourier-Motzkin elimination -----------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The library's elimination calls a substitution exact whatever the pivot's
// coefficient is, so the exactness flag must be our own.
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Sets.h"
#include "mlir/Analysis/Presburger/Utils.h"

using llvm::ArrayRef;
using llvm::DynamicAPInt;

namespace danskin::sets {
namespace {

using WideRow = llvm::SmallVector<DynamicAPInt, 12>;

/// Above this many inequalities the redundant ones are looked for.
constexpr unsigned redundancyThreshold = 20;

class Eliminator {
public:
  explicit Eliminator(const Polyhedron &set) : numVars(set.getNumVars()) {
    for (unsigned k = 0; k < set.getNumEqualities(); ++k)
      addEquality(WideRow(set.getEquality(k)));
    for (unsigned k = 0; k < set.getNumInequalities(); ++k)
      addInequality(WideRow(set.getInequality(k)));
  }

  /// What removing a variable costs: inexact removals last, then by the
  /// number of inequalities that come to it.
  std::pair<bool, int64_t> cost(unsigned var) const {
    if (const WideRow *pivot = bestPivot(var))
      return {abs((*pivot)[var]) != 1, -1};
    int64_t lower = 0, upper = 0;
    bool wideLower = false, wideUpper = false;
    for (const WideRow &row : inequalities) {
      if (row[var] > 0) {
        ++lower;
        wideLower |= row[var] != 1;
      } else if (row[var] < 0) {
        ++upper;
        wideUpper |= row[var] != -1;
      }
    }
    return {lower && upper && wideLower && wideUpper,
            lower * upper - lower - upper};
  }

  void eliminate(unsigned var) {
    if (const WideRow *pivot = bestPivot(var))
      substitute(var, *pivot);
    else
      combine(var);
    if (inequalities.size() > redundancyThreshold)
      dropRedundant();
  }

  Polyhedron result() {
    dropRedundant();
    return toPolyhedron();
  }
  bool isExact() const { return exact; }

private:
  /// The equality with the smallest coefficient of `var`.
  const WideRow *bestPivot(unsigned var) const {
    const WideRow *best = nullptr;
    for (const WideRow &row : equalities)
      if (row[var] != 0 && (!best || abs(row[var]) < abs((*best)[var])))
        best = &row;
    return best;
  }

  /// `positive * scaled + ...` with `var` cancelled; `scale` must be positive.
  static WideRow cancel(const WideRow &row, const DynamicAPInt &scale,
                        const WideRow &other, const DynamicAPInt &factor) {
    WideRow sum;
    for (unsigned k = 0; k < row.size(); ++k)
      sum.push_back(row[k] * scale + other[k] * factor);
    return sum;
  }

  void substitute(unsigned var, WideRow pivot) {
    if (pivot[var] < 0)
      for (DynamicAPInt &value : pivot)
        value = -value;
    DynamicAPInt scale = pivot[var];
    exact &= scale == 1; // otherwise a divisibility is lost
    std::vector<WideRow> oldEqualities, oldInequalities;
    std::swap(oldEqualities, equalities);
    std::swap(oldInequalities, inequalities);
    for (const WideRow &row : oldEqualities)
      addEquality(cancel(row, scale, pivot, -row[var]));
    for (const WideRow &row : oldInequalities)
      addInequality(row[var] == 0 ? row : cancel(row, scale, pivot, -row[var]));
  }

  void combine(unsigned var) {
    std::vector<WideRow> lower, upper, rest;
    for (WideRow &row : inequalities)
      (row[var] > 0   ? lower
       : row[var] < 0 ? upper
                      : rest)
          .push_back(std::move(row));
    inequalities = std::move(rest);
    for (const WideRow &low : lower)
      for (const WideRow &up : upper) {
        exact &= low[var] == 1 || up[var] == -1;
        addInequality(cancel(low, -up[var], up, low[var]));
      }
  }

  DynamicAPInt gcdOfCoefficients(const WideRow &row) const {
    DynamicAPInt divisor(0);
    for (unsigned k = 0; k < numVars; ++k)
      divisor = gcd(divisor, abs(row[k]));
    return divisor;
  }

  void addInequality(WideRow row) {
    DynamicAPInt divisor = gcdOfCoefficients(row);
    if (divisor == 0) {
      infeasible |= row.back() < 0;
      return;
    }
    for (unsigned k = 0; k < numVars; ++k)
      row[k] = row[k] / divisor;
    row.back() = floorDiv(row.back(), divisor);
    for (WideRow &known : inequalities)
      if (std::equal(row.begin(), row.end() - 1, known.begin())) {
        if (row.back() < known.back())
          known.back() = row.back();
        return;
      }
    inequalities.push_back(std::move(row));
  }

  void addEquality(WideRow row) {
    DynamicAPInt divisor = gcdOfCoefficients(row);
    if (divisor == 0 || row.back() % divisor != 0) {
      infeasible |= row.back() != 0;
      return;
    }
    for (DynamicAPInt &value : row)
      value = value / divisor;
    equalities.push_back(std::move(row));
  }

  Polyhedron toPolyhedron() const {
    Polyhedron set = universe(numVars);
    for (const WideRow &row : equalities)
      set.addEquality(row);
    for (const WideRow &row : inequalities)
      set.addInequality(row);
    if (infeasible) {
      AffineForm never(numVars + 1, 0);
      never.back() = -1;
      set.addInequality(never);
    }
    return set;
  }

  void dropRedundant() {
    Polyhedron set = toPolyhedron();
    if (infeasible || set.isEmpty())
      return;
    set.removeRedundantInequalities();
    inequalities.clear();
    for (unsigned k = 0; k < set.getNumInequalities(); ++k)
      inequalities.emplace_back(set.getInequality(k));
  }

  unsigned numVars;
  std::vector<WideRow> equalities, inequalities;
  bool exact = true, infeasible = false;
};

} // namespace

Projection eliminate(const Polyhedron &set, ArrayRef<unsigned> vars) {
  Eliminator eliminator(set);
  std::vector<unsigned> open(vars.begin(), vars.end());
  while (!open.empty()) {
    auto next = std::min_element(
        open.begin(), open.end(), [&](unsigned left, unsigned right) {
          return eliminator.cost(left) < eliminator.cost(right);
        });
    eliminator.eliminate(*next);
    open.erase(next);
  }
  Polyhedron shadow = eliminator.result();
  return {std::move(shadow), eliminator.isExact()};
}

Projection project(const Polyhedron &set, unsigned first, unsigned count) {
  std::vector<unsigned> vars;
  for (unsigned k = 0; k < count; ++k)
    vars.push_back(first + k);
  Projection shadow = eliminate(set, vars);
  for (unsigned k = 0; k < count; ++k)
    shadow.set.removeVar(first);
  return shadow;
}

void dropRedundant(Polyhedron &set) {
  set.removeTrivialRedundancy();
  for (unsigned i = set.getNumInequalities(); i-- > 0;) {
    Polyhedron without = set;
    without.removeInequality(i);
    if (implied(without, inequality(set, i)))
      set = without;
  }
}

} // namespace danskin::sets
