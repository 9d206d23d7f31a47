//===- Path.cpp - the path of the all-hard program ------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Alternatives.h"
#include "compiler/reference/Evaluator.h"
#include "compiler/reference/Interpreter.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

using namespace llvm;
using namespace danskin::ast;

namespace danskin::reference {

namespace {
/// What a program's equations and outputs are made of, for the layout of rows.
struct Contents {
  bool chooses = false;              ///< has a max or min
  std::set<const TableDecl *> reads; ///< tables
  size_t binders = 0;                ///< most of an alternative of a choice
};
} // namespace

static void collect(const Expr *expr, Contents &contents) {
  if (!expr)
    return;
  auto inside = [&](const ExprPtr &e) { collect(e.get(), contents); };
  switch (expr->kind) {
  case Expr::Read: {
    auto &read = *cast<ReadExpr>(expr);
    if (auto *table = dyn_cast<TableDecl>(read.decl))
      contents.reads.insert(table);
    return inside(read.otherwise);
  }
  case Expr::Call:
    for_each(cast<CallExpr>(expr)->arguments, inside);
    return;
  case Expr::Negate:
    return inside(cast<NegateExpr>(expr)->operand);
  case Expr::Binary:
    inside(cast<BinaryExpr>(expr)->lhs);
    return inside(cast<BinaryExpr>(expr)->rhs);
  case Expr::If:
    inside(cast<IfExpr>(expr)->thenValue);
    return inside(cast<IfExpr>(expr)->elseValue);
  case Expr::Choice: {
    auto &choice = *cast<ChoiceExpr>(expr);
    bool chooses = choice.op != ChoiceExpr::Sum;
    contents.chooses |= chooses;
    for (const Alternative &alternative : choice.alternatives) {
      if (chooses)
        contents.binders =
            std::max(contents.binders, alternative.binders.size());
      inside(alternative.body);
    }
    return;
  }
  default:
    return;
  }
}

static Contents collect(const Expr &expr) {
  Contents contents;
  collect(&expr, contents);
  return contents;
}

/// The tables without max or min that read no table but such.
static std::set<const TableDecl *> findWeights(const Program &program) {
  std::set<const TableDecl *> weights;
  for (const auto &table : program.tables)
    weights.insert(table.get());
  auto disturbs = [&](const Equation *equation) {
    Contents contents = collect(*equation->body);
    return contents.chooses ||
           any_of(contents.reads, [&](auto *t) { return !weights.count(t); });
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto &table : program.tables)
      if (weights.count(table.get()) && any_of(table->equations, disturbs))
        changed = weights.erase(table.get());
  }
  return weights;
}

static size_t getIndexWidth(const Program &program) {
  size_t rank = 0;
  for (const auto &table : program.tables)
    rank = std::max(rank, table->binders.size());
  for (const auto &output : program.outputs)
    rank = std::max(rank, output->binders.size());
  return rank;
}

unsigned getPathWidth(const Program &program) {
  size_t binders = 0;
  for (const auto &equation : program.equations)
    binders = std::max(binders, collect(*equation->body).binders);
  for (const auto &output : program.outputs)
    binders = std::max(binders, collect(*output->body).binders);
  return getIndexWidth(program) + binders + 3;
}

namespace {
/// Walks back. What is still to visit is on an explicit stack, since paths are
/// longer than the stack is deep.
class Walker {
public:
  Walker(const Program &program, Evaluator<double> &evaluator, int64_t maxRows)
      : program(program), evaluator(evaluator), maxRows(maxRows),
        rank(getIndexWidth(program)), width(getPathWidth(program)),
        weights(findWeights(program)) {
    auto add = [&](const Expr &body) {
      for (auto [choice, first] : numberAlternatives(body))
        firsts[choice] = first;
    };
    for (const auto &equation : program.equations)
      add(*equation->body);
    for (const auto &output : program.outputs)
      add(*output->body);
  }

  Error run() {
    for (auto [ordinal, output] : enumerate(program.outputs)) {
      Frame frame;
      evaluator.forEach(output->binders, frame, [&] {
        Row row{int64_t(program.tables.size() + ordinal), {}, 0};
        for (const auto &binder : output->binders)
          row.index.push_back(*frame.find(binder.get()));
        if (evaluator.evaluateOutput(*output, frame).present)
          todo.push_back({output->body.get(), frame, row});
        while (!todo.empty() && !stopped())
          step();
        return !stopped();
      });
    }
    if (evaluator.failed())
      return makeError(evaluator.getFault());
    if (stopped())
      return makeError("the path has more than " + Twine(maxRows) + " rows");
    return Error::success();
  }

  IntTensor takeRows() {
    IntTensor tensor;
    tensor.shape = {int64_t(rows.size() / width), int64_t(width)};
    tensor.data = std::move(rows);
    return tensor;
  }

private:
  struct Row {
    int64_t table;
    Index index;
    int64_t equation;
  };
  struct Visit {
    const Expr *expr;
    Frame frame;
    Row row;
  };

  bool stopped() const {
    return evaluator.failed() || int64_t(rows.size() / width) > maxRows;
  }

  void emit(const Row &row, int64_t alternative, ArrayRef<int64_t> binders) {
    size_t start = rows.size();
    rows.push_back(row.table);
    llvm::append_range(rows, row.index);
    rows.resize(start + 1 + rank, -1);
    rows.push_back(row.equation);
    rows.push_back(alternative);
    llvm::append_range(rows, binders);
    rows.resize(start + width, -1);
  }

  /// The next thing of the preorder; what follows from it goes on the stack,
  /// the first uppermost.
  void step() {
    Visit visit = std::move(todo.back());
    todo.pop_back();
    auto then = [&](const Expr &expr) {
      todo.push_back({&expr, visit.frame, visit.row});
    };
    switch (visit.expr->kind) {
    case Expr::Read:
      return stepRead(cast<ReadExpr>(*visit.expr), visit);
    case Expr::Call:
      for (const ExprPtr &e : reverse(cast<CallExpr>(visit.expr)->arguments))
        then(*e);
      return;
    case Expr::Negate:
      return then(*cast<NegateExpr>(visit.expr)->operand);
    case Expr::Binary:
      then(*cast<BinaryExpr>(visit.expr)->rhs);
      return then(*cast<BinaryExpr>(visit.expr)->lhs);
    case Expr::If: {
      auto &branch = *cast<IfExpr>(visit.expr);
      bool holds =
          evaluator.evaluateCond(*branch.condition, visit.frame) == Truth::True;
      return then(holds ? *branch.thenValue : *branch.elseValue);
    }
    case Expr::Choice:
      return stepChoice(cast<ChoiceExpr>(*visit.expr), visit);
    default:
      return;
    }
  }

  void stepRead(const ReadExpr &read, Visit &visit) {
    auto *table = dyn_cast<TableDecl>(read.decl);
    if (!table || weights.count(table))
      return;
    Index index;
    if (!evaluator.locate(read, visit.frame, index)) {
      if (read.otherwise)
        todo.push_back({read.otherwise.get(), visit.frame, visit.row});
      return;
    }
    Frame frame;
    const Equation *equation = evaluator.findEquation(*table, index, frame);
    if (!equation)
      return;
    auto same = [&](const auto &t) { return t.get() == table; };
    Row row{find_if(program.tables, same) - program.tables.begin(), index,
            int64_t(equation->ordinal)};
    if (!collect(*equation->body).chooses)
      emit(row, -1, {});
    todo.push_back({equation->body.get(), std::move(frame), std::move(row)});
  }

  void stepChoice(const ChoiceExpr &choice, Visit &visit) {
    auto enter = [&](const Candidate &candidate) {
      const Alternative &alternative = choice.alternatives[candidate.arm];
      Frame frame = visit.frame;
      for (auto [binder, i] : zip(alternative.binders, candidate.binders))
        frame.push(binder.get(), i);
      todo.push_back({alternative.body.get(), std::move(frame), visit.row});
    };
    if (choice.op == ChoiceExpr::Sum) {
      std::vector<Candidate> terms;
      evaluator.forEachCandidate(
          choice, visit.frame,
          [&](const Candidate &term, double) { terms.push_back(term); });
      for (const Candidate &term : reverse(terms))
        enter(term);
      return;
    }
    std::optional<Candidate> winner = evaluator.findWinner(choice, visit.frame);
    if (!winner)
      return;
    emit(visit.row, firsts.lookup(&choice) + winner->arm, winner->binders);
    enter(*winner);
  }

  const Program &program;
  Evaluator<double> &evaluator;
  const int64_t maxRows;
  const size_t rank, width;
  const std::set<const TableDecl *> weights;
  FirstAlternatives firsts;
  std::vector<Visit> todo;
  std::vector<int64_t> rows;
};
} // namespace

Expected<Path> Interpreter::argmax() { return argmax(int64_t(1) << 24); }

Expected<Path> Interpreter::argmax(int64_t maxRows) {
  Variation none;
  std::optional<std::string> reg;
  Evaluator<double> evaluator(program, instance, reg, /*allHard=*/true, none);
  Walker walker(program, evaluator, maxRows);
  if (Error error = walker.run())
    return error;
  return Path{walker.takeRows()};
}

} // namespace danskin::reference
