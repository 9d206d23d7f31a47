//===- DpGenChoices.cpp - choices, sums and what they run over ------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/DpGenImpl.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace danskin;
using namespace danskin::dpgen;
using llvm::cast;

std::pair<Value, Value> Expressions::emitRange(const ast::IndexRange &range) {
  Location loc = locations.get(range.range);
  AffineExpr d0 = builder.getAffineDimExpr(0);
  if (range.isEdges()) {
    Value indptr = graphs.at(range.graph).first;
    Value vertex = emitIndex(*range.vertex);
    Value next = emitAffine(loc, d0 + 1, vertex);
    return {builder.create<dp::ReadOp>(loc, indptr, vertex),
            builder.create<dp::ReadOp>(loc, indptr, next)};
  }
  Value lower = emitIndex(*range.lower), upper = emitIndex(*range.upper);
  if (range.inclusive)
    upper = emitAffine(loc, d0 + 1, upper);
  return {lower, upper};
}

void Expressions::emitBinder(const ast::Binder &binder) {
  auto [lower, upper] = emitRange(*binder.values);
  define(&binder, builder.create<dp::IterateOp>(
                      locations.get(binder.range), lower, upper,
                      builder.getStringAttr(binder.name)));
  if (binder.values->isEdges())
    vertices[&binder] = emitIndex(*binder.values->vertex);
}

Value Expressions::emitOptionalReads(const ast::Expr &expr) {
  Location loc = locations.get(expr.range);
  auto both = [&](const ast::Expr &a, const ast::Expr &b) {
    Value lhs = emitOptionalReads(a);
    return conjunction(loc, lhs, emitOptionalReads(b));
  };
  switch (expr.kind) {
  case ast::Expr::Read: {
    auto &read = *cast<ast::ReadExpr>(&expr);
    if (!read.optional || read.otherwise)
      return Value();
    Value inside = emitContains(read);
    inside.getDefiningOp()->setAttr("optional", builder.getUnitAttr());
    return inside;
  }
  case ast::Expr::Negate:
    return emitOptionalReads(*cast<ast::NegateExpr>(&expr)->operand);
  case ast::Expr::Binary: {
    auto &binary = *cast<ast::BinaryExpr>(&expr);
    return both(*binary.lhs, *binary.rhs);
  }
  case ast::Expr::Call: {
    Value all;
    for (const ast::ExprPtr &argument : cast<ast::CallExpr>(&expr)->arguments)
      all = conjunction(loc, all, emitOptionalReads(*argument));
    return all;
  }
  case ast::Expr::If: {
    // Only the branch taken asks. Built on trial: most branches ask nothing.
    auto &branch = *cast<ast::IfExpr>(&expr);
    Value condition = emitCond(*branch.condition);
    auto ifOp =
        builder.create<scf::IfOp>(loc, builder.getI1Type(), condition, true);
    OpBuilder::InsertionGuard guard(builder);
    bool asks = false;
    auto fill = [&](Block *block, const ast::Expr &value) {
      builder.setInsertionPointToStart(block);
      Value inside = emitOptionalReads(value);
      asks |= bool(inside);
      builder.create<scf::YieldOp>(loc,
                                   inside ? inside : constantBool(loc, true));
    };
    fill(ifOp.thenBlock(), *branch.thenValue);
    fill(ifOp.elseBlock(), *branch.elseValue);
    if (asks)
      return ifOp.getResult(0);
    ifOp.erase();
    return Value();
  }
  default:
    // A nested choice asks for its own candidates.
    return Value();
  }
}

void Expressions::emitArm(const ast::Alternative &alternative) {
  Location loc = locations.get(alternative.range);
  auto arm = builder.create<dp::ArmOp>(
      loc, alternative.label.empty()
               ? StringAttr()
               : builder.getStringAttr(alternative.label));
  OpBuilder::InsertionGuard guard(builder);
  builder.createBlock(&arm.getBody());
  for (const auto &binder : alternative.binders)
    emitBinder(*binder);
  // The guard first: data in the index of a `?` read may need it.
  if (alternative.guard)
    builder.create<dp::WhereOp>(locations.get(alternative.guard->range),
                                emitCond(*alternative.guard));
  if (Value inside = emitOptionalReads(*alternative.body))
    builder.create<dp::WhereOp>(loc, inside);
  builder.create<dp::YieldOp>(loc, emitFloat(*alternative.body));
}

Value Expressions::emitChoice(const ast::ChoiceExpr &choice) {
  Location loc = locations.get(choice.range);
  Operation *op;
  if (choice.op == ast::ChoiceExpr::Sum) {
    op = builder.create<dp::SumOp>(loc, builder.getF64Type());
  } else {
    dp::RegularizerAttrInterface reg;
    Value gamma;
    if (choice.reg) {
      reg = getRegularizer(choice.reg->name, builder.getContext());
      if (choice.reg->gamma)
        gamma = emitFloat(*choice.reg->gamma);
    } else if (standard && standard->gamma) {
      gamma = emitFloat(*standard->gamma);
    }
    auto sense =
        choice.op == ast::ChoiceExpr::Max ? dp::Sense::Max : dp::Sense::Min;
    op = builder.create<dp::ChooseOp>(loc, TypeRange(builder.getF64Type()),
                                      sense, reg, gamma);
    // For the rows of a path; PathSteps reads it.
    if (int64_t first = firsts.lookup(&choice))
      op->setAttr("first", builder.getI64IntegerAttr(first));
  }
  OpBuilder::InsertionGuard guard(builder);
  builder.createBlock(&op->getRegion(0));
  for (const ast::Alternative &alternative : choice.alternatives)
    emitArm(alternative);
  return op->getResult(0);
}
