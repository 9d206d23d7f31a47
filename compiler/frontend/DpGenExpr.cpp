//===- DpGenExpr.cpp - expressions and conditions -------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/DpGenImpl.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace danskin;
using namespace danskin::dpgen;
using llvm::cast;
using llvm::dyn_cast;
using llvm::isa;

//===----------------------------------------------------------------------===//
// Small pieces
//===----------------------------------------------------------------------===//

Value Expressions::constantIndex(Location loc, int64_t value) {
  return builder.create<arith::ConstantIndexOp>(loc, value);
}

Value Expressions::constantBool(Location loc, bool value) {
  return builder.create<arith::ConstantIntOp>(loc, value, 1);
}

Value Expressions::emitAffine(Location loc, AffineExpr expr,
                              ValueRange operands) {
  // Constants fold into the map, so that `i - 1` reads as one.
  SmallVector<AffineExpr> dims;
  SmallVector<Value> kept;
  for (Value operand : operands) {
    if (auto constant = operand.getDefiningOp<arith::ConstantIndexOp>()) {
      dims.push_back(builder.getAffineConstantExpr(constant.value()));
    } else {
      dims.push_back(builder.getAffineDimExpr(kept.size()));
      kept.push_back(operand);
    }
  }
  expr = simplifyAffineExpr(expr.replaceDims(dims), kept.size(), 0);
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constantIndex(loc, constant.getValue());
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return kept[dim.getPosition()];
  auto map = AffineMap::get(kept.size(), 0, expr);
  return builder.create<affine::AffineApplyOp>(loc, map, kept);
}

/// `lhs and rhs`, both already evaluated.
Value Expressions::conjunction(Location loc, Value lhs, Value rhs) {
  if (!lhs)
    return rhs;
  if (!rhs)
    return lhs;
  return builder.create<arith::AndIOp>(loc, lhs, rhs);
}

//===----------------------------------------------------------------------===//
// Indices
//===----------------------------------------------------------------------===//

Value Expressions::emitIndex(const ast::Expr &expr) {
  Location loc = locations.get(expr.range);
  switch (expr.kind) {
  case ast::Expr::Number:
    return constantIndex(loc, cast<ast::NumberExpr>(&expr)->integer);
  case ast::Expr::Var: {
    Value value = lookup(cast<ast::VarExpr>(&expr)->decl);
    if (isa<dp::ArrayType>(value.getType()))
      return builder.create<dp::ReadOp>(loc, value, ValueRange());
    return value;
  }
  case ast::Expr::Read:
    return emitArrayRead(*cast<ast::ReadExpr>(&expr));
  case ast::Expr::Source: {
    auto &source = *cast<ast::SourceExpr>(&expr);
    Value edge = emitIndex(*source.edge);
    auto *var = dyn_cast<ast::VarExpr>(source.edge.get());
    return builder.create<dp::SourceOp>(loc, graphs.at(source.graph).second,
                                        edge, vertices.at(var->decl));
  }
  case ast::Expr::Negate:
    return emitAffine(loc, -builder.getAffineDimExpr(0),
                      emitIndex(*cast<ast::NegateExpr>(&expr)->operand));
  case ast::Expr::Binary:
    return emitBinaryIndex(*cast<ast::BinaryExpr>(&expr));
  case ast::Expr::Call:
    return emitCallIndex(*cast<ast::CallExpr>(&expr));
  case ast::Expr::If:
    return emitIf(*cast<ast::IfExpr>(&expr), builder.getIndexType(),
                  [&](const ast::Expr &e) { return emitIndex(e); });
  case ast::Expr::None:
  case ast::Expr::Choice:
    break;
  }
  llvm_unreachable("Sema lets only integers into an index");
}

Value Expressions::emitBinaryIndex(const ast::BinaryExpr &binary) {
  Location loc = locations.get(binary.range);
  Value lhs = emitIndex(*binary.lhs), rhs = emitIndex(*binary.rhs);
  AffineExpr a = builder.getAffineDimExpr(0), b = builder.getAffineDimExpr(1);
  auto isConstant = [](Value value) {
    return value.getDefiningOp<arith::ConstantIndexOp>() != nullptr;
  };
  switch (binary.op) {
  case ast::BinaryExpr::Add:
    return emitAffine(loc, a + b, {lhs, rhs});
  case ast::BinaryExpr::Sub:
    return emitAffine(loc, a - b, {lhs, rhs});
  case ast::BinaryExpr::Mul:
    if (!isConstant(lhs) && !isConstant(rhs))
      return builder.create<arith::MulIOp>(loc, lhs, rhs);
    return emitAffine(loc, a * b, {lhs, rhs});
  case ast::BinaryExpr::Div:
    if (!isConstant(rhs))
      return builder.create<arith::FloorDivSIOp>(loc, lhs, rhs);
    return emitAffine(loc, a.floorDiv(b), {lhs, rhs});
  case ast::BinaryExpr::Pow:
    break;
  }
  llvm_unreachable("Sema lets no power into an index");
}

/// abs, fmax, fmin and clamp of integers.
Value Expressions::emitCallIndex(const ast::CallExpr &call) {
  Location loc = locations.get(call.range);
  SmallVector<Value> operands;
  for (const ast::ExprPtr &argument : call.arguments)
    operands.push_back(emitIndex(*argument));
  AffineExpr a = builder.getAffineDimExpr(0), b = builder.getAffineDimExpr(1);
  auto map = [&](ArrayRef<AffineExpr> results, unsigned dims) {
    return AffineMap::get(dims, 0, results, builder.getContext());
  };
  switch (call.function) {
  case ast::CallExpr::Abs:
    return builder.create<affine::AffineMaxOp>(loc, map({a, -a}, 1), operands);
  case ast::CallExpr::FMax:
    return builder.create<affine::AffineMaxOp>(loc, map({a, b}, 2), operands);
  case ast::CallExpr::FMin:
    return builder.create<affine::AffineMinOp>(loc, map({a, b}, 2), operands);
  case ast::CallExpr::Clamp: {
    Value above = builder.create<affine::AffineMaxOp>(
        loc, map({a, b}, 2), ValueRange{operands[0], operands[1]});
    return builder.create<affine::AffineMinOp>(loc, map({a, b}, 2),
                                               ValueRange{above, operands[2]});
  }
  default:
    llvm_unreachable("Sema lets no other function of integers into an index");
  }
}

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

Value Expressions::emitBody(const ast::Expr &expr) {
  firsts = ast::numberAlternatives(expr);
  return emitFloat(expr);
}

Value Expressions::emitFloat(const ast::Expr &expr) {
  Location loc = locations.get(expr.range);
  Type f64 = builder.getF64Type();
  if (auto *number = dyn_cast<ast::NumberExpr>(&expr))
    return builder.create<arith::ConstantOp>(
        loc, builder.getF64FloatAttr(number->value));
  // Where a float is wanted, arithmetic on integers is arithmetic on floats,
  // but the leaves (indices, integer inputs) are integers.
  if (expr.type == ast::Type::Int && !isa<ast::BinaryExpr>(&expr) &&
      !isa<ast::IfExpr>(&expr)) {
    Value wide = builder.create<arith::IndexCastOp>(loc, builder.getI64Type(),
                                                    emitIndex(expr));
    return builder.create<arith::SIToFPOp>(loc, f64, wide);
  }
  switch (expr.kind) {
  case ast::Expr::None:
    return builder.create<dp::NoneOp>(loc);
  case ast::Expr::Var:
    return builder.create<dp::ReadOp>(
        loc, lookup(cast<ast::VarExpr>(&expr)->decl), ValueRange());
  case ast::Expr::Read:
    return emitRead(*cast<ast::ReadExpr>(&expr));
  case ast::Expr::Call:
    return emitCall(*cast<ast::CallExpr>(&expr));
  case ast::Expr::Negate:
    return builder.create<arith::NegFOp>(
        loc, emitFloat(*cast<ast::NegateExpr>(&expr)->operand));
  case ast::Expr::Binary:
    return emitBinaryFloat(*cast<ast::BinaryExpr>(&expr));
  case ast::Expr::If:
    return emitIf(*cast<ast::IfExpr>(&expr), f64,
                  [&](const ast::Expr &e) { return emitFloat(e); });
  case ast::Expr::Choice:
    return emitChoice(*cast<ast::ChoiceExpr>(&expr));
  case ast::Expr::Number:
  case ast::Expr::Source:
    break;
  }
  llvm_unreachable("handled above");
}

Value Expressions::emitBinaryFloat(const ast::BinaryExpr &binary) {
  Location loc = locations.get(binary.range);
  if (binary.op == ast::BinaryExpr::Pow)
    return emitPower(loc, binary);
  Value lhs = emitFloat(*binary.lhs), rhs = emitFloat(*binary.rhs);
  switch (binary.op) {
  case ast::BinaryExpr::Add:
    return builder.create<arith::AddFOp>(loc, lhs, rhs);
  case ast::BinaryExpr::Sub:
    return builder.create<arith::SubFOp>(loc, lhs, rhs);
  case ast::BinaryExpr::Mul:
    return builder.create<arith::MulFOp>(loc, lhs, rhs);
  case ast::BinaryExpr::Div:
    return builder.create<arith::DivFOp>(loc, lhs, rhs);
  case ast::BinaryExpr::Pow:
    break;
  }
  llvm_unreachable("handled above");
}

/// Small whole powers are products: exact, and no call.
Value Expressions::emitPower(Location loc, const ast::BinaryExpr &power) {
  Value base = emitFloat(*power.lhs);
  auto *number = dyn_cast<ast::NumberExpr>(power.rhs.get());
  if (number && number->isInteger && number->integer >= 1 &&
      number->integer <= 4) {
    Value product = base;
    for (int64_t i = 1; i < number->integer; ++i)
      product = builder.create<arith::MulFOp>(loc, product, base);
    return product;
  }
  return builder.create<math::PowFOp>(loc, base, emitFloat(*power.rhs));
}

Value Expressions::emitCall(const ast::CallExpr &call) {
  Location loc = locations.get(call.range);
  SmallVector<Value> x;
  for (const ast::ExprPtr &argument : call.arguments)
    x.push_back(emitFloat(*argument));
  switch (call.function) {
  case ast::CallExpr::Exp:
    return builder.create<math::ExpOp>(loc, x[0]);
  case ast::CallExpr::Log:
    return builder.create<math::LogOp>(loc, x[0]);
  case ast::CallExpr::Sqrt:
    return builder.create<math::SqrtOp>(loc, x[0]);
  case ast::CallExpr::Abs:
    return builder.create<math::AbsFOp>(loc, x[0]);
  case ast::CallExpr::Tanh:
    return builder.create<math::TanhOp>(loc, x[0]);
  case ast::CallExpr::FMax:
    return builder.create<arith::MaximumFOp>(loc, x[0], x[1]);
  case ast::CallExpr::FMin:
    return builder.create<arith::MinimumFOp>(loc, x[0], x[1]);
  case ast::CallExpr::Clamp: {
    Value above = builder.create<arith::MaximumFOp>(loc, x[0], x[1]);
    return builder.create<arith::MinimumFOp>(loc, above, x[2]);
  }
  }
  llvm_unreachable("unknown function");
}

template <typename Emit>
Value Expressions::emitIf(const ast::IfExpr &expr, Type type, Emit emit) {
  Location loc = locations.get(expr.range);
  Value condition = emitCond(*expr.condition);
  auto ifOp = builder.create<scf::IfOp>(loc, type, condition, true);
  OpBuilder::InsertionGuard guard(builder);
  auto branch = [&](Block *block, const ast::Expr &value) {
    builder.setInsertionPointToStart(block);
    builder.create<scf::YieldOp>(loc, emit(value));
  };
  branch(ifOp.thenBlock(), *expr.thenValue);
  branch(ifOp.elseBlock(), *expr.elseValue);
  return ifOp.getResult(0);
}

//===----------------------------------------------------------------------===//
// Reads
//===----------------------------------------------------------------------===//

SmallVector<Value> Expressions::emitIndices(const ast::ReadExpr &read) {
  SmallVector<Value> indices;
  for (const ast::ExprPtr &index : read.indices)
    indices.push_back(emitIndex(*index));
  return indices;
}

Value Expressions::emitArrayRead(const ast::ReadExpr &read) {
  SmallVector<Value> indices = emitIndices(read);
  return builder.create<dp::ReadOp>(locations.get(read.range),
                                    lookup(read.decl), indices);
}

/// Does the cell lie in the table's domain, the element in the input's extents?
Value Expressions::emitContains(const ast::ReadExpr &read) {
  SmallVector<Value> indices = emitIndices(read);
  Location loc = locations.get(read.range);
  Value array = lookup(read.decl);
  auto input = array.getDefiningOp<dp::InputOp>();
  if (!input)
    return builder.create<dp::ContainsOp>(loc, array, indices);
  Value inside = constantBool(loc, true), zero = constantIndex(loc, 0);
  for (auto [index, extent] : llvm::zip(indices, input.getExtents())) {
    for (auto [predicate, bound] :
         {std::pair(arith::CmpIPredicate::sge, zero),
          std::pair(arith::CmpIPredicate::slt, Value(extent))})
      inside = conjunction(
          loc, inside,
          builder.create<arith::CmpIOp>(loc, predicate, index, bound));
  }
  return inside;
}

/// `T[e]`, `T[e]?` (whose condition the arm has asked already) or
/// `T[e]? else c`.
Value Expressions::emitRead(const ast::ReadExpr &read) {
  if (!read.otherwise)
    return emitArrayRead(read);
  Location loc = locations.get(read.range);
  auto ifOp = builder.create<scf::IfOp>(loc, builder.getF64Type(),
                                        emitContains(read), true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(ifOp.thenBlock());
  builder.create<scf::YieldOp>(loc, emitArrayRead(read));
  builder.setInsertionPointToStart(ifOp.elseBlock());
  builder.create<scf::YieldOp>(loc, emitFloat(*read.otherwise));
  return ifOp.getResult(0);
}

//===----------------------------------------------------------------------===//
// Conditions
//===----------------------------------------------------------------------===//

static arith::CmpIPredicate indexPredicate(ast::CompareCond::Op op) {
  switch (op) {
  case ast::CompareCond::Eq:
    return arith::CmpIPredicate::eq;
  case ast::CompareCond::Ne:
    return arith::CmpIPredicate::ne;
  case ast::CompareCond::Lt:
    return arith::CmpIPredicate::slt;
  case ast::CompareCond::Le:
    return arith::CmpIPredicate::sle;
  case ast::CompareCond::Gt:
    return arith::CmpIPredicate::sgt;
  case ast::CompareCond::Ge:
    return arith::CmpIPredicate::sge;
  }
  llvm_unreachable("unknown comparison");
}

static arith::CmpFPredicate floatPredicate(ast::CompareCond::Op op) {
  switch (op) {
  case ast::CompareCond::Eq:
    return arith::CmpFPredicate::OEQ;
  case ast::CompareCond::Ne:
    return arith::CmpFPredicate::UNE;
  case ast::CompareCond::Lt:
    return arith::CmpFPredicate::OLT;
  case ast::CompareCond::Le:
    return arith::CmpFPredicate::OLE;
  case ast::CompareCond::Gt:
    return arith::CmpFPredicate::OGT;
  case ast::CompareCond::Ge:
    return arith::CmpFPredicate::OGE;
  }
  llvm_unreachable("unknown comparison");
}

Value Expressions::emitCond(const ast::Cond &cond) {
  Location loc = locations.get(cond.range);
  if (auto *compare = dyn_cast<ast::CompareCond>(&cond)) {
    if (compare->lhs->type == ast::Type::Int &&
        compare->rhs->type == ast::Type::Int) {
      Value lhs = emitIndex(*compare->lhs), rhs = emitIndex(*compare->rhs);
      return builder.create<arith::CmpIOp>(loc, indexPredicate(compare->op),
                                           lhs, rhs);
    }
    Value lhs = emitFloat(*compare->lhs), rhs = emitFloat(*compare->rhs);
    return builder.create<arith::CmpFOp>(loc, floatPredicate(compare->op), lhs,
                                         rhs);
  }
  if (auto *negation = dyn_cast<ast::NotCond>(&cond))
    return builder.create<arith::XOrIOp>(loc, emitCond(*negation->operand),
                                         constantBool(loc, true));
  // Short-circuit: what the left side rules out, the right side never reads.
  auto *logic = cast<ast::LogicCond>(&cond);
  Value lhs = emitCond(*logic->lhs);
  auto ifOp = builder.create<scf::IfOp>(loc, builder.getI1Type(), lhs, true);
  OpBuilder::InsertionGuard guard(builder);
  bool isAnd = cond.kind == ast::Cond::And;
  builder.setInsertionPointToStart(ifOp.thenBlock());
  Value then = isAnd ? emitCond(*logic->rhs) : constantBool(loc, true);
  builder.create<scf::YieldOp>(loc, then);
  builder.setInsertionPointToStart(ifOp.elseBlock());
  Value otherwise = isAnd ? constantBool(loc, false) : emitCond(*logic->rhs);
  builder.create<scf::YieldOp>(loc, otherwise);
  return ifOp.getResult(0);
}
