//===- PathLength.h - how long a path can be ----------------------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TRANSFORMS_PATHLENGTH_H
#define DANSKIN_TRANSFORMS_PATHLENGTH_H

#include "compiler/transforms/PathSteps.h"

namespace danskin {

/// Functions of the sizes; null where no bound was found.
struct PathLength {
  mlir::Value rows;  ///< of the path
  mlir::Value cells; ///< that are visited, hence at any time wait to be
};

/// Emits how long the path can be. Where a cell leads to one cell at most (a
/// chain), no path from one cell meets a time of a table's schedule twice. Any
/// other is taken to meet no cell twice, or to be short.
PathLength emitPathLength(mlir::OpBuilder &builder, mlir::dp::ProgramOp program,
                          const PathSteps &steps);

} // namespace danskin

#endif // DANSKIN_TRANSFORMS_PATHLENGTH_H
