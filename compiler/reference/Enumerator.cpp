//===- Enumerator.cpp - all paths, one after the other --------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/reference/Enumerator.h"
#include "compiler/frontend/AstWalk.h"
#include "compiler/reference/Evaluator.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace danskin::ast;

namespace danskin::reference {

//===----------------------------------------------------------------------===//
// Which programs
//===----------------------------------------------------------------------===//

/// Does the expression come to cells or choices?
static bool isOpen(const Expr &expr) {
  bool found = false;
  walk(expr, [&](const Expr &each) {
    auto *choice = dyn_cast<ChoiceExpr>(&each);
    auto *read = dyn_cast<ReadExpr>(&each);
    found |= (choice && choice->op != ChoiceExpr::Sum) ||
             (read && isa<TableDecl>(read->decl));
  });
  return found;
}

/// Are cells and choices added and nothing else?
static bool isSumOfOpen(const Expr &expr) {
  if (!isOpen(expr))
    return true;
  switch (expr.kind) {
  case Expr::Read: {
    auto &read = cast<ReadExpr>(expr);
    return !read.otherwise || isSumOfOpen(*read.otherwise);
  }
  case Expr::Binary: {
    auto &binary = cast<BinaryExpr>(expr);
    bool isSum = binary.op == BinaryExpr::Add ||
                 (binary.op == BinaryExpr::Sub && !isOpen(*binary.rhs));
    return isSum && isSumOfOpen(*binary.lhs) && isSumOfOpen(*binary.rhs);
  }
  case Expr::If:
    return isSumOfOpen(*cast<IfExpr>(expr).thenValue) &&
           isSumOfOpen(*cast<IfExpr>(expr).elseValue);
  case Expr::Choice:
    return all_of(cast<ChoiceExpr>(expr).alternatives,
                  [](const Alternative &alternative) {
                    return isSumOfOpen(*alternative.body);
                  });
  default:
    return false;
  }
}

std::string findObstacle(const Program &program) {
  auto isSum = [](const auto &item) { return isSumOfOpen(*item->body); };
  if (all_of(program.equations, isSum) && all_of(program.outputs, isSum))
    return "";
  return "cells or choices are not only added";
}

//===----------------------------------------------------------------------===//
// Solutions
//===----------------------------------------------------------------------===//

namespace {
struct Solution {
  double score = 0;
  double probability = 1; ///< the product of the q of its candidates
  std::vector<std::pair<int64_t, double>> slots; ///< and their coefficients

  void scale(double factor) {
    score *= factor;
    for (auto &[slot, coefficient] : slots)
      coefficient *= factor;
  }
};

/// What an expression has to offer. Absent where there is no solution.
struct Offer {
  double value = 0; ///< by the recursion
  std::vector<Solution> solutions;
};

class Enumerator {
public:
  Enumerator(const Program &program, const Instance &instance,
             const EnumerationQuery &query)
      : program(program), query(query), gamma(instance.gamma),
        regularizer(*findRegularizer(query.reg)), reg(query.reg),
        evaluator(program, instance, reg, false, none), left(query.maxWork) {}

  Error number(Interpreter &interpreter) {
    for (const std::string &name : query.wrt) {
      Expected<Shape> shape = interpreter.getShape(name);
      if (!shape)
        return shape.takeError();
      first[name] = total;
      shapes[name] = *shape;
      total += countElements(*shape);
    }
    return Error::success();
  }

  Expected<bool> run(EnumerationVisitor visit) {
    for (const auto &output : program.outputs)
      evaluator.forEachElement(*output, [&](Frame &frame, int64_t place) {
        Offer offer = get(*output->body, frame);
        if (!hasStopped())
          visit(*output, place, sumUp(offer, *output->body));
        return !hasStopped();
      });
    if (evaluator.failed())
      return makeError(evaluator.getFault());
    return left >= 0;
  }

private:
  bool hasStopped() const { return evaluator.failed() || left < 0; }

  /// A value without choices.
  Offer getLeaf(const Expr &expr, Frame &frame, const Decl *decl,
                const Index &index) {
    Value<double> value = evaluator.evaluate(expr, frame);
    if (!value.present)
      return {};
    Solution solution;
    solution.score = value.number;
    auto found = decl ? first.find(decl->name) : first.end();
    if (found != first.end()) {
      int64_t flat = isa<LetDecl>(decl)
                         ? evaluator.getBox(getBinders(*decl)).flatten(index)
                         : flatten(index, shapes.at(decl->name));
      solution.slots.push_back({found->second + flat, 1});
    }
    return finish({value.number, {std::move(solution)}});
  }

  Offer finish(Offer offer) {
    left -= offer.solutions.size();
    return offer;
  }

  Offer getRead(const ReadExpr &read, Frame &frame) {
    Index index;
    bool exists = evaluator.locate(read, frame, index);
    if (evaluator.failed())
      return {};
    if (!exists && read.otherwise)
      return get(*read.otherwise, frame);
    auto *table = dyn_cast<TableDecl>(read.decl);
    if (!table || !exists)
      return getLeaf(read, frame, read.decl, index);
    Frame own;
    const Equation *equation = evaluator.findEquation(*table, index, own);
    // So deep a recursion has too many cells, or no end.
    const unsigned maxDepth = 200;
    if (!equation || depth == maxDepth) {
      left = equation ? -1 : left;
      return {};
    }
    ++depth;
    --left;
    Offer offer = get(*equation->body, own);
    --depth;
    return offer;
  }

  /// Each of `a` with each of `b`, the latter times `sign`.
  Offer combine(const Offer &a, const Offer &b, double sign) {
    Offer both;
    both.value = a.value + sign * b.value;
    // The product may be larger than memory.
    if (int64_t(a.solutions.size()) * int64_t(b.solutions.size()) > left) {
      left = -1;
      return {};
    }
    for (const Solution &x : a.solutions)
      for (Solution y : b.solutions) {
        y.scale(sign);
        y.score += x.score;
        y.probability *= x.probability;
        append_range(y.slots, x.slots);
        both.solutions.push_back(std::move(y));
      }
    return finish(std::move(both));
  }

  Offer scale(Offer offer, double factor) {
    offer.value *= factor;
    for (Solution &solution : offer.solutions)
      solution.scale(factor);
    return offer;
  }

  Offer getBinary(const BinaryExpr &expr, Frame &frame) {
    Offer lhs = get(*expr.lhs, frame), rhs = get(*expr.rhs, frame);
    if (lhs.solutions.empty() || rhs.solutions.empty())
      return {};
    switch (expr.op) {
    case BinaryExpr::Add:
      return combine(lhs, rhs, 1);
    case BinaryExpr::Sub:
      return combine(lhs, rhs, -1);
    case BinaryExpr::Mul:
      return lhs.solutions.front().slots.empty()
                 ? scale(std::move(rhs), lhs.value)
                 : scale(std::move(lhs), rhs.value);
    case BinaryExpr::Div:
      return scale(std::move(lhs), 1 / rhs.value);
    case BinaryExpr::Pow:
      return getLeaf(expr, frame, nullptr, {});
    }
    llvm_unreachable("a binary operation");
  }

  Offer getChoice(const ChoiceExpr &choice, Frame &frame) {
    std::vector<Offer> candidates;
    bool allPresent = true;
    for (const Alternative &alternative : choice.alternatives)
      evaluator.forEach(alternative.binders, frame, [&] {
        if (hasStopped())
          return false;
        if ((alternative.guard &&
             evaluator.evaluateCond(*alternative.guard, frame) !=
                 Truth::True) ||
            !evaluator.optionalReadsExist(*alternative.body, frame))
          return true;
        Offer offer = get(*alternative.body, frame);
        allPresent &= !offer.solutions.empty();
        if (!offer.solutions.empty())
          candidates.push_back(std::move(offer));
        return true;
      });
    if (choice.op == ChoiceExpr::Sum)
      return allPresent ? sum(candidates) : Offer();
    return choose(candidates, choice.op == ChoiceExpr::Min ? -1 : 1);
  }

  Offer sum(ArrayRef<Offer> terms) {
    Offer total;
    total.solutions.emplace_back();
    for (const Offer &term : terms)
      if (!hasStopped())
        total = combine(total, term, 1);
    return total;
  }

  Offer choose(std::vector<Offer> &candidates, double sign) {
    if (candidates.empty() || hasStopped())
      return {};
    Vector scores;
    for (const Offer &candidate : candidates)
      scores.push_back(sign * candidate.value);
    Offer offer;
    offer.value = sign * chooseValue(regularizer, scores, gamma);
    Vector q = chooseWeights(regularizer, scores, gamma);
    for (auto [candidate, weight] : zip_equal(candidates, q))
      for (Solution &solution : candidate.solutions) {
        solution.probability *= weight;
        offer.solutions.push_back(std::move(solution));
      }
    return finish(std::move(offer));
  }

  Offer get(const Expr &expr, Frame &frame) {
    if (hasStopped())
      return {};
    bool isChoice = expr.kind == Expr::Choice || expr.kind == Expr::None;
    if (expr.type == Type::Int && !isChoice)
      return getLeaf(expr, frame, nullptr, {});
    switch (expr.kind) {
    case Expr::Var:
      return getLeaf(expr, frame, cast<VarExpr>(expr).decl, {});
    case Expr::Read:
      return getRead(cast<ReadExpr>(expr), frame);
    case Expr::Negate:
      return scale(get(*cast<NegateExpr>(expr).operand, frame), -1);
    case Expr::Binary:
      return getBinary(cast<BinaryExpr>(expr), frame);
    case Expr::If: {
      auto &branch = cast<IfExpr>(expr);
      Truth truth = evaluator.evaluateCond(*branch.condition, frame);
      return truth == Truth::Absent ? Offer()
             : truth == Truth::True ? get(*branch.thenValue, frame)
                                    : get(*branch.elseValue, frame);
    }
    case Expr::Choice:
      return getChoice(cast<ChoiceExpr>(expr), frame);
    default:
      return getLeaf(expr, frame, nullptr, {});
    }
  }

  std::vector<double> getCounts(const Solution &solution) const {
    std::vector<double> counts(total);
    for (auto [slot, coefficient] : solution.slots)
      counts[slot] += coefficient;
    return counts;
  }

  Enumeration sumUp(Offer &offer, const Expr &body) const {
    Enumeration result;
    std::vector<double> sum(total);
    result.count = offer.solutions.size();
    if (result.count) {
      double sign = getSense(body) == Sense::Min ? -1 : 1;
      std::vector<Solution> &all = offer.solutions;
      const Solution &best =
          *max_element(all, [&](const Solution &a, const Solution &b) {
            return sign * a.score < sign * b.score;
          });
      result.value = offer.value;
      if (query.reg == "hard") {
        result.value = best.score;
        result.margin = getMargin(all, best, sign);
        for (Solution &solution : all)
          solution.probability = &solution == &best;
      }
      if (query.reg == "entropy")
        result.value = weighByScores(all, best.score, sign);
      for (const Solution &solution : all)
        for (auto [slot, coefficient] : solution.slots)
          sum[slot] += coefficient * solution.probability;
    }
    for (const auto &[name, shape] : shapes) {
      Tensor tensor(shape);
      copy(ArrayRef<double>(sum).slice(first.at(name), tensor.data.size()),
           tensor.data.begin());
      result.gradient[name] = std::move(tensor);
    }
    return result;
  }

  double weighByScores(std::vector<Solution> &all, double best,
                       double sign) const {
    double sum = 0;
    for (Solution &solution : all)
      sum += solution.probability =
          std::exp(sign * (solution.score - best) / gamma);
    for (Solution &solution : all)
      solution.probability /= sum;
    return best + sign * gamma * std::log(sum);
  }

  double getMargin(ArrayRef<Solution> all, const Solution &best,
                   double sign) const {
    double margin = INFINITY;
    std::vector<double> counts = getCounts(best);
    for (const Solution &solution : all) {
      double behind = sign * (best.score - solution.score);
      if (behind < margin && getCounts(solution) != counts)
        margin = behind;
    }
    return margin;
  }

  const Program &program;
  const EnumerationQuery &query;
  const double gamma;
  const Regularizer &regularizer;
  const std::optional<std::string> reg;
  const Variation none;
  /// Of leaves, conditions and domains only.
  Evaluator<double> evaluator;
  std::map<std::string, int64_t> first; ///< slot of a name
  std::map<std::string, Shape> shapes;
  int64_t total = 0, left;
  unsigned depth = 0;
};
} // namespace

Expected<bool> enumerateSolutions(const Program &program,
                                  const Instance &instance,
                                  const EnumerationQuery &query,
                                  EnumerationVisitor visit) {
  if (!findRegularizer(query.reg))
    return makeError("the reference has no regularizer `" + query.reg + "`");
  Interpreter interpreter(program, instance);
  Enumerator enumerator(program, instance, query);
  if (Error error = enumerator.number(interpreter))
    return error;
  return enumerator.run(visit);
}

} // namespace danskin::reference
