//===- Cuda.h - LLVM modules to machine code for NVIDIA's GPUs --*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TARGET_CUDA_H
#define DANSKIN_TARGET_CUDA_H

#include "compiler/target/Interface.h"
#include "llvm/Support/Error.h"

namespace llvm {
class Module;
} // namespace llvm

namespace danskin {

/// Is it the name of a GPU's architecture, such as `sm_90`?
bool isCudaArch(llvm::StringRef name);

/// PTX for an architecture. What is no kernel is made internal and goes. Math
/// that the module declares comes from libdevice.
llvm::Expected<std::string> emitPtx(llvm::Module &module, llvm::StringRef arch);

/// A cubin, by ptxas: from DANSKIN_PTXAS, CUDA_HOME or PATH. Nothing where
/// there is none. `report`, if any, gets what ptxas says of registers and
/// memory.
llvm::Expected<std::optional<std::string>>
assemblePtx(llvm::StringRef ptx, llvm::StringRef arch,
            std::string *report = nullptr);

/// Of a module whose indices have 32 bits a cubin for each architecture, then
/// the PTX of the last, which later GPUs can take; PTX alone where there is no
/// ptxas. Of `wide`, whose indices have 64, PTX: what is so large is rare.
llvm::Expected<std::vector<ImageInterface>>
compileForCuda(const llvm::Module &narrow, const llvm::Module &wide,
               llvm::ArrayRef<std::string> archs);

} // namespace danskin

#endif
