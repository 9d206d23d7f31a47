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

} // namespace danskin::reference

#endif // DANSKIN_REFERENCE_INSTANCE_H
