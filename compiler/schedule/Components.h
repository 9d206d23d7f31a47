//===- Components.h - strongly connected components -------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_SCHEDULE_COMPONENTS_H
#define DANSKIN_SCHEDULE_COMPONENTS_H

#include "compiler/schedule/Problem.h"

namespace danskin {

/// Indices of statements or of dependences, ascending unless said otherwise.
using Indices = std::vector<unsigned>;

/// The strongly connected components of `statements` under the dependences
/// `open` (whose ends must be among them), targets before their readers.
std::vector<Indices> components(const Problem &problem,
                                const Indices &statements, const Indices &open);

/// Whether some order of the statements runs every target before its readers.
bool isAcyclic(const Problem &problem, const Indices &statements,
               const Indices &open);

/// Those of `open` with both ends in `statements`.
Indices inside(const Problem &problem, const Indices &statements,
               const Indices &open);

} // namespace danskin

#endif // DANSKIN_SCHEDULE_COMPONENTS_H
