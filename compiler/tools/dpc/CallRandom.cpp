//===- CallRandom.cpp - random inputs -------------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/CallRandom.h"
#include "compiler/reference/Indices.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace llvm;
using namespace danskin;
using namespace danskin::ast;
using namespace danskin::reference;

int64_t danskin::drawInt(RandomEngine &random, int64_t lower, int64_t upper) {
  // The library's distributions differ from one library to the next.
  return lower + int64_t(random() % (uint64_t(upper - lower) + 1));
}

double danskin::drawNormal(RandomEngine &random) {
  double u = (double(random() >> 11) + 0.5) * 0x1p-53;
  double v = double(random() >> 11) * 0x1p-53;
  return std::sqrt(-2 * std::log(u)) * std::cos(6.283185307179586 * v);
}

Tensor danskin::drawFloats(RandomEngine &random, Shape shape) {
  Tensor tensor(std::move(shape));
  for (double &element : tensor.data)
    element = drawNormal(random);
  return tensor;
}

Error danskin::drawInts(RandomEngine &random, const Program &program,
                        const InputDecl &input, Instance &instance) {
  Shape shape;
  for (const ExprPtr &extent : input.extents)
    shape.push_back(evaluateExtent(*extent, instance.sizes).value_or(0));
  IntTensor tensor(shape);
  SmallVector<int64_t> index(shape.size());
  if (!tensor.data.empty())
    do {
      Expected<reference::Interval> promise =
          getPromise(program, instance, input, index);
      if (!promise)
        return promise.takeError();
      reference::Interval interval =
          input.values ? *promise : reference::Interval{-9, 10};
      if (interval.lower >= interval.upper)
        return makeError("nothing is in the range " + Twine(interval.lower) +
                         ".." + Twine(interval.upper) + " of `" +
                         describeCell(input.name, index) + "`");
      tensor.at(index) = drawInt(random, interval.lower, interval.upper - 1);
    } while (nextIndex(index, shape));
  instance.ints[input.name] = std::move(tensor);
  return Error::success();
}

Error danskin::drawDag(RandomEngine &random, const InputDecl &input,
                       Instance &instance) {
  int64_t vertices = *evaluateExtent(*input.extents[0], instance.sizes);
  int64_t edges = *evaluateExtent(*input.extents[1], instance.sizes);
  if (edges > 0 && vertices < 2)
    return makeError("a dag of " + Twine(vertices) + " vertices has no edges");
  std::vector<int64_t> targets;
  for (int64_t e = 0; e < edges; ++e)
    targets.push_back(drawInt(random, 1, vertices - 1));
  llvm::sort(targets);
  IntTensor indptr({vertices + 1}), src({edges});
  for (auto [e, target] : enumerate(targets)) {
    src.data[e] = drawInt(random, 0, target - 1);
    for (int64_t v = target + 1; v <= vertices; ++v)
      ++indptr.data[v];
  }
  instance.ints[input.name + ".indptr"] = std::move(indptr);
  instance.ints[input.name + ".src"] = std::move(src);
  return Error::success();
}
