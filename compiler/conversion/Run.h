//===- Run.h - the functions of a kernel ------------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_RUN_H
#define DANSKIN_CONVERSION_RUN_H

#include "compiler/conversion/Plan.h"
#include "mlir/IR/BuiltinOps.h"

namespace danskin::conversion {

/// Each fills an empty function; its arguments are the sizes (`index`), then:
///
/// run: the arrays (inputs, outputs), for threads what they share beside the
/// workspace, the workspace (both `memref<?xi8>`); gives an error code (`i32`),
/// 0 when all is well. With `path`, walks of paths are calls of that.
void emitRun(Plan &plan, mlir::func::FuncOp function,
             mlir::func::FuncOp path = {});
/// path: what run has, where arrays may begin anywhere, then how many instances
/// the workspace holds element by element, and which this is; gives an error
/// code (`i32`). Walks the paths of one instance.
void emitPath(Plan &plan, mlir::func::FuncOp function);
/// workspace: nothing more; gives the bytes that each plan's run does with
/// (`i64`), or those of the part that is better `near`.
void emitWorkspace(llvm::ArrayRef<Plan *> plans, mlir::func::FuncOp function,
                   bool near = false);
/// extents: a `memref<?xi64>` that takes those of all outputs, after those of
/// the inputs where they are wanted.
void emitExtents(Plan &plan, mlir::func::FuncOp function,
                 bool ofInputs = false);
/// holds: nothing more; gives whether the sizes are such as the program demands
/// (`i1`).
void emitHolds(Plan &plan, mlir::func::FuncOp function);
/// validate: the arrays of inputs, a `memref<?xi64>` that takes the fault;
/// gives 1 + the faulty input or 0 (`i64`).
void emitValidate(Plan &plan, mlir::func::FuncOp function);

/// Replaces functions that need a library by calls of the runtime's, and
/// maximum and minimum by comparisons whose ties go to the first operand.
void lowerMath(mlir::func::FuncOp function);

/// Gives bodies to the runtime's exp and log that are declared: a device has no
/// runtime. They have the bits of the runtime's.
void defineMath(mlir::ModuleOp module);

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_RUN_H
