//===- EmitStrips.h - threads that go down columns --------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_EMITSTRIPS_H
#define DANSKIN_CONVERSION_EMITSTRIPS_H

#include "compiler/conversion/Cell.h"

namespace danskin::conversion {

/// Emits what all threads of a block do together for the cells of the strips.
/// It ends with a barrier behind all that it writes, but for the outermost
/// loop's own.
void emitStrips(mlir::OpBuilder &b, Plan &plan, Env &env, Memory &memory,
                Cell &cell, const Strips &strips);

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_EMITSTRIPS_H
