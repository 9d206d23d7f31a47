//===- RuntimeCalls.h - functions of the runtime ----------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_RUNTIMECALLS_H
#define DANSKIN_CONVERSION_RUNTIMECALLS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace danskin::conversion {

/// Calls a function of runtime.h, which it declares where the module does not
/// yet.
mlir::func::CallOp callRuntime(mlir::OpBuilder &b, mlir::Location loc,
                               llvm::StringRef name, mlir::TypeRange results,
                               mlir::ValueRange operands);

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_RUNTIMECALLS_H
