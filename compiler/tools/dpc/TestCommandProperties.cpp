//===- TestCommandProperties.cpp - what needs no reference ----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/TestCommandProperties.h"
#include "compiler/reference/Regularizer.h"
#include "compiler/tools/dpc/Evaluate.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace llvm;
using namespace danskin;
using namespace danskin::ast;
using namespace danskin::reference;

//===----------------------------------------------------------------------===//
// Helpers
//===----------------------------------------------------------------------===//

static int64_t countElements(const TensorMap &tensors) {
  int64_t count = 0;
  for (const auto &[name, tensor] : tensors)
    count += tensor.data.size();
  return count;
}

static bool areFinite(const TensorMap &tensors) {
  return all_of(tensors, [](const auto &entry) {
    return all_of(entry.second.data, [](double x) { return std::isfinite(x); });
  });
}

Expected<Results> PropertyChecker::evaluate(ResolvedCall changed, bool grad) {
  changed.value = true;
  changed.grad = grad;
  changed.hvp = !changed.directions.empty();
  changed.argmax = false;
  return engine.evaluate(changed);
}

Expected<double> PropertyChecker::getHardValue(const ResolvedCall &from) {
  ResolvedCall hard = from;
  hard.reg = "hard";
  hard.grad = hard.hvp = hard.argmax = false;
  Expected<Results> results = makeReferenceEngine()->evaluate(hard);
  if (!results)
    return results.takeError();
  return sumElements(results->values);
}

ResolvedCall PropertyChecker::moveInputs(const TensorMap &by, double factor) {
  ResolvedCall moved = call;
  for (const auto &[name, tensor] : by) {
    auto &data = moved.floats.at(name).array.data;
    for (auto [x, change] : zip_equal(data, tensor.data)) {
      x += factor * change;
      if (call.isSingle)
        x = float(x);
    }
  }
  return moved;
}

double PropertyChecker::getScale() const {
  return std::max(getMagnitude(base.values), call.gamma.array.data.front());
}

bool PropertyChecker::areNear(double a, double b, double scale) const {
  return areClose(a, b, scale, call.isSingle ? 1e-4 : 1e-9);
}

Error PropertyChecker::check(const ResolvedCall &given) {
  call = given;
  call.directions.clear();
  call.cotangents.clear();
  Expected<Results> results = evaluate(call);
  if (!results)
    return results.takeError();
  base = std::move(*results);
  value = sumElements(base.values);
  if (!areFinite(base.values) || !areFinite(base.grads))
    return Error::success();
  const Step steps[] = {
      &PropertyChecker::checkEuler,      &PropertyChecker::checkSigns,
      &PropertyChecker::checkMarginals,  &PropertyChecker::checkMonotone,
      &PropertyChecker::checkCurvature,  &PropertyChecker::checkBounds,
      &PropertyChecker::checkDeadWeight, &PropertyChecker::checkDeadEdge,
      &PropertyChecker::checkShift,      &PropertyChecker::checkGauge,
      &PropertyChecker::checkConvexity,  &PropertyChecker::checkLabels,
      &PropertyChecker::checkEdgeOrder,  &PropertyChecker::checkSolutions};
  for (Step step : steps)
    if (Error error = (this->*step)())
      return error;
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Of the weights
//===----------------------------------------------------------------------===//

Error PropertyChecker::checkEuler() {
  const char *what = "Euler";
  if (!traits.degree) {
    tally.skip(what, "the value is not homogeneous in the inputs and gamma");
    return Error::success();
  }
  double along = 0, scale = 1;
  for (const auto &[name, input] : call.floats)
    for (auto [x, g] : zip_equal(input.array.data, base.grads.at(name).data)) {
      along += x * g;
      scale += std::fabs(x * g);
    }
  double gamma = call.gamma.array.data.front();
  double slope = base.grads.at("gamma").data.front();
  double expected = *traits.degree * (value - gamma * slope);
  scale += *traits.degree * (std::fabs(value) + std::fabs(gamma * slope));
  tally.check(what, areNear(along, expected, scale));
  return Error::success();
}

Error PropertyChecker::checkSigns() {
  const char *what = "E has the signs of weights";
  bool isAny = false;
  for (const auto &[name, coefficient] : traits.weights) {
    int sign = traits.getSign(name);
    if (!traits.isOneSided() || !sign)
      continue;
    isAny = true;
    double scale = getMagnitude(base.grads);
    for (double e : base.grads.at(name).data)
      tally.check(what, sign * e >= 0 || areNear(e, 0, scale));
  }
  if (!isAny)
    tally.skip(what, "no weight has coefficients of one sign");
  return Error::success();
}

Error PropertyChecker::checkMarginals() {
  const char *what = "0 <= E <= 1";
  bool isAny = false;
  double most = countElements(base.values);
  for (const std::string &name : traits.metOnce) {
    int sign = traits.getSign(name);
    if (!traits.isOneSided() || !sign)
      continue;
    isAny = true;
    for (double e : base.grads.at(name).data)
      tally.check(what, (sign * e >= 0 || areNear(e, 0, 1)) &&
                            (sign * e <= most || areNear(sign * e, most, 1)));
  }
  if (!isAny)
    tally.skip(what, "no weight is met at most once by each path");
  return Error::success();
}

Error PropertyChecker::checkMonotone() {
  const char *what = "monotone";
  TensorMap rise;
  for (const std::string &name : traits.directInputs) {
    int sign = traits.getSign(name);
    if (!traits.isOneSided() || !sign)
      continue;
    Tensor change = drawFloats(random, call.floats.at(name).array.shape);
    for (double &x : change.data)
      x = sign * std::fabs(x);
    rise[name] = std::move(change);
  }
  if (rise.empty()) {
    tally.skip(what, "no input is a weight with coefficients of one sign");
    return Error::success();
  }
  Expected<Results> risen = evaluate(moveInputs(rise), false);
  if (!risen)
    return risen.takeError();
  for (const auto &[name, tensor] : base.values)
    for (auto [before, after] :
         zip_equal(tensor.data, risen->values.at(name).data))
      tally.check(what, after >= before || areNear(after, before, getScale()));
  return Error::success();
}

Error PropertyChecker::checkCurvature() {
  const char *what = "HVP semidefinite";
  if (!traits.isOneSided() || traits.weights.empty()) {
    tally.skip(what, "the value is neither convex nor concave in weights");
    return Error::success();
  }
  ResolvedCall along = call;
  TensorMap directions;
  for (const auto &[name, coefficient] : traits.weights)
    if (traits.directInputs.count(name) || !call.floats.count(name))
      directions[name] = drawFloats(random, base.grads.at(name).shape);
  // Jointly: gamma times the conjugate of Omega at x / gamma is a perspective.
  if (!traits.hasOwnGammas)
    directions["gamma"] = drawFloats(random, {});
  for (auto &[name, tensor] : directions) {
    for (double &x : tensor.data)
      x = float(x);
    along.directions[name] = {tensor, false};
  }
  Expected<Results> results = evaluate(along);
  if (!results)
    return results.takeError();
  double curvature = inner(results->hvps, directions), scale = 1;
  for (const auto &[name, tensor] : directions)
    for (auto [v, h] : zip_equal(tensor.data, results->hvps.at(name).data))
      scale += std::fabs(v * h);
  bool isConvex =
      !traits.isMaxOnly || curvature >= 0 || areNear(curvature, 0, scale);
  bool isConcave =
      !traits.isMinOnly || curvature <= 0 || areNear(curvature, 0, scale);
  tally.check(what, isConvex && isConcave);
  return Error::success();
}

Error PropertyChecker::checkConvexity() {
  const char *what = "convex or concave";
  if (!traits.isOneSided() || traits.directInputs.empty()) {
    tally.skip(what,
               traits.isOneSided()
                   ? "no input is a weight itself"
                   : "the value is neither convex nor concave in weights");
    return Error::success();
  }
  TensorMap step;
  for (const std::string &name : traits.directInputs) {
    step[name] = drawFloats(ownRandom, call.floats.at(name).array.shape);
    // Halves and sums of such numbers are exact.
    for (double &x : step[name].data)
      x = std::round(x * 64) / 32;
  }
  ResolvedCall ends[] = {moveInputs(step, 1), moveInputs(step, -1)};
  // Jointly: gamma times the conjugate of Omega at x / gamma is a perspective.
  double change = traits.hasOwnGammas ? 0 : call.gamma.array.data.front() / 2;
  ends[0].gamma.array.data.front() += change;
  ends[1].gamma.array.data.front() -= change;
  Results results[2];
  for (int k : {0, 1}) {
    Expected<Results> end = evaluate(ends[k], false);
    if (!end)
      return end.takeError();
    results[k] = std::move(*end);
  }
  for (const auto &[name, tensor] : base.values)
    for (auto [middle, a, b] :
         zip_equal(tensor.data, results[0].values.at(name).data,
                   results[1].values.at(name).data)) {
      double chord = (a + b) / 2;
      double scale = std::fabs(a) + std::fabs(b) + getScale();
      bool isBelow = middle <= chord || areNear(middle, chord, scale);
      bool isAbove = middle >= chord || areNear(middle, chord, scale);
      tally.check(what, (!traits.isMaxOnly || isBelow) &&
                            (!traits.isMinOnly || isAbove));
    }
  return Error::success();
}

/// V is the largest <E, weights> - Omega: not below that of the hard path
/// alone, and above it by no more than the largest -Omega, the value at weights
/// of 0.
Error PropertyChecker::checkBounds() {
  const char *what = "bounds";
  if (!traits.isOneSided() || !traits.degree || traits.hasOwnRegularizers ||
      traits.hasOwnGammas || traits.amplifies || !call.argmax) {
    tally.skip(what, "the value is no sum of weights and one regularizer");
    return Error::success();
  }
  ResolvedCall hard = call, zero = call;
  hard.reg = "hard";
  hard.argmax = true;
  hard.grad = hard.hvp = false;
  Expected<Results> path = makeReferenceEngine()->evaluate(hard);
  if (!path)
    return path.takeError();
  for (auto &[name, floats] : zero.floats)
    for (double &x : floats.array.data)
      x = 0;
  Expected<Results> counted = evaluate(zero, false);
  if (!counted)
    return counted.takeError();
  double gamma = call.gamma.array.data.front();
  const Regularizer *reg = findRegularizer(*call.reg);
  double steps = path->argmaxLength ? path->argmaxLength->data.front() : 0;
  double lost = steps * (reg ? std::max(reg->omega({1.0}, gamma), 0.0) : 0);
  double sign = traits.isMaxOnly ? 1 : -1;
  double gain = sign * (value - sumElements(path->values));
  double most = sign * sumElements(counted->values);
  double scale = getScale() * countElements(base.values) + lost;
  tally.check(what, (gain >= -lost || areNear(gain, -lost, scale)) &&
                        (gain <= most || areNear(gain, most, scale)));
  return Error::success();
}
