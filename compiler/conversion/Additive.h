//===- Additive.h - loops that add up ---------------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_ADDITIVE_H
#define DANSKIN_CONVERSION_ADDITIVE_H

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace danskin::conversion {

/// Does the loop add to each number that it carries, and do nothing else with
/// it? Then parts of its iterations may be added up apart.
bool isAdditive(mlir::scf::ForOp loop);

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_ADDITIVE_H
