//===- Device.cpp - kernels of a device in a module -----------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/target/Device.h"
#include "dp/abi.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IntrinsicsNVPTX.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace danskin;
using namespace llvm;

bool danskin::isKernel(const Function &function) {
  StringRef part = function.getName().rsplit('_').second;
  return !function.isDeclaration() &&
         (part == "kernel" || part == "again" || part == "sums");
}

static std::string getStem(const EntryInterface &entry) {
  return StringRef(entry.run).drop_back(3).str();
}

DeviceInterface danskin::describeDevice(const Module &device,
                                        const EntryInterface &entry) {
  std::string stem = getStem(entry);
  DeviceInterface interface;
  interface.kernel = stem + "kernel";
  if (device.getFunction(stem + "again"))
    interface.again = stem + "again";
  interface.sums = stem + "sums";
  interface.workspace = stem + "device";
  interface.near = stem + "block";
  const Function *kernel = device.getFunction(interface.kernel);
  Attribute columns = kernel->getFnAttribute("dp.columns");
  if (columns.isValid())
    columns.getValueAsString().getAsInteger(10, interface.columns);
  return interface;
}

//===----------------------------------------------------------------------===//
// The emulator
//===----------------------------------------------------------------------===//

/// The emulator's function for an instruction of the device.
static StringRef getEmulated(Intrinsic::ID id) {
  switch (id) {
  case Intrinsic::nvvm_read_ptx_sreg_tid_x:
    return "dp_emulator_thread";
  case Intrinsic::nvvm_read_ptx_sreg_ntid_x:
    return "dp_emulator_threads";
  case Intrinsic::nvvm_read_ptx_sreg_ctaid_x:
    return "dp_emulator_block";
  case Intrinsic::nvvm_read_ptx_sreg_nctaid_x:
    return "dp_emulator_blocks";
  case Intrinsic::nvvm_barrier0:
    return "dp_emulator_barrier";
  case Intrinsic::nvvm_barrier0_or:
    return "dp_emulator_barrier_or";
  default:
    return "";
  }
}

static FunctionCallee declareHidden(Module &module, StringRef name,
                                    FunctionType *type) {
  FunctionCallee callee = module.getOrInsertFunction(name, type);
  auto *function = cast<Function>(callee.getCallee());
  function->setVisibility(GlobalValue::HiddenVisibility);
  function->setDSOLocal(true);
  return callee;
}

namespace {
/// Makes kernels those of the emulator.
class Emulation {
public:
  explicit Emulation(Module &module) : module(module) {}

  void rewrite(Function &function);
  /// Tells the emulator of the variables that a kernel has besides arrays.
  void announceVariables(Function &kernel);

private:
  void announce(Instruction &access);
  void replace(IntrinsicInst &call);
  FunctionCallee getObserver(StringRef name) {
    Type *types[] = {PointerType::getUnqual(module.getContext()),
                     Type::getInt64Ty(module.getContext())};
    return declareHidden(
        module, name,
        FunctionType::get(Type::getVoidTy(module.getContext()), types, false));
  }

  Module &module;
  int32_t numBarriers = 0;
};
} // namespace

/// Several threads may set a flag, which then is the same for all.
static bool isFlag(const Value &stored) {
  return stored.getType()->isIntegerTy(8) && isa<Constant>(stored);
}

/// Tells the emulator of an access to memory before it happens: in parts, where
/// it may lie such that a GPU takes it apart.
void Emulation::announce(Instruction &access) {
  Value *address = getLoadStorePointerOperand(&access);
  if (!address)
    return;
  StringRef name = "dp_emulator_read";
  if (auto *store = dyn_cast<StoreInst>(&access))
    name = isFlag(*store->getValueOperand()) ? "dp_emulator_set"
                                             : "dp_emulator_write";
  uint64_t bytes =
      module.getDataLayout().getTypeStoreSize(getLoadStoreType(&access));
  uint64_t part = std::min(bytes, getLoadStoreAlignment(&access).value());
  IRBuilder<> builder(&access);
  address = builder.CreateAddrSpaceCast(address, builder.getPtrTy());
  for (uint64_t at = 0; at < bytes; at += part)
    builder.CreateCall(getObserver(name),
                       {builder.CreatePtrAdd(address, builder.getInt64(at)),
                        builder.getInt64(part)});
}

void Emulation::announceVariables(Function &kernel) {
  IRBuilder<> builder(&*kernel.getEntryBlock().getFirstInsertionPt());
  for (GlobalVariable &variable : module.globals()) {
    if (variable.getName() == DP_NEAR_NAME)
      continue;
    uint64_t bytes =
        module.getDataLayout().getTypeAllocSize(variable.getValueType());
    Value *address = builder.CreateAddrSpaceCast(&variable, builder.getPtrTy());
    builder.CreateCall(getObserver("dp_emulator_variable"),
                       {address, builder.getInt64(bytes)});
  }
}

void Emulation::replace(IntrinsicInst &call) {
  StringRef name = getEmulated(call.getIntrinsicID());
  if (name.empty())
    return;
  IRBuilder<> builder(&call);
  SmallVector<Value *> arguments(call.args());
  // Threads may wait for one another at the same barrier only.
  if (name.starts_with("dp_emulator_barrier"))
    arguments.push_back(builder.getInt32(++numBarriers));
  SmallVector<Type *> types;
  for (Value *argument : arguments)
    types.push_back(argument->getType());
  Value *result = builder.CreateCall(
      declareHidden(module, name,
                    FunctionType::get(call.getType(), types, false)),
      arguments);
  if (!call.getType()->isVoidTy())
    call.replaceAllUsesWith(result);
  call.eraseFromParent();
}

void Emulation::rewrite(Function &function) {
  SmallVector<Instruction *> all;
  for (Instruction &instruction : instructions(function))
    all.push_back(&instruction);
  for (Instruction *instruction : all) {
    auto *call = dyn_cast<IntrinsicInst>(instruction);
    if (!call)
      announce(*instruction);
    else if (call->getIntrinsicID() == Intrinsic::prefetch)
      call->eraseFromParent();
    else
      replace(*call);
  }
}

//===----------------------------------------------------------------------===//
// Into the host's module
//===----------------------------------------------------------------------===//

static Error takeOver(Module &host, std::unique_ptr<Module> part) {
  part->setTargetTriple(host.getTargetTriple());
  part->setDataLayout(host.getDataLayout());
  if (Linker::linkModules(host, std::move(part)))
    return createStringError("cannot link the device's functions");
  return Error::success();
}

Error danskin::addHostFunctions(Module &host, const Module &device) {
  std::unique_ptr<Module> part = CloneModule(device);
  // Without kernels, nobody calls what only they do.
  for (Function &function : llvm::make_early_inc_range(*part))
    if (isKernel(function))
      function.eraseFromParent();
  bool isDone = false;
  while (!isDone) {
    isDone = true;
    for (Function &function : llvm::make_early_inc_range(*part))
      if (function.use_empty() &&
          (function.hasLocalLinkage() || function.isDeclaration())) {
        function.eraseFromParent();
        isDone = false;
      }
  }
  return takeOver(host, std::move(part));
}

Error danskin::addEmulatedKernels(Module &host, const Module &device) {
  std::unique_ptr<Module> part = CloneModule(device);
  part->setDataLayout(host.getDataLayout());
  if (GlobalVariable *near = part->getNamedGlobal(DP_NEAR_NAME)) {
    near->setVisibility(GlobalValue::HiddenVisibility);
    near->setDSOLocal(true);
  }
  Emulation emulation(*part);
  for (Function &function : llvm::make_early_inc_range(*part)) {
    bool isOfDevice = isKernel(function);
    if (!isOfDevice && !function.hasLocalLinkage() &&
        !function.isDeclaration()) {
      function.eraseFromParent(); // for the host
      continue;
    }
    emulation.rewrite(function);
    if (!isOfDevice)
      continue;
    emulation.announceVariables(function);
    // Its one caller is C, which knows of no such argument.
    function.removeParamAttr(0, Attribute::ByVal);
  }
  return takeOver(host, std::move(part));
}
