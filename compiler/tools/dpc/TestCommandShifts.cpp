//===- TestCommandShifts.cpp - directions in which all paths gain alike ---===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// And candidates that are taken out by a weight of -inf.
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/AstWalk.h"
#include "compiler/tools/dpc/Evaluate.h"
#include "compiler/tools/dpc/TestCommandProperties.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace llvm;
using namespace danskin;
using namespace danskin::ast;
using namespace danskin::reference;

//===----------------------------------------------------------------------===//
// Shifts and gauges
//===----------------------------------------------------------------------===//

/// What every path gains by one more on each element of the input, if all gain
/// alike: the largest and the least gain are told by the hard value where
/// nothing else matters.
Expected<std::optional<double>>
PropertyChecker::getCommonGain(const std::string &name) {
  const double far = 0x1p30;
  double gains[2];
  for (int k : {0, 1}) {
    ResolvedCall moved = call;
    for (double &x : moved.floats.at(name).array.data)
      x = (k ? far : -far);
    Expected<double> hard = getHardValue(moved);
    if (!hard)
      return hard.takeError();
    gains[k] = *hard / (k ? far : -far);
  }
  double gain = std::round(gains[0] * 1024) / 1024;
  if (!(std::fabs(gains[0] - gains[1]) < 1e-5) ||
      !(std::fabs(gains[0] - gain) < 1e-5))
    return std::nullopt;
  return gain;
}

Error PropertyChecker::checkShifted(const std::string &what,
                                    const TensorMap &direction, double gain) {
  const double by = 0.75, tolerance = call.isSingle ? 1e-4 : 1e-9;
  Expected<Results> moved = evaluate(moveInputs(direction, by));
  if (!moved)
    return moved.takeError();
  double scale = getScale() + std::fabs(gain);
  tally.check(what,
              areNear(sumElements(moved->values), value + by * gain, scale) &&
                  areNearMaps(moved->grads, base.grads, tolerance));
  ResolvedCall along = call;
  for (const auto &[name, tensor] : direction)
    along.directions[name] = {tensor, false};
  Expected<Results> product = evaluate(along);
  if (!product)
    return product.takeError();
  TensorMap zero;
  for (const auto &[name, tensor] : product->hvps)
    zero[name] = Tensor(tensor.shape);
  tally.check(what, areNearMaps(product->hvps, zero, tolerance) &&
                        areNear(sumElements(product->jvps), gain, scale));
  return Error::success();
}

Error PropertyChecker::checkShift() {
  bool isAny = false;
  for (const std::string &name : traits.directInputs) {
    if (!traits.isOneSided())
      break;
    Expected<std::optional<double>> gain = getCommonGain(name);
    if (!gain)
      return gain.takeError();
    if (!*gain)
      continue;
    isAny = true;
    TensorMap direction;
    direction[name] = Tensor(call.floats.at(name).array.shape, 1);
    if (Error error = checkShifted("shift", direction, **gain))
      return error;
    double sum = inner(base.grads, direction);
    tally.check("sum E = path length",
                areNear(sum, **gain, std::fabs(**gain) + 1));
  }
  if (!isAny)
    for (const char *what : {"shift", "sum E = path length"})
      tally.skip(what, "no input weighs all paths equally often");
  return Error::success();
}

namespace {
/// An orthonormal basis that grows.
class Basis {
public:
  /// The part of `vector` that the basis does not reach.
  std::vector<double> reduce(std::vector<double> vector) const {
    // Twice is enough (Kahan).
    for (int pass : {0, 1}) {
      (void)pass;
      for (const std::vector<double> &unit : units) {
        double part = dot(vector, unit);
        for (auto [x, u] : zip_equal(vector, unit))
          x -= part * u;
      }
    }
    return vector;
  }

  /// False where the basis reaches all of it, up to rounding.
  bool add(const std::vector<double> &vector) {
    std::vector<double> rest = reduce(vector);
    double norm = std::sqrt(dot(rest, rest));
    if (norm <= 1e-11)
      return false;
    for (double &x : rest)
      x /= norm;
    units.push_back(std::move(rest));
    return true;
  }

  static double dot(ArrayRef<double> a, ArrayRef<double> b) {
    double sum = 0;
    for (auto [x, y] : zip_equal(a, b))
      sum += x * y;
    return sum;
  }

private:
  std::vector<std::vector<double>> units;
};
} // namespace

static std::vector<double> concatenate(const TensorMap &tensors) {
  std::vector<double> all;
  for (const auto &[name, tensor] : tensors)
    append_range(all, tensor.data);
  return all;
}

/// A random direction across the affine hull of what paths count: the gradients
/// of the reference under entropy, which sees every path, span it.
Expected<std::optional<TensorMap>> PropertyChecker::findGauge() {
  ResolvedCall sample = call;
  sample.reg = "entropy";
  sample.isSingle = sample.hvp = sample.argmax = false;
  sample.grad = true;
  sample.gamma.array.data = {2};
  sample.wrt.assign(traits.directInputs.begin(), traits.directInputs.end());
  Basis basis;
  std::optional<std::vector<double>> first;
  for (int repeats = 0; repeats < 2;) {
    for (const std::string &name : traits.directInputs)
      sample.floats.at(name).array =
          drawFloats(random, call.floats.at(name).array.shape);
    Expected<Results> results = makeReferenceEngine()->evaluate(sample);
    if (!results)
      return results.takeError();
    std::vector<double> counts = concatenate(results->grads);
    if (!first) {
      first = counts;
      continue;
    }
    for (auto [x, origin] : zip_equal(counts, *first))
      x -= origin;
    repeats = basis.add(counts) ? 0 : repeats + 1;
  }
  TensorMap gauge;
  for (const std::string &name : traits.directInputs)
    gauge[name] = drawFloats(random, call.floats.at(name).array.shape);
  std::vector<double> flat = basis.reduce(concatenate(gauge));
  if (Basis::dot(flat, flat) < 1e-4)
    return std::nullopt;
  size_t next = 0;
  for (auto &[name, tensor] : gauge)
    for (double &x : tensor.data)
      x = flat[next++];
  return gauge;
}

Error PropertyChecker::checkGauge() {
  const char *what = "gauge";
  const size_t mostSlots = 40;
  size_t slots = 0;
  for (const std::string &name : traits.directInputs)
    slots += call.floats.at(name).array.data.size();
  if (!slots || slots > mostSlots || traits.hasOwnRegularizers) {
    tally.skip(what, "no inputs alone weigh paths, under one regularizer");
    return Error::success();
  }
  if (gaugesLeft == 0)
    return Error::success();
  --gaugesLeft;
  Expected<std::optional<TensorMap>> gauge = findGauge();
  if (!gauge)
    return gauge.takeError();
  if (!*gauge) {
    tally.skip(what, "the inputs weigh paths independently");
    return Error::success();
  }
  return checkShifted(what, **gauge, inner(base.grads, **gauge));
}

//===----------------------------------------------------------------------===//
// Candidates that are taken out
//===----------------------------------------------------------------------===//

Error PropertyChecker::checkDeadWeight() {
  const char *what = "weight -inf = deleted";
  std::vector<std::string> names;
  for (const std::string &name : traits.directInputs)
    if (traits.isOneSided() && traits.getSign(name) &&
        !call.floats.at(name).array.data.empty())
      names.push_back(name);
  if (names.empty()) {
    tally.skip(what, "no input is a weight with coefficients of one sign");
    return Error::success();
  }
  const std::string &name = names[drawInt(random, 0, names.size() - 1)];
  size_t place = drawInt(random, 0, call.floats.at(name).array.data.size() - 1);
  double lost = traits.isMaxOnly ? -1 : 1, scale = getScale();
  auto evaluateAt = [&](double size) {
    ResolvedCall dead = call;
    dead.floats.at(name).array.data[place] = traits.getSign(name) * lost * size;
    return evaluate(dead);
  };
  Expected<Results> dead = evaluateAt(INFINITY);
  if (!dead)
    return dead.takeError();
  Expected<Results> far = evaluateAt(1e7 * scale);
  if (!far)
    return far.takeError();
  bool isFeasible = true, holds = true;
  for (const auto &[output, tensor] : far->values)
    for (auto [x, y] : zip_equal(tensor.data, dead->values.at(output).data)) {
      bool isLost = std::fabs(x) > 1e5 * scale;
      isFeasible &= !isLost;
      holds &= isLost ? y == lost * INFINITY : areNear(x, y, scale);
    }
  for (const auto &[slot, tensor] : dead->grads)
    holds &= none_of(tensor.data, [](double x) { return std::isnan(x); });
  if (isFeasible)
    holds &= dead->grads.at(name).data[place] == 0 &&
             areNearMaps(dead->grads, far->grads, call.isSingle ? 1e-4 : 1e-9);
  tally.check(what, holds);
  return Error::success();
}
