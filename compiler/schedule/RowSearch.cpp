//===- RowSearch.cpp - one row of a schedule ------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/RowSearch.h"
#include "llvm/ADT/STLExtras.h"

namespace danskin {

/// Costs: a row pays for each unit of a coefficient; time that runs backwards
/// and a skewed innermost dim (lanes no longer contiguous) are a little worse,
/// constants are tie breakers.
static constexpr int64_t unitCost = 160, backwardCost = 5, innermostCost = 40,
                         nestingCost = 10, constantCost = 1;
static constexpr int64_t largestCoefficient = 3;
/// Rows with many nonzero coefficients are not listed beyond this number.
static constexpr uint64_t candidateLimit = 2500;
/// Combinations of candidates visited for one row.
static constexpr unsigned combinationLimit = 20000;

RowSearch::RowSearch(const Problem &problem,
                     const std::vector<Distance *> &distances, Work &work,
                     bool rowMajor)
    : problem(problem), distances(distances), work(work), rowMajor(rowMajor) {
  for (const Statement &statement : problem.statements)
    used.emplace_back(statement.dims.size(), false);
}

int64_t RowSearch::cost(const Coefficients &row) const {
  int64_t sum = 0;
  for (auto [dim, value] : llvm::enumerate(row)) {
    if (value == 0)
      continue;
    sum += unitCost * std::abs(value) + (value < 0 ? backwardCost : 0);
    if (rowMajor)
      sum += nestingCost * dim;
    else if (dim + 1 == row.size())
      sum += innermostCost;
  }
  return sum;
}

//===----------------------------------------------------------------------===//
// Candidates
//===----------------------------------------------------------------------===//

bool RowSearch::allowed(unsigned statement, const Coefficients &row) const {
  if (!rowMajor)
    return true;
  unsigned nonzero = 0;
  for (auto [dim, value] : llvm::enumerate(row))
    if (value != 0) {
      if (std::abs(value) > 1 || used[statement][dim])
        return false;
      ++nonzero;
    }
  return nonzero <= 1;
}

/// Appends all rows with exactly `nonzero` nonzero entries from `dim` on.
static void enumerateRows(Coefficients &row, unsigned dim, unsigned nonzero,
                          int64_t bound, std::vector<Coefficients> &result) {
  if (nonzero == 0) {
    result.push_back(row);
    return;
  }
  if (row.size() - dim < nonzero)
    return;
  for (int64_t value = -bound; value <= bound; ++value) {
    row[dim] = value;
    enumerateRows(row, dim + 1, nonzero - (value != 0), bound, result);
  }
  row[dim] = 0;
}

static uint64_t numRowsWith(unsigned rank, unsigned nonzero, int64_t bound) {
  uint64_t number = 1;
  for (unsigned k = 0; k < nonzero; ++k)
    number = number * (rank - k) / (k + 1) * 2 * bound;
  return number;
}

static uint64_t numRows(unsigned rank, int64_t bound) {
  uint64_t number = 1;
  for (unsigned k = 0; k < rank && number <= candidateLimit; ++k)
    number *= 2 * bound + 1;
  return number;
}

std::vector<Coefficients> RowSearch::candidates(unsigned statement,
                                                int64_t bound) const {
  unsigned rank = problem.rank(statement);
  std::vector<Coefficients> rows;
  Coefficients row(rank, 0);
  unsigned most = rowMajor ? std::min(rank, 1u) : rank;
  for (unsigned nonzero = 0; nonzero <= most; ++nonzero) {
    if (rows.size() + numRowsWith(rank, nonzero, bound) > candidateLimit)
      break;
    enumerateRows(row, 0, nonzero, bound, rows);
  }
  llvm::erase_if(
      rows, [&](const Coefficients &row) { return !allowed(statement, row); });
  std::vector<std::pair<int64_t, unsigned>> order;
  for (auto [k, row] : llvm::enumerate(rows))
    order.push_back({cost(row), k});
  llvm::sort(order);
  std::vector<Coefficients> sorted;
  for (auto [unused, k] : order)
    sorted.push_back(std::move(rows[k]));
  return sorted;
}

bool RowSearch::isWeaklyValid(unsigned statement, const Indices &open,
                              const Coefficients &row) {
  return llvm::all_of(open, [&](unsigned k) {
    const Dependence &dependence = problem.dependences[k];
    return dependence.reader != statement || dependence.target != statement ||
           distances[k]->selfNonnegative(row);
  });
}

/// The sum of the weakly valid rows of one dim carries whatever one of them
/// does: a row for ranks whose candidates are too many to list.
Coefficients RowSearch::sumOfUnits(unsigned statement, const Indices &open) {
  Coefficients sum(problem.rank(statement), 0);
  for (unsigned dim = 0; dim < sum.size(); ++dim)
    for (int64_t sign : {1, -1}) {
      Coefficients unit(sum.size(), 0);
      unit[dim] = sign;
      if (sum[dim] == 0 && isWeaklyValid(statement, open, unit))
        sum[dim] = sign;
    }
  return sum;
}

std::vector<Coefficients>
RowSearch::weaklyValid(unsigned statement, const Indices &open, int64_t bound) {
  std::vector<Coefficients> valid;
  for (Coefficients &row : candidates(statement, bound)) {
    work.add(1);
    if (work.exhausted())
      break;
    if (isWeaklyValid(statement, open, row))
      valid.push_back(std::move(row));
  }
  if (bound == 1 && !rowMajor &&
      numRows(problem.rank(statement), bound) > candidateLimit)
    valid.push_back(sumOfUnits(statement, open));
  return valid;
}

void RowSearch::markUsed(unsigned statement, const ScheduleRow &row) {
  for (auto [dim, value] : llvm::enumerate(row.coefficients))
    if (value != 0)
      used[statement][dim] = true;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

namespace {
/// One statement runs at least `gap` later than another: of the constants,
/// reader - target >= gap.
struct Separation {
  unsigned reader, target;
  int64_t gap;
};
} // namespace

/// Bellman-Ford from zero: the smallest nonnegative constants; nothing on a
/// cycle of positive gaps.
static std::optional<std::vector<int64_t>>
solveConstants(unsigned number, const std::vector<Separation> &separations) {
  std::vector<int64_t> constants(number, 0);
  for (unsigned round = 0; round <= number; ++round) {
    bool changed = false;
    for (const Separation &each : separations)
      if (constants[each.reader] < constants[each.target] + each.gap) {
        constants[each.reader] = constants[each.target] + each.gap;
        changed = true;
      }
    if (!changed)
      return constants;
  }
  return std::nullopt;
}

namespace {
/// Picks one candidate a statement, branch and bound on the cost.
class Combination {
public:
  Combination(const Problem &problem, const std::vector<Distance *> &distances,
              Work &work, const Indices &statements, const Indices &open)
      : problem(problem), distances(distances), work(work),
        statements(statements), open(open), picked(statements.size()),
        position(problem.statements.size()) {
    for (auto [k, statement] : llvm::enumerate(statements))
      position[statement] = k;
  }

  struct Candidate {
    Coefficients row;
    int64_t cost;
  };

  std::optional<RowChoice>
  run(const std::vector<std::vector<Candidate>> &candidates) {
    visit(candidates, 0, 0);
    return std::move(best);
  }

private:
  void visit(const std::vector<std::vector<Candidate>> &candidates,
             unsigned depth, int64_t cost) {
    work.add(1);
    if (++visited > combinationLimit || work.exhausted())
      return;
    if (best && best->finishes && cost >= best->cost)
      return;
    if (depth == statements.size()) {
      evaluate(cost);
      return;
    }
    for (const Candidate &candidate : candidates[depth]) {
      picked[depth] = &candidate.row;
      if (compatible(depth))
        visit(candidates, depth + 1, cost + candidate.cost);
    }
  }

  unsigned readerOf(unsigned k) const {
    return position[problem.dependences[k].reader];
  }
  unsigned targetOf(unsigned k) const {
    return position[problem.dependences[k].target];
  }
  int64_t distance(unsigned k) {
    return distances[k]->smallest(*picked[readerOf(k)], *picked[targetOf(k)]);
  }

  /// No constant helps where the distance has no lower bound.
  bool compatible(unsigned depth) {
    return llvm::all_of(open, [&](unsigned k) {
      unsigned reader = readerOf(k), target = targetOf(k);
      bool decided = std::max(reader, target) == depth;
      return !decided || distance(k) != Distance::unbounded;
    });
  }

  void evaluate(int64_t cost) {
    std::vector<Separation> separations;
    for (unsigned k : open)
      separations.push_back({readerOf(k), targetOf(k), -distance(k)});
    std::optional<std::vector<int64_t>> constants =
        solveConstants(statements.size(), separations);
    if (!constants)
      return;
    RowChoice choice;
    choice.carried = carriedBy(*constants, separations);
    // Where a constant row can order what is left, the tables stay unskewed.
    choice.finishes = finishes(choice.carried);
    if (!choice.finishes)
      carryMore(separations, *constants, choice);
    if (choice.carried.empty())
      return;
    choice.cost = cost;
    for (auto [row, constant] : llvm::zip(picked, *constants)) {
      choice.rows.push_back({*row, constant});
      choice.cost += constantCost * std::abs(constant);
    }
    if (!best || isBetter(choice, *best))
      best = std::move(choice);
  }

  static bool isBetter(const RowChoice &left, const RowChoice &right) {
    if (left.finishes != right.finishes)
      return left.finishes;
    if (!left.finishes && left.carried.size() != right.carried.size())
      return left.carried.size() > right.carried.size();
    return left.cost < right.cost;
  }

  Indices carriedBy(const std::vector<int64_t> &constants,
                    const std::vector<Separation> &separations) const {
    Indices carried;
    for (auto [k, each] : llvm::zip(open, separations))
      if (constants[each.reader] - constants[each.target] > each.gap)
        carried.push_back(k);
    return carried;
  }

  Indices without(const Indices &carried) const {
    Indices rest;
    std::set_difference(open.begin(), open.end(), carried.begin(),
                        carried.end(), std::back_inserter(rest));
    return rest;
  }

  bool finishes(const Indices &carried) const {
    return isAcyclic(problem, statements, without(carried));
  }

  /// Greedily makes dependences strict where that stays feasible: those that
  /// lie on cycles, for a constant row can order the others.
  void carryMore(const std::vector<Separation> &separations,
                 std::vector<int64_t> &constants, RowChoice &choice) const {
    std::vector<bool> cyclic = onCycles(choice.carried);
    std::vector<Separation> strict = separations;
    for (unsigned k = 0; k < strict.size(); ++k) {
      if (!cyclic[k])
        continue;
      ++strict[k].gap;
      if (auto solved = solveConstants(statements.size(), strict))
        constants = std::move(*solved);
      else
        --strict[k].gap;
    }
    choice.carried = carriedBy(constants, separations);
    choice.finishes = finishes(choice.carried);
  }

  /// Which of the open dependences lie on a cycle of those not carried.
  std::vector<bool> onCycles(const Indices &carried) const {
    std::vector<unsigned> componentOf(problem.statements.size());
    for (auto [k, part] :
         llvm::enumerate(components(problem, statements, without(carried))))
      for (unsigned statement : part)
        componentOf[statement] = k;
    std::vector<bool> result;
    for (unsigned k : open) {
      const Dependence &read = problem.dependences[k];
      result.push_back(!llvm::is_contained(carried, k) &&
                       componentOf[read.reader] == componentOf[read.target]);
    }
    return result;
  }

  const Problem &problem;
  const std::vector<Distance *> &distances;
  Work &work;
  const Indices &statements, &open;
  std::vector<const Coefficients *> picked;
  std::vector<unsigned> position;
  std::optional<RowChoice> best;
  unsigned visited = 0;
};
} // namespace

//===----------------------------------------------------------------------===//
// The search
//===----------------------------------------------------------------------===//

std::optional<RowChoice> RowSearch::find(const Indices &statements,
                                         const Indices &open) {
  std::optional<RowChoice> best;
  int64_t largest = rowMajor ? 1 : largestCoefficient;
  for (int64_t bound = 1; bound <= largest && !work.exhausted(); ++bound) {
    std::vector<std::vector<Combination::Candidate>> candidates;
    for (unsigned statement : statements) {
      candidates.emplace_back();
      for (Coefficients &row : weaklyValid(statement, open, bound)) {
        int64_t rowCost = cost(row);
        candidates.back().push_back({std::move(row), rowCost});
      }
    }
    std::optional<RowChoice> choice =
        Combination(problem, distances, work, statements, open).run(candidates);
    if (choice && (!best || (choice->finishes && !best->finishes)))
      best = std::move(choice);
    if (best && best->finishes)
      break;
  }
  return best;
}

std::optional<RowChoice>
RowSearch::place(const Indices &statements, const Indices &open,
                 const std::vector<Coefficients> &coefficients) {
  std::vector<std::vector<Combination::Candidate>> candidates;
  for (const Coefficients &row : coefficients)
    candidates.push_back({{row, cost(row)}});
  return Combination(problem, distances, work, statements, open)
      .run(candidates);
}

} // namespace danskin
