//===- Shadow.h - bounds of a form over sizes ---------------------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TRANSFORMS_SHADOW_H
#define DANSKIN_TRANSFORMS_SHADOW_H

#include "compiler/analysis/Affine.h"

namespace danskin {

/// Bounds that an affine form keeps to wherever `holds` does, as functions of
/// the sizes alone. What of `holds` is no conjunction is left out.
class Shadow {
public:
  Shadow(AffineSpace &space, const Formula &holds);

  /// The least value and one past the greatest; nothing if it is unbounded.
  std::optional<std::pair<mlir::Value, mlir::Value>>
  emitBounds(mlir::OpBuilder &builder, mlir::Location loc,
             const LinearForm &form);
  /// How many values at most, never below 0; null if it is unbounded.
  mlir::Value emitExtent(mlir::OpBuilder &builder, mlir::Location loc,
                         const LinearForm &form);

private:
  AffineSpace &space;
  Conjunction atoms;
};

} // namespace danskin

#endif // DANSKIN_TRANSFORMS_SHADOW_H
