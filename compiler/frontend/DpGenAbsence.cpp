//===- DpGenAbsence.cpp - how each table stores an absent cell ------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A table whose choices all seek one extreme stores absence as the infinity
// that loses there; one whose cells can never be absent stores nothing; any
// other carries a bit a cell.
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/DpGenImpl.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;
using namespace danskin;

namespace {
/// What the equations of one table say about absence.
struct Facts {
  SmallVector<dp::Sense> senses; ///< of its outermost choices, in order
  bool canBeAbsent = false;
  SmallVector<dp::TableOp> reads; ///< tables whose absence makes its own
};
using AllFacts = llvm::MapVector<Operation *, Facts>;
} // namespace

static Facts collect(dp::TableOp table) {
  Facts facts;
  for (dp::EquationOp equation : table.getEquations()) {
    equation.walk([&](Operation *op) {
      if (auto choose = dyn_cast<dp::ChooseOp>(op)) {
        facts.canBeAbsent = true;
        if (!choose->getParentOfType<dp::ArmOp>())
          facts.senses.push_back(choose.getSense());
      }
      if (isa<dp::NoneOp>(op))
        facts.canBeAbsent = true;
      if (auto read = dyn_cast<dp::ReadOp>(op))
        if (auto source = read.getArray().getDefiningOp<dp::TableOp>())
          facts.reads.push_back(source);
    });
  }
  return facts;
}

static dp::Absence fromSense(dp::Sense sense) {
  return sense == dp::Sense::Max ? dp::Absence::Max : dp::Absence::Min;
}

/// The sense of the table's first choice, or of the first behind what it reads.
static std::optional<dp::Sense>
findSense(Operation *table, AllFacts &all,
          llvm::SmallPtrSetImpl<Operation *> &seen) {
  const Facts &facts = all[table];
  if (!facts.senses.empty())
    return facts.senses.front();
  for (dp::TableOp read : facts.reads)
    if (seen.insert(read).second)
      if (std::optional<dp::Sense> sense = findSense(read, all, seen))
        return sense;
  return std::nullopt;
}

void dpgen::inferAbsence(dp::ProgramOp program) {
  AllFacts all;
  for (auto table : program.getBody().front().getOps<dp::TableOp>())
    all[table] = collect(table);

  for (bool changed = true; changed;) {
    changed = false;
    for (auto &[table, facts] : all)
      if (!facts.canBeAbsent &&
          llvm::any_of(facts.reads,
                       [&](dp::TableOp read) { return all[read].canBeAbsent; }))
        changed = facts.canBeAbsent = true;
  }

  for (auto &[op, facts] : all) {
    auto table = cast<dp::TableOp>(op);
    dp::Absence absence = dp::Absence::Explicit;
    if (!facts.canBeAbsent)
      absence = dp::Absence::Never;
    else if (!facts.senses.empty() && llvm::all_equal(facts.senses))
      absence = fromSense(facts.senses.front());
    table.setAbsence(absence);
  }

  // A caller sees no bit: an output without a choice of one sense shows its
  // absence as the first choice behind it does, else as a maximum.
  for (auto &[op, facts] : all) {
    auto table = cast<dp::TableOp>(op);
    if (table.getRole() != dp::TableRole::Output ||
        table.getAbsence() != dp::Absence::Explicit)
      continue;
    llvm::SmallPtrSet<Operation *, 8> seen;
    table.setAbsence(
        fromSense(findSense(table, all, seen).value_or(dp::Sense::Max)));
  }
}
