//===- AstWalk.h - visiting every expression below one ----------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_FRONTEND_ASTWALK_H
#define DANSKIN_FRONTEND_ASTWALK_H

#include "compiler/frontend/Ast.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace danskin::ast {

using ExprVisitor = llvm::function_ref<void(const Expr &)>;

/// Calls `visit` for `expr` and every expression below it, parents first, in
/// the order of the text: indices, conditions, the ranges of binders and the
/// arguments of regularizers included.
void walk(const Expr &expr, ExprVisitor visit);
void walk(const Cond &cond, ExprVisitor visit);
void walk(const IndexRange &range, ExprVisitor visit);

} // namespace danskin::ast

#endif // DANSKIN_FRONTEND_ASTWALK_H
