//===- TestCommandDraw.h - random instances and calls -----------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_TESTCOMMANDDRAW_H
#define DANSKIN_TOOLS_DPC_TESTCOMMANDDRAW_H

#include "compiler/tools/dpc/Call.h"
#include "compiler/tools/dpc/CallRandom.h"
#include "compiler/tools/dpc/TestCommandTraits.h"

namespace danskin {

/// Sizes in 0..=5 that meet the constraints, normal floats (positive where they
/// are a temperature, all of them representable in f32), ints in their ranges,
/// random dags, gamma in [0.5, 2]. An error if nothing valid is found. Of
/// `sizes`, those that are there are taken.
llvm::Expected<reference::Instance>
drawInstance(RandomEngine &random, const ast::Program &program,
             const reference::SizeMap *sizes = nullptr);

/// What the floats of an instance are like.
enum class Mood {
  Plain, ///< normal
  Ties,  ///< -1, 0 or 1
  Masks, ///< some candidates are dead
  Large  ///< some are 1e30 times as large
};

/// Masks and large numbers go to inputs that are weights with coefficients of
/// one sign; false where there is none.
bool setMood(RandomEngine &random, Mood mood, const ast::Program &program,
             const ProgramTraits &traits, reference::Instance &instance);

/// All float inputs, lets and gamma.
std::vector<std::string> getAllSlots(const ast::Program &program);

/// Normal directions for every name.
llvm::Expected<reference::TensorMap>
drawDirections(RandomEngine &random, const ast::Program &program,
               const reference::Instance &instance,
               const std::vector<std::string> &names);

/// Normal cotangents for every output.
llvm::Expected<reference::TensorMap>
drawCotangents(RandomEngine &random, const ast::Program &program,
               const reference::Instance &instance);

/// A call of one instance, no batch, all entries.
ResolvedCall makeSingle(const ast::Program &program,
                        const reference::Instance &instance,
                        const reference::TensorMap &directions);

/// An instance of a batch.
struct Member {
  reference::Instance instance;
  reference::TensorMap directions, cotangents;
};

/// The members as one ragged batch, the padding filled with NaN and, for ints,
/// nonsense. What is in `shared` comes without a batch axis, from the first.
/// Nothing if a member does not fit into the largest sizes.
std::optional<ResolvedCall> makeBatch(const ast::Program &program,
                                      llvm::ArrayRef<Member> members,
                                      const std::set<std::string> &shared = {});

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_TESTCOMMANDDRAW_H
