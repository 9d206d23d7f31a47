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
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <functional>
#include <memory>

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

/// Numbers, one of each candidate that counts and of others -inf, run over as
/// often as one likes.
class ScoreRange {
public:
  using Body = llvm::function_ref<SmallVector<Value>(
      OpBuilder &, Location, Value score, ValueRange carried)>;
  using Merge = llvm::function_ref<SmallVector<Value>(
      OpBuilder &, Location, ValueRange left, ValueRange right)>;
  using Function = std::function<Value(OpBuilder &, Location, Value score)>;
  virtual ~ScoreRange() = default;

  /// Emits `body` for every number, carrying values from one to the next;
  /// returns what is carried out at the end. A number of -inf must change
  /// nothing. Several such runs over a part of the numbers each may go side by
  /// side, all from `neutral` on; `merge` makes one of two.
  virtual SmallVector<Value> reduce(OpBuilder &builder, Location loc,
                                    ValueRange neutral, Body body,
                                    Merge merge) = 0;
  /// The range of what the function makes of each number, of type `type`: -inf
  /// of -inf. May be used as long as this range.
  std::unique_ptr<ScoreRange> map(FloatType type, Function function);
  /// The same for who asks for it many times: computed once and kept in memory,
  /// where that is better.
  virtual std::unique_ptr<ScoreRange> keep(OpBuilder &, Location,
                                           FloatType type, Function function) {
    return map(type, std::move(function));
  }
  /// The type of the numbers.
  virtual FloatType getType() = 0;
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
  /// The scores alone. May be used as long as this range.
  std::unique_ptr<ScoreRange> getScores();
  /// The same for who asks for them many times, as `ScoreRange::keep` has it.
  virtual std::unique_ptr<ScoreRange> keepScores(OpBuilder &, Location) {
    return getScores();
  }
  /// The float type of the scores.
  virtual FloatType getScoreType() = 0;
  /// The float type of what comes of them in the end: where it is a narrower
  /// one, weights need no more than its accuracy.
  virtual FloatType getResultType() { return getScoreType(); }
  /// The length of Candidate::binders.
  virtual unsigned getMaxBinders() = 0;
};

} // namespace mlir::dp

#include "dialects/dp/DpAttrInterfaces.h.inc"

#endif // DANSKIN_DIALECTS_DP_REGULARIZER_H
