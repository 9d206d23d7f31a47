//===- TestCommandTraits.h - which properties a program has -----*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A *weight* is a float input or a let that tables and outputs read; what a let
// makes of the inputs does not matter. Where these are affine in weights and
// cells, the value is that of a best path (or tree) whose score is affine in
// the weights, and much can be said of it without a reference.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_TESTCOMMANDTRAITS_H
#define DANSKIN_TOOLS_DPC_TESTCOMMANDTRAITS_H

#include "compiler/frontend/Ast.h"
#include <map>
#include <optional>
#include <set>
#include <string>

namespace danskin {

/// What a coefficient lies between.
struct Interval {
  double lower = 0, upper = 0;
};

struct ProgramTraits {
  /// Tables and outputs are affine in weights and cells, their conditions free
  /// of floats.
  bool isLinear = false;
  /// All choices are max where they count (a min of what is subtracted is one),
  /// or all min; no coefficient of a cell is below 0. Both where none is made.
  bool isMaxOnly = false, isMinOnly = false;
  bool isChain = false;   ///< a candidate reads at most one cell
  bool amplifies = false; ///< some coefficient of a cell is above 1
  bool hasOwnRegularizers = false, hasOwnGammas = false;
  /// Polynomials with short coefficients: exact on small whole numbers.
  bool isExact = false;
  /// Of the value in the float inputs, once gamma is scaled by the same power.
  std::optional<double> degree;
  /// The coefficient of each weight in a candidate.
  std::map<std::string, Interval> weights;
  /// Of the weights, those whose every element a path meets at most once.
  std::set<std::string> metOnce;
  /// The float inputs and the lets that are weights and not read by lets or as
  /// gammas.
  std::set<std::string> directInputs, directLets;

  bool isOneSided() const { return isLinear && (isMaxOnly || isMinOnly); }
  /// 1 or -1 where the coefficients of a weight all have that sign, else 0.
  int getSign(const std::string &weight) const;
};

ProgramTraits getTraits(const ast::Program &program);

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_TESTCOMMANDTRAITS_H
