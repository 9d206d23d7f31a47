//===- Gathers.h - lanes that lie apart -------------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_GATHERS_H
#define DANSKIN_CONVERSION_GATHERS_H

namespace mlir {
class LLVMTypeConverter;
class RewritePatternSet;
} // namespace mlir

namespace danskin::conversion {

/// Converts vector.gather and vector.scatter to a load or a store a lane,
/// without branches: a lane that is masked out goes to a place of the stack.
void populateGatherPatterns(mlir::LLVMTypeConverter &types,
                            mlir::RewritePatternSet &patterns);

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_GATHERS_H
