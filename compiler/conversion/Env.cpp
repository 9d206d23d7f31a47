//===- Env.cpp - what index values are inside a function ------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Env.h"
#include "compiler/conversion/Nest.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace danskin::conversion;

Value danskin::conversion::constantIndex(OpBuilder &b, Location loc,
                                         int64_t value) {
  return b.create<arith::ConstantIndexOp>(loc, value);
}

Env::Env(dp::ProgramOp program, Forms &forms, func::FuncOp function)
    : forms(forms), loc(program.getLoc()), prologue(program.getContext()) {
  Block *entry = function.addEntryBlock();
  prologue.setInsertionPointToStart(entry);
  // What is emitted before this operation is there for the whole function.
  prologue.setInsertionPoint(prologue.create<arith::ConstantIndexOp>(loc, 0));

  Block &body = program.getBody().front();
  unsigned next = 0;
  for (auto size : body.getOps<dp::SizeOp>()) {
    parameters[size.getValue()] =
        size.getFixed() ? constantIndex(prologue, loc, *size.getFixed())
                        : Value(entry->getArgument(next));
    ++next;
  }
  auto nextArray = [&](Value array) {
    if (next < entry->getNumArguments())
      arrays[array] = entry->getArgument(next++);
  };
  for (auto input : body.getOps<dp::InputOp>())
    nextArray(input.getResult());
  for (auto table : body.getOps<dp::TableOp>())
    if (table.getRole() == dp::TableRole::Output)
      nextArray(table.getResult());
}

void Env::boundInputs(dp::ProgramOp program) {
  for (auto input : program.getBody().front().getOps<dp::InputOp>()) {
    Value &array = arrays[input.getResult()];
    auto type = cast<MemRefType>(array.getType());
    if (type.getRank() == 0)
      continue;
    SmallVector<OpFoldResult> extents;
    for (Value extent : input.getExtents())
      extents.push_back(getParameter(extent));
    auto whole = prologue.create<memref::ExtractStridedMetadataOp>(loc, array);
    array = prologue.create<memref::ReinterpretCastOp>(
        loc, type, whole.getBaseBuffer(),
        OpFoldResult(prologue.getIndexAttr(0)), extents,
        getAsOpFoldResult(whole.getStrides()));
  }
}

Value Env::getParameter(Value value) {
  Value &known = parameters[value];
  if (!known) {
    IRMapping nothing;
    Operation *op = value.getDefiningOp();
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(getParameter(operand));
    Operation *copy = prologue.clone(*op, nothing);
    copy->setOperands(operands);
    // Looked up again: the recursion may have moved the entries.
    return parameters[value] = copy->getResult(0);
  }
  return known;
}

Value Env::loadIndex(OpBuilder &b, Value input, ValueRange indices) {
  Value element = b.create<memref::LoadOp>(loc, getArray(input), indices);
  return b.create<arith::IndexCastOp>(loc, b.getIndexType(), element);
}

Value Env::emit(OpBuilder &b, Value value, const IRMapping &scope) {
  if (Value known = scope.lookupOrNull(value))
    return known;
  if (auto known = parameters.find(value); known != parameters.end())
    return known->second;
  if (matchPattern(value, m_Constant()))
    return b.clone(*value.getDefiningOp())->getResult(0);
  if (forms.isParameter(value))
    return getParameter(value);

  Operation *op = value.getDefiningOp();
  auto emitAll = [&](ValueRange values) {
    SmallVector<Value> out;
    for (Value v : values)
      out.push_back(emit(b, v, scope));
    return out;
  };
  if (auto read = dyn_cast<dp::ReadOp>(op))
    return loadIndex(b, read.getArray(), emitAll(read.getIndices()));
  if (auto source = dyn_cast<dp::SourceOp>(op))
    return loadIndex(b, source.getSources(), emitAll(source.getEdge()));
  if (auto contains = dyn_cast<dp::ContainsOp>(op))
    return emitContains(b, contains.getTable().getDefiningOp<dp::TableOp>(),
                        emitAll(contains.getIndices()));
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    unsigned result = cast<OpResult>(value).getResultNumber();
    auto side = [&](scf::YieldOp yield) {
      return [&, yield](OpBuilder &inner, Location) mutable {
        Value v = emit(inner, yield.getOperand(result), scope);
        inner.create<scf::YieldOp>(loc, v);
      };
    };
    return b
        .create<scf::IfOp>(loc, emit(b, branch.getCondition(), scope),
                           side(branch.thenYield()), side(branch.elseYield()))
        .getResult(0);
  }
  SmallVector<Value> operands = emitAll(op->getOperands());
  Operation *copy = b.clone(*op);
  copy->setOperands(operands);
  return copy->getResult(cast<OpResult>(value).getResultNumber());
}

Value Env::emitForm(OpBuilder &b, const Form &form, const IRMapping &scope) {
  SmallVector<int64_t> coefficients;
  SmallVector<Value> values;
  for (auto [value, coefficient] : form.terms) {
    Value known = scope.lookupOrNull(value);
    values.push_back(known ? known : getParameter(value));
    coefficients.push_back(coefficient);
  }
  return emitLinear(b, loc, coefficients, values, form.constant);
}

Value Env::emitHolds(OpBuilder &b, const FormConstraint &constraint,
                     const IRMapping &scope) {
  return b.create<arith::CmpIOp>(
      loc,
      constraint.equality ? arith::CmpIPredicate::eq
                          : arith::CmpIPredicate::sge,
      emitForm(b, constraint.form, scope), constantIndex(b, loc, 0));
}

/// Runs through the table's domain with the indices in place of what it
/// iterates; what comes later is asked only if all before holds.
Value Env::emitContains(OpBuilder &b, dp::TableOp table, ValueRange indices) {
  IRMapping inside;
  using Condition = llvm::function_ref<Value(OpBuilder &)>;
  Value all;
  auto require = [&](bool loads, Condition condition) {
    if (!loads || !all) {
      Value next = condition(b);
      all = all ? b.create<arith::AndIOp>(loc, all, next).getResult() : next;
      return;
    }
    auto branch = b.create<scf::IfOp>(
        loc, all,
        [&](OpBuilder &then, Location) {
          then.create<scf::YieldOp>(loc, condition(then));
        },
        [&](OpBuilder &otherwise, Location) {
          Value no = otherwise.create<arith::ConstantIntOp>(loc, 0, 1);
          otherwise.create<scf::YieldOp>(loc, no);
        });
    all = branch.getResult(0);
  };
  auto loads = [&](Value value) {
    for (auto [term, coefficient] : forms.get(value).terms)
      if (!inside.contains(term) && !forms.isParameter(term))
        return true;
    return false;
  };
  unsigned next = 0;
  for (Operation &nested : table.getDomain().front()) {
    if (auto iterate = dyn_cast<dp::IterateOp>(nested)) {
      Value index = indices[next++];
      auto bound = [&](Value value, arith::CmpIPredicate predicate) {
        require(loads(value), [&](OpBuilder &at) -> Value {
          return at.create<arith::CmpIOp>(loc, predicate, index,
                                          emit(at, value, inside));
        });
      };
      bound(iterate.getLower(), arith::CmpIPredicate::sge);
      bound(iterate.getUpper(), arith::CmpIPredicate::slt);
      inside.map(iterate.getIndex(), index);
    } else if (auto where = dyn_cast<dp::WhereOp>(nested)) {
      require(true, [&](OpBuilder &at) {
        return emit(at, where.getCondition(), inside);
      });
    }
  }
  if (!all)
    all = b.create<arith::ConstantIntOp>(loc, 1, 1);
  return all;
}
