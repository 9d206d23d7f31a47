//===- Sizes.cpp - workspace and extents ----------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Memory.h"
#include "compiler/conversion/Run.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace danskin::conversion;

void danskin::conversion::emitWorkspace(ArrayRef<Plan *> plans,
                                        func::FuncOp function, bool near) {
  Env env(plans[0]->program, plans[0]->forms, function);
  Location loc = env.getLoc();
  OpBuilder b = OpBuilder::atBlockEnd(&function.getBody().front());
  Value bytes;
  for (Plan *plan : plans) {
    Memory memory(*plan, env);
    Value mine = near ? memory.getNearBytes() : memory.getBytes();
    bytes = bytes ? b.create<arith::MaxSIOp>(loc, bytes, mine) : mine;
  }
  bytes = b.create<arith::IndexCastOp>(loc, b.getI64Type(), bytes);
  b.create<func::ReturnOp>(loc, bytes);
}

void danskin::conversion::emitExtents(Plan &plan, func::FuncOp function,
                                      bool ofInputs) {
  Env env(plan.program, plan.forms, function);
  Location loc = env.getLoc();
  Block &entry = function.getBody().front();
  OpBuilder b = OpBuilder::atBlockEnd(&entry);
  int64_t next = 0;
  auto add = [&](Value extent) {
    Value wide = b.create<arith::IndexCastOp>(loc, b.getI64Type(), extent);
    Value place = constantIndex(b, loc, next++);
    b.create<memref::StoreOp>(loc, wide, entry.getArguments().back(), place);
  };
  if (ofInputs)
    for (auto input : plan.program.getBody().front().getOps<dp::InputOp>())
      for (Value extent : input.getExtents())
        add(env.getParameter(extent));
  for (auto &[value, table] : plan.tables)
    if (table->isOutput())
      llvm::for_each(table->box->emitExtents(b, env), add);
  b.create<func::ReturnOp>(loc);
}

void danskin::conversion::emitHolds(Plan &plan, func::FuncOp function) {
  Env env(plan.program, plan.forms, function);
  Location loc = env.getLoc();
  OpBuilder b = OpBuilder::atBlockEnd(&function.getBody().front());
  Value all = b.create<arith::ConstantIntOp>(loc, 1, 1);
  for (auto assume : plan.program.getBody().front().getOps<dp::AssumeOp>()) {
    Value holds = env.emit(b, assume.getCondition(), IRMapping());
    all = b.create<arith::AndIOp>(loc, all, holds);
  }
  b.create<func::ReturnOp>(loc, all);
}
