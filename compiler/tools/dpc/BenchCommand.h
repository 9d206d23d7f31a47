//===- BenchCommand.h - dpc bench: how fast a program is ----------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiles a program, draws inputs of the given sizes as `dpc test` does, and
// times its entries: a warm-up, then the median of samples. One thread is timed
// by its processor time, several by the wall's.
//
//   dpc bench F [N=256 M=256 ...] [B=64] [--entry=value,grad,hvp,argmax]
//     [--reg=entropy] [--float=f32] [--gamma=1] [--wrt=x,y] [--threads=1]
//     [--program=NAME] [--seed=S] [--samples=9] [--seconds=2]
//     [--format=text|json] [options of compiling]
//
// B is the batch unless the program has a size of that name; `--batch=64`
// always is. Sizes that are not given are 64. Times are divided by the
// candidates that `dpc check` counts, times the batch.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_BENCHCOMMAND_H
#define DANSKIN_TOOLS_DPC_BENCHCOMMAND_H

#include "compiler/tools/dpc/Commands.h"

namespace danskin {

/// `arguments` are those after the word. Returns the exit code.
int benchCommand(Arguments arguments);

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_BENCHCOMMAND_H
