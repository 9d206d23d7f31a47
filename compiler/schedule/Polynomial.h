//===- Polynomial.h - polynomials in the sizes ------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_SCHEDULE_POLYNOMIAL_H
#define DANSKIN_SCHEDULE_POLYNOMIAL_H

#include "mlir/Analysis/Presburger/Fraction.h"
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace danskin {

/// A polynomial with rational coefficients in a fixed number of variables.
class Polynomial {
public:
  using Rational = mlir::presburger::Fraction;
  using Exponents = std::vector<unsigned>; ///< one for each variable

  explicit Polynomial(unsigned numVars = 0) : numVars(numVars) {}
  static Polynomial constant(unsigned numVars, int64_t value);
  static Polynomial variable(unsigned numVars, unsigned var);

  unsigned getNumVars() const { return numVars; }
  const std::map<Exponents, Rational> &getTerms() const { return terms; }
  bool isZero() const { return terms.empty(); }
  /// The largest sum of exponents of a term.
  unsigned degree() const;

  void addTerm(const Exponents &exponents, const Rational &coefficient);
  Polynomial &operator+=(const Polynomial &other);
  Polynomial operator*(const Polynomial &other) const;
  Polynomial operator*(const Rational &factor) const;
  bool operator==(const Polynomial &other) const;

  Rational evaluate(const std::vector<int64_t> &point) const;

  /// The terms that no other term outgrows, with their coefficients.
  Polynomial leading() const;

  /// `3*N*M - 2*N + 1`, largest degree first.
  std::string toString(const std::vector<std::string> &names) const;
  /// `O(N*M)`: the leading terms without their coefficients.
  std::string order(const std::vector<std::string> &names) const;

private:
  unsigned numVars;
  std::map<Exponents, Rational> terms; ///< none is zero
};

/// Values of a function at points of the grid; nothing: unknown there.
using GridFunction =
    std::function<std::optional<int64_t>(const std::vector<int64_t> &)>;

/// The polynomial of total degree <= `degree` through the values of `function`
/// at `base` + (nonnegative steps that sum to <= `degree`); nothing unless it
/// also meets all points one step farther and some farther still.
std::optional<Polynomial> interpolate(const std::vector<int64_t> &base,
                                      unsigned degree,
                                      const GridFunction &function);

} // namespace danskin

#endif // DANSKIN_SCHEDULE_POLYNOMIAL_H
