//===- RuntimeArchive.h - the runtime that dpc carries ----------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Defined by a file that runtime/CMakeLists.txt generates.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TARGET_RUNTIMEARCHIVE_H
#define DANSKIN_TARGET_RUNTIMEARCHIVE_H

#include "llvm/ADT/StringRef.h"

namespace danskin {

/// The bytes of libdp_runtime.a for the host.
llvm::StringRef runtimeArchive();

/// The text of runtime/include/dp/call.h.
llvm::StringRef callHeader();

} // namespace danskin

#endif
