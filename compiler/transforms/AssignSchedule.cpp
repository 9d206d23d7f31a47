//===- AssignSchedule.cpp - find and prove an order of all cells ----------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/ScheduleAttr.h"
#include "compiler/schedule/Wavefront.h"
#include "compiler/transforms/Passes.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace danskin;

namespace danskin {
#define GEN_PASS_DEF_DPASSIGNSCHEDULE
#define GEN_PASS_DEF_DPVERIFYSCHEDULE
#include "compiler/transforms/Passes.h.inc"
} // namespace danskin

/// An error if there are too many to be found.
static LogicalResult verifyComplete(dp::ProgramOp program,
                                    const ProgramDependences &dependences) {
  if (!dependences.incomplete)
    return success();
  return emitError(program.getLoc())
         << "finding the dependences takes more than " << dependenceProofLimit
         << " steps [E0308]";
}

/// Proves a schedule; an error at the read that it does not order.
static LogicalResult verifySchedule(const ProgramDependences &dependences,
                                    const Schedule &schedule) {
  const Problem &problem = dependences.problem;
  std::optional<Violation> violation = verify(problem, schedule);
  if (!violation)
    return success();
  InFlightDiagnostic diagnostic =
      emitError(dependences.reads[violation->dependence]->getLoc())
      << "the schedule does not run `" << toString(problem, violation->target)
      << "` before `" << toString(problem, violation->reader)
      << "`, which reads it [E0402]";
  if (!violation->sizes.empty())
    diagnostic.attachNote()
        << "for example when " << sizesToString(problem, violation->sizes);
  return diagnostic;
}

static std::string listStatements(const Problem &problem,
                                  const Indices &statements) {
  std::string text;
  for (unsigned statement : statements)
    text +=
        (text.empty() ? "`" : ", `") + problem.statements[statement].name + "`";
  return text;
}

static void emitFailure(dp::ProgramOp program,
                        const ProgramDependences &dependences,
                        const SchedulingFailure &failure) {
  const Problem &problem = dependences.problem;
  Operation *first = failure.statements.empty()
                         ? program.getOperation()
                         : dependences.statements[failure.statements.front()];
  if (failure.kind == SchedulingFailure::Cycle && failure.cycle) {
    const DependenceCycle &cycle = *failure.cycle;
    Operation *read = dependences.reads[cycle.dependences.front()];
    InFlightDiagnostic diagnostic = emitError(read->getLoc())
                                    << "`"
                                    << toString(problem, cycle.cells.front())
                                    << "` depends on itself [E0401]";
    diagnostic.attachNote() << "for example when " << toString(problem, cycle);
    for (unsigned id : llvm::ArrayRef(cycle.dependences).drop_front())
      diagnostic.attachNote(dependences.reads[id]->getLoc())
          << "through `" << problem.dependences[id].label << "`";
    return;
  }
  InFlightDiagnostic diagnostic = emitError(first->getLoc());
  if (failure.kind == SchedulingFailure::WorkLimit)
    diagnostic << "the search for a schedule of ";
  else
    diagnostic << "no schedule orders ";
  diagnostic << listStatements(problem, failure.statements);
  if (failure.kind == SchedulingFailure::WorkLimit)
    diagnostic << " takes too long";
  diagnostic << " [E0402]";
  for (unsigned id : failure.open)
    diagnostic.attachNote(dependences.reads[id]->getLoc())
        << "`" << problem.statements[problem.dependences[id].reader].name
        << "` reads `" << problem.dependences[id].label << "` here";
}

namespace {
struct AssignSchedule : danskin::impl::DpAssignScheduleBase<AssignSchedule> {
  using DpAssignScheduleBase::DpAssignScheduleBase;

  void runOnOperation() override {
    const ProgramDependences &dependences =
        getAnalysis<DependenceAnalysis>().dependences;
    if (failed(verifyComplete(getOperation(), dependences)))
      return signalPassFailure();
    SchedulingOptions options;
    options.rowMajor = rowMajor || rowsFirst;
    Scheduler scheduler(dependences.problem);
    SchedulingResult result = scheduler.solve(options);
    if (!result && rowsFirst) {
      options.rowMajor = false;
      result = scheduler.solve(options);
    }
    if (!result) {
      emitFailure(getOperation(), dependences, *result.failure);
      return signalPassFailure();
    }
    if (failed(verifySchedule(dependences, result.schedule)))
      return signalPassFailure();
    setSchedule(dependences, result.schedule);
    if (options.rowMajor && (wavefront || fewestTimes)) {
      if (isSequential(dependences, result))
        assignWidest(dependences, scheduler, result.schedule,
                     wavefrontAttrName);
      else if (fewestTimes)
        assignWidest(dependences, scheduler, result.schedule, scheduleAttrName);
    }
    markAllAnalysesPreserved();
  }

  /// Does a statement with as many indices as any take them one by one?
  static bool isSequential(const ProgramDependences &dependences,
                           const SchedulingResult &result) {
    unsigned most = 0;
    for (unsigned id = 0; id < dependences.statements.size(); ++id)
      most = std::max<unsigned>(most, dependences.problem.rank(id));
    for (auto [id, rows] : llvm::enumerate(result.schedule.rows))
      if (dependences.problem.rank(id) == most && most > 1 &&
          llvm::count_if(rows, [](const ScheduleRow &row) {
            return !row.isConstant();
          }) == most)
        return true;
    return false;
  }

  /// Sets the schedule of the fewest times. Sums keep their order: where
  /// scatters add in the order of time, they have that of the rows, after all
  /// else; there is none if something else waits for them.
  void assignWidest(const ProgramDependences &dependences, Scheduler &scheduler,
                    const Schedule &rows, StringRef place) {
    SchedulingResult widest = scheduler.solve();
    if (!widest || widest.schedule.rows == rows.rows)
      return;
    bool scatters = putScattersLast(dependences, rows, widest.schedule);
    if (scatters && verify(dependences.problem, widest.schedule))
      return;
    if (failed(verifySchedule(dependences, widest.schedule)))
      return signalPassFailure();
    setSchedule(dependences, widest.schedule, place);
  }

  /// Gives each scatter the rows that it has in `order`, behind a constant that
  /// no other statement has. False if there are no scatters.
  static bool putScattersLast(const ProgramDependences &dependences,
                              const Schedule &order, Schedule &schedule) {
    int64_t last = 0;
    for (const std::vector<ScheduleRow> &rows : schedule.rows)
      last = std::max(last, rows.front().constant);
    bool isAny = false;
    for (auto [id, op] : llvm::enumerate(dependences.statements)) {
      if (!isa<dp::ScatterOp>(op))
        continue;
      isAny = true;
      unsigned rank = dependences.problem.rank(id);
      std::vector<ScheduleRow> own = {{std::vector<int64_t>(rank, 0), ++last}};
      llvm::copy_if(order.rows[id], std::back_inserter(own),
                    [](const ScheduleRow &row) { return !row.isConstant(); });
      schedule.rows[id] = own;
    }
    size_t most = 0;
    for (const std::vector<ScheduleRow> &rows : schedule.rows)
      most = std::max(most, rows.size());
    for (auto [id, rows] : llvm::enumerate(schedule.rows))
      rows.resize(most,
                  {std::vector<int64_t>(dependences.problem.rank(id), 0), 0});
    return isAny;
  }
};

struct VerifySchedule : danskin::impl::DpVerifyScheduleBase<VerifySchedule> {
  void runOnOperation() override {
    const ProgramDependences &dependences =
        getAnalysis<DependenceAnalysis>().dependences;
    if (failed(verifyComplete(getOperation(), dependences)))
      return signalPassFailure();
    if (failed(verifyIn(dependences, scheduleAttrName)))
      return signalPassFailure();
    if (llvm::any_of(dependences.statements, [](Operation *op) {
          return op->hasAttr(wavefrontAttrName);
        }))
      if (failed(verifyIn(dependences, wavefrontAttrName)))
        return signalPassFailure();
    markAllAnalysesPreserved();
  }

  static LogicalResult verifyIn(const ProgramDependences &dependences,
                                StringRef name) {
    FailureOr<Schedule> schedule = getSchedule(dependences, name);
    return failure(failed(schedule) ||
                   failed(verifySchedule(dependences, *schedule)));
  }
};
} // namespace
