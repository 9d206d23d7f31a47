//===- DpTraceback.cpp - verifiers of the operations of a traceback -------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/dp/Dp.h"

using namespace mlir;
using namespace mlir::dp;

LogicalResult TracebackOp::verifyRegions() {
  auto check = [&](Value array, unsigned rank, bool output) {
    auto type = cast<ArrayType>(array.getType());
    auto table = array.getDefiningOp<TableOp>();
    return table && type.getRank() == rank && type.getElement().isIndex() &&
           (table.getRole() == TableRole::Output) == output &&
           table.getEquations().empty();
  };
  if (!check(getRows(), 2, true))
    return emitOpError("expects the rows to be an output of rank 2 of index, "
                       "without equations");
  if (!check(getLength(), 0, true))
    return emitOpError("expects the length to be an output of rank 0 of "
                       "index, without equations");
  if (!check(getStack(), 2, false))
    return emitOpError("expects the stack to be a table of rank 2 of index, "
                       "without equations");
  for (Operation &visit : getVisits().front())
    if (!isa<VisitOp>(visit))
      return emitOpError("holds dp.visit only");
  return success();
}

LogicalResult VisitOp::verifyRegions() {
  if (!getTable().getDefiningOp<TableOp>())
    return emitOpError("visits what is not a dp.table");
  Block &block = getBody().front();
  unsigned rank = getTable().getType().getRank();
  if (block.getNumArguments() != rank ||
      !llvm::all_of(block.getArgumentTypes(),
                    [](Type type) { return type.isIndex(); }))
    return emitOpError("expects ")
           << rank << " index argument(s), one an index of the cell";
  auto yield = block.empty() ? YieldOp() : dyn_cast<YieldOp>(block.back());
  if (!yield || yield.getNumOperands())
    return emitOpError("expects its block to end in dp.yield of nothing");
  return success();
}

static LogicalResult verifyInVisit(Operation *op) {
  if (op->getParentOfType<VisitOp>())
    return success();
  return op->emitOpError("stands outside of dp.visit");
}

LogicalResult StepOp::verify() { return verifyInVisit(*this); }

LogicalResult DescendOp::verify() {
  auto visited = [&](VisitOp visit) { return visit.getTable() == getTable(); };
  if (failed(verifyInVisit(*this)))
    return failure();
  auto traceback = (*this)->getParentOfType<TracebackOp>();
  if (llvm::none_of(traceback.getVisits().front().getOps<VisitOp>(), visited))
    return emitOpError("names a table without dp.visit");
  if (getIndices().size() != getTable().getType().getRank())
    return emitOpError("expects ") << getTable().getType().getRank()
                                   << " indices, not " << getIndices().size();
  return success();
}
