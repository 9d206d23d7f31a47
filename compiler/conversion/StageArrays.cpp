//===- StageArrays.cpp - arrays by blocks of elements ---------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Equal elements of several instances lie as far apart as the instances, often
// by a power of two: then they keep one another out of the cache, and each
// element of a line fetches that line again. So a loop that walks along the
// last axis of an array is cut into blocks, each of which takes what it will
// load into a buffer first, and stores out of one at its end: a block is a
// vector of each instance, and lanes are a transposition of them.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Slices.h"
#include "compiler/conversion/Vectors.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include <map>

using namespace mlir;
using namespace danskin::conversion;

/// More buffers than that are not in the nearest cache.
static constexpr size_t mostBuffers = 6;

namespace {
/// An index as a sum: of the loop's, of what is the same in all rounds, and of
/// a constant.
struct Sum {
  int64_t loopIndex = 0, constant = 0;
  std::map<void *, int64_t> rest;

  bool isSame(const Sum &other) const {
    return loopIndex == other.loopIndex && rest == other.rest;
  }
};

/// A place in an array that moves by one element when the loop's index does.
struct Access {
  Operation *op;
  Value array;
  SmallVector<Value> indices;
  SmallVector<Sum> sums;
  int64_t step; ///< of the last index: 1 or -1
};

/// What a round loads side by side, the first of it first: as many as the loop
/// goes on by. With one, or a store, there is nothing beside it.
struct Group {
  SmallVector<Access> accesses;
  Access &first() { return accesses.front(); }
};

/// One loop.
class Stager {
public:
  /// `ofCells`: what differs from lane to lane, where lanes are cells.
  Stager(func::FuncOp kernel, scf::ForOp loop, const DenseSet<Value> &written,
         const Varying *ofCells = nullptr)
      : kernel(kernel), loop(loop), loc(loop.getLoc()), written(written),
        ofCells(ofCells) {}

  void run();

private:
  bool add(Sum &sum, Value index, int64_t factor);
  std::optional<Access> getAccess(Operation *op);
  bool isForCells(const Access &access);
  bool isInEachRound(const Access &access) {
    return access.op->getParentOp() == loop;
  }
  void findAccesses();
  bool belongsTo(const Access &access, const Access &first);
  void groupLoads(ArrayRef<Access> found);
  bool isInvariant(Value value);
  SmallVector<Value> getIndicesAt(OpBuilder &b, const Access &access,
                                  Value round);
  Value makeBuffer(const Access &access);
  void emitCopy(OpBuilder &b, const Access &access, Value buffer, Value first,
                Value lower, Value upper);
  void replace(const Access &access, int64_t more, Value buffer, Value first);
  void emitBlock(OpBuilder &b, Value first, ValueRange carried);
  std::pair<Value, Value> emitBounds(OpBuilder &b, const Access &access,
                                     Value first, Value count);

  Value constant(OpBuilder &b, int64_t value) {
    return b.create<arith::ConstantIndexOp>(loc, value);
  }

  func::FuncOp kernel;
  scf::ForOp loop;
  Location loc;
  const DenseSet<Value> &written;
  const Varying *ofCells;
  SmallVector<Group> loads, stores;
};
} // namespace

bool Stager::isInvariant(Value value) {
  if (loop.isDefinedOutsideOfLoop(value))
    return true;
  Operation *op = value.getDefiningOp();
  return op && isa<arith::ArithDialect>(op->getDialect()) &&
         llvm::all_of(op->getOperands(),
                      [&](Value operand) { return isInvariant(operand); });
}

bool Stager::add(Sum &sum, Value index, int64_t factor) {
  if (index == loop.getInductionVar()) {
    sum.loopIndex += factor;
    return true;
  }
  if (std::optional<int64_t> constant = getConstantIntValue(index)) {
    sum.constant += factor * *constant;
    return true;
  }
  Operation *op = index.getDefiningOp();
  if (isa_and_nonnull<arith::AddIOp, arith::SubIOp>(op) &&
      !loop.isDefinedOutsideOfLoop(index))
    return add(sum, op->getOperand(0), factor) &&
           add(sum, op->getOperand(1),
               isa<arith::AddIOp>(op) ? factor : -factor);
  if (!isInvariant(index))
    return false;
  sum.rest[index.getAsOpaquePointer()] += factor;
  return true;
}

std::optional<Access> Stager::getAccess(Operation *op) {
  Access access{op, {}, {}, {}, 0};
  if (auto load = dyn_cast<memref::LoadOp>(op)) {
    access.array = load.getMemRef();
    access.indices = load.getIndices();
    // Its extents are known, and nobody writes it.
    if (!access.array.getDefiningOp<memref::ReinterpretCastOp>() ||
        written.contains(access.array))
      return std::nullopt;
  } else if (auto store = dyn_cast<memref::StoreOp>(op)) {
    access.array = store.getMemRef();
    access.indices = store.getIndices();
    // What is stored only sometimes must stay otherwise.
    if (store->getParentOp() != loop || !isa<BlockArgument>(access.array))
      return std::nullopt;
  } else {
    return std::nullopt;
  }
  Type element = cast<MemRefType>(access.array.getType()).getElementType();
  if (access.indices.empty() || !isa<FloatType>(element))
    return std::nullopt;
  for (Value index : access.indices)
    if (!add(access.sums.emplace_back(), index, 1))
      return std::nullopt;
  for (const Sum &sum : ArrayRef(access.sums).drop_back())
    if (sum.loopIndex != 0)
      return std::nullopt;
  access.step = access.sums.back().loopIndex;
  if (access.step != 1 && access.step != -1)
    return std::nullopt;
  return access;
}

/// Do lanes load what lies apart?
bool Stager::isForCells(const Access &access) {
  if (!isa<memref::LoadOp>(access.op) || !isInEachRound(access) ||
      ofCells->contains(access.indices.back()))
    return false;
  bool anyStep = false;
  for (Value index : access.indices) {
    std::optional<int64_t> step = ofCells->getStep(index);
    if (!step)
      return false;
    anyStep |= *step != 0;
  }
  return anyStep;
}

/// Are the elements those of the same row?
bool Stager::belongsTo(const Access &access, const Access &first) {
  auto isSame = [](const Sum &x, const Sum &y) {
    return x.isSame(y) && x.constant == y.constant;
  };
  return access.array == first.array &&
         llvm::all_of_zip(ArrayRef(access.sums).drop_back(),
                          ArrayRef(first.sums).drop_back(), isSame) &&
         access.sums.back().isSame(first.sums.back());
}

/// Of loads whose rounds go by turns: keeps those that leave no element out.
void Stager::groupLoads(ArrayRef<Access> found) {
  int64_t number = *getConstantIntValue(loop.getStep());
  SmallVector<Group> groups;
  for (const Access &access : found) {
    auto group = llvm::find_if(groups, [&](Group &group) {
      return number > 1 && belongsTo(access, group.first());
    });
    if (group != groups.end())
      group->accesses.push_back(access);
    else
      groups.push_back({{access}});
  }
  for (Group &group : groups) {
    auto getPlace = [](const Access &access) {
      return access.sums.back().constant;
    };
    llvm::stable_sort(group.accesses, [&](const Access &x, const Access &y) {
      return getPlace(x) < getPlace(y);
    });
    bool isWhole = int64_t(group.accesses.size()) == number;
    for (auto [k, access] : llvm::enumerate(group.accesses))
      isWhole &= getPlace(access) == getPlace(group.first()) + int64_t(k) &&
                 (number == 1 || (access.step == 1 && isInEachRound(access)));
    if (isWhole)
      loads.push_back(group);
  }
}

void Stager::findAccesses() {
  SmallVector<Access> found;
  bool inTurns = loop->hasAttr(turnsAttr);
  DenseMap<Value, unsigned> numStores;
  loop.walk([&](memref::StoreOp store) { ++numStores[store.getMemRef()]; });
  loop.walk([&](Operation *op) {
    if (op->getParentOfType<scf::ForOp>() != loop ||
        op->getParentOfType<scf::WhileOp>() ||
        found.size() + stores.size() == mostBuffers)
      return;
    std::optional<Access> access = getAccess(op);
    if (!access || (ofCells && !isForCells(*access)))
      return;
    if (isa<memref::LoadOp>(op))
      found.push_back(*access);
    else if (numStores.lookup(access->array) == 1 && !inTurns)
      stores.push_back({{*access}});
  });
  groupLoads(found);
}

SmallVector<Value> Stager::getIndicesAt(OpBuilder &b, const Access &access,
                                        Value round) {
  IRMapping map;
  map.map(loop.getInductionVar(), round);
  SmallVector<Value> indices;
  for (Value index : access.indices)
    indices.push_back(cloneInLoop(b, index, loop, map));
  return indices;
}

Value Stager::makeBuffer(const Access &access) {
  OpBuilder b = OpBuilder::atBlockBegin(&kernel.getBody().front());
  Type element = cast<MemRefType>(access.array.getType()).getElementType();
  auto buffer = b.create<memref::AllocaOp>(
      loc, MemRefType::get({stageLength}, element), b.getI64IntegerAttr(64));
  if (ofCells)
    buffer->setAttr(ownAttr, b.getUnitAttr());
  return buffer;
}

/// Which of the block's rounds, from `first` on, have their element inside of
/// the array.
std::pair<Value, Value> Stager::emitBounds(OpBuilder &b, const Access &access,
                                           Value first, Value count) {
  if (isInEachRound(access))
    return {constant(b, 0), count};
  auto cast = access.array.getDefiningOp<memref::ReinterpretCastOp>();
  SmallVector<Value> indices = getIndicesAt(b, access, first);
  Value zero = constant(b, 0);
  Value inside = b.create<arith::ConstantIntOp>(loc, 1, 1);
  auto require = [&](arith::CmpIPredicate predicate, Value x, Value y) {
    inside = b.create<arith::AndIOp>(
        loc, inside, b.create<arith::CmpIOp>(loc, predicate, x, y));
  };
  for (auto [index, extent] :
       llvm::zip(ArrayRef(indices).drop_back(), cast.getSizes())) {
    require(arith::CmpIPredicate::sge, index, zero);
    require(arith::CmpIPredicate::slt, index, extent);
  }
  Value index = indices.back(), extent = cast.getSizes().back();
  Value lower, upper;
  if (access.step == 1) {
    lower = b.create<arith::SubIOp>(loc, zero, index);
    upper = b.create<arith::SubIOp>(loc, extent, index);
  } else {
    lower = b.create<arith::SubIOp>(
        loc, b.create<arith::AddIOp>(loc, index, constant(b, 1)), extent);
    upper = b.create<arith::AddIOp>(loc, index, constant(b, 1));
  }
  lower = b.create<arith::MaxSIOp>(loc, lower, zero);
  upper = b.create<arith::MinSIOp>(loc, upper, count);
  upper = b.create<arith::SelectOp>(loc, inside, upper, zero);
  return {lower, upper};
}

/// Copies the block's elements from round `lower` to round `upper`.
void Stager::emitCopy(OpBuilder &b, const Access &access, Value buffer,
                      Value first, Value lower, Value upper) {
  auto copy = b.create<scf::ForOp>(loc, lower, upper, constant(b, 1));
  copy->setAttr(stageAttr, b.getI64IntegerAttr(access.step));
  OpBuilder inner = OpBuilder::atBlockTerminator(copy.getBody());
  Value place = copy.getInductionVar();
  Value round = inner.create<arith::AddIOp>(loc, first, place);
  SmallVector<Value> indices = getIndicesAt(inner, access, round);
  if (isa<memref::LoadOp>(access.op))
    inner.create<memref::StoreOp>(
        loc, inner.create<memref::LoadOp>(loc, access.array, indices), buffer,
        place);
  else
    inner.create<memref::StoreOp>(
        loc, inner.create<memref::LoadOp>(loc, buffer, place), access.array,
        indices);
}

/// `more`: how far from the element of the round.
void Stager::replace(const Access &access, int64_t more, Value buffer,
                     Value first) {
  OpBuilder b(access.op);
  Value place = b.create<arith::SubIOp>(loc, loop.getInductionVar(), first);
  place = b.createOrFold<arith::AddIOp>(loc, place, constant(b, more));
  if (auto load = dyn_cast<memref::LoadOp>(access.op))
    load.replaceAllUsesWith(
        b.create<memref::LoadOp>(loc, buffer, place).getResult());
  else
    b.create<memref::StoreOp>(
        loc, cast<memref::StoreOp>(access.op).getValueToStore(), buffer, place);
  access.op->erase();
}

void Stager::emitBlock(OpBuilder &b, Value first, ValueRange carried) {
  Value rest = b.create<arith::SubIOp>(loc, loop.getUpperBound(), first);
  Value count = b.create<arith::MinSIOp>(loc, rest, constant(b, stageLength));
  SmallVector<Value> buffers;
  for (Group &group : loads) {
    buffers.push_back(makeBuffer(group.first()));
    auto [lower, upper] = emitBounds(b, group.first(), first, count);
    emitCopy(b, group.first(), buffers.back(), first, lower, upper);
  }
  loop->moveBefore(b.getInsertionBlock(), b.getInsertionPoint());
  for (Group &group : stores) {
    buffers.push_back(makeBuffer(group.first()));
    emitCopy(b, group.first(), buffers.back(), first, constant(b, 0), count);
  }
  for (auto [group, buffer] :
       llvm::zip_equal(llvm::concat<Group>(loads, stores), buffers))
    for (auto [k, access] : llvm::enumerate(group.accesses))
      replace(access, k, buffer, first);
  OpBuilder before(loop);
  Value last = before.create<arith::AddIOp>(loc, first, count);
  loop.setLowerBound(first);
  loop.setUpperBound(last);
  loop.getInitArgsMutable().assign(carried);
}

void Stager::run() {
  findAccesses();
  if (loads.empty() && stores.empty())
    return;
  // Not before the loop, which moves into what is made.
  OpBuilder b(loop);
  b.setInsertionPointAfter(loop);
  Operation *yield = nullptr;
  auto blocks = b.create<scf::ForOp>(
      loc, loop.getLowerBound(), loop.getUpperBound(), constant(b, stageLength),
      loop.getInitArgs(),
      [&](OpBuilder &inner, Location, Value first, ValueRange carried) {
        emitBlock(inner, first, carried);
        yield = inner.create<scf::YieldOp>(loc, loop.getResults());
      });
  for (auto [mine, all] :
       llvm::zip_equal(loop.getResults(), blocks.getResults()))
    mine.replaceAllUsesExcept(all, yield);
}

static DenseSet<Value> findWritten(func::FuncOp kernel) {
  DenseSet<Value> written;
  kernel.walk(
      [&](memref::StoreOp store) { written.insert(store.getMemRef()); });
  return written;
}

/// The loops in `op` that take one round at a time, or whose rounds go by turns
/// that make up a block.
static SmallVector<scf::ForOp> findLoops(Operation *op) {
  SmallVector<scf::ForOp> loops;
  op->walk([&](scf::ForOp loop) {
    std::optional<int64_t> step = getConstantIntValue(loop.getStep());
    if (loop != op && (step == 1 || (step && loop->hasAttr(turnsAttr) &&
                                     stageLength % *step == 0)))
      loops.push_back(loop);
  });
  return loops;
}

void danskin::conversion::stageArrays(func::FuncOp kernel) {
  DenseSet<Value> written = findWritten(kernel);
  for (scf::ForOp loop : findLoops(kernel))
    Stager(kernel, loop, written).run();
}

void danskin::conversion::stageArrays(func::FuncOp kernel, scf::ForOp cells,
                                      const Varying &varying) {
  DenseSet<Value> written = findWritten(kernel);
  for (scf::ForOp loop : findLoops(cells))
    if (!varying.contains(loop.getLowerBound()) &&
        !varying.contains(loop.getUpperBound()))
      Stager(kernel, loop, written, &varying).run();
}
