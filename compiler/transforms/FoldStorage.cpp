//===- FoldStorage.cpp - which tables keep their latest cells only --------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Of the times of a schedule the first row that is not constant is looked at. A
// cell of time t may take the place of one of time t - W if nobody reads that
// at t or later: if every read is less than W behind its reader, and what is
// read after everything is less than W behind the last cell.
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/Affine.h"
#include "compiler/analysis/ScheduleAttr.h"
#include "compiler/schedule/Distance.h"
#include "compiler/transforms/Passes.h"

using namespace mlir;
using namespace danskin;

namespace danskin {
#define GEN_PASS_DEF_DPFOLDSTORAGE
#include "compiler/transforms/Passes.h.inc"
} // namespace danskin

namespace {
/// Beyond this a table is kept whole.
constexpr int64_t mostTimes = 64;
/// What the distances of one schedule may cost.
constexpr uint64_t workLimit = 1000000;

class Folder {
public:
  Folder(dp::ProgramOp program, const ProgramDependences &dependences,
         Schedule schedule)
      : dependences(dependences), schedule(std::move(schedule)), space(program),
        work{0, workLimit} {
    for (const Dependence &dependence : dependences.problem.dependences)
      distances.emplace_back(dependences.problem, dependence, work);
  }

  /// How many times of a statement's cells need room; nothing: all.
  std::optional<int64_t> getWindow(unsigned id);
  unsigned getRow() const { return row; }
  /// Finds the row that counts; false if there is none.
  bool findRow();

private:
  const ScheduleRow &timeOf(unsigned id) const {
    return schedule.rows[id][row];
  }
  bool isOfLaterPhase(unsigned reader, unsigned id) const;
  std::optional<int64_t> getFurthestRead(unsigned id);
  std::optional<int64_t> getFurthestFromEnd(dp::ReadOp read, unsigned id);
  std::optional<LinearForm> getLast(dp::TableOp table, const ScheduleRow &time);

  const ProgramDependences &dependences;
  Schedule schedule;
  AffineSpace space;
  Work work;
  std::vector<Distance> distances;
  unsigned row = 0;
};
} // namespace

/// Statements before it in all rows have one order for all their cells.
bool Folder::findRow() {
  for (row = 0; row < schedule.numRows(); ++row)
    if (llvm::any_of(schedule.rows,
                     [&](const auto &rows) { return !rows[row].isConstant(); }))
      return true;
  return false;
}

/// Do all cells of the reader come after all of the other statement?
bool Folder::isOfLaterPhase(unsigned reader, unsigned id) const {
  for (unsigned before = 0; before < row; ++before)
    if (schedule.rows[reader][before].constant !=
        schedule.rows[id][before].constant)
      return true;
  return false;
}

/// How far behind its reader a read of the statement's cells is at most.
std::optional<int64_t> Folder::getFurthestRead(unsigned id) {
  int64_t furthest = 0;
  for (auto [k, dependence] :
       llvm::enumerate(dependences.problem.dependences)) {
    if (dependence.target != id)
      continue;
    if (isOfLaterPhase(dependence.reader, id)) {
      auto read = dyn_cast<dp::ReadOp>(dependences.reads[k]);
      std::optional<int64_t> behind =
          read ? getFurthestFromEnd(read, id) : std::nullopt;
      if (!behind)
        return std::nullopt;
      furthest = std::max(furthest, *behind);
      continue;
    }
    const ScheduleRow &reader = timeOf(dependence.reader), &mine = timeOf(id);
    auto negated = [](Coefficients all) {
      for (int64_t &coefficient : all)
        coefficient = -coefficient;
      return all;
    };
    int64_t least = distances[k].smallest(negated(reader.coefficients),
                                          negated(mine.coefficients));
    if (least == Distance::unbounded)
      return std::nullopt;
    if (least != Distance::none)
      furthest = std::max(furthest, reader.constant - mine.constant - least);
  }
  return furthest;
}

/// The time of the last cell, or a later one, as a function of sizes.
std::optional<LinearForm> Folder::getLast(dp::TableOp table,
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
std::optional<int64_t> Folder::getFurthestFromEnd(dp::ReadOp read,
                                                  unsigned id) {
  const ScheduleRow &time = timeOf(id);
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

/// The statement that an operation of an equation or a scatter belongs to.
static Operation *getStatement(Operation *op) {
  if (auto scatter = op->getParentOfType<dp::ScatterOp>())
    return scatter;
  auto equation = op->getParentOfType<dp::EquationOp>();
  if (!equation)
    return nullptr;
  return getRootOwner(equation.getTables()[0].getDefiningOp<dp::TableOp>());
}

std::optional<int64_t> Folder::getWindow(unsigned id) {
  auto table = dyn_cast<dp::TableOp>(dependences.statements[id]);
  if (!table || table.getRank() < 2 || !table.getScatters().empty() ||
      table.getRole() == dp::TableRole::Output || timeOf(id).isConstant())
    return std::nullopt;
  std::optional<int64_t> furthest = getFurthestRead(id);
  for (Operation *user : table.getResult().getUsers()) {
    auto read = dyn_cast<dp::ReadOp>(user);
    if (!furthest || !read)
      continue;
    Operation *reader = getStatement(read);
    if (!reader)
      return std::nullopt;
    if (dependences.findStatement(reader))
      continue;
    std::optional<int64_t> behind = getFurthestFromEnd(read, id);
    if (!behind)
      return std::nullopt;
    furthest = std::max(*furthest, *behind);
  }
  if (!furthest || *furthest >= mostTimes || work.exhausted())
    return std::nullopt;
  return llvm::PowerOf2Ceil(*furthest + 1);
}

namespace {
struct FoldStorage : danskin::impl::DpFoldStorageBase<FoldStorage> {
  using DpFoldStorageBase::DpFoldStorageBase;

  void runOnOperation() override {
    const ProgramDependences &dependences =
        getAnalysis<DependenceAnalysis>().dependences;
    if (!dependences.incomplete)
      for (StringRef name : {scheduleAttrName, wavefrontAttrName})
        if (failed(fold(dependences, name)))
          return signalPassFailure();
    markAllAnalysesPreserved();
  }

  LogicalResult fold(const ProgramDependences &dependences, StringRef name) {
    if (llvm::none_of(dependences.statements,
                      [&](Operation *op) { return op->hasAttr(name); }))
      return success();
    FailureOr<Schedule> schedule = getSchedule(dependences, name);
    if (failed(schedule))
      return failure();
    Folder folder(getOperation(), dependences, std::move(*schedule));
    if (!folder.findRow())
      return success();
    Builder b(&getContext());
    for (auto [id, op] : llvm::enumerate(dependences.statements))
      if (std::optional<int64_t> times = folder.getWindow(id))
        op->setAttr(getWindowAttrName(name),
                    b.getDenseI64ArrayAttr({folder.getRow(), *times}));
    return success();
  }
};
} // namespace
