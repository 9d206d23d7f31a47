//===- Sharing.h - what threads that walk together share --------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Of the threads of a GPU's block, and of those that compute one instance.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_SHARING_H
#define DANSKIN_CONVERSION_SHARING_H

#include "compiler/conversion/Marks.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace danskin::conversion {

/// Is it, or is there in it, what the predicate looks for?
template <typename Predicate>
bool containsAny(mlir::Operation *op, Predicate predicate) {
  return op
      ->walk([&](mlir::Operation *inner) {
        return predicate(inner) ? mlir::WalkResult::interrupt()
                                : mlir::WalkResult::advance();
      })
      .wasInterrupted();
}

/// A loop that can be cut into pieces.
inline bool isShared(mlir::Operation *op) {
  return mlir::isa<mlir::scf::ForOp>(op) && isOverCells(op);
}
inline bool isStore(mlir::Operation *op) {
  return mlir::isa<mlir::memref::StoreOp>(op);
}
/// Does it call a kernel, or what walks a path?
inline bool isKernelCall(mlir::Operation *op) {
  return mlir::isa<mlir::func::CallOp>(op) &&
         llvm::any_of(op->getOperandTypes(), llvm::IsaPred<mlir::MemRefType>);
}

/// Leaves the operation to the first thread. Others get nothing from it.
void giveToFirst(mlir::Operation *op, mlir::Value isFirst);

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_SHARING_H
