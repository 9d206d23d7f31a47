//===- CompiledChoice.cpp - run the code a regularizer emits --------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/dialects/CompiledChoice.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/TargetSelect.h"

using namespace mlir;

namespace {
/// The elements of a vector in memory, as the arms of one binder. Those that
/// are -inf do not count.
class MemoryRange : public dp::CandidateRange {
public:
  MemoryRange(Value scores, Value size) : scores(scores), size(size) {}

  SmallVector<Value> forEach(OpBuilder &builder, Location loc, ValueRange init,
                             Body body) override {
    Value zero = builder.create<arith::ConstantIndexOp>(loc, 0);
    Value one = builder.create<arith::ConstantIndexOp>(loc, 1);
    auto emitBody = [&](OpBuilder &b, Location loc, Value i,
                        ValueRange carried) {
      Value score = b.create<memref::LoadOp>(loc, scores, i);
      Value counts = b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::UGT,
                                             score, getLowest(b, loc));
      auto choice = b.create<scf::IfOp>(
          loc, counts,
          [&](OpBuilder &b, Location loc) {
            b.create<scf::YieldOp>(loc,
                                   body(b, loc, {score, zero, {i}}, carried));
          },
          [&](OpBuilder &b, Location loc) {
            b.create<scf::YieldOp>(loc, carried);
          });
      b.create<scf::YieldOp>(loc, choice.getResults());
    };
    auto loop =
        builder.create<scf::ForOp>(loc, zero, size, one, init, emitBody);
    return llvm::to_vector(ValueRange(loop.getResults()));
  }
  FloatType getScoreType() override {
    return cast<FloatType>(cast<MemRefType>(scores.getType()).getElementType());
  }
  unsigned getMaxBinders() override { return 1; }

private:
  Value getLowest(OpBuilder &b, Location loc) {
    FloatType type = getScoreType();
    return b.create<arith::ConstantOp>(
        loc,
        b.getFloatAttr(type, APFloat::getInf(type.getFloatSemantics(), true)));
  }

  Value scores, size;
};
} // namespace

/// choice(scores, size, value, weights, curvatures), all but size pointers.
static OwningOpRef<ModuleOp> buildModule(dp::RegularizerAttrInterface reg,
                                         bool isDouble) {
  MLIRContext *context = reg.getContext();
  Location loc = UnknownLoc::get(context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  OpBuilder b(module->getBodyRegion());
  Type type = isDouble ? b.getF64Type() : b.getF32Type();
  Type vector = MemRefType::get({ShapedType::kDynamic}, type);
  auto func = b.create<func::FuncOp>(
      loc, "choice",
      b.getFunctionType({vector, b.getIndexType(), vector, vector, vector},
                        {}));
  func->setAttr("llvm.emit_c_interface", b.getUnitAttr());
  Block *block = func.addEntryBlock();
  b.setInsertionPointToStart(block);
  auto args = block->getArguments();

  MemoryRange range(args[0], args[1]);
  SmallVector<Value> results = reg.emitChoice(b, loc, range);
  Value zero = b.create<arith::ConstantIndexOp>(loc, 0);
  b.create<memref::StoreOp>(loc, results.front(), args[2], zero);
  range.forEach(
      b, loc, {},
      [&](OpBuilder &b, Location loc, const dp::Candidate &c,
          ValueRange) -> SmallVector<Value> {
        Value weight =
            reg.emitWeight(b, loc, c, ValueRange(results).drop_front());
        b.create<memref::StoreOp>(loc, weight, args[3], c.binders[0]);
        b.create<memref::StoreOp>(loc, reg.emitCurvature(b, loc, weight),
                                  args[4], c.binders[0]);
        return {};
      });
  b.create<func::ReturnOp>(loc);
  return module;
}

static void lowerToLLVM(ModuleOp module) {
  PassManager passes(module.getContext());
  passes.addPass(createConvertSCFToCFPass());
  passes.addPass(createFinalizeMemRefToLLVMConversionPass());
  passes.addPass(createConvertMathToLLVMPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createConvertFuncToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  if (failed(verify(module)) || failed(passes.run(module)))
    llvm::report_fatal_error("the emitted code does not lower");
}

namespace danskin::test {

CompiledChoice::CompiledChoice(dp::RegularizerAttrInterface reg, bool isDouble)
    : isDouble(isDouble) {
  MLIRContext *context = reg.getContext();
  context->loadDialect<arith::ArithDialect, func::FuncDialect, scf::SCFDialect,
                       memref::MemRefDialect, LLVM::LLVMDialect>();
  OwningOpRef<ModuleOp> module = buildModule(reg, isDouble);
  lowerToLLVM(*module);

  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  registerBuiltinDialectTranslation(*context);
  registerLLVMDialectTranslation(*context);
  auto llvmContext = std::make_unique<llvm::LLVMContext>();
  auto llvmModule = translateModuleToLLVMIR(*module, *llvmContext);
  jit = llvm::cantFail(llvm::orc::LLJITBuilder().create());
  llvmModule->setDataLayout(jit->getDataLayout());
  llvm::cantFail(jit->addIRModule(llvm::orc::ThreadSafeModule(
      std::move(llvmModule), std::move(llvmContext))));
  entry = llvm::cantFail(jit->lookup("_mlir_ciface_choice")).toPtr<void *>();
}

namespace {
template <typename Float> struct VectorDescriptor {
  Float *allocated, *aligned;
  int64_t offset, size, stride;
  explicit VectorDescriptor(std::vector<Float> &data)
      : allocated(data.data()), aligned(data.data()), offset(0),
        size(data.size()), stride(1) {}
};
} // namespace

template <typename Float>
ChoiceResult
CompiledChoice::runAs(const std::vector<double> &scoresInDouble) const {
  std::vector<Float> scores(scoresInDouble.begin(), scoresInDouble.end());
  std::vector<Float> value(1), weights(scores.size()),
      curvatures(scores.size());
  using Vector = VectorDescriptor<Float>;
  Vector s(scores), v(value), w(weights), c(curvatures);
  auto *function = reinterpret_cast<void (*)(Vector *, int64_t, Vector *,
                                             Vector *, Vector *)>(entry);
  function(&s, scores.size(), &v, &w, &c);
  return {value[0],
          {weights.begin(), weights.end()},
          {curvatures.begin(), curvatures.end()}};
}

ChoiceResult CompiledChoice::run(const std::vector<double> &scores) const {
  return isDouble ? runAs<double>(scores) : runAs<float>(scores);
}

} // namespace danskin::test
