//===- TestProblem.cpp - scheduling problems in a few words ---------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/schedule/TestProblem.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/ErrorHandling.h"
#include <numeric>

namespace danskin::test {

static unsigned positionOf(const Names &names, const std::string &name) {
  auto found = llvm::find(names, name);
  if (found == names.end())
    llvm::report_fatal_error(llvm::Twine("no variable '") + name + "'");
  return found - names.begin();
}

AffineForm parseForm(const Names &names, const std::string &text) {
  AffineForm form(names.size() + 1, 0);
  int64_t sign = 1;
  for (size_t at = 0; at < text.size();) {
    char c = text[at];
    if (c == ' ' || c == '+' || c == '-') {
      sign = c == '-' ? -1 : c == '+' ? 1 : sign;
      ++at;
      continue;
    }
    int64_t factor = 1;
    bool number = isdigit(c);
    if (number) {
      size_t used;
      factor = std::stoll(text.substr(at), &used);
      at += used;
    }
    bool product = number && at < text.size() && text[at] == '*';
    at += product;
    if (number && !product) {
      form.back() += sign * factor;
      continue;
    }
    size_t end = text.find_first_of(" +-", at);
    std::string name = text.substr(at, end - at);
    form[positionOf(names, name)] += sign * factor;
    at = end == std::string::npos ? text.size() : end;
  }
  return form;
}

static AffineForm difference(AffineForm left, const AffineForm &right) {
  for (unsigned k = 0; k < left.size(); ++k)
    left[k] -= right[k];
  return left;
}

void addConstraint(Polyhedron &set, const Names &names,
                   const std::string &text) {
  size_t at = text.find_first_of("<=");
  AffineForm left = parseForm(names, text.substr(0, at));
  while (at != std::string::npos) {
    bool less = text[at] == '<';
    bool strict = less && text[at + 1] != '=';
    size_t begin = at + (less && !strict ? 2 : 1);
    at = text.find_first_of("<=", begin);
    AffineForm right = parseForm(names, text.substr(begin, at - begin));
    AffineForm gap = difference(right, left);
    gap.back() -= strict;
    if (less)
      set.addInequality(gap);
    else
      set.addEquality(gap);
    left = right;
  }
}

Polyhedron parseSet(const Names &names, const Names &constraints) {
  Polyhedron set = sets::universe(names.size());
  for (const std::string &text : constraints)
    addConstraint(set, names, text);
  return set;
}

static Names concat(Names left, const Names &right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

ProblemBuilder::ProblemBuilder(Names parameters, const Names &context) {
  problem.context = parseSet(parameters, context);
  for (unsigned k = 0; k < parameters.size(); ++k)
    addConstraint(problem.context, parameters, "0 <= " + parameters[k]);
  problem.parameters = std::move(parameters);
}

unsigned ProblemBuilder::find(const std::string &name) const {
  for (auto [k, statement] : llvm::enumerate(problem.statements))
    if (statement.name == name)
      return k;
  llvm::report_fatal_error(llvm::Twine("no table '") + name + "'");
}

ProblemBuilder &ProblemBuilder::table(const std::string &name,
                                      const Names &dims, const Names &domain) {
  Polyhedron set = parseSet(concat(problem.parameters, dims), domain);
  problem.statements.push_back({name, dims, {set}});
  return *this;
}

ProblemBuilder &ProblemBuilder::read(const std::string &reader,
                                     const std::string &target,
                                     const Names &index, const Names &guards,
                                     const Names &binders) {
  Dependence read;
  read.reader = find(reader);
  read.target = find(target);
  read.label = reader + " reads " + target;
  read.numLocals = binders.size();
  const Statement &from = problem.statements[read.reader];
  const Statement &to = problem.statements[read.target];
  Names cell;
  for (const std::string &dim : to.dims)
    cell.push_back("target." + dim);
  Names names =
      concat(concat(concat(problem.parameters, from.dims), cell), binders);
  Polyhedron set = parseSet(names, guards);
  for (auto [dim, text] : llvm::zip(cell, index))
    if (text != "?")
      addConstraint(set, names, dim + " = " + text);
  std::vector<unsigned> placement(problem.parameters.size());
  std::iota(placement.begin(), placement.end(), 0);
  auto place = [&](const Statement &statement, unsigned first) {
    std::vector<unsigned> all = placement;
    for (unsigned k = 0; k < statement.dims.size(); ++k)
      all.push_back(first + k);
    return sets::embed(statement.domain.front(), names.size(), all);
  };
  set = sets::intersect(set, place(from, placement.size()));
  set = sets::intersect(set, place(to, placement.size() + from.dims.size()));
  read.instances.push_back(std::move(set));
  problem.dependences.push_back(std::move(read));
  return *this;
}

/// The same instances with reader and target exchanged.
static PolyhedronUnion reversed(const Problem &problem,
                                const Dependence &read) {
  unsigned numParameters = problem.numParameters();
  unsigned readerRank = problem.rank(read.reader);
  unsigned targetRank = problem.rank(read.target);
  std::vector<unsigned> placement(numParameters + readerRank + targetRank +
                                  read.numLocals);
  std::iota(placement.begin(), placement.end(), 0);
  for (unsigned k = 0; k < readerRank; ++k)
    placement[numParameters + k] = numParameters + targetRank + k;
  for (unsigned k = 0; k < targetRank; ++k)
    placement[numParameters + readerRank + k] = numParameters + k;
  PolyhedronUnion result;
  for (const Polyhedron &piece : read.instances)
    result.push_back(sets::embed(piece, piece.getNumVars(), placement));
  return result;
}

/// Reads of the same cell of another table.
static PolyhedronUnion sameCell(const Problem &problem,
                                const Statement &statement) {
  unsigned numParameters = problem.numParameters();
  unsigned rank = statement.dims.size();
  std::vector<unsigned> placement(numParameters + rank);
  std::iota(placement.begin(), placement.end(), 0);
  PolyhedronUnion result;
  for (const Polyhedron &piece : statement.domain) {
    Polyhedron set = sets::embed(piece, numParameters + 2 * rank, placement);
    for (unsigned k = 0; k < rank; ++k) {
      AffineForm same(numParameters + 2 * rank + 1, 0);
      same[numParameters + k] = 1;
      same[numParameters + rank + k] = -1;
      set.addEquality(same);
    }
    result.push_back(std::move(set));
  }
  return result;
}

Problem differentiate(const Problem &problem) {
  enum Part { Value, Tangent, Adjoint, AdjointTangent };
  const char *suffixes[] = {"", "~", "^", "^~"};
  Problem result;
  result.parameters = problem.parameters;
  result.context = problem.context;
  for (const Statement &statement : problem.statements)
    for (const char *suffix : suffixes) {
      result.statements.push_back(statement);
      result.statements.back().name += suffix;
    }
  auto add = [&](unsigned reader, Part readerPart, unsigned target,
                 Part targetPart, unsigned numLocals,
                 const PolyhedronUnion &set) {
    Dependence read;
    read.reader = 4 * reader + readerPart;
    read.target = 4 * target + targetPart;
    read.label = result.statements[read.reader].name + " reads " +
                 result.statements[read.target].name;
    read.numLocals = numLocals;
    read.instances = set;
    result.dependences.push_back(std::move(read));
  };
  for (unsigned k = 0; k < problem.statements.size(); ++k) {
    PolyhedronUnion same = sameCell(problem, problem.statements[k]);
    add(k, Tangent, k, Value, 0, same);
    add(k, Adjoint, k, Value, 0, same);
    add(k, AdjointTangent, k, Adjoint, 0, same);
    add(k, AdjointTangent, k, Tangent, 0, same);
    add(k, AdjointTangent, k, Value, 0, same);
  }
  for (const Dependence &read : problem.dependences) {
    for (auto [reader, target] :
         {std::pair(Value, Value), {Tangent, Value}, {Tangent, Tangent}})
      add(read.reader, reader, read.target, target, read.numLocals,
          read.instances);
    PolyhedronUnion back = reversed(problem, read);
    for (auto [reader, target] : {std::pair(Adjoint, Adjoint),
                                  {Adjoint, Value},
                                  {AdjointTangent, AdjointTangent},
                                  {AdjointTangent, Adjoint},
                                  {AdjointTangent, Tangent},
                                  {AdjointTangent, Value}})
      add(read.target, reader, read.reader, target, read.numLocals, back);
  }
  return result;
}

} // namespace danskin::test
