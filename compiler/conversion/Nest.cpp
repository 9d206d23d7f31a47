//===- Nest.cpp - loops over a domain -------------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Nest.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;
using namespace danskin::conversion;

//===----------------------------------------------------------------------===//
// Columns
//===----------------------------------------------------------------------===//

/// Appends the parameters of the constraints.
void Nest::addVariables(ArrayRef<FormConstraint> constraints, Forms &forms) {
  for (const FormConstraint &constraint : constraints)
    for (auto [value, coefficient] : constraint.form.terms)
      if (forms.isParameter(value) && columnOf.try_emplace(value, 0).second)
        variables.push_back(value);
}

/// What is known of the variables that are neither parameters nor dimensions,
/// and of those that this mentions.
void Nest::addFacts(Forms &forms) {
  llvm::SmallPtrSet<void *, 8> seen;
  for (Value dim : domain.dims)
    seen.insert(dim.getAsOpaquePointer());
  auto visit = [&](ArrayRef<FormConstraint> constraints) {
    SmallVector<Value> fresh;
    for (const FormConstraint &constraint : constraints)
      for (auto [value, coefficient] : constraint.form.terms)
        if (seen.insert(value.getAsOpaquePointer()).second)
          fresh.push_back(value);
    for (Value value : fresh)
      forms.addFacts(value, facts);
  };
  visit(domain.constraints);
  for (size_t seenFacts = 0; seenFacts < facts.size();) {
    Constraints added(facts.begin() + seenFacts, facts.end());
    seenFacts = facts.size();
    visit(added);
  }
}

LinearRow Nest::getRow(const FormConstraint &constraint) const {
  LinearRow row;
  row.coeffs.assign(variables.size() + 1, 0);
  row.equality = constraint.equality;
  row.coeffs.back() = constraint.form.constant;
  for (auto [value, coefficient] : constraint.form.terms)
    row.coeffs[columnOf.lookup(value)] += coefficient;
  return row;
}

Nest::Nest(const Domain &domain, Forms &forms, const Options &options)
    : domain(domain), numTimes(options.schedule.size()), known(options.known) {
  addFacts(forms);
  addVariables(forms.getAssumptions(), forms);
  addVariables(domain.constraints, forms);
  addVariables(facts, forms);
  numParameters = variables.size();

  unsigned rank = domain.dims.size();
  SmallVector<unsigned> scanned;
  for (unsigned d = 0; d < rank; ++d)
    scanned.push_back(d);
  if (options.innermost && *options.innermost >= known &&
      *options.innermost < rank && domain.checks.empty()) {
    scanned.erase(scanned.begin() + *options.innermost);
    scanned.push_back(*options.innermost);
  }
  natural = llvm::is_sorted(scanned);
  columnOfDim.resize(rank);
  auto addDims = [&](ArrayRef<unsigned> dims) {
    for (unsigned d : dims) {
      columnOfDim[d] = variables.size();
      variables.push_back(domain.dims[d]);
    }
  };
  addDims(ArrayRef(scanned).take_front(known));
  firstLevel = variables.size();
  variables.append(numTimes, Value());
  addDims(ArrayRef(scanned).drop_front(known));
  firstHidden = variables.size();
  for (auto [i, variable] : llvm::enumerate(variables))
    if (variable)
      columnOf[variable] = i;
  for (ArrayRef<FormConstraint> group :
       {ArrayRef<FormConstraint>(domain.constraints),
        ArrayRef<FormConstraint>(facts)})
    for (const FormConstraint &constraint : group)
      for (auto [value, coefficient] : constraint.form.terms)
        if (columnOf.try_emplace(value, variables.size()).second)
          variables.push_back(value);

  contextSystem.emplace(variables.size());
  for (const FormConstraint &assumption : forms.getAssumptions())
    contextSystem->add(getRow(assumption));
  if (options.context) {
    // The context's dimensions are this domain's leading ones.
    for (FormConstraint constraint : options.context->constraints) {
      bool visible = true;
      for (auto &[value, coefficient] : constraint.form.terms) {
        auto *dim = llvm::find(options.context->dims, value);
        unsigned d = dim - options.context->dims.begin();
        if (dim != options.context->dims.end() && d < known)
          value = domain.dims[d];
        else
          visible &=
              columnOf.count(value) && columnOf.lookup(value) < numParameters;
      }
      if (visible)
        contextSystem->add(getRow(constraint));
    }
  }

  system.emplace(variables.size());
  for (const FormConstraint &constraint : domain.constraints)
    system->add(getRow(constraint));
  for (const FormConstraint &fact : facts)
    system->add(getRow(fact));
  for (auto [t, row] : llvm::enumerate(options.schedule)) {
    LinearRow equation;
    equation.coeffs.assign(variables.size() + 1, 0);
    equation.equality = true;
    equation.coeffs[firstLevel + t] = -1;
    for (unsigned d = 0; d < rank; ++d)
      equation.coeffs[columnOfDim[d]] += row[d];
    equation.coeffs.back() = row.back();
    system->add(std::move(equation));
  }
  project();
}

//===----------------------------------------------------------------------===//
// Projection
//===----------------------------------------------------------------------===//

void Nest::project() {
  System rest = *system;
  for (unsigned column = variables.size(); column-- > firstHidden;) {
    rest.eliminate(column);
    rest.removeRedundant(*contextSystem);
  }
  levels.resize(firstHidden - firstLevel);
  for (unsigned column = firstHidden; column-- > firstLevel;) {
    rest.removeRedundant(*contextSystem);
    Level &level = levels[column - firstLevel];
    for (const LinearRow &row : rest.getConstraints()) {
      if (row.equality || row.coeffs[column] > 0)
        if (row.coeffs[column] != 0)
          level.lowers.push_back(row);
      if (row.equality || row.coeffs[column] < 0)
        if (row.coeffs[column] != 0)
          level.uppers.push_back(row);
    }
    std::optional<LinearRow> pin = rest.eliminate(column);
    if (pin && std::abs(pin->coeffs[column]) == 1)
      level.pin = pin;
  }
  rest.removeRedundant(*contextSystem);
  guards.assign(rest.getConstraints().begin(), rest.getConstraints().end());
  overflow = rest.hasOverflow();
}

std::optional<unsigned> Nest::getFirstFree() const {
  for (unsigned d = known; d < domain.dims.size(); ++d)
    if (!getLevel(d).pin)
      return d;
  return std::nullopt;
}
