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
