//===- Domains.h - proofs that equations and reads fit ----------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The static checks of a program, each proved for all sizes that meet its
// assumptions, or refuted by the smallest instance that breaks it.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_ANALYSIS_DOMAINS_H
#define DANSKIN_ANALYSIS_DOMAINS_H

#include "compiler/analysis/Pieces.h"

namespace danskin {

struct DomainFault {
  mlir::Location where;
  std::string code;    ///< `E0301`
  std::string message; ///< without the code
  std::string witness; ///< `N = 1, i = 0`; empty if there is none to show
  std::string help;    ///< what to write instead; may be empty
  /// Another place that the fault is about.
  std::optional<mlir::Location> related;
  std::string relatedMessage;
};

struct DomainOptions {
  /// Emptiness proofs that one question may cost.
  unsigned proofsPerQuestion = 4000;
};

/// Checks
///   - that every cell of a table has exactly one equation (E0303, E0304),
///   - that tables are read within their domain (E0301), inputs and lets
///     within their extents (E0302),
///   - that each `?` can fail (E0306),
///   - that ranges are bounded by what is known when they start (E0307);
/// a question that costs too much is E0308.
std::vector<DomainFault> checkDomains(mlir::dp::ProgramOp program,
                                      const DomainOptions &options = {});

} // namespace danskin

#endif // DANSKIN_ANALYSIS_DOMAINS_H
