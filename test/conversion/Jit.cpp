//===- Jit.cpp - run a dp program given as text ---------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/conversion/Jit.h"
#include "compiler/conversion/Lowering.h"
#include "compiler/conversion/Passes.h"
#include "dialects/dp/Dp.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace danskin;
using namespace danskin::test;
namespace orc = llvm::orc;

static std::string
readProgram(const std::string &file,
            const std::vector<std::pair<std::string, std::string>> &edits) {
  auto buffer = llvm::cantFail(
      llvm::errorOrToExpected(llvm::MemoryBuffer::getFile(PROGRAMS + file)));
  std::string text = buffer->getBuffer().str();
  for (const auto &[from, to] : edits) {
    EXPECT_NE(text.find(from), std::string::npos) << from;
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos;
         at += to.size())
      text.replace(at, from.size(), to);
  }
  return text;
}

Jit::Jit(const std::string &file, const std::string &program,
         std::vector<std::pair<std::string, std::string>> edits)
    : prefix(program + "_value_f64_") {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<mlir::dp::DpDialect, mlir::affine::AffineDialect,
                      mlir::arith::ArithDialect, mlir::func::FuncDialect,
                      mlir::LLVM::LLVMDialect, mlir::math::MathDialect,
                      mlir::memref::MemRefDialect, mlir::scf::SCFDialect>();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(
      readProgram(file, edits), &context);
  mlir::PassManager passes(&context);
  passes.addPass(createConvertDpToScf());
  passes.addPass(createDpVectorizeCells({/*width=*/1}));
  passes.addPass(createDpWrapEntryPoints());
  populateLowerToLLVM(passes);
  if (!module || mlir::failed(passes.run(*module))) {
    ADD_FAILURE() << file << " does not compile";
    return;
  }
  auto llvmContext = std::make_unique<llvm::LLVMContext>();
  auto llvmModule = translate(*module, *llvmContext);
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  jit = llvm::cantFail(orc::LLJITBuilder().create());
  auto symbol = [&](double (*function)(double)) {
    return orc::ExecutorSymbolDef(orc::ExecutorAddr::fromPtr(function),
                                  llvm::JITSymbolFlags::Exported);
  };
  double (*exponential)(double) = std::exp, (*logarithm)(double) = std::log;
  llvm::cantFail(jit->getMainJITDylib().define(orc::absoluteSymbols(
      {{jit->mangleAndIntern("dp_exp_f64"), symbol(exponential)},
       {jit->mangleAndIntern("dp_log_f64"), symbol(logarithm)}})));
  llvm::cantFail(jit->addIRModule(
      orc::ThreadSafeModule(std::move(llvmModule), std::move(llvmContext))));
}

Jit::~Jit() = default;

void *Jit::find(const std::string &part) {
  return llvm::cantFail(jit->lookup(prefix + part)).toPtr<void *>();
}

namespace {
/// Arrays as the C ABI has them.
struct Pointers {
  explicit Pointers(const std::vector<Array> &arrays) {
    for (const Array &array : arrays) {
      data.push_back(array.data);
      strides.insert(strides.end(), array.strides.begin(), array.strides.end());
    }
  }
  std::vector<void *> data;
  std::vector<int64_t> strides;
};
} // namespace

std::vector<int64_t> Jit::extents(const std::vector<int64_t> &sizes,
                                  size_t count) {
  std::vector<int64_t> result(count, -1);
  reinterpret_cast<void (*)(const int64_t *, int64_t *)>(find("extents"))(
      sizes.data(), result.data());
  return result;
}

int64_t Jit::workspace(const std::vector<int64_t> &sizes) {
  return reinterpret_cast<int64_t (*)(const int64_t *)>(find("workspace"))(
      sizes.data());
}

int32_t Jit::run(const std::vector<int64_t> &sizes, std::vector<Array> arrays) {
  constexpr size_t margin = 64;
  constexpr unsigned char rubbish = 0xAB;
  size_t bytes = workspace(sizes);
  std::vector<unsigned char> memory(bytes + 3 * margin, rubbish);
  auto base = reinterpret_cast<uintptr_t>(memory.data());
  size_t begin = margin + (margin - base % margin) % margin;
  Pointers pointers(arrays);
  int32_t code = reinterpret_cast<int32_t (*)(const int64_t *, void *const *,
                                              const int64_t *, void *)>(
      find("run"))(sizes.data(), pointers.data.data(), pointers.strides.data(),
                   memory.data() + begin);
  for (size_t i = 0; i < memory.size(); ++i)
    if (i < begin || i >= begin + bytes) {
      EXPECT_EQ(memory[i], rubbish) << "outside of the workspace";
    }
  return code;
}

int64_t Jit::validate(const std::vector<int64_t> &sizes,
                      std::vector<Array> arrays, std::vector<int64_t> &fault) {
  fault.assign(16, 0);
  Pointers pointers(arrays);
  return reinterpret_cast<int64_t (*)(const int64_t *, void *const *,
                                      const int64_t *, int64_t *)>(
      find("validate"))(sizes.data(), pointers.data.data(),
                        pointers.strides.data(), fault.data());
}
