//===- Regularizer.h - the interface of a regularizer -------------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a regularizer and its users say to each other. Source: Mensch & Blondel,
// "Differentiable Dynamic Programming for Structured Prediction and Attention",
// ICML 2018, section 2.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_DIALECTS_DP_REGULARIZER_H
#define DANSKIN_DIALECTS_DP_REGULARIZER_H

#include "mlir/IR/Attributes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir::dp {

/// How the Hessian of max_Omega is made; see getCurvatureKind.
enum class CurvatureKind { Zero, Weights, Own };

/// One candidate of a choice at the point where its score is known.
struct Candidate {
  Value score;                ///< of the float type the choice computes in
  Value arm;                  ///< `index`: the arm's place in the choice
  SmallVector<Value> binders; ///< `index`: what the arm bound, padded with
                              ///< zeros to the choice's largest number
};

/// The candidates of a choice, run over as often as one likes. Behind it stands
/// a list of values for a short choice, a loop nest for a reduction.
class CandidateRange {
public:
  using Body = llvm::function_ref<SmallVector<Value>(
      OpBuilder &, Location, const Candidate &, ValueRange carried)>;
  virtual ~CandidateRange() = default;

  /// Emits `body` for every candidate that counts, in program order, carrying
  /// values from one to the next; returns what is carried out at the end.
  virtual SmallVector<Value> forEach(OpBuilder &builder, Location loc,
                                     ValueRange init, Body body) = 0;
  /// The same where a score of -inf changes nothing of what is carried: that is
  /// then the score of those that do not count, and nothing asks.
  virtual SmallVector<Value> forAll(OpBuilder &builder, Location loc,
                                    ValueRange init, Body body) {
    return forEach(builder, loc, init, body);
  }
  /// The float type of the scores.
  virtual FloatType getScoreType() = 0;
  /// The length of Candidate::binders.
  virtual unsigned getMaxBinders() = 0;
};

} // namespace mlir::dp

#include "dialects/dp/DpAttrInterfaces.h.inc"

#endif // DANSKIN_DIALECTS_DP_REGULARIZER_H
