//===- EmitCells.cpp - a loop over vectors of cells -----------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Cells that do not depend on one another are computed `width` at a time. The
// last vector ends where the loop ends, so some cells are computed twice: that
// costs less than masks, and gives the same numbers. Only cells that add to
// sums take masks there.
//
// Conditions on the loop's index, which guard the edges of a domain, have one
// answer in most vectors. There is a body for these, without masks, and one for
// the others and for loops that are shorter than a vector.
//
// Wider vectors come first, and take no exceptions: what is at an edge, apart
// in memory, rare or too few they leave to those that follow.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/CellEmitter.h"
#include "compiler/conversion/Slices.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace danskin::conversion;

static bool isKnownBefore(Value value, scf::ForOp loop) {
  return loop.isDefinedOutsideOfLoop(value) ||
         matchPattern(value, m_Constant());
}

/// Is the value a sum of multiples of the loop's index and of what is known
/// before the loop?
static bool isLinear(Value value, scf::ForOp loop) {
  if (value == loop.getInductionVar() || isKnownBefore(value, loop))
    return true;
  Operation *op = value.getDefiningOp();
  if (!op || !isa<arith::AddIOp, arith::SubIOp, arith::MulIOp>(op))
    return false;
  Value x = op->getOperand(0), y = op->getOperand(1);
  return isLinear(x, loop) && isLinear(y, loop) &&
         (!isa<arith::MulIOp>(op) || isKnownBefore(x, loop) ||
          isKnownBefore(y, loop));
}

/// The comparisons in the loop that its index alone decides, and what each says
/// away from the edges.
static SmallVector<std::pair<Value, bool>>
findConditions(scf::ForOp loop, const Varying &varying) {
  SmallVector<std::pair<Value, bool>> conditions;
  loop.walk([&](arith::CmpIOp compare) {
    if (varying.contains(compare.getResult()) &&
        compare.getLhs().getType().isIndex() &&
        isLinear(compare.getLhs(), loop) && isLinear(compare.getRhs(), loop))
      conditions.push_back({compare.getResult(), compare.getPredicate() !=
                                                     arith::CmpIPredicate::eq});
  });
  return conditions;
}

/// Does the condition say what it does away from the edges from index `first`
/// to index `last`? Linear differences that have one sign at both ends have it
/// between them.
static Value emitSays(OpBuilder &b, scf::ForOp loop, Value condition,
                      Value first, Value last) {
  auto compare = condition.getDefiningOp<arith::CmpIOp>();
  Location loc = compare.getLoc();
  auto at = [&](Value index, arith::CmpIPredicate asked) -> Value {
    IRMapping map;
    map.map(loop.getInductionVar(), index);
    Value lhs = cloneInLoop(b, compare.getLhs(), loop, map);
    Value rhs = cloneInLoop(b, compare.getRhs(), loop, map);
    return b.create<arith::CmpIOp>(loc, asked, lhs, rhs);
  };
  auto both = [&](arith::CmpIPredicate asked) -> Value {
    return b.create<arith::AndIOp>(loc, at(first, asked), at(last, asked));
  };
  arith::CmpIPredicate predicate = compare.getPredicate();
  if (predicate != arith::CmpIPredicate::eq &&
      predicate != arith::CmpIPredicate::ne)
    return both(predicate);
  return b.create<arith::OrIOp>(loc, both(arith::CmpIPredicate::slt),
                                both(arith::CmpIPredicate::sgt));
}

namespace {
/// What takes the place of a loop over cells.
class CellLoop {
public:
  CellLoop(scf::ForOp loop, const Varying &edge)
      : loop(loop), loc(loop.getLoc()), edge(edge),
        conditions(findConditions(loop, edge)),
        inside(loop, llvm::to_vector(llvm::make_first_range(conditions))),
        adds(loop->hasAttr(addsAttr)) {}

  /// Cells `lower` to `upper`: as many at a time as the first of `widths` says
  /// where that many are inside, the others by the widths that follow.
  void emit(OpBuilder &b, Value lower, Value upper, ArrayRef<unsigned> widths);

private:
  Value emitFirst(OpBuilder &b, Value lower, Value upper, unsigned width);
  void emitByConditions(OpBuilder &b, Value lower, Value upper,
                        ArrayRef<unsigned> widths);
  void emitLast(OpBuilder &b, Value lower, Value upper, unsigned width);
  Value emitIsInside(OpBuilder &b, Value isInside, Value first, unsigned width);
  Value constant(OpBuilder &b, int64_t value) {
    return b.create<arith::ConstantIndexOp>(loc, value);
  }

  scf::ForOp loop;
  Location loc;
  const Varying &edge;
  SmallVector<std::pair<Value, bool>> conditions;
  Varying inside;
  bool adds;
};
} // namespace

/// Is `isInside` so, and does each condition say what it does away from the
/// edges in the vector that begins with cell `first`?
Value CellLoop::emitIsInside(OpBuilder &b, Value isInside, Value first,
                             unsigned width) {
  Value last = b.create<arith::AddIOp>(loc, first, constant(b, width - 1));
  for (auto [condition, holds] : conditions)
    isInside = b.create<arith::AndIOp>(
        loc, isInside, emitSays(b, loop, condition, first, last));
  return isInside;
}

void CellLoop::emitLast(OpBuilder &b, Value lower, Value upper,
                        unsigned width) {
  Value times = constant(b, width);
  Value count =
      b.create<arith::SubIOp>(loc, loop.getUpperBound(), loop.getLowerBound());
  Value isInside =
      b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::sge, count, times);
  Value latest = b.create<arith::SubIOp>(loc, upper, times);
  if (!adds)
    latest = b.create<arith::MaxSIOp>(loc, loop.getLowerBound(), latest);
  auto vectors = b.create<scf::ForOp>(loc, lower, upper, times);
  OpBuilder body(vectors.getBody()->getTerminator());
  Value first = vectors.getInductionVar();
  if (adds)
    isInside = body.create<arith::CmpIOp>(loc, arith::CmpIPredicate::sle, first,
                                          latest);
  else
    first = body.create<arith::MinSIOp>(loc, first, latest);
  isInside = emitIsInside(body, isInside, first, width);
  auto branch = body.create<scf::IfOp>(loc, isInside, /*withElseRegion=*/true);
  OpBuilder then = branch.getThenBodyBuilder();
  CellEmitter(inside, width, loop).run(then, first, Value(), conditions);
  OpBuilder otherwise = branch.getElseBodyBuilder();
  CellEmitter(edge, width, loop).run(otherwise, first, upper, {});
}

void CellLoop::emit(OpBuilder &b, Value lower, Value upper,
                    ArrayRef<unsigned> widths) {
  unsigned width = widths.front();
  if (widths.size() == 1)
    emitLast(b, lower, upper, width);
  else if (conditions.empty())
    emit(b, emitFirst(b, lower, upper, width), upper, widths.drop_front());
  else
    emitByConditions(b, lower, upper, widths);
}

/// All whole vectors; gives the cell before which none is left.
Value CellLoop::emitFirst(OpBuilder &b, Value lower, Value upper,
                          unsigned width) {
  Value times = constant(b, width);
  Value count = b.create<arith::SubIOp>(loc, upper, lower);
  Value isEnough =
      b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::sge, count, times);
  auto branch = b.create<scf::IfOp>(loc, b.getIndexType(), isEnough,
                                    /*withElseRegion=*/true);
  OpBuilder then = branch.getThenBodyBuilder();
  Value rest = then.create<arith::RemUIOp>(loc, count, times);
  Value end = then.create<arith::SubIOp>(loc, upper, rest);
  auto vectors = then.create<scf::ForOp>(loc, lower, end, times);
  OpBuilder body(vectors.getBody()->getTerminator());
  CellEmitter emitter(inside, width, loop, adds ? scf::IfOp() : branch);
  emitter.run(body, vectors.getInductionVar(), Value(), {});
  Value next =
      then.create<arith::SelectOp>(loc, emitter.emitIsDone(then), end, lower);
  then.create<scf::YieldOp>(loc, next);
  branch.getElseBodyBuilder().create<scf::YieldOp>(loc, lower);
  emitter.requireAdjacent(branch);
  return branch.getResult(0);
}

/// Each vector that is away from the edges; what is left of it by the widths
/// that follow.
void CellLoop::emitByConditions(OpBuilder &b, Value lower, Value upper,
                                ArrayRef<unsigned> widths) {
  unsigned width = widths.front();
  Value times = constant(b, width);
  auto vectors = b.create<scf::ForOp>(loc, lower, upper, times);
  OpBuilder body(vectors.getBody()->getTerminator());
  Value first = vectors.getInductionVar();
  Value end = body.create<arith::AddIOp>(loc, first, times);
  Value fits =
      body.create<arith::CmpIOp>(loc, arith::CmpIPredicate::sle, end, upper);
  Value isInside = emitIsInside(body, fits, first, width);
  auto branch = body.create<scf::IfOp>(loc, body.getI1Type(), isInside,
                                       /*withElseRegion=*/true);
  OpBuilder then = branch.getThenBodyBuilder();
  CellEmitter emitter(inside, width, loop, adds ? scf::IfOp() : branch);
  emitter.run(then, first, Value(), conditions);
  then.create<scf::YieldOp>(loc, emitter.emitIsDone(then));
  OpBuilder otherwise = branch.getElseBodyBuilder();
  Value no = otherwise.create<arith::ConstantIntOp>(loc, 0, 1);
  otherwise.create<scf::YieldOp>(loc, no);
  emitter.requireAdjacent(branch);

  Value isLeft = body.create<arith::XOrIOp>(
      loc, branch.getResult(0), body.create<arith::ConstantIntOp>(loc, 1, 1));
  auto rest = body.create<scf::IfOp>(loc, isLeft, /*withElseRegion=*/false);
  OpBuilder inner = rest.getThenBodyBuilder();
  Value stop = inner.create<arith::MinSIOp>(loc, end, upper);
  emit(inner, first, stop, widths.drop_front());
}

void danskin::conversion::emitCells(scf::ForOp loop, const Varying &varying,
                                    ArrayRef<unsigned> widths) {
  OpBuilder b(loop);
  CellLoop(loop, varying)
      .emit(b, loop.getLowerBound(), loop.getUpperBound(), widths);
  loop.erase();
}
