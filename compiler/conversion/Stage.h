//===- Stage.h - a block of an array on its way -----------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_STAGE_H
#define DANSKIN_CONVERSION_STAGE_H

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <functional>

namespace danskin::conversion {

/// A loop that copies elements of an array, one of each round, into a buffer or
/// out of it (stageAttr), as vectors do it for several lanes, which lie apart
/// in the array and side by side in the buffer: by transposing.
class Stage {
public:
  Stage(mlir::scf::ForOp copy, unsigned width);

  /// Of the loop: the array, where in it a round is, and the buffer.
  mlir::Value getArray() const { return isLoad ? source : target; }
  mlir::Value getBuffer() const { return isLoad ? target : source; }
  mlir::ValueRange getIndices() const { return indices; }
  /// Are so many lanes a number of tiles?
  bool hasTiles() const;

  /// What whoever emits lanes says: the memory of the array, one long row, and
  /// the stride of its last axis; the buffer; where in the memory the first
  /// lane has the element of a round, and how far on a lane has it.
  mlir::Value memory, stride, buffer;
  std::function<mlir::Value(mlir::OpBuilder &, mlir::Value round)> emitPlace;
  std::function<mlir::Value(mlir::OpBuilder &, mlir::Value lane)> emitStart;
  /// How far on in the memory the elements are that are loaded after these, if
  /// they should be asked for meanwhile; null: nobody knows.
  mlir::Value ahead;

  /// Copies the rounds from `lower` to `upper`: tiles where elements lie side
  /// by side, then what is left.
  void emit(mlir::OpBuilder &b, mlir::Value lower, mlir::Value upper) const;

private:
  llvm::SmallVector<mlir::Value>
  loadTile(mlir::OpBuilder &b, mlir::Value memory,
           llvm::ArrayRef<mlir::Value> places) const;
  void emitPrefetch(mlir::OpBuilder &b, mlir::Value first) const;
  void emitTile(mlir::OpBuilder &b, mlir::Value first) const;
  void emitElements(mlir::OpBuilder &b, mlir::Value lower,
                    mlir::Value upper) const;
  mlir::Value constant(mlir::OpBuilder &b, int64_t value) const;
  mlir::Value add(mlir::OpBuilder &b, mlir::Value x, mlir::Value y) const;
  mlir::Value multiply(mlir::OpBuilder &b, mlir::Value x, mlir::Value y) const;

  mlir::Location loc;
  unsigned width;
  bool isLoad;
  bool descends; ///< later rounds have elements before
  mlir::Value source, target;
  mlir::ValueRange indices;
};

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_STAGE_H
