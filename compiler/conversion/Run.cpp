//===- Run.cpp - the kernel proper ----------------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The loops over time come from all statements together, lexicographically: a
// row that is constant for each statement orders them, any other is a loop over
// the hull of their times, in which each statement asks whether it has cells.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Run.h"
#include "compiler/conversion/EmitStrips.h"
#include "compiler/conversion/Marks.h"
#include "compiler/conversion/Traceback.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace danskin::conversion;

namespace {
class Runner {
public:
  Runner(Plan &plan, Env &env, Memory &memory)
      : env(env), memory(memory), plan(plan), cell(plan, env, memory),
        loc(env.getLoc()) {}

  /// A statement on its way through the loops over time.
  struct Active {
    Statement *statement;
    Nest::Point point;
    /// Rows whose loop has times that the statement does not have.
    SmallVector<unsigned> loose;
  };

  void emitTimes(OpBuilder &b, std::vector<Active> group, unsigned row);
  void emitStatement(OpBuilder &b, const Active &active);

private:
  void emitTimeLoop(OpBuilder &b, std::vector<Active> group, unsigned row);
  void emitTimesBetween(OpBuilder &b, std::vector<Active> group, unsigned row,
                        Value lower, Value upper);
  void emitSegment(OpBuilder &b, Value segment);
  void emitProducers(OpBuilder &b);
  void emitReaders(OpBuilder &b, std::vector<Active> group, unsigned row);
  void emitSums(OpBuilder &b, Value segment, Value lower, Value upper);
  void emitCell(OpBuilder &b, Statement &statement, ValueRange indices);

  Env &env;
  Memory &memory;
  Plan &plan;
  Cell cell;
  Location loc;
  /// What is computed by segments.
  std::vector<Active> producers;
};
} // namespace

/// The constant that a row is, if it is one.
static std::optional<int64_t> getConstantTime(const Statement &statement,
                                              unsigned row) {
  const ScheduleRow &time = statement.schedule[row];
  for (int64_t coefficient : ArrayRef(time).drop_back())
    if (coefficient != 0)
      return std::nullopt;
  return time.back();
}

void Runner::emitTimes(OpBuilder &b, std::vector<Active> group, unsigned row) {
  if (row == group.front().statement->schedule.size()) {
    for (const Active &active : group)
      emitStatement(b, active);
    return;
  }
  bool allConstant = llvm::all_of(group, [&](const Active &active) {
    return getConstantTime(*active.statement, row).has_value();
  });
  if (!allConstant)
    return emitTimeLoop(b, std::move(group), row);
  std::map<int64_t, std::vector<Active>> byTime;
  for (Active &active : group) {
    int64_t time = *getConstantTime(*active.statement, row);
    active.statement->nest->setTime(active.point, row,
                                    constantIndex(b, loc, time));
    byTime[time].push_back(std::move(active));
  }
  for (auto &[time, part] : byTime)
    emitTimes(b, std::move(part), row + 1);
}

void Runner::emitTimeLoop(OpBuilder &b, std::vector<Active> group,
                          unsigned row) {
  for (auto &strips : plan.strips)
    if (strips->row == row &&
        llvm::is_contained(strips->statements, group.front().statement))
      return emitStrips(b, plan, env, memory, cell, *strips);
  SmallVector<StatementPoint> statements;
  for (const Active &active : group)
    statements.push_back({active.statement, &active.point});
  TimeBounds bounds = emitTimeBounds(b, loc, statements, row);
  Value upper =
      b.create<arith::AddIOp>(loc, bounds.last, constantIndex(b, loc, 1));
  if (!bounds.isCommon)
    for (Active &active : group)
      active.loose.push_back(row);
  if (plan.checkpoint && plan.checkpoint->row == row) {
    const Statement &first = *group.front().statement;
    if (plan.isOfPhase(first, plan.checkpoint->producers)) {
      producers = std::move(group);
      return emitProducers(b);
    }
    if (plan.isOfPhase(first, plan.checkpoint->readers))
      return emitReaders(b, std::move(group), row);
  }
  emitTimesBetween(b, std::move(group), row, bounds.lower, upper);
}

void Runner::emitTimesBetween(OpBuilder &b, std::vector<Active> group,
                              unsigned row, Value lower, Value upper) {
  auto loop = b.create<scf::ForOp>(loc, lower, upper, constantIndex(b, loc, 1));
  OpBuilder inner = OpBuilder::atBlockTerminator(loop.getBody());
  Value time = loop.getInductionVar();
  SmallVector<const Diagonals *> copied;
  for (auto &diagonals : plan.diagonals)
    if (diagonals->row == row && llvm::any_of(group, [&](const Active &active) {
          return llvm::is_contained(diagonals->users, active.statement);
        }))
      copied.push_back(diagonals.get());
  for (const Diagonals *diagonals : copied)
    if (!diagonals->isOutput())
      memory.moveDiagonals(inner, *diagonals, time, lower);
  for (Active &active : group)
    active.statement->nest->setTime(active.point, row, time);
  emitTimes(inner, std::move(group), row + 1);
  for (const Diagonals *diagonals : copied)
    if (diagonals->isOutput())
      memory.moveDiagonals(inner, *diagonals, time,
                           inner.create<arith::SubIOp>(
                               loc, upper, constantIndex(inner, loc, 1)));
}

//===----------------------------------------------------------------------===//
// Segments of time
//===----------------------------------------------------------------------===//

/// Computes a segment; what came before it is there.
void Runner::emitSegment(OpBuilder &b, Value segment) {
  const Segments &all = *memory.getSegments();
  Value first = all.emitFirst(b, segment);
  env.getWindow(Env::Phase::Producers).first =
      b.create<arith::SubIOp>(loc, first, all.past);
  Value upper = b.create<arith::AddIOp>(loc, first, all.length);
  upper = b.create<arith::MinSIOp>(loc, upper, all.producers.upper);
  emitTimesBetween(b, producers, plan.checkpoint->row, first, upper);
}

/// All segments, with a checkpoint before each and after the last.
void Runner::emitProducers(OpBuilder &b) {
  const Segments &all = *memory.getSegments();
  Value zero = constantIndex(b, loc, 0), one = constantIndex(b, loc, 1);
  auto loop = b.create<scf::ForOp>(loc, zero, all.count, one);
  OpBuilder inner = OpBuilder::atBlockTerminator(loop.getBody());
  // Before the first there is nothing, which nobody reads.
  memory.moveTimes(inner, Env::Phase::Producers, all.length, zero, all.past);
  memory.keepTimes(inner, loop.getInductionVar(), zero);
  emitSegment(inner, loop.getInductionVar());

  Value &first = env.getWindow(Env::Phase::Producers).first;
  first = b.create<arith::SubIOp>(
      loc, all.emitFirst(b, b.create<arith::SubIOp>(loc, all.count, one)),
      all.past);
  Value end = b.create<arith::SubIOp>(loc, all.producers.upper, all.past);
  memory.keepTimes(b, all.count, b.create<arith::SubIOp>(loc, end, first));
}

/// From the last segment to the first: computes it again, then the times that
/// mirror it, then what they add to sums.
void Runner::emitReaders(OpBuilder &b, std::vector<Active> group,
                         unsigned row) {
  const Segments &all = *memory.getSegments();
  Value zero = constantIndex(b, loc, 0), one = constantIndex(b, loc, 1);
  auto loop = b.create<scf::ForOp>(loc, zero, all.count, one,
                                   ValueRange(all.readers.lower));
  OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
  auto subtract = [&](Value x, Value y) -> Value {
    return inner.create<arith::SubIOp>(loc, x, y);
  };
  Value segment = subtract(subtract(all.count, one), loop.getInductionVar());
  auto room = inner.create<arith::AddIOp>(loc, all.past, all.length);
  memory.moveTimes(inner, Env::Phase::Producers, all.past, room, all.ahead);
  memory.restoreTimes(inner, segment);
  emitSegment(inner, segment);

  auto [lower, upper] = all.emitMirror(inner, segment);
  Value before = loop.getRegionIterArgs().front();
  memory.moveTimes(inner, Env::Phase::Readers, subtract(lower, before), zero,
                   all.readersPast);
  env.getWindow(Env::Phase::Readers).first = subtract(lower, all.readersPast);
  emitTimesBetween(inner, std::move(group), row, lower, upper);
  emitSums(inner, segment, lower, upper);
  inner.create<scf::YieldOp>(loc, lower);

  // What is read after everything is near the end.
  memory.restoreTimes(b, all.count);
  env.getWindow(Env::Phase::Producers).first =
      b.create<arith::SubIOp>(loc, all.producers.upper, all.past);
  env.getWindow(Env::Phase::Readers).first =
      b.create<arith::SubIOp>(loc, loop.getResult(0), all.readersPast);
}

/// Adds to sums what has the readers' times from `lower` to `upper`; before the
/// first and after the last there are no cells, but there may be terms.
void Runner::emitSums(OpBuilder &b, Value segment, Value lower, Value upper) {
  const Segments &all = *memory.getSegments();
  auto open = [&](Value time, Value edge, int64_t limit) -> Value {
    Value isEdge =
        b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, segment, edge);
    return b.create<arith::SelectOp>(loc, isEdge, constantIndex(b, loc, limit),
                                     time);
  };
  int64_t limit = int64_t(1) << (plan.forThreads ? 30 : 60);
  Value zero = constantIndex(b, loc, 0);
  Value last =
      b.create<arith::SubIOp>(loc, all.count, constantIndex(b, loc, 1));
  cell.restrict({open(lower, last, -limit), open(upper, zero, limit)});
  bool isAny = false;
  for (Statement &statement : plan.statements) {
    if (!statement.over->summed || statement.scatter)
      continue;
    isAny = true;
    emitStatement(b, {&statement, statement.nest->start(env, {}), {}});
  }
  cell.restrict({});
  if (isAny)
    memory.takeSums(b);
}

void Runner::emitStatement(OpBuilder &b, const Active &active) {
  Statement &statement = *active.statement;
  const Nest &nest = *statement.nest;
  OpBuilder inner = b;
  auto require = [&](Value condition) {
    if (!condition)
      return;
    auto branch = inner.create<scf::IfOp>(loc, condition, false);
    inner = branch.getThenBodyBuilder();
  };
  require(nest.emitGuards(inner, loc, env, active.point));
  for (unsigned row : active.loose)
    require(nest.emitTimeGuard(inner, loc, active.point, row));
  // Cells of equal time do not read one another; most scatters may add to one
  // cell.
  nest.emit(
      inner, loc, env, active.point,
      [&](OpBuilder &at, ValueRange indices) {
        emitCell(at, statement, indices);
      },
      !statement.scatter ? StringRef(cellsAttr)
      : statement.scatter->hasAttr(danskin::apartAttrName) ? StringRef(addsAttr)
                                                           : StringRef());
}

void Runner::emitCell(OpBuilder &b, Statement &statement, ValueRange indices) {
  if (statement.scatter)
    return cell.emitScatter(b, statement.scatter, indices);
  for (Unit &unit : statement.units)
    cell.emitCells(b, unit, indices);
  cell.leave();
}

/// Sets to 0 what is added up, and what of an output is no cell.
static void clear(OpBuilder &b, Plan &plan, Memory &memory) {
  for (auto &[value, table] : plan.tables) {
    if (table->isAddedUp() && table->layout)
      memory.clear(b, *table);
    if (table->isOutput() && (table->isAddedUp() || !table->box->isFull()))
      memory.clearOutput(b, *table);
  }
}

/// Walks the paths; gives `code` or the error of one that did not fit.
static Value emitTracebacks(OpBuilder &b, Plan &plan, Env &env, Memory &memory,
                            Value code) {
  for (auto op : plan.program.getBody().front().getOps<dp::TracebackOp>()) {
    Value failed = Traceback(plan, env, memory, op).emit(b);
    failed = b.create<arith::ExtUIOp>(env.getLoc(), b.getI32Type(), failed);
    code = b.create<arith::OrIOp>(env.getLoc(), code, failed);
  }
  return code;
}

/// Calls what walks the paths, for the only instance.
static Value emitCall(OpBuilder &b, func::FuncOp path, ValueRange arguments) {
  Location loc = path.getLoc();
  SmallVector<Value> operands;
  for (auto [argument, type] :
       llvm::zip(arguments, path.getArgumentTypes().drop_back(2)))
    operands.push_back(argument.getType() == type
                           ? argument
                           : b.create<memref::CastOp>(loc, type, argument));
  operands.push_back(constantIndex(b, loc, 1));
  operands.push_back(constantIndex(b, loc, 0));
  return b.create<func::CallOp>(loc, path, operands).getResult(0);
}

void danskin::conversion::emitPath(Plan &plan, func::FuncOp function) {
  Env env(plan.program, plan.forms, function);
  Memory memory(plan, env);
  Block &entry = function.getBody().front();
  auto last = entry.getArguments().take_back(3);
  memory.open(last[0], last[1], last[2]);
  memory.endWavefront();
  OpBuilder b = OpBuilder::atBlockEnd(&entry);
  Value code = b.create<arith::ConstantIntOp>(env.getLoc(), 0, 32);
  b.create<func::ReturnOp>(env.getLoc(),
                           emitTracebacks(b, plan, env, memory, code));
}

void danskin::conversion::emitRun(Plan &plan, func::FuncOp function,
                                  func::FuncOp path) {
  if (plan.isSequential())
    function->setAttr(sequentialAttr, UnitAttr::get(function.getContext()));
  if (plan.isInStrips())
    function->setAttr(
        columnsAttr,
        Builder(function.getContext()).getI32IntegerAttr(Strips::columns));
  Env env(plan.program, plan.forms, function);
  if (!plan.forThreads)
    env.boundInputs(plan.program);
  Memory memory(plan, env);
  Block &entry = function.getBody().front();
  memory.open(entry.getArguments().back(),
              plan.forThreads ? *std::prev(entry.args_end(), 2) : Value());
  OpBuilder b = OpBuilder::atBlockEnd(&entry);
  clear(b, plan, memory);
  memory.copyInputs(b);

  Cell(plan, env, memory).emitPowers(b);
  Runner runner(plan, env, memory);
  std::vector<Runner::Active> scheduled, others;
  for (Statement &statement : plan.statements) {
    if (statement.over->summed && !statement.scatter)
      continue;
    Runner::Active active{&statement, statement.nest->start(env, {}), {}};
    (statement.isScheduled ? scheduled : others).push_back(active);
  }
  if (!scheduled.empty())
    runner.emitTimes(b, std::move(scheduled), 0);
  for (const Runner::Active &active : others)
    runner.emitStatement(b, active);

  // Such an output is added up in the workspace, then handed over.
  for (auto &[value, table] : plan.tables) {
    if (!table->isOutput() || !table->isAddedUp())
      continue;
    TablePlan &output = *table;
    Nest nest(output.domain, plan.forms, Nest::Options{});
    nest.emit(
        b, env.getLoc(), env, nest.start(env, {}),
        [&](OpBuilder &inner, ValueRange indices) {
          memory.storeOutput(inner, output, indices,
                             memory.load(inner, output, indices));
        },
        fillAttr);
  }
  Value code = b.create<arith::ConstantIntOp>(env.getLoc(), 0, 32);
  if (Value faults = memory.getFaults())
    code = b.create<arith::ExtUIOp>(
        env.getLoc(), b.getI32Type(),
        b.create<memref::LoadOp>(env.getLoc(), faults,
                                 constantIndex(b, env.getLoc(), 0)));
  if (path) {
    code = b.create<arith::OrIOp>(env.getLoc(), code,
                                  emitCall(b, path, entry.getArguments()));
  } else {
    memory.endWavefront();
    code = emitTracebacks(b, plan, env, memory, code);
  }
  b.create<func::ReturnOp>(env.getLoc(), code);
}
