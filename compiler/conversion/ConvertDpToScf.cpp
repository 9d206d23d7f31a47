//===- ConvertDpToScf.cpp - convert-dp-to-scf -----------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Marks.h"
#include "compiler/conversion/Passes.h"
#include "compiler/conversion/Run.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace danskin {
#define GEN_PASS_DEF_CONVERTDPTOSCF
#include "compiler/conversion/Passes.h.inc"
} // namespace danskin

using namespace mlir;
using namespace danskin::conversion;

namespace {
/// The arguments of the functions of one program.
struct Signature {
  SmallVector<Type> sizes, inputs, outputs;
};

struct ConvertDpToScf
    : public danskin::impl::ConvertDpToScfBase<ConvertDpToScf> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<std::string> types(floatTypes.begin(), floatTypes.end());
    if (types.empty())
      types.push_back("f64");
    SmallVector<dp::ProgramOp> programs(getOperation().getOps<dp::ProgramOp>());
    for (dp::ProgramOp program : programs) {
      expandAffineOps(program);
      for (const std::string &type : types)
        if (failed(convert(program, type)))
          return signalPassFailure();
      program.erase();
    }
  }

  LogicalResult convert(dp::ProgramOp program, StringRef type) {
    OpBuilder b(program);
    if (type != "f32" && type != "f64")
      return program.emitError("cannot have arrays of type ") << type;
    FloatType io = type == "f32" ? b.getF32Type() : b.getF64Type();
    Plan::Copies purpose =
        forThreads ? Plan::Copies::OfCells : Plan::Copies::OfInstances;
    Plan plan(program, io, /*scaled=*/false, danskin::scheduleAttrName,
              purpose);
    plan.forThreads = forThreads;
    if (failed(plan.make()))
      return failure();

    Signature signature = getSignature(plan);
    StringRef entry = program.getEntry().value_or("value");
    std::string prefix =
        (program.getSymName() + "_" + entry + "_" + type + "_").str();
    auto create = [&](StringRef name, ArrayRef<ArrayRef<Type>> arguments,
                      ArrayRef<Type> results) {
      SmallVector<Type> all;
      for (ArrayRef<Type> part : arguments)
        llvm::append_range(all, part);
      return b.create<func::FuncOp>(program.getLoc(), prefix + name.str(),
                                    b.getFunctionType(all, results));
    };
    Type bytes = MemRefType::get(ShapedType::kDynamic, b.getI8Type());
    Type words = MemRefType::get(ShapedType::kDynamic, b.getI64Type());
    auto emitKernel = [&](StringRef name, Plan &kernel) {
      ArrayRef<Type> sizes = signature.sizes;
      func::FuncOp path;
      // Threads walk where they are; lanes call.
      if (!forThreads && hasPath(program)) {
        SmallVector<Type> arrays = llvm::to_vector(
            llvm::concat<Type>(signature.inputs, signature.outputs));
        for (Type &array : arrays)
          array = moveAnywhere(cast<MemRefType>(array));
        Type index = b.getIndexType();
        path = create((name + "_path").str(),
                      {sizes, arrays, bytes, {index, index}}, b.getI32Type());
        path.setPrivate();
        emitPath(kernel, path);
        lowerMath(path);
      }
      SmallVector<Type> memories(forThreads ? 2 : 1, bytes);
      auto function =
          create(name, {sizes, signature.inputs, signature.outputs, memories},
                 b.getI32Type());
      emitRun(kernel, function, path);
      // Weights of log-sum-exps decay without end.
      if (!forThreads && !kernel.units.empty())
        function->setAttr(flushAttr, b.getUnitAttr());
      lowerMath(function);
    };
    emitKernel("run", plan);
    SmallVector<Plan *> plans = {&plan};
    auto addVariant = [&](StringRef name, Plan &variant) {
      if (failed(variant.make()))
        return failure();
      plans.push_back(&variant);
      emitKernel(name, variant);
      return success();
    };
    Plan scaled(program, io, mayScale(program, io), danskin::scheduleAttrName,
                purpose);
    scaled.forThreads = forThreads;
    bool isScaled = !scaled.units.empty();
    if (isScaled && failed(addVariant("scaled", scaled)))
      return failure();
    std::optional<Plan> ofCells;
    bool isWavefront = hasWavefront(program);
    if (isWavefront || !forThreads) {
      ofCells.emplace(program, io, isScaled,
                      isWavefront ? danskin::wavefrontAttrName
                                  : danskin::scheduleAttrName,
                      Plan::Copies::OfCells);
      if ((isWavefront || ofCells->copiesAny()) &&
          failed(addVariant(isWavefront ? "wavefront" : "turned", *ofCells)))
        return failure();
    }
    emitWorkspace(plans,
                  create("workspace", {signature.sizes}, b.getI64Type()));
    emitExtents(plan, create("extents", {signature.sizes, words}, {}));
    if (forThreads) {
      emitWorkspace(plans, create("near", {signature.sizes}, b.getI64Type()),
                    /*near=*/true);
      emitExtents(plan, create("shapes", {signature.sizes, words}, {}),
                  /*ofInputs=*/true);
      emitHolds(plan, create("holds", {signature.sizes}, b.getI1Type()));
    }
    emitValidate(plan,
                 create("validate", {signature.sizes, signature.inputs, words},
                        b.getI64Type()));
    return success();
  }

  static bool hasPath(dp::ProgramOp program) {
    return !program.getBody().front().getOps<dp::TracebackOp>().empty();
  }

  /// An array whose first element may lie anywhere in its memory.
  static Type moveAnywhere(MemRefType type) {
    auto layout = cast<StridedLayoutAttr>(type.getLayout());
    return MemRefType::get(type.getShape(), type.getElementType(),
                           StridedLayoutAttr::get(type.getContext(),
                                                  ShapedType::kDynamic,
                                                  layout.getStrides()));
  }

  static bool hasWavefront(dp::ProgramOp program) {
    return llvm::any_of(program.getBody().front(), [](Operation &op) {
      return op.hasAttr(danskin::wavefrontAttrName);
    });
  }

  /// Is the number format left to the compiler, and single precision wanted?
  static bool mayScale(dp::ProgramOp program, FloatType io) {
    auto form = program->getAttrOfType<StringAttr>("form");
    return io.isF32() && form && form.getValue() == "auto";
  }

  static Type getArrayType(dp::ArrayType type, FloatType number) {
    MLIRContext *context = type.getContext();
    SmallVector<int64_t> dynamic(type.getRank(), ShapedType::kDynamic);
    Type element = type.getElement().isIndex()
                       ? Type(IntegerType::get(context, 64))
                       : Type(number);
    return MemRefType::get(dynamic, element,
                           StridedLayoutAttr::get(context, 0, dynamic));
  }

  static Signature getSignature(Plan &plan) {
    Signature signature;
    MLIRContext *context = plan.program.getContext();
    Block &body = plan.program.getBody().front();
    for ([[maybe_unused]] auto size : body.getOps<dp::SizeOp>())
      signature.sizes.push_back(IndexType::get(context));
    for (auto input : body.getOps<dp::InputOp>())
      signature.inputs.push_back(getArrayType(
          input.getResult().getType(),
          input.getGamma() ? FloatType(Float64Type::get(context)) : plan.io));
    for (auto &[value, table] : plan.tables)
      if (table->isOutput())
        signature.outputs.push_back(getArrayType(table->op.getType(), plan.io));
    return signature;
  }
};
} // namespace
