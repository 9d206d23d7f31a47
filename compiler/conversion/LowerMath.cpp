//===- LowerMath.cpp - functions the target does not have -----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Run.h"
#include "compiler/conversion/RuntimeCalls.h"
#include "compiler/conversion/Vectors.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace danskin::conversion;

/// `first` unless `second` is better or no number: ties go to the first.
static void lowerExtreme(Operation *op, arith::CmpFPredicate better) {
  OpBuilder b(op);
  Location loc = op->getLoc();
  Value first = op->getOperand(0), second = op->getOperand(1);
  Value wins = b.create<arith::CmpFOp>(loc, better, second, first);
  Value isNan =
      b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::UNO, second, second);
  Value takes = b.create<arith::OrIOp>(loc, wins, isNan);
  op->getResult(0).replaceAllUsesWith(
      b.create<arith::SelectOp>(loc, takes, second, first));
  op->erase();
}

/// `math.exp` on f32 is `dp_exp_f32`.
static void lowerToCall(Operation *op) {
  StringRef name = op->getName().stripDialect();
  name.consume_back("f"); // powf
  Type type = op->getResult(0).getType();
  std::string callee = ("dp_" + name + (type.isF32() ? "_f32" : "_f64")).str();
  OpBuilder b(op);
  auto call = callRuntime(b, op->getLoc(), callee, type, op->getOperands());
  op->replaceAllUsesWith(call);
  op->erase();
}

void danskin::conversion::lowerMath(func::FuncOp function) {
  function.walk([](Operation *op) {
    if (isa<arith::MaximumFOp>(op))
      lowerExtreme(op, arith::CmpFPredicate::OGT);
    else if (isa<arith::MinimumFOp>(op))
      lowerExtreme(op, arith::CmpFPredicate::OLT);
    else if (isa<math::MathDialect>(op->getDialect()) &&
             !isa<math::SqrtOp, math::AbsFOp, math::FmaOp, math::CopySignOp,
                  math::FloorOp, math::CeilOp>(op))
      lowerToCall(op);
  });
}

/// One number as a vector of one.
template <typename Emit>
static Value emitAlone(OpBuilder &b, Location loc, Value x, Emit emit) {
  Type vector = VectorType::get(1, x.getType());
  Value result = emit(b, loc, b.create<vector::BroadcastOp>(loc, vector, x));
  return b.create<vector::ExtractOp>(loc, result, 0);
}

void danskin::conversion::defineMath(ModuleOp module) {
  for (auto function :
       llvm::make_early_inc_range(module.getOps<func::FuncOp>())) {
    StringRef name = function.getName();
    if (!function.isExternal() || function.getNumArguments() != 1 ||
        !name.consume_front("dp_"))
      continue;
    auto emit = name.starts_with("exp_")   ? emitExp
                : name.starts_with("log_") ? emitLog
                                           : nullptr;
    if (!emit)
      continue;
    function->setAttr("llvm.linkage",
                      LLVM::LinkageAttr::get(function.getContext(),
                                             LLVM::linkage::Linkage::Internal));
    OpBuilder b = OpBuilder::atBlockBegin(function.addEntryBlock());
    Location loc = function.getLoc();
    Value x = function.getArgument(0);
    Type type = x.getType();
    if (!type.isF64())
      x = b.create<arith::ExtFOp>(loc, b.getF64Type(), x);
    Value result = emitAlone(b, loc, x, emit);
    if (!type.isF64())
      result = b.create<arith::TruncFOp>(loc, type, result);
    b.create<func::ReturnOp>(loc, result);
  }
}
