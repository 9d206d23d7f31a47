//===- DpOps.cpp - verifiers and accessors of dp operations ---------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/dp/Dp.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::dp;

#define GET_OP_CLASSES
#include "dialects/dp/DpOps.cpp.inc"

/// The yield that closes a comprehension, or an error at `op`.
static FailureOr<YieldOp> getYield(Operation *op, Region &region) {
  if (!region.hasOneBlock() || region.front().empty())
    return op->emitOpError("expects one block that ends in dp.yield");
  auto yield = dyn_cast<YieldOp>(region.front().back());
  if (!yield)
    return op->emitOpError("expects its block to end in dp.yield");
  return yield;
}

static LogicalResult verifyYieldTypes(Operation *op, Region &region,
                                      TypeRange expected) {
  FailureOr<YieldOp> yield = getYield(op, region);
  if (failed(yield))
    return failure();
  if (TypeRange(yield->getOperandTypes()) != expected)
    return op->emitOpError("expects dp.yield of type(s) ") << expected;
  return success();
}

/// The arguments of a block that ranges over cells of `rank` indices.
static LogicalResult verifyCellArguments(Operation *op, Region &region,
                                         unsigned rank) {
  Block &block = region.front();
  if (block.getNumArguments() != rank ||
      !llvm::all_of(block.getArgumentTypes(),
                    [](Type type) { return type.isIndex(); }))
    return op->emitOpError("expects ")
           << rank << " index argument(s), one an index of the cell";
  return success();
}

static SmallVector<Type> indexTypes(MLIRContext *context, unsigned count) {
  return SmallVector<Type>(count, IndexType::get(context));
}

//===----------------------------------------------------------------------===//
// Program, inputs
//===----------------------------------------------------------------------===//

LogicalResult ProgramOp::verifyRegions() {
  for (Operation &op : getBody().front())
    if (isa<YieldOp, IterateOp, WhereOp>(op))
      return op.emitOpError("stands outside of a comprehension");
  return success();
}

LogicalResult InputOp::verify() {
  ArrayType type = getResult().getType();
  if (getExtents().size() != type.getRank())
    return emitOpError("expects ") << type.getRank() << " extent(s)";
  if (getGamma() && (type.getRank() || !type.getElement().isF64()))
    return emitOpError("gamma must be a scalar float");
  if (getValues().empty())
    return success();
  if (!type.getElement().isIndex())
    return emitOpError("only an integer input has a range");
  if (failed(verifyCellArguments(*this, getValues(), type.getRank())))
    return failure();
  return verifyYieldTypes(*this, getValues(), indexTypes(getContext(), 2));
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

LogicalResult TableOp::verifyRegions() {
  if (getOwner() && cast<ArrayType>(getOwner().getType()).getRank() > getRank())
    return emitOpError("has fewer indices than its owner");
  return verifyYieldTypes(*this, getDomain(),
                          indexTypes(getContext(), getRank()));
}

SmallVector<EquationOp> TableOp::getEquations() {
  SmallVector<EquationOp> equations;
  for (EquationOp op : (*this)->getParentRegion()->front().getOps<EquationOp>())
    if (llvm::is_contained(op.getTables(), getResult()))
      equations.push_back(op);
  return equations;
}

SmallVector<ScatterOp> TableOp::getScatters() {
  SmallVector<ScatterOp> scatters;
  for (ScatterOp op : (*this)->getParentRegion()->front().getOps<ScatterOp>())
    if (op.getTable() == getResult())
      scatters.push_back(op);
  return scatters;
}

LogicalResult EquationOp::verifyRegions() {
  if (getTables().empty())
    return emitOpError("defines no table");
  SmallVector<Type> elements;
  unsigned rank = cast<ArrayType>(getTables().front().getType()).getRank();
  for (Value table : getTables()) {
    if (!table.getDefiningOp<TableOp>())
      return emitOpError("defines what is not a dp.table");
    auto type = cast<ArrayType>(table.getType());
    if (type.getRank() != rank)
      return emitOpError("defines tables of different rank");
    elements.push_back(type.getElement());
  }
  if (failed(verifyYieldTypes(*this, getBody(), elements)))
    return failure();
  return verifyCellArguments(*this, getBody(), rank);
}

LogicalResult ScatterOp::verifyRegions() {
  SmallVector<Type> types =
      indexTypes(getContext(), getTable().getType().getRank());
  types.push_back(getTable().getType().getElement());
  if (failed(verifyYieldTypes(*this, getBody(), types)))
    return failure();
  return verifyCellArguments(*this, getBody(), getOver().getType().getRank());
}

//===----------------------------------------------------------------------===//
// Comprehensions
//===----------------------------------------------------------------------===//

Value IterateOp::getVertex() {
  auto first = getLower().getDefiningOp<ReadOp>();
  auto end = getUpper().getDefiningOp<ReadOp>();
  if (!first || !end || first.getArray() != end.getArray())
    return Value();
  auto offsets = first.getArray().getDefiningOp<InputOp>();
  return offsets && offsets.getGraph() ? first.getIndices().front() : Value();
}

//===----------------------------------------------------------------------===//
// Reads
//===----------------------------------------------------------------------===//

static LogicalResult verifyIndices(Operation *op, ArrayType type,
                                   ValueRange indices) {
  if (indices.size() == type.getRank())
    return success();
  return op->emitOpError("expects ")
         << type.getRank() << " indices, not " << indices.size();
}

LogicalResult ReadOp::verify() {
  return verifyIndices(*this, getArray().getType(), getIndices());
}

LogicalResult ContainsOp::verify() {
  if (!getTable().getDefiningOp<TableOp>())
    return emitOpError("asks what is not a dp.table");
  return verifyIndices(*this, getTable().getType(), getIndices());
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

static LogicalResult verifyArms(Operation *op) {
  for (Operation &arm : op->getRegion(0).front())
    if (!isa<ArmOp>(arm))
      return op->emitOpError("holds dp.arm only");
  return success();
}

LogicalResult ChooseOp::verifyRegions() {
  if (failed(verifyArms(*this)))
    return failure();
  if (getNumResults() == 0 || !getResult(0).getType().isF64())
    return emitOpError("expects a first result of type f64");
  if (getNumResults() == 1)
    return success();
  if (!getReg())
    return emitOpError("gives statistics but names no regularizer");
  SmallVector<Type> types =
      getReg()->getStatisticTypes(getContext(), getMaxBinders());
  if (TypeRange(getResultTypes()).drop_front() != TypeRange(types))
    return emitOpError("expects the statistics of its regularizer: ") << types;
  return success();
}

unsigned ChooseOp::getMaxBinders() {
  unsigned most = 0;
  for (ArmOp arm : getArms().front().getOps<ArmOp>())
    most = std::max<unsigned>(most, arm.getBinders().size());
  return most;
}

LogicalResult SumOp::verifyRegions() { return verifyArms(*this); }

LogicalResult ArmOp::verifyRegions() {
  if (!isa_and_nonnull<ChooseOp, SumOp>((*this)->getParentOp()))
    return emitOpError("stands in a dp.choose or a dp.sum only");
  return verifyYieldTypes(*this, getBody(), Float64Type::get(getContext()));
}

SmallVector<Value> ArmOp::getBinders() {
  SmallVector<Value> binders;
  for (IterateOp op : getBody().front().getOps<IterateOp>())
    binders.push_back(op.getIndex());
  return binders;
}

Value ArmOp::getScore() {
  return cast<YieldOp>(getBody().front().back()).getOperand(0);
}

unsigned ArmOp::getOrdinal() {
  unsigned ordinal = 0;
  for (Operation &op : *(*this)->getBlock()) {
    if (&op == getOperation())
      return ordinal;
    ++ordinal;
  }
  llvm_unreachable("an arm stands in its own block");
}
