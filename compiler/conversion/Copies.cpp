//===- Copies.cpp - which inputs a kernel copies --------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Memory of the caller lies as the caller likes: equal elements of instances
// far apart, and the features of a point side by side where a vector of cells
// wants one feature of adjacent points. Where each element is read many times,
// a copy that lies right costs less than what it saves.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Plan.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace danskin::conversion;

/// How many indices a read stands under: those of its cell, and those of the
/// reductions around it. `free`: that do not determine one another, as an edge
/// does its vertex.
static unsigned countIndices(dp::ReadOp read, bool free) {
  unsigned count = 0;
  for (Operation *op = read; !isa<dp::ProgramOp>(op); op = op->getParentOp()) {
    Block *block = op->getBlock();
    if (isa<dp::ProgramOp>(block->getParentOp()))
      continue;
    count += block->getNumArguments();
    for (auto iterate : block->getOps<dp::IterateOp>())
      count += !free || !iterate.getVertex();
  }
  return count;
}

/// Does the value grow from cell to cell of `equation`? What data say, or what
/// runs within a cell (the further indices of a node), does not.
static bool isOfCell(Value value, dp::EquationOp equation) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto table = equation.getTables().front().getDefiningOp<dp::TableOp>();
    return argument.getOwner() == &equation.getBody().front() &&
           argument.getArgNumber() < danskin::getRootOwner(table).getRank();
  }
  Operation *op = value.getDefiningOp();
  return equation->isProperAncestor(op) &&
         !isa<dp::IterateOp, dp::ReadOp, dp::SourceOp>(op) &&
         llvm::any_of(op->getOperands(), [&](Value operand) {
           return isOfCell(operand, equation);
         });
}

/// Is the last of the input's axes, whose elements lie side by side, one that
/// adjacent cells agree in while they differ in another?
static bool isTurned(dp::ReadOp read) {
  auto equation = read->getParentOfType<dp::EquationOp>();
  if (!equation || read.getIndices().empty())
    return false;
  return !isOfCell(read.getIndices().back(), equation) &&
         llvm::any_of(read.getIndices(),
                      [&](Value index) { return isOfCell(index, equation); });
}

/// The units in which the sums that the read has a part in want it.
static SmallVector<LogUnit> getWantedUnits(dp::ReadOp read,
                                           const LogUnits &units) {
  SmallVector<LogUnit> wanted;
  for (OpOperand &use : read->getUses())
    if (std::optional<LogUnit> unit = units.getWanted(use))
      wanted.push_back(*unit);
  return wanted;
}

static SmallVector<unsigned> getAxes(dp::ReadOp read) {
  return llvm::to_vector(llvm::seq<unsigned>(0, read.getIndices().size()));
}

/// The input's axes, last those that adjacent cells differ in.
static SmallVector<unsigned> getTurnedAxes(dp::ReadOp read) {
  SmallVector<unsigned> order = getAxes(read);
  if (isTurned(read))
    std::stable_partition(order.begin(), order.end(), [&](unsigned axis) {
      return !isOfCell(read.getIndices()[axis],
                       read->getParentOfType<dp::EquationOp>());
    });
  return order;
}

void Plan::addCopy(dp::InputOp input) {
  dp::ArrayType type = input.getResult().getType();
  unsigned rank = type.getRank();
  if (rank == 0)
    return;
  for (Operation *user : input.getResult().getUsers()) {
    auto read = dyn_cast<dp::ReadOp>(user);
    if (!read || countIndices(read, /*free=*/true) <= rank ||
        (purpose == Copies::OfCells && !isTurned(read)))
      continue;
    // A power answers.
    if (getWantedUnits(read, units).size() ==
        size_t(llvm::range_size(read->getUses())))
      continue;
    copies.insert(
        {input.getResult(),
         InputCopy{input, purpose == Copies::OfCells ? getTurnedAxes(read)
                                                     : getAxes(read)}});
    return;
  }
}

const InputCopy *Plan::findCopy(dp::ReadOp read) const {
  auto found = copies.find(read.getArray());
  if (found == copies.end() || (purpose == Copies::OfCells && !isTurned(read)))
    return nullptr;
  return &found->second;
}

/// In an order for each of its reads, for cells side by side may be computed at
/// once whatever else is.
void Plan::addPowers(dp::InputOp input) {
  dp::ArrayType type = input.getResult().getType();
  if (type.getRank() == 0 || type.getElement().isIndex())
    return;
  for (Operation *user : input.getResult().getUsers()) {
    auto read = dyn_cast<dp::ReadOp>(user);
    // Even those that are read once are sooner computed side by side.
    if (!read || countIndices(read, /*free=*/false) <= type.getRank())
      continue;
    for (LogUnit unit : getWantedUnits(read, units))
      if (!findPower(read, unit))
        powers.push_back(std::make_unique<InputPower>(
            InputPower{{input, getTurnedAxes(read)}, unit}));
  }
}

const InputPower *Plan::findPower(dp::ReadOp read, LogUnit unit) const {
  for (const auto &power : powers)
    if (power->input.getResult() == read.getArray() && power->unit == unit &&
        power->axes == getTurnedAxes(read))
      return power.get();
  return nullptr;
}
