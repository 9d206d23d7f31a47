//===- CallResolve.cpp - a call with its program in hand ------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/Call.h"
#include "compiler/tools/dpc/CallResolver.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace danskin;
using namespace danskin::ast;
using namespace danskin::reference;

bool ResolvedCall::hasBatchAxis(const std::string &name) const {
  if (name == "gamma")
    return gamma.isBatched;
  auto input = floats.find(name);
  return input == floats.end() ? isBatched : input->second.isBatched;
}

SizeMap ResolvedCall::getSizes(int64_t instance) const {
  SizeMap own = sizes;
  if (lengths.empty())
    return own;
  for (const auto &[name, values] : lengths)
    own[name] = values[instance];
  // What is declared by other sizes follows them.
  for (const auto &size : program->sizes)
    if (size->constraint == SizeDecl::Eq && !lengths.count(size->name))
      if (auto value = evaluateExtent(*size->bound, own))
        own[size->name] = *value;
  return own;
}

Error CallResolver::setEntries() {
  call.reg = spec.reg;
  auto wants = [&](const char *entry) {
    return is_contained(spec.entries, entry);
  };
  call.value = true;
  call.grad = wants("grad");
  call.hvp = wants("hvp");
  call.argmax = wants("argmax");
  return Error::success();
}

Error CallResolver::unknown(StringRef name, const char *what) const {
  std::vector<StringRef> names = {"gamma"};
  for (const ArrayDecl &array : arrays)
    names.push_back(array.name);
  for (const auto &size : program.sizes)
    names.push_back(size->name);
  for (const auto &let : program.lets)
    names.push_back(let->name);
  for (const auto &output : program.outputs)
    names.push_back(output->name);
  StringRef nearest = nearestName(name, names);
  std::string hint =
      nearest.empty() ? "" : "; did you mean `" + nearest.str() + "`?";
  return reference::makeError("`" + program.name + "` has no " + what + " `" +
                              name + "`" + hint);
}

static std::optional<Shape> parseExtents(StringRef text) {
  Shape shape;
  SmallVector<StringRef> parts;
  text.split(parts, 'x');
  for (StringRef part : parts) {
    int64_t extent;
    if (part.getAsInteger(10, extent) || extent < 0)
      return std::nullopt;
    shape.push_back(extent);
  }
  return shape;
}

Expected<GivenInput> CallResolver::readSource(StringRef text) {
  GivenInput source;
  StringRef rest = text;
  if (rest.consume_front("random")) {
    source.isRandom = true;
    if (rest.empty() || rest == ":normal")
      return source;
    if (rest.consume_front(":") && (source.shape = parseExtents(rest)))
      return source;
    return reference::makeError("`" + text +
                                "` is not `random`, "
                                "`random:normal` or a shape as in "
                                "`random:3x4`");
  }
  int64_t integer;
  double number;
  if (!text.getAsInteger(10, integer)) {
    source.npy.emplace();
    IntTensor scalar;
    scalar.data = {integer};
    source.npy->array = std::move(scalar);
    return source;
  }
  if (!text.getAsDouble(number)) {
    source.npy.emplace();
    Tensor scalar;
    scalar.data = {number};
    source.npy->array = std::move(scalar);
    return source;
  }
  Expected<NpyArray> npy = readNpy(text);
  if (!npy)
    return npy.takeError();
  source.npy = std::move(*npy);
  source.isFile = true;
  return source;
}

Error CallResolver::readValues() {
  for (const auto &[name, text] : spec.values) {
    bool isSize = any_of(program.sizes, [&, &name = name](const auto &size) {
      return size->name == name;
    });
    if (isSize) {
      auto integers = readIntegers(name, text);
      if (!integers)
        return integers.takeError();
      givenSizes[name] = *integers;
      continue;
    }
    // `g=random` stands for both arrays of a dag.
    bool isDag = text == "random" && findArray(name + ".src");
    if (!isDag && !findArray(name))
      return unknown(name, "input or size");
    Expected<GivenInput> source = readSource(text);
    if (!source)
      return source.takeError();
    if (isDag)
      sources[name + ".indptr"] = sources[name + ".src"] = *source;
    else
      sources[name] = std::move(*source);
  }
  for (const ArrayDecl &array : arrays)
    if (!sources.count(array.name))
      return reference::makeError("input `" + array.name +
                                  "` is missing: pass `" + array.name +
                                  "=FILE.npy`");
  return Error::success();
}

Error CallResolver::joinBatch(int64_t count, const std::string &origin) {
  if (call.isBatched && call.batch != count)
    return reference::makeError(
        Fault::Batch, origin + " has a batch of " + Twine(count) + ", but " +
                          batchOrigin + " one of " + Twine(call.batch));
  call.isBatched = true;
  call.batch = count;
  if (batchOrigin.empty())
    batchOrigin = origin;
  return Error::success();
}

Expected<std::vector<int64_t>>
CallResolver::readIntegers(const std::string &name, StringRef text) {
  Expected<GivenInput> source = readSource(text);
  if (!source)
    return source.takeError();
  if (!source->npy || source->npy->isFloat() ||
      source->npy->getShape().size() > 1)
    return reference::makeError("`" + name +
                                "` must be an integer, or an array of "
                                "integers, one an instance");
  const IntTensor &tensor = std::get<IntTensor>(source->npy->array);
  if (tensor.shape.size() == 1)
    if (Error error = joinBatch(tensor.shape[0], "`" + name + "`"))
      return error;
  return tensor.data;
}

Error CallResolver::findBatchOfInputs() {
  for (const ArrayDecl &array : arrays) {
    const Shape *shape = sources[array.name].getShape();
    if (!shape || shape->size() == array.extents.size())
      continue;
    if (shape->size() != array.extents.size() + 1)
      return reference::makeError(
          Fault::Rank, "input `" + array.name + "` has shape " +
                           reference::toString(*shape) + " of rank " +
                           Twine(shape->size()) + "; the program says rank " +
                           Twine(array.extents.size()) +
                           ", or one more for a batch");
    batched.insert(array.name);
    if (Error error = joinBatch(shape->front(), "input `" + array.name + "`"))
      return error;
  }
  return Error::success();
}

Error CallResolver::setSizes() {
  ShapeMap shapes;
  for (const ArrayDecl &array : arrays)
    if (const Shape *shape = sources[array.name].getShape())
      shapes[array.name] =
          Shape(shape->begin() + batched.count(array.name), shape->end());
  SizeMap given = spec.defines;
  for (const auto &[name, values] : givenSizes) {
    int64_t most = values.empty() ? 0 : *max_element(values);
    if (given.count(name) && given[name] != most)
      return reference::makeError("`-D " + name + "=" + Twine(given[name]) +
                                  "`, but `" + name + "` is given as " +
                                  Twine(most));
    given[name] = most;
    if (values.size() != 1)
      call.lengths[name] = values;
  }
  Expected<SizeMap> sizes = resolveSizes(program, shapes, given, batched);
  if (!sizes)
    return sizes.takeError();
  call.sizes = *sizes;
  return Error::success();
}

Error CallResolver::setLengths() {
  for (const auto &[name, text] : spec.lengths) {
    auto size = call.sizes.find(name);
    if (size == call.sizes.end())
      return unknown(name, "size");
    auto values = readIntegers("len:" + name, text);
    if (!values)
      return values.takeError();
    for (auto [instance, value] : enumerate(*values))
      if (value < 0 || value > size->second)
        return reference::makeError(
            Fault::Length, "instance " + Twine(instance) + ": length of `" +
                               name + "`: it is " + Twine(value) +
                               ", but must lie in 0..=" + Twine(size->second));
    call.lengths[name] = *values;
  }
  return Error::success();
}

Error CallResolver::setGamma() {
  auto gamma = readFloats(spec.gamma, {}, "gamma", true);
  if (!gamma)
    return gamma.takeError();
  for (double value : gamma->array.data)
    if (!(value > 0) || std::isinf(value))
      return failGamma(value);
  call.gamma = std::move(*gamma);
  return Error::success();
}

Expected<ResolvedCall> danskin::resolveCall(const Program &program,
                                            const CallSpec &spec) {
  return CallResolver(program, spec).run();
}
