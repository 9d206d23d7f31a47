//===- Formula.cpp - affine forms and conditions on them ------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/Formula.h"
#include <algorithm>

using namespace danskin;

//===----------------------------------------------------------------------===//
// LinearForm
//===----------------------------------------------------------------------===//

int64_t LinearForm::getCoefficient(unsigned id) const {
  for (const Term &term : terms)
    if (term.first == id)
      return term.second;
  return 0;
}

std::optional<unsigned> LinearForm::asVariable() const {
  if (constant != 0 || terms.size() != 1 || terms.front().second != 1)
    return std::nullopt;
  return terms.front().first;
}

int64_t LinearForm::magnitude() const {
  int64_t most = std::abs(constant);
  for (const Term &term : terms)
    most = std::max(most, std::abs(term.second));
  return most;
}

LinearForm LinearForm::operator+(const LinearForm &other) const {
  LinearForm sum(constant + other.constant);
  const Term *left = terms.begin(), *right = other.terms.begin();
  while (left != terms.end() || right != other.terms.end()) {
    if (right == other.terms.end() ||
        (left != terms.end() && left->first < right->first)) {
      sum.terms.push_back(*left++);
    } else if (left == terms.end() || right->first < left->first) {
      sum.terms.push_back(*right++);
    } else {
      if (int64_t coefficient = left->second + right->second)
        sum.terms.push_back({left->first, coefficient});
      ++left, ++right;
    }
  }
  return sum;
}

LinearForm LinearForm::operator-(const LinearForm &other) const {
  return *this + -other;
}

LinearForm LinearForm::operator*(int64_t factor) const {
  LinearForm product(constant * factor);
  if (factor != 0)
    for (const Term &term : terms)
      product.terms.push_back({term.first, term.second * factor});
  return product;
}

//===----------------------------------------------------------------------===//
// Formula
//===----------------------------------------------------------------------===//

Formula Formula::nonNegative(LinearForm form) {
  if (form.isConstant())
    return Formula(form.getConstant() >= 0);
  Formula formula;
  formula.kind = Atom;
  formula.atom = {std::move(form), false};
  return formula;
}

Formula Formula::zero(LinearForm form) {
  if (form.isConstant())
    return Formula(form.getConstant() == 0);
  Formula formula;
  formula.kind = Atom;
  formula.atom = {std::move(form), true};
  return formula;
}

llvm::ArrayRef<Formula> Formula::getParts() const {
  return parts ? llvm::ArrayRef<Formula>(*parts) : llvm::ArrayRef<Formula>();
}

/// Flattens parts of the kind that is being built and drops the neutral ones.
static std::vector<Formula> flatten(std::vector<Formula> parts,
                                    Formula::Kind kind, Formula::Kind neutral) {
  std::vector<Formula> flat;
  for (Formula &part : parts) {
    if (part.getKind() == neutral)
      continue;
    if (part.getKind() == kind)
      flat.insert(flat.end(), part.getParts().begin(), part.getParts().end());
    else
      flat.push_back(std::move(part));
  }
  return flat;
}

Formula Formula::all(std::vector<Formula> parts) {
  std::vector<Formula> flat = flatten(std::move(parts), And, True);
  for (const Formula &part : flat)
    if (part.isFalse())
      return Formula(false);
  if (flat.empty())
    return Formula(true);
  if (flat.size() == 1)
    return flat.front();
  Formula formula;
  formula.kind = And;
  formula.parts = std::make_shared<const std::vector<Formula>>(std::move(flat));
  return formula;
}

Formula Formula::any(std::vector<Formula> parts) {
  std::vector<Formula> flat = flatten(std::move(parts), Or, False);
  for (const Formula &part : flat)
    if (part.isTrue())
      return Formula(true);
  if (flat.empty())
    return Formula(false);
  if (flat.size() == 1)
    return flat.front();
  Formula formula;
  formula.kind = Or;
  formula.parts = std::make_shared<const std::vector<Formula>>(std::move(flat));
  return formula;
}

Formula Formula::operator!() const {
  switch (kind) {
  case True:
    return Formula(false);
  case False:
    return Formula(true);
  case Atom: {
    Formula below = nonNegative(-atom.form - LinearForm(1));
    if (!atom.equality)
      return below;
    return any({nonNegative(atom.form - LinearForm(1)), below});
  }
  case And:
  case Or:
    break;
  }
  std::vector<Formula> negated;
  for (const Formula &part : getParts())
    negated.push_back(!part);
  return kind == And ? any(std::move(negated)) : all(std::move(negated));
}

void danskin::addAtoms(const Formula &formula, Conjunction &atoms) {
  if (formula.getKind() == Formula::Atom)
    atoms.push_back(formula.getAtom());
  if (formula.getKind() == Formula::And)
    for (const Formula &part : formula.getParts())
      addAtoms(part, atoms);
}

std::optional<Conjunction> danskin::asConjunction(const Formula &formula) {
  switch (formula.getKind()) {
  case Formula::True:
    return Conjunction();
  case Formula::Atom:
    return Conjunction{formula.getAtom()};
  case Formula::False:
    return Conjunction{{LinearForm(-1), false}};
  case Formula::Or:
    return std::nullopt;
  case Formula::And:
    break;
  }
  Conjunction conjunction;
  for (const Formula &part : formula.getParts()) {
    if (part.getKind() != Formula::Atom)
      return std::nullopt;
    conjunction.push_back(part.getAtom());
  }
  return conjunction;
}
