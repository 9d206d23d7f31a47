//===- ScheduleAttr.h - the schedule as attributes --------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each statement carries its rows as `schedule = [array<i64: 1, 1, 0>, ...]`:
// the coefficients of its dims, then the constant.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_ANALYSIS_SCHEDULEATTR_H
#define DANSKIN_ANALYSIS_SCHEDULEATTR_H

#include "compiler/analysis/Dependences.h"

namespace danskin {

inline constexpr llvm::StringLiteral scheduleAttrName = "schedule";
/// A second schedule, with more cells at equal time, for kernels that compute
/// such cells at once.
inline constexpr llvm::StringLiteral wavefrontAttrName = "wavefront";

/// On a scatter whose cells of equal time add to places of their own.
inline constexpr llvm::StringLiteral apartAttrName = "apart";

/// Of a schedule: `[row, times]` on a table whose cells are not read once the
/// time of that row is `times`, a power of two, later.
std::string getWindowAttrName(llvm::StringRef schedule);

/// Tables of two phases of a schedule of which a segment of times is kept at a
/// time. The times of the later phase, the only one that reads the tables of
/// the other, run the other way, and it has each segment computed again, from a
/// checkpoint, before it reads it. Sums over the cells of both are taken
/// segment by segment. Phases are told apart by the rows before `row`, all
/// constant.
struct Checkpoint {
  int64_t row = 0;         ///< whose times are cut into segments
  int64_t past = 0;        ///< how many times before a segment its cells read
  int64_t ahead = 0;       ///< how many times after a segment its readers read
  int64_t readersPast = 0; ///< how far back readers read one another
  int64_t latest = 0;      ///< how far back what keeps its latest times is read
  /// The least sum of a reader's time and of what it reads.
  int64_t sum = 0;
  std::vector<int64_t> producers, readers; ///< the constants of both phases
};

/// Of a schedule, on a program.
std::string getCheckpointAttrName(llvm::StringRef schedule);
/// On a table of either phase that is kept by segments: how many times before
/// one its cells are read.
std::string getSegmentedAttrName(llvm::StringRef schedule);
/// On a table without a time whose cells are sums over such tables.
std::string getSummedAttrName(llvm::StringRef schedule);

void setCheckpoint(mlir::Operation *program, const Checkpoint &checkpoint,
                   llvm::StringRef schedule);
std::optional<Checkpoint> getCheckpoint(mlir::Operation *program,
                                        llvm::StringRef schedule);

/// The rows on a statement; nothing without the attribute (the statement runs
/// after those that have one) or if it is malformed.
std::optional<std::vector<ScheduleRow>>
getScheduleRows(mlir::Operation *op, llvm::StringRef name = scheduleAttrName);

/// Is the time of the table's cells one of both its indices, in a schedule, and
/// does each row of cells come in one order in all of them?
bool isWavefront(mlir::dp::TableOp root);

void setSchedule(const ProgramDependences &dependences,
                 const Schedule &schedule,
                 llvm::StringRef name = scheduleAttrName);

/// The rows of all statements; an error at one whose attribute is missing or
/// does not fit.
mlir::FailureOr<Schedule> getSchedule(const ProgramDependences &dependences,
                                      llvm::StringRef name = scheduleAttrName);

} // namespace danskin

#endif // DANSKIN_ANALYSIS_SCHEDULEATTR_H
