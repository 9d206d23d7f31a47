//===- Polynomial.cpp - polynomials in the sizes --------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Polynomial.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <numeric>

namespace danskin {

using mlir::presburger::Fraction;

Polynomial Polynomial::constant(unsigned numVars, int64_t value) {
  Polynomial result(numVars);
  result.addTerm(Exponents(numVars, 0), Rational(value, 1));
  return result;
}

Polynomial Polynomial::variable(unsigned numVars, unsigned var) {
  Polynomial result(numVars);
  Exponents exponents(numVars, 0);
  exponents[var] = 1;
  result.addTerm(exponents, Rational(1, 1));
  return result;
}

static unsigned degreeOf(const Polynomial::Exponents &exponents) {
  return std::accumulate(exponents.begin(), exponents.end(), 0u);
}

unsigned Polynomial::degree() const {
  unsigned most = 0;
  for (const auto &[exponents, coefficient] : terms)
    most = std::max(most, degreeOf(exponents));
  return most;
}

void Polynomial::addTerm(const Exponents &exponents,
                         const Rational &coefficient) {
  auto [term, isNew] = terms.try_emplace(exponents, coefficient);
  if (!isNew)
    term->second += coefficient;
  if (term->second == Rational(0, 1))
    terms.erase(term);
}

Polynomial &Polynomial::operator+=(const Polynomial &other) {
  for (const auto &[exponents, coefficient] : other.terms)
    addTerm(exponents, coefficient);
  return *this;
}

Polynomial Polynomial::operator*(const Polynomial &other) const {
  Polynomial result(numVars);
  for (const auto &[left, leftCoefficient] : terms)
    for (const auto &[right, rightCoefficient] : other.terms) {
      Exponents sum = left;
      for (unsigned k = 0; k < numVars; ++k)
        sum[k] += right[k];
      result.addTerm(sum, leftCoefficient * rightCoefficient);
    }
  return result;
}

Polynomial Polynomial::operator*(const Rational &factor) const {
  Polynomial result(numVars);
  for (const auto &[exponents, coefficient] : terms)
    result.addTerm(exponents, coefficient * factor);
  return result;
}

bool Polynomial::operator==(const Polynomial &other) const {
  return numVars == other.numVars && terms == other.terms;
}

Polynomial::Rational
Polynomial::evaluate(const std::vector<int64_t> &point) const {
  Rational sum(0, 1);
  for (const auto &[exponents, coefficient] : terms) {
    Rational value = coefficient;
    for (unsigned k = 0; k < numVars; ++k)
      for (unsigned power = 0; power < exponents[k]; ++power)
        value = value * Rational(point[k], 1);
    sum += value;
  }
  return sum;
}

Polynomial Polynomial::leading() const {
  Polynomial result(numVars);
  for (const auto &[exponents, coefficient] : terms) {
    bool outgrown =
        llvm::any_of(terms, [&, &mine = exponents](const auto &term) {
          bool atLeast = true;
          for (unsigned k = 0; k < numVars; ++k)
            atLeast &= term.first[k] >= mine[k];
          return atLeast && term.first != mine;
        });
    if (!outgrown)
      result.addTerm(exponents, coefficient);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static std::string monomial(const Polynomial::Exponents &exponents,
                            const std::vector<std::string> &names) {
  std::string text;
  for (auto [power, name] : llvm::zip(exponents, names)) {
    if (power == 0)
      continue;
    text += (text.empty() ? "" : "*") + name;
    if (power > 1)
      text += "^" + std::to_string(power);
  }
  return text;
}

static std::string magnitude(const Fraction &value) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << abs(value.num);
  if (value.den != 1)
    stream << "/" << value.den;
  return text;
}

/// Largest degree first, then by the first names.
static std::vector<std::pair<Polynomial::Exponents, Fraction>>
inPrintOrder(const Polynomial &polynomial) {
  std::vector<std::pair<Polynomial::Exponents, Fraction>> terms(
      polynomial.getTerms().begin(), polynomial.getTerms().end());
  llvm::stable_sort(terms, [](const auto &left, const auto &right) {
    return std::make_pair(degreeOf(left.first), left.first) >
           std::make_pair(degreeOf(right.first), right.first);
  });
  return terms;
}

std::string Polynomial::toString(const std::vector<std::string> &names) const {
  std::string text;
  for (const auto &[exponents, coefficient] : inPrintOrder(*this)) {
    bool negative = coefficient < Rational(0, 1);
    text += text.empty() ? (negative ? "-" : "") : (negative ? " - " : " + ");
    std::string factor = magnitude(coefficient);
    std::string powers = monomial(exponents, names);
    if (powers.empty())
      text += factor;
    else
      text += (factor == "1" ? "" : factor + "*") + powers;
  }
  return text.empty() ? "0" : text;
}

std::string Polynomial::order(const std::vector<std::string> &names) const {
  std::string text;
  for (const auto &[exponents, coefficient] : inPrintOrder(leading())) {
    std::string powers = monomial(exponents, names);
    text += (text.empty() ? "" : " + ") + (powers.empty() ? "1" : powers);
  }
  return "O(" + (text.empty() ? "1" : text) + ")";
}

//===----------------------------------------------------------------------===//
// Interpolation
//===----------------------------------------------------------------------===//

/// Calls `visit` with all exponents of sum <= `degree`, until it is false.
static bool forEachExponents(Polynomial::Exponents &exponents, unsigned var,
                             unsigned degree,
                             llvm::function_ref<bool()> visit) {
  if (var == exponents.size())
    return visit();
  bool going = true;
  for (unsigned power = 0; power <= degree && going; ++power) {
    exponents[var] = power;
    going = forEachExponents(exponents, var + 1, degree - power, visit);
  }
  exponents[var] = 0;
  return going;
}

namespace {
/// Newton's form: the coefficient of a product of binomials of the steps is a
/// mixed finite difference at the base.
class NewtonInterpolation {
public:
  NewtonInterpolation(const std::vector<int64_t> &base, unsigned degree,
                      const GridFunction &function)
      : base(base), numVars(base.size()), degree(degree), function(function) {}

  std::optional<Polynomial> run() {
    if (!sample())
      return std::nullopt;
    Polynomial result(numVars);
    Polynomial::Exponents steps(numVars, 0);
    bool fits = forEachExponents(steps, 0, degree + 1, [&] {
      Fraction difference = differenceAt(steps);
      if (difference == Fraction(0, 1))
        return true;
      if (degreeOf(steps) > degree)
        return false;
      result += binomials(steps) * difference;
      return true;
    });
    if (!fits || !meetsFartherPoints(result))
      return std::nullopt;
    return result;
  }

private:
  bool sample() {
    Polynomial::Exponents steps(numVars, 0);
    return forEachExponents(steps, 0, degree + 1, [&] {
      std::vector<int64_t> point = base;
      for (unsigned k = 0; k < numVars; ++k)
        point[k] += steps[k];
      std::optional<int64_t> value = function(point);
      if (value)
        values[steps] = *value;
      return value.has_value();
    });
  }

  static int64_t binomial(int64_t n, int64_t k) {
    int64_t result = 1;
    for (int64_t i = 0; i < k; ++i)
      result = result * (n - i) / (i + 1);
    return result;
  }

  Fraction differenceAt(const Polynomial::Exponents &steps) {
    Fraction sum(0, 1);
    for (const auto &[below, value] : values) {
      int64_t weight = 1;
      for (unsigned k = 0; k < numVars && weight; ++k) {
        if (below[k] > steps[k])
          weight = 0;
        else
          weight *= ((steps[k] - below[k]) % 2 ? -1 : 1) *
                    binomial(steps[k], below[k]);
      }
      if (weight)
        sum += Fraction(weight, 1) * Fraction(value, 1);
    }
    return sum;
  }

  /// The product over the variables of binomial(x - base, step).
  Polynomial binomials(const Polynomial::Exponents &steps) const {
    Polynomial product = Polynomial::constant(numVars, 1);
    for (unsigned k = 0; k < numVars; ++k)
      for (unsigned i = 0; i < steps[k]; ++i) {
        Polynomial factor = Polynomial::variable(numVars, k);
        factor += Polynomial::constant(numVars, -base[k] - int64_t(i));
        product = product * factor * Fraction(1, int64_t(i) + 1);
      }
    return product;
  }

  /// One size far ahead of the others, for each size, and all of them.
  bool meetsFartherPoints(const Polynomial &polynomial) const {
    for (unsigned far = 0; far <= numVars && numVars; ++far) {
      std::vector<int64_t> point = base;
      for (unsigned k = 0; k < numVars; ++k)
        if (far == k || far == numVars)
          point[k] += degree + 3;
      std::optional<int64_t> value = function(point);
      if (!value || polynomial.evaluate(point) != Fraction(*value, 1))
        return false;
    }
    return true;
  }

  const std::vector<int64_t> &base;
  unsigned numVars, degree;
  const GridFunction &function;
  std::map<Polynomial::Exponents, int64_t> values;
};
} // namespace

std::optional<Polynomial> interpolate(const std::vector<int64_t> &base,
                                      unsigned degree,
                                      const GridFunction &function) {
  return NewtonInterpolation(base, degree, function).run();
}

} // namespace danskin
