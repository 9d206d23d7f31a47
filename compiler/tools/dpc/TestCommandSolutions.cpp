//===- TestCommandSolutions.cpp - other names, and all paths --------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/reference/Enumerator.h"
#include "compiler/tools/dpc/Evaluate.h"
#include "compiler/tools/dpc/TestCommandLabels.h"
#include "compiler/tools/dpc/TestCommandProperties.h"
#include "llvm/ADT/STLExtras.h"
#include <numeric>

using namespace llvm;
using namespace danskin;
using namespace danskin::ast;
using namespace danskin::reference;

//===----------------------------------------------------------------------===//
// Other names
//===----------------------------------------------------------------------===//

Error PropertyChecker::compareRenamed(const ResolvedCall &renamed,
                                      const Results &expected) {
  const char *what = "relabelling equivariant";
  Expected<Results> actual = evaluate(renamed);
  if (!actual)
    return actual.takeError();
  double tolerance = call.isSingle ? 1e-4 : 1e-9;
  bool isValue = areNearMaps(expected.values, actual->values, tolerance);
  bool holds = isValue && areNearMaps(expected.grads, actual->grads, tolerance);
  if (isValue && !holds) {
    // The order of candidates settles a tie: the reference knows of one.
    ResolvedCall query = renamed;
    query.hvp = query.argmax = false;
    Expected<Results> settled = makeReferenceEngine()->evaluate(query);
    if (!settled)
      return settled.takeError();
    if (!areNearMaps(expected.grads, settled->grads, 1e-3)) {
      tally.excludeNearTie(what);
      return Error::success();
    }
  }
  tally.check(what, holds);
  return Error::success();
}

Error PropertyChecker::checkLabels() {
  auto sizes = findLabels(program);
  if (sizes.empty())
    tally.skip("relabelling equivariant",
               "no size counts labels, no input alone weighs edges");
  for (const SizeDecl *size : sizes) {
    std::vector<int64_t> renaming(call.sizes.at(size->name));
    std::iota(renaming.begin(), renaming.end(), 0);
    for (size_t k = renaming.size(); k > 1; --k)
      std::swap(renaming[k - 1], renaming[drawInt(ownRandom, 0, k - 1)]);
    if (renaming.size() < 2)
      continue;
    if (Error error = compareRenamed(relabel(call, *size, renaming),
                                     relabel(base, program, *size, renaming)))
      return error;
  }
  return Error::success();
}

//===----------------------------------------------------------------------===//
// All paths
//===----------------------------------------------------------------------===//

Error PropertyChecker::checkSolutions() {
  const char *what = "all paths enumerated";
  std::string obstacle = findObstacle(program);
  if (!traits.isOneSided())
    obstacle = "the value is not that of a best sum of weights";
  if (traits.hasOwnRegularizers)
    obstacle = "choices have regularizers of their own";
  if (!obstacle.empty()) {
    tally.skip(what, obstacle);
    return Error::success();
  }
  if (enumerationsLeft == 0)
    return Error::success();
  EnumerationQuery query;
  query.maxWork = 4000;
  query.reg = *call.reg;
  append_range(query.wrt, traits.directInputs);
  append_range(query.wrt, traits.directLets);
  TensorMap values = base.values, gradient;
  double margin = INFINITY;
  Expected<bool> isWhole = enumerateSolutions(
      program, getInstance(call, 0), query,
      [&](const OutputDecl &output, int64_t flat, const Enumeration &all) {
        if (all.count)
          values.at(output.name).data[flat] = all.value;
        margin = std::min(margin, all.margin);
        for (const auto &[name, tensor] : all.gradient) {
          auto [sum, isNew] = gradient.try_emplace(name, tensor.shape);
          for (auto [total, x] : zip_equal(sum->second.data, tensor.data))
            total += x;
        }
      });
  if (!isWhole)
    return isWhole.takeError();
  if (!*isWhole) {
    tally.skip(what, "there are too many");
    return Error::success();
  }
  --enumerationsLeft;
  double tolerance = call.isSingle ? 1e-4 : 1e-9;
  bool isNearTie = margin <= 10 * tolerance * getScale();
  if (isNearTie)
    tally.excludeNearTie(what);
  tally.check(what,
              areNearMaps(values, base.values, tolerance) &&
                  (isNearTie || areNearMaps(gradient, base.grads, tolerance)));
  return Error::success();
}
