//===- ShareCells.h - a kernel of several threads ---------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_SHARECELLS_H
#define DANSKIN_CONVERSION_SHARECELLS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace danskin::conversion {

/// Adds to the kernel of an instance the number of the calling thread, how many
/// call it together and what they meet by (dp_meet), and has them share its
/// loops over cells. One thread alone computes as before. A kernel without such
/// loops gets the arguments only; the others are marked.
void shareCells(mlir::func::FuncOp kernel);

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_SHARECELLS_H
