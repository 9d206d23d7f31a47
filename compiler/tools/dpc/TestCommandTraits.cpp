//===- TestCommandTraits.cpp - which properties a program has -------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/TestCommandTraits.h"
#include "compiler/frontend/AstWalk.h"
#include "compiler/tools/dpc/TestCommandVisits.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace llvm;
using namespace danskin;
using namespace danskin::ast;

int ProgramTraits::getSign(const std::string &weight) const {
  auto found = weights.find(weight);
  if (found == weights.end())
    return 0;
  const Interval &coefficient = found->second;
  if (coefficient.lower >= 0)
    return coefficient.upper > 0;
  return coefficient.upper <= 0 ? -1 : 0;
}

//===----------------------------------------------------------------------===//
// Affine forms
//===----------------------------------------------------------------------===//

namespace {
/// What an expression is in weights and cells.
struct Affine {
  bool isAffine = true;
  std::map<std::string, Interval> weights;
  Interval cells;
  double largestCell = 0; ///< coefficient of a single read
  bool hasMax = false, hasMin = false;
  std::optional<double> number; ///< the value of a literal

  bool isConstant() const {
    return isAffine && weights.empty() && !cells.lower && !cells.upper &&
           !hasMax && !hasMin;
  }
};
} // namespace

static Affine getNonlinear() {
  Affine result;
  result.isAffine = false;
  return result;
}

static Interval operator+(Interval a, Interval b) {
  return {a.lower + b.lower, a.upper + b.upper};
}

static Interval hull(Interval a, Interval b) {
  return {std::min(a.lower, b.lower), std::max(a.upper, b.upper)};
}

static Interval scale(Interval a, double factor) {
  double x = a.lower ? a.lower * factor : 0, y = a.upper ? a.upper * factor : 0;
  return {std::min(x, y), std::max(x, y)};
}

/// Both, by `combine`; what one does not read it reads with coefficient 0.
template <class Combine>
static Affine merge(const Affine &a, const Affine &b, Combine combine) {
  Affine result;
  result.isAffine = a.isAffine && b.isAffine;
  for (const Affine *part : {&a, &b})
    for (const auto &[name, coefficient] : part->weights)
      result.weights[name] = {};
  auto get = [](const Affine &from, const std::string &name) {
    auto found = from.weights.find(name);
    return found == from.weights.end() ? Interval() : found->second;
  };
  for (auto &[name, coefficient] : result.weights)
    coefficient = combine(get(a, name), get(b, name));
  result.cells = combine(a.cells, b.cells);
  result.largestCell = std::max(a.largestCell, b.largestCell);
  result.hasMax = a.hasMax || b.hasMax;
  result.hasMin = a.hasMin || b.hasMin;
  return result;
}

static Affine add(const Affine &a, const Affine &b) {
  return merge(a, b, [](Interval x, Interval y) { return x + y; });
}

static Affine either(const Affine &a, const Affine &b) {
  return merge(a, b, [](Interval x, Interval y) { return hull(x, y); });
}

static Affine scale(Affine a, double factor) {
  for (auto &[name, coefficient] : a.weights)
    coefficient = ::scale(coefficient, factor);
  a.cells = ::scale(a.cells, factor);
  a.largestCell *= std::fabs(factor);
  if (factor < 0)
    std::swap(a.hasMax, a.hasMin);
  if (a.number)
    a.number = *a.number * factor;
  return a;
}

/// A sum of any number of such terms.
static Affine repeat(Affine a) {
  auto widen = [](Interval x) {
    return Interval{x.lower < 0 ? -INFINITY : 0, x.upper > 0 ? INFINITY : 0};
  };
  for (auto &[name, coefficient] : a.weights)
    coefficient = widen(coefficient);
  a.cells = widen(a.cells);
  a.number = std::nullopt;
  return a;
}

static bool readsFloats(const Cond &condition) {
  bool found = false;
  walk(condition, [&](const Expr &expr) { found |= expr.type == Type::Float; });
  return found;
}

static Affine getAffine(const Expr &expr);

static Affine getAffineRead(const Decl *decl, const std::string &name,
                            const Expr *otherwise) {
  Affine result;
  if (decl->kind == Decl::Table) {
    result.cells = {1, 1};
    result.largestCell = 1;
  } else {
    result.weights[name] = {1, 1};
  }
  return otherwise ? either(result, getAffine(*otherwise)) : result;
}

static Affine getAffineBinary(const BinaryExpr &expr) {
  Affine lhs = getAffine(*expr.lhs), rhs = getAffine(*expr.rhs);
  switch (expr.op) {
  case BinaryExpr::Add:
    return add(lhs, rhs);
  case BinaryExpr::Sub:
    return add(lhs, scale(rhs, -1));
  case BinaryExpr::Mul:
    if (lhs.number)
      return scale(rhs, *lhs.number);
    if (rhs.number)
      return scale(lhs, *rhs.number);
    break;
  case BinaryExpr::Div:
    if (rhs.number && *rhs.number != 0)
      return scale(lhs, 1 / *rhs.number);
    break;
  case BinaryExpr::Pow:
    break;
  }
  return lhs.isConstant() && rhs.isConstant() ? Affine() : getNonlinear();
}

static Affine getAffineChoice(const ChoiceExpr &expr) {
  std::optional<Affine> result;
  for (const Alternative &alternative : expr.alternatives) {
    Affine body = getAffine(*alternative.body);
    if (alternative.guard && readsFloats(*alternative.guard))
      return getNonlinear();
    if (expr.op == ChoiceExpr::Sum) {
      if (!alternative.binders.empty())
        body = repeat(body);
      if (alternative.guard)
        body = either(body, Affine());
      result = result ? add(*result, body) : body;
    } else {
      result = result ? either(*result, body) : body;
    }
  }
  result->number = std::nullopt;
  result->hasMax |= expr.op == ChoiceExpr::Max;
  result->hasMin |= expr.op == ChoiceExpr::Min;
  return *result;
}

static Affine getAffine(const Expr &expr) {
  if (expr.type == Type::Int && !isa<NumberExpr>(expr))
    return Affine();
  switch (expr.kind) {
  case Expr::Number: {
    Affine result;
    result.number = cast<NumberExpr>(expr).value;
    return result;
  }
  case Expr::None:
  case Expr::Source:
    return Affine();
  case Expr::Var:
    return getAffineRead(cast<VarExpr>(expr).decl, cast<VarExpr>(expr).name,
                         nullptr);
  case Expr::Read: {
    auto &read = cast<ReadExpr>(expr);
    return getAffineRead(read.decl, read.name, read.otherwise.get());
  }
  case Expr::Call:
    return all_of(cast<CallExpr>(expr).arguments,
                  [](const ExprPtr &argument) {
                    return getAffine(*argument).isConstant();
                  })
               ? Affine()
               : getNonlinear();
  case Expr::Negate:
    return scale(getAffine(*cast<NegateExpr>(expr).operand), -1);
  case Expr::Binary:
    return getAffineBinary(cast<BinaryExpr>(expr));
  case Expr::If: {
    auto &branch = cast<IfExpr>(expr);
    if (readsFloats(*branch.condition))
      return getNonlinear();
    return either(getAffine(*branch.thenValue), getAffine(*branch.elseValue));
  }
  case Expr::Choice:
    return getAffineChoice(cast<ChoiceExpr>(expr));
  }
  llvm_unreachable("a kind of expression");
}

//===----------------------------------------------------------------------===//
// Homogeneity
//===----------------------------------------------------------------------===//

namespace {
/// The degree of expressions where cells and gammas have degree `ofCells`.
class Degrees {
public:
  /// `any` is that of 0 and of what is absent.
  struct Degree {
    enum { Unknown, Any, Known } kind = Unknown;
    double value = 0;
  };

  explicit Degrees(double ofCells) : ofCells(ofCells) {}

  bool holds(const Program &program) {
    auto fits = [&](const Expr &expr) { return isOfCells(get(expr)); };
    return (!program.reg || isOfCellsIfGiven(*program.reg)) &&
           all_of(
               program.equations,
               [&](const auto &equation) { return fits(*equation->body); }) &&
           all_of(program.outputs,
                  [&](const auto &output) { return fits(*output->body); });
  }

private:
  static Degree known(double value) { return {Degree::Known, value}; }

  static Degree merge(Degree a, Degree b) {
    if (a.kind == Degree::Any)
      return b;
    if (b.kind == Degree::Any)
      return a;
    bool same = a.kind == Degree::Known && b.kind == Degree::Known &&
                a.value == b.value;
    return same ? a : Degree();
  }

  static Degree multiply(Degree a, Degree b, double sign) {
    if (a.kind == Degree::Unknown || b.kind == Degree::Unknown)
      return Degree();
    if (a.kind == Degree::Any)
      return a;
    // A quotient by 0 has no degree, a product with it is 0.
    if (b.kind == Degree::Any)
      return sign > 0 ? b : Degree();
    return known(a.value + sign * b.value);
  }

  bool isOfCells(Degree degree) const {
    return degree.kind == Degree::Any ||
           (degree.kind == Degree::Known && degree.value == ofCells);
  }
  bool isOfCellsIfGiven(const RegRef &reg) {
    return !reg.gamma || isOfCells(get(*reg.gamma));
  }

  Degree getRead(const Decl *decl, const Expr *otherwise) {
    Degree result = known(1);
    if (decl->kind == Decl::Table)
      result = known(ofCells);
    if (auto *let = dyn_cast<LetDecl>(decl))
      result = get(*let->body);
    return otherwise ? merge(result, get(*otherwise)) : result;
  }

  Degree getBinary(const BinaryExpr &expr) {
    Degree lhs = get(*expr.lhs), rhs = get(*expr.rhs);
    switch (expr.op) {
    case BinaryExpr::Add:
    case BinaryExpr::Sub:
      return merge(lhs, rhs);
    case BinaryExpr::Mul:
      return multiply(lhs, rhs, 1);
    case BinaryExpr::Div:
      return multiply(lhs, rhs, -1);
    case BinaryExpr::Pow:
      auto *exponent = dyn_cast<NumberExpr>(expr.rhs.get());
      if (!exponent || lhs.kind != Degree::Known)
        return Degree();
      return known(lhs.value * exponent->value);
    }
    llvm_unreachable("a binary operation");
  }

  Degree getCall(const CallExpr &expr) {
    std::optional<Degree> all;
    for (const ExprPtr &argument : expr.arguments)
      all = all ? merge(*all, get(*argument)) : get(*argument);
    switch (expr.function) {
    case CallExpr::Abs:
    case CallExpr::FMax:
    case CallExpr::FMin:
    case CallExpr::Clamp:
      return *all;
    case CallExpr::Sqrt:
      return all->kind == Degree::Known ? known(all->value / 2) : Degree();
    case CallExpr::Exp:
    case CallExpr::Log:
    case CallExpr::Tanh:
      return all->kind == Degree::Known && all->value == 0 ? *all : Degree();
    }
    llvm_unreachable("a function");
  }

  Degree getChoice(const ChoiceExpr &expr) {
    Degree result = {Degree::Any, 0};
    for (const Alternative &alternative : expr.alternatives) {
      if (alternative.guard && readsFloats(*alternative.guard))
        return Degree();
      result = merge(result, get(*alternative.body));
    }
    if (expr.op == ChoiceExpr::Sum)
      return result;
    bool fits = isOfCells(result) && (!expr.reg || isOfCellsIfGiven(*expr.reg));
    return fits ? result : Degree();
  }

  Degree get(const Expr &expr) {
    if (auto *number = dyn_cast<NumberExpr>(&expr))
      return number->value == 0 ? Degree{Degree::Any, 0} : known(0);
    if (expr.type == Type::Int)
      return known(0);
    switch (expr.kind) {
    case Expr::None:
      return {Degree::Any, 0};
    case Expr::Var:
      return getRead(cast<VarExpr>(expr).decl, nullptr);
    case Expr::Read:
      return getRead(cast<ReadExpr>(expr).decl,
                     cast<ReadExpr>(expr).otherwise.get());
    case Expr::Call:
      return getCall(cast<CallExpr>(expr));
    case Expr::Negate:
      return get(*cast<NegateExpr>(expr).operand);
    case Expr::Binary:
      return getBinary(cast<BinaryExpr>(expr));
    case Expr::If: {
      auto &branch = cast<IfExpr>(expr);
      if (readsFloats(*branch.condition))
        return Degree();
      return merge(get(*branch.thenValue), get(*branch.elseValue));
    }
    case Expr::Choice:
      return getChoice(cast<ChoiceExpr>(expr));
    case Expr::Number:
    case Expr::Source:
      break;
    }
    return known(0);
  }

  double ofCells;
};
} // namespace

//===----------------------------------------------------------------------===//
// All of a program
//===----------------------------------------------------------------------===//

/// Is the arithmetic exact on small whole numbers?
static bool isExactOn(const Expr &expr) {
  if (auto *number = dyn_cast<NumberExpr>(&expr))
    return std::fabs(number->value) < 1024 &&
           number->value * 8 == std::floor(number->value * 8);
  if (auto *call = dyn_cast<CallExpr>(&expr))
    return call->function == CallExpr::Abs ||
           call->function == CallExpr::FMax ||
           call->function == CallExpr::FMin ||
           call->function == CallExpr::Clamp;
  auto *binary = dyn_cast<BinaryExpr>(&expr);
  if (!binary || binary->inIndex)
    return true;
  return binary->op != BinaryExpr::Div && binary->op != BinaryExpr::Pow;
}

static void forEachBody(const Program &program, ExprVisitor visit) {
  for (const auto &let : program.lets)
    visit(*let->body);
  for (const auto &equation : program.equations)
    visit(*equation->body);
  for (const auto &output : program.outputs)
    visit(*output->body);
}

/// What is read by lets and as gammas.
static std::set<std::string> findIndirect(const Program &program) {
  std::set<std::string> names;
  auto collect = [&](const Expr &expr) {
    if (auto *var = dyn_cast<VarExpr>(&expr))
      names.insert(var->name);
    if (auto *read = dyn_cast<ReadExpr>(&expr))
      names.insert(read->name);
  };
  for (const auto &let : program.lets)
    walk(*let->body, collect);
  if (program.reg && program.reg->gamma)
    walk(*program.reg->gamma, collect);
  forEachBody(program, [&](const Expr &body) {
    walk(body, [&](const Expr &expr) {
      auto *choice = dyn_cast<ChoiceExpr>(&expr);
      if (choice && choice->reg && choice->reg->gamma)
        walk(*choice->reg->gamma, collect);
    });
  });
  return names;
}

static void setRegularizers(const Program &program, ProgramTraits &traits) {
  traits.isExact = true;
  traits.hasOwnGammas = program.reg && program.reg->gamma;
  forEachBody(program, [&](const Expr &body) {
    walk(body, [&](const Expr &expr) {
      traits.isExact &= isExactOn(expr);
      auto *choice = dyn_cast<ChoiceExpr>(&expr);
      if (!choice || !choice->reg)
        return;
      traits.hasOwnRegularizers = true;
      traits.hasOwnGammas |= choice->reg->gamma != nullptr;
    });
  });
}

ProgramTraits danskin::getTraits(const Program &program) {
  ProgramTraits traits;
  std::optional<Affine> all;
  auto take = [&](const Expr &body) {
    Affine own = getAffine(body);
    all = all ? either(*all, own) : own;
  };
  for (const auto &equation : program.equations)
    take(*equation->body);
  for (const auto &output : program.outputs)
    take(*output->body);
  traits.isLinear = all->isAffine;
  bool isOrdered = all->isAffine && all->cells.lower >= 0;
  traits.isMaxOnly = isOrdered && !all->hasMin;
  traits.isMinOnly = isOrdered && !all->hasMax;
  traits.isChain = all->isAffine && all->cells.upper <= 1;
  traits.amplifies = all->largestCell > 1;
  setRegularizers(program, traits);
  for (double degree : {1.0, 2.0, 3.0, 0.5})
    if (!traits.degree && Degrees(degree).holds(program))
      traits.degree = degree;
  if (!traits.isLinear)
    return traits;
  traits.weights = all->weights;
  std::set<std::string> indirect = findIndirect(program);
  for (const auto &input : program.inputs)
    if (traits.weights.count(input->name) && !indirect.count(input->name))
      traits.directInputs.insert(input->name);
  for (const auto &let : program.lets)
    if (traits.weights.count(let->name) && !indirect.count(let->name))
      traits.directLets.insert(let->name);
  for (const auto &[name, coefficient] : traits.weights)
    if (traits.isChain && coefficient.lower >= -1 && coefficient.upper <= 1 &&
        isMetOnce(program, name))
      traits.metOnce.insert(name);
  return traits;
}
