//===- ScheduleAttr.cpp - the schedule as attributes ----------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/ScheduleAttr.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace danskin;

std::string danskin::getWindowAttrName(StringRef schedule) {
  return (schedule + "_window").str();
}

std::string danskin::getCheckpointAttrName(StringRef schedule) {
  return (schedule + "_checkpoint").str();
}

std::string danskin::getSegmentedAttrName(StringRef schedule) {
  return (schedule + "_segmented").str();
}

std::string danskin::getSummedAttrName(StringRef schedule) {
  return (schedule + "_summed").str();
}

void danskin::setCheckpoint(Operation *program, const Checkpoint &checkpoint,
                            StringRef schedule) {
  std::vector<int64_t> numbers = {checkpoint.row,    checkpoint.past,
                                  checkpoint.ahead,  checkpoint.readersPast,
                                  checkpoint.latest, checkpoint.sum};
  llvm::append_range(numbers, checkpoint.producers);
  llvm::append_range(numbers, checkpoint.readers);
  program->setAttr(getCheckpointAttrName(schedule),
                   DenseI64ArrayAttr::get(program->getContext(), numbers));
}

std::optional<Checkpoint> danskin::getCheckpoint(Operation *program,
                                                 StringRef schedule) {
  auto attr = program->getAttrOfType<DenseI64ArrayAttr>(
      getCheckpointAttrName(schedule));
  if (!attr || attr.size() < 6)
    return std::nullopt;
  llvm::ArrayRef<int64_t> numbers = attr.asArrayRef();
  Checkpoint checkpoint{numbers[0], numbers[1], numbers[2], numbers[3],
                        numbers[4], numbers[5], {},         {}};
  if (checkpoint.row < 0 || attr.size() != 6 + 2 * checkpoint.row)
    return std::nullopt;
  checkpoint.producers = numbers.drop_front(6).take_front(checkpoint.row).vec();
  checkpoint.readers = numbers.take_back(checkpoint.row).vec();
  return checkpoint;
}

std::optional<std::vector<ScheduleRow>>
danskin::getScheduleRows(Operation *op, StringRef name) {
  auto attr = op->getAttrOfType<ArrayAttr>(name);
  if (!attr)
    return std::nullopt;
  std::vector<ScheduleRow> rows;
  for (Attribute row : attr) {
    auto numbers = dyn_cast<DenseI64ArrayAttr>(row);
    if (!numbers || numbers.empty())
      return std::nullopt;
    llvm::ArrayRef<int64_t> values = numbers.asArrayRef();
    rows.push_back({values.drop_back().vec(), values.back()});
  }
  return rows;
}

void danskin::setSchedule(const ProgramDependences &dependences,
                          const Schedule &schedule, StringRef name) {
  for (auto [op, rows] : llvm::zip(dependences.statements, schedule.rows)) {
    SmallVector<Attribute> attrs;
    for (const ScheduleRow &row : rows) {
      SmallVector<int64_t> values(row.coefficients.begin(),
                                  row.coefficients.end());
      values.push_back(row.constant);
      attrs.push_back(DenseI64ArrayAttr::get(op->getContext(), values));
    }
    op->setAttr(name, ArrayAttr::get(op->getContext(), attrs));
  }
}

FailureOr<Schedule> danskin::getSchedule(const ProgramDependences &dependences,
                                         StringRef name) {
  Schedule schedule;
  for (auto [id, op] : llvm::enumerate(dependences.statements)) {
    std::optional<std::vector<ScheduleRow>> rows = getScheduleRows(op, name);
    unsigned rank = dependences.problem.rank(id);
    if (!rows || !llvm::all_of(*rows, [&](const ScheduleRow &row) {
          return row.coefficients.size() == rank;
        }))
      return op->emitError("expects `")
             << name << "`: an array of rows of " << rank + 1 << " numbers";
    schedule.rows.push_back(std::move(*rows));
    if (schedule.rows.back().size() != schedule.rows.front().size())
      return op->emitError("has more or fewer rows than other statements");
  }
  return schedule;
}

/// Two indices, one time that both have a part in.
static bool isSlanted(dp::TableOp root, StringRef name) {
  std::optional<std::vector<ScheduleRow>> rows = getScheduleRows(root, name);
  if (!rows || root.getRank() != 2)
    return false;
  const ScheduleRow *time = nullptr;
  for (const ScheduleRow &row : *rows) {
    if (row.isConstant())
      continue;
    if (time)
      return false;
    time = &row;
  }
  return time && !llvm::is_contained(time->coefficients, 0);
}

/// For a fixed index, do cells come in the same order of the other one?
static std::optional<SmallVector<bool>> getDirections(dp::TableOp root,
                                                      StringRef name) {
  std::optional<std::vector<ScheduleRow>> rows = getScheduleRows(root, name);
  if (!rows)
    return std::nullopt;
  SmallVector<bool> ascends;
  for (unsigned index = 0; index < root.getRank(); ++index)
    for (const ScheduleRow &row : *rows)
      if (int64_t coefficient = row.coefficients[index]) {
        ascends.push_back(coefficient > 0);
        break;
      }
  return ascends;
}

bool danskin::isWavefront(dp::TableOp root) {
  bool isAny = false;
  std::optional<SmallVector<bool>> directions;
  for (StringRef name : {scheduleAttrName, wavefrontAttrName}) {
    auto mine = getDirections(root, name);
    if (mine && directions && *mine != *directions)
      return false;
    if (mine)
      directions = mine;
    isAny |= isSlanted(root, name);
  }
  return isAny;
}
