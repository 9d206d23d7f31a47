//===- TestCommandReference.h - one call, two engines ------ -*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_TESTCOMMANDREFERENCE_H
#define DANSKIN_TOOLS_DPC_TESTCOMMANDREFERENCE_H

#include "compiler/tools/dpc/CallRandom.h"
#include "compiler/tools/dpc/TestCommandCheck.h"

namespace danskin {

/// Tallies an engine against the reference on a call of one instance, the
/// latter also at inputs that are moved a little, `moves` times. Gives what the
/// engine gave; nothing where it failed, which is tallied.
llvm::Expected<std::optional<Results>>
compareToReference(Engine &engine, Engine &reference, const ResolvedCall &call,
                   unsigned moves, RandomEngine &random, Tally &tally);

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_TESTCOMMANDREFERENCE_H
