//===- Lanes.h - kernels for each vector unit -------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A module may come with a `<stem>_lanes` and a `<stem>_one` for an entry.
// Of each, there is a copy for every instruction set that the library is to
// use; the runtime picks one.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TARGET_LANES_H
#define DANSKIN_TARGET_LANES_H

#include "compiler/target/Interface.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace llvm {
class Function;
class Module;
} // namespace llvm

namespace danskin {

/// `any`, `avx2`, `avx512`; nothing for a name that is none.
std::optional<Isa> parseIsa(llvm::StringRef name);
llvm::StringRef getName(Isa isa);

/// The best that this machine has.
Isa getHostIsa();

/// Replaces each such kernel by one for each instruction set.
void multiplyLanes(llvm::Module &module, llvm::ArrayRef<Isa> isas);

/// Says in the entry what kernels multiplyLanes makes if there is one.
void addLanes(EntryInterface &entry, llvm::ArrayRef<Isa> isas);

/// The number of lanes of a kernel that multiplyLanes made.
int32_t getNumLanes(const llvm::Function &lanes);
/// Do threads share the cells of a kernel for one instance?
bool isOfTeam(const llvm::Function &one);

} // namespace danskin

#endif
