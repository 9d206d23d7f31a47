//===- Dp.h - the dp dialect --------------------------------------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_DIALECTS_DP_DP_H
#define DANSKIN_DIALECTS_DP_DP_H

#include "dialects/dp/Regularizer.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/dp/DpDialect.h.inc"
#include "dialects/dp/DpEnums.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/dp/DpTypes.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/dp/DpAttrs.h.inc"

namespace mlir::dp {
class EquationOp;
class ScatterOp;
} // namespace mlir::dp

#define GET_OP_CLASSES
#include "dialects/dp/DpOps.h.inc"

#endif // DANSKIN_DIALECTS_DP_DP_H
