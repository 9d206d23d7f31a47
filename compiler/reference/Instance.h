//===- Instance.h - one call on one instance --------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the reference interprets: sizes, inputs and gamma of one instance.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_REFERENCE_INSTANCE_H
#define DANSKIN_REFERENCE_INSTANCE_H

#include "compiler/frontend/Ast.h"
#include "compiler/reference/Tensor.h"
#include "llvm/Support/Error.h"
#include <map>

namespace danskin::reference {

/// A message as an llvm::Error.
llvm::Error makeError(const llvm::Twine &message);

/// What an instance may get wrong, with the numbers of the runtime's codes.
enum class Fault {
  Rank = 2,
  Type = 3,
  Shape = 5,
  Size = 6,
  Constraint = 7,
  Length = 8,
  Batch = 9,
  Value = 11
};
/// The message with the fault's code: `... [R11]`.
llvm::Error makeError(Fault fault, const llvm::Twine &message);

struct Instance {
  std::map<std::string, int64_t> sizes;
  std::map<std::string, Tensor> floats;
  /// Int inputs by name; a dag `g` is `g.indptr` (V + 1) and `g.src` (E).
  std::map<std::string, IntTensor> ints;
  double gamma = 1;
};

/// Checks sizes and their constraints, the shape of every input, the range of
/// every int and the order of every dag; the message names the input, the
/// place and both numbers.
llvm::Error checkInstance(const ast::Program &program,
                          const Instance &instance);

/// What checkInstance says of a gamma that is not finite and above 0.
llvm::Error failGamma(double gamma);

} // namespace danskin::reference

#endif // DANSKIN_REFERENCE_INSTANCE_H
