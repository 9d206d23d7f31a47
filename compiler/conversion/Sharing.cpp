//===- Sharing.cpp - what threads that walk together share ----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Sharing.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

void danskin::conversion::giveToFirst(Operation *op, Value isFirst) {
  OpBuilder b(op);
  Location loc = op->getLoc();
  auto branch = b.create<scf::IfOp>(loc, op->getResultTypes(), isFirst,
                                    /*withElse=*/op->getNumResults() > 0);
  Block &then = branch.getThenRegion().front();
  op->replaceAllUsesWith(branch);
  if (op->getNumResults()) {
    OpBuilder inside = OpBuilder::atBlockEnd(&then);
    inside.create<scf::YieldOp>(loc, op->getResults());
    OpBuilder otherwise = branch.getElseBodyBuilder();
    SmallVector<Value> nothing;
    for (Type type : op->getResultTypes())
      nothing.push_back(otherwise.create<arith::ConstantOp>(
          loc, otherwise.getZeroAttr(type)));
    otherwise.create<scf::YieldOp>(loc, nothing);
  }
  op->moveBefore(&then, then.begin());
}
