//===- Lanes.h - one program, many instances --------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel computes one instance. Its lane form computes several of equal sizes
// at once, one a lane of a vector. What depends on sizes alone is the same in
// all lanes and stays scalar; all else becomes a vector.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_LANES_H
#define DANSKIN_CONVERSION_LANES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"

namespace danskin::conversion {

/// Which values differ from lane to lane.
class LaneAnalysis {
public:
  explicit LaneAnalysis(mlir::func::FuncOp function);

  bool isVarying(mlir::Value value) const { return varying.contains(value); }
  /// Has the function nothing that lanes cannot do? If not, why.
  const char *getObstacle() const { return obstacle; }

private:
  void visit(mlir::Operation *op);
  void visitControl(mlir::Operation *op);
  bool anyVarying(mlir::ValueRange values) const;
  void mark(mlir::Value value);
  void markIf(mlir::ValueRange from, mlir::ValueRange to);

  llvm::DenseSet<mlir::Value> varying;
  const char *obstacle = nullptr;
  bool changed = false;
};

/// Fills `lanes`, whose arguments are those of `kernel` but that arrays have a
/// leading axis of lanes and that the number of instances, at least 1 and at
/// most `width`, comes last. Instances that are missing repeat the last one.
/// The workspace holds `width` times that of one instance.
void emitLanes(mlir::func::FuncOp kernel, const LaneAnalysis &analysis,
               mlir::func::FuncOp lanes, unsigned width);

/// exp and log of vectors of doubles, bit for bit those of the runtime.
mlir::Value emitExp(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x);
mlir::Value emitLog(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x);

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_LANES_H
