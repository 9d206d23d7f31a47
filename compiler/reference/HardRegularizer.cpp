//===- HardRegularizer.cpp - Omega = 0 ------------------------------------===//
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
struct HardRegularizer : Regularizer {
  double value(ArrayRef<double> x, double) const override {
    return *std::max_element(x.begin(), x.end());
  }
  /// A tie goes to the first in program order.
  Vector weights(ArrayRef<double> x, double) const override {
    Vector q(x.size());
    q[std::max_element(x.begin(), x.end()) - x.begin()] = 1;
    return q;
  }
  double omega(ArrayRef<double>, double) const override { return 0; }
  Vector hessian(ArrayRef<double> q, double, ArrayRef<double>) const override {
    return Vector(q.size());
  }
  bool firstTakesAll() const override { return true; }
};
} // namespace

const Regularizer &getHard() {
  static const HardRegularizer hard;
  return hard;
}
} // namespace danskin::reference
