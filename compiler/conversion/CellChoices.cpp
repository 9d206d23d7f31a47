//===- CellChoices.cpp - choices ------------------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A regularizer that runs over its scores many times has them kept: in memory
// of the cell, side by side, if they are not too many.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Cell.h"
#include "compiler/conversion/Marks.h"
#include "dialects/dp/Regularizers/Emit.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace danskin::conversion;

/// How many numbers a cell keeps of a choice at most. So many vectors of them
/// still fit beside one another into a processor's nearest caches.
static constexpr int64_t mostKept = 512;

/// So many of them at a time, each for a result of its own: one result would
/// have each wait for the one before.
static constexpr int64_t sideBySide = 2;

namespace {
/// Numbers in memory of the cell.
class KeptScores : public dp::ScoreRange {
public:
  KeptScores(Env &env, FloatType type) : env(env), type(type) {
    OpBuilder &b = env.getPrologue();
    auto memory = b.create<memref::AllocaOp>(
        env.getLoc(), MemRefType::get(mostKept + sideBySide, type),
        b.getI64IntegerAttr(64));
    memory->setAttr(ownAttr, b.getUnitAttr());
    buffer = memory;
  }

  void store(OpBuilder &b, Value number, Value place) {
    b.create<memref::StoreOp>(env.getLoc(), number, buffer, place);
  }
  Value load(OpBuilder &b, Value place) {
    return b.create<memref::LoadOp>(env.getLoc(), buffer, place);
  }
  /// So many are stored.
  void close(OpBuilder &b, Value number) {
    count = number;
    Value nothing = dp::emitFloat(b, env.getLoc(), type,
                                  -std::numeric_limits<double>::infinity());
    for (int64_t k = 0; k + 1 < sideBySide; ++k)
      store(b, nothing, getPlace(b, count, k));
  }

  SmallVector<Value> reduce(OpBuilder &b, Location loc, ValueRange neutral,
                            Body body, Merge merge) override;
  std::unique_ptr<ScoreRange> keep(OpBuilder &b, Location loc, FloatType theirs,
                                   Function function) override;
  FloatType getType() override { return type; }

private:
  Value getPlace(OpBuilder &b, Value first, int64_t more) {
    return b.createOrFold<arith::AddIOp>(env.getLoc(), first,
                                         constantIndex(b, env.getLoc(), more));
  }

  Env &env;
  FloatType type;
  Value buffer, count;
};
} // namespace

SmallVector<Value> KeptScores::reduce(OpBuilder &b, Location loc,
                                      ValueRange neutral, Body body,
                                      Merge merge) {
  size_t size = neutral.size();
  SmallVector<Value> inits;
  for (int64_t k = 0; k < sideBySide; ++k)
    llvm::append_range(inits, neutral);
  auto loop = b.create<scf::ForOp>(
      loc, constantIndex(b, loc, 0), count, constantIndex(b, loc, sideBySide),
      inits, [&](OpBuilder &inner, Location, Value first, ValueRange carried) {
        SmallVector<Value> results;
        for (int64_t k = 0; k < sideBySide; ++k)
          llvm::append_range(
              results, body(inner, loc, load(inner, getPlace(inner, first, k)),
                            carried.slice(k * size, size)));
        inner.create<scf::YieldOp>(loc, results);
      });
  SmallVector<Value> results(loop.getResults());
  while (results.size() > size) {
    SmallVector<Value> merged;
    for (ArrayRef<Value> rest = results; !rest.empty();
         rest = rest.drop_front(2 * size))
      llvm::append_range(
          merged, merge(b, loc, rest.take_front(size), rest.slice(size, size)));
    results = merged;
  }
  return results;
}

std::unique_ptr<dp::ScoreRange> KeptScores::keep(OpBuilder &b, Location loc,
                                                 FloatType theirs,
                                                 Function function) {
  auto kept = std::make_unique<KeptScores>(env, theirs);
  b.create<scf::ForOp>(
      loc, constantIndex(b, loc, 0), count, constantIndex(b, loc, 1),
      ValueRange(), [&](OpBuilder &inner, Location, Value place, ValueRange) {
        kept->store(inner, function(inner, loc, load(inner, place)), place);
        inner.create<scf::YieldOp>(loc);
      });
  kept->close(b, count);
  return kept;
}

namespace danskin::conversion {
/// The candidates of a choice as loops around its scores.
class Arms : public dp::CandidateRange {
public:
  /// `keeps`: there is room for all scores.
  Arms(Cell &cell, dp::ChooseOp choose, bool keeps)
      : cell(cell), choose(choose), keeps(keeps) {}

  std::unique_ptr<dp::ScoreRange> keepScores(OpBuilder &b,
                                             Location loc) override;
  FloatType getScoreType() override { return cell.plan.compute; }
  FloatType getResultType() override { return cell.plan.io; }
  unsigned getMaxBinders() override { return choose.getMaxBinders(); }

  SmallVector<Value> forEach(OpBuilder &b, Location loc, ValueRange init,
                             Body body) override {
    return forArms(
        b, init,
        [&](OpBuilder &inner, dp::ArmOp arm, Real score, ValueRange carried) {
          return emitCandidate(inner, loc, arm, score, carried, body);
        });
  }
  SmallVector<Value> forAll(OpBuilder &b, Location loc, ValueRange init,
                            Body body) override {
    return forArms(
        b, init,
        [&](OpBuilder &inner, dp::ArmOp arm, Real score, ValueRange carried) {
          score.value = getComparable(inner, score);
          return body(inner, loc, getCandidate(inner, loc, arm, score),
                      carried);
        });
  }

private:
  using Visit = llvm::function_ref<SmallVector<Value>(OpBuilder &, dp::ArmOp,
                                                      Real, ValueRange)>;
  SmallVector<Value> forArms(OpBuilder &b, ValueRange init, Visit visit) {
    SmallVector<Value> carried(init);
    for (auto arm : choose.getArms().front().getOps<dp::ArmOp>())
      carried = cell.emitComprehension(
          b, arm.getBody().front().begin(), carried,
          [&](OpBuilder &inner, dp::YieldOp yield, ValueRange inside) {
            Real score = cell.getPlain(inner, yield.getOperand(0));
            return visit(inner, arm, score, inside);
          });
    return carried;
  }

  /// The score, -inf where it is absent.
  Value getComparable(OpBuilder &b, Real score) {
    if (!score.present)
      return score.value;
    return b.create<arith::SelectOp>(
        cell.loc, score.present, score.value,
        cell.memory.emitFloat(b, -std::numeric_limits<double>::infinity()));
  }

  dp::Candidate getCandidate(OpBuilder &b, Location loc, dp::ArmOp arm,
                             Real score) {
    dp::Candidate candidate;
    candidate.score = score.value;
    candidate.arm = constantIndex(b, loc, arm.getOrdinal());
    candidate.binders = cell.getIndices(arm.getBinders());
    while (candidate.binders.size() < getMaxBinders())
      candidate.binders.push_back(constantIndex(b, loc, 0));
    return candidate;
  }

  /// A score that is absent or the losing infinity does not count.
  SmallVector<Value> emitCandidate(OpBuilder &b, Location loc, dp::ArmOp arm,
                                   Real score, ValueRange carried, Body body) {
    auto counts = b.create<scf::IfOp>(
        loc, cell.emitIsPresent(b, score, /*above=*/true),
        [&](OpBuilder &inner, Location) {
          dp::Candidate candidate = getCandidate(inner, loc, arm, score);
          inner.create<scf::YieldOp>(loc, body(inner, loc, candidate, carried));
        },
        [&](OpBuilder &inner, Location) {
          inner.create<scf::YieldOp>(loc, carried);
        });
    return SmallVector<Value>(counts.getResults());
  }

  Cell &cell;
  dp::ChooseOp choose;
  bool keeps;
};
} // namespace danskin::conversion

std::unique_ptr<dp::ScoreRange> Arms::keepScores(OpBuilder &b, Location loc) {
  if (!keeps)
    return getScores();
  auto kept = std::make_unique<KeptScores>(cell.env, getScoreType());
  SmallVector<Value> count =
      forArms(b, constantIndex(b, loc, 0),
              [&](OpBuilder &inner, dp::ArmOp, Real score,
                  ValueRange carried) -> SmallVector<Value> {
                kept->store(inner, getComparable(inner, score), carried[0]);
                return {inner.create<arith::AddIOp>(
                    loc, carried[0], constantIndex(inner, loc, 1))};
              });
  kept->close(b, count[0]);
  return kept;
}

/// Is the bound of an arm's loop known before the arm is?
static bool isKnownBefore(Value value, dp::ArmOp arm) {
  Operation *op = value.getDefiningOp();
  if (!op || !arm->isAncestor(op))
    return true;
  // A guard may be what keeps a read inside of its array.
  bool isKnown = isa<dp::ReadOp>(op)
                     ? arm.getBody().front().getOps<dp::WhereOp>().empty()
                     : isa<arith::ArithDialect>(op->getDialect());
  return isKnown && llvm::all_of(op->getOperands(), [&](Value operand) {
           return isKnownBefore(operand, arm);
         });
}

/// No less than the number of scores that a regularizer would have kept; null
/// where it has none kept, or where this is not known before they are computed,
/// or where there are so few that they stay in registers. Threads have no
/// memory of their own that is near.
Value Cell::emitBoundOfScores(OpBuilder &b, dp::ChooseOp op) {
  if (plan.forThreads || !op.getReg()->asksOften())
    return Value();
  Value sum = constantIndex(b, loc, 0);
  bool anyLoop = false;
  for (auto arm : op.getArms().front().getOps<dp::ArmOp>()) {
    // What the arm may have been the last time is not what it is here.
    IRMapping before = scope;
    for (Operation &inside : arm.getBody().front())
      for (Value result : inside.getResults())
        before.erase(result);
    Value product = constantIndex(b, loc, 1);
    for (auto iterate : arm.getBody().front().getOps<dp::IterateOp>()) {
      if (!isKnownBefore(iterate.getLower(), arm) ||
          !isKnownBefore(iterate.getUpper(), arm))
        return Value();
      Value extent =
          b.create<arith::SubIOp>(loc, env.emit(b, iterate.getUpper(), before),
                                  env.emit(b, iterate.getLower(), before));
      extent = b.create<arith::MaxSIOp>(loc, extent, constantIndex(b, loc, 0));
      product = b.create<arith::MulIOp>(loc, product, extent);
      anyLoop = true;
    }
    sum = b.create<arith::AddIOp>(loc, sum, product);
  }
  return anyLoop ? sum : Value();
}

/// Without candidates the value is -inf, which means absent.
void Cell::emitChoose(OpBuilder &b, dp::ChooseOp op) {
  if (plan.units.isScaled(op))
    return emitScaledChoose(b, op);
  auto emit = [&](OpBuilder &inner, bool keeps) {
    Arms arms(*this, op, keeps);
    SmallVector<Value> results = op.getReg()->emitChoice(inner, loc, arms);
    // A choice whose weights nobody forms has no room for its statistics.
    results.truncate(op.getNumResults());
    return results;
  };
  SmallVector<Value> results;
  if (Value bound = emitBoundOfScores(b, op)) {
    Value tooMany = b.create<arith::CmpIOp>(
        loc, arith::CmpIPredicate::sgt, bound, constantIndex(b, loc, mostKept));
    SmallVector<Type> types;
    for (Value result : op.getResults())
      types.push_back(getType(result.getType()));
    results = emitBranch(
        b, tooMany, types,
        [&](OpBuilder &inner) { return emit(inner, /*keeps=*/false); },
        [&](OpBuilder &inner) { return emit(inner, /*keeps=*/true); });
  } else {
    results = emit(b, /*keeps=*/false);
  }
  for (auto [theirs, mine] : llvm::zip_equal(op.getResults(), results)) {
    if (theirs.getType().isIndex())
      scope.map(theirs, mine);
    else
      reals[theirs] = {mine, Value(), Value()};
  }
  Real &value = reals[op.getValue()];
  value.present = emitIsPresent(b, value, /*above=*/true);
}
