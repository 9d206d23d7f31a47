//===- Report.cpp - what `dpc check` says of a program --------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/Report.h"
#include "compiler/analysis/Comprehension.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <set>

using namespace mlir;
using namespace mlir::dp;
using namespace danskin;

//===----------------------------------------------------------------------===//
// Work
//===----------------------------------------------------------------------===//

namespace {
/// Counts the points at which the blocks of a program yield.
class WorkCounter {
public:
  WorkCounter(ProgramOp program, const Polyhedron &context)
      : program(program), context(context),
        total{Polynomial(context.getNumVars()),
              Polynomial(context.getNumVars())} {}

  SizeFormula run() {
    for (EquationOp equation : program.getBody().front().getOps<EquationOp>())
      countEquation(equation);
    return total;
  }

private:
  void countEquation(EquationOp equation);
  void countPoint(AffineSpace &space, const Formula &holds);
  Formula withoutData(const AffineSpace &space, const Formula &formula,
                      bool within = false);

  ProgramOp program;
  const Polyhedron &context;
  SizeFormula total;
};
} // namespace

static Operation *getDefiningOp(Value value) {
  return value ? value.getDefiningOp() : nullptr;
}

static bool isData(const AffineSpace &space, unsigned id) {
  Variable::Kind kind = space.getVariable(id).kind;
  return kind == Variable::Data || kind == Variable::Source ||
         kind == Variable::Unknown;
}

/// Leaves out what asks for data: a choice of conditions, an equality. A bound
/// by data stays, to be bounded by the data's range.
Formula WorkCounter::withoutData(const AffineSpace &space,
                                 const Formula &formula, bool within) {
  if (formula.getKind() == Formula::Atom) {
    const Constraint &atom = formula.getAtom();
    bool asks = llvm::any_of(atom.form.getTerms(), [&](const auto &term) {
      return isData(space, term.first);
    });
    return asks && (within || atom.equality) ? Formula(true) : formula;
  }
  std::vector<Formula> parts;
  for (const Formula &part : formula.getParts())
    parts.push_back(withoutData(space, part, formula.getKind() == Formula::Or));
  if (formula.getKind() == Formula::And)
    return Formula::all(std::move(parts));
  if (formula.getKind() == Formula::Or)
    return Formula::any(std::move(parts));
  return formula;
}

/// The constraints that a formula has outside of its disjunctions.
static Conjunction getAtoms(const Formula &formula) {
  if (formula.getKind() == Formula::Atom)
    return {formula.getAtom()};
  Conjunction atoms;
  if (formula.getKind() == Formula::And)
    for (const Formula &part : formula.getParts())
      if (part.getKind() == Formula::Atom)
        atoms.push_back(part.getAtom());
  return atoms;
}

void WorkCounter::countPoint(AffineSpace &space, const Formula &holds) {
  ProofBudget budget{2000};
  auto pieces = getPieces(space, withoutData(space, holds), budget);
  if (!pieces) {
    // Without its disjunctions the formula still gives the order.
    pieces.emplace().push_back(getAtoms(holds));
    total.exact.reset();
  }
  // What is counted are the indices; quotients and data go with them, and so
  // does a vertex with its edge.
  std::set<unsigned> counted, determined;
  for (const Conjunction &piece : *pieces)
    for (unsigned id : space.getMentioned(piece)) {
      const Variable &variable = space.getVariable(id);
      if (variable.kind != Variable::Index)
        continue;
      counted.insert(id);
      auto iterate = dyn_cast_or_null<IterateOp>(getDefiningOp(variable.value));
      Value vertex = iterate ? iterate.getVertex() : Value();
      if (!vertex)
        continue;
      if (std::optional<unsigned> known = space.getForm(vertex).asVariable())
        determined.insert(*known);
    }
  std::vector<unsigned> columns(space.getNumVariables());
  for (unsigned id = 0; id < columns.size(); ++id)
    columns[id] = id;
  PolyhedronUnion set;
  for (const Conjunction &piece : *pieces) {
    Polyhedron points = space.getPolyhedron(piece, columns);
    for (unsigned id = columns.size(); id-- > space.getNumSizes();)
      if (!counted.count(id) || determined.count(id))
        points = sets::project(points, id, 1).set;
    set.push_back(std::move(points));
  }
  total += countPoints(context, set);
}

void WorkCounter::countEquation(EquationOp equation) {
  AffineSpace space(program);
  Block &block = equation.getBody().front();
  std::vector<LinearForm> cell = addCell(space, block);
  Formula context = enterEquation(space, equation, cell);
  walkComprehension(space, block, context,
                    [&](Operation *op, const PointContext &point) {
                      if (isa<YieldOp>(op))
                        countPoint(space, point.holds);
                    });
}

SizeFormula danskin::countWork(ProgramOp program, const Polyhedron &context) {
  return WorkCounter(program, context).run();
}

//===----------------------------------------------------------------------===//
// The report
//===----------------------------------------------------------------------===//

ProgramReport danskin::getReport(ProgramOp program,
                                 const ProgramDependences &dependences,
                                 const Schedule &schedule) {
  const Problem &problem = dependences.problem;
  ProgramReport report;
  report.programClass = classify(program);
  report.sizes = problem.parameters;
  report.schedule = schedule;
  report.scheduleText = toString(problem, schedule);
  report.width = widthOf(problem, schedule);
  report.cost = countWork(program, problem.context);
  report.memory = countCells(problem);
  return report;
}

void danskin::print(const ProgramReport &report, llvm::raw_ostream &os) {
  os << "class: " << toString(report.programClass) << "\n";
  os << "schedule:\n";
  for (llvm::StringRef line : llvm::split(report.scheduleText, '\n'))
    if (!line.empty())
      os << "  " << line << "\n";
  os << "width: " << report.width.toString(report.sizes) << "\n"
     << "cost: " << report.cost.toString(report.sizes) << " candidates\n"
     << "memory: " << report.memory.toString(report.sizes) << " cells\n";
}
