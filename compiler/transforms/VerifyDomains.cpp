//===- VerifyDomains.cpp - every cell once, every read inside -------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/Domains.h"
#include "compiler/transforms/Passes.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;

namespace danskin {
#define GEN_PASS_DEF_DPVERIFYDOMAINS
#include "compiler/transforms/Passes.h.inc"
} // namespace danskin

static void emitFault(const danskin::DomainFault &fault) {
  InFlightDiagnostic diagnostic = emitError(fault.where)
                                  << fault.message << " [" << fault.code << "]";
  if (fault.related)
    diagnostic.attachNote(*fault.related) << fault.relatedMessage;
  if (!fault.witness.empty())
    diagnostic.attachNote() << "for example when " << fault.witness;
  if (!fault.help.empty())
    diagnostic.attachNote() << "help: " << fault.help;
}

namespace {
struct VerifyDomains : danskin::impl::DpVerifyDomainsBase<VerifyDomains> {
  using DpVerifyDomainsBase::DpVerifyDomainsBase;

  void runOnOperation() override {
    danskin::DomainOptions options;
    options.proofsPerQuestion = proofLimit;
    std::vector<danskin::DomainFault> faults =
        danskin::checkDomains(getOperation(), options);
    for (const danskin::DomainFault &fault : faults)
      emitFault(fault);
    if (!faults.empty())
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
