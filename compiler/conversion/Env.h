//===- Env.h - what index values are inside a function ----------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A dp.program becomes several functions that all need its sizes, functions of
// its sizes, and integer inputs. An Env belongs to one function and emits them
// there: functions of sizes once, at its start, anything else where it is
// needed.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_ENV_H
#define DANSKIN_CONVERSION_ENV_H

#include "compiler/conversion/Forms.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

namespace danskin::conversion {

class Env {
public:
  /// Starts `function`, whose first arguments are the sizes, then the arrays
  /// that it uses (inputs, then outputs, in program order).
  Env(mlir::dp::ProgramOp program, Forms &forms, mlir::func::FuncOp function);

  Forms &getForms() { return forms; }
  mlir::Location getLoc() { return loc; }
  /// Emits at the start of the function, before all that is emitted elsewhere.
  mlir::OpBuilder &getPrologue() { return prologue; }

  /// The value of a size or a function of sizes.
  mlir::Value getParameter(mlir::Value value);
  /// Emits an index or a condition, with what `scope` maps.
  mlir::Value emit(mlir::OpBuilder &b, mlir::Value value,
                   const mlir::IRMapping &scope);

  /// A form of sizes and of what `scope` maps; a constraint on it.
  mlir::Value emitForm(mlir::OpBuilder &b, const Form &form,
                       const mlir::IRMapping &scope);
  mlir::Value emitHolds(mlir::OpBuilder &b, const FormConstraint &constraint,
                        const mlir::IRMapping &scope);

  /// Is this a cell of the table's domain?
  mlir::Value emitContains(mlir::OpBuilder &b, mlir::dp::TableOp table,
                           mlir::ValueRange indices);

  /// Gives the memrefs of inputs their extents.
  void boundInputs(mlir::dp::ProgramOp program);
  /// How many times the tables of a phase have room for that are kept by
  /// segments of time, and the first of them, which changes on the way through
  /// a function.
  struct Window {
    mlir::Value first, length;
  };
  enum class Phase { Producers, Readers };
  Window &getWindow(Phase phase) { return windows[unsigned(phase)]; }

  /// The memref of an input or an output.
  mlir::Value getArray(mlir::Value array) { return arrays.lookup(array); }
  /// An element of an integer input.
  mlir::Value loadIndex(mlir::OpBuilder &b, mlir::Value input,
                        mlir::ValueRange indices);

private:
  Forms &forms;
  mlir::Location loc;
  mlir::OpBuilder prologue;
  llvm::DenseMap<mlir::Value, mlir::Value> parameters, arrays;
  Window windows[2];
};

mlir::Value constantIndex(mlir::OpBuilder &b, mlir::Location loc,
                          int64_t value);

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_ENV_H
