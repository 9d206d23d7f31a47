//===- Sets.h - sets of integer points --------------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What proofs and loop bounds need of integer polyhedra, on top of MLIR's
// Presburger library. That library's simplify(), subtract() and isSubsetOf()
// drop points when an equality has coefficients other than one, so differences
// and projections are our own; emptiness, linear programs and lexicographic
// minima are the library's. All variables of a polyhedron are set dimensions:
// no symbols, no locals.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_SCHEDULE_SETS_H
#define DANSKIN_SCHEDULE_SETS_H

#include "mlir/Analysis/Presburger/IntegerRelation.h"
#include <cstdint>
#include <optional>
#include <vector>

namespace danskin {

using Polyhedron = mlir::presburger::IntegerPolyhedron;
/// A finite union; the pieces may overlap unless something says otherwise.
using PolyhedronUnion = std::vector<Polyhedron>;
/// One coefficient for each variable of a polyhedron, then the constant.
using AffineForm = std::vector<int64_t>;

namespace sets {

/// All integer points of `numVars` dimensions.
Polyhedron universe(unsigned numVars);

AffineForm inequality(const Polyhedron &set, unsigned index);
AffineForm equality(const Polyhedron &set, unsigned index);

/// `-form`.
AffineForm negate(AffineForm form);
/// The form that is nonnegative exactly where `form` is negative.
AffineForm complement(AffineForm form);

Polyhedron intersect(const Polyhedron &left, const Polyhedron &right);

/// The same set in a space of `numVars` variables: variable k of `set` becomes
/// variable `placement[k]`; the others are free.
Polyhedron embed(const Polyhedron &set, unsigned numVars,
                 llvm::ArrayRef<unsigned> placement);

bool isEmpty(const Polyhedron &set);
bool isEmpty(const PolyhedronUnion &set);

/// Whether `form >= 0` holds at every point.
bool implied(const Polyhedron &set, const AffineForm &form);
/// Whether `form == 0` holds at every point.
bool impliedZero(const Polyhedron &set, const AffineForm &form);

/// Differences stop after this many emptiness proofs: diagonal equalities make
/// the pieces double with every dimension.
constexpr unsigned differenceLimit = 20000;

/// `from` without `what`, as disjoint pieces; nothing if more than `limit`
/// proofs would be needed.
std::optional<PolyhedronUnion> subtract(const Polyhedron &from,
                                        const PolyhedronUnion &what,
                                        unsigned limit = differenceLimit);
std::optional<PolyhedronUnion> subtract(const PolyhedronUnion &from,
                                        const PolyhedronUnion &what,
                                        unsigned limit = differenceLimit);

/// Whether every point of `inner` is in `outer`; nothing at the limit.
std::optional<bool> isSubset(const PolyhedronUnion &inner,
                             const PolyhedronUnion &outer,
                             unsigned limit = differenceLimit);

/// The same points as disjoint pieces; nothing at the limit.
std::optional<PolyhedronUnion> disjoint(const PolyhedronUnion &set,
                                        unsigned limit = differenceLimit);

/// Drops empty pieces and joins pieces whose union is convex.
PolyhedronUnion coalesce(const PolyhedronUnion &set);

/// Makes equalities of the inequalities that hold with equality everywhere.
void recoverEqualities(Polyhedron &set);

/// A bound on an affine form over a set.
struct Extremum {
  enum Kind { Empty, Unbounded, Finite } kind = Empty;
  int64_t value = 0;
  bool finite() const { return kind == Finite; }
  bool unbounded() const { return kind == Unbounded; }
};
/// The rational minimum rounded up: a lower bound that integer points may
/// miss, exact where the polyhedron's vertices are integral.
Extremum minimum(const Polyhedron &set, const AffineForm &form);
/// The rational maximum rounded down.
Extremum maximum(const Polyhedron &set, const AffineForm &form);

/// Leaves out inequalities that the other constraints imply.
void dropRedundant(Polyhedron &set);

/// A point of the set: the lexicographically smallest if there is one.
std::optional<std::vector<int64_t>> witness(const Polyhedron &set);

/// A shadow of a set and whether its integer points are exactly the shadows of
/// the set's integer points (otherwise it holds more).
struct Projection {
  Polyhedron set;
  bool exact = true;
};
/// Eliminates `vars`; their columns stay, unconstrained.
Projection eliminate(const Polyhedron &set, llvm::ArrayRef<unsigned> vars);
/// Eliminates `count` variables from `first` and removes their columns.
Projection project(const Polyhedron &set, unsigned first, unsigned count);

} // namespace sets
} // namespace danskin

#endif // DANSKIN_SCHEDULE_SETS_H
