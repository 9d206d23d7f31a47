//===- ReadDistances.h - how far in time reads reach ------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Of the times of a schedule the first row that is not constant is looked at;
// statements that differ in a row before it are of different phases. Distances
// are in times of that row, and bounds hold for all sizes.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TRANSFORMS_READDISTANCES_H
#define DANSKIN_TRANSFORMS_READDISTANCES_H

#include "compiler/analysis/Affine.h"
#include "compiler/analysis/ScheduleAttr.h"
#include "compiler/schedule/Distance.h"

namespace danskin {

class ReadDistances {
public:
  ReadDistances(mlir::dp::ProgramOp program,
                const ProgramDependences &dependences, Schedule schedule);

  /// The row that counts; nothing if all are constant.
  std::optional<unsigned> getRow() const { return row; }
  const ScheduleRow &getTime(unsigned id) const {
    return schedule.rows[id][*row];
  }
  /// The constants of the rows before.
  std::vector<int64_t> getPhase(unsigned id) const;
  /// Do all cells of the reader come after all of the other statement?
  bool isOfLaterPhase(unsigned reader, unsigned id) const {
    return getPhase(reader) != getPhase(id);
  }

  /// How far behind its reader, of the same phase, what dependence `k` reads is
  /// at most; nothing: further for larger sizes.
  std::optional<int64_t> getFurthest(unsigned k);
  /// How far reads of a table's cells are behind at most: `inPhase` behind
  /// readers of the same phase, `fromEnd` behind the last cell, -1 where none
  /// is.
  struct Furthest {
    int64_t inPhase = 0, fromEnd = -1;
  };
  /// Of the table's cells, which the statement makes; nothing: further for
  /// larger sizes.
  std::optional<Furthest> getFurthest(mlir::dp::TableOp table, unsigned id);
  /// The least and the largest sum of a reader's time and of what it reads.
  std::optional<std::pair<int64_t, int64_t>> getSums(unsigned k);
  /// How far behind the last cell of the statement a read after all is.
  std::optional<int64_t> getFurthestFromEnd(mlir::dp::ReadOp read, unsigned id);
  /// How many of the statement's last times are read where no dependence tells
  /// of it: after everything. Nothing also if what reads is no statement. Reads
  /// that `skip` takes do not count.
  std::optional<int64_t> getTimesAfterAll(
      mlir::dp::TableOp table, unsigned id,
      llvm::function_ref<bool(mlir::dp::ReadOp)> skip = [](mlir::dp::ReadOp) {
        return false;
      });
  /// Has the search for these bounds taken too long to trust them?
  bool isExhausted() const { return work.exhausted(); }

private:
  std::optional<LinearForm> getLast(mlir::dp::TableOp table,
                                    const ScheduleRow &time);

  const ProgramDependences &dependences;
  Schedule schedule;
  AffineSpace space;
  Work work;
  std::vector<Distance> distances;
  std::optional<unsigned> row;
};

} // namespace danskin

#endif // DANSKIN_TRANSFORMS_READDISTANCES_H
