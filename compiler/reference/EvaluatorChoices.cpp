//===- EvaluatorChoices.cpp - choices, sums and their candidates ----------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The order of evaluation of a candidate: its guard, the domains of its `?`
// reads, its value.
//
//===----------------------------------------------------------------------===//

#include "compiler/reference/Evaluator.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace danskin::ast;

namespace danskin::reference {

static Sense toSense(const ChoiceExpr &choice) {
  return choice.op == ChoiceExpr::Min ? Sense::Min : Sense::Max;
}

/// Calls `visit` for the reads and choices of an expression that do not stand
/// inside a choice, in program order, until it returns true.
static bool
visitOutermost(const Expr &expr,
               function_ref<bool(const ReadExpr *, const ChoiceExpr *)> visit) {
  auto inside = [&](const ExprPtr &e) {
    return e && visitOutermost(*e, visit);
  };
  switch (expr.kind) {
  case Expr::Read:
    return visit(cast<ReadExpr>(&expr), nullptr) ||
           inside(cast<ReadExpr>(expr).otherwise);
  case Expr::Choice:
    return visit(nullptr, cast<ChoiceExpr>(&expr));
  case Expr::Call:
    return any_of(cast<CallExpr>(expr).arguments, inside);
  case Expr::Negate:
    return inside(cast<NegateExpr>(expr).operand);
  case Expr::Binary:
    return inside(cast<BinaryExpr>(expr).lhs) ||
           inside(cast<BinaryExpr>(expr).rhs);
  case Expr::If:
    return inside(cast<IfExpr>(expr).thenValue) ||
           inside(cast<IfExpr>(expr).elseValue);
  default:
    return false;
  }
}

Sense getCommonSense(const TableDecl &table) {
  bool seeks[2] = {false, false};
  for (const Equation *equation : table.equations)
    visitOutermost(*equation->body,
                   [&](const ReadExpr *, const ChoiceExpr *choice) {
                     if (choice && choice->op != ChoiceExpr::Sum)
                       seeks[choice->op == ChoiceExpr::Min] = true;
                     return false;
                   });
  if (seeks[0] == seeks[1])
    return Sense::None;
  return seeks[0] ? Sense::Max : Sense::Min;
}

static Sense getSense(const Expr &expr,
                      SmallVectorImpl<const TableDecl *> &seen) {
  Sense found = Sense::None;
  // A choice of the expression's own comes before those of what it reads.
  visitOutermost(expr, [&](const ReadExpr *, const ChoiceExpr *choice) {
    if (choice && choice->op != ChoiceExpr::Sum)
      found = toSense(*choice);
    return found != Sense::None;
  });
  if (found != Sense::None)
    return found;
  visitOutermost(expr, [&](const ReadExpr *read, const ChoiceExpr *sum) {
    if (sum) {
      for (const Alternative &alternative : sum->alternatives)
        if (found == Sense::None)
          found = getSense(*alternative.body, seen);
      return found != Sense::None;
    }
    auto *table = dyn_cast<TableDecl>(read->decl);
    if (!table || is_contained(seen, table))
      return false;
    seen.push_back(table);
    for (const Equation *equation : table->equations)
      if (found == Sense::None)
        found = getSense(*equation->body, seen);
    return found != Sense::None;
  });
  return found;
}

Sense getSense(const Expr &expr) {
  SmallVector<const TableDecl *> seen;
  return getSense(expr, seen);
}

//===----------------------------------------------------------------------===//
// Candidates
//===----------------------------------------------------------------------===//

template <class T>
bool Evaluator<T>::optionalReadsExist(const Expr &body, Frame &frame) {
  // An index that reads outside of an input is no fault if another `?` drops
  // the candidate, since that may be what it relies on. Branches come last:
  // their conditions may rely on the `?` outside of them.
  std::string held;
  SmallVector<const Expr *> parts = {&body};
  SmallVector<const IfExpr *> branches;
  while (!parts.empty() || !branches.empty()) {
    if (parts.empty()) {
      const IfExpr *branch = branches.pop_back_val();
      bool holds = evaluateCond(*branch->condition, frame) == Truth::True;
      parts.push_back((holds ? branch->thenValue : branch->elseValue).get());
    }
    const Expr *part = parts.pop_back_val();
    if (auto *branch = dyn_cast<IfExpr>(part)) {
      branches.push_back(branch);
    } else if (auto *call = dyn_cast<CallExpr>(part)) {
      for (const ExprPtr &argument : call->arguments)
        parts.push_back(argument.get());
    } else if (auto *negate = dyn_cast<NegateExpr>(part)) {
      parts.push_back(negate->operand.get());
    } else if (auto *binary = dyn_cast<BinaryExpr>(part)) {
      parts.push_back(binary->rhs.get());
      parts.push_back(binary->lhs.get());
    } else if (auto *read = dyn_cast<ReadExpr>(part)) {
      if (!read->optional)
        continue;
      Index index;
      bool exists = locate(*read, frame, index);
      if (failed()) {
        held = std::exchange(fault, "");
        continue;
      }
      if (exists)
        continue;
      if (!read->otherwise)
        return false;
      parts.push_back(read->otherwise.get());
    }
  }
  fault = held;
  return true;
}

template <class T>
bool Evaluator<T>::forEachCandidate(
    const ChoiceExpr &choice, Frame &frame,
    function_ref<void(const Candidate &, const T &)> visit) {
  bool allPresent = true;
  for (auto [arm, alternative] : enumerate(choice.alternatives)) {
    auto consider = [&] {
      if (alternative.guard &&
          evaluateCond(*alternative.guard, frame) != Truth::True)
        return !suspended;
      if (suspended || failed() ||
          !optionalReadsExist(*alternative.body, frame))
        return !suspended;
      Value<T> value = evaluate(*alternative.body, frame);
      if (!value.present) {
        allPresent = false;
        return !suspended;
      }
      Candidate candidate{unsigned(arm), {}};
      for (const auto &binder : alternative.binders)
        candidate.binders.push_back(*frame.find(binder.get()));
      visit(candidate, value.number);
      return !suspended;
    };
    if (!forEach(alternative.binders, frame, consider))
      break;
  }
  return allPresent;
}

template <class T>
Value<T> Evaluator<T>::evaluateSum(const ChoiceExpr &sum, Frame &frame) {
  T total{};
  bool allPresent =
      forEachCandidate(sum, frame, [&](const Candidate &, const T &term) {
        total = total + term;
      });
  return allPresent ? Value<T>(total) : Value<T>();
}

template <class T>
Value<T> Evaluator<T>::evaluateChoice(const ChoiceExpr &choice, Frame &frame) {
  Sense sense = toSense(choice);
  std::vector<T> scores;
  forEachCandidate(choice, frame, [&](const Candidate &, const T &score) {
    if (primal(score) != losingInfinity(sense))
      scores.push_back(sense == Sense::Min ? -score : score);
  });
  if (scores.empty() || suspended || failed())
    return {};
  T gamma = getGamma(choice, frame);
  if (failed())
    return {};
  T value = chooseValue(getRegularizer(choice), ArrayRef<T>(scores), gamma);
  return sense == Sense::Min ? -value : value;
}

template <class T>
std::optional<Candidate> Evaluator<T>::findWinner(const ChoiceExpr &choice,
                                                  Frame &frame) {
  Sense sense = toSense(choice);
  Vector scores;
  std::vector<Candidate> candidates;
  forEachCandidate(choice, frame, [&](const Candidate &c, const T &score) {
    if (primal(score) == losingInfinity(sense))
      return;
    scores.push_back(sense == Sense::Min ? -primal(score) : primal(score));
    candidates.push_back(c);
  });
  if (scores.empty())
    return std::nullopt;
  Vector q = chooseWeights(*findRegularizer("hard"), scores, 1);
  return candidates[find(q, 1.0) - q.begin()];
}

//===----------------------------------------------------------------------===//
// The regularizer of a choice
//===----------------------------------------------------------------------===//

/// The regularizer as the program gives it; null where the call or nobody does.
static const RegRef *getRef(const Program &program, const ChoiceExpr &choice,
                            bool overridden) {
  if (choice.reg)
    return &*choice.reg;
  return program.reg && !overridden ? &*program.reg : nullptr;
}

template <class T>
const Regularizer &Evaluator<T>::getRegularizer(const ChoiceExpr &choice) {
  const Regularizer *hard = findRegularizer("hard");
  if (allHard)
    return *hard;
  const RegRef *ref = getRef(program, choice, override.has_value());
  std::string name = ref ? ref->name : override.value_or("hard");
  if (const Regularizer *reg = findRegularizer(name))
    return *reg;
  fail("the reference has no regularizer `" + name + "`");
  return *hard;
}

template <class T>
T Evaluator<T>::getGamma(const ChoiceExpr &choice, Frame &frame) {
  const RegRef *ref = getRef(program, choice, override.has_value());
  if (allHard || !ref || !ref->gamma)
    return makeLeaf(instance.gamma, "gamma", 0);
  Value<T> gamma = evaluate(*ref->gamma, frame);
  double value = primal(gamma.number);
  if (!suspended && (!gamma.present || !(value > 0) || std::isinf(value)))
    fail("the gamma of a choice must be finite and above 0, not " +
         std::to_string(value));
  return gamma.number;
}

template class Evaluator<double>;
template class Evaluator<Dual<double, 16>>;
template class Evaluator<Dual<Dual<double, 1>, 8>>;

} // namespace danskin::reference
