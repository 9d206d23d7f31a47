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
#include <set>

using namespace mlir;
using namespace danskin;

namespace {
/// What the equations of one table say about absence.
struct Facts {
  std::set<dp::Sense> senses; ///< of its outermost choices
  bool canBeAbsent = false;
  SmallVector<dp::TableOp> reads; ///< tables whose absence makes its own
  dp::TableOp plainRead; ///< of an equation that yields a read as it is
};
} // namespace

static Facts collect(dp::TableOp table) {
  Facts facts;
  for (dp::EquationOp equation : table.getEquations()) {
    equation.walk([&](Operation *op) {
      if (auto choose = dyn_cast<dp::ChooseOp>(op)) {
        facts.canBeAbsent = true;
        if (!choose->getParentOfType<dp::ArmOp>())
          facts.senses.insert(choose.getSense());
      }
      if (isa<dp::NoneOp>(op))
        facts.canBeAbsent = true;
      if (auto read = dyn_cast<dp::ReadOp>(op))
        if (auto source = read.getArray().getDefiningOp<dp::TableOp>())
          facts.reads.push_back(source);
    });
    auto yield = cast<dp::YieldOp>(equation.getBody().front().back());
    if (auto read = yield.getOperand(0).getDefiningOp<dp::ReadOp>())
      facts.plainRead = read.getArray().getDefiningOp<dp::TableOp>();
  }
  return facts;
}

static dp::Absence fromSense(dp::Sense sense) {
  return sense == dp::Sense::Max ? dp::Absence::Max : dp::Absence::Min;
}

void dpgen::inferAbsence(dp::ProgramOp program) {
  llvm::MapVector<Operation *, Facts> all;
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
    else if (facts.senses.size() == 1)
      absence = fromSense(*facts.senses.begin());
    table.setAbsence(absence);
  }

  // A caller sees no bit: an output without a choice of one sense shows its
  // absence as what it reads does, else as a maximum.
  for (auto &[op, facts] : all) {
    auto table = cast<dp::TableOp>(op);
    if (table.getRole() != dp::TableRole::Output ||
        table.getAbsence() != dp::Absence::Explicit)
      continue;
    dp::Absence absence =
        facts.plainRead ? facts.plainRead.getAbsence() : dp::Absence::Max;
    for (dp::TableOp read : facts.reads)
      if (absence != dp::Absence::Min && absence != dp::Absence::Max)
        absence = read.getAbsence();
    if (absence != dp::Absence::Min)
      absence = dp::Absence::Max;
    table.setAbsence(absence);
  }
}
