//===- Interpreter.h - the readable float64 oracle --------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs a checked program on one instance: values by plain recursion, gradients
// by forward duals, Hessian products by duals of duals, the path by walking
// back. It shares nothing with the compiler behind the AST.
//
// A *slot* is one number something is differentiated by: an element of a float
// input, an element of a let (as an additive delta, total over every use; in
// the let's bounding box, 0 where the let is not defined) or `gamma`.
//
// A `?`, an absent guard: a candidate whose guard reads an absent cell does not
// exist; an `if` whose condition does is absent.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_REFERENCE_INTERPRETER_H
#define DANSKIN_REFERENCE_INTERPRETER_H

#include "compiler/reference/Instance.h"
#include <optional>

namespace danskin::reference {

using TensorMap = std::map<std::string, Tensor>;

/// What to ask for. Names are those of the program; tensors left out are the
/// defaults said.
struct Query {
  std::optional<std::string> reg; ///< in the place of the program's `reg`
  std::vector<std::string> wrt;   ///< float inputs, lets, `gamma`
  TensorMap cotangents;           ///< by output, default 1
  TensorMap directions;           ///< by input, let or `gamma`, default 0
};

/// H v of <cotangent, output> by name of `wrt`, and J v by output. Where an
/// output is absent J v is 0.
struct HessianProduct {
  TensorMap hvp, jvp;
};

/// The path of the all-hard program: every choice, also one that names its own
/// regularizer, takes one candidate (a tie: the first in program order).
///
/// Rows are int64, all of one width R + B + 3:
///   [0]          the table, counted in program order from 0; for a choice that
///                stands in an output: number of tables + the output's place
///   [1, R]       the index of the cell (of the output's element), padded to R,
///                the largest rank of a table or output
///   [R + 1]      the equation's place among those of its table; an output: 0
///   [R + 2]      the place of the alternative taken among those of every max
///                and min of the equation or output, in the order of the text
///   [R + 3, ...) what the alternative's binders are, padded to B, the largest
///                number of binders of an alternative of a max or min in an
///                equation or output
/// Places a row does not use are -1.
///
/// The rows stand in preorder: outputs in program order, their elements row
/// by row; an expression left to right. A choice gives its row, then goes on in
/// the alternative it takes, so a choice nested in it follows. A read of a
/// table goes on in that table's equation. An equation without any max or min
/// gives one row of its own with alternative -1, before what it reads. A sum
/// goes on in each of its terms. A branch that is not taken gives nothing, nor
/// does anything absent, nor do guards, conditions, indices and lets. Tables
/// that only carry weights, that is without max or min and reading no table but
/// such, are not visited.
struct Path {
  IntTensor rows; ///< (length, width)
};

class Interpreter {
public:
  /// Both must outlive the interpreter. The instance must have passed
  /// checkInstance.
  Interpreter(const ast::Program &program, const Instance &instance)
      : program(program), instance(instance) {}

  /// Every output in the bounding box of its binders, 0 beside them.
  llvm::Expected<TensorMap> value(const Query &query);
  /// The gradient of <cotangent, output> by every name of `wrt`.
  llvm::Expected<TensorMap> gradient(const Query &query);
  llvm::Expected<HessianProduct> hessianProduct(const Query &query);
  llvm::Expected<Path> argmax();
  /// argmax with the length limited to `maxRows`.
  llvm::Expected<Path> argmax(int64_t maxRows);

  /// The shape of a float input, let, output, or `gamma` (of rank 0).
  llvm::Expected<Shape> getShape(const std::string &name);
  llvm::Expected<Shape> getOutputShape(const std::string &name);

private:
  const ast::Program &program;
  const Instance &instance;
};

/// The width of the rows of a path.
unsigned getPathWidth(const ast::Program &program);

} // namespace danskin::reference

#endif // DANSKIN_REFERENCE_INTERPRETER_H
