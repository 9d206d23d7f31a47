//===- Lanes.cpp - kernels for each vector unit ---------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/target/Lanes.h"
#include "dp/runtime.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;
using namespace danskin;

static constexpr std::pair<Isa, StringLiteral> isaNames[] = {
    {Isa::Any, "any"}, {Isa::Avx2, "avx2"}, {Isa::Avx512, "avx512"}};

std::optional<Isa> danskin::parseIsa(StringRef name) {
  for (auto [isa, known] : isaNames)
    if (known == name)
      return isa;
  return std::nullopt;
}

StringRef danskin::getName(Isa isa) {
  for (auto [known, name] : isaNames)
    if (known == isa)
      return name;
  llvm_unreachable("an instruction set");
}

Isa danskin::getHostIsa() { return Isa(dp_host_isa()); }

static void setIsa(Function &function, Isa isa) {
  if (isa == Isa::Any)
    return;
  bool isWide = isa == Isa::Avx512;
  function.addFnAttr("target-cpu", isWide ? "x86-64-v4" : "x86-64-v3");
  function.addFnAttr("prefer-vector-width", isWide ? "512" : "256");
}

/// A copy of `function` and of the function `body` that it calls.
static void copyFor(Function &function, Function &body, Isa isa,
                    StringRef suffix) {
  ValueToValueMapTy bodyMap, map;
  Function *bodyCopy = CloneFunction(&body, bodyMap);
  bodyCopy->setName(body.getName() + suffix);
  setIsa(*bodyCopy, isa);
  map[&body] = bodyCopy;
  Function *copy = CloneFunction(&function, map);
  copy->setName(function.getName() + suffix);
  setIsa(*copy, isa);
}

static std::string getSuffix(Isa isa) { return ("." + getName(isa)).str(); }

void danskin::multiplyLanes(Module &module, ArrayRef<Isa> isas) {
  SmallVector<Function *> kernels;
  for (Function &function : module)
    if (function.getName().ends_with("_lanes") ||
        function.getName().ends_with("_one"))
      kernels.push_back(&function);
  for (Function *function : kernels) {
    Function *body = module.getFunction((function->getName() + ".body").str());
    for (Isa isa : isas)
      copyFor(*function, *body, isa, getSuffix(isa));
    function->eraseFromParent();
    body->eraseFromParent();
  }
}

int32_t danskin::getNumLanes(const Function &lanes) {
  int32_t count = 1;
  lanes.getFnAttribute("dp-lanes").getValueAsString().getAsInteger(10, count);
  return count;
}

bool danskin::isOfTeam(const Function &one) {
  return one.hasFnAttribute("dp-team");
}

void danskin::addLanes(EntryInterface &entry, ArrayRef<Isa> isas) {
  SmallVector<Isa> best(isas);
  llvm::sort(best, [](Isa a, Isa b) { return a > b; });
  // run is <stem>_run.
  StringRef stem = StringRef(entry.run).drop_back(3);
  for (Isa isa : best)
    entry.lanes.push_back({isa, (stem + "lanes" + getSuffix(isa)).str(),
                           (stem + "one" + getSuffix(isa)).str(),
                           (stem + "cells").str()});
}
