//===- Link.h - objects and the runtime to a library ------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With LLD and LLVM's own tools as libraries: no compiler, linker or libc need
// be installed. What libc defines stays undefined and is found in the process
// that loads the library.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TARGET_LINK_H
#define DANSKIN_TARGET_LINK_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace danskin {

/// Links objects (their bytes) and the runtime to a shared library that shows
/// its dp1_ and __tvm_ffi_ symbols only. `path` is replaced whole or not at
/// all.
llvm::Error linkSharedLibrary(llvm::ArrayRef<std::string> objects,
                              llvm::StringRef path);

/// The same as a static archive of one object, the runtime inside and local
/// to it, so that several such libraries go into one program.
llvm::Error linkStaticLibrary(llvm::ArrayRef<std::string> objects,
                              llvm::StringRef path);

/// The object of such an archive, in a file of its own.
llvm::Error linkObject(llvm::ArrayRef<std::string> objects,
                       llvm::StringRef path);

} // namespace danskin

#endif
