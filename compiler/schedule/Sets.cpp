//===- Sets.cpp - sets of integer points ----------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Sets.h"
#include "mlir/Analysis/Presburger/PresburgerRelation.h"
#include "mlir/Analysis/Presburger/Simplex.h"

using namespace mlir::presburger;
using llvm::ArrayRef;
using llvm::DynamicAPInt;

namespace danskin::sets {

Polyhedron universe(unsigned numVars) {
  return Polyhedron(PresburgerSpace::getSetSpace(numVars));
}

static AffineForm toForm(ArrayRef<DynamicAPInt> row) {
  AffineForm form;
  form.reserve(row.size());
  for (const DynamicAPInt &value : row)
    form.push_back(int64_t(value));
  return form;
}

AffineForm inequality(const Polyhedron &set, unsigned index) {
  return toForm(set.getInequality(index));
}

AffineForm equality(const Polyhedron &set, unsigned index) {
  return toForm(set.getEquality(index));
}

AffineForm negate(AffineForm form) {
  for (int64_t &value : form)
    value = -value;
  return form;
}

AffineForm complement(AffineForm form) {
  form = negate(std::move(form));
  form.back() -= 1;
  return form;
}

Polyhedron intersect(const Polyhedron &left, const Polyhedron &right) {
  Polyhedron result = left;
  result.append(right);
  return result;
}

Polyhedron embed(const Polyhedron &set, unsigned numVars,
                 ArrayRef<unsigned> placement) {
  auto place = [&](const AffineForm &form) {
    AffineForm wide(numVars + 1, 0);
    for (unsigned k = 0; k < placement.size(); ++k)
      wide[placement[k]] += form[k];
    wide.back() = form.back();
    return wide;
  };
  Polyhedron result = universe(numVars);
  for (unsigned k = 0; k < set.getNumEqualities(); ++k)
    result.addEquality(place(equality(set, k)));
  for (unsigned k = 0; k < set.getNumInequalities(); ++k)
    result.addInequality(place(inequality(set, k)));
  return result;
}

//===----------------------------------------------------------------------===//
// Emptiness and what follows from it
//===----------------------------------------------------------------------===//

bool isEmpty(const Polyhedron &set) { return set.isIntegerEmpty(); }

bool isEmpty(const PolyhedronUnion &set) {
  for (const Polyhedron &piece : set)
    if (!isEmpty(piece))
      return false;
  return true;
}

bool implied(const Polyhedron &set, const AffineForm &form) {
  Polyhedron counterexamples = set;
  counterexamples.addInequality(complement(form));
  return isEmpty(counterexamples);
}

bool impliedZero(const Polyhedron &set, const AffineForm &form) {
  return implied(set, form) && implied(set, negate(form));
}

namespace {
/// Subtracts the pieces one after the other: a piece leaves, for each of its
/// constraints, what violates that constraint and satisfies those before it.
class Difference {
public:
  Difference(const PolyhedronUnion &what, unsigned limit)
      : what(what), budget(limit) {}

  bool run(const Polyhedron &from, unsigned next, PolyhedronUnion &result) {
    if (budget == 0)
      return false;
    --budget;
    if (isEmpty(from))
      return true;
    if (next == what.size()) {
      result.push_back(from);
      return true;
    }
    const Polyhedron &piece = what[next];
    Polyhedron inside = from;
    for (unsigned k = 0; k < piece.getNumInequalities(); ++k)
      if (!cut(inside, inequality(piece, k), next, result))
        return false;
    for (unsigned k = 0; k < piece.getNumEqualities(); ++k) {
      AffineForm form = equality(piece, k);
      if (!cut(inside, form, next, result) ||
          !cut(inside, negate(form), next, result))
        return false;
    }
    return true;
  }

private:
  bool cut(Polyhedron &inside, const AffineForm &form, unsigned next,
           PolyhedronUnion &result) {
    Polyhedron outside = inside;
    outside.addInequality(complement(form));
    if (!run(outside, next + 1, result))
      return false;
    inside.addInequality(form);
    return true;
  }

  const PolyhedronUnion &what;
  unsigned budget;
};
} // namespace

std::optional<PolyhedronUnion> subtract(const PolyhedronUnion &from,
                                        const PolyhedronUnion &what,
                                        unsigned limit) {
  PolyhedronUnion result, pieces = from;
  if (from.size() > 1) {
    std::optional<PolyhedronUnion> apart = disjoint(from, limit);
    if (!apart)
      return std::nullopt;
    pieces = std::move(*apart);
  }
  Difference difference(what, limit);
  for (const Polyhedron &piece : pieces)
    if (!difference.run(piece, 0, result))
      return std::nullopt;
  return result;
}

std::optional<PolyhedronUnion>
subtract(const Polyhedron &from, const PolyhedronUnion &what, unsigned limit) {
  return subtract(PolyhedronUnion{from}, what, limit);
}

std::optional<bool> isSubset(const PolyhedronUnion &inner,
                             const PolyhedronUnion &outer, unsigned limit) {
  Difference difference(outer, limit);
  PolyhedronUnion rest;
  for (const Polyhedron &piece : inner) {
    if (!difference.run(piece, 0, rest))
      return std::nullopt;
    if (!rest.empty())
      return false;
  }
  return true;
}

std::optional<PolyhedronUnion> disjoint(const PolyhedronUnion &set,
                                        unsigned limit) {
  PolyhedronUnion result, seen;
  for (const Polyhedron &piece : set) {
    Difference difference(seen, limit);
    if (!difference.run(piece, 0, result))
      return std::nullopt;
    seen.push_back(piece);
  }
  return result;
}

PolyhedronUnion coalesce(const PolyhedronUnion &set) {
  PolyhedronUnion kept;
  for (const Polyhedron &piece : set)
    if (!isEmpty(piece))
      kept.push_back(piece);
  if (kept.size() > 1) {
    PresburgerRelation joined(kept.front());
    for (unsigned k = 1; k < kept.size(); ++k)
      joined.unionInPlace(kept[k]);
    kept.clear();
    joined = joined.coalesce();
    for (const IntegerRelation &piece : joined.getAllDisjuncts())
      kept.emplace_back(piece);
  }
  for (Polyhedron &piece : kept)
    recoverEqualities(piece);
  return kept;
}

//===----------------------------------------------------------------------===//
// Linear programs and points
//===----------------------------------------------------------------------===//

static Extremum toExtremum(const MaybeOptimum<Fraction> &optimum, bool up) {
  if (optimum.isUnbounded())
    return {Extremum::Unbounded, 0};
  if (optimum.isEmpty())
    return {Extremum::Empty, 0};
  return {Extremum::Finite, int64_t(up ? ceil(*optimum) : floor(*optimum))};
}

Extremum minimum(const Polyhedron &set, const AffineForm &form) {
  Simplex simplex(set);
  if (simplex.isEmpty())
    return {};
  return toExtremum(simplex.computeOptimum(Simplex::Direction::Down,
                                           getDynamicAPIntVec(form)),
                    /*up=*/true);
}

Extremum maximum(const Polyhedron &set, const AffineForm &form) {
  Simplex simplex(set);
  if (simplex.isEmpty())
    return {};
  return toExtremum(
      simplex.computeOptimum(Simplex::Direction::Up, getDynamicAPIntVec(form)),
      /*up=*/false);
}

void recoverEqualities(Polyhedron &set) {
  Simplex simplex(set);
  if (simplex.isEmpty())
    return;
  for (unsigned k = set.getNumInequalities(); k-- > 0;) {
    Extremum most = toExtremum(
        simplex.computeOptimum(Simplex::Direction::Up, set.getInequality(k)),
        /*up=*/false);
    if (!most.finite() || most.value != 0)
      continue;
    AffineForm form = inequality(set, k);
    set.removeInequality(k);
    set.addEquality(form);
  }
  // Two opposite inequalities become the same equality twice.
  for (unsigned k = set.getNumEqualities(); k-- > 0;)
    for (unsigned other = 0; other < k; ++other) {
      AffineForm form = equality(set, k), earlier = equality(set, other);
      if (form == earlier || form == negate(earlier)) {
        set.removeEquality(k);
        break;
      }
    }
}

std::optional<std::vector<int64_t>> witness(const Polyhedron &set) {
  if (isEmpty(set))
    return std::nullopt;
  MaybeOptimum<llvm::SmallVector<DynamicAPInt, 8>> smallest =
      set.findIntegerLexMin();
  if (smallest.isBounded())
    return toForm(*smallest);
  std::optional<llvm::SmallVector<DynamicAPInt, 8>> sample =
      set.findIntegerSample();
  if (!sample)
    return std::nullopt;
  return toForm(*sample);
}

} // namespace danskin::sets
