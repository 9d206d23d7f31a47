//===- ReadDistances.cpp - how far in time reads reach --------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/ReadDistances.h"

using namespace mlir;
using namespace danskin;

/// What the distances of one schedule may cost.
static constexpr uint64_t workLimit = 1000000;

ReadDistances::ReadDistances(dp::ProgramOp program,
                             const ProgramDependences &dependences,
                             Schedule given)
    : dependences(dependences), schedule(std::move(given)), space(program),
      work{0, workLimit} {
  for (const Dependence &dependence : dependences.problem.dependences)
    distances.emplace_back(dependences.problem, dependence, work);
  for (unsigned r = 0; r < schedule.numRows() && !row; ++r)
    if (llvm::any_of(schedule.rows,
                     [&](const auto &rows) { return !rows[r].isConstant(); }))
      row = r;
}

std::vector<int64_t> ReadDistances::getPhase(unsigned id) const {
  std::vector<int64_t> phase;
  for (unsigned before = 0; before < *row; ++before)
    phase.push_back(schedule.rows[id][before].constant);
  return phase;
}

static Coefficients negate(Coefficients all) {
  for (int64_t &coefficient : all)
    coefficient = -coefficient;
  return all;
}

std::optional<int64_t> ReadDistances::getFurthest(unsigned k) {
  const Dependence &dependence = dependences.problem.dependences[k];
  const ScheduleRow &reader = getTime(dependence.reader),
                    &target = getTime(dependence.target);
  int64_t least = distances[k].smallest(negate(reader.coefficients),
                                        negate(target.coefficients));
  if (least == Distance::unbounded)
    return std::nullopt;
  if (least == Distance::none)
    return 0;
  return std::max<int64_t>(reader.constant - target.constant - least, 0);
}

std::optional<std::pair<int64_t, int64_t>> ReadDistances::getSums(unsigned k) {
  const Dependence &dependence = dependences.problem.dependences[k];
  const ScheduleRow &reader = getTime(dependence.reader),
                    &target = getTime(dependence.target);
  int64_t least =
      distances[k].smallest(reader.coefficients, negate(target.coefficients));
  int64_t negated =
      distances[k].smallest(negate(reader.coefficients), target.coefficients);
  if (least == Distance::unbounded || negated == Distance::unbounded ||
      least == Distance::none)
    return std::nullopt;
  int64_t constant = reader.constant + target.constant;
  return std::pair{constant + least, constant - negated};
}

/// The time of the last cell, or a later one, as a function of sizes.
std::optional<LinearForm> ReadDistances::getLast(dp::TableOp table,
                                                 const ScheduleRow &time) {
  LinearForm last(time.constant);
  auto yield = cast<dp::YieldOp>(table.getDomain().front().getTerminator());
  for (auto [index, factor] :
       llvm::zip_equal(yield.getOperands(), time.coefficients)) {
    if (factor == 0)
      continue;
    auto iterate = index.getDefiningOp<dp::IterateOp>();
    if (!iterate)
      return std::nullopt;
    std::optional<LinearForm> bound =
        space.getLinear(factor > 0 ? iterate.getUpper() : iterate.getLower());
    if (!bound)
      return std::nullopt;
    last = last + (factor > 0 ? *bound - LinearForm(1) : *bound) * factor;
  }
  return last;
}

/// How far behind the last cell a read after everything is.
std::optional<int64_t> ReadDistances::getFurthestFromEnd(dp::ReadOp read,
                                                         unsigned id) {
  const ScheduleRow &time = getTime(id);
  std::optional<LinearForm> last =
      getLast(cast<dp::TableOp>(dependences.statements[id]), time);
  if (!last)
    return std::nullopt;
  LinearForm behind = *last - LinearForm(time.constant);
  for (auto [index, factor] : llvm::zip(read.getIndices(), time.coefficients)) {
    if (factor == 0)
      continue;
    std::optional<LinearForm> form = space.getLinear(index);
    if (!form)
      return std::nullopt;
    behind = behind - *form * factor;
  }
  if (!behind.isConstant())
    return std::nullopt;
  return std::max<int64_t>(behind.getConstant(), 0);
}

std::optional<ReadDistances::Furthest>
ReadDistances::getFurthest(dp::TableOp table, unsigned id) {
  Furthest furthest;
  for (auto [k, dependence] :
       llvm::enumerate(dependences.problem.dependences)) {
    auto read = dyn_cast<dp::ReadOp>(dependences.reads[k]);
    if (dependence.target != id ||
        (read && read.getArray() != table.getResult()))
      continue;
    bool isLater = isOfLaterPhase(dependence.reader, id);
    std::optional<int64_t> behind;
    if (!isLater)
      behind = getFurthest(k);
    else if (read)
      behind = getFurthestFromEnd(read, id);
    if (!behind)
      return std::nullopt;
    int64_t &most = isLater ? furthest.fromEnd : furthest.inPhase;
    most = std::max(most, *behind);
  }
  return furthest;
}

/// The statement that an operation of an equation or a scatter belongs to.
static Operation *getStatement(Operation *op) {
  if (auto scatter = op->getParentOfType<dp::ScatterOp>())
    return scatter;
  auto equation = op->getParentOfType<dp::EquationOp>();
  if (!equation)
    return nullptr;
  return getRootOwner(equation.getTables()[0].getDefiningOp<dp::TableOp>());
}

std::optional<int64_t>
ReadDistances::getTimesAfterAll(dp::TableOp table, unsigned id,
                                llvm::function_ref<bool(dp::ReadOp)> skip) {
  int64_t times = 0;
  for (Operation *user : table.getResult().getUsers()) {
    auto read = dyn_cast<dp::ReadOp>(user);
    if (!read || skip(read))
      continue;
    Operation *reader = getStatement(read);
    if (!reader)
      return std::nullopt;
    if (dependences.findStatement(reader))
      continue;
    std::optional<int64_t> behind = getFurthestFromEnd(read, id);
    if (!behind)
      return std::nullopt;
    times = std::max(times, *behind + 1);
  }
  return times;
}
