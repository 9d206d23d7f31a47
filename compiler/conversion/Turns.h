//===- Turns.h - reductions that take turns ---------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A round of a reduction waits for the one before. Several at once, each of
// every so many indices, do not wait for one another; how many there are says
// in which order is added.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_TURNS_H
#define DANSKIN_CONVERSION_TURNS_H

#include "mlir/IR/Builders.h"

namespace danskin::conversion {

/// Of maxima, which wait for nothing else.
constexpr unsigned maxima = 4;

/// A loop that reduces to as many values as `init` has, `body` one index at a
/// time: value i gets the indices i, i + n, i + 2n, ..., the first also what is
/// left over.
llvm::SmallVector<mlir::Value> reduceInTurns(
    mlir::OpBuilder &b, mlir::Location loc, mlir::Value lower,
    mlir::Value upper, mlir::ValueRange init,
    llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Value index,
                                   mlir::Value before)>
        body);

/// Combines neighbours until one is left.
mlir::Value
combine(llvm::SmallVector<mlir::Value> values,
        llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> two);

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_TURNS_H
