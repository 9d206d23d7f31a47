//===- WrapEntryPoints.cpp - dp-wrap-entry-points -------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The types of a kernel's arguments say what they are: an index is a size, a
// strided memref an array, a memref of bytes the workspace, a plain memref of
// i64 the result. The wrapper's pointers come in the order of the C ABI: sizes,
// arrays and strides (where there are arrays), then the workspace or result.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Descriptor.h"
#include "compiler/conversion/Marks.h"
#include "compiler/conversion/Passes.h"
#include "compiler/conversion/RuntimeCalls.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace danskin {
#define GEN_PASS_DEF_DPWRAPENTRYPOINTS
#include "compiler/conversion/Passes.h.inc"
} // namespace danskin

using namespace mlir;
using namespace danskin::conversion;

namespace {
class Wrapper {
public:
  Wrapper(func::FuncOp inner)
      : inner(inner), b(inner), loc(inner.getLoc()),
        pointer(LLVM::LLVMPointerType::get(inner.getContext())) {}

  /// `numExtra`: arguments that follow the rest, as they are.
  void wrap(StringRef name, bool hasArrays, unsigned numExtra);

private:
  Value load(Type type, Value base, int64_t index) {
    Value address = b.create<LLVM::GEPOp>(loc, pointer, type, base,
                                          ArrayRef<LLVM::GEPArg>(index));
    return b.create<LLVM::LoadOp>(loc, type, address);
  }
  func::FuncOp inner;
  OpBuilder b;
  Location loc;
  Type pointer;
};
} // namespace

void Wrapper::wrap(StringRef name, bool hasArrays, unsigned numExtra) {
  SmallVector<Type> types(inner.getArgumentTypes().drop_back(numExtra));
  bool hasLast = !types.empty() && isa<MemRefType>(types.back()) &&
                 cast<MemRefType>(types.back()).getLayout().isIdentity() &&
                 cast<MemRefType>(types.back()).getRank() == 1;
  SmallVector<Type> arguments(1 + (hasArrays ? 2 : 0) + hasLast, pointer);
  unsigned last = arguments.size() - 1;
  for (Type type : inner.getArgumentTypes().take_back(numExtra))
    arguments.push_back(type.isIndex() ? b.getI64Type() : type);
  auto outer = b.create<func::FuncOp>(
      loc, name, b.getFunctionType(arguments, inner.getResultTypes()));
  // How many lanes it has, and whether threads share its cells, is known to who
  // links it, by LLVM's attributes.
  if (auto lanes = inner->getAttrOfType<IntegerAttr>("dp.lanes"))
    outer->setAttr("passthrough",
                   b.getArrayAttr(b.getStrArrayAttr(
                       {"dp-lanes", std::to_string(lanes.getInt())})));
  if (inner->hasAttr(teamAttr))
    outer->setAttr("passthrough", b.getStrArrayAttr({"dp-team"}));
  inner->removeAttr("dp.lanes");
  inner->removeAttr(teamAttr);
  Block *entry = outer.addEntryBlock();
  b.setInsertionPointToStart(entry);

  SmallVector<Value> operands;
  int64_t nextSize = 0, nextArray = 0, nextStride = 0;
  for (auto [i, type] : llvm::enumerate(types)) {
    if (type.isIndex()) {
      Value size = load(b.getI64Type(), entry->getArgument(0), nextSize++);
      operands.push_back(
          b.create<arith::IndexCastOp>(loc, b.getIndexType(), size));
      continue;
    }
    auto memref = cast<MemRefType>(type);
    if (hasLast && i + 1 == types.size()) {
      operands.push_back(
          emitDescriptor(b, loc, memref, entry->getArgument(last), {}));
      continue;
    }
    Value data = load(pointer, entry->getArgument(1), nextArray++);
    SmallVector<Value> strides;
    for (int64_t d = 0; d < memref.getRank(); ++d)
      strides.push_back(
          load(b.getI64Type(), entry->getArgument(2), nextStride++));
    operands.push_back(emitDescriptor(b, loc, memref, data, strides));
  }
  for (BlockArgument extra : entry->getArguments().take_back(numExtra))
    operands.push_back(
        extra.getType().isInteger()
            ? b.create<arith::IndexCastOp>(loc, b.getIndexType(), extra)
            : Value(extra));
  bool flushes = bool(inner->removeAttr(flushAttr));
  Value before;
  if (flushes)
    before = callRuntime(b, loc, "dp_flush_underflow", b.getI64Type(), {})
                 .getResult(0);
  auto call = b.create<func::CallOp>(loc, inner, operands);
  if (flushes)
    callRuntime(b, loc, "dp_restore_underflow", {}, before);
  b.create<func::ReturnOp>(loc, call.getResults());
}

namespace {
struct DpWrapEntryPoints
    : public danskin::impl::DpWrapEntryPointsBase<DpWrapEntryPoints> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    SmallVector<func::FuncOp> functions;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal())
        functions.push_back(function);
    for (func::FuncOp function : functions) {
      std::string name = function.getName().str();
      StringRef part = StringRef(name).rsplit('_').second;
      function->setAttr(
          "llvm.linkage",
          LLVM::LinkageAttr::get(context, LLVM::linkage::Linkage::Internal));
      // Nobody outside calls a path.
      if (function.isPrivate())
        continue;
      function.setName(name + ".body");
      function.setPrivate();
      // What its one caller knows of strides is worth as much as the code.
      function->setAttr("passthrough",
                        Builder(context).getStrArrayAttr({"alwaysinline"}));
      Wrapper(function).wrap(name,
                             part == "run" || part == "one" ||
                                 part == "validate" || part == "lanes",
                             part == "lanes" ? 1
                             : part == "one" ? 3
                                             : 0);
    }
  }
};
} // namespace
