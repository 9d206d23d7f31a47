//===- Sizes.h - sizes from the shapes of inputs ----------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A size that stands in the shape of an input is found there; others are
// arguments of the call. Messages name the input, the axis, both numbers and
// what tied them.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_REFERENCE_SIZES_H
#define DANSKIN_REFERENCE_SIZES_H

#include "compiler/frontend/Ast.h"
#include "compiler/reference/Tensor.h"
#include "llvm/Support/Error.h"
#include <map>
#include <optional>
#include <set>

namespace danskin::reference {

using SizeMap = std::map<std::string, int64_t>;
/// By array: the name of an input, `g.indptr` and `g.src` for a dag `g`.
using ShapeMap = std::map<std::string, Shape>;

/// An array a caller passes: one an input, two a dag.
struct ArrayDecl {
  std::string name;
  const ast::InputDecl *input;
  bool isInt;
  /// One an axis; `plus` is added (the one more of `g.indptr`).
  std::vector<const ast::Expr *> extents;
  int64_t plus = 0;
};
std::vector<ArrayDecl> getArrays(const ast::Program &program);

/// The value of an expression over sizes; nothing if one of them is not known
/// or the arithmetic overflows.
std::optional<int64_t> evaluateExtent(const ast::Expr &expr,
                                      const SizeMap &sizes);
/// `U + 1`.
std::string describeExtent(const ast::Expr &expr);

/// The sizes no shape of an input determines: arguments of the call.
std::vector<std::string> getFreeSizes(const ast::Program &program);

/// All sizes of a call, from `given` and the shapes (without batch axis). Axes
/// are counted as the caller sees them: one more for what is in `batched`.
llvm::Expected<SizeMap> resolveSizes(const ast::Program &program,
                                     const ShapeMap &shapes,
                                     const SizeMap &given,
                                     const std::set<std::string> &batched = {});

/// Checks signs and constraints (`size N >= 1`).
llvm::Error checkSizes(const ast::Program &program, const SizeMap &sizes);

} // namespace danskin::reference

#endif // DANSKIN_REFERENCE_SIZES_H
