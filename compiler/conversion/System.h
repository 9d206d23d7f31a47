//===- System.h - systems of linear constraints -----------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What loop bounds are made of: linear constraints over integer variables and
// their projection by Fourier and Motzkin. A projection may hold integer points
// that have no preimage; a loop nest built from all the projections still meets
// each point of the system once, since the inner loops of such a point are
// empty.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_SYSTEM_H
#define DANSKIN_CONVERSION_SYSTEM_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>
#include <optional>
#include <vector>

namespace danskin::conversion {

/// `sum coeffs[v] * v + coeffs.back()`, at least 0 or equal to 0.
struct LinearRow {
  llvm::SmallVector<int64_t, 8> coeffs;
  bool equality = false;

  int64_t getConstant() const { return coeffs.back(); }
  unsigned getNumVars() const { return coeffs.size() - 1; }
  /// The last variable that occurs, if any does.
  std::optional<unsigned> getLastVar() const;
};
using Rows = llvm::SmallVector<LinearRow, 0>;

class System {
public:
  explicit System(unsigned numVars) : numVars(numVars) {}

  unsigned getNumVars() const { return numVars; }
  llvm::ArrayRef<LinearRow> getConstraints() const { return constraints; }

  /// Adds a constraint, made smaller by its common divisor; what always holds
  /// is left out.
  void add(LinearRow constraint);
  /// Projects a variable out; its column stays, with zeros. By the equality
  /// returned, where there is one.
  std::optional<LinearRow> eliminate(unsigned var);
  /// Leaves out inequalities that the others and `context` imply.
  void removeRedundant(const System &context);
  /// Does every rational point of this system meet the constraint?
  bool implies(const LinearRow &constraint) const;
  /// Did a coefficient leave the range of 64 bits? Then this system is useless.
  bool hasOverflow() const { return overflow; }

private:
  void addCombination(const LinearRow &a, int64_t byA, const LinearRow &b,
                      int64_t byB);

  unsigned numVars;
  bool overflow = false;
  std::vector<LinearRow> constraints;
};

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_SYSTEM_H
