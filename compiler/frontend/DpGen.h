//===- DpGen.h - from the checked tree to the dp dialect ----------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_FRONTEND_DPGEN_H
#define DANSKIN_FRONTEND_DPGEN_H

#include "compiler/frontend/Ast.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringMap.h"

namespace danskin {

/// Writes `program` as one dp.program in a new module. `text` is the source the
/// tree's ranges point into, `filename` what locations call it, `fixed` the
/// sizes to specialize (`-D K=64`; names that are no size are ignored).
/// Expects a tree that Sema accepted; cannot fail.
mlir::OwningOpRef<mlir::ModuleOp>
generateDp(const ast::Program &program, llvm::StringRef text,
           llvm::StringRef filename, const llvm::StringMap<int64_t> &fixed,
           mlir::MLIRContext &context);

} // namespace danskin

#endif // DANSKIN_FRONTEND_DPGEN_H
