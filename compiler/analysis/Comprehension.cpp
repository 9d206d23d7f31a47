//===- Comprehension.cpp - what holds where in a block --------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/Comprehension.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::dp;
using namespace danskin;

//===----------------------------------------------------------------------===//
// Walking
//===----------------------------------------------------------------------===//

using OpSet = llvm::DenseSet<Operation *>;

/// The operations of `block` that `value` is computed by.
static void collectSlice(Value value, Block &block, OpSet &slice) {
  Operation *op = value.getDefiningOp();
  if (!op || !(op = block.findAncestorOpInBlock(*op)) ||
      !slice.insert(op).second)
    return;
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      collectSlice(operand, block, slice);
  });
}

/// Whether a guard is the condition of `?` reads.
static bool isOptional(const OpSet &slice) {
  return llvm::any_of(slice, [](Operation *op) {
    return op
        ->walk([](ContainsOp contains) {
          return contains->hasAttr("optional") ? WalkResult::interrupt()
                                               : WalkResult::advance();
        })
        .wasInterrupted();
  });
}

namespace {
class Walker {
public:
  Walker(AffineSpace &space, PointVisitor visit) : space(space), visit(visit) {}

  void walk(Block &block, PointContext context) {
    // The guards that are not `?`, and what they are computed by.
    OpSet guardOps, optionalWheres;
    for (WhereOp where : block.getOps<WhereOp>()) {
      OpSet slice;
      collectSlice(where.getCondition(), block, slice);
      if (isOptional(slice))
        optionalWheres.insert(where);
      else
        guardOps.insert(slice.begin(), slice.end());
    }
    for (Operation &op : block) {
      if (guardOps.contains(&op))
        visitOp(op, {context.certain, context.certain});
      else
        visitOp(op, context);
      Formula learned = learn(op);
      context.holds &= learned;
      if (!optionalWheres.contains(&op))
        context.certain &= learned;
    }
  }

private:
  Formula learn(Operation &op) {
    if (auto where = dyn_cast<WhereOp>(op))
      return space.getCondition(where.getCondition());
    if (auto iterate = dyn_cast<IterateOp>(op))
      return space.getRange(space.getForm(iterate.getIndex()),
                            iterate.getLower(), iterate.getUpper());
    return Formula(true);
  }

  void visitOp(Operation &op, const PointContext &context) {
    visit(&op, context);
    if (auto branch = dyn_cast<scf::IfOp>(op)) {
      Formula condition = space.getCondition(branch.getCondition());
      walk(*branch.thenBlock(),
           {context.holds & condition, context.certain & condition});
      if (Block *otherwise = branch.elseBlock())
        walk(*otherwise,
             {context.holds & !condition, context.certain & !condition});
      return;
    }
    for (Region &region : op.getRegions())
      for (Block &block : region)
        walk(block, context);
  }

  AffineSpace &space;
  PointVisitor visit;
};
} // namespace

void danskin::walkComprehension(AffineSpace &space, Block &block,
                                const Formula &context, PointVisitor visit) {
  Walker(space, visit).walk(block, {context, context});
}

//===----------------------------------------------------------------------===//
// Equations
//===----------------------------------------------------------------------===//

std::vector<LinearForm> danskin::addCell(AffineSpace &space, Block &block) {
  std::vector<LinearForm> cell;
  for (BlockArgument argument : block.getArguments())
    cell.push_back(
        LinearForm::variable(space.addIndex(getIndexName(argument), argument)));
  return cell;
}

void danskin::bindCell(AffineSpace &space, Block &block,
                       llvm::ArrayRef<LinearForm> cell) {
  for (auto [argument, form] : llvm::zip(block.getArguments(), cell))
    space.bind(argument, form);
}

FreshInstance::FreshInstance(AffineSpace &space, Block &block) : space(space) {
  for (BlockArgument argument : block.getArguments())
    before.push_back({argument, space.release(argument)});
  block.walk([&](IterateOp iterate) {
    before.push_back({iterate.getIndex(), space.release(iterate.getIndex())});
  });
}

FreshInstance::~FreshInstance() {
  for (auto &[value, form] : before)
    space.unbind(value, std::move(form));
}

/// Whether the leading guards of an equation end here.
static bool endsGuards(Operation &op) {
  if (isa<IterateOp, ChooseOp, SumOp, YieldOp>(op))
    return true;
  auto read = dyn_cast<ReadOp>(op);
  return read && read.getArray().getDefiningOp<TableOp>();
}

Formula danskin::getGuard(AffineSpace &space, EquationOp equation,
                          llvm::ArrayRef<LinearForm> cell) {
  Block &block = equation.getBody().front();
  bindCell(space, block, cell);
  std::vector<Formula> parts;
  for (Operation &op : block) {
    if (endsGuards(op))
      break;
    if (auto where = dyn_cast<WhereOp>(op))
      parts.push_back(space.getCondition(where.getCondition()));
  }
  return Formula::all(std::move(parts));
}

Formula danskin::getApplicability(AffineSpace &space, EquationOp equation,
                                  llvm::ArrayRef<LinearForm> cell) {
  Formula guard = getGuard(space, equation, cell);
  if (!equation.getOtherwise())
    return guard;
  auto table = equation.getTables().front().getDefiningOp<TableOp>();
  for (EquationOp other : table.getEquations())
    if (other != equation && !other.getOtherwise())
      guard &= !getGuard(space, other, cell);
  return guard;
}

Formula danskin::enterEquation(AffineSpace &space, EquationOp equation,
                               llvm::ArrayRef<LinearForm> cell) {
  auto table = equation.getTables().front().getDefiningOp<TableOp>();
  Formula context = space.getAssumptions() & space.getDomain(table, cell);
  if (equation.getOtherwise())
    context &= getApplicability(space, equation, cell);
  bindCell(space, equation.getBody().front(), cell);
  return context;
}

Formula danskin::enterScatter(AffineSpace &space, ScatterOp scatter,
                              llvm::ArrayRef<LinearForm> cell) {
  bindCell(space, scatter.getBody().front(), cell);
  return space.getAssumptions() &
         space.getDomain(scatter.getOver().getDefiningOp<TableOp>(), cell);
}
