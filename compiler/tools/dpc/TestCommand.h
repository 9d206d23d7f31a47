//===- TestCommand.h - dpc test: the oracles on a user's program -*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Draws small random instances of every program of a file and holds a compiled
// engine against the reference, for each regularizer, type and entry, and
// against properties that need no reference.
//
//   dpc test F [--program NAME] [--instances=N] [--seed=S]
//     [--reg=hard,entropy,l2] [--float=f64,f32] [--format=text|json]
//
// f64 must agree to 1e-9 relative to the largest element; f32 as far as the
// reference itself moves when its inputs do by some units in the last place. An
// instance where such a move makes a result jump (a near tie of a hard choice,
// a kink of l2) is not compared but counted.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_TESTCOMMAND_H
#define DANSKIN_TOOLS_DPC_TESTCOMMAND_H

#include "compiler/tools/dpc/Call.h"

namespace danskin {

/// `makeEngine` is asked once for each program, regularizer and type, with a
/// call of all entries and a `wrt` of all float inputs, lets and gamma; if that
/// fails, once more without argmax (a program of the general class has no
/// path). Prints a table, or one line of JSON; returns 1 where anything failed.
int testCommand(llvm::ArrayRef<const char *> arguments,
                EngineFactory makeEngine);

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_TESTCOMMAND_H
