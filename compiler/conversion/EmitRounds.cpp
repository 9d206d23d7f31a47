//===- EmitRounds.cpp - a loop over vectors of rounds ---------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/CellEmitter.h"
#include "compiler/conversion/Rounds.h"
#include "compiler/conversion/Slices.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace danskin::conversion;

/// Is the operation one that lanes can do for rounds of a loop?
static bool isForLanes(Operation *op) {
  auto takesArrays = [](func::CallOp call) {
    return llvm::any_of(call.getOperandTypes(),
                        [](Type type) { return isa<MemRefType>(type); });
  };
  if (auto call = dyn_cast<func::CallOp>(op))
    return call.getNumResults() == 1 && !takesArrays(call);
  return isa<memref::LoadOp, scf::IfOp, scf::YieldOp>(op) ||
         (!op->getNumRegions() && isMemoryEffectFree(op));
}

//===----------------------------------------------------------------------===//
// What rounds are made of
//===----------------------------------------------------------------------===//

bool Rounds::dependsOnCarried(Operation *op) {
  return op
      ->walk([&](Operation *inner) {
        bool isSo = llvm::any_of(inner->getOperands(), [&](Value operand) {
          Operation *from = operand.getDefiningOp();
          return llvm::is_contained(loop.getRegionIterArgs(), operand) ||
                 (from && from->getBlock() == loop.getBody() && from != op &&
                  dependsOnCarried(from));
        });
        return isSo ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

bool Rounds::isOfRound(Value value) {
  Operation *op = value.getDefiningOp();
  return !llvm::is_contained(loop.getRegionIterArgs(), value) &&
         (!op || op->getBlock() != loop.getBody() || !dependsOnCarried(op));
}

bool Rounds::isMadeOf(Value value, ArrayRef<Value> leaves) {
  if (llvm::is_contained(leaves, value) || matchPattern(value, m_Constant()))
    return true;
  Operation *op = value.getDefiningOp();
  return op && loop->isProperAncestor(op) && !op->getNumRegions() &&
         isa<arith::ArithDialect>(op->getDialect()) &&
         llvm::all_of(op->getOperands(),
                      [&](Value operand) { return isMadeOf(operand, leaves); });
}

Value Rounds::spreadLike(OpBuilder &b, Value value, Type like) {
  auto type = dyn_cast<VectorType>(like);
  if (!type || isa<VectorType>(value.getType()))
    return value;
  return b.create<vector::BroadcastOp>(
      loc, VectorType::get(type.getShape(), value.getType()), value);
}

Value Rounds::cloneMade(OpBuilder &b, Value value, IRMapping &map, Type like) {
  if (Value known = map.lookupOrNull(value))
    return spreadLike(b, known, like);
  Operation *op = value.getDefiningOp();
  Value result;
  if (matchPattern(value, m_Constant())) {
    result = spreadLike(b, b.clone(*op)->getResult(0), like);
  } else {
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(cloneMade(b, operand, map, like));
    Type type = value.getType();
    if (auto lanes = dyn_cast<VectorType>(like))
      type = VectorType::get(lanes.getShape(), type);
    OperationState state(loc, op->getName(), operands, type,
                         op->getAttrDictionary().getValue());
    result = b.create(state)->getResult(0);
  }
  map.map(value, result);
  return result;
}

Value danskin::conversion::takeLanes(OpBuilder &b, Location loc, Value lanes,
                                     int64_t from, int64_t count) {
  return b.create<vector::ExtractStridedSliceOp>(
      loc, lanes, ArrayRef<int64_t>{from}, ArrayRef<int64_t>{count},
      ArrayRef<int64_t>{1});
}

Value danskin::conversion::takeFirst(OpBuilder &b, Location loc, Value lanes) {
  return b.create<vector::ExtractOp>(loc, lanes, ArrayRef<int64_t>{0});
}

std::optional<vector::CombiningKind> danskin::conversion::getKind(Value carried,
                                                                  Value next) {
  Operation *op = next.getDefiningOp();
  if (!op || !isa<IntegerType>(carried.getType()) || !carried.hasOneUse() ||
      !op->hasOneUse() || op->getOperand(0) != carried)
    return std::nullopt;
  if (isa<arith::OrIOp>(op))
    return vector::CombiningKind::OR;
  if (isa<arith::AddIOp>(op))
    return vector::CombiningKind::ADD;
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

void Rounds::emitBody(OpBuilder &b, IRMapping &map) {
  for (Operation &op : loop.getBody()->without_terminator())
    if (!dependsOnCarried(&op))
      b.clone(op, map);
}

/// A reduction of one number that goes by turns, of which the loop takes what
/// is left; null if it is none. See reduceInTurns.
static scf::ForOp getTurns(scf::ForOp loop) {
  auto turns = loop.getInitArgs()[0].getDefiningOp<scf::ForOp>();
  bool isSo = turns && turns->hasAttr(turnsAttr) && loop.getNumResults() == 1 &&
              turns.getResult(0) == loop.getInitArgs()[0] &&
              turns.getUpperBound() == loop.getLowerBound();
  return isSo ? turns : scf::ForOp();
}

void Rounds::emit(unsigned width) {
  scf::ForOp turns = getTurns(loop);
  if (turns && isOrdered())
    return;
  OpBuilder b(loop);
  Value lower = turns ? turns.getLowerBound() : loop.getLowerBound();
  Value upper = loop.getUpperBound();
  SmallVector<Value> inits(turns ? turns.getInitArgs().take_front(1)
                                 : loop.getInitArgs());
  IRMapping map;
  auto rounds = b.create<scf::ForOp>(loc, lower, upper, loop.getStep());
  map.map(loop.getInductionVar(), rounds.getInductionVar());
  OpBuilder inRound(rounds.getBody()->getTerminator());
  emitBody(inRound, map);
  Varying varying(rounds);
  if (varying.getObstacle() || !isWorthIt(varying, rounds))
    return rounds.erase();

  Value times = b.create<arith::ConstantIndexOp>(loc, width);
  Value count = b.create<arith::SubIOp>(loc, upper, lower);
  Value isEnough =
      b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::sge, count, times);
  SmallVector<Type> types = {b.getIndexType()};
  llvm::append_range(types, loop.getResultTypes());
  auto branch = b.create<scf::IfOp>(loc, types, isEnough,
                                    /*withElseRegion=*/true);
  OpBuilder then = branch.getThenBodyBuilder();
  Value rest = then.create<arith::RemUIOp>(loc, count, times);
  Value end = then.create<arith::SubIOp>(loc, upper, rest);
  auto vectors = then.create<scf::ForOp>(loc, lower, end, times,
                                         emitStart(then, inits, width));
  OpBuilder body = OpBuilder::atBlockEnd(vectors.getBody());
  CellEmitter emitter(varying, width, rounds);
  emitter.run(body, vectors.getInductionVar(), Value(), {});
  body.create<scf::YieldOp>(
      loc,
      emitVector(body, vectors.getRegionIterArgs(), width, [&](Value value) {
        return emitter.getLanes(body, map.lookupOrDefault(value));
      }));
  rounds.erase();
  SmallVector<Value> after = {end};
  llvm::append_range(after, emitEnd(then, vectors.getResults(), inits, width));
  then.create<scf::YieldOp>(loc, after);
  SmallVector<Value> before = {lower};
  llvm::append_range(before, inits);
  branch.getElseBodyBuilder().create<scf::YieldOp>(loc, before);

  loop.getLowerBoundMutable().assign(branch.getResult(0));
  loop.getInitArgsMutable().assign(branch.getResults().drop_front());
  if (turns) {
    turns.replaceAllUsesWith(turns.getInitArgs());
    turns.erase();
  }
}

/// What memory says is few, such as the edges of a vertex.
void danskin::conversion::emitRounds(func::FuncOp kernel, unsigned width) {
  SmallVector<scf::ForOp> loops;
  kernel.walk([&](scf::ForOp loop) {
    bool isCandidate =
        !loop.getInitArgs().empty() && !isForVectors(loop) &&
        getConstantIntValue(loop.getStep()) == 1 &&
        !isLoaded(loop.getLowerBound()) && !isLoaded(loop.getUpperBound()) &&
        llvm::all_of(loop.getResultTypes(),
                     [](Type type) { return type.isIntOrIndexOrFloat(); });
    loop.getBody()->walk([&](Operation *op) { isCandidate &= isForLanes(op); });
    if (isCandidate)
      loops.push_back(loop);
  });
  for (scf::ForOp loop : loops)
    for (auto create : {createMaximum, createRescaled, createInTurn})
      if (auto rounds = create(loop); rounds->match()) {
        rounds->emit(width);
        break;
      }
}
