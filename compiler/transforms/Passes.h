//===- Passes.h - passes from dp to dp ----------------------------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TRANSFORMS_PASSES_H
#define DANSKIN_TRANSFORMS_PASSES_H

#include "dialects/dp/Dp.h"
#include "mlir/Pass/Pass.h"

namespace danskin {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/transforms/Passes.h.inc"

} // namespace danskin

#endif // DANSKIN_TRANSFORMS_PASSES_H
