//===- Passes.h - passes that leave dp --------------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_PASSES_H
#define DANSKIN_CONVERSION_PASSES_H

#include "mlir/Pass/Pass.h"

namespace danskin {
#define GEN_PASS_DECL
#include "compiler/conversion/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/conversion/Passes.h.inc"
} // namespace danskin

#endif // DANSKIN_CONVERSION_PASSES_H
