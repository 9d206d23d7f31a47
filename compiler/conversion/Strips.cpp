//===- Strips.cpp - columns of a table that a thread keeps ----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Strips.h"
#include "compiler/conversion/Facts.h"
#include "dp/abi.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include <map>
#include <set>

using namespace mlir;
using namespace danskin::conversion;

/// Rows that are kept at most, and bytes of a block for what threads leave for
/// their neighbors.
static constexpr unsigned maxRows = 3, maxEdgeBytes = 24 << 10;

unsigned Strips::countEdges(Plan &plan) const {
  unsigned count = 0;
  for (auto &[table, how] : held)
    count += how.left * (plan.units.getTable(table->op.getResult()) ? 2 : 1);
  return count;
}

Value Strips::emitExtent(OpBuilder &b, Env &env, unsigned dim) const {
  Form extent = highs[dim];
  extent.add(lows[dim], -1);
  extent.constant += 1;
  return b.create<arith::MaxSIOp>(env.getLoc(), env.emitForm(b, extent, {}),
                                  constantIndex(b, env.getLoc(), 0));
}

//===----------------------------------------------------------------------===//
// The cells
//===----------------------------------------------------------------------===//

/// The only bound of a dimension, as a form of sizes.
static std::optional<Form> getBound(ArrayRef<LinearRow> rows, unsigned column,
                                    const Nest &nest) {
  if (rows.size() != 1 || std::abs(rows[0].coeffs[column]) != 1)
    return std::nullopt;
  const LinearRow &row = rows[0];
  int64_t own = row.coeffs[column];
  Form bound(-own * row.getConstant());
  for (auto [k, value] : llvm::enumerate(nest.getVariables())) {
    if (k == column || row.coeffs[k] == 0)
      continue;
    if (k >= nest.getFirstLevel())
      return std::nullopt;
    bound.add(Form::variable(value), -own * row.coeffs[k]);
  }
  return bound;
}

/// Makes a bound that of more cells; false where it is not known which is less.
static bool widen(std::optional<Form> &bound, const Form &other, bool lower,
                  const Facts &facts) {
  auto isWithin = [&](const Form &inner, const Form &outer) {
    return facts.imply(lower ? order(outer, inner) : order(inner, outer));
  };
  if (bound && isWithin(other, *bound))
    return true;
  if (bound && !isWithin(*bound, other))
    return false;
  bound = other;
  return true;
}

static bool findBounds(Strips &strips, Plan &plan) {
  Facts facts(plan.forms);
  for (unsigned dim : {0, 1}) {
    std::optional<Form> low, high;
    for (Statement *statement : strips.statements) {
      Nest::Options options;
      options.innermost = 1 - dim;
      Nest nest(statement->over->domain, plan.forms, options);
      if (nest.hasOverflow())
        return false;
      const Level &level = nest.getLevel(dim);
      unsigned column = nest.getColumn(dim);
      Rows pin;
      if (level.pin)
        pin.push_back(*level.pin);
      auto lower = getBound(level.pin ? pin : level.lowers, column, nest);
      auto upper = getBound(level.pin ? pin : level.uppers, column, nest);
      if (!lower || !upper || !widen(low, *lower, true, facts) ||
          !widen(high, *upper, false, facts))
        return false;
    }
    strips.lows[dim] = *low;
    strips.highs[dim] = *high;
  }
  return true;
}

/// The time of the row, if it is the sum of both indices.
static int64_t getSign(const ScheduleRow &time) {
  bool isSum = time.size() == 3 && time[0] == time[1] && time[2] == 0;
  return isSum && std::abs(time[0]) == 1 ? time[0] : 0;
}

static bool isConstant(const ScheduleRow &time) {
  return llvm::all_of(ArrayRef(time).drop_back(),
                      [](int64_t factor) { return factor == 0; });
}

/// Can a thread run it, cell by cell?
static bool isPlain(const Statement &statement) {
  const Domain &domain = statement.over->domain;
  return !statement.scatter && !statement.over->isAddedUp() &&
         domain.dims.size() == 2 && domain.checks.empty() &&
         llvm::all_of(statement.units, [](const Unit &unit) {
           return llvm::all_of(unit.tables, [](TablePlan *table) {
             return table->op.getRank() == 2 && !table->isAddedUp();
           });
         });
}

//===----------------------------------------------------------------------===//
// What they read
//===----------------------------------------------------------------------===//

/// How far before the cell it is, in rows and columns.
static std::optional<std::pair<unsigned, unsigned>>
getDistance(Plan &plan, dp::ReadOp read, int64_t sign) {
  auto equation = read->getParentOfType<dp::EquationOp>();
  auto cell = equation.getBody().front().getArguments();
  unsigned distances[2];
  for (unsigned dim : {0, 1}) {
    Form step = plan.forms.get(read.getIndices()[dim]);
    if (!step.add(Form::variable(cell[dim]), -1) || !step.terms.empty() ||
        step.constant * sign > 0)
      return std::nullopt;
    distances[dim] = std::abs(step.constant);
  }
  return std::make_pair(distances[0], distances[1]);
}

static bool addReads(Strips &strips, Plan &plan, Unit &unit) {
  bool isGood = true;
  for (dp::EquationOp equation : unit.equations)
    equation.walk([&](dp::ReadOp read) {
      auto place = plan.tables.find(read.getArray());
      if (place == plan.tables.end() || place->second->local)
        return;
      TablePlan &table = *place->second;
      bool isOwn = llvm::any_of(strips.statements, [&](Statement *statement) {
        return statement->over->op == table.root;
      });
      if (!isOwn)
        return;
      auto distance = getDistance(plan, read, strips.sign);
      if (!distance || table.isIndex() || table.isExplicit() ||
          distance->first > maxRows || distance->second > Strips::columns) {
        isGood = false;
        return;
      }
      Strips::Held &held = strips.held[&table];
      held.above = std::max(held.above, distance->first);
      held.left = std::max(held.left, distance->second);
      strips.distances[read] = *distance;
    });
  return isGood;
}

/// Finds what of a table is read when all its cells are there.
static bool addReaders(Strips &strips, Plan &plan, TablePlan &table,
                       Strips::Held &held) {
  bool isFolded = table.op->hasAttr(danskin::getWindowAttrName(plan.order));
  for (Operation *user : table.op.getResult().getUsers()) {
    if (isa<dp::TracebackOp>(user))
      held.all = true;
    auto read = dyn_cast<dp::ReadOp>(user);
    if (!read || strips.distances.count(read))
      continue;
    bool isCorner = isFolded && llvm::all_of(read.getIndices(), [&](Value at) {
                      return plan.forms.isParameter(at);
                    });
    if (isCorner) {
      Form beyond = plan.forms.get(read.getIndices()[0]);
      beyond.add(strips.sign > 0 ? strips.highs[0] : strips.lows[0], -1);
      if (!beyond.terms.empty() || beyond.constant != 0)
        return false;
      held.corners.emplace_back(read.getIndices());
      held.above = std::max(held.above, 1u);
    } else
      held.all = true;
  }
  // What keeps its latest cells only keeps them by time.
  return !isFolded || (!held.all && !table.isOutput());
}

static bool complete(Strips &strips, Plan &plan) {
  if (strips.statements.empty() || !findBounds(strips, plan))
    return false;
  for (Statement *statement : strips.statements)
    for (Unit &unit : statement->units)
      if (!addReads(strips, plan, unit))
        return false;
  for (Statement *statement : strips.statements)
    for (Unit &unit : statement->units)
      for (TablePlan *table : unit.tables) {
        if (table->local)
          continue;
        // What nobody reads on the way is kept only if somebody does later.
        Strips::Held unread;
        auto known = strips.held.find(table);
        bool isHeld = known != strips.held.end();
        if (!addReaders(strips, plan, *table, isHeld ? known->second : unread))
          return false;
        if (!isHeld && !unread.corners.empty())
          strips.held[table] = std::move(unread);
      }
  unsigned edgeBytes = 2 * DP_MAX_THREADS * plan.compute.getWidth() / 8;
  return !strips.held.empty() &&
         strips.countEdges(plan) * edgeBytes <= maxEdgeBytes;
}

//===----------------------------------------------------------------------===//
// All of a plan
//===----------------------------------------------------------------------===//

/// Is a table of theirs read on another wavefront, which goes along diagonals?
static bool isReadAcross(const Strips &strips, Plan &plan,
                         const llvm::DenseSet<const Statement *> &inStrips) {
  for (Statement &reader : plan.statements) {
    if (inStrips.contains(&reader) || !reader.getSlantedRow())
      continue;
    auto isRead = [&](Operation *op) {
      return op
          ->walk([&](dp::ReadOp read) {
            auto place = plan.tables.find(read.getArray());
            if (place == plan.tables.end())
              return WalkResult::advance();
            return llvm::any_of(strips.statements,
                                [&](Statement *statement) {
                                  return statement->over->op ==
                                         place->second->root;
                                })
                       ? WalkResult::interrupt()
                       : WalkResult::advance();
          })
          .wasInterrupted();
    };
    if (reader.scatter && isRead(reader.scatter))
      return true;
    for (Unit &unit : reader.units)
      if (llvm::any_of(unit.equations, isRead))
        return true;
  }
  return false;
}

std::vector<std::unique_ptr<Strips>>
danskin::conversion::findStrips(Plan &plan) {
  std::vector<std::unique_ptr<Strips>> found;
  if (!plan.forThreads || plan.checkpoint)
    return found;
  // Statements of one loop over times, by what is constant before it.
  std::map<std::vector<int64_t>, std::unique_ptr<Strips>> groups;
  std::set<std::vector<int64_t>> others;
  for (Statement &statement : plan.statements) {
    if (!statement.isScheduled)
      continue;
    std::vector<int64_t> before;
    unsigned row = 0;
    while (row < statement.schedule.size() &&
           isConstant(statement.schedule[row]))
      before.push_back(statement.schedule[row++].back());
    if (row == statement.schedule.size())
      continue;
    int64_t sign = getSign(statement.schedule[row]);
    bool isGood = sign && isPlain(statement) &&
                  llvm::all_of(ArrayRef(statement.schedule).drop_front(row + 1),
                               isConstant);
    auto &group = groups[before];
    if (!group) {
      group = std::make_unique<Strips>();
      group->row = row;
      group->sign = sign;
    }
    if (!isGood || group->sign != sign)
      others.insert(before);
    group->statements.push_back(&statement);
  }
  for (auto &[before, group] : groups) {
    llvm::stable_sort(group->statements, [](Statement *a, Statement *b) {
      return std::lexicographical_compare(
          a->schedule.begin(), a->schedule.end(), b->schedule.begin(),
          b->schedule.end(), [](const ScheduleRow &x, const ScheduleRow &y) {
            return x.back() < y.back();
          });
    });
    if (!others.count(before) && complete(*group, plan))
      found.push_back(std::move(group));
  }
  for (size_t before = 0; before != found.size();) {
    before = found.size();
    llvm::DenseSet<const Statement *> inStrips;
    for (auto &strips : found)
      inStrips.insert(strips->statements.begin(), strips->statements.end());
    llvm::erase_if(found, [&](auto &strips) {
      return isReadAcross(*strips, plan, inStrips);
    });
  }
  return found;
}
