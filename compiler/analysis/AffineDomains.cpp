//===- AffineDomains.cpp - domains and extents as formulas ----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/Affine.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::dp;
using namespace danskin;

Formula AffineSpace::getEqual(llvm::ArrayRef<LinearForm> left,
                              llvm::ArrayRef<LinearForm> right) {
  std::vector<Formula> parts;
  for (auto [a, b] : llvm::zip(left, right))
    parts.push_back(Formula::zero(a - b));
  return Formula::all(std::move(parts));
}

Formula AffineSpace::getExtent(InputOp input,
                               llvm::ArrayRef<LinearForm> element) {
  std::vector<Formula> parts;
  for (auto [extent, index] : llvm::zip(input.getExtents(), element)) {
    parts.push_back(Formula::nonNegative(index));
    parts.push_back(
        Formula::nonNegative(getForm(extent) - index - LinearForm(1)));
  }
  return Formula::all(std::move(parts));
}

/// Binds the iterates of a domain so that it yields `cell`. One that is not
/// determined becomes a variable of its own, which keeps the domain right and
/// makes its complement larger.
static void bindIterates(AffineSpace &space, Block &domain,
                         llvm::ArrayRef<LinearForm> cell) {
  auto yield = cast<YieldOp>(domain.getTerminator());
  SmallVector<Value> yielded(yield.getOperands());
  llvm::DenseMap<Value, bool> done;
  for (auto [value, form] : llvm::zip(yielded, cell))
    if (value.getDefiningOp<IterateOp>() && done.try_emplace(value).second)
      space.bind(value, form);
  llvm::DenseMap<unsigned, Value> open;
  for (IterateOp iterate : domain.getOps<IterateOp>())
    if (!done.count(iterate.getIndex()))
      open[space.addIndex(getIndexName(iterate.getIndex()),
                          iterate.getIndex())] = iterate.getIndex();
  // `yield i + 1` determines i where its coefficient is one.
  for (auto [value, form] : llvm::zip(yielded, cell)) {
    LinearForm difference = form - space.getForm(value);
    for (auto [id, iterate] : open) {
      int64_t coefficient = difference.getCoefficient(id);
      if (std::abs(coefficient) != 1)
        continue;
      LinearForm rest = difference - LinearForm::variable(id) * coefficient;
      space.bind(iterate, rest * -coefficient);
      open.erase(id);
      break;
    }
  }
}

Formula AffineSpace::getDomain(TableOp table, llvm::ArrayRef<LinearForm> cell) {
  Block &domain = table.getDomain().front();
  SmallVector<std::pair<Value, std::optional<LinearForm>>> shadowed;
  for (IterateOp iterate : domain.getOps<IterateOp>())
    shadowed.push_back({iterate.getIndex(), release(iterate.getIndex())});
  bindIterates(*this, domain, cell);
  std::vector<Formula> parts;
  for (Operation &op : domain) {
    if (auto iterate = dyn_cast<IterateOp>(op))
      parts.push_back(getRange(getForm(iterate.getIndex()), iterate.getLower(),
                               iterate.getUpper()));
    else if (auto where = dyn_cast<WhereOp>(op))
      parts.push_back(getCondition(where.getCondition()));
  }
  auto yield = cast<YieldOp>(domain.getTerminator());
  parts.push_back(getEqual(getForms(yield.getOperands()), cell));
  for (auto &[value, form] : shadowed)
    unbind(value, form);
  return Formula::all(std::move(parts));
}
