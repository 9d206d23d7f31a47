//===- LayOutPaths.cpp - dp-lay-out-paths ---------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Hosts read the rows of a path by the program's text, so tables have their
// numbers from it, those that nothing needs included.
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "compiler/transforms/PathSteps.h"

using namespace mlir;

namespace danskin {
#define GEN_PASS_DEF_DPLAYOUTPATHS
#include "compiler/transforms/Passes.h.inc"
} // namespace danskin

using namespace danskin;

namespace {
struct LayOutPaths : danskin::impl::DpLayOutPathsBase<LayOutPaths> {
  void runOnOperation() override {
    dp::ProgramOp program = getOperation();
    unsigned next = 0, rank = 0, binders = 0;
    for (dp::TableRole role : {dp::TableRole::Table, dp::TableRole::Output})
      number(role, next, rank);
    for (auto equation : program.getBody().front().getOps<dp::EquationOp>()) {
      auto table = equation.getTables()[0].getDefiningOp<dp::TableOp>();
      dp::ChooseOp choice = PathSteps::getChoice(equation);
      if (choice && PathSteps::getRoot(table).getRole() != dp::TableRole::Let)
        binders = std::max(binders, choice.getMaxBinders());
    }
    set(program, PathSteps::rankAttr, rank);
    set(program, PathSteps::bindersAttr, binders);
  }

private:
  static void set(Operation *op, StringRef attribute, unsigned value) {
    op->setAttr(attribute, Builder(op->getContext()).getI64IntegerAttr(value));
  }

  void number(dp::TableRole role, unsigned &next, unsigned &rank) {
    // Tables that were split off one another have its name.
    llvm::StringMap<unsigned> byName;
    for (auto table : getOperation().getBody().front().getOps<dp::TableOp>()) {
      if (table.getRole() != role)
        continue;
      auto [number, isNew] = byName.try_emplace(table.getName(), next);
      next += isNew;
      set(table, PathSteps::numberAttr, number->second);
      rank = std::max(rank, table.getRank());
    }
  }
};
} // namespace
