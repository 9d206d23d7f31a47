//===- Wavefront.cpp - the scheduler --------------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Wavefront.h"
#include "compiler/schedule/RowSearch.h"
#include "llvm/ADT/STLExtras.h"
#include <numeric>

namespace danskin {
namespace {

/// Components that share loops.
struct Group {
  Indices statements;
  std::vector<Coefficients> coefficients; ///< of the shared row, if cyclic
  unsigned level = 0;
  bool cyclic = false; ///< has a loop row
};

class Solver {
public:
  Solver(const Problem &problem, const std::vector<Distance *> &distances,
         Work &work, const SchedulingOptions &options)
      : problem(problem), distances(distances), work(work), options(options),
        search(problem, distances, work, options.rowMajor),
        groupOf(problem.statements.size()) {
    result.schedule.rows.resize(problem.statements.size());
  }

  SchedulingResult run() {
    Indices statements(problem.statements.size());
    std::iota(statements.begin(), statements.end(), 0);
    Indices open;
    for (unsigned k = 0; k < problem.dependences.size(); ++k)
      if (distances[k]->hasInstances())
        open.push_back(k);
    if (orderComponents(statements, open, /*outermost=*/true))
      pad();
    result.work = work.done;
    return std::move(result);
  }

private:
  bool solve(const Indices &statements, const Indices &allOpen) {
    Indices open = inside(problem, statements, allOpen);
    return open.empty() ||
           orderComponents(statements, open, /*outermost=*/false);
  }

  /// Rows for statements of equal time so far, as one loop if they are one
  /// component, else component by component.
  bool orderComponents(const Indices &statements, const Indices &open,
                       bool outermost) {
    std::vector<Indices> parts = components(problem, statements, open);
    if (parts.size() == 1) {
      if (open.empty())
        return true;
      std::optional<RowChoice> row = search.find(statements, open);
      return row ? take(statements, open, *row) : fail(statements, open);
    }
    std::optional<std::vector<Group>> groups =
        formGroups(parts, open, outermost);
    if (!groups)
      return false;
    if (llvm::any_of(*groups, [](const Group &group) { return group.level; }))
      for (const Group &group : *groups)
        for (unsigned statement : group.statements)
          appendConstant(statement, group.level);
    for (const Group &group : *groups)
      if (!solveGroup(group, open))
        return false;
    return true;
  }

  bool solveGroup(const Group &group, const Indices &allOpen) {
    Indices open = inside(problem, group.statements, allOpen);
    if (open.empty())
      return true;
    if (!group.cyclic)
      return solve(group.statements, open);
    std::optional<RowChoice> row =
        search.place(group.statements, open, group.coefficients);
    return row ? take(group.statements, open, *row)
               : fail(group.statements, open);
  }

  bool take(const Indices &statements, const Indices &open,
            const RowChoice &choice) {
    for (auto [statement, row] : llvm::zip(statements, choice.rows)) {
      result.schedule.rows[statement].push_back(row);
      search.markUsed(statement, row);
    }
    Indices rest;
    std::set_difference(open.begin(), open.end(), choice.carried.begin(),
                        choice.carried.end(), std::back_inserter(rest));
    return solve(statements, rest);
  }

  //===--------------------------------------------------------------------===//
  // Components that share loops
  //===--------------------------------------------------------------------===//

  /// Inside a loop, independent groups run at the same time; outermost, each is
  /// a loop nest of its own.
  std::optional<std::vector<Group>>
  formGroups(const std::vector<Indices> &parts, const Indices &open,
             bool outermost) {
    std::vector<Group> groups;
    for (const Indices &part : parts) {
      Group group;
      group.statements = part;
      Indices own = inside(problem, part, open);
      std::optional<RowChoice> row;
      if (!own.empty()) {
        row = search.find(part, own);
        if (!row) {
          fail(part, own);
          return std::nullopt;
        }
        group.cyclic = true;
        for (const ScheduleRow &each : row->rows)
          group.coefficients.push_back(each.coefficients);
      }
      int last = lastGroupRead(part, open, groups);
      if (last >= 0 && options.fuse &&
          readsOnlyBefore(part, last, open, groups) &&
          join(groups[last], last, group, row, open))
        continue;
      group.level = outermost  ? groups.size()
                    : last < 0 ? 0
                               : groups[last].level + 1;
      for (unsigned statement : part)
        groupOf[statement] = groups.size();
      groups.push_back(std::move(group));
    }
    return groups;
  }

  /// Of the groups that `part` reads, one of the highest level; -1: none.
  int lastGroupRead(const Indices &part, const Indices &open,
                    const std::vector<Group> &groups) const {
    int last = -1;
    for (unsigned k : readsOut(part, open)) {
      int group = groupOf[problem.dependences[k].target];
      if (last < 0 || std::make_pair(groups[group].level, group) >
                          std::make_pair(groups[last].level, last))
        last = group;
    }
    return last;
  }

  Indices readsOut(const Indices &part, const Indices &open) const {
    Indices reads;
    for (unsigned k : open)
      if (llvm::is_contained(part, problem.dependences[k].reader) &&
          !llvm::is_contained(part, problem.dependences[k].target))
        reads.push_back(k);
    return reads;
  }

  /// Whether all that `part` reads outside `group` runs before that group.
  bool readsOnlyBefore(const Indices &part, unsigned group, const Indices &open,
                       const std::vector<Group> &groups) const {
    return llvm::all_of(readsOut(part, open), [&](unsigned k) {
      unsigned read = groupOf[problem.dependences[k].target];
      return read == group || groups[read].level < groups[group].level;
    });
  }

  /// Lets `part` run in the loops of `group` if some row keeps it at constant
  /// distance behind what it reads there.
  bool join(Group &group, unsigned index, const Group &part,
            const std::optional<RowChoice> &alone, const Indices &open) {
    if (!group.cyclic || (!part.cyclic && part.statements.size() != 1))
      return false;
    std::vector<std::vector<Coefficients>> choices;
    unsigned first = part.statements.front();
    if (!part.cyclic) {
      for (Coefficients &row : search.candidates(first, 1))
        choices.push_back({std::move(row)});
    } else {
      choices.push_back(part.coefficients);
      // What runs along with a table may take that table's time.
      if (part.statements.size() == 1)
        for (const Coefficients &row : group.coefficients)
          if (row.size() == problem.rank(first))
            choices.push_back({row});
    }
    Group joined = group;
    joined.statements.insert(joined.statements.end(), part.statements.begin(),
                             part.statements.end());
    Indices joinedOpen = inside(problem, joined.statements, open);
    for (const std::vector<Coefficients> &choice : choices) {
      if (work.exhausted())
        return false;
      joined.coefficients = group.coefficients;
      joined.coefficients.insert(joined.coefficients.end(), choice.begin(),
                                 choice.end());
      if (!atConstantDistance(joined, part.statements, index, open))
        continue;
      std::optional<RowChoice> row =
          search.place(joined.statements, joinedOpen, joined.coefficients);
      if (!row || (alone && !options.rowMajor && losesOwn(*row, *alone)))
        continue;
      group = std::move(joined);
      for (unsigned statement : part.statements)
        groupOf[statement] = index;
      return true;
    }
    return false;
  }

  /// Sharing must not leave open what a loop of its own would carry: cells of
  /// equal time would be fewer. Row by row, a loop within carries it.
  static bool losesOwn(const RowChoice &joined, const RowChoice &alone) {
    return !std::includes(joined.carried.begin(), joined.carried.end(),
                          alone.carried.begin(), alone.carried.end());
  }

  /// Of the reads of `part` into the group none may be unboundedly early, and
  /// at least one runs a constant behind: loops whose distance grows with the
  /// sizes are only made longer by sharing.
  bool atConstantDistance(const Group &joined, const Indices &part,
                          unsigned index, const Indices &open) {
    auto row = [&](unsigned statement) -> const Coefficients & {
      return joined.coefficients[llvm::find(joined.statements, statement) -
                                 joined.statements.begin()];
    };
    bool near = false;
    for (unsigned k : readsOut(part, open)) {
      const Dependence &read = problem.dependences[k];
      if (groupOf[read.target] != index)
        continue;
      const Coefficients &reader = row(read.reader), &target = row(read.target);
      if (distances[k]->smallest(reader, target) == Distance::unbounded)
        return false;
      near |= distances[k]->isBoundedAbove(reader, target);
    }
    return near;
  }

  //===--------------------------------------------------------------------===//
  // Results
  //===--------------------------------------------------------------------===//

  void appendConstant(unsigned statement, int64_t constant) {
    result.schedule.rows[statement].push_back(
        {Coefficients(problem.rank(statement), 0), constant});
  }

  void pad() {
    size_t most = 0;
    for (const std::vector<ScheduleRow> &rows : result.schedule.rows)
      most = std::max(most, rows.size());
    for (unsigned k = 0; k < problem.statements.size(); ++k)
      while (result.schedule.rows[k].size() < most)
        appendConstant(k, 0);
  }

  bool fail(const Indices &statements, const Indices &open) {
    SchedulingFailure failure;
    failure.statements = statements;
    failure.open = open;
    failure.cycle = findCycle(problem, open);
    if (failure.cycle)
      failure.kind = SchedulingFailure::Cycle;
    else if (work.exhausted())
      failure.kind = SchedulingFailure::WorkLimit;
    result.failure = std::move(failure);
    return false;
  }

  const Problem &problem;
  const std::vector<Distance *> &distances; ///< for each dependence
  Work &work;
  const SchedulingOptions &options;
  RowSearch search;
  std::vector<unsigned> groupOf;
  SchedulingResult result;
};

} // namespace

Scheduler::Scheduler(const Problem &problem) : problem(problem) {
  InstanceClasses classes(problem);
  shared.reserve(classes.size());
  for (unsigned k = 0; k < classes.size(); ++k)
    shared.emplace_back(problem, problem.dependences[classes.representative(k)],
                        work);
  for (unsigned k = 0; k < problem.dependences.size(); ++k)
    distances.push_back(&shared[classes[k]]);
}

SchedulingResult Scheduler::solve(const SchedulingOptions &options) {
  work = {0, options.workLimit};
  return Solver(problem, distances, work, options).run();
}

SchedulingResult solve(const Problem &problem,
                       const SchedulingOptions &options) {
  return Scheduler(problem).solve(options);
}

} // namespace danskin
