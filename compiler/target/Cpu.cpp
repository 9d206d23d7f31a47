//===- Cpu.cpp - LLVM modules to machine code for the CPU -----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/target/Cpu.h"
#include "compiler/target/HideInvariants.h"
#include "compiler/target/MarkCold.h"
#include "compiler/target/Optimizer.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/Transforms/Instrumentation/AddressSanitizer.h"
#include "llvm/Transforms/Instrumentation/ThreadSanitizer.h"

using namespace danskin;
using namespace llvm;

static CodeGenOptLevel codeGenLevel(unsigned optLevel) {
  switch (optLevel) {
  case 0:
    return CodeGenOptLevel::None;
  case 1:
    return CodeGenOptLevel::Less;
  case 2:
    return CodeGenOptLevel::Default;
  default:
    return CodeGenOptLevel::Aggressive;
  }
}

Expected<std::unique_ptr<TargetMachine>>
danskin::createCpuMachine(const CpuOptions &options) {
  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();
  std::string triple = sys::getDefaultTargetTriple();
  std::string error;
  const Target *target = TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return createStringError(error);
  std::string cpu = options.cpu;
  if (cpu == "native")
    cpu = sys::getHostCPUName().str();
  std::unique_ptr<MCSubtargetInfo> subtarget(
      target->createMCSubtargetInfo(triple, "", ""));
  if (!cpu.empty() && !subtarget->isCPUStringValid(cpu))
    return createStringError("unknown CPU '%s'", cpu.c_str());

  TargetOptions targetOptions;
  targetOptions.AllowFPOpFusion = FPOpFusion::Strict;
  targetOptions.FunctionSections = true;
  targetOptions.DataSections = true;
  std::unique_ptr<TargetMachine> machine(target->createTargetMachine(
      triple, cpu, options.features, targetOptions, Reloc::PIC_, std::nullopt,
      codeGenLevel(options.optLevel)));
  if (!machine)
    return createStringError("no code generator for '%s'", triple.c_str());
  return machine;
}

void danskin::setCpuTarget(Module &module, const TargetMachine &machine) {
  module.setTargetTriple(machine.getTargetTriple().str());
  module.setDataLayout(machine.createDataLayout());
  module.setPICLevel(PICLevel::BigPIC);
}

static void addSanitizers(Module &module, ModulePassManager &passes,
                          const CpuOptions &options) {
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    if (options.sanitizeAddress)
      function.addFnAttr(Attribute::SanitizeAddress);
    if (options.sanitizeThread) {
      function.addFnAttr(Attribute::SanitizeThread);
      // GCC's runtime has no __tsan_memset: loops stay loops.
      function.addFnAttr("no-builtins");
    }
  }
  if (options.sanitizeAddress)
    passes.addPass(AddressSanitizerPass(AddressSanitizerOptions()));
  if (options.sanitizeThread) {
    passes.addPass(ModuleThreadSanitizerPass());
    passes.addPass(createModuleToFunctionPassAdaptor(ThreadSanitizerPass()));
  }
}

/// Kernels are optimized already where that takes knowledge of recurrences.
/// What is left is a part of LLVM's own pipeline, in half of its time.
static constexpr StringLiteral optimizations =
    "always-inline,"
    "function(sroa,early-cse<memssa>,simplifycfg,loop-mssa(loop-rotate,licm),"
    "instcombine<no-verify-fixpoint>,loop(indvars,loop-deletion),gvn,"
    "instcombine<no-verify-fixpoint>,adce,simplifycfg),"
    "globaldce";

void danskin::optimizeForCpu(Module &module, TargetMachine &machine,
                             const CpuOptions &options) {
  // Loops that gain by being unrolled are already: more of it doubles the code
  // and the time to make it.
  Optimizer optimizer(machine, /*unrolls=*/false);
  PassBuilder &builder = optimizer.getBuilder();
  ModulePassManager passes;
  if (options.optLevel == 0)
    passes = builder.buildO0DefaultPipeline(OptimizationLevel::O0);
  else if (options.optLevel > 2)
    passes = builder.buildPerModuleDefaultPipeline(OptimizationLevel::O3);
  else
    cantFail(builder.parsePassPipeline(passes, optimizations));
  if (options.optLevel > 0)
    passes.addPass(createModuleToFunctionPassAdaptor(HideInvariants()));
  passes.addPass(createModuleToFunctionPassAdaptor(MarkCold()));
  addSanitizers(module, passes, options);
  optimizer.run(module, passes);
}

static Expected<std::string> emit(Module &module, TargetMachine &machine,
                                  CodeGenFileType type) {
  SmallString<0> bytes;
  raw_svector_ostream stream(bytes);
  legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, type))
    return createStringError("this target writes no such file");
  passes.run(module);
  return bytes.str().str();
}

Expected<std::string> danskin::emitCpuObject(Module &module,
                                             TargetMachine &machine) {
  return emit(module, machine, CodeGenFileType::ObjectFile);
}

Expected<std::string> danskin::emitCpuAssembly(Module &module,
                                               TargetMachine &machine) {
  return emit(module, machine, CodeGenFileType::AssemblyFile);
}
