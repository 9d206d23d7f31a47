//===- TestCommandReference.cpp - one call, two engines ------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/TestCommandReference.h"

using namespace llvm;
using namespace danskin;
using namespace danskin::reference;

static constexpr unsigned movesForPaths = 24;

/// The call with every float moved by about `relative` of it, zeros by as much
/// of 1.
static ResolvedCall perturb(RandomEngine &random, const ResolvedCall &call,
                            double relative) {
  ResolvedCall moved = call;
  for (auto &[name, floats] : moved.floats)
    for (double &x : floats.array.data)
      x += (x == 0 ? 1 : x) * relative *
           (double(drawInt(random, -1000, 1000)) / 1000);
  return moved;
}

Expected<std::optional<Results>>
danskin::compareToReference(Engine &engine, Engine &reference,
                            const ResolvedCall &call, unsigned moves,
                            RandomEngine &random, Tally &tally) {
  Expected<Results> expected = reference.evaluate(call);
  if (!expected)
    return expected.takeError();
  // The reference has one whatever is asked for.
  if (!call.value)
    expected->values.clear();
  Expected<Results> actual = engine.evaluate(call);
  if (!actual) {
    tally.fail("evaluates", llvm::toString(actual.takeError()));
    return std::nullopt;
  }
  // Paths with the same weights in another order tie wherever these are moved
  // to, and rounding chooses: it takes many moves to see that.
  if (moves && expected->argmax && !haveSamePath(*actual, *expected))
    moves += movesForPaths;
  std::vector<Results> moved;
  for (unsigned k = 0; k < moves; ++k) {
    Expected<Results> near =
        reference.evaluate(perturb(random, call, call.isSingle ? 2e-6 : 1e-14));
    if (!near)
      return near.takeError();
    moved.push_back(std::move(*near));
  }
  compareResults(*actual, *expected, moved, call.isSingle, tally);
  if (call.grad && call.hvp)
    checkDirections(*actual, *expected, moved, call, tally);
  return std::optional<Results>(std::move(*actual));
}
