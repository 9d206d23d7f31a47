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
      return makeError("input `" + input.name + "`: `" +
                       describeCell(input.name, index) + "` is " +
                       Twine(value) + ", outside of its range " +
                       Twine(promise->lower) + ".." + Twine(promise->upper));
  } while (nextIndex(index, tensor.shape));
  return Error::success();
}

static Error checkDag(const std::string &name, const Instance &instance) {
  const IntTensor &indptr = instance.ints.at(name + ".indptr");
  const IntTensor &src = instance.ints.at(name + ".src");
  int64_t vertices = indptr.data.size() - 1, edges = src.data.size();
  if (indptr.data.front() != 0 || indptr.data.back() != edges)
    return makeError("input `" + name + ".indptr` must run from 0 to " +
                     Twine(edges) + ", the number of edges, not from " +
                     Twine(indptr.data.front()) + " to " +
                     Twine(indptr.data.back()));
  for (int64_t v = 0; v < vertices; ++v) {
    int64_t first = indptr.data[v], last = indptr.data[v + 1];
    if (first > last || first < 0 || last > edges)
      return makeError("input `" + name +
                       ".indptr` must not decrease: element " + Twine(v + 1) +
                       " is " + Twine(last) + " after " + Twine(first));
    for (int64_t e = first; e < last; ++e)
      if (src.data[e] < 0 || src.data[e] >= v)
        return makeError("input `" + name + ".src`: edge " + Twine(e) +
                         " into vertex " + Twine(v) + " comes from vertex " +
                         Twine(src.data[e]) + ", which is not in 0.." +
                         Twine(v));
  }
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
    return makeError("gamma must be finite and above 0, not " +
                     std::to_string(instance.gamma));
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
