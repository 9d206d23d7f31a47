//===- Witness.cpp - small instances that break a claim -------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/Witness.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>

using namespace danskin;

Witness::Witness(const AffineSpace &space, std::vector<unsigned> columns,
                 std::vector<int64_t> found)
    : space(&space), columns(std::move(columns)),
      values(space.getNumVariables(), 0) {
  for (auto [id, value] : llvm::zip(this->columns, found))
    values[id] = value;
}

int64_t Witness::evaluate(const LinearForm &form) const {
  int64_t value = form.getConstant();
  for (auto [id, coefficient] : form.getTerms())
    value += coefficient * (id < values.size() ? values[id] : 0);
  return value;
}

std::string Witness::toString(llvm::StringRef array,
                              llvm::ArrayRef<LinearForm> indices) const {
  std::string text = array.str() + "[";
  for (const LinearForm &index : indices) {
    if (&index != indices.begin())
      text += ", ";
    text += std::to_string(evaluate(index));
  }
  return text + "]";
}

std::string Witness::toString() const {
  std::string text;
  auto add = [&](std::string name, int64_t value) {
    text += (text.empty() ? "" : ", ") + name + " = " + std::to_string(value);
  };
  for (unsigned id : columns) {
    const Variable &variable = space->getVariable(id);
    switch (variable.kind) {
    case Variable::Size:
    case Variable::Index:
      add(variable.name, values[id]);
      break;
    case Variable::Data: {
      llvm::StringRef array = llvm::StringRef(variable.name).split('[').first;
      add(variable.operands.empty() ? variable.name
                                    : toString(array, variable.operands),
          values[id]);
      break;
    }
    case Variable::Source: {
      llvm::StringRef array = llvm::StringRef(variable.name).split('[').first;
      add(toString(array, variable.operands.front()), values[id]);
      break;
    }
    case Variable::Quotient:
    case Variable::Extreme:
    case Variable::Unknown:
      break;
    }
  }
  return text;
}

/// The columns of a piece: all sizes, then what it mentions.
static std::vector<unsigned> getColumns(const AffineSpace &space,
                                        const Conjunction &piece) {
  std::vector<unsigned> columns;
  for (unsigned id = 0; id < space.getNumSizes(); ++id)
    columns.push_back(id);
  for (unsigned id : space.getMentioned(piece))
    if (id >= space.getNumSizes())
      columns.push_back(id);
  return columns;
}

Witness danskin::findWitness(const AffineSpace &space,
                             llvm::ArrayRef<Conjunction> pieces) {
  // More pieces than this are not searched for the smallest point.
  constexpr unsigned searchLimit = 64;
  std::vector<unsigned> bestColumns;
  std::vector<int64_t> best;
  for (const Conjunction &piece : pieces.take_front(searchLimit)) {
    std::vector<unsigned> columns = getColumns(space, piece);
    Polyhedron set = space.getPolyhedron(piece, columns);
    // A first column that is the sum of the sizes makes the minimum smallest
    // in it.
    std::vector<unsigned> placement;
    for (unsigned column = 0; column < columns.size(); ++column)
      placement.push_back(column + 1);
    set = sets::embed(set, columns.size() + 1, placement);
    AffineForm sum(columns.size() + 2, 0);
    sum[0] = -1;
    for (unsigned id = 0; id < space.getNumSizes(); ++id)
      sum[id + 1] = 1;
    set.addEquality(sum);
    std::optional<std::vector<int64_t>> point = sets::witness(set);
    if (point && (best.empty() || *point < best)) {
      best = std::move(*point);
      bestColumns = std::move(columns);
    }
  }
  if (!best.empty())
    best.erase(best.begin());
  return Witness(space, std::move(bestColumns), std::move(best));
}

std::string danskin::conditionToString(const AffineSpace &space,
                                       const LinearForm &form) {
  // What runs goes left, positive if it can; sizes and constants go right.
  LinearForm left;
  for (auto [id, coefficient] : form.getTerms())
    if (id >= space.getNumSizes())
      left = left + LinearForm::variable(id) * coefficient;
  if (left.isConstant()) {
    LinearForm constant(form.getConstant());
    return space.toString(form - constant) + " >= " + space.toString(-constant);
  }
  bool isPositive = llvm::any_of(
      left.getTerms(), [](const auto &term) { return term.second > 0; });
  LinearForm right = left - form;
  if (isPositive)
    return space.toString(left) + " >= " + space.toString(right);
  return space.toString(-left) + " <= " + space.toString(-right);
}
