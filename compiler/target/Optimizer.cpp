//===- Optimizer.cpp - LLVM's passes over a module ------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/target/Optimizer.h"
#include "llvm/Support/TimeProfiler.h"

using namespace danskin;
using namespace llvm;

static PipelineTuningOptions getTuning(bool unrolls) {
  PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = false;
  tuning.LoopUnrolling = unrolls;
  return tuning;
}

Optimizer::Optimizer(TargetMachine &machine, bool unrolls)
    : builder(&machine, getTuning(unrolls), std::nullopt, &callbacks) {
  if (timeTraceProfilerEnabled())
    trace.registerCallbacks(callbacks);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
}
