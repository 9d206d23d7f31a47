//===- Regularizer.cpp - choices of the reference -------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rules that hold for every Omega: what infinite scores do, and how the
// Hessian gives the change of the weights.
//
//===----------------------------------------------------------------------===//

#include "compiler/reference/Regularizer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include <limits>

using namespace llvm;

namespace danskin::reference {

const Regularizer &getHard();
const Regularizer &getEntropy();
const Regularizer &getL2();

const Regularizer *findRegularizer(StringRef name) {
  return StringSwitch<const Regularizer *>(name)
      .Case("hard", &getHard())
      .Case("entropy", &getEntropy())
      .Case("l2", &getL2())
      .Default(nullptr);
}

/// 1 where the score is +inf, or NaN if there is any; empty if all are finite.
static Vector findExtremes(ArrayRef<double> scores) {
  bool anyNaN = any_of(scores, [](double x) { return std::isnan(x); });
  Vector extreme(scores.size());
  bool found = false;
  for (auto [x, e] : zip_equal(scores, extreme)) {
    e = anyNaN ? std::isnan(x) : x == std::numeric_limits<double>::infinity();
    found |= e != 0;
  }
  return found ? extreme : Vector();
}

double chooseValue(const Regularizer &reg, ArrayRef<double> scores,
                   double gamma) {
  Vector extreme = findExtremes(scores);
  if (extreme.empty())
    return reg.value(scores, gamma);
  return scores[find(extreme, 1.0) - extreme.begin()];
}

Vector chooseWeights(const Regularizer &reg, ArrayRef<double> scores,
                     double gamma) {
  Vector extreme = findExtremes(scores);
  if (extreme.empty())
    return reg.weights(scores, gamma);
  size_t first = find(extreme, 1.0) - extreme.begin();
  if (reg.firstTakesAll()) {
    Vector q(scores.size());
    q[first] = 1;
    return q;
  }
  if (std::isnan(scores[first]))
    return Vector(scores.size(), std::numeric_limits<double>::quiet_NaN());
  double number = count(extreme, 1.0);
  for (double &q : extreme)
    q /= number;
  return extreme;
}

double chooseSlope(const Regularizer &reg, ArrayRef<double> scores,
                   double gamma) {
  return -reg.omega(chooseWeights(reg, scores, gamma), gamma) / gamma;
}

WeightsChange changeOfWeights(const Regularizer &reg, ArrayRef<double> scores,
                              double gamma, ArrayRef<double> scoresChange,
                              double gammaChange) {
  Vector q = chooseWeights(reg, scores, gamma);
  // Hessians annihilate constants, so the scores may be taken relative to the
  // largest: this keeps H x exact where they are big or infinite.
  double top = chooseValue(*findRegularizer("hard"), scores, gamma);
  Vector centred(scores.size());
  for (size_t c = 0; c < scores.size(); ++c)
    centred[c] = scores[c] == top || q[c] == 0 ? 0 : scores[c] - top;
  Vector hx = reg.hessian(q, gamma, centred);
  WeightsChange change;
  change.weights = reg.hessian(q, gamma, scoresChange);
  change.slope = 0;
  for (size_t c = 0; c < scores.size(); ++c) {
    change.weights[c] += scale(-hx[c] / gamma, gammaChange);
    change.slope +=
        scale(-hx[c] / gamma, scoresChange[c]) +
        scale(scale(hx[c], centred[c]) / (gamma * gamma), gammaChange);
  }
  return change;
}

Vector applyCurvature(ArrayRef<double> s, double gamma,
                      ArrayRef<double> direction) {
  double total = 0, mean = 0;
  for (auto [weight, d] : zip_equal(s, direction)) {
    total += weight;
    mean += scale(weight, d);
  }
  Vector result(s.size());
  if (total == 0)
    return result;
  mean /= total;
  for (size_t c = 0; c < s.size(); ++c)
    result[c] = scale(s[c], direction[c] - mean) / gamma;
  return result;
}

} // namespace danskin::reference
