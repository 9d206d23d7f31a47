//===- CellOps.cpp - the operations of a cell -----------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Traceback.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace danskin::conversion;

void Cell::emitOp(OpBuilder &b, Operation *op) {
  if (isKnown(b, op))
    return;
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](dp::ReadOp op) { emitRead(b, op); })
      .Case([&](dp::SourceOp op) {
        scope.map(op.getResult(),
                  env.loadIndex(b, op.getSources(), getIndex(op.getEdge())));
      })
      .Case([&](dp::ContainsOp op) { emitContains(b, op); })
      .Case([&](dp::NoneOp op) {
        Value no = b.create<arith::ConstantIntOp>(loc, 0, 1);
        reals[op.getResult()] = {memory.emitFloat(b, 0.0), no, Value()};
      })
      .Case([&](dp::PresentOp op) {
        scope.map(op.getResult(),
                  emitIsPresent(b, get(op.getValue()), op.getAbove()));
      })
      .Case([&](dp::WeightOp op) { emitWeight(b, op); })
      .Case([&](dp::CurvatureOp op) {
        Real weight = getPlain(b, op.getWeight());
        reals[op.getResult()] = {
            op.getReg().emitCurvature(b, loc, weight.value), weight.present,
            Value()};
      })
      .Case([&](dp::ChooseOp op) { emitChoose(b, op); })
      .Case([&](dp::SumOp op) { emitSum(b, op); })
      .Case([&](scf::IfOp op) { emitIf(b, op); })
      .Case([&](dp::StepOp op) {
        path->emitStep(b, getIndices(op->getOperands()));
      })
      .Case([&](dp::DescendOp op) {
        path->emitDescend(b, op.getTable(), getIndices(op.getIndices()));
      })
      .Case([&](arith::SelectOp op) { emitSelect(b, op); })
      .Default([&](Operation *op) {
        if (!emitScaledOp(b, op) && !emitShareOp(b, op) && !emitQuotient(b, op))
          emitGeneric(b, op);
      });
}

void Cell::emitRead(OpBuilder &b, dp::ReadOp op) {
  SmallVector<Value> indices = getIndices(op.getIndices());
  Value result = op.getResult();
  if (op.getArray().getDefiningOp<dp::InputOp>()) {
    if (result.getType().isIndex()) {
      scope.map(result, memory.loadInput(b, op, indices));
    } else {
      reals[result] = {memory.loadInput(b, op, indices), Value(), Value()};
    }
    return;
  }
  TablePlan &table = plan.get(op.getArray());
  Memory::Raw raw;
  auto distance = strip ? strip->strips.distances.find(op)
                        : decltype(strip->strips.distances.find(op))();
  bool isBefore = strip && distance != strip->strips.distances.end();
  if (isBefore &&
      (distance->second != std::make_pair(0u, 0u) || !locals.contains(&table)))
    raw = strip->load(table, distance->second.first, distance->second.second);
  else if (!table.local && !isBefore)
    raw = memory.load(b, table, indices);
  else if (locals.contains(&table) || !path)
    raw = locals.lookup(&table);
  else
    raw = emitLocalAgain(b, table, indices);
  if (table.isIndex())
    scope.map(result, raw[0]);
  else
    reals[result] = memory.decode(b, table, raw);
}

/// Divides by a number that is the same for all cells, such as a temperature,
/// by its inverse: double precision has digits to spare for arrays of single
/// ones.
bool Cell::emitQuotient(OpBuilder &b, Operation *op) {
  auto quotient = dyn_cast<arith::DivFOp>(op);
  auto read =
      quotient ? quotient.getRhs().getDefiningOp<dp::ReadOp>() : dp::ReadOp();
  if (!plan.compute.isF64() || !plan.io.isF32() || !read ||
      !read.getIndices().empty() ||
      !read.getArray().getDefiningOp<dp::InputOp>())
    return false;
  Real dividend = getPlain(b, quotient.getLhs());
  reals[quotient.getResult()] = {
      b.create<arith::MulFOp>(loc, dividend.value, memory.getInverse(read)),
      dividend.present, Value()};
  return true;
}

/// A copy with the type of arithmetic; absent when an operand is.
void Cell::emitGeneric(OpBuilder &b, Operation *op) {
  SmallVector<Value> operands;
  Value present;
  for (Value operand : op->getOperands()) {
    if (!operand.getType().isF64()) {
      operands.push_back(getIndex(operand));
      continue;
    }
    Real real = getPlain(b, operand);
    operands.push_back(real.value);
    present = both(b, present, real.present);
  }
  Operation *copy = b.clone(*op);
  copy->setOperands(operands);
  for (auto [mine, theirs] :
       llvm::zip_equal(copy->getResults(), op->getResults())) {
    if (!theirs.getType().isF64()) {
      scope.map(theirs, mine);
      continue;
    }
    if (auto constant = dyn_cast<arith::ConstantOp>(copy)) {
      auto value = cast<FloatAttr>(constant.getValue());
      Value number = memory.emitFloat(b, value.getValueAsDouble());
      reals[theirs] = {number, Value(), Value()};
      copy->erase();
      return;
    }
    mine.setType(plan.compute);
    reals[theirs] = {mine, present, Value()};
  }
}

/// The branch taken decides presence.
void Cell::emitIf(OpBuilder &b, scf::IfOp op) {
  auto side = [&](Block *block) {
    return [&, block](OpBuilder &inner, Location) {
      SmallVector<Value> out;
      if (!block) {
        inner.create<scf::YieldOp>(loc);
        return;
      }
      for (Operation &nested : block->without_terminator())
        emitOp(inner, &nested);
      for (auto [result, value] : llvm::zip_equal(
               op.getResults(), block->getTerminator()->getOperands())) {
        if (!value.getType().isF64()) {
          out.push_back(getIndex(value));
          continue;
        }
        if (std::optional<LogUnit> unit = plan.units.get(result)) {
          Real real = getScaled(inner, value, *unit);
          out.append({real.value, real.exponent});
          continue;
        }
        Real real = getPlain(inner, value);
        out.push_back(real.value);
        if (mayBeAbsent(result))
          out.push_back(emitIsPresent(inner, real, /*above=*/false));
      }
      inner.create<scf::YieldOp>(loc, out);
    };
  };
  auto branch = b.create<scf::IfOp>(loc, getIndex(op.getCondition()),
                                    side(op.thenBlock()), side(op.elseBlock()));
  unsigned next = 0;
  for (Value result : op.getResults()) {
    Value mine = branch.getResult(next++);
    if (!result.getType().isF64()) {
      scope.map(result, mine);
      continue;
    }
    Real &real = reals[result] = {mine, Value(), Value()};
    if (plan.units.get(result))
      real.exponent = branch.getResult(next++);
    else if (mayBeAbsent(result))
      real.present = branch.getResult(next++);
  }
}

/// Means what the scf.if means that a canonicalization made it from.
void Cell::emitSelect(OpBuilder &b, Operation *op) {
  Value condition = getIndex(op->getOperand(0)), result = op->getResult(0);
  auto select = [&](Value left, Value right) -> Value {
    return b.create<arith::SelectOp>(loc, condition, left, right);
  };
  if (!result.getType().isF64()) {
    scope.map(result,
              select(getIndex(op->getOperand(1)), getIndex(op->getOperand(2))));
    return;
  }
  if (std::optional<LogUnit> unit = plan.units.get(result)) {
    Real left = getScaled(b, op->getOperand(1), *unit);
    Real right = getScaled(b, op->getOperand(2), *unit);
    reals[result] = {select(left.value, right.value), Value(),
                     select(left.exponent, right.exponent)};
    return;
  }
  Real left = getPlain(b, op->getOperand(1));
  Real right = getPlain(b, op->getOperand(2));
  Value present;
  if (left.present || right.present)
    present =
        select(emitIsPresent(b, left, false), emitIsPresent(b, right, false));
  reals[result] = {select(left.value, right.value), present, Value()};
}

void Cell::emitContains(OpBuilder &b, dp::ContainsOp op) {
  if (strip) {
    scope.map(op.getResult(), emitContainsInStrip(b, op));
    return;
  }
  scope.map(op.getResult(),
            env.emitContains(b, op.getTable().getDefiningOp<dp::TableOp>(),
                             getIndices(op.getIndices())));
}
