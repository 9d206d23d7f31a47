//===- RuntimeCalls.cpp - functions of the runtime ------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/RuntimeCalls.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

func::CallOp danskin::conversion::callRuntime(OpBuilder &b, Location loc,
                                              StringRef name, TypeRange results,
                                              ValueRange operands) {
  auto module =
      b.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  if (!module.lookupSymbol(name)) {
    OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
    auto declaration = top.create<func::FuncOp>(
        loc, name, top.getFunctionType(operands.getTypes(), results));
    declaration.setPrivate();
  }
  return b.create<func::CallOp>(loc, name, results, operands);
}
