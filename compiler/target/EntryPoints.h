//===- EntryPoints.h - the exported functions of a library ------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TARGET_ENTRYPOINTS_H
#define DANSKIN_TARGET_ENTRYPOINTS_H

#include "compiler/target/Interface.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

namespace llvm {
class Module;
}

namespace danskin {

/// Adds to a module that holds the generated functions of `entries`: a
/// constant dp_entry for each, and the exported functions
///   int     <symbol>             (const dp_call *)
///   int64_t <symbol>_workspace   (const dp_call *)
///   int     <symbol>_output_shape(const dp_call *, int32_t output,
///                                 int32_t *rank, int64_t *shape)
///   void   *<symbol>_xla         (void *frame), of XLA's typed FFI
/// Gives every other definition internal linkage. Fails if a generated
/// function is missing.
llvm::Error addEntryPoints(llvm::Module &module,
                           llvm::ArrayRef<EntryInterface> entries);

/// Adds `int dp1_<program>_prepare(int32_t max_threads)` and
/// `const char *dp1_<program>_manifest(void)` for each program, and the
/// manifest itself in the section `.danskin`; and `__tvm_ffi_<program>_<entry>`
/// of TVM FFI. Call it for one module of a library, before addEntryPoints or
/// after.
void addLibraryFunctions(llvm::Module &module, const LibraryInterface &library,
                         llvm::StringRef manifest);

} // namespace danskin

#endif
