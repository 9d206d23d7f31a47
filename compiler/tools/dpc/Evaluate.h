//===- Evaluate.h - dpc eval: the reference as an engine --------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_EVALUATE_H
#define DANSKIN_TOOLS_DPC_EVALUATE_H

#include "compiler/tools/dpc/Call.h"

namespace danskin {

/// The reference interpreter, an instance after the other. Needs no options.
std::unique_ptr<Engine> makeReferenceEngine();

/// `dpc eval`; `arguments` are those after the word. Returns the exit code.
int evalCommand(llvm::ArrayRef<const char *> arguments);

/// One instance of a call, cut to its own sizes.
reference::Instance getInstance(const ResolvedCall &call, int64_t number);

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_EVALUATE_H
