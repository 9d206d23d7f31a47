//===- EntropyRegularizer.cpp - Omega = gamma sum p log p -----------------===//
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
struct EntropyRegularizer : Regularizer {
  double value(ArrayRef<double> x, double gamma) const override {
    double top = *std::max_element(x.begin(), x.end()), sum = 0;
    for (double score : x)
      sum += std::exp((score - top) / gamma);
    return top + gamma * std::log(sum);
  }
  Vector weights(ArrayRef<double> x, double gamma) const override {
    double top = *std::max_element(x.begin(), x.end()), sum = 0;
    Vector q;
    for (double score : x)
      sum += q.emplace_back(std::exp((score - top) / gamma));
    for (double &weight : q)
      weight /= sum;
    return q;
  }
  double omega(ArrayRef<double> p, double gamma) const override {
    double sum = 0;
    for (double weight : p)
      sum += weight == 0 ? 0 : weight * std::log(weight);
    return gamma * sum;
  }
  Vector hessian(ArrayRef<double> q, double gamma,
                 ArrayRef<double> direction) const override {
    return applyCurvature(q, gamma, direction);
  }
};
} // namespace

const Regularizer &getEntropy() {
  static const EntropyRegularizer entropy;
  return entropy;
}
} // namespace danskin::reference
