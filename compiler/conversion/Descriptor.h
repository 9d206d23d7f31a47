//===- Descriptor.h - memrefs of pointers -------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_DESCRIPTOR_H
#define DANSKIN_CONVERSION_DESCRIPTOR_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace danskin::conversion {

/// The memref of what lies at `data`, an LLVM pointer; without strides (`i64`)
/// it is dense, of one axis. Nothing reads its extents: they are the largest.
/// `indexBits`: of an index, where memrefs become structs.
mlir::Value emitDescriptor(mlir::OpBuilder &b, mlir::Location loc,
                           mlir::MemRefType type, mlir::Value data,
                           llvm::ArrayRef<mlir::Value> strides = {},
                           unsigned indexBits = 64);

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_DESCRIPTOR_H
