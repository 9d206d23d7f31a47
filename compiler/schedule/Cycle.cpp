//===- Cycle.cpp - cells that wait for themselves -------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Cycle.h"
#include <numeric>

namespace danskin {
namespace {

/// Chains of reads, extended while they have an instance. The variables of a
/// chain's polyhedron are [parameters, first cell, then for each read its
/// locals and its target].
class CycleSearch {
public:
  CycleSearch(const Problem &problem, const Indices &open, unsigned maxProofs)
      : problem(problem), open(open), budget(maxProofs) {
    for (unsigned k : open)
      pieces.push_back(instancesInContext(problem, problem.dependences[k]));
  }

  std::optional<DependenceCycle> run(unsigned maxReads) {
    for (length = 1; length <= maxReads && budget; ++length)
      for (unsigned start = 0; start < problem.statements.size(); ++start) {
        unsigned numVars = problem.numParameters() + problem.rank(start);
        begins = {problem.numParameters()};
        statements = {start};
        if (extend(sets::universe(numVars)))
          return std::move(found);
      }
    return std::nullopt;
  }

private:
  bool extend(const Polyhedron &chain) {
    for (unsigned k = 0; k < open.size(); ++k) {
      const Dependence &read = problem.dependences[open[k]];
      bool closes = statements.size() == length;
      if (read.reader != statements.back() ||
          (closes && read.target != statements.front()))
        continue;
      for (const Polyhedron &piece : pieces[k]) {
        if (budget == 0)
          return false;
        --budget;
        reads.push_back(open[k]);
        Polyhedron longer = follow(chain, read, piece, closes);
        bool done = !sets::isEmpty(longer) &&
                    (closes ? report(longer) : extendBy(longer, read));
        reads.pop_back();
        if (done)
          return true;
      }
    }
    return false;
  }

  bool extendBy(const Polyhedron &longer, const Dependence &read) {
    begins.push_back(longer.getNumVars() - problem.rank(read.target));
    statements.push_back(read.target);
    bool done = extend(longer);
    begins.pop_back();
    statements.pop_back();
    return done;
  }

  Polyhedron follow(const Polyhedron &chain, const Dependence &read,
                    const Polyhedron &piece, bool closes) const {
    unsigned oldVars = chain.getNumVars();
    unsigned targetRank = problem.rank(read.target);
    unsigned numVars = oldVars + read.numLocals + (closes ? 0 : targetRank);
    unsigned targetBegin = closes ? begins.front() : numVars - targetRank;
    std::vector<unsigned> placement;
    auto append = [&](unsigned first, unsigned count) {
      for (unsigned k = 0; k < count; ++k)
        placement.push_back(first + k);
    };
    append(0, problem.numParameters());
    append(begins.back(), problem.rank(read.reader));
    append(targetBegin, targetRank);
    append(oldVars, read.numLocals);
    std::vector<unsigned> same(oldVars);
    std::iota(same.begin(), same.end(), 0);
    return sets::intersect(sets::embed(chain, numVars, same),
                           sets::embed(piece, numVars, placement));
  }

  bool report(const Polyhedron &cycle) {
    std::optional<std::vector<int64_t>> point = sets::witness(cycle);
    if (!point)
      return false;
    found.emplace();
    found->sizes.assign(point->begin(),
                        point->begin() + problem.numParameters());
    for (unsigned k = 0; k < statements.size(); ++k) {
      auto begin = point->begin() + begins[k];
      found->cells.push_back(
          {statements[k], {begin, begin + problem.rank(statements[k])}});
    }
    found->dependences = reads;
    return true;
  }

  const Problem &problem;
  const Indices &open;
  std::vector<PolyhedronUnion> pieces;
  unsigned budget, length = 0;
  std::vector<unsigned> begins, statements;
  Indices reads;
  std::optional<DependenceCycle> found;
};

} // namespace

std::optional<DependenceCycle> findCycle(const Problem &problem,
                                         const Indices &open, unsigned maxReads,
                                         unsigned maxProofs) {
  return CycleSearch(problem, open, maxProofs).run(maxReads);
}

std::string toString(const Problem &problem, const DependenceCycle &cycle) {
  std::string text = sizesToString(problem, cycle.sizes);
  text += text.empty() ? "" : ": ";
  for (const Cell &cell : cycle.cells)
    text += toString(problem, cell) + " -> ";
  return text + toString(problem, cycle.cells.front());
}

} // namespace danskin
