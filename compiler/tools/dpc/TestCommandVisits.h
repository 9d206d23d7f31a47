//===- TestCommandVisits.h - which cells read an element --------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_TESTCOMMANDVISITS_H
#define DANSKIN_TOOLS_DPC_TESTCOMMANDVISITS_H

#include "compiler/frontend/Ast.h"

namespace danskin {

/// Is it told by the indices of an element of `weight` which cell, of one
/// table, reads it? A path that meets each cell once then meets each element
/// once. False also where that is not seen.
bool isMetOnce(const ast::Program &program, const std::string &weight);

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_TESTCOMMANDVISITS_H
