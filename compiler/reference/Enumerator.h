//===- Enumerator.h - all paths, one after the other ------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The value of a program that is linear in its weights, from the definition: a
// *solution* (a path, or a tree) takes one candidate at each choice it comes
// to, and its score is what it sums. Under hard the value is the best score,
// under entropy gamma log sum exp(score / gamma). For other regularizers it is
// the recursion, here without memory, and a solution weighs the product of the
// q of its candidates. No cell is remembered.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_REFERENCE_ENUMERATOR_H
#define DANSKIN_REFERENCE_ENUMERATOR_H

#include "compiler/reference/Interpreter.h"
#include <cmath>

namespace danskin::reference {

/// Why scores of solutions do not make up the value; empty where they do. That
/// all choices are max, or all min, conditions free of floats and no choice
/// names its own regularizer is for the caller to know.
std::string findObstacle(const ast::Program &program);

/// The solutions of one element of an output.
struct Enumeration {
  int64_t count = 0;  ///< of the solutions; 0: the element is absent
  double value = 0;   ///< where there is one
  TensorMap gradient; ///< by name of `wrt`
  /// How far the best score is from that of the next with another gradient.
  double margin = INFINITY;
};

struct EnumerationQuery {
  std::string reg;
  /// Float inputs, and lets that no let reads.
  std::vector<std::string> wrt;
  int64_t maxWork = 20000; ///< solutions, those of cells on the way counted
};

/// An element's place in its output's box, and its solutions.
using EnumerationVisitor = llvm::function_ref<void(
    const ast::OutputDecl &, int64_t, const Enumeration &)>;

/// Calls `visit` for each element of each output; false where there are more
/// solutions than the query allows. The instance must have passed
/// checkInstance.
llvm::Expected<bool> enumerateSolutions(const ast::Program &program,
                                        const Instance &instance,
                                        const EnumerationQuery &query,
                                        EnumerationVisitor visit);

} // namespace danskin::reference

#endif // DANSKIN_REFERENCE_ENUMERATOR_H
