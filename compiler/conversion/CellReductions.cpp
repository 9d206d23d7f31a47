//===- CellReductions.cpp - sums and weights ------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Cell.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace danskin::conversion;

/// The time of the later phase's cells that the arm reads.
static Form getTime(Plan &plan, dp::ArmOp arm) {
  Form time;
  arm.walk([&](dp::ReadOp read) {
    auto table = read.getArray().getDefiningOp<dp::TableOp>();
    if (!table)
      return WalkResult::advance();
    for (const Statement &statement : plan.statements) {
      if (statement.scatter ||
          statement.over->op != plan.get(table.getResult()).root ||
          !plan.isOfPhase(statement, plan.checkpoint->readers))
        continue;
      const ScheduleRow &row = statement.schedule[plan.checkpoint->row];
      time = Form(row.back());
      for (auto [index, factor] : llvm::zip(read.getIndices(), row))
        time.add(plan.forms.get(index), factor);
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return time;
}

/// The terms of an arm, those of the times that sums are restricted to.
SmallVector<Value> Cell::emitTerms(OpBuilder &b, dp::ArmOp arm,
                                   ValueRange carried, Leaf leaf) {
  Block &block = arm.getBody().front();
  if (!times.lower)
    return emitComprehension(b, block.begin(), carried, leaf, /*isFlat=*/true);
  // Sums within terms are not restricted.
  Times restriction = std::exchange(times, Times());
  terms = {getTime(plan, arm), nullptr, restriction};
  for (auto iterate : block.getOps<dp::IterateOp>())
    if (terms.time.getCoefficient(iterate.getIndex()) != 0)
      terms.loop = iterate;
  SmallVector<Value> results;
  if (terms.loop) {
    results =
        emitComprehension(b, block.begin(), carried, leaf, /*isFlat=*/true);
  } else {
    auto branch = b.create<scf::IfOp>(
        loc, emitIsInTimes(b, emitTime(b)),
        [&](OpBuilder &inner, Location) {
          inner.create<scf::YieldOp>(
              loc, emitComprehension(inner, block.begin(), carried, leaf,
                                     /*isFlat=*/true));
        },
        [&](OpBuilder &inner, Location) {
          inner.create<scf::YieldOp>(loc, carried);
        });
    results = SmallVector<Value>(branch.getResults());
  }
  terms = {};
  times = restriction;
  return results;
}

/// The time of the terms, but for the part that the index of their loop has.
Value Cell::emitTime(OpBuilder &b) {
  SmallVector<int64_t> coefficients;
  SmallVector<Value> values;
  for (auto [value, coefficient] : terms.time.terms) {
    if (terms.loop && value == terms.loop.getIndex())
      continue;
    coefficients.push_back(coefficient);
    values.push_back(getIndex(value));
  }
  return emitLinear(b, loc, coefficients, values, terms.time.constant);
}

Value Cell::emitIsInTimes(OpBuilder &b, Value time) {
  return both(b,
              b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::sge, time,
                                      terms.times.lower),
              b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, time,
                                      terms.times.upper));
}

/// The bounds of the loop that the time of the terms depends on:
/// `lower <= rest + index < upper`, or the same of `rest - index`.
std::pair<Value, Value> Cell::emitTimeBounds(OpBuilder &b, Value lower,
                                             Value upper) {
  Value rest = emitTime(b);
  auto subtract = [&](Value x, Value y) -> Value {
    return b.create<arith::SubIOp>(loc, x, y);
  };
  Value first = subtract(terms.times.lower, rest);
  Value end = subtract(terms.times.upper, rest);
  if (terms.time.getCoefficient(terms.loop.getIndex()) < 0) {
    Value next = b.create<arith::AddIOp>(loc, rest, constantIndex(b, loc, 1));
    first = subtract(next, terms.times.upper);
    end = subtract(next, terms.times.lower);
  }
  return {b.create<arith::MaxSIOp>(loc, lower, first),
          b.create<arith::MinSIOp>(loc, upper, end)};
}

/// Asks numbers, on which no index of a read depends?
static bool isOfNumbers(dp::WhereOp where) {
  SmallVector<Value> open = {where.getCondition()};
  while (!open.empty()) {
    Operation *op = open.pop_back_val().getDefiningOp();
    if (!op)
      return false;
    if (isa<dp::PresentOp, arith::CmpFOp, arith::ConstantOp>(op))
      continue;
    if (!isa<arith::XOrIOp, arith::AndIOp, arith::OrIOp>(op))
      return false;
    llvm::append_range(open, op->getOperands());
  }
  return true;
}

/// Do this guard and what follows it only ask numbers, and would it cost less
/// to compute the term in vain than to branch around it? It does where there
/// are products alone, and where weights are those of scaled numbers, which
/// need no function.
bool Cell::isCheap(dp::WhereOp first) {
  Block &block = *first->getBlock();
  return llvm::all_of(
      llvm::make_range(first->getIterator(), std::prev(block.end())),
      [&](Operation &op) {
        if (auto where = dyn_cast<dp::WhereOp>(op))
          return isOfNumbers(where);
        if (auto weight = dyn_cast<dp::WeightOp>(op))
          return plan.units.isScaled(weight);
        return isa<arith::ArithDialect>(op.getDialect()) ||
               isa<dp::ReadOp, dp::PresentOp, affine::AffineApplyOp>(op);
      });
}

/// Is the number a score whose weight has to be other than 0 too?
static bool isWeighed(dp::PresentOp present) {
  return llvm::any_of(present.getValue().getUsers(), [&](Operation *user) {
    auto weight = dyn_cast<dp::WeightOp>(user);
    return weight && weight->getBlock() == present->getBlock() &&
           llvm::any_of(weight->getUsers(), [](Operation *compare) {
             return isa<arith::CmpFOp>(compare) &&
                    llvm::any_of(compare->getUsers(),
                                 llvm::IsaPred<dp::WhereOp>);
           });
  });
}

/// The rest of a term from a guard on, without branches.
SmallVector<Value> Cell::emitFlat(OpBuilder &b, Block::iterator op,
                                  ValueRange carried, Leaf leaf) {
  for (; !isa<dp::YieldOp>(*op); ++op) {
    auto where = dyn_cast<dp::WhereOp>(*op);
    if (!where) {
      emitOp(b, &*op);
      continue;
    }
    // An absent score has weight 0.
    auto present = where.getCondition().getDefiningOp<dp::PresentOp>();
    if (!present || !isWeighed(present))
      conditions.push_back(getIndex(where.getCondition()));
  }
  SmallVector<Value> results = leaf(b, cast<dp::YieldOp>(*op), carried);
  conditions.clear();
  return results;
}

/// 0 unless all conditions hold.
Real Cell::selectTerm(OpBuilder &b, Real term) {
  for (Value condition : conditions) {
    term.value = b.create<arith::SelectOp>(loc, condition, term.value,
                                           memory.emitFloat(b, 0.0));
    if (term.present)
      term.present = b.create<arith::OrIOp>(
          loc, term.present,
          b.create<arith::XOrIOp>(loc, condition,
                                  b.create<arith::ConstantIntOp>(loc, 1, 1)));
  }
  return term;
}

void Cell::emitSum(OpBuilder &b, dp::SumOp op) {
  bool absent = mayBeAbsent(op.getResult());
  SmallVector<Value> carried = {memory.emitFloat(b, 0.0)};
  if (absent)
    carried.push_back(b.create<arith::ConstantIntOp>(loc, 1, 1));
  auto addTerm = [&](OpBuilder &inner, dp::YieldOp yield, ValueRange inside) {
    Real term = selectTerm(inner, getPlain(inner, yield.getOperand(0)));
    SmallVector<Value> next = {
        inner.create<arith::AddFOp>(loc, inside[0], term.value)};
    if (absent)
      next.push_back(both(inner, inside[1], term.present));
    return next;
  };
  for (auto arm : op.getArms().front().getOps<dp::ArmOp>()) {
    std::optional<ProductSum> product = emitProduct(b, arm);
    if (!product) {
      carried = emitTerms(b, arm, carried, addTerm);
      continue;
    }
    Value sum = emitColdBranch(
        b, product->doubtful, TypeRange(plan.compute),
        [&](OpBuilder &inner) {
          SmallVector<Value> init = carried;
          init[0] = memory.emitFloat(inner, 0.0);
          return SmallVector<Value>{emitTerms(inner, arm, init, addTerm)[0]};
        },
        [&](OpBuilder &inner) -> SmallVector<Value> {
          return {Scaled(inner, loc)
                      .toFloat({product->mantissa, product->exponent})};
        })[0];
    carried[0] = b.create<arith::AddFOp>(loc, carried[0], sum);
  }
  reals[op.getResult()] = {carried[0], absent ? carried[1] : Value(), Value()};
}

void Cell::emitWeight(OpBuilder &b, dp::WeightOp op) {
  if (plan.units.isScaled(op))
    return emitScaledWeight(b, op);
  SmallVector<Value> statistics;
  for (Value statistic : op.getStatistics())
    statistics.push_back(statistic.getType().isIndex()
                             ? getIndex(statistic)
                             : getPlain(b, statistic).value);
  Real score = getPlain(b, op.getScore());
  dp::Candidate candidate;
  candidate.score = score.value;
  candidate.arm = constantIndex(b, loc, op.getArm());
  candidate.binders = getIndices(op.getBinders());
  // The statistics tell how many binders places have in this choice.
  auto hasPlace = [&](size_t binders) {
    return op.getReg().getStatisticTypes(b.getContext(), binders).size() >=
           statistics.size();
  };
  for (size_t limit = candidate.binders.size() + statistics.size();
       candidate.binders.size() < limit && !hasPlace(candidate.binders.size());)
    candidate.binders.push_back(constantIndex(b, loc, 0));
  Value weight = op.getReg().emitWeight(b, loc, candidate, statistics);
  Value counts = emitIsPresent(b, score, /*above=*/true);
  reals[op.getResult()] = {
      b.create<arith::SelectOp>(loc, counts, weight, memory.emitFloat(b, 0.0)),
      Value(), Value()};
}
