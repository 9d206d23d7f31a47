//===- Points.cpp - the points of a polyhedron, one by one ----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Points.h"
#include "llvm/Support/MathExtras.h"

namespace danskin {

PointEnumerator::PointEnumerator(const Polyhedron &set, unsigned numParameters)
    : numParameters(numParameters), numVars(set.getNumVars() - numParameters),
      levels(numVars + 1) {
  Polyhedron shadow = set;
  for (unsigned known = numVars + 1; known-- > 0;) {
    if (known < numVars)
      shadow = sets::eliminate(shadow, {numParameters + known}).set;
    for (unsigned k = 0; k < shadow.getNumEqualities(); ++k)
      levels[known].equalities.push_back(sets::equality(shadow, k));
    for (unsigned k = 0; k < shadow.getNumInequalities(); ++k)
      levels[known].inequalities.push_back(sets::inequality(shadow, k));
  }
}

static int64_t valueWithout(const AffineForm &form, unsigned var,
                            const std::vector<int64_t> &point) {
  int64_t value = form.back();
  for (unsigned k = 0; k < var; ++k)
    value += form[k] * point[k];
  return value;
}

/// The values of variable `var` that its level's constraints leave, given all
/// before it; constraints without it must hold already.
PointEnumerator::Range
PointEnumerator::rangeOf(unsigned var,
                         const std::vector<int64_t> &point) const {
  Range range;
  range.lower = INT64_MIN / 4;
  range.upper = INT64_MAX / 4;
  const Level &level = levels[var + 1 - numParameters];
  for (const AffineForm &form : level.equalities) {
    int64_t rest = valueWithout(form, var, point), factor = form[var];
    if (factor == 0 ? rest != 0 : rest % factor != 0)
      range.possible = false;
    if (factor != 0 && range.possible) {
      range.lower = std::max(range.lower, -rest / factor);
      range.upper = std::min(range.upper, -rest / factor);
    }
  }
  for (const AffineForm &form : level.inequalities) {
    int64_t rest = valueWithout(form, var, point), factor = form[var];
    if (factor == 0)
      range.possible &= rest >= 0;
    else if (factor > 0)
      range.lower =
          std::max(range.lower, llvm::divideCeilSigned(-rest, factor));
    else
      range.upper =
          std::min(range.upper, llvm::divideFloorSigned(rest, -factor));
  }
  range.bounded = range.lower != INT64_MIN / 4 && range.upper != INT64_MAX / 4;
  return range;
}

bool PointEnumerator::visitFrom(
    unsigned var, std::vector<int64_t> &point, uint64_t &budget,
    llvm::function_ref<void(const std::vector<int64_t> &)> visit,
    int64_t *counter) {
  if (budget == 0)
    return false;
  --budget;
  if (var == point.size()) {
    if (counter)
      ++*counter;
    else
      visit(point);
    return true;
  }
  Range range = rangeOf(var, point);
  if (!range.possible || range.lower > range.upper)
    return true;
  if (!range.bounded)
    return false;
  if (counter && var + 1 == point.size()) {
    *counter += range.upper - range.lower + 1;
    return true;
  }
  for (point[var] = range.lower; point[var] <= range.upper; ++point[var])
    if (!visitFrom(var + 1, point, budget, visit, counter))
      return false;
  return true;
}

static bool holdsFor(const std::vector<AffineForm> &forms, bool isEquality,
                     const std::vector<int64_t> &parameters) {
  for (const AffineForm &form : forms) {
    int64_t value = valueWithout(form, parameters.size(), parameters);
    if (isEquality ? value != 0 : value < 0)
      return false;
  }
  return true;
}

bool PointEnumerator::forEach(
    const std::vector<int64_t> &parameters, uint64_t &budget,
    llvm::function_ref<void(const std::vector<int64_t> &)> visit) {
  std::vector<int64_t> point = parameters;
  point.resize(numParameters + numVars);
  if (!holdsFor(levels[0].equalities, true, parameters) ||
      !holdsFor(levels[0].inequalities, false, parameters))
    return true;
  return visitFrom(numParameters, point, budget, visit, nullptr);
}

std::optional<int64_t>
PointEnumerator::count(const std::vector<int64_t> &parameters,
                       uint64_t &budget) {
  std::vector<int64_t> point = parameters;
  point.resize(numParameters + numVars);
  int64_t counter = 0;
  if (!holdsFor(levels[0].equalities, true, parameters) ||
      !holdsFor(levels[0].inequalities, false, parameters))
    return 0;
  if (!visitFrom(
          numParameters, point, budget, [](const std::vector<int64_t> &) {},
          &counter))
    return std::nullopt;
  return counter;
}

} // namespace danskin
