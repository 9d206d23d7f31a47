//===- Problem.h - what is to be scheduled ----------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The scheduling problem apart from the algorithm that solves it: statements
// (tables, or parts of tables), the reads among them, and what a schedule is.
// verify() proves a schedule whoever made it.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_SCHEDULE_PROBLEM_H
#define DANSKIN_SCHEDULE_PROBLEM_H

#include "compiler/schedule/Sets.h"
#include <string>

namespace danskin {

/// Cells that one computation fills.
struct Statement {
  std::string name;
  std::vector<std::string> dims;
  PolyhedronUnion domain; ///< over [parameters, dims]
};

/// Reader cells that need target cells.
struct Dependence {
  unsigned reader = 0, target = 0; ///< indices of statements
  std::string label;
  unsigned numLocals = 0; ///< binders, quotients, data
  PolyhedronUnion
      instances; ///< over [parameters, reader dims, target dims, locals]
};

struct Problem {
  std::vector<std::string> parameters;
  Polyhedron context = sets::universe(0); ///< over the parameters
  std::vector<Statement> statements;
  std::vector<Dependence> dependences;

  unsigned numParameters() const { return parameters.size(); }
  unsigned rank(unsigned statement) const {
    return statements[statement].dims.size();
  }
};

/// One component of a statement's time: affine in its dims.
struct ScheduleRow {
  std::vector<int64_t> coefficients;
  int64_t constant = 0;

  bool isConstant() const;
  bool operator==(const ScheduleRow &other) const {
    return coefficients == other.coefficients && constant == other.constant;
  }
};

/// The time of a cell is the vector of its statement's rows; cells run in
/// lexicographic order of their times, those of equal time in parallel. All
/// statements have equally many rows (short ones are padded with zeros).
struct Schedule {
  std::vector<std::vector<ScheduleRow>> rows; ///< for each statement

  unsigned numRows() const { return rows.empty() ? 0 : rows.front().size(); }
};

/// A cell of one statement.
struct Cell {
  unsigned statement = 0;
  std::vector<int64_t> index;
};

/// A read whose target does not run before its reader.
struct Violation {
  unsigned dependence = 0;
  unsigned row = 0; ///< the row that orders them wrongly; numRows(): none does
  std::vector<int64_t> sizes;
  Cell reader, target;
};

/// Why a problem is not well-formed; nothing if it is.
std::optional<std::string> check(const Problem &problem);
/// Why a schedule does not fit its problem; nothing if it does.
std::optional<std::string> check(const Problem &problem,
                                 const Schedule &schedule);

/// Proves that every target runs strictly before its readers, or shows one
/// that does not.
std::optional<Violation> verify(const Problem &problem,
                                const Schedule &schedule);

/// The pieces of a dependence within the context, coalesced, without the empty
/// ones.
PolyhedronUnion instancesInContext(const Problem &problem,
                                   const Dependence &dependence);

/// Numbers the dependences by their instances: derived programs repeat the same
/// reads between many tables, and what only depends on the instances need be
/// worked out once.
class InstanceClasses {
public:
  explicit InstanceClasses(const Problem &problem);

  unsigned size() const { return representatives.size(); }
  unsigned operator[](unsigned dependence) const { return of[dependence]; }
  /// A dependence of that class.
  unsigned representative(unsigned number) const {
    return representatives[number];
  }

private:
  std::vector<unsigned> of, representatives;
};

/// For people: `D[i, j]: (i + j, 0)`, one line for each statement.
std::string toString(const Problem &problem, const Schedule &schedule);
/// `i + j - 1`.
std::string toString(const std::vector<std::string> &names,
                     const ScheduleRow &row);
/// `D[1, 2]`.
std::string toString(const Problem &problem, const Cell &cell);
/// `N = 2, M = 1`.
std::string sizesToString(const Problem &problem,
                          const std::vector<int64_t> &sizes);

} // namespace danskin

#endif // DANSKIN_SCHEDULE_PROBLEM_H
