//===- Forms.cpp - index values as linear forms ---------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Forms.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace danskin::conversion;

static constexpr int64_t coefficientLimit = int64_t(1) << 40;

bool Form::add(const Form &other, int64_t factor) {
  auto combine = [&](int64_t &to, int64_t from) {
    int64_t product;
    return !llvm::MulOverflow(from, factor, product) &&
           !llvm::AddOverflow(to, product, to) && to <= coefficientLimit &&
           to >= -coefficientLimit;
  };
  if (!combine(constant, other.constant))
    return false;
  for (auto [value, coefficient] : other.terms) {
    auto *term = llvm::find_if(
        terms, [value = value](auto &term) { return term.first == value; });
    if (term == terms.end())
      term = &terms.emplace_back(value, 0);
    if (!combine(term->second, coefficient))
      return false;
    if (term->second == 0)
      terms.erase(term);
  }
  return true;
}

FormConstraint danskin::conversion::order(const Form &smaller,
                                          const Form &greater, int64_t gap) {
  Form form = greater;
  form.add(smaller, -1);
  form.constant -= gap;
  return {form, false};
}

Forms::Forms(dp::ProgramOp program) {
  for (auto size : program.getBody().front().getOps<dp::SizeOp>())
    if (!size.getFixed())
      assumptions.push_back({Form::variable(size.getValue()), false});
  for (auto assume : program.getBody().front().getOps<dp::AssumeOp>())
    addCondition(assume.getCondition(), assumptions);
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

static std::optional<int64_t> getConstant(Value value) {
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return constant.getSExtValue();
  if (auto size = value.getDefiningOp<dp::SizeOp>())
    if (size.getFixed())
      return *size.getFixed();
  return std::nullopt;
}

Form Forms::get(Value value) {
  if (auto bound = bindings.find(value); bound != bindings.end())
    return bound->second;
  if (std::optional<int64_t> constant = getConstant(value))
    if (std::abs(*constant) <= coefficientLimit)
      return Form(*constant);
  Operation *op = value.getDefiningOp();
  Form form;
  if (isa_and_nonnull<arith::AddIOp, arith::SubIOp>(op)) {
    int64_t sign = isa<arith::AddIOp>(op) ? 1 : -1;
    if (form.add(get(op->getOperand(0))) &&
        form.add(get(op->getOperand(1)), sign))
      return form;
  }
  if (isa_and_nonnull<arith::MulIOp>(op)) {
    Form left = get(op->getOperand(0)), right = get(op->getOperand(1));
    if (!right.terms.empty())
      std::swap(left, right);
    if (right.terms.empty() && form.add(left, right.constant))
      return form;
  }
  return Form::variable(value);
}

bool Forms::isParameter(Value value) {
  if (value.getDefiningOp<dp::SizeOp>())
    return true;
  Operation *op = value.getDefiningOp();
  return op && !bindings.count(value) &&
         isa<arith::ArithDialect>(op->getDialect()) &&
         llvm::all_of(op->getOperands(),
                      [&](Value operand) { return isParameter(operand); });
}

template <typename Op>
static void collect(Forms &forms, Value value, SmallVector<Form, 2> &out) {
  if (auto op = value.getDefiningOp<Op>()) {
    collect<Op>(forms, op.getLhs(), out);
    collect<Op>(forms, op.getRhs(), out);
    return;
  }
  out.push_back(forms.get(value));
}

SmallVector<Form, 2> Forms::getMaxima(Value value) {
  SmallVector<Form, 2> out;
  collect<arith::MaxSIOp>(*this, value, out);
  return out;
}

SmallVector<Form, 2> Forms::getMinima(Value value) {
  SmallVector<Form, 2> out;
  collect<arith::MinSIOp>(*this, value, out);
  return out;
}

//===----------------------------------------------------------------------===//
// Conditions
//===----------------------------------------------------------------------===//

/// `smaller + gap <= greater`. A maximum on the left and a minimum on the right
/// dissolve into several constraints.
void Forms::addOrder(Value smaller, Value greater, int64_t gap,
                     SmallVectorImpl<FormConstraint> &constraints) {
  for (const Form &left : getMaxima(smaller))
    for (const Form &right : getMinima(greater))
      constraints.push_back(order(left, right, gap));
}

bool Forms::addCondition(Value condition,
                         SmallVectorImpl<FormConstraint> &constraints) {
  if (matchPattern(condition, m_One()))
    return true;
  Operation *op = condition.getDefiningOp();
  if (auto conjunction = dyn_cast_or_null<arith::AndIOp>(op)) {
    bool left = addCondition(conjunction.getLhs(), constraints);
    return addCondition(conjunction.getRhs(), constraints) && left;
  }
  if (auto branch = dyn_cast_or_null<scf::IfOp>(op)) {
    // `a and b` with short circuit: if a then b else false.
    unsigned result = cast<OpResult>(condition).getResultNumber();
    if (branch.getElseRegion().empty() ||
        !matchPattern(branch.elseYield().getOperand(result), m_Zero()))
      return false;
    bool left = addCondition(branch.getCondition(), constraints);
    return addCondition(branch.thenYield().getOperand(result), constraints) &&
           left;
  }
  auto compare = dyn_cast_or_null<arith::CmpIOp>(op);
  if (!compare || !compare.getLhs().getType().isIndex())
    return false;
  Value left = compare.getLhs(), right = compare.getRhs();
  switch (compare.getPredicate()) {
  case arith::CmpIPredicate::sle:
    addOrder(left, right, 0, constraints);
    return true;
  case arith::CmpIPredicate::slt:
    addOrder(left, right, 1, constraints);
    return true;
  case arith::CmpIPredicate::sge:
    addOrder(right, left, 0, constraints);
    return true;
  case arith::CmpIPredicate::sgt:
    addOrder(right, left, 1, constraints);
    return true;
  case arith::CmpIPredicate::eq: {
    Form difference = get(left);
    difference.add(get(right), -1);
    constraints.push_back({difference, true});
    return true;
  }
  default:
    return false;
  }
}

void Forms::addFacts(Value variable,
                     SmallVectorImpl<FormConstraint> &constraints) {
  Operation *op = variable.getDefiningOp();
  Form self = Form::variable(variable);
  if (auto read = dyn_cast_or_null<dp::ReadOp>(op)) {
    auto input = read.getArray().getDefiningOp<dp::InputOp>();
    if (!input || input.getValues().empty())
      return;
    Block &values = input.getValues().front();
    for (auto [argument, index] :
         llvm::zip_equal(values.getArguments(), read.getIndices()))
      bind(argument, get(index));
    for (const Form &lower : getMaxima(values.back().getOperand(0)))
      constraints.push_back(order(lower, self));
    for (const Form &upper : getMinima(values.back().getOperand(1)))
      constraints.push_back(order(self, upper, 1));
  } else if (auto source = dyn_cast_or_null<dp::SourceOp>(op)) {
    constraints.push_back({self, false});
    constraints.push_back(order(self, get(source.getVertex()), 1));
  } else if (isa_and_nonnull<arith::FloorDivSIOp>(op)) {
    std::optional<int64_t> divisor = getConstant(op->getOperand(1));
    if (!divisor || *divisor <= 0)
      return;
    Form dividend = get(op->getOperand(0)), product;
    product.add(self, *divisor);
    constraints.push_back(order(product, dividend));
    product.constant += *divisor - 1;
    constraints.push_back(order(dividend, product));
  } else if (isa_and_nonnull<arith::MaxSIOp>(op)) {
    for (const Form &part : getMaxima(variable))
      constraints.push_back(order(part, self));
  } else if (isa_and_nonnull<arith::MinSIOp>(op)) {
    for (const Form &part : getMinima(variable))
      constraints.push_back(order(self, part));
  }
}

//===----------------------------------------------------------------------===//
// Affine operations
//===----------------------------------------------------------------------===//

static Value expand(OpBuilder &b, Location loc, AffineExpr expr,
                    ValueRange dims, ValueRange symbols) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return b.create<arith::ConstantIndexOp>(loc, constant.getValue());
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return symbols[symbol.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expr);
  Value left = expand(b, loc, binary.getLHS(), dims, symbols);
  Value right = expand(b, loc, binary.getRHS(), dims, symbols);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return b.create<arith::AddIOp>(loc, left, right);
  case AffineExprKind::Mul:
    return b.create<arith::MulIOp>(loc, left, right);
  case AffineExprKind::FloorDiv:
    return b.create<arith::FloorDivSIOp>(loc, left, right);
  case AffineExprKind::CeilDiv:
    return b.create<arith::CeilDivSIOp>(loc, left, right);
  case AffineExprKind::Mod: {
    Value quotient = b.create<arith::FloorDivSIOp>(loc, left, right);
    Value whole = b.create<arith::MulIOp>(loc, quotient, right);
    return b.create<arith::SubIOp>(loc, left, whole);
  }
  default:
    llvm_unreachable("not an operation");
  }
}

template <typename Combine> static void expandOp(Operation *op, AffineMap map) {
  OpBuilder b(op);
  ValueRange dims = op->getOperands().take_front(map.getNumDims());
  ValueRange symbols = op->getOperands().drop_front(map.getNumDims());
  Value all;
  for (AffineExpr expr : map.getResults()) {
    Value value = expand(b, op->getLoc(), expr, dims, symbols);
    if constexpr (!std::is_void_v<Combine>)
      if (all)
        value = b.create<Combine>(op->getLoc(), all, value);
    all = value;
  }
  op->getResult(0).replaceAllUsesWith(all);
  op->erase();
}

void danskin::conversion::expandAffineOps(dp::ProgramOp program) {
  program.walk([](Operation *op) {
    if (auto apply = dyn_cast<affine::AffineApplyOp>(op))
      expandOp<void>(op, apply.getAffineMap());
    else if (auto max = dyn_cast<affine::AffineMaxOp>(op))
      expandOp<arith::MaxSIOp>(op, max.getMap());
    else if (auto min = dyn_cast<affine::AffineMinOp>(op))
      expandOp<arith::MinSIOp>(op, min.getMap());
  });
}
