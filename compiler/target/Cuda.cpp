//===- Cuda.cpp - LLVM modules to machine code for NVIDIA's GPUs ----------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Floating point is as on the CPU: nothing fused, nothing flushed to zero,
// divisions and roots rounded; so the bits are the CPU's.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/Cuda.h"
#include "compiler/target/Device.h"
#include "compiler/target/Optimizer.h"
#include "dp/abi.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/Intrinsics.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IRReader/IRReader.h"
#include "llvm/Linker/Linker.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Transforms/IPO/Internalize.h"
#include "llvm/Transforms/Utils/Cloning.h"

// Of the targets that LLVM was built with, the header that declares all of them
// would want all of them to be there.
extern "C" {
void LLVMInitializeNVPTXTargetInfo();
void LLVMInitializeNVPTXTarget();
void LLVMInitializeNVPTXTargetMC();
void LLVMInitializeNVPTXAsmPrinter();
}

using namespace danskin;
using namespace llvm;

/// Enough for arguments of 32 KB, and what every driver of CUDA 12.2 takes.
static constexpr char ptxVersion[] = "+ptx82";

bool danskin::isCudaArch(StringRef name) {
  unsigned number;
  return name.consume_front("sm_") && !name.getAsInteger(10, number) &&
         number >= 70;
}

static Expected<std::unique_ptr<TargetMachine>> createMachine(StringRef arch) {
  LLVMInitializeNVPTXTargetInfo();
  LLVMInitializeNVPTXTarget();
  LLVMInitializeNVPTXTargetMC();
  LLVMInitializeNVPTXAsmPrinter();
  std::string triple = "nvptx64-nvidia-cuda", error;
  const Target *target = TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return createStringError(error);
  TargetOptions options;
  options.AllowFPOpFusion = FPOpFusion::Strict;
  std::unique_ptr<TargetMachine> machine(target->createTargetMachine(
      triple, arch, ptxVersion, options, std::nullopt, std::nullopt,
      CodeGenOptLevel::Aggressive));
  if (!machine)
    return createStringError("no code generator for '%s'", triple.c_str());
  return machine;
}

//===----------------------------------------------------------------------===//
// The toolkit
//===----------------------------------------------------------------------===//

/// Where CUDA's toolkit may be.
static std::vector<std::string> getToolkits() {
  std::vector<std::string> folders;
  for (const char *variable : {"CUDA_HOME", "CUDA_PATH"})
    if (const char *value = std::getenv(variable))
      folders.push_back(value);
  for (StringRef program : {"nvcc", "ptxas"})
    if (ErrorOr<std::string> found = sys::findProgramByName(program)) {
      SmallString<128> real;
      if (!sys::fs::real_path(*found, real))
        folders.push_back(
            sys::path::parent_path(sys::path::parent_path(real)).str());
    }
  folders.push_back("/usr/local/cuda");
  return folders;
}

static std::optional<std::string> findInToolkit(StringRef path) {
  for (const std::string &folder : getToolkits()) {
    SmallString<128> file(folder);
    sys::path::append(file, path);
    if (sys::fs::exists(file))
      return file.str().str();
  }
  return std::nullopt;
}

static std::optional<std::string> findPtxas() {
  if (const char *value = std::getenv("DANSKIN_PTXAS"))
    return std::string(value);
  return findInToolkit("bin/ptxas");
}

/// Gives bodies to declared functions of the runtime, from libdevice.
static Error linkMath(Module &module) {
  SmallVector<Function *> missing;
  for (Function &function : module)
    if (function.isDeclaration() && !function.isIntrinsic() &&
        !function.use_empty())
      missing.push_back(&function);
  if (missing.empty())
    return Error::success();
  auto path = findInToolkit("nvvm/libdevice/libdevice.10.bc");
  if (!path)
    return createStringError(
        "a kernel for a GPU needs `%s`, which is in CUDA's libdevice: set "
        "CUDA_HOME to a CUDA toolkit",
        missing.front()->getName().str().c_str());
  for (Function *function : missing) {
    // dp_tanh_f64 is __nv_tanh, dp_tanh_f32 __nv_tanhf.
    StringRef name = function->getName();
    name.consume_front("dp_");
    bool isSingle = name.ends_with("_f32");
    function->setName("__nv_" + name.drop_back(4) + (isSingle ? "f" : ""));
  }
  SMDiagnostic diagnostic;
  std::unique_ptr<Module> library =
      parseIRFile(*path, diagnostic, module.getContext());
  if (!library)
    return createStringError("cannot read '%s'", path->c_str());
  library->setTargetTriple(module.getTargetTriple());
  library->setDataLayout(module.getDataLayout());
  if (Linker::linkModules(module, std::move(library), Linker::LinkOnlyNeeded))
    return createStringError("cannot link '%s'", path->c_str());
  return Error::success();
}

//===----------------------------------------------------------------------===//
// PTX and machine code
//===----------------------------------------------------------------------===//

static void markKernels(Module &module) {
  LLVMContext &context = module.getContext();
  NamedMDNode *annotations =
      module.getOrInsertNamedMetadata("nvvm.annotations");
  auto annotate = [&](Function &function, StringRef key, unsigned value) {
    Constant *number = ConstantInt::get(Type::getInt32Ty(context), value);
    annotations->addOperand(MDNode::get(
        context, {ValueAsMetadata::get(&function), MDString::get(context, key),
                  ConstantAsMetadata::get(number)}));
  };
  for (Function &function : module) {
    if (!isKernel(function))
      continue;
    annotate(function, "kernel", 1);
    annotate(function, "maxntidx", DP_MAX_THREADS);
  }
}

/// The code generator has no pattern for them.
static void lowerPrefetches(Module &module) {
  LLVMContext &context = module.getContext();
  Type *pointer = PointerType::getUnqual(context);
  Function *prefetch =
      Intrinsic::getDeclaration(&module, Intrinsic::prefetch, {pointer});
  auto *type = FunctionType::get(Type::getVoidTy(context), {pointer}, false);
  auto *instruction =
      InlineAsm::get(type, "prefetch.L1 [$0];", "l", /*hasSideEffects=*/true);
  for (User *user : make_early_inc_range(prefetch->users())) {
    auto *call = cast<CallInst>(user);
    CallInst *made =
        IRBuilder<>(call).CreateCall(type, instruction, call->getArgOperand(0));
    made->setDoesNotAccessMemory();
    made->setDoesNotThrow();
    call->eraseFromParent();
  }
  prefetch->eraseFromParent();
}

static void optimize(Module &module, TargetMachine &machine) {
  Optimizer optimizer(machine);
  ModulePassManager passes;
  passes.addPass(InternalizePass([](const GlobalValue &value) {
    auto *function = dyn_cast<Function>(&value);
    return function && isKernel(*function);
  }));
  passes.addPass(GlobalDCEPass());
  passes.addPass(optimizer.getBuilder().buildPerModuleDefaultPipeline(
      OptimizationLevel::O3));
  optimizer.run(module, passes);
}

Expected<std::string> danskin::emitPtx(Module &module, StringRef arch) {
  auto machine = createMachine(arch);
  if (!machine)
    return machine.takeError();
  module.setTargetTriple((*machine)->getTargetTriple().str());
  module.setDataLayout((*machine)->createDataLayout());
  if (Error error = linkMath(module))
    return error;
  markKernels(module);
  lowerPrefetches(module);
  optimize(module, **machine);
  SmallString<0> text;
  raw_svector_ostream stream(text);
  legacy::PassManager passes;
  if ((*machine)->addPassesToEmitFile(passes, stream, nullptr,
                                      CodeGenFileType::AssemblyFile))
    return createStringError("no PTX for '%s'", arch.str().c_str());
  passes.run(module);
  return text.str().str();
}

namespace {
/// A file that goes when this does.
class TemporaryFile {
public:
  explicit TemporaryFile(StringRef suffix) {
    error = sys::fs::createTemporaryFile("dpc", suffix, path);
    remover.setFile(path);
  }
  SmallString<128> path;
  std::error_code error;

private:
  FileRemover remover;
};
} // namespace

static std::string readFile(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path);
  return buffer ? (*buffer)->getBuffer().str() : std::string();
}

Expected<std::optional<std::string>>
danskin::assemblePtx(StringRef ptx, StringRef arch, std::string *report) {
  std::optional<std::string> ptxas = findPtxas();
  if (!ptxas)
    return std::nullopt;
  TemporaryFile source("ptx"), cubin("cubin"), log("txt");
  for (const TemporaryFile *file : {&source, &cubin, &log})
    if (file->error)
      return errorCodeToError(file->error);
  if (Error error = writeToOutput(source.path, [&](raw_ostream &os) {
        os << ptx;
        return Error::success();
      }))
    return error;
  std::string target = ("--gpu-name=" + arch).str();
  SmallVector<StringRef> arguments = {
      *ptxas, target, "-O3", "-v", source.path, "--output-file", cubin.path};
  std::optional<StringRef> redirects[] = {StringRef(), log.path.str(),
                                          log.path.str()};
  std::string message;
  int code = sys::ExecuteAndWait(*ptxas, arguments, std::nullopt, redirects, 0,
                                 0, &message);
  if (code != 0)
    return createStringError("'%s' failed for %s: %s%s", ptxas->c_str(),
                             arch.str().c_str(), message.c_str(),
                             readFile(log.path).c_str());
  if (report)
    *report = readFile(log.path);
  return readFile(cubin.path);
}

Expected<std::vector<ImageInterface>>
danskin::compileForCuda(const Module &narrow, const Module &wide,
                        ArrayRef<std::string> archs) {
  std::vector<ImageInterface> images;
  std::string text;
  for (const std::string &arch : archs) {
    auto ptx = emitPtx(*CloneModule(narrow), arch);
    if (!ptx)
      return ptx.takeError();
    text = std::move(*ptx);
    auto cubin = assemblePtx(text, arch);
    if (!cubin)
      return cubin.takeError();
    if (*cubin)
      images.push_back({arch, std::move(**cubin)});
  }
  images.push_back({"ptx", std::move(text)});
  auto large = emitPtx(*CloneModule(wide), archs.front());
  if (!large)
    return large.takeError();
  images.push_back({"ptx-large", std::move(*large)});
  return images;
}
