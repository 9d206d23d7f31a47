//===- TestCommandLabels.h - sizes that only count names --------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A size S counts *labels* where its indices are no numbers: each range over
// it is all of `0..S`, and what is bound there, or comes from an int input with
// that range, is a subscript of an axis of extent S or is compared for equality
// with another label. Nothing else is a subscript of such an axis. Then a
// permutation of the labels in all inputs permutes all results.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_TESTCOMMANDLABELS_H
#define DANSKIN_TOOLS_DPC_TESTCOMMANDLABELS_H

#include "compiler/tools/dpc/Call.h"

namespace danskin {

/// The sizes that count labels of some input. False negatives are possible.
std::vector<const ast::SizeDecl *> findLabels(const ast::Program &program);

/// The call, its label number k now called `renaming[k]`.
ResolvedCall relabel(const ResolvedCall &call, const ast::SizeDecl &size,
                     llvm::ArrayRef<int64_t> renaming);
/// The values and gradients that it has to have.
Results relabel(const Results &results, const ast::Program &program,
                const ast::SizeDecl &size, llvm::ArrayRef<int64_t> renaming);

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_TESTCOMMANDLABELS_H
