//===- InTurnRounds.cpp - rounds whose results come in turn ---------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A sum of exponentials is its terms, which lanes compute, and additions, which
// keep their order. So it is with any reduction: what needs the result of the
// round before is taken out of its branches, and done lane by lane.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Rounds.h"
#include "compiler/conversion/Vectors.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace danskin::conversion;

/// Floats a round has to compute by itself to be worth a lane (a function
/// counts as many), how many more for each load of elements that lie apart, and
/// operations that may be left to be done in turn.
static constexpr unsigned leastWork = 6, workOfApart = 6, mostInTurn = 6;

namespace {
class InTurn : public Rounds {
public:
  using Rounds::Rounds;
  ~InTurn() override {
    if (copy)
      copy.erase();
  }
  bool match() override;

private:
  void findDependent();
  scf::IfOp findBranch();
  bool separate(scf::IfOp branch);
  Value choose(OpBuilder &b, Value condition, Value x, Value y);
  bool isDependent(Value value) const { return dependent.contains(value); }
  bool isDependent(Operation *op) const {
    return llvm::any_of(op->getOperands(),
                        [&](Value operand) { return isDependent(operand); });
  }
  void emitBody(OpBuilder &b, IRMapping &map) override;
  llvm::SetVector<Value> findLeaves(ArrayRef<Operation *> inTurn);
  SmallVector<Value> emitVector(OpBuilder &b, ValueRange carried,
                                unsigned width, GetLanes getLanes) override;

  bool isWorthIt(const Varying &varying, scf::ForOp rounds) const override;

  scf::ForOp copy;           ///< of the loop, in which the two are apart
  unsigned work = 0;         ///< of a round by itself
  DenseSet<Value> dependent; ///< on the results of the round before
};
} // namespace

void InTurn::findDependent() {
  dependent.clear();
  dependent.insert(copy.getRegionIterArgs().begin(),
                   copy.getRegionIterArgs().end());
  copy.getBody()->walk([&](Operation *op) {
    if (auto branch = dyn_cast<scf::IfOp>(op)) {
      for (OpResult result : branch.getResults()) {
        unsigned i = result.getResultNumber();
        if (isDependent(branch.thenYield().getOperand(i)) ||
            isDependent(branch.elseYield().getOperand(i)))
          dependent.insert(result);
      }
    } else if (isDependent(op)) {
      dependent.insert(op->getResults().begin(), op->getResults().end());
    }
  });
}

/// An innermost branch with something that depends.
scf::IfOp InTurn::findBranch() {
  scf::IfOp found;
  copy.getBody()->walk([&](scf::IfOp branch) {
    bool hasAny = false;
    branch->walk([&](Operation *op) { hasAny |= isDependent(op); });
    if (!hasAny)
      return WalkResult::advance();
    found = branch;
    return WalkResult::interrupt();
  });
  return found;
}

/// What changes nothing where it is added, or is one of the bits; null for
/// other operations. A float that -0 is added to stays as it is.
static TypedAttr getNeutral(Operation *op) {
  Builder b(op->getContext());
  if (isa<arith::OrIOp, arith::AddIOp>(op))
    return b.getZeroAttr(op->getResult(0).getType());
  if (!isa<arith::AddFOp>(op))
    return {};
  auto type = cast<FloatType>(op->getResult(0).getType());
  return b.getFloatAttr(type, APFloat::getZero(type.getFloatSemantics(),
                                               /*Negative=*/true));
}

/// `condition ? x : y`; of a sum with a term or without only the term is
/// chosen.
Value InTurn::choose(OpBuilder &b, Value condition, Value x, Value y) {
  Operation *sum = x.getDefiningOp();
  TypedAttr neutral = sum ? getNeutral(sum) : TypedAttr();
  if (!neutral || sum->getOperand(0) != y || isDependent(sum->getOperand(1)))
    return b.create<arith::SelectOp>(loc, condition, x, y);
  Value term =
      b.create<arith::SelectOp>(loc, condition, sum->getOperand(1),
                                b.create<arith::ConstantOp>(loc, neutral));
  OperationState state(loc, sum->getName(), {y, term}, x.getType());
  return b.create(state)->getResult(0);
}

/// Leaves in a branch what does not depend, and does the rest behind it, on
/// both sides. False where that cannot be done without asking.
bool InTurn::separate(scf::IfOp branch) {
  if (isDependent(branch.getCondition()))
    return false;
  Block *sides[] = {branch.thenBlock(), branch.elseBlock()};
  llvm::SetVector<Value> exports;
  SmallVector<Operation *> moved[2];
  for (auto [side, ops] : llvm::zip_equal(sides, moved)) {
    auto need = [&](Value value) {
      Operation *op = value.getDefiningOp();
      if (op && op->getBlock() == side && !isDependent(value))
        exports.insert(value);
    };
    for (Operation &op : side->without_terminator()) {
      if (!isDependent(&op))
        continue;
      if (op.getNumRegions() || !isPure(&op))
        return false;
      ops.push_back(&op);
      llvm::for_each(op.getOperands(), need);
    }
    for (auto [result, value] : llvm::zip_equal(
             branch.getResults(), side->getTerminator()->getOperands()))
      if (isDependent(result))
        need(value);
  }

  SmallVector<unsigned> kept;
  SmallVector<Type> types;
  for (OpResult result : branch.getResults())
    if (!isDependent(result)) {
      kept.push_back(result.getResultNumber());
      types.push_back(result.getType());
    }
  for (Value value : exports)
    types.push_back(value.getType());
  OpBuilder b(branch);
  auto own = b.create<scf::IfOp>(loc, types, branch.getCondition(),
                                 /*withElseRegion=*/true);
  IRMapping maps[2];
  for (auto [i, side] : llvm::enumerate(sides)) {
    OpBuilder inner = i ? own.getElseBodyBuilder() : own.getThenBodyBuilder();
    IRMapping map;
    for (Operation &op : side->without_terminator())
      if (!isDependent(&op))
        inner.clone(op, map);
    SmallVector<Value> results;
    for (unsigned k : kept)
      results.push_back(
          map.lookupOrDefault(side->getTerminator()->getOperand(k)));
    for (auto [k, exported] : llvm::enumerate(exports)) {
      Value value = exported;
      bool isHere = value.getParentBlock() == side;
      results.push_back(isHere ? map.lookup(value)
                               : inner.create<arith::ConstantOp>(
                                     loc, inner.getZeroAttr(value.getType())));
      if (isHere)
        maps[i].map(value, own.getResult(kept.size() + k));
    }
    if (!types.empty())
      inner.create<scf::YieldOp>(loc, results);
    for (Operation *&op : moved[i])
      op = b.clone(*op, maps[i]);
  }
  for (auto [k, number] : llvm::enumerate(kept))
    branch.getResult(number).replaceAllUsesWith(own.getResult(k));
  for (OpResult result : branch.getResults()) {
    if (!isDependent(result))
      continue;
    auto get = [&](unsigned i) {
      return maps[i].lookupOrDefault(
          sides[i]->getTerminator()->getOperand(result.getResultNumber()));
    };
    result.replaceAllUsesWith(choose(b, branch.getCondition(), get(0), get(1)));
  }
  branch.erase();
  for (ArrayRef<Operation *> ops : moved)
    for (Operation *op : llvm::reverse(ops))
      if (op->use_empty())
        op->erase();
  return true;
}

static unsigned countWork(Operation *op) {
  unsigned count = 0;
  op->walk([&](Operation *inner) {
    if (isa<func::CallOp>(inner) ||
        inner->getName().getDialectNamespace() == "math")
      count += leastWork;
    else
      count += computesFloat(*inner);
  });
  return count;
}

bool InTurn::match() {
  copy = cast<scf::ForOp>(OpBuilder(loop).clone(*loop));
  findDependent();
  while (scf::IfOp branch = findBranch()) {
    if (!separate(branch))
      return false;
    findDependent();
  }
  unsigned inTurn = 0;
  for (Operation &op : copy.getBody()->without_terminator()) {
    if (!isDependent(&op)) {
      work += countWork(&op);
      continue;
    }
    if (op.getNumRegions() || !isPure(&op))
      return false;
    ++inTurn;
  }
  return work >= leastWork && inTurn <= mostInTurn;
}

bool InTurn::isWorthIt(const Varying &varying, scf::ForOp rounds) const {
  unsigned loads = 0;
  rounds.walk([&](memref::LoadOp load) { ++loads; });
  unsigned apart = loads - varying.countAdjacent(rounds);
  return work >= leastWork + workOfApart * apart;
}

void InTurn::emitBody(OpBuilder &b, IRMapping &map) {
  map.map(copy.getInductionVar(), map.lookup(loop.getInductionVar()));
  for (Operation &op : copy.getBody()->without_terminator())
    if (!isDependent(&op))
      b.clone(op, map);
}

/// What is done in turn needs of the rounds' own.
llvm::SetVector<Value> InTurn::findLeaves(ArrayRef<Operation *> inTurn) {
  llvm::SetVector<Value> leaves;
  for (Operation *op : inTurn)
    for (Value value : op->getOperands()) {
      bool isInside = value == copy.getInductionVar() ||
                      (value.getDefiningOp() &&
                       value.getDefiningOp()->getBlock() == copy.getBody());
      if (isInside && !isDependent(value))
        leaves.insert(value);
    }
  return leaves;
}

SmallVector<Value> InTurn::emitVector(OpBuilder &b, ValueRange carried,
                                      unsigned width, GetLanes getLanes) {
  SmallVector<Operation *> inTurn;
  for (Operation &op : copy.getBody()->without_terminator())
    if (isDependent(&op))
      inTurn.push_back(&op);
  SmallVector<Value> now(carried);
  DenseMap<unsigned, Value> atOnce;
  for (unsigned i = 0; i < now.size(); ++i) {
    Value next = copy.getYieldedValues()[i];
    auto kind = getKind(copy.getRegionIterArgs()[i], next);
    if (!kind || isDependent(next.getDefiningOp()->getOperand(1)))
      continue;
    llvm::erase(inTurn, next.getDefiningOp());
    atOnce[i] = b.create<vector::ReductionOp>(
        loc, *kind, getLanes(next.getDefiningOp()->getOperand(1)), now[i]);
  }
  inTurn.push_back(copy.getBody()->getTerminator());
  llvm::SetVector<Value> leaves = findLeaves(inTurn);
  SmallVector<Value> lanes = llvm::map_to_vector(leaves, getLanes);
  for (unsigned lane = 0; lane < width; ++lane) {
    IRMapping map;
    map.map(copy.getRegionIterArgs(), now);
    for (auto [leaf, values] : llvm::zip_equal(leaves, lanes))
      map.map(leaf, b.create<vector::ExtractOp>(
                        loc, values, ArrayRef<int64_t>{int64_t(lane)}));
    for (Operation *op : ArrayRef(inTurn).drop_back())
      b.clone(*op, map);
    for (auto [i, value] : llvm::enumerate(inTurn.back()->getOperands()))
      if (!atOnce.contains(i))
        now[i] = map.lookupOrDefault(value);
  }
  for (auto [i, value] : atOnce)
    now[i] = value;
  return now;
}

std::unique_ptr<Rounds> danskin::conversion::createInTurn(scf::ForOp loop) {
  return std::make_unique<InTurn>(loop);
}
