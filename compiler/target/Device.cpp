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

/// Tells the emulator of an access to memory, which may be in a race.
static void announce(Module &module, Instruction &access) {
  Value *address;
  Type *type;
  if (auto *load = dyn_cast<LoadInst>(&access)) {
    address = load->getPointerOperand();
    type = load->getType();
  } else if (auto *store = dyn_cast<StoreInst>(&access)) {
    address = store->getPointerOperand();
    type = store->getValueOperand()->getType();
    // A flag, which several may set.
    if (type->isIntegerTy(8) && isa<Constant>(store->getValueOperand()))
      return;
  } else {
    return;
  }
  IRBuilder<> builder(&access);
  auto *signature = FunctionType::get(
      builder.getVoidTy(), {builder.getPtrTy(), builder.getInt64Ty()}, false);
  bool isStore = isa<StoreInst>(access);
  uint64_t bytes = module.getDataLayout().getTypeStoreSize(type);
  builder.CreateCall(
      declareHidden(module, isStore ? "dp_emulator_write" : "dp_emulator_read",
                    signature),
      {address, builder.getInt64(bytes)});
}

static void emulate(Module &module, Function &function) {
  SmallVector<Instruction *> all;
  for (Instruction &instruction : instructions(function))
    all.push_back(&instruction);
  for (Instruction *instruction : all) {
    auto *call = dyn_cast<IntrinsicInst>(instruction);
    if (!call) {
      announce(module, *instruction);
      continue;
    }
    if (call->getIntrinsicID() == Intrinsic::prefetch) {
      call->eraseFromParent();
      continue;
    }
    StringRef name = getEmulated(call->getIntrinsicID());
    if (name.empty())
      continue;
    IRBuilder<> builder(call);
    SmallVector<Value *> arguments(call->args());
    Value *result = builder.CreateCall(
        declareHidden(module, name, call->getFunctionType()), arguments);
    if (!call->getType()->isVoidTy())
      call->replaceAllUsesWith(result);
    call->eraseFromParent();
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
  for (Function &function : llvm::make_early_inc_range(*part)) {
    bool isOfDevice = isKernel(function);
    if (!isOfDevice && !function.hasLocalLinkage() &&
        !function.isDeclaration()) {
      function.eraseFromParent(); // for the host
      continue;
    }
    emulate(*part, function);
    // Its one caller is C, which knows of no such argument.
    if (isOfDevice)
      function.removeParamAttr(0, Attribute::ByVal);
  }
  return takeOver(host, std::move(part));
}
