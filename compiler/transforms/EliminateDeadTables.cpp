//===- EliminateDeadTables.cpp - keep what outputs need -------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace danskin {
#define GEN_PASS_DEF_DPELIMINATEDEADTABLES
#include "compiler/transforms/Passes.h.inc"
} // namespace danskin

namespace {
struct EliminateDeadTables
    : danskin::impl::DpEliminateDeadTablesBase<EliminateDeadTables> {
  using DpEliminateDeadTablesBase::DpEliminateDeadTablesBase;

  void runOnOperation() override {
    for (auto table : getOperation().getBody().front().getOps<dp::TableOp>())
      if (table.getRole() == dp::TableRole::Output && isWanted(table.getName()))
        need(table.getResult());
    while (!open.empty())
      visit(open.pop_back_val());
    sweep();
  }

private:
  bool isWanted(StringRef name) const {
    return keep.empty() || llvm::any_of(keep, [&](const std::string &prefix) {
             return name.starts_with(prefix);
           });
  }

  void need(Value array) {
    auto table = array.getDefiningOp<dp::TableOp>();
    if (table && needed.insert(table).second)
      open.push_back(table);
  }

  /// What defines a table needs all it mentions, and so does its domain.
  void visit(dp::TableOp table) {
    auto mention = [&](Operation *op) {
      op->walk([&](Operation *inner) {
        for (Value operand : inner->getOperands())
          if (isa<dp::ArrayType>(operand.getType()))
            need(operand);
      });
    };
    mention(table);
    for (dp::EquationOp equation : table.getEquations())
      mention(equation);
    for (dp::ScatterOp scatter : table.getScatters())
      mention(scatter);
  }

  void sweep() {
    SmallVector<Operation *> dead;
    for (Operation &op : getOperation().getBody().front()) {
      if (auto equation = dyn_cast<dp::EquationOp>(op);
          equation && !isNeeded(equation.getTables().front()))
        dead.push_back(&op);
      if (auto scatter = dyn_cast<dp::ScatterOp>(op);
          scatter && !isNeeded(scatter.getTable()))
        dead.push_back(&op);
    }
    for (Operation &op : getOperation().getBody().front())
      if (isa<dp::TableOp>(op) && !needed.contains(&op))
        dead.push_back(&op);
    // Definitions stand before the tables in the list, owned tables may refer
    // to owners: drop all references first.
    for (Operation *op : dead)
      op->dropAllReferences();
    for (Operation *op : dead)
      op->erase();
  }

  bool isNeeded(Value table) { return needed.contains(table.getDefiningOp()); }

  DenseSet<Operation *> needed;
  SmallVector<dp::TableOp> open;
};
} // namespace
