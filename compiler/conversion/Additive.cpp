//===- Additive.cpp - loops that add up -----------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Additive.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace danskin::conversion;

namespace {
/// Follows a value back to the number that it is a sum with.
class Chain {
public:
  explicit Chain(Value carried) : carried(carried) {}

  /// Is `value` the number and something that has no part in it?
  bool isSum(Value value) { return follow(value) && isUsedUp(); }

private:
  bool follow(Value value);
  /// Other uses would see a part of the sum.
  bool isUsedUp() const {
    return uses == std::distance(carried.use_begin(), carried.use_end());
  }

  Value carried;
  int64_t uses = 0;
};
} // namespace

bool Chain::follow(Value value) {
  if (value == carried) {
    ++uses;
    return true;
  }
  Operation *op = value.getDefiningOp();
  if (!op || !value.hasOneUse())
    return false;
  unsigned number = cast<OpResult>(value).getResultNumber();
  if (isa<arith::AddFOp>(op)) {
    int64_t before = uses;
    if (follow(op->getOperand(0)))
      return true;
    uses = before;
    return follow(op->getOperand(1));
  }
  if (auto select = dyn_cast<arith::SelectOp>(op))
    return follow(select.getTrueValue()) && follow(select.getFalseValue());
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return follow(branch.thenYield().getOperand(number)) &&
           follow(branch.elseYield().getOperand(number));
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return follow(loop.getInitArgs()[number]) &&
           Chain(loop.getRegionIterArg(number))
               .isSum(loop.getBody()->getTerminator()->getOperand(number));
  return false;
}

bool danskin::conversion::isAdditive(scf::ForOp loop) {
  if (loop.getNumResults() == 0)
    return false;
  Operation *yield = loop.getBody()->getTerminator();
  for (auto [carried, value] :
       llvm::zip_equal(loop.getRegionIterArgs(), yield->getOperands()))
    if (!isa<FloatType>(value.getType()) || !Chain(carried).isSum(value))
      return false;
  return true;
}
