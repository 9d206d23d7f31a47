//===- Marks.h - what loops say of themselves -------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attributes on the loops, branches and functions of kernels, for the passes
// that give several cells, instances or threads to them.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_MARKS_H
#define DANSKIN_CONVERSION_MARKS_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/StringRef.h"

namespace danskin::conversion {

/// On a loop over cells, whose iterations do not depend on one another, and may
/// be run twice.
constexpr llvm::StringLiteral cellsAttr = "dp.cells";

/// On a loop over cells that add to sums, each to places of its own: as above,
/// but none may be run twice.
constexpr llvm::StringLiteral addsAttr = "dp.adds";

/// On a loop as over cells that one thread runs alone: it brings what a loop
/// over cells reads into another form.
constexpr llvm::StringLiteral packAttr = "dp.pack";

/// On any other loop of that kind: it copies or clears memory.
constexpr llvm::StringLiteral fillAttr = "dp.fill";

/// On a loop over a block of an array's last axis that copies it into a buffer
/// or out of it; by how much the index grows in a round: 1 or -1.
constexpr llvm::StringLiteral stageAttr = "dp.stage";
constexpr unsigned stageLength = 16; ///< of a block: floats of a cache line

/// On a loop that all threads of a block go through together, each at cells of
/// its own, and in which they meet by themselves.
constexpr llvm::StringLiteral stripsAttr = "dp.strips";

/// On a kernel whose wavefronts all go down columns: how many a thread takes.
constexpr llvm::StringLiteral columnsAttr = "dp.columns";

/// On a reduction that goes by turns, in front of the loop over what is left.
constexpr llvm::StringLiteral turnsAttr = "dp.turns";

/// On a store that adds to what is there: those to one place have an order.
constexpr llvm::StringLiteral addAttr = "dp.add";

/// On a store that notes that a number does not fit its format.
constexpr llvm::StringLiteral faultAttr = "dp.fault";

/// On memory of a cell, which it fills before it reads it: vectors of cells
/// have a place of each lane for each place in it.
constexpr llvm::StringLiteral ownAttr = "dp.own";

/// On a branch whose condition hardly ever holds.
constexpr llvm::StringLiteral coldAttr = "dp.cold";

/// On a kernel in which most cells are in no loop over cells.
constexpr llvm::StringLiteral sequentialAttr = "dp.sequential";

/// On a kernel whose loops over cells several threads share.
constexpr llvm::StringLiteral teamAttr = "dp.team";

/// On a kernel whose results below the least normal number are 0.
constexpr llvm::StringLiteral flushAttr = "dp.flush";

/// The address space of what the threads of a block share.
constexpr unsigned blockMemory = 3;

/// Is it a loop whose iterations vectors may take?
inline bool isForVectors(mlir::Operation *op) {
  return op->hasAttr(cellsAttr) || op->hasAttr(addsAttr) ||
         op->hasAttr(packAttr);
}

/// Is it a loop over what does not depend on one another?
inline bool isOverCells(mlir::Operation *op) {
  return op->hasAttr(cellsAttr) || op->hasAttr(addsAttr) ||
         op->hasAttr(fillAttr);
}

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_MARKS_H
