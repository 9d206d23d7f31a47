//===- Classify.cpp - chain, tree or general ------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/Report.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::dp;
using namespace danskin;

llvm::StringRef danskin::toString(ProgramClass programClass) {
  switch (programClass) {
  case ProgramClass::Chain:
    return "chain";
  case ProgramClass::Tree:
    return "tree";
  case ProgramClass::General:
    return "general";
  }
  llvm_unreachable("unknown class");
}

namespace {
/// Finds how often the value of each step holds a cell that choices stand
/// behind.
class Classifier {
public:
  explicit Classifier(ProgramOp program) : program(program) { findChosen(); }

  ProgramClass run() {
    for (EquationOp equation : program.getBody().front().getOps<EquationOp>())
      for (Value value :
           equation.getBody().front().getTerminator()->getOperands())
        step(value);
    return worst;
  }

private:
  /// Cells read with coefficient 1; nothing where a cell enters otherwise.
  using Count = std::optional<unsigned>;

  /// Tables with a choice, or that read one that has.
  void findChosen() {
    for (bool changed = true; changed;) {
      changed = false;
      for (EquationOp equation :
           program.getBody().front().getOps<EquationOp>()) {
        bool hasChoice = false;
        equation.walk([&](Operation *op) {
          auto read = dyn_cast<ReadOp>(op);
          hasChoice |=
              isa<ChooseOp>(op) || (read && chosen.contains(read.getArray()));
        });
        if (hasChoice)
          for (Value table : equation.getTables())
            changed |= chosen.insert(table).second;
      }
    }
  }

  void raise(ProgramClass to) { worst = std::max(worst, to); }

  /// A value that is a step of a path: one cell at most, or several.
  void step(Value value) {
    Count cells = count(value);
    if (!cells)
      raise(ProgramClass::General);
    else if (*cells > 1)
      raise(ProgramClass::Tree);
  }

  Count sum(Count left, Count right) {
    if (!left || !right)
      return std::nullopt;
    // Beyond two it is a tree all the same.
    return std::min(*left + *right, 2u);
  }

  Count either(Count left, Count right) {
    if (!left || !right)
      return std::nullopt;
    return std::max(*left, *right);
  }

  Count count(Value value) {
    if (!value.getType().isF64())
      return 0;
    auto [found, isNew] = counts.try_emplace(value);
    if (!isNew)
      return found->second;
    Operation *op = value.getDefiningOp();
    Count cells = op ? countOf(op, value) : Count(0);
    return counts[value] = cells;
  }

  Count countOf(Operation *op, Value value) {
    if (auto read = dyn_cast<ReadOp>(op))
      return chosen.contains(read.getArray()) ? 1 : 0;
    if (auto choose = dyn_cast<ChooseOp>(op)) {
      for (ArmOp arm : choose.getArms().front().getOps<ArmOp>())
        step(arm.getScore());
      if (choose.getGamma() && count(choose.getGamma()) != Count(0))
        raise(ProgramClass::General);
      return 1;
    }
    if (auto sumOp = dyn_cast<SumOp>(op)) {
      Count total = 0;
      for (ArmOp arm : sumOp.getArms().front().getOps<ArmOp>()) {
        Count cells = count(arm.getScore());
        total = sum(total, cells);
        if (!arm.getBinders().empty())
          total = sum(total, cells);
      }
      return total;
    }
    if (auto branch = dyn_cast<scf::IfOp>(op)) {
      unsigned number = cast<OpResult>(value).getResultNumber();
      return either(count(branch.thenYield().getOperand(number)),
                    count(branch.elseYield().getOperand(number)));
    }
    if (auto select = dyn_cast<arith::SelectOp>(op))
      return either(count(select.getTrueValue()),
                    count(select.getFalseValue()));
    if (isa<arith::AddFOp>(op))
      return sum(count(op->getOperand(0)), count(op->getOperand(1)));
    if (isa<arith::SubFOp>(op) && count(op->getOperand(1)) == Count(0))
      return count(op->getOperand(0));
    // Through anything else a cell has a coefficient that is not 1.
    bool isWeight = llvm::all_of(op->getOperands(), [&](Value operand) {
      return count(operand) == Count(0);
    });
    return isWeight ? Count(0) : std::nullopt;
  }

  ProgramOp program;
  llvm::DenseSet<Value> chosen;
  llvm::DenseMap<Value, Count> counts;
  ProgramClass worst = ProgramClass::Chain;
};
} // namespace

ProgramClass danskin::classify(ProgramOp program) {
  return Classifier(program).run();
}
