//===- Problem.cpp - what is to be scheduled ------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Problem.h"
#include "llvm/ADT/STLExtras.h"
#include <map>
#include <numeric>

namespace danskin {

bool ScheduleRow::isConstant() const {
  return llvm::all_of(coefficients, [](int64_t value) { return value == 0; });
}

//===----------------------------------------------------------------------===//
// Well-formedness
//===----------------------------------------------------------------------===//

static bool inSpace(const PolyhedronUnion &set, unsigned numVars) {
  return llvm::all_of(set, [&](const Polyhedron &piece) {
    return piece.getNumDimVars() == numVars && piece.getNumVars() == numVars;
  });
}

std::optional<std::string> check(const Problem &problem) {
  unsigned numParameters = problem.numParameters();
  if (!inSpace({problem.context}, numParameters))
    return "the context is not over the parameters";
  for (const Statement &statement : problem.statements)
    if (!inSpace(statement.domain, numParameters + statement.dims.size()))
      return "the domain of '" + statement.name +
             "' is not over the parameters and its dims";
  for (const Dependence &dependence : problem.dependences) {
    if (dependence.reader >= problem.statements.size() ||
        dependence.target >= problem.statements.size())
      return "dependence '" + dependence.label + "' names no statement";
    if (!inSpace(dependence.instances,
                 numParameters + problem.rank(dependence.reader) +
                     problem.rank(dependence.target) + dependence.numLocals))
      return "dependence '" + dependence.label + "' is in another space";
  }
  return std::nullopt;
}

std::optional<std::string> check(const Problem &problem,
                                 const Schedule &schedule) {
  if (schedule.rows.size() != problem.statements.size())
    return "a schedule has one list of rows for each statement";
  for (auto [statement, rows] : llvm::enumerate(schedule.rows)) {
    if (rows.size() != schedule.numRows())
      return "every statement has equally many rows";
    for (const ScheduleRow &row : rows)
      if (row.coefficients.size() != problem.rank(statement))
        return "a row has one coefficient for each dim";
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Proof
//===----------------------------------------------------------------------===//

PolyhedronUnion instancesInContext(const Problem &problem,
                                   const Dependence &dependence) {
  std::vector<unsigned> placement(problem.numParameters());
  std::iota(placement.begin(), placement.end(), 0);
  PolyhedronUnion pieces;
  for (const Polyhedron &piece : dependence.instances)
    pieces.push_back(sets::intersect(
        piece, sets::embed(problem.context, piece.getNumVars(), placement)));
  return sets::coalesce(pieces);
}

/// Equal keys mean equal instances of equal shape.
static AffineForm instancesKey(const Problem &problem,
                               const Dependence &dependence) {
  AffineForm key = {problem.rank(dependence.reader),
                    problem.rank(dependence.target)};
  for (const Polyhedron &piece : dependence.instances) {
    key.insert(key.end(), {piece.getNumVars(), piece.getNumEqualities(),
                           piece.getNumInequalities()});
    auto append = [&](const AffineForm &form) {
      key.insert(key.end(), form.begin(), form.end());
    };
    for (unsigned k = 0; k < piece.getNumEqualities(); ++k)
      append(sets::equality(piece, k));
    for (unsigned k = 0; k < piece.getNumInequalities(); ++k)
      append(sets::inequality(piece, k));
  }
  return key;
}

InstanceClasses::InstanceClasses(const Problem &problem) {
  std::map<AffineForm, unsigned> known;
  for (auto [k, dependence] : llvm::enumerate(problem.dependences)) {
    auto [entry, isNew] = known.try_emplace(instancesKey(problem, dependence),
                                            representatives.size());
    if (isNew)
      representatives.push_back(k);
    of.push_back(entry->second);
  }
}

namespace {
/// The proof for one dependence: at no row may the reader be earlier than the
/// target among the instances that all rows before leave undecided, and after
/// the last row none may be undecided.
class DependenceProof {
public:
  DependenceProof(const Problem &problem, const Schedule &schedule,
                  unsigned dependence)
      : problem(problem), schedule(schedule), index(dependence),
        dependence(problem.dependences[dependence]),
        readerBegin(problem.numParameters()),
        targetBegin(readerBegin + problem.rank(this->dependence.reader)),
        targetEnd(targetBegin + problem.rank(this->dependence.target)) {}

  std::optional<Violation> run(const PolyhedronUnion &instances) const {
    for (const Polyhedron &piece : instances) {
      Polyhedron undecided = piece;
      for (unsigned row = 0; row < schedule.numRows(); ++row) {
        AffineForm later = distance(row, piece.getNumVars());
        Polyhedron wrong = undecided;
        wrong.addInequality(sets::complement(later));
        if (std::optional<Violation> violation = find(wrong, row))
          return violation;
        undecided.addEquality(later);
      }
      if (std::optional<Violation> violation =
              find(undecided, schedule.numRows()))
        return violation;
    }
    return std::nullopt;
  }

private:
  AffineForm distance(unsigned row, unsigned numVars) const {
    const ScheduleRow &reader = schedule.rows[dependence.reader][row];
    const ScheduleRow &target = schedule.rows[dependence.target][row];
    AffineForm form(numVars + 1, 0);
    for (unsigned k = 0; k < reader.coefficients.size(); ++k)
      form[readerBegin + k] = reader.coefficients[k];
    for (unsigned k = 0; k < target.coefficients.size(); ++k)
      form[targetBegin + k] = -target.coefficients[k];
    form.back() = reader.constant - target.constant;
    return form;
  }

  std::optional<Violation> find(const Polyhedron &wrong, unsigned row) const {
    std::optional<std::vector<int64_t>> point = sets::witness(wrong);
    if (!point)
      return std::nullopt;
    auto begin = point->begin();
    Violation violation;
    violation.dependence = index;
    violation.row = row;
    violation.sizes.assign(begin, begin + readerBegin);
    violation.reader = {dependence.reader,
                        {begin + readerBegin, begin + targetBegin}};
    violation.target = {dependence.target,
                        {begin + targetBegin, begin + targetEnd}};
    return violation;
  }

  const Problem &problem;
  const Schedule &schedule;
  unsigned index;
  const Dependence &dependence;
  unsigned readerBegin, targetBegin, targetEnd;
};
} // namespace

std::optional<Violation> verify(const Problem &problem,
                                const Schedule &schedule) {
  assert(!check(problem, schedule) && "malformed schedule");
  InstanceClasses classes(problem);
  std::vector<PolyhedronUnion> instances;
  for (unsigned k = 0; k < classes.size(); ++k)
    instances.push_back(instancesInContext(
        problem, problem.dependences[classes.representative(k)]));
  for (unsigned k = 0; k < problem.dependences.size(); ++k)
    if (std::optional<Violation> violation =
            DependenceProof(problem, schedule, k).run(instances[classes[k]]))
      return violation;
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

std::string toString(const std::vector<std::string> &names,
                     const ScheduleRow &row) {
  std::string text;
  auto append = [&](int64_t value, const std::string &name) {
    if (value == 0)
      return;
    int64_t magnitude = std::abs(value);
    text +=
        value < 0 ? (text.empty() ? "-" : " - ") : (text.empty() ? "" : " + ");
    if (name.empty() || magnitude != 1)
      text += std::to_string(magnitude) + (name.empty() ? "" : "*");
    text += name;
  };
  for (unsigned k = 0; k < names.size(); ++k)
    append(row.coefficients[k], names[k]);
  append(row.constant, "");
  return text.empty() ? "0" : text;
}

template <typename Range, typename Print>
static std::string commaSeparated(const Range &range, Print print) {
  std::string text;
  for (const auto &item : range)
    text += (text.empty() ? "" : ", ") + print(item);
  return text;
}

std::string toString(const Problem &problem, const Schedule &schedule) {
  std::string text;
  for (auto [statement, rows] : llvm::zip(problem.statements, schedule.rows)) {
    const std::vector<std::string> &dims = statement.dims;
    text +=
        statement.name + "[" +
        commaSeparated(dims, [](const std::string &dim) { return dim; }) +
        "]: (" +
        commaSeparated(
            rows, [&](const ScheduleRow &row) { return toString(dims, row); }) +
        ")\n";
  }
  return text;
}

std::string toString(const Problem &problem, const Cell &cell) {
  return problem.statements[cell.statement].name + "[" +
         commaSeparated(cell.index,
                        [](int64_t value) { return std::to_string(value); }) +
         "]";
}

std::string sizesToString(const Problem &problem,
                          const std::vector<int64_t> &sizes) {
  std::string text;
  for (auto [name, size] : llvm::zip(problem.parameters, sizes))
    text += (text.empty() ? "" : ", ") + name + " = " + std::to_string(size);
  return text;
}

} // namespace danskin
