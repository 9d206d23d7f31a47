//===- TestCommandFlow.cpp - what flows into a cell flows out -------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/TestCommandFlow.h"
#include "compiler/frontend/AstWalk.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace llvm;
using namespace danskin;
using namespace danskin::ast;
using namespace danskin::reference;

static const char *const flowRow = "flow conserved";

//===----------------------------------------------------------------------===//
// The text
//===----------------------------------------------------------------------===//

static bool readsTables(const Expr &expr) {
  bool found = false;
  walk(expr, [&](const Expr &each) {
    auto *read = dyn_cast<ReadExpr>(&each);
    found |= read && isa<TableDecl>(read->decl);
  });
  return found;
}

namespace {
class FlowWriter {
public:
  FlowWriter(const Program &program, StringRef text)
      : program(program), text(text) {}

  std::optional<FlowProgram> write(std::string &reason) {
    chooseNames();
    for (const auto &equation : program.equations)
      addEquation(*equation);
    for (const auto &output : program.outputs)
      addEnds(*output->body, nullptr, flow.outputEnds);
    declareLets();
    if (!fault.empty()) {
      reason = fault;
      return std::nullopt;
    }
    // From the back, so that places stay what they are.
    stable_sort(edits,
                [](const Edit &a, const Edit &b) { return a.at > b.at; });
    flow.text = text.str();
    for (const Edit &edit : edits)
      flow.text.insert(edit.at, edit.added);
    return std::move(flow);
  }

private:
  struct Edit {
    uint32_t at;
    std::string added;
  };

  void fail(const char *reason) {
    if (fault.empty())
      fault = reason;
  }

  StringRef getText(Range range) const {
    return text.slice(range.begin, range.end);
  }

  void chooseNames() {
    std::string prefix = "flow";
    while (text.contains(prefix))
      prefix += "_";
    for (size_t k = 0; k < program.tables.size(); ++k) {
      std::string number = std::to_string(k);
      flow.tables.push_back(
          {prefix + "cells" + number, prefix + "leaving" + number,
           prefix + "entering" + number, prefix + "ends" + number});
    }
    flow.outputEnds = prefix + "outputs";
  }

  const FlowLets &getLets(const Decl &table) const {
    auto found = find_if(
        program.tables, [&](const auto &each) { return each.get() == &table; });
    return flow.tables[found - program.tables.begin()];
  }

  /// ` + NAME[i, j]`
  static std::string getTerm(const std::string &name, StringRef subscript) {
    return " + " + name + subscript.str();
  }

  /// `[i, j]` of the left side; nothing where there are no indices.
  std::string getCell(const Equation &equation) const {
    std::string cell;
    for (const Pattern &pattern : equation.patterns)
      cell += (cell.empty() ? "[" : ", ") + getText(pattern.range).str();
    return cell.empty() ? cell : cell + "]";
  }

  /// Put into parentheses that close before what is added. Those of the text
  /// that the range of an expression leaves out stand around them.
  void add(const Expr &expr, std::string terms) {
    edits.push_back({expr.range.end, ")" + std::move(terms)});
    edits.push_back({expr.range.begin, "("});
  }

  void addEquation(const Equation &equation) {
    const FlowLets &lets = getLets(*equation.table);
    std::string cell = getCell(equation);
    if (hidesIndex(equation))
      return fail("an index has two meanings in one equation");
    // A cell that is `none` stays without an operator.
    if (isa<NoneExpr>(*equation.body))
      return;
    edits.push_back(
        {equation.body->range.end, ")" + getTerm(lets.cells, cell)});
    addEnds(*equation.body, &equation, lets.ends);
    edits.push_back({equation.body->range.begin, "("});
  }

  static bool hidesIndex(const Equation &equation) {
    bool found = false;
    walk(*equation.body, [&](const Expr &expr) {
      if (auto *choice = dyn_cast<ChoiceExpr>(&expr))
        for (const Alternative &alternative : choice->alternatives)
          for (const auto &binder : alternative.binders)
            found |= any_of(equation.patterns, [&](const Pattern &pattern) {
              return pattern.variable && pattern.variable->name == binder->name;
            });
    });
    return found;
  }

  void addRead(const ReadExpr &read, const Equation *equation) {
    if (read.otherwise)
      return fail("something stands for a cell that is not there");
    // The subscripts with their `?`, which then drops the same candidates.
    StringRef subscript;
    if (!read.indices.empty())
      subscript = text.slice(read.nameRange.end, read.range.end);
    std::string terms = getTerm(getLets(*read.decl).leaving, subscript);
    if (equation)
      terms += getTerm(getLets(*equation->table).entering, getCell(*equation));
    add(read, terms);
  }

  /// Adds to each read of a cell, and to each candidate without.
  void addEnds(const Expr &expr, const Equation *equation,
               const std::string &ends) {
    bool isChoice =
        isa<ChoiceExpr>(expr) && cast<ChoiceExpr>(expr).op != ChoiceExpr::Sum;
    if (auto *branch = dyn_cast<IfExpr>(&expr)) {
      addEnds(*branch->thenValue, equation, ends);
      return addEnds(*branch->elseValue, equation, ends);
    }
    if (isChoice) {
      for (const Alternative &alternative : cast<ChoiceExpr>(expr).alternatives)
        addEnds(*alternative.body, equation, ends);
      return;
    }
    if (!readsTables(expr)) {
      if (!isa<NoneExpr>(expr))
        add(expr, getTerm(ends, equation ? getCell(*equation) : ""));
      return;
    }
    if (auto *read = dyn_cast<ReadExpr>(&expr))
      return addRead(*read, equation);
    auto *binary = dyn_cast<BinaryExpr>(&expr);
    bool isSum = binary && (binary->op == BinaryExpr::Add ||
                            binary->op == BinaryExpr::Sub);
    if (!isSum)
      return fail("cells are not only added");
    bool isLeft = readsTables(*binary->lhs);
    if (isLeft && readsTables(*binary->rhs))
      return fail("a candidate reads two cells");
    if (!isLeft && binary->op == BinaryExpr::Sub)
      return fail("cells are not only added");
    addEnds(isLeft ? *binary->lhs : *binary->rhs, equation, ends);
  }

  /// `[i in 0..N, j in 0..M]`
  std::string getBinderText(const TableDecl &table) const {
    std::string binders;
    for (const auto &binder : table.binders)
      binders += (binders.empty() ? "[" : ", ") + binder->name + " in " +
                 getText(binder->values->range).str();
    return binders.empty() ? binders : binders + "]";
  }

  void declareLets() {
    if (program.outputs.empty())
      return fail("there is no output");
    std::string lets;
    for (auto [table, names] : zip_equal(program.tables, flow.tables))
      for (const std::string &name :
           {names.cells, names.leaving, names.entering, names.ends})
        lets += "let " + name + getBinderText(*table) + " = 0\n";
    lets += "let " + flow.outputEnds + " = 0\n";
    size_t at =
        text.take_front(program.outputs.front()->range.begin).rfind("output");
    if (at == StringRef::npos)
      return fail("there is no output");
    edits.push_back({uint32_t(at), lets});
  }

  const Program &program;
  StringRef text;
  FlowProgram flow;
  std::vector<Edit> edits;
  std::string fault;
};
} // namespace

std::vector<std::string> FlowProgram::getNames() const {
  std::vector<std::string> names = {outputEnds};
  for (const FlowLets &lets : tables)
    names.insert(names.end(),
                 {lets.cells, lets.leaving, lets.entering, lets.ends});
  return names;
}

std::optional<FlowProgram> danskin::addFlowLets(const Program &program,
                                                const ProgramTraits &traits,
                                                StringRef text,
                                                std::string &reason) {
  if (!traits.isChain) {
    reason = "a solution is no path";
    return std::nullopt;
  }
  return FlowWriter(program, text).write(reason);
}

//===----------------------------------------------------------------------===//
// The sums
//===----------------------------------------------------------------------===//

void FlowChecker::prepare(const Program &plain, const ProgramTraits &traits,
                          StringRef text, CallSpec spec, ResolvedCall sample,
                          EngineFactory makeEngine) {
  std::string reason;
  std::optional<FlowProgram> added = addFlowLets(plain, traits, text, reason);
  if (!added)
    return tally.skip(flowRow, reason);
  flow = std::move(*added);
  file = parseFile(flow.text, spec.file, diagnostics);
  if (!file)
    return tally.skip(flowRow, "the text is not understood");
  for (const auto &each : file->programs)
    if (each->name == plain.name)
      program = each.get();
  sample.program = program;
  sample.wrt = flow.getNames();
  sample.value = sample.grad = true;
  sample.hvp = sample.argmax = false;
  spec.wrt = sample.wrt;
  spec.entries = {"value", "grad"};
  auto made = makeEngine(*file, spec, sample, diagnostics);
  if (made) {
    engine = std::move(*made);
    return;
  }
  consumeError(made.takeError());
  tally.skip(flowRow, "it does not compile with what shows the flow");
}

Error FlowChecker::check(ResolvedCall call) {
  if (!engine)
    return Error::success();
  call.program = program;
  call.wrt = flow.getNames();
  call.value = call.grad = true;
  call.hvp = call.argmax = false;
  call.directions.clear();
  call.cotangents.clear();
  Expected<Results> results = engine->evaluate(call);
  if (!results)
    return results.takeError();
  checkSums(*results, call.isSingle);
  return Error::success();
}

void FlowChecker::checkSums(const Results &results, bool isSingle) {
  // Paths begin at the elements of outputs that there are.
  double beginning = 0,
         ending = sumElements({{"", results.grads.at(flow.outputEnds)}});
  for (const auto &[name, tensor] : results.values)
    beginning +=
        count_if(tensor.data, [](double x) { return std::isfinite(x); });
  double tolerance = isSingle ? 1e-4 : 1e-9;
  auto areEqual = [&](double a, double b) {
    return areClose(a, b, beginning, tolerance);
  };
  for (const FlowLets &lets : flow.tables) {
    const Tensor &ends = results.grads.at(lets.ends);
    for (auto [cell, leaving, entering, end] :
         zip_equal(results.grads.at(lets.cells).data,
                   results.grads.at(lets.leaving).data,
                   results.grads.at(lets.entering).data, ends.data)) {
      tally.check(flowRow, areEqual(cell, leaving) &&
                               areEqual(cell, entering + end) &&
                               cell >= -tolerance);
      ending += end;
    }
  }
  tally.check(flowRow, areEqual(beginning, ending));
}
