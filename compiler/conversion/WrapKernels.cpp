//===- WrapKernels.cpp - dp-wrap-kernels ----------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the runtime does around a kernel on the CPU (runtime/src/run.c) for what
// only the device may read: lengths, int inputs, results. Where those are not
// what they must be, an instance's floats become NaN and its status says why.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/KernelWriter.h"
#include "compiler/conversion/Marks.h"
#include "compiler/conversion/Passes.h"
#include "compiler/conversion/Run.h"
#include "dp/abi.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace danskin {
#define GEN_PASS_DEF_DPWRAPKERNELS
#include "compiler/conversion/Passes.h.inc"
} // namespace danskin

using namespace mlir;
using namespace danskin::conversion;

/// The block's own memory, where the launch gave it enough, or the workspace.
Value KernelWriter::emitNear(ValueRange sizes, Value workspace) {
  auto module = functions.run->getParentOfType<ModuleOp>();
  StringRef name = DP_NEAR_NAME;
  auto global = module.lookupSymbol<LLVM::GlobalOp>(name);
  if (!global) {
    OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
    global = top.create<LLVM::GlobalOp>(
        loc, LLVM::LLVMArrayType::get(b.getI8Type(), 0), /*isConstant=*/false,
        LLVM::Linkage::External, name, Attribute(), /*alignment=*/64,
        blockMemory);
  }
  Value bytes = b.create<func::CallOp>(loc, functions.near, sizes).getResult(0);
  Value fits =
      compare(arith::CmpIPredicate::ule, bytes, load(DP_WORD_NEAR_BYTES));
  Value own = b.create<LLVM::AddressOfOp>(loc, global);
  own = b.create<LLVM::AddrSpaceCastOp>(loc, pointer, own);
  Value data = b.create<arith::SelectOp>(loc, fits, own, workspace);
  return emitMemRef(getPlain(b.getI8Type()), data);
}

void KernelWriter::writeInstances(func::FuncOp callee, bool isFirst) {
  auto reserve = [&](int64_t count) -> Value {
    Value stack =
        b.create<memref::AllocaOp>(loc, MemRefType::get(count, b.getI64Type()));
    return b.create<memref::CastOp>(loc, getPlain(b.getI64Type()), stack);
  };
  int64_t rank = 0;
  for (MemRefType type : functions.inputs)
    rank = std::max(rank, type.getRank());
  extents = reserve(functions.countAxes() + 1);
  fault = reserve(rank + 3);
  Value number = readRegister<NVVM::BlockIdXOp>();
  Value step = readRegister<NVVM::GridDimXOp>();
  block = b.create<arith::AddIOp>(
      loc, load(DP_WORD_WORKSPACE),
      b.create<arith::MulIOp>(loc, toWord(number), load(DP_WORD_BLOCK_BYTES)));
  emitDefaults();
  int64_t defaults = (functions.inputs.size() * 8 + 63) / 64 * 64;
  Value own = b.create<arith::AddIOp>(loc, block, word(defaults));
  Value data = toPointer(own);
  Value workspace = emitMemRef(getPlain(b.getI8Type()), data);
  Value status =
      emitMemRef(getPlain(b.getI32Type()), toPointer(load(DP_WORD_STATUS)));

  auto loop =
      b.create<scf::ForOp>(loc, number, toIndex(load(DP_WORD_BATCH)), step);
  b.setInsertionPointToStart(loop.getBody());
  Value instance = loop.getInductionVar();
  if (!isFirst) {
    Value before = b.create<memref::LoadOp>(loc, status, instance);
    auto branch = b.create<scf::IfOp>(
        loc,
        compare(arith::CmpIPredicate::eq, before, word(DP_STATUS_AGAIN, 32)),
        /*withElse=*/false);
    b.setInsertionPointToStart(branch.thenBlock());
  }
  SmallVector<Value> sizes = emitSizes(instance), arrays = emitArrays(instance);
  auto call = [&]() -> Value {
    SmallVector<Value> operands(sizes);
    llvm::append_range(operands, arrays);
    operands.push_back(emitNear(sizes, data));
    operands.push_back(workspace);
    Value code = b.create<func::CallOp>(loc, callee, operands).getResult(0);
    Value isWell = compare(arith::CmpIPredicate::eq, code, word(0, 32));
    bool mayRetry = callee == functions.scaled;
    return b.create<arith::SelectOp>(
        loc, isWell, word(DP_OK, 32),
        word(mayRetry ? int(DP_STATUS_AGAIN) : int(DP_ERROR_KERNEL), 32));
  };
  Value code;
  if (isFirst) {
    Value fits = emitCheck(sizes);
    Value isFine = emitIf(fits, word(0, 1), [&] {
      emitWidening(arrays, instance);
      return emitValidation(sizes, arrays);
    });
    emitPadding(isFine, arrays);
    Value wrong = b.create<arith::SelectOp>(loc, fits, word(DP_ERROR_VALUE, 32),
                                            word(DP_ERROR_LENGTH, 32));
    code = emitIf(isFine, wrong, call);
  } else {
    emitShapes(sizes);
    emitWidening(arrays, instance);
    code = call();
  }
  b.create<memref::StoreOp>(loc, code, status, instance);
  b.setInsertionPointToEnd(&kernel.getBody().front());
  b.create<func::ReturnOp>(loc);
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// What the host asks, as dp_workspace_function.
static void writeWorkspace(KernelFunctions &functions, func::FuncOp callee,
                           StringRef name, unsigned indexBits) {
  Location loc = functions.run.getLoc();
  OpBuilder b(functions.run);
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto function = b.create<func::FuncOp>(
      loc, name, b.getFunctionType({pointer}, {b.getI64Type()}));
  b.setInsertionPointToStart(function.addEntryBlock());
  Value array = emitDescriptor(
      b, loc, MemRefType::get(ShapedType::kDynamic, b.getI64Type()),
      function.getArgument(0), {}, indexBits);
  SmallVector<Value> sizes;
  for (unsigned k = 0; k < functions.numSizes; ++k) {
    Value place = b.create<arith::ConstantIndexOp>(loc, k);
    Value size = b.create<memref::LoadOp>(loc, array, place);
    sizes.push_back(b.create<arith::IndexCastOp>(loc, b.getIndexType(), size));
  }
  auto call = b.create<func::CallOp>(loc, callee, sizes);
  b.create<func::ReturnOp>(loc, call.getResults());
}

namespace {
struct DpWrapKernels : danskin::impl::DpWrapKernelsBase<DpWrapKernels> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<func::FuncOp> runs, others;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal())
        (function.getName().ends_with("_run") ? runs : others)
            .push_back(function);
    for (func::FuncOp run : runs) {
      KernelFunctions functions = KernelFunctions::find(getOperation(), run);
      std::string stem = run.getName().drop_back(3).str();
      if (functions.scaled)
        KernelWriter(functions, stem + "again", indexBits)
            .writeInstances(run, /*isFirst=*/false);
      KernelWriter(functions, stem + "kernel", indexBits)
          .writeInstances(functions.scaled ? functions.scaled : run,
                          /*isFirst=*/true);
      KernelWriter(functions, stem + "sums", indexBits).writeSums();
      writeWorkspace(functions, functions.workspace, stem + "device",
                     indexBits);
      writeWorkspace(functions, functions.near, stem + "block", indexBits);
    }
    defineMath(getOperation());
    for (func::FuncOp function : llvm::concat<func::FuncOp>(runs, others)) {
      function.setPrivate();
      function->setAttr("llvm.linkage",
                        LLVM::LinkageAttr::get(
                            &getContext(), LLVM::linkage::Linkage::Internal));
      function->setAttr(
          "passthrough",
          Builder(&getContext()).getStrArrayAttr({"alwaysinline"}));
    }
  }
};
} // namespace
