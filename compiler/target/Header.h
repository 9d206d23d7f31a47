//===- Header.h - the C header of a library ---------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TARGET_HEADER_H
#define DANSKIN_TARGET_HEADER_H

#include "compiler/target/Interface.h"
#include "llvm/ADT/StringRef.h"

namespace danskin {

/// A header for C99 and C++ that needs no other but the C library's: call.h,
/// the exported functions, and for each entry a struct of typed arguments with
/// inline functions that call it. `name` is the file's name.
std::string writeHeader(const LibraryInterface &library, llvm::StringRef name);

/// A C program that includes `header`, makes small arrays up, calls the first
/// program's value_grad (or its first entry) and prints the results.
std::string writeExampleC(const LibraryInterface &library,
                          llvm::StringRef header);

} // namespace danskin

#endif
