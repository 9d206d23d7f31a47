//===- L2Regularizer.cpp - Omega = gamma/2 sum p^2 ------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/reference/Regularizer.h"
#include <algorithm>

using namespace llvm;

namespace danskin::reference {
namespace {
struct L2Regularizer : Regularizer {
  double value(ArrayRef<double> x, double gamma) const override {
    // Relative to the largest, so that gamma is not lost beside big scores.
    double top = *std::max_element(x.begin(), x.end());
    Vector q = weights(x, gamma);
    double inner = 0;
    for (size_t c = 0; c < x.size(); ++c)
      inner += scale(q[c], x[c] - top);
    return top + (inner - omega(q, gamma));
  }
  /// The projection of x / gamma on the simplex: q = max(x / gamma - tau, 0),
  /// where tau makes the sum of the weights 1.
  Vector weights(ArrayRef<double> x, double gamma) const override {
    double top = *std::max_element(x.begin(), x.end());
    Vector z;
    for (double score : x)
      z.push_back((score - top) / gamma);
    Vector sorted = z;
    std::sort(sorted.begin(), sorted.end(), std::greater<double>());
    double sum = 0, tau = 0;
    for (size_t k = 0; k < sorted.size(); ++k) {
      double threshold = (sum + sorted[k] - 1) / double(k + 1);
      if (sorted[k] <= threshold)
        break;
      sum += sorted[k];
      tau = threshold;
    }
    for (double &weight : z)
      weight = std::max(weight - tau, 0.0);
    return z;
  }
  double omega(ArrayRef<double> p, double gamma) const override {
    double sum = 0;
    for (double weight : p)
      sum += weight * weight;
    return gamma / 2 * sum;
  }
  /// On a kink the support is {q > 0}.
  Vector hessian(ArrayRef<double> q, double gamma,
                 ArrayRef<double> direction) const override {
    Vector support;
    for (double weight : q)
      support.push_back(weight > 0 ? 1 : 0);
    return applyCurvature(support, gamma, direction);
  }
};
} // namespace

const Regularizer &getL2() {
  static const L2Regularizer l2;
  return l2;
}
} // namespace danskin::reference
