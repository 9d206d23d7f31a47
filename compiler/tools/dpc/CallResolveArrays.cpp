//===- CallResolveArrays.cpp - the arrays of a call -----------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/CallResolver.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace danskin;
using namespace danskin::ast;
using namespace danskin::reference;

Tensor CallResolver::toFloats(const NpyArray &npy) const {
  if (npy.isFloat())
    return std::get<Tensor>(npy.array);
  const IntTensor &ints = std::get<IntTensor>(npy.array);
  Tensor tensor(ints.shape);
  copy(ints.data, tensor.data.begin());
  return tensor;
}

Expected<Batched<Tensor>> CallResolver::readFloats(StringRef text,
                                                   const Shape &shape,
                                                   const std::string &what,
                                                   bool mayBeBatched) {
  Expected<GivenInput> source = readSource(text);
  if (!source)
    return source.takeError();
  Batched<Tensor> result;
  if (source->isRandom)
    result.array = drawFloats(random, source->shape.value_or(shape));
  else
    result.array = toFloats(*source->npy);
  const Shape &found = result.array.shape;
  result.isBatched = found.size() == shape.size() + 1;
  if (found.size() < shape.size() ||
      !std::equal(shape.rbegin(), shape.rend(), found.rbegin()) ||
      found.size() > shape.size() + mayBeBatched)
    return reference::makeError(
        Fault::Shape, what + " has shape " + reference::toString(found) +
                          "; it must be " + reference::toString(shape) +
                          (mayBeBatched ? ", or that after a batch axis"
                                        : ", without a batch axis"));
  if (result.isBatched)
    if (Error error = joinBatch(found.front(), what))
      return error;
  return result;
}

Error CallResolver::setInputs() {
  bool allSingle = true, anyFloat = false;
  for (const ArrayDecl &array : arrays) {
    GivenInput &source = sources[array.name];
    if (!source.npy)
      continue;
    bool isBatched = batched.count(array.name);
    if (array.isInt) {
      if (source.npy->isFloat())
        return reference::makeError(Fault::Type,
                                    "input `" + array.name +
                                        "` must be integers, not floats");
      call.ints[array.name] = {std::get<IntTensor>(source.npy->array),
                               isBatched};
      continue;
    }
    anyFloat |= source.isFile;
    allSingle &= !source.isFile || source.npy->isSingle;
    call.floats[array.name] = {toFloats(*source.npy), isBatched};
  }
  call.isSingle =
      spec.dtype.empty() ? anyFloat && allSingle : spec.dtype == "f32";
  return Error::success();
}

Error CallResolver::drawRandoms() {
  std::set<std::string> drawn;
  for (const ArrayDecl &array : arrays) {
    GivenInput &source = sources[array.name];
    if (!source.isRandom || !drawn.insert(array.input->name).second)
      continue;
    bool isBatched = batched.count(array.name);
    Shape shape;
    for (const Expr *extent : array.extents)
      shape.push_back(evaluateExtent(*extent, call.sizes).value_or(0) +
                      array.plus);
    if (!array.isInt) {
      if (isBatched)
        shape.insert(shape.begin(), call.batch);
      call.floats[array.name] = {drawFloats(random, shape), isBatched};
      continue;
    }
    // Ranges may speak of other ints, so each instance is drawn by itself.
    int64_t count = isBatched ? call.batch : 1;
    std::map<std::string, std::vector<int64_t>> elements;
    Instance instance;
    for (int64_t b = 0; b < count; ++b) {
      instance.sizes = call.sizes;
      for (const auto &[name, ints] : call.ints) {
        const Shape &all = ints.array.shape;
        IntTensor own(Shape(all.begin() + ints.isBatched, all.end()));
        size_t first = ints.isBatched ? b * own.data.size() : 0;
        std::copy_n(ints.array.data.begin() + first, own.data.size(),
                    own.data.begin());
        instance.ints[name] = std::move(own);
      }
      Error error = array.input->element == InputDecl::Dag
                        ? drawDag(random, *array.input, instance)
                        : drawInts(random, program, *array.input, instance);
      if (error)
        return error;
      for (const ArrayDecl &part : arrays)
        if (part.input == array.input)
          append_range(elements[part.name], instance.ints[part.name].data);
    }
    for (auto &[name, data] : elements) {
      IntTensor all;
      all.shape = instance.ints[name].shape;
      if (isBatched)
        all.shape.insert(all.shape.begin(), count);
      all.data = std::move(data);
      call.ints[name] = {std::move(all), isBatched};
    }
  }
  return Error::success();
}

Expected<Shape> CallResolver::getShapeOf(const std::string &name,
                                         bool isOutput) {
  Instance padded;
  padded.sizes = call.sizes;
  Interpreter interpreter(program, padded);
  auto input = call.floats.find(name);
  if (!isOutput && input != call.floats.end()) {
    const Shape &shape = input->second.array.shape;
    return Shape(shape.begin() + input->second.isBatched, shape.end());
  }
  for (const auto &[other, ints] : call.ints)
    if (!isOutput && other == name)
      return reference::makeError("input `" + name +
                                  "` holds integers: nothing is "
                                  "differentiated by it");
  return isOutput ? interpreter.getOutputShape(name)
                  : interpreter.getShape(name);
}

Error CallResolver::setWrt() {
  if (spec.wrt) {
    call.wrt = *spec.wrt;
  } else {
    for (const auto &input : program.inputs)
      if (input->element == InputDecl::Float)
        call.wrt.push_back(input->name);
  }
  for (const std::string &name : call.wrt)
    if (Error error = getShapeOf(name, false).takeError())
      return error;
  return Error::success();
}

Error CallResolver::setDirections() {
  for (const auto &[name, text] : spec.directions) {
    Expected<Shape> shape = getShapeOf(name, false);
    if (!shape)
      return shape.takeError();
    bool isLet = any_of(program.lets,
                        [&, &name = name](auto &l) { return l->name == name; });
    auto direction = readFloats(text, *shape, "the direction of `" + name + "`",
                                isLet || call.hasBatchAxis(name));
    if (!direction)
      return direction.takeError();
    call.directions[name] = std::move(*direction);
  }
  return Error::success();
}

Error CallResolver::setCotangents() {
  for (const auto &[name, text] : spec.cotangents) {
    Expected<Shape> shape = getShapeOf(name, true);
    if (!shape)
      return shape.takeError();
    auto cotangent =
        readFloats(text, *shape, "the cotangent of `" + name + "`", true);
    if (!cotangent)
      return cotangent.takeError();
    call.cotangents[name] = std::move(*cotangent);
  }
  return Error::success();
}

Error CallResolver::finish() {
  // One length for all is one an instance.
  for (auto &[name, values] : call.lengths) {
    if (values.size() == 1)
      values.resize(call.batch, values.front());
    if (int64_t(values.size()) != call.batch)
      return reference::makeError(
          Fault::Batch, "`" + name + "` is given for " + Twine(values.size()) +
                            " instances of a batch of " + Twine(call.batch));
  }
  if (!call.isSingle)
    return Error::success();
  auto round = [](std::map<std::string, Batched<Tensor>> &tensors) {
    for (auto &[name, tensor] : tensors)
      for (double &element : tensor.array.data)
        element = float(element);
  };
  round(call.floats);
  round(call.directions);
  round(call.cotangents);
  return Error::success();
}
