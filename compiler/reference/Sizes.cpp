//===- Sizes.cpp - sizes from the shapes of inputs ------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/reference/Sizes.h"
#include "compiler/frontend/AstWalk.h"
#include "compiler/reference/Instance.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace danskin::ast;

namespace danskin::reference {

std::vector<ArrayDecl> getArrays(const Program &program) {
  std::vector<ArrayDecl> arrays;
  for (const auto &input : program.inputs) {
    if (input->element == InputDecl::Dag) {
      arrays.push_back({input->name + ".indptr",
                        input.get(),
                        true,
                        {input->extents[0].get()},
                        1});
      arrays.push_back({input->name + ".src",
                        input.get(),
                        true,
                        {input->extents[1].get()},
                        0});
      continue;
    }
    ArrayDecl array{
        input->name, input.get(), input->element == InputDecl::Int, {}, 0};
    for (const ExprPtr &extent : input->extents)
      array.extents.push_back(extent.get());
    arrays.push_back(std::move(array));
  }
  return arrays;
}

//===----------------------------------------------------------------------===//
// Expressions over sizes
//===----------------------------------------------------------------------===//

namespace {
/// constant + coefficient * unknown.
struct Line {
  int64_t constant = 0, coefficient = 0;
};
} // namespace

static std::optional<Line> combine(BinaryExpr::Op op, Line a, Line b) {
  Line r;
  bool overflow = false;
  switch (op) {
  case BinaryExpr::Add:
    overflow = AddOverflow(a.constant, b.constant, r.constant) ||
               AddOverflow(a.coefficient, b.coefficient, r.coefficient);
    break;
  case BinaryExpr::Sub:
    overflow = SubOverflow(a.constant, b.constant, r.constant) ||
               SubOverflow(a.coefficient, b.coefficient, r.coefficient);
    break;
  case BinaryExpr::Mul:
    if (a.coefficient)
      std::swap(a, b);
    if (a.coefficient)
      return std::nullopt;
    overflow = MulOverflow(a.constant, b.constant, r.constant) ||
               MulOverflow(a.constant, b.coefficient, r.coefficient);
    break;
  case BinaryExpr::Div:
    if (a.coefficient || b.coefficient || b.constant == 0)
      return std::nullopt;
    r.constant =
        a.constant / b.constant -
        (a.constant % b.constant && (a.constant < 0) != (b.constant < 0));
    break;
  case BinaryExpr::Pow:
    return std::nullopt;
  }
  if (overflow)
    return std::nullopt;
  return r;
}

/// The expression as a line in the one size that is not known, whose name is
/// put into `unknown`; nothing if it is no such line.
static std::optional<Line> toLine(const Expr &expr, const SizeMap &sizes,
                                  std::string &unknown) {
  if (auto *number = dyn_cast<NumberExpr>(&expr))
    return Line{number->integer, 0};
  if (auto *var = dyn_cast<VarExpr>(&expr)) {
    auto known = sizes.find(var->name);
    if (known != sizes.end())
      return Line{known->second, 0};
    if (!unknown.empty() && unknown != var->name)
      return std::nullopt;
    unknown = var->name;
    return Line{0, 1};
  }
  if (auto *negate = dyn_cast<NegateExpr>(&expr)) {
    std::optional<Line> line = toLine(*negate->operand, sizes, unknown);
    return line ? combine(BinaryExpr::Sub, {}, *line) : line;
  }
  if (auto *binary = dyn_cast<BinaryExpr>(&expr)) {
    std::optional<Line> lhs = toLine(*binary->lhs, sizes, unknown);
    std::optional<Line> rhs = toLine(*binary->rhs, sizes, unknown);
    if (lhs && rhs)
      return combine(binary->op, *lhs, *rhs);
  }
  return std::nullopt;
}

std::optional<int64_t> evaluateExtent(const Expr &expr, const SizeMap &sizes) {
  std::string unknown;
  std::optional<Line> line = toLine(expr, sizes, unknown);
  if (!line || line->coefficient != 0 || !unknown.empty())
    return std::nullopt;
  return line->constant;
}

std::string describeExtent(const Expr &expr) {
  if (auto *number = dyn_cast<NumberExpr>(&expr))
    return std::to_string(number->integer);
  if (auto *var = dyn_cast<VarExpr>(&expr))
    return var->name;
  if (auto *negate = dyn_cast<NegateExpr>(&expr))
    return "-" + describeExtent(*negate->operand);
  auto *binary = dyn_cast<BinaryExpr>(&expr);
  if (!binary)
    return "?";
  auto side = [&](const Expr &e) {
    std::string text = describeExtent(e);
    return isa<BinaryExpr>(e) ? "(" + text + ")" : text;
  };
  const char *symbols[] = {" + ", " - ", " * ", " / ", " ^ "};
  return side(*binary->lhs) + symbols[binary->op] + side(*binary->rhs);
}

//===----------------------------------------------------------------------===//
// Resolution
//===----------------------------------------------------------------------===//

namespace {
/// Sizes found so far, and by what.
struct Resolution {
  std::set<std::string> batched;
  SizeMap sizes = {};
  std::map<std::string, std::string> origins = {}; ///< "axis 1 of input `x`"
};
} // namespace

static constexpr StringLiteral theCall("the call");

static std::string describeAxis(const ArrayDecl &array, size_t axis,
                                const Resolution &found) {
  return ("axis " + Twine(axis + found.batched.count(array.name)) +
          " of input `" + array.name + "`")
      .str();
}

/// "`U + 1` = 6, where `U` is 5 by axis 1 of input `label`".
static std::string explain(const ArrayDecl &array, size_t axis,
                           const Resolution &found, int64_t value) {
  std::string text = describeExtent(*array.extents[axis]);
  if (array.plus)
    text += " + " + std::to_string(array.plus);
  bool isPlain = isa<VarExpr>(array.extents[axis]) && array.plus == 0;
  text = "`" + text + "` is " + std::to_string(value);
  for (const auto &[size, origin] : found.origins) {
    std::string unknown;
    SizeMap others = found.sizes;
    others.erase(size);
    if (toLine(*array.extents[axis], others, unknown); unknown != size)
      continue;
    if (isPlain)
      text += " by " + origin;
    else
      text += " (`" + size + "` = " + std::to_string(found.sizes.at(size)) +
              " by " + origin + ")";
  }
  return text;
}

/// Finds one more size from an axis; false if the axis gives none.
static Expected<bool> solve(const ArrayDecl &array, size_t axis, int64_t extent,
                            Resolution &found) {
  std::string unknown;
  std::optional<Line> line = toLine(*array.extents[axis], found.sizes, unknown);
  if (!line || line->coefficient == 0)
    return false;
  int64_t rest = extent - array.plus - line->constant;
  if (rest % line->coefficient != 0)
    return makeError(Fault::Size,
                     describeAxis(array, axis, found) + " has size " +
                         Twine(extent) + ", which no integer `" + unknown +
                         "` makes `" + describeExtent(*array.extents[axis]) +
                         "`");
  found.sizes[unknown] = rest / line->coefficient;
  found.origins[unknown] = describeAxis(array, axis, found);
  return true;
}

/// "N = 0 (axis 1 of input `x`)".
static std::string describeSize(const std::string &name,
                                const Resolution &found) {
  std::string text = name + " = " + std::to_string(found.sizes.at(name));
  auto origin = found.origins.find(name);
  bool isGiven = origin == found.origins.end() || origin->second == theCall;
  return isGiven ? text : text + " (" + origin->second + ")";
}

/// Checks signs and constraints (`size N >= 1`), in the words of the runtime.
static Error checkSizes(const Program &program, const Resolution &found) {
  for (const auto &size : program.sizes) {
    int64_t value = found.sizes.at(size->name);
    if (value < 0)
      return makeError(Fault::Size, "size `" + size->name + "`: " +
                                        describeSize(size->name, found) +
                                        ", but must be >= 0");
    if (size->constraint == SizeDecl::None)
      continue;
    std::optional<int64_t> bound = evaluateExtent(*size->bound, found.sizes);
    const char *symbols[] = {"", "==", ">=", "<="};
    bool holds =
        bound && (size->constraint == SizeDecl::Eq   ? value == *bound
                  : size->constraint == SizeDecl::Ge ? value >= *bound
                                                     : value <= *bound);
    if (holds)
      continue;
    std::string message = "the program demands `" + size->name + " " +
                          symbols[size->constraint] + " " +
                          describeExtent(*size->bound) + "`, but " +
                          describeSize(size->name, found);
    std::set<std::string> named = {size->name};
    walk(*size->bound, [&](const Expr &expr) {
      auto *var = dyn_cast<VarExpr>(&expr);
      if (var && named.insert(var->name).second)
        message += ", " + describeSize(var->name, found);
    });
    return makeError(Fault::Constraint, message);
  }
  return Error::success();
}

Expected<SizeMap> resolveSizes(const Program &program, const ShapeMap &shapes,
                               const SizeMap &given,
                               const std::set<std::string> &batched) {
  Resolution found{batched};
  for (const auto &[name, value] : given) {
    if (none_of(program.sizes, [&, &name = name](const auto &size) {
          return size->name == name;
        }))
      return makeError("`" + program.name + "` has no size `" + name + "`");
    found.sizes[name] = value;
    found.origins[name] = theCall.str();
  }
  std::vector<ArrayDecl> arrays = getArrays(program);
  for (bool changed = true; changed;) {
    changed = false;
    for (const ArrayDecl &array : arrays) {
      auto shape = shapes.find(array.name);
      if (shape == shapes.end())
        continue;
      if (shape->second.size() != array.extents.size())
        return makeError(Fault::Rank, "input `" + array.name + "` has rank " +
                                          Twine(shape->second.size()) +
                                          ", the program says " +
                                          Twine(array.extents.size()));
      for (size_t axis = 0; axis < array.extents.size(); ++axis) {
        Expected<bool> solved = solve(array, axis, shape->second[axis], found);
        if (!solved)
          return solved.takeError();
        changed |= *solved;
      }
    }
    for (const auto &size : program.sizes) {
      if (size->constraint != SizeDecl::Eq || found.sizes.count(size->name))
        continue;
      if (auto value = evaluateExtent(*size->bound, found.sizes)) {
        found.sizes[size->name] = *value;
        found.origins[size->name] = "its declaration";
        changed = true;
      }
    }
  }
  for (const auto &size : program.sizes)
    if (!found.sizes.count(size->name))
      return makeError(Fault::Size,
                       "the size `" + size->name +
                           "` is determined by no input that is given: pass `" +
                           size->name + "=...`");
  for (const ArrayDecl &array : arrays) {
    auto shape = shapes.find(array.name);
    for (size_t axis = 0; shape != shapes.end() && axis < array.extents.size();
         ++axis) {
      auto value = evaluateExtent(*array.extents[axis], found.sizes);
      if (!value || *value + array.plus != shape->second[axis])
        return makeError(
            Fault::Shape,
            describeAxis(array, axis, found) + " has size " +
                Twine(shape->second[axis]) + ", but " +
                explain(array, axis, found, value.value_or(0) + array.plus));
    }
  }
  if (Error error = checkSizes(program, found))
    return error;
  return found.sizes;
}

std::vector<std::string> getFreeSizes(const Program &program) {
  SizeMap known;
  for (bool changed = true; changed;) {
    changed = false;
    auto learn = [&](const Expr &expr) {
      std::string unknown;
      std::optional<Line> line = toLine(expr, known, unknown);
      if (line && line->coefficient)
        changed = known.insert({unknown, 1}).second;
    };
    for (const ArrayDecl &array : getArrays(program))
      for (const Expr *extent : array.extents)
        learn(*extent);
    for (const auto &size : program.sizes)
      if (size->constraint == SizeDecl::Eq &&
          evaluateExtent(*size->bound, known))
        changed |= known.insert({size->name, 1}).second;
  }
  std::vector<std::string> free;
  for (const auto &size : program.sizes)
    if (!known.count(size->name))
      free.push_back(size->name);
  return free;
}

Error checkSizes(const Program &program, const SizeMap &sizes) {
  Resolution found{{}, sizes};
  return checkSizes(program, found);
}

} // namespace danskin::reference
