//===- Slices.h - what values are computed from -----------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_SLICES_H
#define DANSKIN_CONVERSION_SLICES_H

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

namespace danskin::conversion {

/// `value` as it is where `map` says what the index of the loop is: clones what
/// it is computed from inside of the loop, none of which may have regions or
/// effects.
mlir::Value cloneInLoop(mlir::OpBuilder &b, mlir::Value value,
                        mlir::scf::ForOp loop, mlir::IRMapping &map);

/// `value`, which is in `op`, as it can be computed before: clones what it is
/// computed from. Null where that is not known there or has effects.
mlir::Value cloneBefore(mlir::OpBuilder &b, mlir::Value value,
                        mlir::Operation *op, mlir::IRMapping &map);

/// Is the value made of something in memory? So are the edges of a vertex.
bool isLoaded(mlir::Value value);

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_SLICES_H
