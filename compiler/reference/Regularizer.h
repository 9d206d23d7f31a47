//===- Regularizer.h - choices of the reference -----------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A regularizer as its Omega defines it: the value max_Omega(x) = max over the
// simplex of <p, x> - Omega(p), the maximizer q (the gradient of the value, by
// Danskin's theorem) and the Hessian of the value. Every Omega here is gamma
// times a function of p. Source: Mensch & Blondel, "Differentiable Dynamic
// Programming for Structured Prediction and Attention", ICML 2018, section 2.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_REFERENCE_REGULARIZER_H
#define DANSKIN_REFERENCE_REGULARIZER_H

#include "compiler/reference/Number.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <vector>

namespace danskin::reference {

using Vector = std::vector<double>;

class Regularizer {
public:
  virtual ~Regularizer() = default;

  /// max_Omega of finite scores, at least one.
  virtual double value(llvm::ArrayRef<double> scores, double gamma) const = 0;
  /// The maximizer q for the same scores.
  virtual Vector weights(llvm::ArrayRef<double> scores, double gamma) const = 0;
  /// Omega(p).
  virtual double omega(llvm::ArrayRef<double> p, double gamma) const = 0;
  /// The Hessian of max_Omega where the weights are `q`, times `direction`.
  virtual Vector hessian(llvm::ArrayRef<double> q, double gamma,
                         llvm::ArrayRef<double> direction) const = 0;
  /// Does one +inf (or NaN) among several take all the weight, as the first?
  virtual bool firstTakesAll() const { return false; }
};

/// The regularizer of this name; null if the reference has none.
const Regularizer *findRegularizer(llvm::StringRef name);

/// The curvature common to Omegas that act on each weight by itself:
/// (diag s - s s' / |s|) direction / gamma.
Vector applyCurvature(llvm::ArrayRef<double> s, double gamma,
                      llvm::ArrayRef<double> direction);

//===----------------------------------------------------------------------===//
// Differentiation through max_Omega
//===----------------------------------------------------------------------===//

/// max_Omega at any scores but -inf: with +inf or NaN among them too.
double chooseValue(const Regularizer &reg, llvm::ArrayRef<double> scores,
                   double gamma);
Vector chooseWeights(const Regularizer &reg, llvm::ArrayRef<double> scores,
                     double gamma);
/// The derivative of the value in gamma, -Omega(q) / gamma.
double chooseSlope(const Regularizer &reg, llvm::ArrayRef<double> scores,
                   double gamma);

/// What weights and slope do along a direction of scores and gamma.
struct WeightsChange {
  Vector weights; ///< H (x' - x gamma' / gamma)
  double slope;   ///< -<H x, x'> / gamma + <x, H x> gamma' / gamma^2
};
WeightsChange changeOfWeights(const Regularizer &reg,
                              llvm::ArrayRef<double> scores, double gamma,
                              llvm::ArrayRef<double> scoresChange,
                              double gammaChange);

template <unsigned W>
std::vector<Dual<double, W>>
chooseWeights(const Regularizer &reg, llvm::ArrayRef<Dual<double, W>> scores,
              const Dual<double, W> &gamma, Dual<double, W> &slope) {
  Vector x(scores.size()), change(scores.size());
  for (size_t c = 0; c < scores.size(); ++c)
    x[c] = scores[c].value;
  Vector q = chooseWeights(reg, x, gamma.value);
  std::vector<Dual<double, W>> weights(q.begin(), q.end());
  slope = chooseSlope(reg, x, gamma.value);
  for (unsigned k = 0; k < W; ++k) {
    for (size_t c = 0; c < scores.size(); ++c)
      change[c] = scores[c].partials[k];
    WeightsChange d =
        changeOfWeights(reg, x, gamma.value, change, gamma.partials[k]);
    for (size_t c = 0; c < scores.size(); ++c)
      weights[c].partials[k] = d.weights[c];
    slope.partials[k] = d.slope;
  }
  return weights;
}
inline Vector chooseWeights(const Regularizer &reg,
                            llvm::ArrayRef<double> scores, double gamma,
                            double &slope) {
  slope = chooseSlope(reg, scores, gamma);
  return chooseWeights(reg, scores, gamma);
}

/// max_Omega over dual numbers: the partials are the weights' combination of
/// the scores' partials, plus the slope in gamma.
template <class S, unsigned W>
Dual<S, W> chooseValue(const Regularizer &reg,
                       llvm::ArrayRef<Dual<S, W>> scores,
                       const Dual<S, W> &gamma) {
  std::vector<S> inner(scores.size());
  for (size_t c = 0; c < scores.size(); ++c)
    inner[c] = scores[c].value;
  Dual<S, W> r;
  r.value = chooseValue(reg, llvm::ArrayRef<S>(inner), gamma.value);
  S slope;
  auto q = chooseWeights(reg, llvm::ArrayRef<S>(inner), gamma.value, slope);
  for (unsigned k = 0; k < W; ++k) {
    r.partials[k] = scale(slope, gamma.partials[k]);
    for (size_t c = 0; c < scores.size(); ++c)
      r.partials[k] = r.partials[k] + scale(q[c], scores[c].partials[k]);
  }
  return r;
}

} // namespace danskin::reference

#endif // DANSKIN_REFERENCE_REGULARIZER_H
