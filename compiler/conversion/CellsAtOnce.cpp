//===- CellsAtOnce.cpp - how many cells a kernel computes at once ---------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Whether cells of one instance or equal cells of several are computed side by
// side is decided when sizes are known, by a function of them: all operations
// of a kernel, over those that remain if each loop over cells that has room for
// vectors takes them. Bounds that depend on outer loops are taken from their
// middle rounds. Lanes are taken to save as much as they are, but where data
// keep instances apart.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Slices.h"
#include "compiler/conversion/Vectors.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace danskin::conversion;

/// What a vector of cells is worth, in lanes of instances. Adjacent cells of a
/// row read what lies side by side, from tables of one instance alone; those of
/// a wavefront hand all they compute on through memory. Measured for chains,
/// and for soft-DTW and Smith-Waterman. What cells cannot do side by side,
/// instances hardly can.
static constexpr double worthInRow = 1.5, worthInWavefront = 0.6,
                        worthOfObstacle = 0.5;

/// What takes elements at places that data say, such as the edges of a vertex,
/// takes each instance so many times as long in a lane as alone: lanes are at
/// places of their own then. Measured for a shortest path.
static constexpr double costApart = 4;

/// Rounds of a loop whose bounds sizes do not tell.
static constexpr int64_t unknownRounds = 4;

namespace {
class Estimate {
public:
  Estimate(OpBuilder &b, Location loc, const IRMapping &sizes, unsigned width,
           double atOnce)
      : b(b), loc(loc), map(sizes), width(width), cellsOfVector(atOnce),
        work(real(0)), time(real(0)) {}

  /// `times` is how often the block is computed, `atOnce` how many of those
  /// together. `apart`: instances are at places of their own.
  void visit(Block &block, Value times, Value atOnce, bool apart = false);
  /// At least 1: operations over what takes their time.
  Value getResult();

private:
  void visitFor(scf::ForOp loop, Value times, Value atOnce, bool apart);
  Value clone(Value value);

  Value index(int64_t value) {
    return b.create<arith::ConstantIndexOp>(loc, value);
  }
  Value real(double value) {
    return b.create<arith::ConstantFloatOp>(loc, APFloat(value),
                                            b.getF64Type());
  }
  Value toReal(Value value) {
    Value number = b.create<arith::IndexCastOp>(loc, b.getI64Type(), value);
    return b.create<arith::SIToFPOp>(loc, b.getF64Type(), number);
  }

  OpBuilder &b;
  Location loc;
  IRMapping map;
  unsigned width;
  double cellsOfVector; ///< in the time of so many single ones
  Value work, time;
};
} // namespace

/// What computes `value` from sizes and middle rounds; null if anything else
/// has a part in it.
Value Estimate::clone(Value value) {
  if (Value known = map.lookupOrNull(value))
    return known;
  Operation *op = value.getDefiningOp();
  if (!op || op->getNumRegions() || !isa<arith::ArithDialect>(op->getDialect()))
    return Value();
  for (Value operand : op->getOperands())
    if (!clone(operand))
      return Value();
  b.clone(*op, map);
  return map.lookup(value);
}

void Estimate::visitFor(scf::ForOp loop, Value times, Value atOnce,
                        bool apart) {
  Value lower = clone(loop.getLowerBound()),
        upper = clone(loop.getUpperBound());
  Value rounds = index(unknownRounds);
  if (lower && upper) {
    rounds = b.create<arith::MaxSIOp>(
        loc, b.create<arith::SubIOp>(loc, upper, lower), index(0));
    Value sum = b.create<arith::AddIOp>(loc, lower, upper);
    map.map(loop.getInductionVar(),
            b.create<arith::ShRSIOp>(loc, sum, index(1)).getResult());
  }
  bool isOverVectors = isForVectors(loop);
  if (isOverVectors) {
    Value hasRoom = b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::sge,
                                            rounds, index(width));
    bool isFree = !Varying(loop).getObstacle();
    atOnce = b.create<arith::SelectOp>(
        loc, hasRoom, real(isFree ? cellsOfVector : width * worthOfObstacle),
        atOnce);
  }
  visit(*loop.getBody(), b.create<arith::MulFOp>(loc, times, toReal(rounds)),
        atOnce, apart || isLoaded(loop.getLowerBound()));
}

void Estimate::visit(Block &block, Value times, Value atOnce, bool apart) {
  unsigned count = 0;
  for (Operation &op : block) {
    if (auto loop = dyn_cast<scf::ForOp>(op)) {
      visitFor(loop, times, atOnce, apart);
      continue;
    }
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        visit(inner, times, atOnce, apart);
    count += computesFloat(op);
  }
  if (!count)
    return;
  Value all = b.create<arith::MulFOp>(loc, times, real(count));
  work = b.create<arith::AddFOp>(
      loc, work,
      apart ? b.create<arith::MulFOp>(loc, all, real(costApart * width)) : all);
  time = b.create<arith::AddFOp>(loc, time,
                                 b.create<arith::DivFOp>(loc, all, atOnce));
}

Value Estimate::getResult() {
  Value some = b.create<arith::MaximumFOp>(loc, time, real(1));
  Value ratio = b.create<arith::DivFOp>(
      loc, b.create<arith::MaximumFOp>(loc, work, some), some);
  return b.create<arith::FPToSIOp>(loc, b.getI64Type(), ratio);
}

bool danskin::conversion::computesFloat(Operation &op) {
  return op.getNumResults() == 1 && !isa<arith::ConstantOp>(op) &&
         isa<FloatType>(op.getResult(0).getType());
}

void danskin::conversion::makeCellsAtOnce(func::FuncOp kernel,
                                          const std::string &name,
                                          unsigned width, bool isWavefront) {
  OpBuilder b(kernel);
  SmallVector<BlockArgument> sizes;
  for (BlockArgument argument : kernel.getArguments())
    if (argument.getType().isIndex())
      sizes.push_back(argument);
  SmallVector<Type> types(sizes.size(), b.getIndexType());
  Location loc = kernel.getLoc();
  auto function = b.create<func::FuncOp>(
      loc, name, b.getFunctionType(types, b.getI64Type()));
  b.setInsertionPointToStart(function.addEntryBlock());
  IRMapping map;
  for (auto [mine, theirs] : llvm::zip_equal(sizes, function.getArguments()))
    map.map(mine, theirs);
  Estimate estimate(b, loc, map, width,
                    width * (isWavefront ? worthInWavefront : worthInRow));
  Value one =
      b.create<arith::ConstantFloatOp>(loc, APFloat(1.0), b.getF64Type());
  estimate.visit(kernel.getBody().front(), one, one);
  Value result = estimate.getResult();
  b.create<func::ReturnOp>(loc, result);
}
