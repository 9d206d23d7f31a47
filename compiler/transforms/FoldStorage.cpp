//===- FoldStorage.cpp - which tables keep their latest cells only --------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A cell of time t may take the place of one of time t - W if nobody reads that
// at t or later: if every read is less than W behind its reader, and what is
// read after everything is less than W behind the last cell.
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "compiler/transforms/ReadDistances.h"

using namespace mlir;
using namespace danskin;

namespace danskin {
#define GEN_PASS_DEF_DPFOLDSTORAGE
#include "compiler/transforms/Passes.h.inc"
} // namespace danskin

/// Beyond this a table is kept whole.
static constexpr int64_t mostTimes = 64;

/// How many times of a table's cells need room; nothing: all.
static std::optional<int64_t> getWindow(ReadDistances &distances,
                                        dp::TableOp table, unsigned id) {
  if (table.getRank() < 2 || !table.getScatters().empty() ||
      table.getRole() == dp::TableRole::Output ||
      distances.getTime(id).isConstant())
    return std::nullopt;
  std::optional<ReadDistances::Furthest> furthest =
      distances.getFurthest(table, id);
  std::optional<int64_t> after = distances.getTimesAfterAll(table, id);
  if (!furthest || !after || distances.isExhausted())
    return std::nullopt;
  int64_t times =
      std::max({furthest->inPhase + 1, furthest->fromEnd + 1, *after});
  return times > mostTimes ? std::nullopt
                           : std::optional<int64_t>(llvm::PowerOf2Ceil(times));
}

namespace {
struct FoldStorage : danskin::impl::DpFoldStorageBase<FoldStorage> {
  using DpFoldStorageBase::DpFoldStorageBase;

  void runOnOperation() override {
    const ProgramDependences &dependences =
        getAnalysis<DependenceAnalysis>().dependences;
    if (!dependences.incomplete)
      for (StringRef name : {scheduleAttrName, wavefrontAttrName})
        if (failed(fold(dependences, name)))
          return signalPassFailure();
    markAllAnalysesPreserved();
  }

  LogicalResult fold(const ProgramDependences &dependences, StringRef name) {
    if (llvm::none_of(dependences.statements,
                      [&](Operation *op) { return op->hasAttr(name); }))
      return success();
    FailureOr<Schedule> schedule = getSchedule(dependences, name);
    if (failed(schedule))
      return failure();
    ReadDistances distances(getOperation(), dependences, std::move(*schedule));
    if (!distances.getRow())
      return success();
    Builder b(&getContext());
    for (auto table : getOperation().getBody().front().getOps<dp::TableOp>()) {
      dp::TableOp root = getRootOwner(table);
      std::optional<unsigned> id = dependences.findStatement(root);
      if (!id || table.getRank() != root.getRank())
        continue;
      if (std::optional<int64_t> times = getWindow(distances, table, *id))
        table->setAttr(getWindowAttrName(name),
                       b.getDenseI64ArrayAttr({*distances.getRow(), *times}));
    }
    return success();
  }
};
} // namespace
