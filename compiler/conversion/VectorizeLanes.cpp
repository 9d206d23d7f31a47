//===- VectorizeLanes.cpp - kernels that take several instances at once ---===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Marks.h"
#include "compiler/conversion/Passes.h"
#include "compiler/conversion/Vectors.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace danskin {
#define GEN_PASS_DEF_DPVECTORIZELANES
#include "compiler/conversion/Passes.h.inc"
} // namespace danskin

using namespace mlir;
using namespace danskin::conversion;

/// An array of the caller with a leading axis of lanes.
static Type addLaneAxis(MemRefType type) {
  SmallVector<int64_t> dynamic(type.getRank() + 1, ShapedType::kDynamic);
  return MemRefType::get(dynamic, type.getElementType(),
                         StridedLayoutAttr::get(type.getContext(), 0, dynamic));
}

/// Each instance more takes room in the caches that tables of others had.
static constexpr unsigned mostLanes = 16;

namespace {
struct DpVectorizeLanes
    : public danskin::impl::DpVectorizeLanesBase<DpVectorizeLanes> {
  using Base::Base;

  void runOnOperation() override {
    if (width < 2)
      return;
    SmallVector<func::FuncOp> kernels;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal() && function.getName().ends_with("_run"))
        kernels.push_back(function);
    for (func::FuncOp kernel : kernels) {
      StringRef stem = kernel.getName().drop_back(3);
      auto scaled =
          getOperation().lookupSymbol<func::FuncOp>((stem + "scaled").str());
      if (scaled)
        vectorize(scaled, stem, std::min(2 * width, mostLanes));
      else
        vectorize(kernel, stem, width);
    }
  }

  void vectorize(func::FuncOp kernel, StringRef stem, unsigned lanesWidth) {
    func::FuncOp staged = kernel.clone();
    stageArrays(staged);
    Varying varying(staged);
    if (!varying.getObstacle())
      emit(staged, varying, kernel, stem, lanesWidth);
    staged.erase();
  }

  void emit(func::FuncOp staged, const Varying &varying, func::FuncOp kernel,
            StringRef stem, unsigned lanesWidth) {
    SmallVector<Type> arguments;
    for (Type type : kernel.getArgumentTypes().drop_back()) {
      auto array = dyn_cast<MemRefType>(type);
      arguments.push_back(array ? addLaneAxis(array) : type);
    }
    arguments.push_back(kernel.getArgumentTypes().back());
    OpBuilder b(kernel);
    arguments.push_back(b.getIndexType());
    b.setInsertionPointAfter(kernel);
    std::string name = (stem + "lanes").str();
    auto lanes = b.create<func::FuncOp>(
        kernel.getLoc(), name,
        b.getFunctionType(arguments, kernel.getResultTypes()));
    lanes->setAttr("dp.lanes", b.getI64IntegerAttr(lanesWidth));
    if (kernel->hasAttr(flushAttr))
      lanes->setAttr(flushAttr, b.getUnitAttr());
    emitLanes(staged, varying, lanes, lanesWidth);
  }
};
} // namespace
