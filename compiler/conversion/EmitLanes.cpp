//===- EmitLanes.cpp - a kernel over vectors of instances -----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Control that differs from lane to lane becomes masks: of a branch both sides
// are computed and one is selected, a loop runs as long as any lane does.
//
// A cell of the workspace is `width` numbers side by side. Arrays of the caller
// lie as they are: an element of all lanes is a gather.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Lanes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace danskin::conversion;

namespace {
/// Lanes that compute what stands here; null for all.
using Mask = Value;

class Emitter {
public:
  Emitter(func::FuncOp kernel, const LaneAnalysis &analysis, unsigned width)
      : kernel(kernel), analysis(analysis), width(width),
        here(kernel.getLoc()) {}

  void run(func::FuncOp lanes);

private:
  /// An array of the caller.
  struct Array {
    Value flat; ///< its memory from the first lane's first element on
    SmallVector<Value> strides;
    Value laneOffsets; ///< where each lane's first element lies
  };

  void openArray(OpBuilder &b, Value argument, Value array, Value lane);
  void emitBlock(OpBuilder &b, Block &block, Mask mask);
  void emitOp(OpBuilder &b, Operation *op, Mask mask);
  void emitUniform(OpBuilder &b, Operation *op);
  void emitElementwise(OpBuilder &b, Operation *op);
  void emitView(OpBuilder &b, memref::ViewOp view);
  void emitCall(OpBuilder &b, func::CallOp call);
  void emitLoad(OpBuilder &b, memref::LoadOp load, Mask mask);
  void emitStore(OpBuilder &b, memref::StoreOp store, Mask mask);
  void emitIf(OpBuilder &b, scf::IfOp branch, Mask mask);
  void emitUniformIf(OpBuilder &b, scf::IfOp branch, Mask mask);
  SmallVector<Value> emitSide(OpBuilder &b, scf::IfOp branch, Region &side,
                              Mask mask);
  void emitFor(OpBuilder &b, scf::ForOp loop, Mask mask);
  void emitWhile(OpBuilder &b, scf::WhileOp loop, Mask mask);

  Type getLaneType(Type type) { return VectorType::get(width, type); }
  Type getType(Value value) {
    return analysis.isVarying(value) ? getLaneType(value.getType())
                                     : value.getType();
  }
  /// What stands for the value, a vector if it varies.
  Value get(Value value) { return map.lookup(value); }
  /// The same as a vector.
  Value getLanes(OpBuilder &b, Value value) {
    return spread(b, map.lookup(value));
  }
  Value spread(OpBuilder &b, Value value) {
    if (isa<VectorType>(value.getType()))
      return value;
    return b.create<vector::BroadcastOp>(here, getLaneType(value.getType()),
                                         value);
  }
  /// A value of type getType(like).
  Value fit(OpBuilder &b, Value value, Value like) {
    return analysis.isVarying(like) ? spread(b, value) : value;
  }
  Value constant(OpBuilder &b, int64_t value) {
    return b.create<arith::ConstantIndexOp>(here, value);
  }
  Value getAll(OpBuilder &b) {
    return b.create<arith::ConstantOp>(
        here,
        DenseElementsAttr::get(VectorType::get(width, b.getI1Type()), true));
  }
  Mask meet(OpBuilder &b, Mask mask, Value condition) {
    return mask ? b.create<arith::AndIOp>(here, mask, condition).getResult()
                : condition;
  }
  Value emitAny(OpBuilder &b, Mask mask) {
    return b.create<vector::ReductionOp>(here, vector::CombiningKind::OR, mask);
  }
  Value emitNothing(OpBuilder &b, Type type) {
    return b.create<arith::ConstantOp>(here, b.getZeroAttr(type));
  }
  /// Memory, the place in it that is the same for all lanes, and each lane's
  /// distance from there, null where lanes lie side by side.
  struct Address {
    Value memory, base, offsets;
  };
  Address getAddress(OpBuilder &b, Value array, ValueRange indices);

  func::FuncOp kernel;
  const LaneAnalysis &analysis;
  unsigned width;
  IRMapping map;
  DenseMap<Value, Array> arrays;
  Value workspace, lane;
  Location here; ///< of what is being emitted
};
} // namespace

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

void Emitter::openArray(OpBuilder &b, Value argument, Value array, Value last) {
  auto type = cast<MemRefType>(array.getType());
  auto metadata = b.create<memref::ExtractStridedMetadataOp>(here, array);
  Array &result = arrays[argument];
  auto flat = MemRefType::get(ShapedType::kDynamic, type.getElementType());
  result.flat = b.create<memref::ReinterpretCastOp>(
      here, flat, metadata.getBaseBuffer(), b.getIndexAttr(0),
      ArrayRef<OpFoldResult>(constant(b, std::numeric_limits<int64_t>::max())),
      ArrayRef<OpFoldResult>(b.getIndexAttr(1)));
  ValueRange strides = metadata.getStrides();
  result.strides.assign(strides.begin() + 1, strides.end());
  // What is missing repeats the last instance.
  Value number = b.create<arith::MinSIOp>(here, lane, spread(b, last));
  result.laneOffsets =
      b.create<arith::MulIOp>(here, number, spread(b, strides.front()));
}

void Emitter::run(func::FuncOp lanes) {
  Block *entry = lanes.addEntryBlock();
  OpBuilder b = OpBuilder::atBlockEnd(entry);
  lane =
      b.create<vector::StepOp>(here, VectorType::get(width, b.getIndexType()));
  Value last = b.create<arith::SubIOp>(here, entry->getArguments().back(),
                                       constant(b, 1));
  workspace = kernel.getArguments().back();
  for (auto [mine, theirs] :
       llvm::zip(kernel.getArguments(), entry->getArguments())) {
    map.map(mine, theirs);
    if (isa<MemRefType>(mine.getType()) && mine != workspace)
      openArray(b, mine, theirs, last);
  }
  emitBlock(b, kernel.getBody().front(), Mask());
  auto done = cast<func::ReturnOp>(kernel.getBody().front().getTerminator());
  // A bit for each lane whose code is not 0.
  Value code = getLanes(b, done.getOperand(0));
  Value failed = b.create<arith::CmpIOp>(here, arith::CmpIPredicate::ne, code,
                                         emitNothing(b, code.getType()));
  Value bits = b.create<vector::BitCastOp>(
      here, VectorType::get(1, b.getIntegerType(width)), failed);
  bits = b.create<vector::ExtractOp>(here, bits, 0);
  if (width < 32)
    bits = b.create<arith::ExtUIOp>(here, b.getI32Type(), bits);
  b.create<func::ReturnOp>(here, bits);
}

void Emitter::emitBlock(OpBuilder &b, Block &block, Mask mask) {
  for (Operation &op : block.without_terminator())
    emitOp(b, &op, mask);
}

void Emitter::emitOp(OpBuilder &b, Operation *op, Mask mask) {
  here = op->getLoc();
  if (auto view = dyn_cast<memref::ViewOp>(op))
    return emitView(b, view);
  if (auto cast = dyn_cast<memref::CastOp>(op))
    return map.map(cast.getResult(), get(cast.getSource()));
  if (auto load = dyn_cast<memref::LoadOp>(op))
    return emitLoad(b, load, mask);
  if (auto store = dyn_cast<memref::StoreOp>(op))
    return emitStore(b, store, mask);
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return emitIf(b, branch, mask);
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return emitFor(b, loop, mask);
  if (auto loop = dyn_cast<scf::WhileOp>(op))
    return emitWhile(b, loop, mask);
  if (!analysis.isVarying(op->getResult(0)))
    return emitUniform(b, op);
  if (auto call = dyn_cast<func::CallOp>(op))
    return emitCall(b, call);
  emitElementwise(b, op);
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

void Emitter::emitUniform(OpBuilder &b, Operation *op) { b.clone(*op, map); }

void Emitter::emitElementwise(OpBuilder &b, Operation *op) {
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(getLanes(b, operand));
  // A condition common to all lanes selects as it is.
  if (auto select = dyn_cast<arith::SelectOp>(op))
    operands[0] = get(select.getCondition());
  OperationState state(op->getLoc(), op->getName());
  state.addOperands(operands);
  state.addTypes(getLaneType(op->getResult(0).getType()));
  state.addAttributes(op->getAttrs());
  map.map(op->getResult(0), b.create(state)->getResult(0));
}

/// A function of the runtime, lane by lane unless there is one of vectors.
void Emitter::emitCall(OpBuilder &b, func::CallOp call) {
  Value result;
  SmallVector<Value> operands;
  for (Value operand : call.getOperands())
    operands.push_back(getLanes(b, operand));
  if (call.getCallee() == "dp_exp_f64") {
    result = emitExp(b, here, operands[0]);
  } else if (call.getCallee() == "dp_log_f64") {
    result = emitLog(b, here, operands[0]);
  } else {
    result = emitNothing(b, getLaneType(call.getResult(0).getType()));
    for (unsigned i = 0; i < width; ++i) {
      SmallVector<Value> mine;
      for (Value operand : operands)
        mine.push_back(b.create<vector::ExtractOp>(here, operand, i));
      auto one = b.create<func::CallOp>(here, call.getCallee(),
                                        call.getResultTypes(), mine);
      result = b.create<vector::InsertOp>(here, one.getResult(0), result, i);
    }
  }
  map.map(call.getResult(0), result);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// A region of the workspace, `width` times as far on and as large.
void Emitter::emitView(OpBuilder &b, memref::ViewOp view) {
  auto times = [&](Value value) -> Value {
    return b.create<arith::MulIOp>(here, value, constant(b, width));
  };
  MemRefType type = view.getType();
  Value count = type.isDynamicDim(0) ? get(view.getSizes()[0])
                                     : constant(b, type.getDimSize(0));
  map.map(view.getResult(),
          b.create<memref::ViewOp>(
              here,
              MemRefType::get(ShapedType::kDynamic, type.getElementType()),
              get(view.getSource()), times(get(view.getByteShift())),
              times(count)));
}

Emitter::Address Emitter::getAddress(OpBuilder &b, Value array,
                                     ValueRange indices) {
  auto add = [&](Value x, Value y) -> Value {
    return b.create<arith::AddIOp>(here, x, y);
  };
  auto multiply = [&](Value x, Value y) -> Value {
    return b.create<arith::MulIOp>(here, x, y);
  };
  Value zero = constant(b, 0);
  auto found = arrays.find(array);
  if (found == arrays.end()) {
    Value index = indices[0];
    if (!analysis.isVarying(index))
      return {get(array), multiply(get(index), constant(b, width)), Value()};
    Value offsets = multiply(get(index), spread(b, constant(b, width)));
    return {get(array), zero, add(offsets, lane)};
  }
  const Array &mine = found->second;
  Address address{mine.flat, zero, mine.laneOffsets};
  for (auto [index, stride] : llvm::zip_equal(indices, mine.strides)) {
    if (analysis.isVarying(index))
      address.offsets =
          add(address.offsets, multiply(get(index), spread(b, stride)));
    else
      address.base = add(address.base, multiply(get(index), stride));
  }
  return address;
}

void Emitter::emitLoad(OpBuilder &b, memref::LoadOp load, Mask mask) {
  Address address = getAddress(b, load.getMemRef(), load.getIndices());
  auto type = cast<VectorType>(getLaneType(load.getType()));
  Value result;
  if (address.offsets) {
    result = b.create<vector::GatherOp>(
        here, type, address.memory, address.base, address.offsets,
        mask ? mask : getAll(b), emitNothing(b, type));
  } else if (mask) {
    result = b.create<vector::MaskedLoadOp>(
        here, type, address.memory, address.base, mask, emitNothing(b, type));
  } else {
    result = b.create<vector::LoadOp>(here, type, address.memory, address.base);
  }
  map.map(load.getResult(), result);
}

void Emitter::emitStore(OpBuilder &b, memref::StoreOp store, Mask mask) {
  Address address = getAddress(b, store.getMemRef(), store.getIndices());
  Value value = getLanes(b, store.getValueToStore());
  if (address.offsets)
    b.create<vector::ScatterOp>(here, address.memory, address.base,
                                address.offsets, mask ? mask : getAll(b),
                                value);
  else if (mask)
    b.create<vector::MaskedStoreOp>(here, address.memory, address.base, mask,
                                    value);
  else
    b.create<vector::StoreOp>(here, value, address.memory, address.base);
}

//===----------------------------------------------------------------------===//
// Control
//===----------------------------------------------------------------------===//

/// Is a region so much that lanes rather ask whether any needs it?
static bool isLong(Region &region) {
  unsigned count = 0;
  return region
      .walk([&](Operation *op) {
        return isa<scf::ForOp, scf::WhileOp, func::CallOp, memref::StoreOp>(
                   op) ||
                       ++count > 40
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

void Emitter::emitUniformIf(OpBuilder &b, scf::IfOp branch, Mask mask) {
  SmallVector<Type> types;
  for (Value result : branch.getResults())
    types.push_back(getType(result));
  auto copy = b.create<scf::IfOp>(here, types, get(branch.getCondition()),
                                  !branch.getElseRegion().empty());
  auto fill = [&](Region &from, Region &to) {
    if (from.empty())
      return;
    // The builder of an scf.if without results has made the terminator.
    OpBuilder inner = to.front().empty()
                          ? OpBuilder::atBlockEnd(&to.front())
                          : OpBuilder(to.front().getTerminator());
    emitBlock(inner, from.front(), mask);
    if (types.empty())
      return;
    SmallVector<Value> yields;
    for (auto [value, result] : llvm::zip(
             from.front().getTerminator()->getOperands(), branch.getResults()))
      yields.push_back(fit(inner, get(value), result));
    inner.create<scf::YieldOp>(here, yields);
  };
  fill(branch.getThenRegion(), copy.getThenRegion());
  fill(branch.getElseRegion(), copy.getElseRegion());
  map.map(branch.getResults(), copy.getResults());
}

/// What a side yields in the lanes of `mask`; elsewhere anything.
SmallVector<Value> Emitter::emitSide(OpBuilder &b, scf::IfOp branch,
                                     Region &side, Mask mask) {
  auto emitYields = [&](OpBuilder &at) {
    emitBlock(at, side.front(), mask);
    SmallVector<Value> yields;
    for (Value value : side.front().getTerminator()->getOperands())
      yields.push_back(getLanes(at, value));
    return yields;
  };
  if (side.empty())
    return {};
  if (!isLong(side))
    return emitYields(b);
  SmallVector<Type> types;
  for (Value result : branch.getResults())
    types.push_back(getLaneType(result.getType()));
  auto guard = b.create<scf::IfOp>(
      here, emitAny(b, mask),
      [&](OpBuilder &then, Location) {
        SmallVector<Value> yields = emitYields(then);
        then.create<scf::YieldOp>(here, yields);
      },
      [&](OpBuilder &otherwise, Location) {
        SmallVector<Value> nothing;
        for (Type type : types)
          nothing.push_back(emitNothing(otherwise, type));
        otherwise.create<scf::YieldOp>(here, nothing);
      });
  return SmallVector<Value>(guard.getResults());
}

void Emitter::emitIf(OpBuilder &b, scf::IfOp branch, Mask mask) {
  if (!analysis.isVarying(branch.getCondition()))
    return emitUniformIf(b, branch, mask);
  Location loc = here;
  Value condition = get(branch.getCondition());
  Value opposite = b.create<arith::XOrIOp>(loc, condition, getAll(b));
  Mask thenMask = meet(b, mask, condition), elseMask = meet(b, mask, opposite);
  SmallVector<Value> yes =
      emitSide(b, branch, branch.getThenRegion(), thenMask);
  here = loc;
  SmallVector<Value> no = emitSide(b, branch, branch.getElseRegion(), elseMask);
  here = loc;
  for (auto [i, result] : llvm::enumerate(branch.getResults()))
    map.map(result, b.create<arith::SelectOp>(loc, condition, yes[i], no[i]));
}

void Emitter::emitFor(OpBuilder &b, scf::ForOp loop, Mask mask) {
  Location loc = here;
  bool varies = analysis.isVarying(loop.getLowerBound()) ||
                analysis.isVarying(loop.getUpperBound());
  Value lower = get(loop.getLowerBound()), upper = get(loop.getUpperBound());
  Value lowers, uppers;
  if (varies) {
    // From the first lane's start to the last one's end; a lane that has no
    // part here has an empty range.
    lowers = spread(b, lower);
    uppers = spread(b, upper);
    if (mask)
      uppers = b.create<arith::SelectOp>(loc, mask, uppers, lowers);
    Value runs =
        b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, lowers, uppers);
    Value most = spread(b, constant(b, std::numeric_limits<int64_t>::max()));
    Value least = spread(b, constant(b, std::numeric_limits<int64_t>::min()));
    lower = b.create<vector::ReductionOp>(
        loc, vector::CombiningKind::MINSI,
        b.create<arith::SelectOp>(loc, runs, lowers, most));
    upper = b.create<vector::ReductionOp>(
        loc, vector::CombiningKind::MAXSI,
        b.create<arith::SelectOp>(loc, runs, uppers, least));
  }
  SmallVector<Value> inits;
  for (auto [init, argument] :
       llvm::zip(loop.getInitArgs(), loop.getRegionIterArgs()))
    inits.push_back(fit(b, get(init), argument));
  auto copy =
      b.create<scf::ForOp>(loc, lower, upper, get(loop.getStep()), inits);
  OpBuilder inner = inits.empty() ? OpBuilder(copy.getBody()->getTerminator())
                                  : OpBuilder::atBlockEnd(copy.getBody());
  map.map(loop.getInductionVar(), copy.getInductionVar());
  map.map(loop.getRegionIterArgs(), copy.getRegionIterArgs());
  Mask running = mask;
  if (varies) {
    Value index = spread(inner, copy.getInductionVar());
    Value started = inner.create<arith::CmpIOp>(loc, arith::CmpIPredicate::sle,
                                                lowers, index);
    Value open = inner.create<arith::CmpIOp>(loc, arith::CmpIPredicate::slt,
                                             index, uppers);
    running = inner.create<arith::AndIOp>(loc, started, open);
  }
  emitBlock(inner, *loop.getBody(), running);
  here = loc;
  if (!inits.empty()) {
    SmallVector<Value> yields;
    for (auto [value, argument] :
         llvm::zip(loop.getYieldedValues(), loop.getRegionIterArgs())) {
      Value next = fit(inner, get(value), argument);
      if (varies)
        next = inner.create<arith::SelectOp>(loc, running, next, get(argument));
      yields.push_back(next);
    }
    inner.create<scf::YieldOp>(loc, yields);
  }
  map.map(loop.getResults(), copy.getResults());
}

/// Carries, beside the values, the lanes still in the loop and what each lane
/// left it with.
void Emitter::emitWhile(OpBuilder &b, scf::WhileOp loop, Mask mask) {
  Location loc = here;
  size_t numInits = loop.getInits().size();
  SmallVector<Value> inits;
  for (Value init : loop.getInits())
    inits.push_back(getLanes(b, init));
  inits.push_back(mask ? mask : getAll(b));
  SmallVector<Type> afterTypes, laneTypes;
  for (Value result : loop.getResults()) {
    laneTypes.push_back(getLaneType(result.getType()));
    inits.push_back(emitNothing(b, laneTypes.back()));
  }
  // Forwarded: the lanes that go on, and the values of all.
  afterTypes.push_back(inits[numInits].getType());
  llvm::append_range(afterTypes, laneTypes);
  auto copy = b.create<scf::WhileOp>(
      loc, afterTypes, inits,
      [&](OpBuilder &before, Location, ValueRange arguments) {
        map.map(loop.getBeforeArguments(), arguments.take_front(numInits));
        Value active = arguments[numInits];
        ValueRange earlier = arguments.drop_front(numInits + 1);
        emitBlock(before, *loop.getBeforeBody(), active);
        here = loc;
        scf::ConditionOp condition = loop.getConditionOp();
        Value on = before.create<arith::AndIOp>(
            loc, active, getLanes(before, condition.getCondition()));
        SmallVector<Value> forwarded = {on};
        for (auto [value, old] : llvm::zip(condition.getArgs(), earlier))
          forwarded.push_back(before.create<arith::SelectOp>(
              loc, active, getLanes(before, value), old));
        before.create<scf::ConditionOp>(loc, emitAny(before, on), forwarded);
      },
      [&](OpBuilder &after, Location, ValueRange arguments) {
        ValueRange values = arguments.drop_front(1);
        map.map(loop.getAfterArguments(), values);
        emitBlock(after, *loop.getAfterBody(), arguments[0]);
        here = loc;
        SmallVector<Value> next;
        for (Value value : loop.getYieldOp().getOperands())
          next.push_back(getLanes(after, value));
        next.push_back(arguments[0]);
        llvm::append_range(next, values);
        after.create<scf::YieldOp>(loc, next);
      });
  map.map(loop.getResults(), copy.getResults().drop_front(1));
}

void danskin::conversion::emitLanes(func::FuncOp kernel,
                                    const LaneAnalysis &analysis,
                                    func::FuncOp lanes, unsigned width) {
  Emitter(kernel, analysis, width).run(lanes);
}
