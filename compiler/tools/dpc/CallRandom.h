//===- CallRandom.h - random inputs -----------------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Draws what `x=random` asks for, and the instances of `dpc test`.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_CALLRANDOM_H
#define DANSKIN_TOOLS_DPC_CALLRANDOM_H

#include "compiler/reference/Instance.h"
#include "compiler/reference/Sizes.h"
#include <random>

namespace danskin {

using RandomEngine = std::mt19937_64;

/// Uniform in [lower, upper]; the same on every machine.
int64_t drawInt(RandomEngine &random, int64_t lower, int64_t upper);
double drawNormal(RandomEngine &random);

/// Standard normal numbers.
reference::Tensor drawFloats(RandomEngine &random, reference::Shape shape);

/// Puts a random value in range into every element of an int input. The
/// instance has its sizes and the ints the range speaks of. Where a range is
/// empty the error says so.
llvm::Error drawInts(RandomEngine &random, const ast::Program &program,
                     const ast::InputDecl &input,
                     reference::Instance &instance);

/// A random dag of the sizes it is declared with: each edge goes into a vertex
/// after the first.
llvm::Error drawDag(RandomEngine &random, const ast::InputDecl &input,
                    reference::Instance &instance);

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_CALLRANDOM_H
