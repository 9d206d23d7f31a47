//===- Alternatives.h - numbers of what a path takes ------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_FRONTEND_ALTERNATIVES_H
#define DANSKIN_FRONTEND_ALTERNATIVES_H

#include "compiler/frontend/Ast.h"
#include "llvm/ADT/DenseMap.h"

namespace danskin::ast {

/// The number of the first alternative of each choice.
using FirstAlternatives = llvm::DenseMap<const ChoiceExpr *, int64_t>;

/// Numbers the alternatives of every max and min of `body`, which is that of an
/// equation or output, in the order of the text.
FirstAlternatives numberAlternatives(const Expr &body);

} // namespace danskin::ast

#endif // DANSKIN_FRONTEND_ALTERNATIVES_H
