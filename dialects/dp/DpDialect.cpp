//===- DpDialect.cpp - registration, types, attributes --------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/dp/Dp.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::dp;

#include "dialects/dp/DpAttrInterfaces.cpp.inc"
#include "dialects/dp/DpDialect.cpp.inc"
#include "dialects/dp/DpEnums.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/dp/DpTypes.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/dp/DpAttrs.cpp.inc"

void DpDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/dp/DpTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/dp/DpAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/dp/DpOps.cpp.inc"
      >();
}

LogicalResult ArrayType::verify(function_ref<InFlightDiagnostic()> emitError,
                                unsigned rank, Type element) {
  if (!element.isF64() && !element.isIndex())
    return emitError() << "element must be f64 or index, not " << element;
  return success();
}
