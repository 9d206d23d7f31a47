//===- Emit.h - what regularizers have in common ------------------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Scores are only ever looked at relative to their maximum: that keeps the
// accuracy of the difference where scores are large, and makes a maximum of
// +inf an ordinary case.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_DIALECTS_DP_REGULARIZERS_EMIT_H
#define DANSKIN_DIALECTS_DP_REGULARIZERS_EMIT_H

#include "dialects/dp/Regularizer.h"

namespace mlir::dp {

/// A constant of the float type `type`.
Value emitFloat(OpBuilder &builder, Location loc, Type type, double value);

/// The largest score; -inf without candidates, NaN where one is NaN.
Value emitMaximum(OpBuilder &builder, Location loc, ScoreRange &scores);

/// `score - maximum`, at most 0. Exactly 0 where they are equal, also at +inf.
Value emitDistance(OpBuilder &builder, Location loc, Value score,
                   Value maximum);

} // namespace mlir::dp

#endif // DANSKIN_DIALECTS_DP_REGULARIZERS_EMIT_H
