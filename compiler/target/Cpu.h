//===- Cpu.h - LLVM modules to machine code for the CPU ---------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TARGET_CPU_H
#define DANSKIN_TARGET_CPU_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace danskin {

struct CpuOptions {
  unsigned optLevel = 2;        ///< -O0 to -O3
  std::string cpu;              ///< as -mcpu; empty: any of the architecture;
                                ///< "native": this machine's
  std::string features;         ///< as -mattr
  bool sanitizeAddress = false; ///< instrument for AddressSanitizer
  bool sanitizeThread = false;  ///< or for ThreadSanitizer
};

/// The host's target, position independent, with no fused or reassociated
/// floating point.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createCpuMachine(const CpuOptions &options);

/// Sets triple and layout; do so before anything asks for a type's size.
void setCpuTarget(llvm::Module &module, const llvm::TargetMachine &machine);

/// Runs LLVM's pipeline of options.optLevel and the sanitizers' passes.
void optimizeForCpu(llvm::Module &module, llvm::TargetMachine &machine,
                    const CpuOptions &options);

/// The bytes of a relocatable object, or assembly text.
llvm::Expected<std::string> emitCpuObject(llvm::Module &module,
                                          llvm::TargetMachine &machine);
llvm::Expected<std::string> emitCpuAssembly(llvm::Module &module,
                                            llvm::TargetMachine &machine);

} // namespace danskin

#endif
