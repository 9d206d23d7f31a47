//===- TestProblem.h - scheduling problems in a few words -------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TEST_SCHEDULE_TESTPROBLEM_H
#define DANSKIN_TEST_SCHEDULE_TESTPROBLEM_H

#include "compiler/schedule/Problem.h"
#include <string>
#include <vector>

namespace danskin::test {

using Names = std::vector<std::string>;

/// The form that `text` ("2*i - j + 1") stands for over `names`.
AffineForm parseForm(const Names &names, const std::string &text);
/// Adds what `text` ("0 <= i < N", "2*q + r = j") says.
void addConstraint(Polyhedron &set, const Names &names,
                   const std::string &text);
Polyhedron parseSet(const Names &names, const Names &constraints);

/// Builds problems the way programs are written: tables, then reads.
class ProblemBuilder {
public:
  explicit ProblemBuilder(Names parameters, const Names &context = {});

  ProblemBuilder &table(const std::string &name, const Names &dims,
                        const Names &domain);

  /// `reader[dims]` reads `target[index]`, where `binders` (further variables
  /// of `index` and `guards`) run over whatever `guards` leave. Both cells lie
  /// in their tables' domains. An index may be `?`: any cell along that dim.
  ProblemBuilder &read(const std::string &reader, const std::string &target,
                       const Names &index, const Names &guards = {},
                       const Names &binders = {});

  Problem problem;

private:
  unsigned find(const std::string &name) const;
};

/// The problem of value, tangent, adjoint and adjoint of the tangent: tables
/// `D`, `D~`, `D^`, `D^~`; adjoints read what their cell's readers propagate.
Problem differentiate(const Problem &problem);

/// Calls `visit` with every point of the box `[lower, upper]^numVars`.
template <typename Visit>
void forEachPoint(unsigned numVars, int64_t lower, int64_t upper,
                  Visit &&visit) {
  std::vector<int64_t> point(numVars, lower);
  while (true) {
    visit(point);
    unsigned k = 0;
    while (k < numVars && point[k] == upper)
      point[k++] = lower;
    if (k == numVars)
      return;
    ++point[k];
  }
}

} // namespace danskin::test

#endif // DANSKIN_TEST_SCHEDULE_TESTPROBLEM_H
