//===- Layout.cpp - where the cells of a table lie ------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Layout.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace danskin::conversion;

static LinearRow widen(LinearRow row) {
  row.coeffs.insert(row.coeffs.end() - 1, 0);
  return row;
}

/// A copy of `system` with one more column.
static System widen(const System &system) {
  System wide(system.getNumVars() + 1);
  for (const LinearRow &row : system.getConstraints())
    wide.add(widen(row));
  return wide;
}

/// Projects all columns from `first` on out, but `kept`.
static void projectExcept(System &system, const System &context, unsigned first,
                          unsigned kept) {
  for (unsigned column = system.getNumVars(); column-- > first;) {
    if (column == kept)
      continue;
    system.eliminate(column);
    system.removeRedundant(context);
  }
}

/// The rows of `system` that bound `column` from above (or below).
static Rows getBounds(const System &system, unsigned column, bool lower) {
  Rows bounds;
  for (const LinearRow &row : system.getConstraints()) {
    int64_t own = row.coeffs[column];
    if (own != 0 && (row.equality || (own > 0) == lower))
      bounds.push_back(row);
  }
  return bounds;
}

Layout::Layout(const Domain &domain, Forms &forms,
               ArrayRef<ScheduleRow> schedule)
    : schedule(schedule) {
  Nest::Options options;
  options.schedule = schedule;
  nest = std::make_unique<Nest>(domain, forms, options);
}

/// The largest distance between the index and its lower bound: the maximum of
/// t over the domain with `t <= x - bound` for each bound.
void Layout::addSkewed(unsigned column, const Level &level) {
  Axis &axis = axes.emplace_back();
  axis.column = column;
  if (level.pin)
    axis.lowers.push_back(*level.pin);
  else
    axis.lowers = level.lowers;
  axis.extentColumn = nest->getSystem().getNumVars();
  System system = widen(nest->getSystem());
  for (LinearRow row : axis.lowers) {
    // own * x + rest >= 0 says x >= -rest / own, so own * t <= own * x + rest.
    if (row.coeffs[column] < 0)
      for (int64_t &c : row.coeffs)
        c = -c;
    row.equality = false;
    row = widen(std::move(row));
    row.coeffs[axis.extentColumn] = -row.coeffs[column];
    system.add(std::move(row));
  }
  projectExcept(system, widen(nest->getContext()), nest->getFirstLevel(),
                axis.extentColumn);
  if (!system.hasOverflow())
    axis.uppers = getBounds(system, axis.extentColumn, false);
}

void Layout::addPlain(unsigned column) {
  Axis &axis = axes.emplace_back();
  axis.column = axis.extentColumn = column;
  System system = nest->getSystem();
  projectExcept(system, nest->getContext(), nest->getFirstLevel(), column);
  if (system.hasOverflow())
    return;
  axis.lowers = getBounds(system, column, true);
  axis.uppers = getBounds(system, column, false);
}

std::optional<unsigned> Layout::findUnbounded() const {
  for (auto [i, axis] : llvm::enumerate(axes))
    if (axis.stored && (axis.lowers.empty() || axis.uppers.empty()))
      return i;
  return std::nullopt;
}

/// Does each constraint concern a single index?
static bool isBox(const Domain &domain, Forms &forms) {
  if (!domain.checks.empty())
    return false;
  for (const FormConstraint &constraint : domain.constraints) {
    unsigned indices = 0;
    for (auto [value, coefficient] : constraint.form.terms)
      indices += !forms.isParameter(value);
    if (indices > 1)
      return false;
  }
  return true;
}

FailureOr<Layout> Layout::checked(dp::TableOp table) && {
  if (auto d = findUnbounded())
    return table.emitError("has no bounds that the sizes give for index ")
           << *d;
  if (nest->hasOverflow())
    return table.emitError("has a domain with too large coefficients");
  return std::move(*this);
}

FailureOr<Layout> Layout::getPlain(dp::TableOp table, const Domain &domain,
                                   Forms &forms) {
  Layout layout(domain, forms, {});
  layout.full = isBox(domain, forms);
  for (unsigned d = 0; d < domain.dims.size(); ++d)
    layout.addPlain(layout.nest->getColumn(d));
  return std::move(layout).checked(table);
}

FailureOr<Layout> Layout::getSkewed(dp::TableOp table, const Domain &domain,
                                    Forms &forms,
                                    ArrayRef<ScheduleRow> schedule) {
  Layout layout(domain, forms, schedule);
  layout.full = isBox(domain, forms);
  const Nest &nest = *layout.nest;
  for (unsigned row = 0; row < schedule.size(); ++row) {
    layout.addSkewed(nest.getTimeColumn(row), nest.getTimeLevel(row));
    layout.axes.back().stored = !nest.getTimeLevel(row).pin;
  }
  for (unsigned d = 0; d < domain.dims.size(); ++d) {
    layout.addSkewed(nest.getColumn(d), nest.getLevel(d));
    // What times leave to choose for an index tells cells of one time apart.
    layout.axes.back().stored =
        !domain.determined[d] && !(nest.getLevel(d).pin && !schedule.empty());
  }
  if (schedule.empty())
    return std::move(layout).checked(table);
  if (nest.hasOverflow() || layout.findUnbounded())
    return getSkewed(table, domain, forms, {});
  return layout;
}

void Layout::fold(unsigned row, std::optional<unsigned> dim, int64_t times) {
  if (schedule.empty() && !dim)
    return;
  Axis &axis = axes[schedule.empty() ? *dim : row];
  // The lower bound must be that of all cells: a function of sizes.
  bool isFirst = llvm::all_of(axis.lowers, [&](const LinearRow &lower) {
    for (unsigned column = nest->getFirstLevel(); column < axis.column;
         ++column)
      if (lower.coeffs[column] != 0)
        return false;
    return true;
  });
  if (axis.stored && isFirst) {
    axis.times = times;
    full = false;
  }
}

std::optional<unsigned> Layout::getTimeAxis() const {
  for (auto [number, axis] : llvm::enumerate(axes)) {
    if (!axis.stored)
      continue;
    if (!axis.time.empty() || (axis.times && number < schedule.size()))
      return number;
    break;
  }
  return std::nullopt;
}

Value Layout::emitPlaceOfTime(OpBuilder &b, Env &env, Value time) const {
  const Axis &axis = axes[*getTimeAxis()];
  Location loc = env.getLoc();
  Value lower =
      nest->emitBound(b, loc, axis.lowers, axis.column, true, getColumns(env));
  return b.create<arith::AndIOp>(loc, b.create<arith::SubIOp>(loc, time, lower),
                                 constantIndex(b, loc, axis.times - 1));
}

bool Layout::segment(unsigned row, std::optional<unsigned> dim,
                     ArrayRef<int64_t> time, Env::Phase whose) {
  if (schedule.empty() && !dim)
    return false;
  unsigned number = schedule.empty() ? *dim : row;
  if (!axes[number].stored ||
      llvm::any_of(ArrayRef(axes).take_front(number),
                   [](const Axis &axis) { return axis.stored; }))
    return false;
  axes[number].time = ScheduleRow(time);
  phase = whose;
  full = false;
  return true;
}

SmallVector<Value> Layout::getColumns(Env &env) const {
  return nest->start(env, {}).columns;
}

SmallVector<Value> Layout::emitExtents(OpBuilder &b, Env &env) const {
  Location loc = env.getLoc();
  SmallVector<Value> columns = getColumns(env), extents;
  for (const Axis &axis : axes) {
    Value one = constantIndex(b, loc, 1);
    if (!axis.stored) {
      extents.push_back(one);
      continue;
    }
    if (!axis.time.empty()) {
      extents.push_back(env.getWindow(phase).length);
      continue;
    }
    Value extent =
        nest->emitBound(b, loc, axis.uppers, axis.extentColumn, false, columns);
    if (axis.extentColumn < columns.size()) {
      Value lower = nest->emitBound(b, loc, axis.lowers, axis.extentColumn,
                                    true, columns);
      extent = b.create<arith::SubIOp>(loc, extent, lower);
    }
    extent = b.create<arith::AddIOp>(loc, extent, one);
    extent = b.create<arith::MaxSIOp>(loc, extent, constantIndex(b, loc, 0));
    if (axis.times)
      extent = b.create<arith::MinSIOp>(loc, extent,
                                        constantIndex(b, loc, axis.times));
    extents.push_back(extent);
  }
  return extents;
}

SmallVector<Value> Layout::emitPosition(OpBuilder &b, Env &env,
                                        ValueRange indices) const {
  Location loc = env.getLoc();
  SmallVector<Value> columns = getColumns(env), position;
  for (auto [d, index] : llvm::enumerate(indices))
    columns[nest->getColumn(d)] = index;
  for (auto [t, row] : llvm::enumerate(schedule))
    columns[nest->getTimeColumn(t)] =
        emitLinear(b, loc, ArrayRef(row).drop_back(), llvm::to_vector(indices),
                   row.back());
  for (const Axis &axis : axes) {
    if (!axis.stored) {
      position.push_back(constantIndex(b, loc, 0));
      continue;
    }
    if (!axis.time.empty()) {
      Value time = emitLinear(b, loc, ArrayRef(axis.time).drop_back(),
                              llvm::to_vector(indices), axis.time.back());
      position.push_back(
          b.create<arith::SubIOp>(loc, time, env.getWindow(phase).first));
      continue;
    }
    Value lower =
        nest->emitBound(b, loc, axis.lowers, axis.column, true, columns);
    Value place = b.create<arith::SubIOp>(loc, columns[axis.column], lower);
    if (axis.times)
      place = b.create<arith::AndIOp>(loc, place,
                                      constantIndex(b, loc, axis.times - 1));
    position.push_back(place);
  }
  return position;
}
