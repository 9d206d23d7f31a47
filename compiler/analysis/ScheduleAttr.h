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

/// Of a schedule: `[row, times]` on a table whose cells are not read once the
/// time of that row is `times`, a power of two, later.
std::string getWindowAttrName(llvm::StringRef schedule);

/// The rows on a statement; nothing without the attribute (the statement runs
/// after those that have one) or if it is malformed.
std::optional<std::vector<ScheduleRow>>
getScheduleRows(mlir::Operation *op, llvm::StringRef name = scheduleAttrName);

void setSchedule(const ProgramDependences &dependences,
                 const Schedule &schedule,
                 llvm::StringRef name = scheduleAttrName);

/// The rows of all statements; an error at one whose attribute is missing or
/// does not fit.
mlir::FailureOr<Schedule> getSchedule(const ProgramDependences &dependences,
                                      llvm::StringRef name = scheduleAttrName);

} // namespace danskin

#endif // DANSKIN_ANALYSIS_SCHEDULEATTR_H
