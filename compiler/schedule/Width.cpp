//===- Width.cpp - how parallel a schedule is -----------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Width.h"
#include "compiler/schedule/Components.h"
#include "compiler/schedule/Points.h"
#include "mlir/Analysis/Presburger/Matrix.h"
#include "llvm/ADT/STLExtras.h"

namespace danskin {

using mlir::presburger::Fraction;

/// Cells enumerated for one width.
static constexpr uint64_t enumerationBudget = 200000;

static unsigned rankOf(std::vector<std::vector<Fraction>> rows) {
  unsigned rank = 0;
  for (unsigned column = 0; !rows.empty() && column < rows.front().size();
       ++column) {
    auto pivot = std::find_if(rows.begin() + rank, rows.end(),
                              [&](const std::vector<Fraction> &row) {
                                return row[column] != Fraction(0, 1);
                              });
    if (pivot == rows.end())
      continue;
    std::swap(*pivot, rows[rank]);
    for (unsigned k = rank + 1; k < rows.size(); ++k) {
      Fraction factor = rows[k][column] / rows[rank][column];
      for (unsigned j = column; j < rows[k].size(); ++j)
        rows[k][j] = rows[k][j] - factor * rows[rank][j];
    }
    ++rank;
  }
  return rank;
}

unsigned freeAxes(const Schedule &schedule, unsigned statement, unsigned rank) {
  std::vector<std::vector<Fraction>> rows;
  for (const ScheduleRow &row : schedule.rows[statement]) {
    rows.emplace_back();
    for (int64_t value : row.coefficients)
      rows.back().push_back(Fraction(value, 1));
  }
  return rank - rankOf(std::move(rows));
}

/// The statements whose width counts.
static Indices countedStatements(const Problem &problem) {
  Indices all, open, recursive;
  for (unsigned k = 0; k < problem.statements.size(); ++k)
    if (!sets::isEmpty(problem.statements[k].domain))
      all.push_back(k);
  for (unsigned d = 0; d < problem.dependences.size(); ++d)
    if (!instancesInContext(problem, problem.dependences[d]).empty())
      open.push_back(d);
  open = inside(problem, all, open);
  for (const Indices &component : components(problem, all, open))
    if (!inside(problem, component, open).empty())
      llvm::append_range(recursive, component);
  return recursive.empty() ? all : recursive;
}

namespace {
/// Counts the cells of each time at given sizes.
class TimeHistogram {
public:
  TimeHistogram(const Problem &problem, const Schedule &schedule,
                const Indices &counted)
      : problem(problem), schedule(schedule), counted(counted),
        budget(enumerationBudget) {
    for (unsigned k : counted) {
      std::optional<PolyhedronUnion> pieces = sets::disjoint(
          sets::coalesce(problem.statements[k].domain), /*limit=*/500);
      known &= pieces.has_value();
      domains.emplace_back();
      if (pieces)
        for (const Polyhedron &piece : *pieces)
          domains.back().emplace_back(piece, problem.numParameters());
    }
  }

  std::optional<int64_t> largest(const std::vector<int64_t> &sizes) {
    std::map<std::vector<int64_t>, int64_t> cells;
    int64_t most = 0;
    for (unsigned k = 0; k < domains.size(); ++k)
      for (PointEnumerator &piece : domains[k])
        known &= known && piece.forEach(sizes, budget, [&](const auto &point) {
          most = std::max(most, ++cells[timeOf(counted[k], point)]);
        });
    if (!known)
      return std::nullopt;
    return most;
  }

private:
  std::vector<int64_t> timeOf(unsigned statement,
                              const std::vector<int64_t> &point) const {
    std::vector<int64_t> time;
    for (const ScheduleRow &row : schedule.rows[statement]) {
      int64_t value = row.constant;
      for (auto [k, factor] : llvm::enumerate(row.coefficients))
        value += factor * point[problem.numParameters() + k];
      time.push_back(value);
    }
    return time;
  }

  const Problem &problem;
  const Schedule &schedule;
  const Indices counted;
  uint64_t budget;
  bool known = true;
  std::vector<std::vector<PointEnumerator>> domains;
};
} // namespace

Width widthOf(const Problem &problem, const Schedule &schedule) {
  Width width;
  Indices counted = countedStatements(problem);
  for (unsigned k : counted)
    width.axes = std::max(width.axes, freeAxes(schedule, k, problem.rank(k)));
  std::optional<std::vector<int64_t>> base =
      sampleBase(problem.context, /*beyond=*/2);
  if (!base)
    return width;
  width.cells =
      interpolate(*base, width.axes,
                  [histogram = TimeHistogram(problem, schedule, counted)](
                      const std::vector<int64_t> &sizes) mutable {
                    return histogram.largest(sizes);
                  });
  if (width.cells || base->empty())
    return width;
  int64_t start = *llvm::max_element(*base);
  width.cellsAtEqualSizes =
      interpolate({start}, width.axes,
                  [&, histogram = TimeHistogram(problem, schedule, counted)](
                      const std::vector<int64_t> &size) mutable {
                    return histogram.largest(
                        std::vector<int64_t>(base->size(), size.front()));
                  });
  return width;
}

std::string Width::toString(const std::vector<std::string> &names) const {
  std::string text = std::to_string(axes) + (axes == 1 ? " axis" : " axes");
  if (cells) {
    std::string number = cells->toString(names);
    return text + ", " + number + (number == "1" ? " cell" : " cells");
  }
  if (cellsAtEqualSizes)
    return text + ", " + cellsAtEqualSizes->toString({"n"}) +
           " cells at equal sizes n";
  return text;
}

} // namespace danskin
