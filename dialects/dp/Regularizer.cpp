//===- Regularizer.cpp - ranges of scores ---------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/dp/Regularizer.h"

using namespace mlir;
using namespace mlir::dp;

namespace {
/// Asks candidates each time.
class ComputedScores : public ScoreRange {
public:
  explicit ComputedScores(CandidateRange &candidates)
      : candidates(candidates) {}

  SmallVector<Value> reduce(OpBuilder &builder, Location loc,
                            ValueRange neutral, Body body, Merge) override {
    return candidates.forAll(
        builder, loc, neutral,
        [&](OpBuilder &b, Location loc, const Candidate &c,
            ValueRange carried) { return body(b, loc, c.score, carried); });
  }
  FloatType getType() override { return candidates.getScoreType(); }

private:
  CandidateRange &candidates;
};

/// Computes a function each time.
class MappedScores : public ScoreRange {
public:
  MappedScores(ScoreRange &source, FloatType type, Function function)
      : source(source), type(type), function(std::move(function)) {}

  SmallVector<Value> reduce(OpBuilder &builder, Location loc,
                            ValueRange neutral, Body body,
                            Merge merge) override {
    return source.reduce(
        builder, loc, neutral,
        [&](OpBuilder &b, Location loc, Value score, ValueRange carried) {
          return body(b, loc, function(b, loc, score), carried);
        },
        merge);
  }
  FloatType getType() override { return type; }

private:
  ScoreRange &source;
  FloatType type;
  Function function;
};
} // namespace

std::unique_ptr<ScoreRange> ScoreRange::map(FloatType type, Function function) {
  return std::make_unique<MappedScores>(*this, type, std::move(function));
}

std::unique_ptr<ScoreRange> CandidateRange::getScores() {
  return std::make_unique<ComputedScores>(*this);
}
