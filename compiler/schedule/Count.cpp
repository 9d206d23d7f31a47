//===- Count.cpp - how many points, as a function of the sizes ------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Count.h"
#include "compiler/schedule/Points.h"
#include "llvm/ADT/IntEqClasses.h"
#include "llvm/ADT/STLExtras.h"

namespace danskin {

/// Loop iterations spent on one number.
static constexpr uint64_t enumerationBudget = 300000;
/// Proofs spent on making pieces disjoint.
static constexpr unsigned disjointBudget = 500;

SizeFormula &SizeFormula::operator+=(const SizeFormula &other) {
  if (exact && other.exact)
    *exact += *other.exact;
  else
    exact.reset();
  bound += other.bound;
  return *this;
}

std::string SizeFormula::toString(const std::vector<std::string> &names) const {
  return exact ? exact->toString(names) : bound.order(names);
}

std::optional<std::vector<int64_t>> sampleBase(const Polyhedron &context,
                                               int64_t beyond) {
  unsigned numParameters = context.getNumVars();
  std::vector<int64_t> base(numParameters);
  for (unsigned k = 0; k < numParameters; ++k) {
    AffineForm size(numParameters + 1, 0);
    size[k] = 1;
    sets::Extremum least = sets::minimum(context, size);
    base[k] = (least.finite() ? std::max<int64_t>(least.value, 0) : 0) + beyond;
  }
  auto holdsBeyond = [&](const AffineForm &form) {
    int64_t value = form.back();
    for (unsigned k = 0; k < numParameters; ++k) {
      if (form[k] < 0)
        return false;
      value += form[k] * base[k];
    }
    return value >= 0;
  };
  if (context.getNumEqualities())
    return std::nullopt;
  for (unsigned k = 0; k < context.getNumInequalities(); ++k)
    if (!holdsBeyond(sets::inequality(context, k)))
      return std::nullopt;
  return base;
}

//===----------------------------------------------------------------------===//
// Exact numbers
//===----------------------------------------------------------------------===//

static bool usesParameter(const Polyhedron &set, unsigned parameter) {
  for (unsigned k = 0; k < set.getNumInequalities(); ++k)
    if (set.atIneq(k, parameter) != 0)
      return true;
  for (unsigned k = 0; k < set.getNumEqualities(); ++k)
    if (set.atEq(k, parameter) != 0)
      return true;
  return false;
}

/// Interpolates over the parameters that occur in `set`.
static std::optional<Polynomial> countConnected(const Polyhedron &context,
                                                const Polyhedron &set,
                                                unsigned numFree) {
  unsigned numParameters = context.getNumVars();
  std::vector<unsigned> occurring;
  for (unsigned k = 0; k < numParameters; ++k)
    if (usesParameter(set, k))
      occurring.push_back(k);
  PointEnumerator points(set, numParameters);
  for (int64_t beyond : {2, 8}) {
    std::optional<std::vector<int64_t>> base = sampleBase(context, beyond);
    if (!base)
      return std::nullopt;
    uint64_t budget = enumerationBudget;
    auto count = [&](const std::vector<int64_t> &sizes) {
      std::vector<int64_t> all = *base;
      for (auto [k, size] : llvm::zip(occurring, sizes))
        all[k] = size;
      return points.count(all, budget);
    };
    std::vector<int64_t> start;
    for (unsigned k : occurring)
      start.push_back((*base)[k]);
    std::optional<Polynomial> found = interpolate(start, numFree, count);
    if (!found)
      continue;
    Polynomial wide(numParameters);
    for (const auto &[powers, coefficient] : found->getTerms()) {
      Polynomial::Exponents exponents(numParameters, 0);
      for (auto [k, power] : llvm::zip(occurring, powers))
        exponents[k] = power;
      wide.addTerm(exponents, coefficient);
    }
    return wide;
  }
  return std::nullopt;
}

namespace {
/// A polyhedron as a product: its variables in classes such that no constraint
/// links two. Class 0 are the constraints on parameters alone.
class Factors {
public:
  Factors(const Polyhedron &set, unsigned numParameters)
      : numParameters(numParameters), numVars(set.getNumVars() - numParameters),
        classes(numVars + 1) {
    forEachRow(set, [&](const AffineForm &form, bool) {
      std::vector<unsigned> vars = varsOf(form);
      for (unsigned var : vars)
        classes.join(vars.front() + 1, var + 1);
    });
    classes.compress();
    for (unsigned k = 0; k < classes.getNumClasses(); ++k)
      factors.push_back(sets::universe(numParameters + sizeOf(k)));
    forEachRow(set, [&](const AffineForm &form, bool isEquality) {
      std::vector<unsigned> vars = varsOf(form);
      unsigned factor = vars.empty() ? 0 : classes[vars.front() + 1];
      AffineForm narrow = restrict(form, factor);
      if (isEquality)
        factors[factor].addEquality(narrow);
      else
        factors[factor].addInequality(narrow);
    });
  }

  std::vector<Polyhedron> factors;

private:
  template <typename Visit>
  static void forEachRow(const Polyhedron &set, Visit visit) {
    for (unsigned k = 0; k < set.getNumEqualities(); ++k)
      visit(sets::equality(set, k), true);
    for (unsigned k = 0; k < set.getNumInequalities(); ++k)
      visit(sets::inequality(set, k), false);
  }

  std::vector<unsigned> varsOf(const AffineForm &form) const {
    std::vector<unsigned> vars;
    for (unsigned k = numParameters; k + 1 < form.size(); ++k)
      if (form[k] != 0)
        vars.push_back(k - numParameters);
    return vars;
  }

  unsigned sizeOf(unsigned factor) const {
    unsigned size = 0;
    for (unsigned var = 0; var < numVars; ++var)
      size += classes[var + 1] == factor;
    return size;
  }

  AffineForm restrict(const AffineForm &form, unsigned factor) const {
    AffineForm narrow(form.begin(), form.begin() + numParameters);
    for (unsigned var = 0; var < numVars; ++var)
      if (classes[var + 1] == factor)
        narrow.push_back(form[numParameters + var]);
    narrow.push_back(form.back());
    return narrow;
  }

  unsigned numParameters, numVars;
  llvm::IntEqClasses classes; ///< of 0 and of each variable plus one
};
} // namespace

//===----------------------------------------------------------------------===//
// Orders
//===----------------------------------------------------------------------===//

/// The variables that equalities do not determine from those before them.
static std::vector<unsigned> freeVariables(const Polyhedron &set,
                                           unsigned numParameters) {
  using mlir::presburger::Fraction;
  std::vector<std::vector<Fraction>> rows;
  for (unsigned k = 0; k < set.getNumEqualities(); ++k) {
    rows.emplace_back();
    for (int64_t value : sets::equality(set, k))
      rows.back().push_back(Fraction(value, 1));
  }
  std::vector<unsigned> free;
  for (unsigned var = set.getNumVars(); var-- > numParameters;) {
    auto pivot = llvm::find_if(rows, [&](const std::vector<Fraction> &row) {
      return row[var] != Fraction(0, 1);
    });
    if (pivot == rows.end()) {
      free.insert(free.begin(), var);
      continue;
    }
    std::vector<Fraction> solved = std::move(*pivot);
    rows.erase(pivot);
    for (std::vector<Fraction> &row : rows) {
      Fraction factor = row[var] / solved[var];
      for (unsigned k = 0; k < row.size(); ++k)
        row[k] = row[k] - factor * solved[k];
    }
  }
  return free;
}

/// The sizes whose sum bounds how many values `var` takes: of the pairs of a
/// lower and an upper bound the one with fewest sizes, best with sizes that no
/// variable before took.
static std::vector<unsigned> extentOf(const Polyhedron &set,
                                      unsigned numParameters, unsigned var,
                                      std::vector<bool> &taken) {
  std::vector<unsigned> others;
  for (unsigned k = numParameters; k < set.getNumVars(); ++k)
    if (k != var)
      others.push_back(k);
  Polyhedron shadow = sets::eliminate(set, others).set;
  std::vector<unsigned> best;
  std::pair<size_t, bool> bestCost = {SIZE_MAX, true};
  for (unsigned low = 0; low < shadow.getNumInequalities(); ++low)
    for (unsigned up = 0; up < shadow.getNumInequalities(); ++up) {
      AffineForm lower = sets::inequality(shadow, low);
      AffineForm upper = sets::inequality(shadow, up);
      if (lower[var] <= 0 || upper[var] >= 0)
        continue;
      std::vector<unsigned> sizes;
      bool used = false;
      for (unsigned k = 0; k < numParameters; ++k)
        if (lower[k] * -upper[var] + upper[k] * lower[var] > 0) {
          sizes.push_back(k);
          used |= taken[k];
        }
      if (std::make_pair(sizes.size(), used) < bestCost) {
        bestCost = {sizes.size(), used};
        best = sizes;
      }
    }
  for (unsigned size : best)
    taken[size] = true;
  return best;
}

static Polynomial orderOf(const Polyhedron &set, unsigned numParameters) {
  Polynomial product = Polynomial::constant(numParameters, 1);
  std::vector<bool> taken(numParameters, false);
  for (unsigned var : freeVariables(set, numParameters)) {
    Polynomial sum(numParameters);
    for (unsigned size : extentOf(set, numParameters, var, taken))
      sum += Polynomial::variable(numParameters, size);
    product = sum.isZero() ? product : product * sum;
  }
  return product.leading();
}

//===----------------------------------------------------------------------===//
// Sums of pieces
//===----------------------------------------------------------------------===//

static SizeFormula countPiece(const Polyhedron &context,
                              const Polyhedron &piece) {
  unsigned numParameters = context.getNumVars();
  SizeFormula result;
  result.bound = orderOf(piece, numParameters);
  result.exact = Polynomial::constant(numParameters, 1);
  for (const Polyhedron &factor : Factors(piece, numParameters).factors) {
    unsigned numFree = freeVariables(factor, numParameters).size();
    std::optional<Polynomial> number = countConnected(context, factor, numFree);
    if (!number) {
      result.exact.reset();
      break;
    }
    result.exact = *result.exact * *number;
  }
  return result;
}

SizeFormula countPoints(const Polyhedron &context, const PolyhedronUnion &set) {
  unsigned numParameters = context.getNumVars();
  SizeFormula result{Polynomial(numParameters), Polynomial(numParameters)};
  std::optional<PolyhedronUnion> pieces = sets::disjoint(set, disjointBudget);
  for (Polyhedron piece : pieces ? *pieces : set) {
    sets::recoverEqualities(piece);
    result += countPiece(context, piece);
  }
  if (!pieces)
    result.exact.reset();
  return result;
}

SizeFormula countCells(const Problem &problem) {
  unsigned numParameters = problem.numParameters();
  SizeFormula result{Polynomial(numParameters), Polynomial(numParameters)};
  for (const Statement &statement : problem.statements)
    result += countPoints(problem.context, sets::coalesce(statement.domain));
  return result;
}

/// Puts the target's dims last: of variables that determine each other, the
/// last ones count as determined.
static PolyhedronUnion targetsLast(const Problem &problem,
                                   const Dependence &dependence) {
  unsigned before = problem.numParameters() + problem.rank(dependence.reader);
  unsigned targetRank = problem.rank(dependence.target);
  unsigned numVars = before + targetRank + dependence.numLocals;
  std::vector<unsigned> placement(numVars);
  for (unsigned k = 0; k < numVars; ++k)
    placement[k] = k < before                ? k
                   : k < before + targetRank ? k + dependence.numLocals
                                             : k - targetRank;
  PolyhedronUnion result;
  for (const Polyhedron &piece : dependence.instances)
    result.push_back(sets::embed(piece, numVars, placement));
  return result;
}

SizeFormula countReads(const Problem &problem) {
  unsigned numParameters = problem.numParameters();
  SizeFormula result{Polynomial(numParameters), Polynomial(numParameters)};
  InstanceClasses classes(problem);
  std::vector<SizeFormula> numbers;
  for (unsigned k = 0; k < classes.size(); ++k)
    numbers.push_back(countPoints(
        problem.context,
        sets::coalesce(targetsLast(
            problem, problem.dependences[classes.representative(k)]))));
  for (unsigned k = 0; k < problem.dependences.size(); ++k)
    result += numbers[classes[k]];
  return result;
}

} // namespace danskin
