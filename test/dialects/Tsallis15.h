//===- Tsallis15.h - a fourth regularizer, for tests --------------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shows that a regularizer is one file: Tsallis15.cpp, in a dialect that the dp
// dialect has never heard of.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TEST_DIALECTS_TSALLIS15_H
#define DANSKIN_TEST_DIALECTS_TSALLIS15_H

#include "dialects/dp/Regularizer.h"

namespace danskin::test {

/// Adds the dialect `dptest`, whose `#dptest.tsallis15` is a regularizer.
void registerTsallis15(mlir::DialectRegistry &registry);

mlir::dp::RegularizerAttrInterface getTsallis15(mlir::MLIRContext *context);

} // namespace danskin::test

#endif // DANSKIN_TEST_DIALECTS_TSALLIS15_H
