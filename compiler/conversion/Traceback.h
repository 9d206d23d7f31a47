//===- Traceback.h - writing the path of the winners ------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The walk of a dp.traceback: a stack of cells in the workspace, from which one
// is visited until none is left. A visit pushes the cells it names; they are
// then put in the reverse order, so that the first named is the next visited.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_TRACEBACK_H
#define DANSKIN_CONVERSION_TRACEBACK_H

#include "compiler/conversion/Cell.h"

namespace danskin::conversion {

class Traceback {
public:
  Traceback(Plan &plan, Env &env, Memory &memory, mlir::dp::TracebackOp op);

  /// Emits the walk; gives whether the path did not fit (`i1`).
  mlir::Value emit(mlir::OpBuilder &b);

  /// What Cell asks for inside a visit.
  void emitStep(mlir::OpBuilder &b, mlir::ValueRange row);
  void emitDescend(mlir::OpBuilder &b, mlir::Value table,
                   mlir::ValueRange indices);

private:
  void emitWalk(mlir::OpBuilder &b);
  void emitPopped(mlir::OpBuilder &b);
  void emitReversal(mlir::OpBuilder &b, mlir::Value from);
  mlir::Value get(mlir::OpBuilder &b, mlir::Value slot);
  void set(mlir::OpBuilder &b, mlir::Value slot, mlir::Value value);
  mlir::Value constant(mlir::OpBuilder &b, int64_t value) {
    return constantIndex(b, loc, value);
  }
  Memory::Raw loadEntry(mlir::OpBuilder &b, mlir::Value place, int64_t part);

  Plan &plan;
  Env &env;
  Memory &memory;
  Cell cell;
  mlir::dp::TracebackOp op;
  mlir::Location loc;
  TablePlan &rows, &stack;
  llvm::SmallVector<mlir::Value> tables; ///< that are visited, by number
  int64_t width = 1;                     ///< of an entry of the stack
  mlir::Value rowLimit, stackLimit;
  /// Slots of one index: rows written, cells on the stack, did it not fit?
  mlir::Value count, depth, failed;
};

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_TRACEBACK_H
