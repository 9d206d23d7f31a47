//===- CheckpointTables.cpp - tables kept by segments of time -------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A gradient reads the tables of its value in the opposite order. Where what
// their own phase reads is near, and what the later phase reads of them is near
// to the mirror of its time, neither needs more than a segment of them. Nor do
// sums over their cells, if each term reads cells of one time.
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "compiler/transforms/ReadDistances.h"
#include <set>

using namespace mlir;
using namespace danskin;

namespace danskin {
#define GEN_PASS_DEF_DPCHECKPOINTTABLES
#include "compiler/transforms/Passes.h.inc"
} // namespace danskin

namespace {
/// Beyond this a table is kept whole.
constexpr int64_t mostReach = 64;

using Phase = std::vector<int64_t>;
using Bounds = std::pair<int64_t, int64_t>;

class Finder {
public:
  Finder(dp::ProgramOp program, const ProgramDependences &dependences,
         Schedule schedule, StringRef name)
      : program(program), dependences(dependences), name(name), space(program),
        distances(program, dependences, std::move(schedule)) {}

  void run();

private:
  SmallVector<dp::TableOp> getTables(unsigned id);
  std::optional<unsigned> findMaker(dp::ReadOp read);
  bool findPhases();
  bool mayBeSegmented(unsigned id, const Phase &phase);
  LinearForm getTimeOf(dp::ReadOp read, unsigned id);
  bool isOfCell(const LinearForm &time, dp::ArmOp arm);
  bool isSummed(dp::ArmOp arm);
  bool isSummed(dp::TableOp table);
  bool isOfSum(dp::ReadOp read);
  void addSums(Bounds more);
  std::optional<int64_t> getProducersPast(dp::TableOp table, unsigned id);
  std::optional<int64_t> getReadersPast(dp::TableOp table, unsigned id);
  std::optional<int64_t> getLatest(dp::TableOp table, unsigned id);
  void findTables();
  void addTables(const Phase &phase, int64_t &most,
                 std::optional<int64_t> (Finder::*getPast)(dp::TableOp,
                                                           unsigned));
  void mark();

  dp::ProgramOp program;
  const ProgramDependences &dependences;
  StringRef name;
  AffineSpace space;
  ReadDistances distances;
  Checkpoint found;
  std::optional<Bounds> sums;
  llvm::SetVector<Operation *> summed;
  llvm::MapVector<Operation *, int64_t> segmented; ///< and their past
};
} // namespace

/// The statement's own table and those that share its cells, but for those
/// that the caller gets.
SmallVector<dp::TableOp> Finder::getTables(unsigned id) {
  SmallVector<dp::TableOp> tables;
  auto root = dyn_cast<dp::TableOp>(dependences.statements[id]);
  if (!root)
    return tables;
  for (auto table : program.getBody().front().getOps<dp::TableOp>())
    if (getRootOwner(table) == root && table.getRank() == root.getRank() &&
        table.getRole() != dp::TableRole::Output && table.getScatters().empty())
      tables.push_back(table);
  return tables;
}

/// The statement that makes what is read, if a time is known.
std::optional<unsigned> Finder::findMaker(dp::ReadOp read) {
  auto table = read.getArray().getDefiningOp<dp::TableOp>();
  return table ? dependences.findStatement(getRootOwner(table)) : std::nullopt;
}

/// The first two phases of which the later reads tables of the other, in time
/// after time.
bool Finder::findPhases() {
  std::set<Phase> scattering; // they cannot be computed twice
  for (auto [id, op] : llvm::enumerate(dependences.statements))
    if (isa<dp::ScatterOp>(op))
      scattering.insert(distances.getPhase(id));
  for (const Dependence &dependence : dependences.problem.dependences) {
    Phase producers = distances.getPhase(dependence.target);
    if (!distances.isOfLaterPhase(dependence.reader, dependence.target) ||
        distances.getTime(dependence.reader).isConstant() ||
        distances.getTime(dependence.target).isConstant() ||
        scattering.count(producers))
      continue;
    found.row = *distances.getRow();
    found.producers = producers;
    found.readers = distances.getPhase(dependence.reader);
    return true;
  }
  return false;
}

bool Finder::mayBeSegmented(unsigned id, const Phase &phase) {
  SmallVector<dp::TableOp> tables = getTables(id);
  return !tables.empty() && tables.front().getRank() >= 2 &&
         distances.getPhase(id) == phase && !distances.getTime(id).isConstant();
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

LinearForm Finder::getTimeOf(dp::ReadOp read, unsigned id) {
  const ScheduleRow &row = distances.getTime(id);
  LinearForm time(row.constant);
  for (auto [index, factor] : llvm::zip(read.getIndices(), row.coefficients))
    time = time + space.getForm(index) * factor;
  return time;
}

/// Is the time known from the cell and from what the arm runs over, once in
/// each of its loops?
bool Finder::isOfCell(const LinearForm &time, dp::ArmOp arm) {
  Block *body = &arm.getBody().front();
  return llvm::all_of(time.getTerms(), [&](LinearForm::Term term) {
    const Variable &variable = space.getVariable(term.first);
    if (variable.kind == Variable::Size)
      return true;
    if (variable.kind != Variable::Index || !variable.value)
      return false;
    Operation *iterate = variable.value.getDefiningOp();
    return !iterate ||
           (iterate->getBlock() == body && std::abs(term.second) == 1);
  });
}

/// Does each term read cells of one time of the later phase, and of the earlier
/// one only those that mirror it?
bool Finder::isSummed(dp::ArmOp arm) {
  std::optional<LinearForm> time;
  SmallVector<LinearForm> mirrored;
  bool isGood = true;
  arm.walk([&](dp::ReadOp read) {
    if (read.getArray().getDefiningOp<dp::InputOp>())
      return;
    std::optional<unsigned> id = findMaker(read);
    isGood &= id && !distances.getTime(*id).isConstant();
    if (!isGood)
      return;
    LinearForm mine = getTimeOf(read, *id);
    isGood = isOfCell(mine, arm);
    if (distances.getPhase(*id) == found.producers)
      mirrored.push_back(mine);
    else if (distances.getPhase(*id) != found.readers ||
             (time && !(*time == mine)))
      isGood = false;
    else
      time = mine;
  });
  if (!isGood || !time)
    return false;
  for (const LinearForm &other : mirrored) {
    LinearForm sum = other + *time;
    if (!sum.isConstant())
      return false;
    addSums({sum.getConstant(), sum.getConstant()});
  }
  return true;
}

/// A table without a time, each cell of which is a sum of such terms.
bool Finder::isSummed(dp::TableOp table) {
  if (dependences.findStatement(table) || table.getOwner() ||
      table.getAbsence() != dp::Absence::Never ||
      !table.getScatters().empty() || table.getEquations().empty() ||
      llvm::any_of(program.getBody().front().getOps<dp::TableOp>(),
                   [&](dp::TableOp other) {
                     return other.getOwner() == table.getResult();
                   }))
    return false;
  return llvm::all_of(table.getEquations(), [&](dp::EquationOp equation) {
    auto yield = cast<dp::YieldOp>(equation.getBody().front().back());
    auto sum = yield.getOperand(0).getDefiningOp<dp::SumOp>();
    if (!sum || equation.getTables().size() != 1)
      return false;
    WalkResult reads = equation.walk([&](dp::ReadOp read) {
      return sum->isAncestor(read) ||
                     read.getArray().getDefiningOp<dp::InputOp>()
                 ? WalkResult::advance()
                 : WalkResult::interrupt();
    });
    auto arms = sum.getArms().front().getOps<dp::ArmOp>();
    return !reads.wasInterrupted() &&
           llvm::all_of(arms, [&](dp::ArmOp arm) { return isSummed(arm); });
  });
}

bool Finder::isOfSum(dp::ReadOp read) {
  auto equation = read->getParentOfType<dp::EquationOp>();
  return equation && summed.contains(equation.getTables()[0].getDefiningOp());
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

void Finder::addSums(Bounds more) {
  if (sums)
    more = {std::min(more.first, sums->first),
            std::max(more.second, sums->second)};
  sums = more;
}

/// How many times before a segment the table's cells are read, where segments
/// are enough.
std::optional<int64_t> Finder::getProducersPast(dp::TableOp table,
                                                unsigned id) {
  int64_t past = 0;
  for (auto [k, dependence] :
       llvm::enumerate(dependences.problem.dependences)) {
    if (dependence.target != id)
      continue;
    unsigned reader = dependence.reader;
    auto read = dyn_cast<dp::ReadOp>(dependences.reads[k]);
    if (read && read.getArray() != table.getResult())
      continue;
    std::optional<int64_t> behind;
    if (!distances.isOfLaterPhase(reader, id)) {
      behind = distances.getFurthest(k);
    } else if (distances.getTime(reader).isConstant()) {
      if (read && (behind = distances.getFurthestFromEnd(read, id)))
        ++*behind;
    } else if (distances.getPhase(reader) == found.readers) {
      std::optional<Bounds> bounds = distances.getSums(k);
      if (!bounds)
        return std::nullopt;
      addSums(*bounds);
      behind = 0;
    }
    if (!behind)
      return std::nullopt;
    past = std::max(past, *behind);
  }
  std::optional<int64_t> times = distances.getTimesAfterAll(
      table, id, [&](dp::ReadOp read) { return isOfSum(read); });
  if (!times || past > mostReach)
    return std::nullopt;
  return std::max(past, *times);
}

/// The same of a table of the later phase.
std::optional<int64_t> Finder::getReadersPast(dp::TableOp table, unsigned id) {
  int64_t past = 0;
  for (auto [k, dependence] :
       llvm::enumerate(dependences.problem.dependences)) {
    if (dependence.target != id)
      continue;
    auto read = dyn_cast<dp::ReadOp>(dependences.reads[k]);
    if (read && read.getArray() != table.getResult())
      continue;
    std::optional<int64_t> behind;
    if (read && !distances.isOfLaterPhase(dependence.reader, id))
      behind = distances.getFurthest(k);
    if (!behind)
      return std::nullopt;
    past = std::max(past, *behind);
  }
  auto skip = [&](dp::ReadOp read) { return isOfSum(read); };
  if (distances.getTimesAfterAll(table, id, skip) != 0 || past > mostReach)
    return std::nullopt;
  return past;
}

/// How many of a table's latest times are read from later ones.
std::optional<int64_t> Finder::getLatest(dp::TableOp table, unsigned id) {
  auto furthest = distances.getFurthest(table, id);
  std::optional<int64_t> after = distances.getTimesAfterAll(table, id);
  if (!furthest || !after)
    return std::nullopt;
  return std::max({furthest->inPhase, furthest->fromEnd + 1, *after});
}

void Finder::findTables() {
  for (auto table : program.getBody().front().getOps<dp::TableOp>())
    if (isSummed(table))
      summed.insert(table);
  addTables(found.producers, found.past, &Finder::getProducersPast);
  if (!segmented.empty())
    addTables(found.readers, found.readersPast, &Finder::getReadersPast);
}

/// Keeps a phase's tables by segments that `getPast` has an answer for; `most`
/// becomes the largest.
void Finder::addTables(const Phase &phase, int64_t &most,
                       std::optional<int64_t> (Finder::*getPast)(dp::TableOp,
                                                                 unsigned)) {
  for (unsigned id = 0; id < dependences.statements.size(); ++id) {
    if (!mayBeSegmented(id, phase))
      continue;
    for (dp::TableOp table : getTables(id)) {
      if (auto window = table->getAttrOfType<DenseI64ArrayAttr>(
              getWindowAttrName(name))) {
        if (phase == found.producers)
          found.latest = std::max(
              found.latest,
              getLatest(table, id).value_or(window.asArrayRef().back()));
        continue;
      }
      if (std::optional<int64_t> past = (this->*getPast)(table, id)) {
        most = std::max(most, *past);
        segmented[table] = *past;
      }
    }
  }
}

void Finder::mark() {
  auto unit = UnitAttr::get(program.getContext());
  Builder b(program.getContext());
  for (auto [table, past] : segmented)
    table->setAttr(getSegmentedAttrName(name), b.getI64IntegerAttr(past));
  program.walk([&](dp::ReadOp read) {
    if (isOfSum(read) && segmented.contains(read.getArray().getDefiningOp()))
      read->getParentOfType<dp::EquationOp>()
          .getTables()[0]
          .getDefiningOp()
          ->setAttr(getSummedAttrName(name), unit);
  });
  setCheckpoint(program, found, name);
}

void Finder::run() {
  if (!distances.getRow() || !findPhases())
    return;
  findTables();
  if (segmented.empty() || !sums || distances.isExhausted() ||
      sums->second - sums->first > mostReach)
    return;
  found.sum = sums->first;
  found.ahead = sums->second - sums->first;
  mark();
}

namespace {
struct CheckpointTables
    : danskin::impl::DpCheckpointTablesBase<CheckpointTables> {
  using DpCheckpointTablesBase::DpCheckpointTablesBase;

  void runOnOperation() override {
    const ProgramDependences &dependences =
        getAnalysis<DependenceAnalysis>().dependences;
    for (StringRef name : {scheduleAttrName, wavefrontAttrName}) {
      if (dependences.incomplete ||
          llvm::none_of(dependences.statements,
                        [&](Operation *op) { return op->hasAttr(name); }))
        continue;
      FailureOr<Schedule> schedule = getSchedule(dependences, name);
      if (failed(schedule))
        return signalPassFailure();
      Finder(getOperation(), dependences, std::move(*schedule), name).run();
    }
    markAllAnalysesPreserved();
  }
};
} // namespace
