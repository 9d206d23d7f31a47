//===- Instance.cpp - the checks on an instance ---------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/reference/Instance.h"
#include "compiler/reference/Indices.h"
#include "compiler/reference/Sizes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace llvm;
using namespace danskin::ast;

namespace danskin::reference {

namespace {
/// Ranges of inputs are over sizes, indices and other ints alone.
struct RangeIndices final : Indices {
  using Indices::Indices;
  Truth compareFloats(const CompareCond &, Frame &) override {
    return Truth::False;
  }
  int64_t evaluateLetAsInt(const Expr &, Frame &) override {
    fail("the range of an input speaks of a float");
    return 0;
  }
};
} // namespace

Expected<Interval> getPromise(const Program &program, const Instance &instance,
                              const InputDecl &input, ArrayRef<int64_t> index) {
  if (!input.values)
    return Interval{INT64_MIN, INT64_MAX};
  RangeIndices indices(program, instance);
  Frame frame;
  for (auto [binder, i] : zip(input.indices, index))
    if (binder)
      frame.push(binder.get(), i);
  Interval interval = indices.evaluateRange(*input.values, frame);
  if (indices.failed())
    return makeError(indices.getFault());
  return interval;
}

/// In the words of the runtime.
static Error failValue(const std::string &name, ArrayRef<int64_t> index,
                       int64_t value, Interval wanted) {
  std::string place;
  for (int64_t i : index)
    place += (place.empty() ? "" : ", ") + std::to_string(i);
  return makeError(Fault::Value,
                   "input `" + name + "`: element [" + place + "] is " +
                       Twine(value) + ", but must lie in " +
                       Twine(wanted.lower) + ".." + Twine(wanted.upper));
}

static Error checkRange(const Program &program, const Instance &instance,
                        const InputDecl &input) {
  const IntTensor &tensor = instance.ints.at(input.name);
  if (!input.values || tensor.data.empty())
    return Error::success();
  Index index(tensor.shape.size());
  do {
    Expected<Interval> promise = getPromise(program, instance, input, index);
    if (!promise)
      return promise.takeError();
    int64_t value = tensor.at(index);
    if (value < promise->lower || value >= promise->upper)
      return failValue(input.name, index, value, *promise);
  } while (nextIndex(index, tensor.shape));
  return Error::success();
}

static Error checkDag(const std::string &name, const Instance &instance) {
  const IntTensor &indptr = instance.ints.at(name + ".indptr");
  const IntTensor &src = instance.ints.at(name + ".src");
  int64_t vertices = indptr.data.size() - 1, edges = src.data.size();
  // From 0 to the number of edges, never down.
  for (int64_t v = 0; v <= vertices; ++v) {
    Interval wanted = {v ? indptr.data[v - 1] : 0, v ? edges + 1 : 1};
    if (v == vertices)
      wanted.lower = edges;
    int64_t pointer = indptr.data[v];
    if (pointer < wanted.lower || pointer >= wanted.upper)
      return failValue(name + ".indptr", {v}, pointer, wanted);
  }
  for (int64_t v = 0; v < vertices; ++v)
    for (int64_t e = indptr.data[v]; e < indptr.data[v + 1]; ++e)
      if (src.data[e] < 0 || src.data[e] >= v)
        return failValue(name + ".src", {e}, src.data[e], {0, v});
  return Error::success();
}

static const Shape *findShape(const Instance &instance,
                              const ArrayDecl &array) {
  if (array.isInt) {
    auto found = instance.ints.find(array.name);
    return found == instance.ints.end() ? nullptr : &found->second.shape;
  }
  auto found = instance.floats.find(array.name);
  return found == instance.floats.end() ? nullptr : &found->second.shape;
}

Error failGamma(double gamma) {
  std::string number;
  raw_string_ostream(number) << format("%g", gamma);
  return makeError(Fault::Value, "input `gamma`: it is " + number +
                                     ", but must be finite and > 0");
}

Error checkInstance(const Program &program, const Instance &instance) {
  ShapeMap shapes;
  for (const ArrayDecl &array : getArrays(program)) {
    const Shape *shape = findShape(instance, array);
    if (!shape)
      return makeError("input `" + array.name + "` is missing");
    shapes[array.name] = *shape;
  }
  Expected<SizeMap> sizes = resolveSizes(program, shapes, instance.sizes);
  if (!sizes)
    return sizes.takeError();
  if (*sizes != instance.sizes)
    return makeError("some size of the instance is missing");
  if (!(instance.gamma > 0) || std::isinf(instance.gamma))
    return failGamma(instance.gamma);
  for (const auto &input : program.inputs) {
    if (input->element == InputDecl::Float)
      continue;
    Error error = input->element == InputDecl::Dag
                      ? checkDag(input->name, instance)
                      : checkRange(program, instance, *input);
    if (error)
      return error;
  }
  return Error::success();
}

} // namespace danskin::reference
