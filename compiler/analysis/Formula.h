//===- Formula.h - affine forms and conditions on them ----------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sparse affine forms over numbered variables, and formulas of `and` and `or`
// over their signs. A formula is always in negation normal form: it is negated
// when it is made, because over integers `not (f >= 0)` is `-f - 1 >= 0`.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_ANALYSIS_FORMULA_H
#define DANSKIN_ANALYSIS_FORMULA_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace danskin {

/// `constant + sum coefficient * variable`.
class LinearForm {
public:
  using Term = std::pair<unsigned, int64_t>; ///< variable, coefficient != 0

  LinearForm(int64_t constant = 0) : constant(constant) {}
  static LinearForm variable(unsigned id) {
    LinearForm form;
    form.terms.push_back({id, 1});
    return form;
  }

  /// Sorted by variable.
  llvm::ArrayRef<Term> getTerms() const { return terms; }
  int64_t getConstant() const { return constant; }
  int64_t getCoefficient(unsigned id) const;
  bool isConstant() const { return terms.empty(); }
  /// The variable this form is, if it is one.
  std::optional<unsigned> asVariable() const;
  /// The largest absolute value of a coefficient or the constant.
  int64_t magnitude() const;

  LinearForm operator+(const LinearForm &other) const;
  LinearForm operator-(const LinearForm &other) const;
  LinearForm operator-() const { return *this * -1; }
  LinearForm operator*(int64_t factor) const;
  bool operator==(const LinearForm &other) const {
    return constant == other.constant && terms == other.terms;
  }

private:
  llvm::SmallVector<Term, 4> terms;
  int64_t constant;
};

/// `form == 0` or `form >= 0`.
struct Constraint {
  LinearForm form;
  bool equality = false;
};

/// All of them hold.
using Conjunction = std::vector<Constraint>;

class Formula {
public:
  enum Kind { True, False, Atom, And, Or };

  Formula(bool truth = true) : kind(truth ? True : False) {}
  /// `form >= 0`.
  static Formula nonNegative(LinearForm form);
  /// `form == 0`.
  static Formula zero(LinearForm form);
  static Formula all(std::vector<Formula> parts);
  static Formula any(std::vector<Formula> parts);

  Formula operator!() const;
  Formula operator&(const Formula &other) const { return all({*this, other}); }
  Formula operator|(const Formula &other) const { return any({*this, other}); }
  Formula &operator&=(const Formula &other) { return *this = *this & other; }

  Kind getKind() const { return kind; }
  bool isTrue() const { return kind == True; }
  bool isFalse() const { return kind == False; }
  const Constraint &getAtom() const { return atom; }
  llvm::ArrayRef<Formula> getParts() const;

private:
  Kind kind;
  Constraint atom;
  std::shared_ptr<const std::vector<Formula>> parts;
};

/// Adds the atoms that must hold for the formula to: it or its conjuncts,
/// without what stands under an `or`.
void addAtoms(const Formula &formula, Conjunction &atoms);

/// The formula as one conjunction, if it is one.
std::optional<Conjunction> asConjunction(const Formula &formula);

} // namespace danskin

#endif // DANSKIN_ANALYSIS_FORMULA_H
