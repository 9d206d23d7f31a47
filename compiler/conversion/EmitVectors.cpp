//===- EmitVectors.cpp - scalar code as code on vectors -------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Vectors.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace danskin::conversion;

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

FlatArray FlatArray::get(OpBuilder &b, Location loc, Value array) {
  auto type = cast<MemRefType>(array.getType());
  auto metadata = b.create<memref::ExtractStridedMetadataOp>(loc, array);
  Value most = b.create<arith::ConstantIndexOp>(
      loc, std::numeric_limits<int64_t>::max());
  auto flat = MemRefType::get(ShapedType::kDynamic, type.getElementType());
  Value memory = b.create<memref::ReinterpretCastOp>(
      loc, flat, metadata.getBaseBuffer(), b.getIndexAttr(0),
      ArrayRef<OpFoldResult>(most), ArrayRef<OpFoldResult>(b.getIndexAttr(1)));
  return {memory, SmallVector<Value>(metadata.getStrides())};
}

Value VectorEmitter::countUp(OpBuilder &b) {
  auto numbers = llvm::to_vector(llvm::seq<int64_t>(width));
  auto type = VectorType::get(width, b.getIndexType());
  return b.create<arith::ConstantOp>(here,
                                     DenseIntElementsAttr::get(type, numbers));
}

Value VectorEmitter::spread(OpBuilder &b, Value value) {
  if (isa<VectorType>(value.getType()))
    return value;
  return b.create<vector::BroadcastOp>(here, getLaneType(value.getType()),
                                       value);
}

Value VectorEmitter::constant(OpBuilder &b, int64_t value) {
  return b.create<arith::ConstantIndexOp>(here, value);
}

Value VectorEmitter::getAll(OpBuilder &b) {
  return b.create<arith::ConstantOp>(
      here,
      DenseElementsAttr::get(VectorType::get(width, b.getI1Type()), true));
}

VectorEmitter::Mask VectorEmitter::meet(OpBuilder &b, Mask mask,
                                        Value condition) {
  return mask ? b.create<arith::AndIOp>(here, mask, condition).getResult()
              : condition;
}

Value VectorEmitter::emitAny(OpBuilder &b, Mask mask) {
  return b.create<vector::ReductionOp>(here, vector::CombiningKind::OR, mask);
}

Value VectorEmitter::emitNothing(OpBuilder &b, Type type) {
  return b.create<arith::ConstantOp>(here, b.getZeroAttr(type));
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

void VectorEmitter::emitBlock(OpBuilder &b, Block &block, Mask mask) {
  for (Operation &op : block.without_terminator())
    emitOp(b, &op, mask);
}

void VectorEmitter::emitOp(OpBuilder &b, Operation *op, Mask mask) {
  here = op->getLoc();
  if (op->getNumResults() == 1 && map.contains(op->getResult(0)))
    return; // known before
  if (auto view = dyn_cast<memref::ViewOp>(op))
    return emitView(b, view);
  if (auto buffer = dyn_cast<memref::AllocaOp>(op))
    return emitBuffer(b, buffer);
  if (isa<memref::ExtractStridedMetadataOp>(op))
    return; // for what follows
  if (auto cast = dyn_cast<memref::ReinterpretCastOp>(op))
    return emitBounded(cast);
  if (auto cast = dyn_cast<memref::CastOp>(op))
    return map.map(cast.getResult(), get(cast.getSource()));
  if (auto load = dyn_cast<memref::LoadOp>(op))
    return emitLoad(b, load, mask);
  if (auto store = dyn_cast<memref::StoreOp>(op))
    return emitStore(b, store, mask);
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return emitIf(b, branch, mask);
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    if (!mask && loop->hasAttr(stageAttr) && emitStage(b, loop))
      return;
    return emitFor(b, loop, mask);
  }
  if (auto loop = dyn_cast<scf::WhileOp>(op))
    return emitWhile(b, loop, mask);
  if (!varying.contains(op->getResult(0))) {
    b.clone(*op, map);
    return;
  }
  if (auto call = dyn_cast<func::CallOp>(op))
    return emitCall(b, call);
  emitElementwise(b, op);
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

void VectorEmitter::emitElementwise(OpBuilder &b, Operation *op) {
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
  noteElementwise(b, op);
}

/// A function of the runtime, lane by lane unless there is one of vectors.
void VectorEmitter::emitCall(OpBuilder &b, func::CallOp call) {
  if (llvm::any_of(call.getOperandTypes(),
                   [](Type type) { return isa<MemRefType>(type); }))
    return emitPathCall(b, call);
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

/// What `adjacent` gives where lanes lie side by side, `apart` where not; the
/// choice is made at run time where it has to be.
static Value emitAccess(OpBuilder &b, Location loc, Value condition,
                        TypeRange types,
                        function_ref<Value(OpBuilder &)> adjacent,
                        function_ref<Value(OpBuilder &)> apart) {
  auto fill = [&](function_ref<Value(OpBuilder &)> access) {
    return [=](OpBuilder &inner, Location) {
      Value result = access(inner);
      inner.create<scf::YieldOp>(loc,
                                 result ? ValueRange(result) : ValueRange());
    };
  };
  auto branch =
      b.create<scf::IfOp>(loc, condition, fill(adjacent), fill(apart));
  return types.empty() ? Value() : branch.getResult(0);
}

void VectorEmitter::emitLoad(OpBuilder &b, memref::LoadOp load, Mask mask) {
  if (isCommon(load.getMemRef(), load.getIndices()))
    return emitCommonLoad(b, load, mask);
  Address address = getAddress(b, load.getMemRef(), load.getIndices());
  auto type = cast<VectorType>(getLaneType(load.getType()));
  auto gather = [&](OpBuilder &at) -> Value {
    return at.create<vector::GatherOp>(
        here, type, address.memory, address.base, address.offsets,
        mask ? mask : getAll(at), emitNothing(at, type));
  };
  auto loadAdjacent = [&](OpBuilder &at) -> Value {
    if (mask)
      return at.create<vector::MaskedLoadOp>(here, type, address.memory,
                                             address.base, mask,
                                             emitNothing(at, type));
    return at.create<vector::LoadOp>(here, type, address.memory, address.base);
  };
  auto loadBackwards = [&](OpBuilder &at) -> Value {
    Value last =
        at.create<arith::SubIOp>(here, address.base, constant(at, width - 1));
    Value loaded = at.create<vector::LoadOp>(here, type, address.memory, last);
    auto reversed = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(width)));
    return at.create<vector::ShuffleOp>(here, loaded, loaded, reversed);
  };
  Value result;
  if (!address.offsets)
    result = loadAdjacent(b);
  else if (address.descends && !mask && !address.adjacent)
    result = loadBackwards(b);
  else if (address.descends && !mask)
    result = emitAccess(b, here, address.adjacent, type, loadBackwards, gather);
  else if (address.descends || !address.adjacent)
    result = gather(b);
  else
    result = emitAccess(b, here, address.adjacent, type, loadAdjacent, gather);
  map.map(load.getResult(), result);
}

void VectorEmitter::emitStore(OpBuilder &b, memref::StoreOp store, Mask mask) {
  if (isCommon(store.getMemRef(), store.getIndices()))
    return emitCommonStore(b, store, mask);
  Address address = getAddress(b, store.getMemRef(), store.getIndices());
  Value value = getLanes(b, store.getValueToStore());
  auto scatter = [&](OpBuilder &at) {
    at.create<vector::ScatterOp>(here, address.memory, address.base,
                                 address.offsets, mask ? mask : getAll(at),
                                 value);
    return Value();
  };
  auto storeAdjacent = [&](OpBuilder &at) {
    if (mask)
      at.create<vector::MaskedStoreOp>(here, address.memory, address.base, mask,
                                       value);
    else
      at.create<vector::StoreOp>(here, value, address.memory, address.base);
    return Value();
  };
  if (!address.offsets)
    storeAdjacent(b);
  else if (address.descends || !address.adjacent)
    scatter(b);
  else
    emitAccess(b, here, address.adjacent, {}, storeAdjacent, scatter);
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

void VectorEmitter::emitUniformIf(OpBuilder &b, scf::IfOp branch, Mask mask) {
  SmallVector<Type> types;
  for (Value result : branch.getResults())
    types.push_back(getType(result));
  auto copy = b.create<scf::IfOp>(here, types, get(branch.getCondition()),
                                  !branch.getElseRegion().empty());
  if (branch->hasAttr(coldAttr))
    copy->setAttr(coldAttr, b.getUnitAttr());
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
SmallVector<Value> VectorEmitter::emitSide(OpBuilder &b, scf::IfOp branch,
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
  if (branch->hasAttr(coldAttr) && &side == &branch.getThenRegion())
    guard->setAttr(coldAttr, b.getUnitAttr());
  return SmallVector<Value>(guard.getResults());
}

void VectorEmitter::emitIf(OpBuilder &b, scf::IfOp branch, Mask mask) {
  if (leaveOut(b, branch, mask)) {
    Location loc = here;
    emitBlock(b, *branch.elseBlock(), mask);
    here = loc;
    for (auto [value, result] :
         llvm::zip(branch.elseYield().getOperands(), branch.getResults()))
      map.map(result, fit(b, get(value), result));
    return;
  }
  if (!varying.contains(branch.getCondition()))
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
