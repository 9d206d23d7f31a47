//===- VerifyCausality.cpp - no cell reads itself -------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/Dependences.h"
#include "compiler/schedule/Cycle.h"
#include "compiler/transforms/Passes.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;

namespace danskin {
#define GEN_PASS_DEF_DPVERIFYCAUSALITY
#include "compiler/transforms/Passes.h.inc"
} // namespace danskin

namespace {
struct VerifyCausality : danskin::impl::DpVerifyCausalityBase<VerifyCausality> {
  void runOnOperation() override {
    const danskin::ProgramDependences &dependences =
        getAnalysis<danskin::DependenceAnalysis>().dependences;
    const danskin::Problem &problem = dependences.problem;
    bool sound = true;
    for (unsigned id = 0; id < problem.dependences.size(); ++id) {
      const danskin::Dependence &dependence = problem.dependences[id];
      if (dependence.reader != dependence.target)
        continue;
      std::optional<danskin::DependenceCycle> cycle =
          danskin::findCycle(problem, {id}, /*maxReads=*/1);
      if (!cycle)
        continue;
      InFlightDiagnostic diagnostic = dependences.reads[id]->emitError("`")
                                      << toString(problem, cycle->cells.front())
                                      << "` depends on itself [E0401]";
      diagnostic.attachNote()
          << "for example when " << toString(problem, *cycle);
      sound = false;
    }
    if (!sound)
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
