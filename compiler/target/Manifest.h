//===- Manifest.h - what a library says of itself ---------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TARGET_MANIFEST_H
#define DANSKIN_TARGET_MANIFEST_H

#include "compiler/target/Interface.h"

namespace danskin {

/// JSON after compiler/target/manifest.schema.json, which is only extended.
std::string writeManifest(const LibraryInterface &library);

} // namespace danskin

#endif
