//===- Indices.cpp - integers, ranges and domains -------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/reference/Indices.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <functional>

using namespace llvm;
using namespace danskin::ast;

namespace danskin::reference {

const int64_t *Frame::find(const Decl *binder) const {
  for (auto &[decl, value] : reverse(bindings))
    if (decl == binder)
      return &value;
  return nullptr;
}

bool Box::contains(ArrayRef<int64_t> index) const {
  for (size_t d = 0; d < index.size(); ++d)
    if (index[d] < origin[d] || index[d] - origin[d] >= shape[d])
      return false;
  return true;
}

int64_t Box::flatten(ArrayRef<int64_t> index) const {
  int64_t flat = 0;
  for (size_t d = 0; d < index.size(); ++d)
    flat = flat * shape[d] + (index[d] - origin[d]);
  return flat;
}

const Binders &getBinders(const Decl &decl) {
  if (auto *let = dyn_cast<LetDecl>(&decl))
    return let->binders;
  return cast<TableDecl>(decl).binders;
}

std::string describeCell(StringRef name, ArrayRef<int64_t> index) {
  std::string text = name.str() + "[";
  for (size_t d = 0; d < index.size(); ++d)
    text += (d ? ", " : "") + std::to_string(index[d]);
  return text + "]";
}

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

int64_t Indices::readInt(const std::string &name, ArrayRef<int64_t> index) {
  const IntTensor &array = instance.ints.at(name);
  for (size_t d = 0; d < index.size(); ++d)
    if (index[d] < 0 || index[d] >= array.shape[d]) {
      fail("read of `" + describeCell(name, index) + "` outside of input `" +
           name + "` of shape " + toString(array.shape));
      return 0;
    }
  return array.at(index);
}

int64_t Indices::lookUp(const VarExpr &var, Frame &frame) {
  switch (var.decl->kind) {
  case Decl::Size:
    return instance.sizes.at(var.decl->name);
  case Decl::Binder:
    if (const int64_t *value = frame.find(var.decl))
      return *value;
    fail("`" + var.name + "` is not bound here");
    return 0;
  case Decl::Input:
    return readInt(var.decl->name, {});
  default:
    return evaluateLetAsInt(var, frame);
  }
}

int64_t Indices::evaluateIntBinary(const BinaryExpr &expr, Frame &frame) {
  int64_t lhs = evaluateInt(*expr.lhs, frame);
  int64_t rhs = evaluateInt(*expr.rhs, frame);
  int64_t result = 0;
  bool overflow = false;
  switch (expr.op) {
  case BinaryExpr::Add:
    overflow = AddOverflow(lhs, rhs, result);
    break;
  case BinaryExpr::Sub:
    overflow = SubOverflow(lhs, rhs, result);
    break;
  case BinaryExpr::Mul:
    overflow = MulOverflow(lhs, rhs, result);
    break;
  case BinaryExpr::Div:
    if (rhs == 0 || (rhs == -1 && lhs == INT64_MIN)) {
      fail("division by zero in an index");
      return 0;
    }
    // Towards minus infinity.
    result = lhs / rhs - (lhs % rhs != 0 && (lhs < 0) != (rhs < 0));
    break;
  case BinaryExpr::Pow:
    result = 1;
    for (int64_t k = 0; k < rhs && !overflow; ++k)
      overflow = MulOverflow(result, lhs, result);
    break;
  }
  if (overflow)
    fail("an index overflows 64 bits");
  return result;
}

int64_t Indices::evaluateIntCall(const CallExpr &call, Frame &frame) {
  SmallVector<int64_t, 3> args;
  for (const ExprPtr &argument : call.arguments)
    args.push_back(evaluateInt(*argument, frame));
  switch (call.function) {
  case CallExpr::Abs:
    return args[0] < 0 ? -args[0] : args[0];
  case CallExpr::FMax:
    return std::max(args[0], args[1]);
  case CallExpr::FMin:
    return std::min(args[0], args[1]);
  case CallExpr::Clamp:
    return std::min(std::max(args[0], args[1]), args[2]);
  default:
    return evaluateLetAsInt(call, frame);
  }
}

int64_t Indices::evaluateInt(const Expr &expr, Frame &frame) {
  switch (expr.kind) {
  case Expr::Number:
    return cast<NumberExpr>(expr).integer;
  case Expr::Var:
    return lookUp(cast<VarExpr>(expr), frame);
  case Expr::Read: {
    auto &read = cast<ReadExpr>(expr);
    if (!isa<InputDecl>(read.decl))
      return evaluateLetAsInt(expr, frame);
    Index index;
    for (const ExprPtr &e : read.indices)
      index.push_back(evaluateInt(*e, frame));
    return readInt(read.decl->name, index);
  }
  case Expr::Source: {
    auto &source = cast<SourceExpr>(expr);
    int64_t edge = evaluateInt(*source.edge, frame);
    return readInt(source.graph->name + ".src", {edge});
  }
  case Expr::Negate:
    return -evaluateInt(*cast<NegateExpr>(expr).operand, frame);
  case Expr::Binary:
    return evaluateIntBinary(cast<BinaryExpr>(expr), frame);
  case Expr::Call:
    return evaluateIntCall(cast<CallExpr>(expr), frame);
  case Expr::If: {
    auto &choice = cast<IfExpr>(expr);
    bool holds = evaluateCond(*choice.condition, frame) == Truth::True;
    return evaluateInt(holds ? *choice.thenValue : *choice.elseValue, frame);
  }
  case Expr::None:
  case Expr::Choice:
    return evaluateLetAsInt(expr, frame);
  }
  return 0;
}

//===----------------------------------------------------------------------===//
// Conditions
//===----------------------------------------------------------------------===//

Truth Indices::evaluateCond(const Cond &cond, Frame &frame) {
  switch (cond.kind) {
  case Cond::Compare: {
    auto &compare = cast<CompareCond>(cond);
    if (compare.lhs->type == Type::Float || compare.rhs->type == Type::Float)
      return compareFloats(compare, frame);
    int64_t a = evaluateInt(*compare.lhs, frame);
    int64_t b = evaluateInt(*compare.rhs, frame);
    bool holds[] = {a == b, a != b, a<b, a <= b, a> b, a >= b};
    return holds[compare.op] ? Truth::True : Truth::False;
  }
  case Cond::And:
  case Cond::Or: {
    auto &logic = cast<LogicCond>(cond);
    Truth lhs = evaluateCond(*logic.lhs, frame);
    Truth decisive = cond.kind == Cond::And ? Truth::False : Truth::True;
    if (lhs == decisive || lhs == Truth::Absent)
      return lhs;
    return evaluateCond(*logic.rhs, frame);
  }
  case Cond::Not: {
    Truth operand = evaluateCond(*cast<NotCond>(cond).operand, frame);
    if (operand == Truth::Absent)
      return operand;
    return operand == Truth::True ? Truth::False : Truth::True;
  }
  }
  return Truth::False;
}

//===----------------------------------------------------------------------===//
// Ranges and domains
//===----------------------------------------------------------------------===//

Interval Indices::evaluateRange(const IndexRange &range, Frame &frame) {
  if (range.isEdges()) {
    int64_t v = evaluateInt(*range.vertex, frame);
    std::string indptr = range.graph->name + ".indptr";
    return {readInt(indptr, {v}), readInt(indptr, {v + 1})};
  }
  int64_t lower = evaluateInt(*range.lower, frame);
  int64_t upper = evaluateInt(*range.upper, frame);
  return {lower, upper + range.inclusive};
}

bool Indices::forEachFrom(size_t first, const Binders &binders, Frame &frame,
                          function_ref<bool()> body) {
  if (first == binders.size())
    return body();
  Interval interval = evaluateRange(*binders[first]->values, frame);
  bool goesOn = true;
  for (int64_t i = interval.lower; i < interval.upper && goesOn && !failed();
       ++i) {
    frame.push(binders[first].get(), i);
    goesOn = forEachFrom(first + 1, binders, frame, body);
    frame.pop();
  }
  return goesOn;
}

bool Indices::forEach(const Binders &binders, Frame &frame,
                      function_ref<bool()> body) {
  return forEachFrom(0, binders, frame, body);
}

bool Indices::forEachElement(const OutputDecl &output,
                             function_ref<bool(Frame &, int64_t)> body) {
  Box box = getBox(output.binders);
  Frame frame;
  return forEach(output.binders, frame, [&] {
    Index index;
    for (const auto &binder : output.binders)
      index.push_back(*frame.find(binder.get()));
    return body(frame, box.flatten(index));
  });
}

bool Indices::inDomain(const Decl &decl, ArrayRef<int64_t> index) {
  const Binders &binders = getBinders(decl);
  Frame frame;
  for (auto [binder, i] : zip_equal(binders, index)) {
    Interval interval = evaluateRange(*binder->values, frame);
    if (i < interval.lower || i >= interval.upper)
      return false;
    frame.push(binder.get(), i);
  }
  auto *table = dyn_cast<TableDecl>(&decl);
  return !table || !table->where ||
         evaluateCond(*table->where, frame) == Truth::True;
}

/// Does the expression speak of this binder?
static bool mentions(const Expr *expr, const Decl *binder) {
  if (!expr)
    return false;
  auto inside = [&](const ExprPtr &e) { return mentions(e.get(), binder); };
  switch (expr->kind) {
  case Expr::Var:
    return cast<VarExpr>(expr)->decl == binder;
  case Expr::Read:
    return any_of(cast<ReadExpr>(expr)->indices, inside);
  case Expr::Source:
    return inside(cast<SourceExpr>(expr)->edge);
  case Expr::Negate:
    return inside(cast<NegateExpr>(expr)->operand);
  case Expr::Binary:
    return inside(cast<BinaryExpr>(expr)->lhs) ||
           inside(cast<BinaryExpr>(expr)->rhs);
  case Expr::Call:
    return any_of(cast<CallExpr>(expr)->arguments, inside);
  default:
    return false;
  }
}

static bool mentions(const IndexRange &range, const Decl *binder) {
  return mentions(range.lower.get(), binder) ||
         mentions(range.upper.get(), binder) ||
         mentions(range.vertex.get(), binder);
}

Box Indices::getBox(const Binders &binders) {
  Box box;
  for (size_t d = 0; d < binders.size(); ++d) {
    // The binders this range depends on, directly or not.
    SmallVector<const Binder *> needed;
    auto isNeeded = [&](const Binder &outer) {
      return mentions(*binders[d]->values, &outer) ||
             any_of(needed, [&](const Binder *inner) {
               return mentions(*inner->values, &outer);
             });
    };
    for (size_t k = d; k-- > 0;)
      if (isNeeded(*binders[k]))
        needed.push_back(binders[k].get());
    std::reverse(needed.begin(), needed.end());

    Interval hull{INT64_MAX, INT64_MIN};
    Frame frame;
    std::function<void(size_t)> visit = [&](size_t k) {
      auto &values = k < needed.size() ? needed[k]->values : binders[d]->values;
      Interval interval = evaluateRange(*values, frame);
      if (k == needed.size()) {
        if (interval.lower < interval.upper) {
          hull.lower = std::min(hull.lower, interval.lower);
          hull.upper = std::max(hull.upper, interval.upper);
        }
        return;
      }
      for (int64_t i = interval.lower; i < interval.upper && !failed(); ++i) {
        frame.push(needed[k], i);
        visit(k + 1);
        frame.pop();
      }
    };
    visit(0);
    bool empty = hull.lower >= hull.upper;
    box.origin.push_back(empty ? 0 : hull.lower);
    box.shape.push_back(empty ? 0 : hull.upper - hull.lower);
  }
  return box;
}

} // namespace danskin::reference
