//===- Facts.cpp - what is known of a cell --------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Facts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace danskin::conversion;

Form Facts::rename(const Form &form) const {
  Form renamed(form.constant);
  for (auto [value, coefficient] : form.terms) {
    auto meant = meaning.find(value);
    bool fits = renamed.add(meant == meaning.end() ? Form::variable(value)
                                                   : meant->second,
                            coefficient);
    if (!fits) // says nothing
      return Form::variable(value);
  }
  return renamed;
}

bool Facts::imply(const FormConstraint &constraint) const {
  llvm::MapVector<Value, unsigned> columns;
  auto visit = [&](const FormConstraint &each) {
    for (auto [value, coefficient] : each.form.terms)
      columns.insert({value, columns.size()});
  };
  llvm::for_each(known, visit);
  visit(constraint);
  auto getRow = [&](const FormConstraint &each) {
    LinearRow row;
    row.coeffs.assign(columns.size() + 1, 0);
    row.equality = each.equality;
    row.coeffs.back() = each.form.constant;
    for (auto [value, coefficient] : each.form.terms)
      row.coeffs[columns.lookup(value)] += coefficient;
    return row;
  };
  System system(columns.size());
  for (const FormConstraint &fact : known)
    system.add(getRow(fact));
  return !system.hasOverflow() && system.implies(getRow(constraint));
}

bool Facts::exclude(const FormConstraint &constraint) const {
  Form below(-1), above(constraint.form);
  below.add(constraint.form, -1);
  above.constant -= 1;
  return imply({below}) || (constraint.equality && imply({above}));
}

std::optional<Constraints> Facts::getOpen(const Domain &domain,
                                          ArrayRef<Form> indices) {
  // What is known is about these dimensions too; it is not renamed.
  for (auto [dim, index] : llvm::zip_equal(domain.dims, indices))
    bind(dim, index);
  Constraints open;
  for (const FormConstraint &constraint : domain.constraints) {
    FormConstraint here{rename(constraint.form), constraint.equality};
    if (!imply(here))
      open.push_back(std::move(here));
  }
  for (const Check &check : domain.checks)
    if (check.kind != Check::Condition || decide(check.value) != true)
      return std::nullopt;
  return open;
}

std::optional<bool> Facts::decide(Value condition) {
  if (matchPattern(condition, m_One()))
    return true;
  if (matchPattern(condition, m_Zero()))
    return false;
  Operation *op = condition.getDefiningOp();
  if (!op)
    return std::nullopt;
  if (auto both = dyn_cast<arith::AndIOp>(op)) {
    auto left = decide(both.getLhs()), right = decide(both.getRhs());
    if (left == false || right == false)
      return false;
    return left && right ? left : std::nullopt;
  }
  if (auto other = dyn_cast<arith::XOrIOp>(op)) {
    auto left = decide(other.getLhs()), right = decide(other.getRhs());
    if (left && right)
      return *left != *right;
    return std::nullopt;
  }
  auto compare = dyn_cast<arith::CmpIOp>(op);
  if (!compare || !compare.getLhs().getType().isIndex())
    return std::nullopt;
  SmallVector<FormConstraint> constraints;
  bool isAll = forms.addCondition(condition, constraints);
  for (FormConstraint &constraint : constraints) {
    constraint.form = rename(constraint.form);
    if (exclude(constraint))
      return false;
    isAll = isAll && imply(constraint);
  }
  return isAll ? std::optional(true) : std::nullopt;
}
