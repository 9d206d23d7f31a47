//===- System.cpp - systems of linear constraints -------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/System.h"
#include "mlir/Analysis/Presburger/Simplex.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace danskin::conversion;
using mlir::presburger::Simplex;

std::optional<unsigned> LinearRow::getLastVar() const {
  for (unsigned v = getNumVars(); v-- > 0;)
    if (coeffs[v] != 0)
      return v;
  return std::nullopt;
}

/// Divides by the common divisor of the variables' coefficients. The constant
/// of an inequality is rounded towards the integer points.
static void divideByGcd(LinearRow &constraint) {
  int64_t gcd = 0;
  for (int64_t c : llvm::ArrayRef(constraint.coeffs).drop_back())
    gcd = std::gcd(gcd, c);
  if (gcd <= 1)
    return;
  if (constraint.equality && constraint.getConstant() % gcd != 0)
    return;
  for (int64_t &c : constraint.coeffs)
    c = llvm::divideFloorSigned(c, gcd);
}

void System::add(LinearRow constraint) {
  divideByGcd(constraint);
  if (!constraint.getLastVar()) {
    int64_t c = constraint.getConstant();
    if (constraint.equality ? c == 0 : c >= 0)
      return;
  }
  for (const LinearRow &other : constraints)
    if (other.equality == constraint.equality &&
        other.coeffs == constraint.coeffs)
      return;
  constraints.push_back(std::move(constraint));
}

void System::addCombination(const LinearRow &a, int64_t byA, const LinearRow &b,
                            int64_t byB) {
  LinearRow sum;
  sum.equality = a.equality && b.equality;
  for (auto [x, y] : llvm::zip_equal(a.coeffs, b.coeffs)) {
    int64_t left, right, both;
    overflow |= llvm::MulOverflow(x, byA, left) ||
                llvm::MulOverflow(y, byB, right) ||
                llvm::AddOverflow(left, right, both);
    if (overflow)
      return;
    sum.coeffs.push_back(both);
  }
  add(std::move(sum));
}

std::optional<LinearRow> System::eliminate(unsigned var) {
  std::vector<LinearRow> with, without;
  for (LinearRow &c : constraints)
    (c.coeffs[var] != 0 ? with : without).push_back(std::move(c));
  constraints = std::move(without);

  auto size = [&](const LinearRow &c) { return std::abs(c.coeffs[var]); };
  const LinearRow *pin = nullptr;
  for (const LinearRow &c : with)
    if (c.equality && (!pin || size(c) < size(*pin)))
      pin = &c;
  if (pin) {
    int64_t own = pin->coeffs[var];
    for (const LinearRow &c : with)
      if (&c != pin)
        addCombination(c, std::abs(own), *pin,
                       own > 0 ? -c.coeffs[var] : c.coeffs[var]);
    return *pin;
  }
  for (const LinearRow &lower : with)
    for (const LinearRow &upper : with)
      if (lower.coeffs[var] > 0 && upper.coeffs[var] < 0)
        addCombination(lower, -upper.coeffs[var], upper, lower.coeffs[var]);
  return std::nullopt;
}

static void addTo(Simplex &simplex, const LinearRow &constraint) {
  if (constraint.equality)
    simplex.addEquality(
        mlir::presburger::getDynamicAPIntVec(constraint.coeffs));
  else
    simplex.addInequality(
        mlir::presburger::getDynamicAPIntVec(constraint.coeffs));
}

void System::removeRedundant(const System &context) {
  for (unsigned i = constraints.size(); i-- > 0;) {
    if (constraints[i].equality)
      continue;
    Simplex simplex(numVars);
    for (const LinearRow &c : context.constraints)
      addTo(simplex, c);
    for (unsigned k = 0; k < constraints.size(); ++k)
      if (k != i)
        addTo(simplex, constraints[k]);
    // An empty system implies anything; its contradiction must stay.
    if (!simplex.isEmpty() &&
        simplex.isRedundantInequality(
            mlir::presburger::getDynamicAPIntVec(constraints[i].coeffs)))
      constraints.erase(constraints.begin() + i);
  }
}

bool System::implies(const LinearRow &constraint) const {
  Simplex simplex(numVars);
  for (const LinearRow &c : constraints)
    addTo(simplex, c);
  if (simplex.isEmpty())
    return true;
  auto coeffs = mlir::presburger::getDynamicAPIntVec(constraint.coeffs);
  return constraint.equality ? simplex.isRedundantEquality(coeffs)
                             : simplex.isRedundantInequality(coeffs);
}
