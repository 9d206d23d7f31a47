//===- AffineValues.cpp - SSA values to forms and formulas ----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/Affine.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::dp;
using namespace danskin;

//===----------------------------------------------------------------------===//
// Arithmetic on extreme forms
//===----------------------------------------------------------------------===//

/// More arguments than this and a maximum becomes an unknown.
static constexpr unsigned extremeLimit = 16;

static bool isInRange(const ExtremeForm &form) {
  return form.forms.size() <= extremeLimit &&
         llvm::all_of(form.forms, [](const LinearForm &linear) {
           return linear.magnitude() <= AffineSpace::coefficientLimit;
         });
}

static ExtremeForm scale(const ExtremeForm &form, int64_t factor) {
  ExtremeForm::Kind kind = form.kind;
  if (factor < 0 && kind != ExtremeForm::Linear)
    kind = kind == ExtremeForm::Max ? ExtremeForm::Min : ExtremeForm::Max;
  ExtremeForm scaled(kind, {});
  for (const LinearForm &linear : form.forms)
    scaled.forms.push_back(linear * factor);
  return scaled;
}

/// The sum of two forms of one kind, max(a) + max(b) = max(a + b).
static std::optional<ExtremeForm> add(const ExtremeForm &left,
                                      const ExtremeForm &right) {
  ExtremeForm::Kind kind =
      left.kind == ExtremeForm::Linear ? right.kind : left.kind;
  if (right.kind != ExtremeForm::Linear && right.kind != kind)
    return std::nullopt;
  if (left.forms.size() * right.forms.size() > extremeLimit)
    return std::nullopt;
  ExtremeForm sum(kind, {});
  for (const LinearForm &a : left.forms)
    for (const LinearForm &b : right.forms)
      sum.forms.push_back(a + b);
  return sum;
}

static std::optional<ExtremeForm> join(ExtremeForm::Kind kind,
                                       const ExtremeForm &left,
                                       const ExtremeForm &right) {
  ExtremeForm joined(kind, {});
  for (const ExtremeForm *form : {&left, &right}) {
    if (form->kind != ExtremeForm::Linear && form->kind != kind)
      return std::nullopt;
    joined.forms.append(form->forms.begin(), form->forms.end());
  }
  return joined;
}

Formula danskin::getNonNegative(const ExtremeForm &form) {
  std::vector<Formula> parts;
  for (const LinearForm &linear : form.forms)
    parts.push_back(Formula::nonNegative(linear));
  return form.kind == ExtremeForm::Max ? Formula::any(std::move(parts))
                                       : Formula::all(std::move(parts));
}

Formula danskin::getZero(const ExtremeForm &form) {
  if (form.kind == ExtremeForm::Linear)
    return Formula::zero(form.forms.front());
  return getNonNegative(form) & getNonNegative(scale(form, -1));
}

//===----------------------------------------------------------------------===//
// Index values
//===----------------------------------------------------------------------===//

/// Evaluates the operations that make index values; nothing where the result
/// is not affine.
struct AffineSpace::Evaluator {
  using Result = std::optional<ExtremeForm>;
  AffineSpace &space;

  Result checked(Result form) {
    return form && isInRange(*form) ? form : std::nullopt;
  }

  Result operand(Operation *op, unsigned number) {
    return space.getExtreme(op->getOperand(number));
  }

  Result sum(Result left, Result right, int64_t factor = 1) {
    if (!left || !right)
      return std::nullopt;
    return add(*left, scale(*right, factor));
  }

  Result product(Result left, Result right) {
    if (!left || !right)
      return std::nullopt;
    if (left->kind == ExtremeForm::Linear && left->forms[0].isConstant())
      std::swap(left, right);
    if (right->kind != ExtremeForm::Linear || !right->forms[0].isConstant())
      return std::nullopt;
    return scale(*left, right->forms[0].getConstant());
  }

  /// Division rounding down.
  Result quotient(Result left, Result right) {
    if (!left || !right || right->kind != ExtremeForm::Linear ||
        !right->forms[0].isConstant() || right->forms[0].getConstant() <= 0)
      return std::nullopt;
    int64_t divisor = right->forms[0].getConstant();
    if (divisor == 1)
      return left;
    // Rounding is monotone: it goes through max and min.
    ExtremeForm result(left->kind, {});
    for (const LinearForm &form : left->forms)
      result.forms.push_back(space.getQuotient(form, divisor));
    return result;
  }

  Result remainder(Result left, Result right) {
    if (!left || left->kind != ExtremeForm::Linear)
      return std::nullopt;
    Result whole = quotient(left, right);
    return whole ? sum(left, product(whole, right), -1) : std::nullopt;
  }

  Result negated(Result form) {
    return form ? Result(scale(*form, -1)) : std::nullopt;
  }

  Result extreme(ExtremeForm::Kind kind, Result left, Result right) {
    return left && right ? join(kind, *left, *right) : std::nullopt;
  }

  Result absolute(Result form) {
    return extreme(ExtremeForm::Max, form, negated(form));
  }

  /// `select (x < 0), -x, x` is how an absolute value may be written.
  Result select(arith::SelectOp op) {
    Result yes = operand(op, 1), no = operand(op, 2);
    auto compare = op.getCondition().getDefiningOp<arith::CmpIOp>();
    if (!yes || !no || !compare || yes->kind != ExtremeForm::Linear ||
        no->kind != ExtremeForm::Linear || !(yes->forms[0] == -no->forms[0]))
      return std::nullopt;
    Result left = space.getExtreme(compare.getLhs());
    Result right = space.getExtreme(compare.getRhs());
    Result tested = sum(left, right, -1);
    if (!tested || tested->kind != ExtremeForm::Linear ||
        !(tested->forms[0] == no->forms[0]))
      return std::nullopt;
    arith::CmpIPredicate predicate = compare.getPredicate();
    if (predicate != arith::CmpIPredicate::slt &&
        predicate != arith::CmpIPredicate::sle)
      return std::nullopt;
    return absolute(no);
  }

  Result expression(AffineExpr expr, unsigned numDims, ValueRange operands) {
    if (auto constant = dyn_cast<AffineConstantExpr>(expr))
      return ExtremeForm(LinearForm(constant.getValue()));
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      return space.getExtreme(operands[dim.getPosition()]);
    if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
      return space.getExtreme(operands[numDims + symbol.getPosition()]);
    auto binary = cast<AffineBinaryOpExpr>(expr);
    Result left = expression(binary.getLHS(), numDims, operands);
    Result right = expression(binary.getRHS(), numDims, operands);
    switch (expr.getKind()) {
    case AffineExprKind::Add:
      return checked(sum(left, right));
    case AffineExprKind::Mul:
      return checked(product(left, right));
    case AffineExprKind::FloorDiv:
      return checked(quotient(left, right));
    case AffineExprKind::CeilDiv:
      return checked(negated(quotient(negated(left), right)));
    case AffineExprKind::Mod:
      return checked(remainder(left, right));
    default:
      return std::nullopt;
    }
  }

  Result extremeOfMap(ExtremeForm::Kind kind, AffineMap map,
                      ValueRange operands) {
    Result joined;
    for (AffineExpr expr : map.getResults()) {
      Result result = expression(expr, map.getNumDims(), operands);
      if (!result)
        return std::nullopt;
      joined = joined ? extreme(kind, joined, result) : result;
    }
    return joined;
  }

  Result evaluate(Operation *op) {
    using Kind = ExtremeForm::Kind;
    return llvm::TypeSwitch<Operation *, Result>(op)
        .Case([&](affine::AffineApplyOp apply) {
          return expression(apply.getAffineMap().getResult(0),
                            apply.getAffineMap().getNumDims(),
                            apply.getOperands());
        })
        .Case([&](affine::AffineMinOp min) {
          return extremeOfMap(Kind::Min, min.getMap(), min.getOperands());
        })
        .Case([&](affine::AffineMaxOp max) {
          return extremeOfMap(Kind::Max, max.getMap(), max.getOperands());
        })
        .Case(
            [&](arith::AddIOp) { return sum(operand(op, 0), operand(op, 1)); })
        .Case([&](arith::SubIOp) {
          return sum(operand(op, 0), operand(op, 1), -1);
        })
        .Case([&](arith::MulIOp) {
          return product(operand(op, 0), operand(op, 1));
        })
        .Case([&](arith::FloorDivSIOp) {
          return quotient(operand(op, 0), operand(op, 1));
        })
        .Case([&](arith::CeilDivSIOp) {
          return negated(quotient(negated(operand(op, 0)), operand(op, 1)));
        })
        .Case([&](arith::MaxSIOp) {
          return extreme(Kind::Max, operand(op, 0), operand(op, 1));
        })
        .Case([&](arith::MinSIOp) {
          return extreme(Kind::Min, operand(op, 0), operand(op, 1));
        })
        .Case([&](math::AbsIOp) { return absolute(operand(op, 0)); })
        .Case([&](arith::SelectOp choice) { return select(choice); })
        .Case([&](arith::IndexCastOp) { return operand(op, 0); })
        .Case([&](ReadOp read) {
          return Result(ExtremeForm(space.getData(read)));
        })
        .Case([&](SourceOp source) {
          return Result(ExtremeForm(space.getSource(source)));
        })
        .Default([](Operation *) { return std::nullopt; });
  }
};

std::optional<ExtremeForm> AffineSpace::getExtreme(Value value) {
  if (auto bound = bindings.find(value); bound != bindings.end())
    return ExtremeForm(bound->second);
  Operation *op = value.getDefiningOp();
  if (!op || isa<IterateOp>(op)) {
    unsigned id = addIndex(getIndexName(value), value);
    return ExtremeForm(LinearForm::variable(id));
  }
  llvm::APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant))) {
    if (!constant.isSignedIntN(63))
      return std::nullopt;
    return Evaluator{*this}.checked(
        ExtremeForm(LinearForm(constant.getSExtValue())));
  }
  Evaluator evaluator{*this};
  return evaluator.checked(evaluator.evaluate(op));
}

std::optional<LinearForm> AffineSpace::getLinear(Value value) {
  std::optional<ExtremeForm> form = getExtreme(value);
  if (!form)
    return std::nullopt;
  return getSingle(*form);
}

LinearForm AffineSpace::getForm(Value value) {
  if (std::optional<LinearForm> form = getLinear(value))
    return *form;
  return getUnknown(value, /*boolean=*/false);
}

std::vector<LinearForm> AffineSpace::getForms(ValueRange values) {
  std::vector<LinearForm> forms;
  for (Value value : values)
    forms.push_back(getForm(value));
  return forms;
}

//===----------------------------------------------------------------------===//
// Conditions
//===----------------------------------------------------------------------===//

/// `difference` is left minus right.
static Formula compare(arith::CmpIPredicate predicate,
                       const ExtremeForm &difference) {
  auto below = [&] { // left <= right
    return getNonNegative(scale(difference, -1));
  };
  switch (predicate) {
  case arith::CmpIPredicate::eq:
    return getZero(difference);
  case arith::CmpIPredicate::ne:
    return !getZero(difference);
  case arith::CmpIPredicate::sge:
    return getNonNegative(difference);
  case arith::CmpIPredicate::slt:
    return !getNonNegative(difference);
  case arith::CmpIPredicate::sle:
    return below();
  case arith::CmpIPredicate::sgt:
    return !below();
  default:
    llvm_unreachable("an unsigned comparison is no affine condition");
  }
}

Formula AffineSpace::getCondition(Value condition) {
  llvm::APInt constant;
  if (matchPattern(condition, m_ConstantInt(&constant)))
    return Formula(!constant.isZero());
  auto choice = [&](Value when, Value yes, Value no) {
    // `and` and `or` are written so; naming the test once keeps chains of them
    // from growing exponentially.
    Formula test = getCondition(when);
    Formula then = getCondition(yes), otherwise = getCondition(no);
    if (otherwise.isFalse())
      return test & then;
    if (then.isTrue())
      return test | otherwise;
    return (test & then) | ((!test) & otherwise);
  };
  if (auto op = condition.getDefiningOp<arith::AndIOp>())
    return getCondition(op.getLhs()) & getCondition(op.getRhs());
  if (auto op = condition.getDefiningOp<arith::OrIOp>())
    return getCondition(op.getLhs()) | getCondition(op.getRhs());
  if (auto op = condition.getDefiningOp<arith::XOrIOp>()) {
    Formula left = getCondition(op.getLhs()), right = getCondition(op.getRhs());
    return (left & !right) | ((!left) & right);
  }
  if (auto op = condition.getDefiningOp<arith::SelectOp>())
    return choice(op.getCondition(), op.getTrueValue(), op.getFalseValue());
  if (auto op = condition.getDefiningOp<scf::IfOp>()) {
    unsigned number = cast<OpResult>(condition).getResultNumber();
    return choice(op.getCondition(), op.thenYield().getOperand(number),
                  op.elseYield().getOperand(number));
  }
  if (auto op = condition.getDefiningOp<ContainsOp>())
    return getDomain(op.getTable().getDefiningOp<TableOp>(),
                     getForms(op.getIndices()));
  auto op = condition.getDefiningOp<arith::CmpIOp>();
  if (op && op.getLhs().getType().isIndex() &&
      op.getPredicate() < arith::CmpIPredicate::ult) {
    std::optional<ExtremeForm> left = getExtreme(op.getLhs());
    std::optional<ExtremeForm> right = getExtreme(op.getRhs());
    if (left && right)
      if (auto difference = add(*left, scale(*right, -1)))
        return compare(op.getPredicate(), *difference);
  }
  // `unknown >= 1`: its negation is then `unknown <= 0`.
  return Formula::nonNegative(getUnknown(condition, /*boolean=*/true) -
                              LinearForm(1));
}

Formula AffineSpace::getRange(const LinearForm &index, Value lower,
                              Value upper) {
  auto bound = [&](Value value) {
    std::optional<ExtremeForm> form = getExtreme(value);
    return form ? *form : ExtremeForm(getUnknown(value, /*boolean=*/false));
  };
  // index - max(lowers) is a min; upper - 1 - index is affine in the upper.
  std::optional<ExtremeForm> above = add(index, scale(bound(lower), -1));
  std::optional<ExtremeForm> below =
      add(bound(upper), ExtremeForm(-index - LinearForm(1)));
  return getNonNegative(*above) & getNonNegative(*below);
}
