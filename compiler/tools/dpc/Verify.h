//===- Verify.h - dpc FILE.dp --verify ----------------------------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_VERIFY_H
#define DANSKIN_TOOLS_DPC_VERIFY_H

#include "compiler/pipeline/Library.h"

namespace danskin {

/// Compares every entry of a library with the reference interpreter on 64
/// random instances of each program, always the same. An error where they
/// differ, or where the library cannot be loaded here. `file` is what it was
/// compiled from, with `options`.
llvm::Expected<Verification> verifyLibrary(const ast::File &file,
                                           const Library &library,
                                           const LibraryOptions &options);

class Engine;
/// The same with an engine in the library's place.
llvm::Expected<Verification> verifyEngine(const ast::File &file, Engine &engine,
                                          const LibraryInterface &interface,
                                          const LibraryOptions &options);

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_VERIFY_H
