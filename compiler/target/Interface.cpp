//===- Interface.cpp - what an entry looks like from outside --------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/target/Interface.h"
#include "llvm/ADT/STLExtras.h"

using namespace danskin;

std::vector<std::string> LibraryInterface::programs() const {
  std::vector<std::string> names;
  for (const EntryInterface &entry : entries)
    if (!llvm::is_contained(names, entry.program))
      names.push_back(entry.program);
  return names;
}
