//===- Domains.cpp - proofs that equations and reads fit ------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/Domains.h"
#include "compiler/analysis/Comprehension.h"
#include "compiler/analysis/Witness.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::dp;
using namespace danskin;

namespace {
class Checker {
public:
  Checker(ProgramOp program, const DomainOptions &options)
      : program(program), body(program.getBody().front()), options(options) {}

  std::vector<DomainFault> run();

private:
  using Pieces = std::vector<Conjunction>;

  /// The pieces of a formula that ought to be empty; empty too (with a fault at
  /// `where`) if that is too much to ask.
  Pieces ask(const AffineSpace &space, const Formula &formula, Location where);
  DomainFault &report(Location where, llvm::StringRef code, std::string message,
                      std::string witness);

  void checkCoverage(TableOp table);
  void checkOverlap(AffineSpace &space, EquationOp first, EquationOp second,
                    llvm::ArrayRef<LinearForm> cell, const Formula &domain);
  void checkBlock(AffineSpace &space, Block &block, const Formula &context);
  void checkRead(AffineSpace &space, ReadOp read, const Formula &context);
  void checkExtent(AffineSpace &space, Operation *op, InputOp input,
                   llvm::ArrayRef<LinearForm> indices, const Formula &context);
  void checkRange(AffineSpace &space, IterateOp iterate);
  void checkOptional(AffineSpace &space, ContainsOp contains,
                     const Formula &context);
  std::string suggestGuard(AffineSpace &space, Operation *read,
                           const Formula &target, const Witness &witness);

  ProgramOp program;
  Block &body;
  const DomainOptions &options;
  std::vector<DomainFault> faults;
};
} // namespace

//===----------------------------------------------------------------------===//
// Asking and reporting
//===----------------------------------------------------------------------===//

Checker::Pieces Checker::ask(const AffineSpace &space, const Formula &formula,
                             Location where) {
  ProofBudget budget{options.proofsPerQuestion};
  if (auto pieces = getPieces(space, formula, budget))
    return std::move(*pieces);
  report(where, "E0308",
         "this takes more than " + std::to_string(options.proofsPerQuestion) +
             " steps to prove",
         "")
      .help = "use fewer equations with patterns, or simpler conditions";
  return {};
}

DomainFault &Checker::report(Location where, llvm::StringRef code,
                             std::string message, std::string witness) {
  faults.push_back({where, code.str(), std::move(message), std::move(witness),
                    "", std::nullopt, ""});
  return faults.back();
}

//===----------------------------------------------------------------------===//
// One equation for every cell
//===----------------------------------------------------------------------===//

void Checker::checkCoverage(TableOp table) {
  AffineSpace space(program);
  SmallVector<EquationOp> equations = table.getEquations();
  std::vector<LinearForm> cell;
  if (!equations.empty())
    cell = addCell(space, equations.front().getBody().front());
  else
    for (Value index : table.getDomain().front().getTerminator()->getOperands())
      cell.push_back(LinearForm::variable(space.addIndex(getIndexName(index))));
  Formula domain = space.getAssumptions() & space.getDomain(table, cell);
  Formula uncovered = domain;
  bool hasOtherwise = false;
  for (auto [number, equation] : llvm::enumerate(equations)) {
    hasOtherwise |= equation.getOtherwise();
    if (!equation.getOtherwise())
      uncovered &= !getGuard(space, equation, cell);
    for (EquationOp before : ArrayRef(equations).take_front(number))
      checkOverlap(space, before, equation, cell, domain);
  }
  if (hasOtherwise)
    return;
  Pieces gap = ask(space, uncovered, table.getLoc());
  if (gap.empty())
    return;
  Witness witness = findWitness(space, gap);
  report(table.getLoc(), "E0303",
         "no equation defines `" + witness.toString(table.getName(), cell) +
             "`",
         witness.toString())
      .help = "add an equation for these cells, or make one `otherwise`";
}

void Checker::checkOverlap(AffineSpace &space, EquationOp first,
                           EquationOp second, llvm::ArrayRef<LinearForm> cell,
                           const Formula &domain) {
  // `otherwise` excludes all others but another `otherwise`.
  if (first.getOtherwise() != second.getOtherwise())
    return;
  Pieces both = ask(space,
                    domain & getApplicability(space, first, cell) &
                        getApplicability(space, second, cell),
                    second.getLoc());
  if (both.empty())
    return;
  Witness witness = findWitness(space, both);
  llvm::StringRef name = getArrayName(second.getTables().front());
  DomainFault &fault =
      report(second.getLoc(), "E0304",
             "two equations define `" + witness.toString(name, cell) + "`",
             witness.toString());
  fault.related = first.getLoc();
  fault.relatedMessage = "the first equation is here";
}

//===----------------------------------------------------------------------===//
// Reads
//===----------------------------------------------------------------------===//

/// The first bound of `target` that the witness breaks.
static const Constraint *findBroken(const Formula &target,
                                    const Witness &witness) {
  if (target.getKind() == Formula::Atom) {
    int64_t value = witness.evaluate(target.getAtom().form);
    bool holds = target.getAtom().equality ? value == 0 : value >= 0;
    return holds ? nullptr : &target.getAtom();
  }
  for (const Formula &part : target.getParts())
    if (const Constraint *broken = findBroken(part, witness))
      return broken;
  return nullptr;
}

/// Whether a value ends up in a guard, where there is no candidate to drop.
static bool feedsGuard(Operation *op) {
  SmallVector<Operation *> open = {op};
  while (!open.empty()) {
    Operation *next = open.pop_back_val();
    if (isa<WhereOp>(next))
      return true;
    if (isa<scf::YieldOp>(next))
      open.push_back(next->getParentOp());
    if (!isa<YieldOp>(next))
      open.append(next->user_begin(), next->user_end());
  }
  return false;
}

static bool isOfSizes(const AffineSpace &space, const LinearForm &form) {
  return llvm::all_of(form.getTerms(), [&](const LinearForm::Term &term) {
    return term.first < space.getNumSizes();
  });
}

std::string Checker::suggestGuard(AffineSpace &space, Operation *op,
                                  const Formula &target,
                                  const Witness &witness) {
  const Constraint *broken = findBroken(target, witness);
  std::string guard;
  if (broken && !broken->equality)
    guard = conditionToString(space, broken->form);
  if (broken && isOfSizes(space, broken->form) && !guard.empty())
    return "declare that `" + guard + "`";
  if (!op->getParentOfType<ArmOp>()) {
    if (guard.empty())
      return "";
    return "write `if " + guard + " then ... else ...`";
  }
  std::string help;
  auto read = dyn_cast<ReadOp>(op);
  if (read && read.getArray().getDefiningOp<TableOp>() && !feedsGuard(op))
    help = "write `" +
           space.toString(getArrayName(read.getArray()),
                          space.getForms(read.getIndices())) +
           "?` to drop this candidate there";
  if (!guard.empty())
    help += (help.empty() ? "guard it with `if " : ", or guard it with `if ") +
            guard + "`";
  return help;
}

void Checker::checkRead(AffineSpace &space, ReadOp read,
                        const Formula &context) {
  std::vector<LinearForm> indices = space.getForms(read.getIndices());
  if (auto input = read.getArray().getDefiningOp<InputOp>())
    return checkExtent(space, read, input, indices, context);
  auto table = read.getArray().getDefiningOp<TableOp>();
  Formula domain = space.getDomain(table, indices);
  Pieces outside = ask(space, context & !domain, read.getLoc());
  if (outside.empty())
    return;
  Witness witness = findWitness(space, outside);
  bool isLet = table.getRole() == TableRole::Let;
  report(read.getLoc(), isLet ? "E0302" : "E0301",
         "read of `" + witness.toString(table.getName(), indices) +
             "` outside the domain of " + (isLet ? "let" : "table") + " `" +
             table.getName().str() + "`",
         witness.toString())
      .help = suggestGuard(space, read, domain, witness);
}

void Checker::checkExtent(AffineSpace &space, Operation *op, InputOp input,
                          llvm::ArrayRef<LinearForm> indices,
                          const Formula &context) {
  Formula extent = space.getExtent(input, indices);
  Pieces outside = ask(space, context & !extent, op->getLoc());
  if (outside.empty())
    return;
  Witness witness = findWitness(space, outside);
  report(op->getLoc(), "E0302",
         "read of `" + witness.toString(input.getName(), indices) +
             "` outside the extents of input `" + input.getName().str() + "`",
         witness.toString())
      .help = suggestGuard(space, op, extent, witness);
}

void Checker::checkOptional(AffineSpace &space, ContainsOp contains,
                            const Formula &context) {
  auto table = contains.getTable().getDefiningOp<TableOp>();
  std::vector<LinearForm> indices = space.getForms(contains.getIndices());
  Formula domain = space.getDomain(table, indices);
  if (!ask(space, context & !domain, contains.getLoc()).empty())
    return;
  // A candidate that never exists is no reason to complain about its `?`.
  if (ask(space, context, contains.getLoc()).empty())
    return;
  std::string text = space.toString(table.getName(), indices);
  report(contains.getLoc(), "E0306",
         "needless `?`: `" + text + "` is always in the domain of table `" +
             table.getName().str() + "`",
         "")
      .help = "write `" + text + "`";
}

//===----------------------------------------------------------------------===//
// Ranges
//===----------------------------------------------------------------------===//

void Checker::checkRange(AffineSpace &space, IterateOp iterate) {
  for (Value bound : {iterate.getLower(), iterate.getUpper()}) {
    std::string reason;
    std::optional<LinearForm> form = space.getLinear(bound);
    if (!form) {
      reason = "a bound is not affine in sizes, indices and ranged integers";
    } else {
      for (unsigned id : space.getMentioned({{*form, false}})) {
        const Variable &variable = space.getVariable(id);
        if (variable.kind == Variable::Data && variable.facts.empty())
          reason = "`" + variable.name + "` has no range";
        if (variable.kind == Variable::Data &&
            isa<TableOp>(iterate->getParentOp()))
          reason = "a table's domain cannot depend on data";
      }
    }
    if (reason.empty())
      continue;
    report(iterate.getLoc(), "E0307",
           "the range of `" + getIndexName(iterate.getIndex()).str() +
               "` is unbounded: " + reason,
           "");
    return;
  }
}

//===----------------------------------------------------------------------===//
// The whole program
//===----------------------------------------------------------------------===//

void Checker::checkBlock(AffineSpace &space, Block &block,
                         const Formula &context) {
  // `?` conditions, with what holds there, until their candidate's guards are
  // all known.
  llvm::DenseMap<Block *, std::vector<std::pair<ContainsOp, Formula>>> optional;
  walkComprehension(
      space, block, context, [&](Operation *op, const PointContext &point) {
        if (auto read = dyn_cast<ReadOp>(op)) {
          checkRead(space, read, point.holds);
        } else if (auto source = dyn_cast<SourceOp>(op)) {
          checkExtent(space, op, source.getSources().getDefiningOp<InputOp>(),
                      {space.getForm(source.getEdge())}, point.holds);
        } else if (auto iterate = dyn_cast<IterateOp>(op)) {
          checkRange(space, iterate);
        } else if (auto contains = dyn_cast<ContainsOp>(op)) {
          if (auto arm = op->getParentOfType<ArmOp>())
            if (contains->hasAttr("optional"))
              optional[&arm.getBody().front()].push_back(
                  {contains, point.certain});
        } else if (isa<YieldOp>(op)) {
          for (auto &[contains, before] : optional[op->getBlock()])
            checkOptional(space, contains, before & point.certain);
        }
      });
}

std::vector<DomainFault> Checker::run() {
  for (Operation &op : body) {
    AffineSpace space(program);
    if (auto table = dyn_cast<TableOp>(op)) {
      checkBlock(space, table.getDomain().front(), space.getAssumptions());
      if (table.getScatters().empty())
        checkCoverage(table);
    } else if (auto input = dyn_cast<InputOp>(op)) {
      if (input.getValues().empty())
        continue;
      Block &range = input.getValues().front();
      std::vector<LinearForm> element = addCell(space, range);
      checkBlock(space, range,
                 space.getAssumptions() & space.getExtent(input, element));
    } else if (auto equation = dyn_cast<EquationOp>(op)) {
      Block &block = equation.getBody().front();
      std::vector<LinearForm> cell = addCell(space, block);
      checkBlock(space, block, enterEquation(space, equation, cell));
    } else if (auto scatter = dyn_cast<ScatterOp>(op)) {
      Block &block = scatter.getBody().front();
      std::vector<LinearForm> cell = addCell(space, block);
      checkBlock(space, block, enterScatter(space, scatter, cell));
    }
  }
  // The parts of one expression may be emitted more than once.
  std::vector<DomainFault> unique;
  for (DomainFault &fault : faults)
    if (llvm::none_of(unique, [&](const DomainFault &other) {
          return other.where == fault.where && other.code == fault.code;
        }))
      unique.push_back(std::move(fault));
  return unique;
}

std::vector<DomainFault> danskin::checkDomains(ProgramOp program,
                                               const DomainOptions &options) {
  return Checker(program, options).run();
}
