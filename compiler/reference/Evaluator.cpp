//===- Evaluator.cpp - the meaning of a program, over any number ----------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/reference/Evaluator.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace danskin::ast;

namespace danskin::reference {

/// Cells computed within one another before an evaluation is suspended. Small
/// enough for the frames of an instrumented build on a stack of 8 MiB.
static constexpr unsigned maxDepth = 250;
/// Cells in the box of one table.
static constexpr int64_t maxCells = int64_t(1) << 28;

template <class T>
Evaluator<T>::Evaluator(const Program &program, const Instance &instance,
                        const std::optional<std::string> &override,
                        bool allHard, const Variation &variation)
    : Indices(program, instance), override(override), allHard(allHard),
      variation(variation) {}

//===----------------------------------------------------------------------===//
// Leaves
//===----------------------------------------------------------------------===//

static void setLeaf(double &number, double value, double, int64_t) {
  number = value;
}
/// `slot` is within the window, or negative.
template <class S, unsigned W>
static void setLeaf(Dual<S, W> &number, double value, double direction,
                    int64_t slot) {
  setLeaf(number.value, value, 0, -1);
  if constexpr (!std::is_same_v<S, double>)
    number.value.partials[0] = direction;
  if (slot >= 0 && slot < int64_t(W))
    number.partials[slot] = S(1);
}

template <class T>
T Evaluator<T>::makeLeaf(double value, const std::string &name, int64_t flat) {
  T number{};
  auto found = variation.slots.find(name);
  if (found == variation.slots.end()) {
    setLeaf(number, value, 0, -1);
    return number;
  }
  const Slots &slots = found->second;
  setLeaf(number, value, slots.direction ? slots.direction->data[flat] : 0,
          slots.first < 0 ? -1 : slots.first + flat - variation.window);
  return number;
}

template <class T>
Value<T> Evaluator<T>::readInput(const InputDecl &input,
                                 ArrayRef<int64_t> index) {
  if (input.element == InputDecl::Int)
    return T(double(readInt(input.name, index)));
  const Tensor &tensor = instance.floats.at(input.name);
  for (size_t d = 0; d < index.size(); ++d)
    if (index[d] < 0 || index[d] >= tensor.shape[d]) {
      fail("read of `" + describeCell(input.name, index) +
           "` outside of input `" + input.name + "` of shape " +
           toString(tensor.shape));
      return {};
    }
  int64_t flat = flatten(index, tensor.shape);
  return makeLeaf(tensor.data[flat], input.name, flat);
}

//===----------------------------------------------------------------------===//
// Cells
//===----------------------------------------------------------------------===//

template <class T>
typename Evaluator<T>::Store &Evaluator<T>::getStore(const Decl &decl) {
  std::unique_ptr<Store> &store = stores[&decl];
  if (store)
    return *store;
  auto made = std::make_unique<Store>();
  auto *table = dyn_cast<TableDecl>(&decl);
  made->sense = table ? getCommonSense(*table) : Sense::None;
  made->box = getBox(getBinders(decl));
  int64_t cells = 1;
  for (int64_t extent : made->box.shape)
    if (MulOverflow(cells, extent, cells) || cells > maxCells) {
      fail("`" + decl.name + "` of shape " + toString(made->box.shape) +
           " is too big for the reference");
      cells = 0;
      break;
    }
  made->cells.resize(cells);
  made->states.resize(cells, Unvisited);
  // Found again: the bounds of the box may have looked at other stores.
  return *(stores[&decl] = std::move(made));
}

template <class T>
Value<T> Evaluator<T>::readCell(const Decl &decl, ArrayRef<int64_t> index) {
  Store &store = getStore(decl);
  if (suspended || failed())
    return {};
  if (!inDomain(decl, index)) {
    fail("read of `" + describeCell(decl.name, index) +
         "` outside the domain of `" + decl.name + "`");
    return {};
  }
  int64_t flat = store.box.flatten(index);
  State &state = store.states[flat];
  if (state == Done)
    return store.cells[flat];
  if (state == Active) {
    fail("`" + describeCell(decl.name, index) + "` depends on itself");
    return {};
  }
  state = Active;
  if (depth >= maxDepth) {
    pending.push_back({&decl, Index(index)});
    suspended = true;
    return {};
  }
  ++depth;
  Value<T> value = computeCell(decl, index);
  --depth;
  state = suspended ? Unvisited : Done;
  if (suspended)
    return {};
  return store.cells[flat] = value;
}

template <class T> void Evaluator<T>::settle(function_ref<void()> body) {
  while (!failed()) {
    depth = 0;
    body();
    if (!suspended)
      return;
    while (!pending.empty() && !failed()) {
      suspended = false;
      Cell cell = pending.back();
      Value<T> value = computeCell(*cell.decl, cell.index);
      if (suspended)
        continue;
      Store &store = getStore(*cell.decl);
      int64_t flat = store.box.flatten(cell.index);
      store.cells[flat] = value;
      store.states[flat] = Done;
      pending.pop_back();
    }
    suspended = false;
  }
}

template <class T>
const Equation *Evaluator<T>::findEquation(const TableDecl &table,
                                           ArrayRef<int64_t> index,
                                           Frame &frame) {
  auto matches = [&](const Equation &equation, Frame &frame) {
    for (auto [pattern, i] : zip_equal(equation.patterns, index))
      if (pattern.variable)
        frame.push(pattern.variable.get(), i);
    for (auto [pattern, i] : zip_equal(equation.patterns, index))
      if (pattern.value && evaluateInt(*pattern.value, frame) != i)
        return false;
    return !equation.when || evaluateCond(*equation.when, frame) == Truth::True;
  };
  const Equation *found = nullptr, *otherwise = nullptr;
  for (const Equation *equation : table.equations) {
    if (equation->otherwise) {
      otherwise = equation;
      continue;
    }
    Frame own;
    if (!matches(*equation, own) || suspended)
      continue;
    if (found) {
      fail("two equations define `" + describeCell(table.name, index) + "`");
      return nullptr;
    }
    found = equation;
    frame = own;
  }
  if (!found && otherwise) {
    frame = Frame();
    if (matches(*otherwise, frame))
      found = otherwise;
  }
  if (!found && !suspended)
    fail("no equation defines `" + describeCell(table.name, index) + "`");
  return found;
}

template <class T>
Value<T> Evaluator<T>::computeCell(const Decl &decl, ArrayRef<int64_t> index) {
  Frame frame;
  if (auto *let = dyn_cast<LetDecl>(&decl)) {
    for (auto [binder, i] : zip_equal(let->binders, index))
      frame.push(binder.get(), i);
    Value<T> value = evaluate(*let->body, frame);
    if (!value.present)
      return value;
    int64_t flat = getStore(decl).box.flatten(index);
    return value.number + makeLeaf(0, let->name, flat);
  }
  auto &table = cast<TableDecl>(decl);
  const Equation *equation = findEquation(table, index, frame);
  if (!equation)
    return {};
  Value<T> value = evaluate(*equation->body, frame);
  Sense sense = getStore(decl).sense;
  if (value.present && sense != Sense::None &&
      primal(value.number) == losingInfinity(sense))
    return {};
  return value;
}

template <class T>
Value<T> Evaluator<T>::evaluateOutput(const OutputDecl &output, Frame &frame) {
  Value<T> value;
  settle([&] { value = evaluate(*output.body, frame); });
  return value;
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

template <class T>
Truth Evaluator<T>::compareFloats(const CompareCond &cond, Frame &frame) {
  Value<T> lhs = evaluate(*cond.lhs, frame), rhs = evaluate(*cond.rhs, frame);
  if (!lhs.present || !rhs.present)
    return Truth::Absent;
  double a = primal(lhs.number), b = primal(rhs.number);
  bool holds[] = {a == b, a != b, a<b, a <= b, a> b, a >= b};
  return holds[cond.op] ? Truth::True : Truth::False;
}

template <class T>
int64_t Evaluator<T>::evaluateLetAsInt(const Expr &expr, Frame &frame) {
  Value<T> value;
  if (auto *read = dyn_cast<ReadExpr>(&expr))
    value = evaluateRead(*read, frame);
  else if (auto *var = dyn_cast<VarExpr>(&expr))
    value = readCell(*var->decl, {});
  else
    fail("this expression is no integer");
  double number = primal(value.number);
  if (!value.present || !(std::fabs(number) < 0x1p53) ||
      number != std::floor(number)) {
    if (!suspended)
      fail("an index is not an integer");
    return 0;
  }
  return int64_t(number);
}

template <class T>
bool Evaluator<T>::locate(const ReadExpr &read, Frame &frame, Index &index) {
  for (const ExprPtr &e : read.indices)
    index.push_back(evaluateInt(*e, frame));
  if (failed() || isa<InputDecl>(read.decl))
    return true;
  return inDomain(*read.decl, index);
}

template <class T>
Value<T> Evaluator<T>::evaluateRead(const ReadExpr &read, Frame &frame) {
  Index index;
  bool exists = locate(read, frame, index);
  if (failed())
    return {};
  if (auto *input = dyn_cast<InputDecl>(read.decl))
    return readInput(*input, index);
  if (!exists && read.otherwise)
    return evaluate(*read.otherwise, frame);
  return readCell(*read.decl, index);
}

/// The exponent of a power that is a plain number.
static const NumberExpr *getConstant(const Expr &expr, double &sign) {
  if (auto *negate = dyn_cast<NegateExpr>(&expr)) {
    sign = -sign;
    return getConstant(*negate->operand, sign);
  }
  return dyn_cast<NumberExpr>(&expr);
}

template <class T>
Value<T> Evaluator<T>::evaluateBinary(const BinaryExpr &expr, Frame &frame) {
  Value<T> lhs = evaluate(*expr.lhs, frame);
  Value<T> rhs = evaluate(*expr.rhs, frame);
  if (!lhs.present || !rhs.present)
    return {};
  switch (expr.op) {
  case BinaryExpr::Add:
    return T(lhs.number + rhs.number);
  case BinaryExpr::Sub:
    return T(lhs.number - rhs.number);
  case BinaryExpr::Mul:
    return T(lhs.number * rhs.number);
  case BinaryExpr::Div:
    return T(lhs.number / rhs.number);
  case BinaryExpr::Pow:
    break;
  }
  double sign = 1;
  if (expr.rhs->type == Type::Int || getConstant(*expr.rhs, sign))
    return powConst(lhs.number, primal(rhs.number));
  return powOf(lhs.number, rhs.number);
}

template <class T>
Value<T> Evaluator<T>::evaluateCall(const CallExpr &call, Frame &frame) {
  SmallVector<T, 3> args;
  for (const ExprPtr &argument : call.arguments) {
    Value<T> value = evaluate(*argument, frame);
    if (!value.present)
      return {};
    args.push_back(value.number);
  }
  switch (call.function) {
  case CallExpr::Exp:
    return expOf(args[0]);
  case CallExpr::Log:
    return logOf(args[0]);
  case CallExpr::Sqrt:
    return sqrtOf(args[0]);
  case CallExpr::Abs:
    return absOf(args[0]);
  case CallExpr::Tanh:
    return tanhOf(args[0]);
  case CallExpr::FMax:
    return greater(args[0], args[1]);
  case CallExpr::FMin:
    return lesser(args[0], args[1]);
  case CallExpr::Clamp:
    return lesser(greater(args[0], args[1]), args[2]);
  }
  return {};
}

template <class T>
Value<T> Evaluator<T>::evaluate(const Expr &expr, Frame &frame) {
  if (suspended || failed())
    return {};
  bool isChoice = expr.kind == Expr::Choice || expr.kind == Expr::None;
  if (expr.type == Type::Int && !isChoice)
    return T(double(evaluateInt(expr, frame)));
  switch (expr.kind) {
  case Expr::Number:
    return T(cast<NumberExpr>(expr).value);
  case Expr::None:
    return {};
  case Expr::Var: {
    auto &var = cast<VarExpr>(expr);
    if (auto *input = dyn_cast<InputDecl>(var.decl))
      return readInput(*input, {});
    if (isa<LetDecl, TableDecl>(var.decl))
      return readCell(*var.decl, {});
    return T(double(lookUp(var, frame)));
  }
  case Expr::Read:
    return evaluateRead(cast<ReadExpr>(expr), frame);
  case Expr::Source:
    return T(double(evaluateInt(expr, frame)));
  case Expr::Call:
    return evaluateCall(cast<CallExpr>(expr), frame);
  case Expr::Negate: {
    Value<T> value = evaluate(*cast<NegateExpr>(expr).operand, frame);
    return value.present ? Value<T>(-value.number) : value;
  }
  case Expr::Binary:
    return evaluateBinary(cast<BinaryExpr>(expr), frame);
  case Expr::If: {
    auto &branch = cast<IfExpr>(expr);
    Truth truth = evaluateCond(*branch.condition, frame);
    if (truth == Truth::Absent)
      return {};
    bool holds = truth == Truth::True;
    return evaluate(holds ? *branch.thenValue : *branch.elseValue, frame);
  }
  case Expr::Choice: {
    auto &choice = cast<ChoiceExpr>(expr);
    return choice.op == ChoiceExpr::Sum ? evaluateSum(choice, frame)
                                        : evaluateChoice(choice, frame);
  }
  }
  return {};
}

template class Evaluator<double>;
template class Evaluator<Dual<double, 16>>;
template class Evaluator<Dual<Dual<double, 1>, 8>>;

} // namespace danskin::reference
