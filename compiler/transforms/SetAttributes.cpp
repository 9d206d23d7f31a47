//===- SetAttributes.cpp - choices that later stages read -----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"

using namespace mlir;

namespace danskin {
#define GEN_PASS_DEF_DPSELECTENTRY
#define GEN_PASS_DEF_DPCHOOSEFORM
#define GEN_PASS_DEF_DPPLANSTORAGE
#include "compiler/transforms/Passes.h.inc"
} // namespace danskin

/// Sets a string attribute, or says which values it may have.
static LogicalResult setChoice(Operation *op, StringRef attribute,
                               StringRef value, ArrayRef<StringRef> allowed) {
  if (!llvm::is_contained(allowed, value)) {
    InFlightDiagnostic error = op->emitError();
    error << attribute << " `" << value << "` does not exist; there are ";
    llvm::interleaveComma(allowed, error);
    return failure();
  }
  op->setAttr(attribute, StringAttr::get(op->getContext(), value));
  return success();
}

/// Are all choices piecewise linear? Then a value is a sum along one path, and
/// its error no more than that of a sum.
static bool isHard(dp::ProgramOp program) {
  bool hasChoice = false, isSoft = false;
  program.walk([&](dp::ChooseOp choose) {
    hasChoice = true;
    isSoft |= choose.getReg()->getCurvatureKind() != dp::CurvatureKind::Zero;
  });
  return hasChoice && !isSoft;
}

namespace {
struct SelectEntry : danskin::impl::DpSelectEntryBase<SelectEntry> {
  using DpSelectEntryBase::DpSelectEntryBase;
  void runOnOperation() override { getOperation().setEntry(entry); }
};

struct ChooseForm : danskin::impl::DpChooseFormBase<ChooseForm> {
  using DpChooseFormBase::DpChooseFormBase;
  void runOnOperation() override {
    // The option stays what it is: it is the next program's too.
    StringRef chosen = form.getValue();
    if (chosen == "auto" && isHard(getOperation()))
      chosen = "native";
    if (failed(setChoice(getOperation(), "form", chosen,
                         {"auto", "native", "wide"})))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};

struct PlanStorage : danskin::impl::DpPlanStorageBase<PlanStorage> {
  using DpPlanStorageBase::DpPlanStorageBase;
  void runOnOperation() override {
    if (failed(setChoice(getOperation(), "lane", lane, {"none", "first"})))
      return signalPassFailure();
    for (auto table : getOperation().getBody().front().getOps<dp::TableOp>())
      if (failed(setChoice(table, "storage", storage, {"full", "box"})))
        return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
