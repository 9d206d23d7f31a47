//===- TestCommandCheck.cpp - comparisons and their tally -----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/TestCommandCheck.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace llvm;
using namespace danskin;
using namespace danskin::reference;

//===----------------------------------------------------------------------===//
// Tally
//===----------------------------------------------------------------------===//

void Tally::check(const std::string &what, bool holds, double error,
                  double relative) {
  Row &row = rows[what];
  ++row.checked;
  row.failures += !holds;
  row.worst = std::max(row.worst, error);
  row.relative = std::max(row.relative, relative);
}

void Tally::fail(const std::string &what, const std::string &message) {
  check(what, false);
  if (rows[what].message.empty())
    rows[what].message = message;
}

void Tally::skip(const std::string &what, const std::string &reason) {
  rows[what].skipped = reason;
}

int Tally::countFailures() const {
  int count = 0;
  for (const auto &[what, row] : rows)
    count += row.failures;
  return count;
}

double Tally::getLargestError() const {
  double largest = 0;
  for (const auto &[what, row] : rows)
    largest = std::max(largest, row.relative);
  return largest;
}

void Tally::print(raw_ostream &os) const {
  for (const auto &[what, row] : rows) {
    os << "  " << left_justify(what, 26);
    if (!row.checked && !row.nearTies && !row.skipped.empty()) {
      os << " not applicable: " << row.skipped << "\n";
      continue;
    }
    os << format("%6d checked %4d failed %4d near ties", row.checked,
                 row.failures, row.nearTies);
    if (row.worst > 0)
      os << format("  worst %.2g of the tolerance", row.worst);
    os << "\n";
    if (!row.message.empty())
      os << "    " << row.message << "\n";
  }
}

json::Object Tally::toJson() const {
  json::Object object;
  for (const auto &[what, row] : rows) {
    json::Object counts{
        {"checked", row.checked},
        {"failed", row.failures},
        {"near_ties", row.nearTies},
        {"worst", std::isfinite(row.worst) ? row.worst : 1e300}};
    if (!row.checked && !row.skipped.empty())
      counts["not_applicable"] = row.skipped;
    if (!row.message.empty())
      counts["message"] = json::fixUTF8(row.message);
    object[what] = std::move(counts);
  }
  return object;
}

//===----------------------------------------------------------------------===//
// Comparisons
//===----------------------------------------------------------------------===//

double danskin::inner(const TensorMap &a, const TensorMap &b) {
  double sum = 0;
  for (const auto &[name, tensor] : a) {
    auto other = b.find(name);
    if (other != b.end() && other->second.shape == tensor.shape)
      for (auto [x, y] : zip_equal(tensor.data, other->second.data))
        sum += x * y;
  }
  return sum;
}

double danskin::sumElements(const TensorMap &tensors) {
  double sum = 0;
  for (const auto &[name, tensor] : tensors)
    for (double x : tensor.data)
      sum += x;
  return sum;
}

static double getMagnitude(const Tensor &tensor) {
  double most = 0;
  for (double x : tensor.data)
    if (std::isfinite(x))
      most = std::max(most, std::fabs(x));
  return most;
}

double danskin::getMagnitude(const TensorMap &tensors) {
  double most = 1;
  for (const auto &[name, tensor] : tensors)
    most = std::max(most, ::getMagnitude(tensor));
  return most;
}

bool danskin::areClose(double a, double b, double scale, double tolerance) {
  if (!std::isfinite(a) || !std::isfinite(b))
    return a == b || (std::isnan(a) && std::isnan(b));
  return std::fabs(a - b) <= tolerance * std::max(scale, 1.0);
}

bool danskin::areNearMaps(const TensorMap &a, const TensorMap &b,
                          double tolerance) {
  double scale = std::max(getMagnitude(a), getMagnitude(b));
  return all_of(a, [&](const auto &entry) {
    return all_of(zip_equal(entry.second.data, b.at(entry.first).data),
                  [&](const auto &pair) {
                    auto [x, y] = pair;
                    return areClose(x, y, scale, tolerance);
                  });
  });
}

/// The largest difference; infinite where one is infinite or NaN and the other
/// is not the same, or where the shapes differ.
static double getDistance(const Tensor &a, const Tensor &b) {
  if (a.shape != b.shape)
    return INFINITY;
  double most = 0;
  for (auto [x, y] : zip_equal(a.data, b.data)) {
    if (x == y || (std::isnan(x) && std::isnan(y)))
      continue;
    double difference = std::fabs(x - y);
    most = std::isnan(difference) ? INFINITY : std::max(most, difference);
  }
  return most;
}

namespace {
using Group = TensorMap Results::*;
} // namespace

static void compareGroup(const std::string &what, Group group,
                         const Results &actual, const Results &expected,
                         ArrayRef<Results> moved, bool isSingle, Tally &tally) {
  // One scale for all of an entry: its parts come from the same numbers.
  const double common = getMagnitude(expected.*group);
  const double noise = isSingle ? 1e-5 : 1e-9;
  for (const auto &[name, tensor] : expected.*group) {
    // By Euler, gamma dV/dgamma is a difference of values.
    double scale = name == "gamma"
                       ? std::max(common, getMagnitude(expected.values))
                       : common;
    double sway = 0;
    for (const Results &other : moved)
      sway = std::max(sway, getDistance((other.*group).at(name), tensor));
    if (sway > (isSingle ? 1e-2 : 1e-6) * scale) {
      tally.excludeNearTie(what);
      continue;
    }
    auto found = (actual.*group).find(name);
    if (found == (actual.*group).end()) {
      tally.fail(what, "`" + name + "` is missing");
      continue;
    }
    if (found->second.shape != tensor.shape) {
      tally.fail(what, "`" + name + "` has shape " +
                           reference::toString(found->second.shape) +
                           ", the reference " +
                           reference::toString(tensor.shape));
      continue;
    }
    double error = getDistance(found->second, tensor);
    double tolerance = noise * scale + 16 * sway;
    tally.check(what, error <= tolerance, error / tolerance, error / scale);
  }
}

/// The rows of a path without its padding.
static std::vector<int64_t> getRows(const Results &results) {
  int64_t width = results.argmax->shape.back();
  int64_t length = results.argmaxLength->data.front();
  ArrayRef<int64_t> data = results.argmax->data;
  return data.take_front(std::min<size_t>(data.size(), length * width)).vec();
}

bool danskin::haveSamePath(const Results &a, const Results &b) {
  return a.argmax && b.argmax && getRows(a) == getRows(b);
}

static void comparePaths(const Results &actual, const Results &expected,
                         ArrayRef<Results> moved, Tally &tally) {
  if (!actual.argmax || !actual.argmaxLength)
    return tally.fail("argmax", "there is no path");
  if (haveSamePath(actual, expected))
    return tally.check("argmax", true);
  for (const Results &other : moved)
    if (getRows(other) != getRows(expected))
      return tally.excludeNearTie("argmax");
  tally.check("argmax", false);
}

void danskin::compareResults(const Results &actual, const Results &expected,
                             ArrayRef<Results> moved, bool isSingle,
                             Tally &tally) {
  const std::pair<const char *, Group> groups[] = {{"value", &Results::values},
                                                   {"grad", &Results::grads},
                                                   {"hvp", &Results::hvps},
                                                   {"jvp", &Results::jvps}};
  for (const auto &[what, group] : groups)
    compareGroup(what, group, actual, expected, moved, isSingle, tally);
  if (expected.argmax)
    comparePaths(actual, expected, moved, tally);
}

void danskin::checkDirections(const Results &actual, const Results &expected,
                              ArrayRef<Results> moved, const ResolvedCall &call,
                              Tally &tally) {
  TensorMap directions;
  for (const auto &[name, direction] : call.directions)
    directions[name] = direction.array;
  const char *what = "<grad, v> = J v";
  double scale = 10 * getMagnitude(actual.grads);
  double tolerance = call.isSingle ? 1e-3 : 1e-9;
  // The kernels of the two may take two sides of a tie.
  double product = inner(expected.grads, directions);
  for (const Results &other : moved)
    if (!areClose(inner(other.grads, directions), product, scale, tolerance))
      return tally.excludeNearTie(what);
  double along = 0;
  for (const auto &[name, tensor] : actual.jvps) {
    auto cotangent = call.cotangents.find(name);
    for (auto [k, x] : enumerate(tensor.data))
      along += cotangent == call.cotangents.end()
                   ? x
                   : x * cotangent->second.array.data[k];
  }
  product = inner(actual.grads, directions);
  if (areClose(along, product, scale, tolerance))
    return tally.check(what, true);
  tally.fail(what, formatv("<grad, v> is {0}, J v is {1}", product, along));
}

/// Does the corner of `batch` hold the bits of `alone`, and the rest 0?
static bool isCorner(const Tensor &batch, int64_t number, const Tensor &alone) {
  if (batch.shape.size() != alone.shape.size() + 1)
    return false;
  Shape shape(batch.shape.begin() + 1, batch.shape.end());
  int64_t count = countElements(shape);
  SmallVector<int64_t> index(shape.size());
  for (int64_t k = 0; k < count; ++k, nextIndex(index, shape)) {
    bool inside = true;
    for (size_t d = 0; d < index.size(); ++d)
      inside &= index[d] < alone.shape[d];
    double expected = inside ? alone.at(index) : 0;
    double found = batch.data[number * count + k];
    if (!(found == expected) && !(std::isnan(found) && std::isnan(expected)))
      return false;
  }
  return true;
}

static void comparePath(const Results &batch, const Results &alone,
                        int64_t number, Tally &tally) {
  if (!alone.argmax || !batch.argmax)
    return;
  std::vector<int64_t> rows = getRows(alone);
  int64_t stride = batch.argmax->shape[1] * batch.argmax->shape[2];
  ArrayRef<int64_t> all = batch.argmax->data;
  ArrayRef<int64_t> own = all.slice(number * stride, stride);
  bool same = own.size() >= rows.size() &&
              own.take_front(rows.size()) == ArrayRef<int64_t>(rows) &&
              all_of(own.drop_front(std::min(own.size(), rows.size())),
                     [](int64_t x) { return x == 0; });
  tally.check("batch = singles", same);
}

/// Terms are rounded as results are, sums once more.
static void compareSum(const Tensor &sum, ArrayRef<const Tensor *> terms,
                       bool isSingle, Tally &tally) {
  for (auto [k, x] : enumerate(sum.data)) {
    double expected = 0, scale = 0;
    for (const Tensor *term : terms) {
      expected += term->data[k];
      scale += std::fabs(term->data[k]);
    }
    double tolerance = (isSingle ? 1e-6 : 1e-14) * scale;
    tally.check("shared = sum of singles",
                x == expected || !std::isfinite(expected) ||
                    std::fabs(x - expected) <= tolerance);
  }
}

void danskin::compareBatch(const Results &batch, ArrayRef<Results> alone,
                           const std::set<std::string> &shared, bool isSingle,
                           Tally &tally) {
  const Group groups[] = {&Results::values, &Results::grads, &Results::hvps,
                          &Results::jvps};
  for (Group group : groups)
    for (const auto &[name, tensor] : batch.*group) {
      bool isSlot = group == &Results::grads || group == &Results::hvps;
      std::vector<const Tensor *> members;
      for (const Results &results : alone)
        members.push_back(&(results.*group).at(name));
      if (isSlot && shared.count(name)) {
        compareSum(tensor, members, isSingle, tally);
        continue;
      }
      for (auto [number, member] : enumerate(members))
        tally.check("batch = singles", isCorner(tensor, number, *member));
    }
  for (auto [number, results] : enumerate(alone))
    comparePath(batch, results, number, tally);
}
