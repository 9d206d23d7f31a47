//===- Dependences.cpp - which cells need which ---------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/Dependences.h"
#include "compiler/analysis/Comprehension.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

using namespace mlir;
using namespace mlir::dp;
using namespace danskin;

std::optional<unsigned> ProgramDependences::findStatement(Operation *op) const {
  auto found = llvm::find(statements, op);
  if (found == statements.end())
    return std::nullopt;
  return found - statements.begin();
}

TableOp danskin::getRootOwner(TableOp table) {
  while (Value owner = table.getOwner())
    table = owner.getDefiningOp<TableOp>();
  return table;
}

std::vector<std::string> danskin::getDimNames(TableOp table) {
  std::vector<std::string> names;
  auto yield = cast<YieldOp>(table.getDomain().front().getTerminator());
  for (Value index : yield.getOperands())
    names.push_back(getIndexName(index).str());
  return names;
}

namespace {
/// A cell that is being computed: which statement, and the variables that are
/// its dims.
struct Reader {
  unsigned statement;
  TableOp table; ///< null for a scatter
  llvm::ArrayRef<LinearForm> cell;
};

class Extractor {
public:
  Extractor(ProgramOp program, ProofBudget &budget)
      : body(program.getBody().front()), program(program), budget(budget) {}

  ProgramDependences run();

private:
  void collectStatements();
  void addStatement(Operation *op, llvm::StringRef name, TableOp over);
  PolyhedronUnion getStatementDomain(TableOp table);
  void addReadsOf(EquationOp equation);
  void addReadsOf(ScatterOp scatter);
  void addRead(AffineSpace &space, const Reader &reader, ReadOp read,
               const Formula &context);
  void addDependence(AffineSpace &space, const Reader &reader, ReadOp read,
                     unsigned target, llvm::ArrayRef<LinearForm> cell,
                     const Formula &instances);

  Block &body;
  ProgramOp program;
  ProofBudget &budget;
  ProgramDependences result;
  llvm::DenseMap<Operation *, unsigned> statementOf;
};
} // namespace

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

void Extractor::addStatement(Operation *op, llvm::StringRef name,
                             TableOp over) {
  statementOf[op] = result.statements.size();
  result.statements.push_back(op);
  result.problem.statements.push_back(
      {name.str(), getDimNames(over), getStatementDomain(over)});
}

void Extractor::collectStatements() {
  // What nothing reads is wanted only if it is no output.
  llvm::DenseSet<Operation *> readTables;
  program.walk([&](Operation *op) {
    Value array;
    if (auto read = dyn_cast<ReadOp>(op))
      array = read.getArray();
    if (array)
      if (auto table = array.getDefiningOp<TableOp>()) {
        readTables.insert(table);
        readTables.insert(getRootOwner(table));
      }
  });
  for (TableOp table : body.getOps<TableOp>()) {
    bool isNeeded =
        table.getRole() != TableRole::Output || readTables.contains(table);
    if (!table.getOwner() && isNeeded && table.getScatters().empty())
      addStatement(table, table.getName(), table);
  }
  for (ScatterOp scatter : body.getOps<ScatterOp>()) {
    auto table = scatter.getTable().getDefiningOp<TableOp>();
    auto over = scatter.getOver().getDefiningOp<TableOp>();
    addStatement(scatter, ("+" + table.getName()).str(), over);
  }
}

PolyhedronUnion Extractor::getStatementDomain(TableOp table) {
  AffineSpace space(program);
  std::vector<LinearForm> cell;
  for (const std::string &name : getDimNames(table))
    cell.push_back(LinearForm::variable(space.addIndex(name)));
  unsigned numKept = space.getNumVariables();
  Formula domain = space.getAssumptions() & space.getDomain(table, cell);
  PolyhedronUnion pieces;
  std::optional<std::vector<Conjunction>> conjunctions =
      getPieces(space, domain, budget);
  if (!conjunctions)
    return pieces;
  SmallVector<unsigned> columns(
      llvm::to_vector(llvm::seq<unsigned>(0, space.getNumVariables())));
  for (const Conjunction &conjunction : *conjunctions)
    pieces.push_back(sets::project(space.getPolyhedron(conjunction, columns),
                                   numKept, columns.size() - numKept)
                         .set);
  return pieces;
}

//===----------------------------------------------------------------------===//
// Reads
//===----------------------------------------------------------------------===//

void Extractor::addReadsOf(EquationOp equation) {
  auto table = equation.getTables().front().getDefiningOp<TableOp>();
  auto statement = statementOf.find(getRootOwner(table));
  if (statement == statementOf.end())
    return;
  AffineSpace space(program);
  Block &block = equation.getBody().front();
  std::vector<LinearForm> cell = addCell(space, block);
  Formula context = enterEquation(space, equation, cell);
  Reader reader{statement->second, table, cell};
  walkComprehension(space, block, context,
                    [&](Operation *op, const PointContext &point) {
                      if (auto read = dyn_cast<ReadOp>(op))
                        addRead(space, reader, read, point.holds);
                    });
}

void Extractor::addReadsOf(ScatterOp scatter) {
  auto statement = statementOf.find(scatter);
  if (statement == statementOf.end())
    return;
  AffineSpace space(program);
  Block &block = scatter.getBody().front();
  std::vector<LinearForm> cell = addCell(space, block);
  Formula context = enterScatter(space, scatter, cell);
  Reader reader{statement->second, {}, cell};
  walkComprehension(space, block, context,
                    [&](Operation *op, const PointContext &point) {
                      if (auto read = dyn_cast<ReadOp>(op))
                        addRead(space, reader, read, point.holds);
                    });
}

void Extractor::addRead(AffineSpace &space, const Reader &reader, ReadOp read,
                        const Formula &context) {
  auto table = read.getArray().getDefiningOp<TableOp>();
  if (!table)
    return;
  std::vector<LinearForm> indices = space.getForms(read.getIndices());
  Formula instances = context & space.getDomain(table, indices);
  for (ScatterOp scatter : table.getScatters()) {
    auto target = statementOf.find(scatter);
    if (target == statementOf.end())
      continue;
    Block &block = scatter.getBody().front();
    FreshInstance instance(space, block);
    std::vector<LinearForm> cell = addCell(space, block);
    Formula holds = instances & enterScatter(space, scatter, cell);
    auto yield = cast<YieldOp>(block.getTerminator());
    walkComprehension(
        space, block, holds, [&](Operation *op, const PointContext &adds) {
          if (op != yield)
            return;
          Formula same = AffineSpace::getEqual(
              space.getForms(yield.getOperands().drop_back()), indices);
          addDependence(space, reader, read, target->second, cell,
                        adds.holds & same);
        });
  }
  TableOp root = getRootOwner(table);
  auto target = statementOf.find(root);
  if (target == statementOf.end())
    return;
  llvm::ArrayRef<LinearForm> cell =
      llvm::ArrayRef(indices).take_front(root.getRank());
  // Within one cell a table and those it owns are ordered by program order.
  if (target->second == reader.statement && table != reader.table)
    instances &=
        !AffineSpace::getEqual(cell, reader.cell.take_front(root.getRank()));
  addDependence(space, reader, read, target->second, cell, instances);
}

void Extractor::addDependence(AffineSpace &space, const Reader &reader,
                              ReadOp read, unsigned target,
                              llvm::ArrayRef<LinearForm> cell,
                              const Formula &instances) {
  Problem &problem = result.problem;
  std::vector<LinearForm> targetCell;
  std::vector<unsigned> columns;
  for (unsigned id = 0; id < space.getNumSizes(); ++id)
    columns.push_back(id);
  for (unsigned dim = 0; dim < problem.rank(reader.statement); ++dim)
    columns.push_back(*reader.cell[dim].asVariable());
  for (unsigned dim = 0; dim < problem.rank(target); ++dim) {
    unsigned id = space.addIndex(problem.statements[target].dims[dim]);
    columns.push_back(id);
    targetCell.push_back(LinearForm::variable(id));
  }
  std::optional<std::vector<Conjunction>> pieces = getPieces(
      space, instances & AffineSpace::getEqual(targetCell, cell), budget);
  if (!pieces || pieces->empty())
    return;
  unsigned numDims = columns.size();
  std::set<unsigned> locals;
  for (const Conjunction &piece : *pieces)
    for (unsigned id : space.getMentioned(piece))
      if (!llvm::is_contained(llvm::ArrayRef(columns).take_front(numDims), id))
        locals.insert(id);
  columns.insert(columns.end(), locals.begin(), locals.end());

  Dependence dependence;
  dependence.reader = reader.statement;
  dependence.target = target;
  dependence.label = space.toString(getArrayName(read.getArray()),
                                    space.getForms(read.getIndices()));
  dependence.numLocals = locals.size();
  for (const Conjunction &piece : *pieces)
    dependence.instances.push_back(space.getPolyhedron(piece, columns));
  problem.dependences.push_back(std::move(dependence));
  result.reads.push_back(read);
}

ProgramDependences Extractor::run() {
  AffineSpace sizes(program);
  std::vector<unsigned> columns;
  for (unsigned id = 0; id < sizes.getNumSizes(); ++id) {
    columns.push_back(id);
    result.problem.parameters.push_back(sizes.getVariable(id).name);
  }
  // The context is one polyhedron; where the assumptions are not, the
  // dependences carry them all the same.
  result.problem.context = sets::universe(columns.size());
  if (sizes.getNumVariables() == sizes.getNumSizes())
    if (auto assumed = asConjunction(sizes.getAssumptions()))
      result.problem.context = sizes.getPolyhedron(*assumed, columns);
  collectStatements();
  for (EquationOp equation : body.getOps<EquationOp>())
    addReadsOf(equation);
  for (ScatterOp scatter : body.getOps<ScatterOp>())
    addReadsOf(scatter);
  result.incomplete = budget.isSpent();
  return std::move(result);
}

ProgramDependences danskin::getDependences(ProgramOp program,
                                           ProofBudget &budget) {
  return Extractor(program, budget).run();
}
