//===- Device.h - kernels of a device in a module ---------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TARGET_DEVICE_H
#define DANSKIN_TARGET_DEVICE_H

#include "compiler/target/Interface.h"
#include "llvm/Support/Error.h"
#include <memory>

namespace llvm {
class Function;
class Module;
} // namespace llvm

namespace danskin {

/// Is it a kernel that dp-wrap-kernels made?
bool isKernel(const llvm::Function &function);

/// Names the functions that an entry has in the module, `run` of which is
/// called as on the CPU.
DeviceInterface describeDevice(const llvm::Module &device,
                               const EntryInterface &entry);

/// Takes over into `host` what the host calls: how much workspace kernels want.
llvm::Error addHostFunctions(llvm::Module &host, const llvm::Module &device);

/// Takes over the kernels, whose threads are the emulator's.
llvm::Error addEmulatedKernels(llvm::Module &host, const llvm::Module &device);

} // namespace danskin

#endif
