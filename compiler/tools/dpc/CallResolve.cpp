//===- CallResolve.cpp - a call with its program in hand ------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/Call.h"
#include "compiler/tools/dpc/CallRandom.h"
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

namespace {
/// An input of the command line: read, or still to be drawn.
struct Given {
  std::optional<NpyArray> npy;
  bool isRandom = false;
  std::optional<Shape> shape; ///< of a random one, where it was given
  bool isFile = false;
  const Shape *getShape() const {
    return npy ? &npy->getShape() : shape ? &*shape : nullptr;
  }
};

class Resolver {
public:
  Resolver(const Program &program, const CallSpec &spec)
      : program(program), spec(spec), arrays(getArrays(program)),
        random(spec.seed) {
    call.program = &program;
  }

  Expected<ResolvedCall> run() {
    for (auto step :
         {&Resolver::setEntries, &Resolver::readValues,
          &Resolver::findBatchOfInputs, &Resolver::setSizes,
          &Resolver::setLengths, &Resolver::setGamma, &Resolver::setInputs,
          &Resolver::drawRandoms, &Resolver::setWrt, &Resolver::setDirections,
          &Resolver::setCotangents, &Resolver::finish})
      if (Error error = (this->*step)())
        return error;
    return std::move(call);
  }

private:
  Error setEntries();
  Error readValues();
  Error findBatchOfInputs();
  Error setSizes();
  Error setLengths();
  Error setGamma();
  Error setInputs();
  Error drawRandoms();
  Error setWrt();
  Error setDirections();
  Error setCotangents();
  Error finish();

  const ArrayDecl *findArray(StringRef name) const {
    auto found = find_if(arrays, [&](auto &a) { return a.name == name; });
    return found == arrays.end() ? nullptr : &*found;
  }
  Error unknown(StringRef name, const char *what) const;
  Expected<Given> readSource(StringRef text);
  /// One more source of a batch axis.
  Error joinBatch(int64_t count, const std::string &origin);
  /// An integer, or one an instance.
  Expected<std::vector<int64_t>> readIntegers(const std::string &name,
                                              StringRef text);
  Expected<Batched<Tensor>> readFloats(StringRef text, const Shape &shape,
                                       const std::string &what,
                                       bool mayBeBatched);
  Expected<Shape> getShapeOf(const std::string &name, bool isOutput);
  Tensor toFloats(const NpyArray &npy) const;

  const Program &program;
  const CallSpec &spec;
  const std::vector<ArrayDecl> arrays;
  RandomEngine random;
  std::map<std::string, Given> sources; ///< by array
  std::map<std::string, std::vector<int64_t>> givenSizes;
  std::set<std::string> batched; ///< arrays with a batch axis
  std::string batchOrigin;
  ResolvedCall call;
};
} // namespace

Error Resolver::setEntries() {
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

Error Resolver::unknown(StringRef name, const char *what) const {
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

Expected<Given> Resolver::readSource(StringRef text) {
  Given source;
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

Error Resolver::readValues() {
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
    Expected<Given> source = readSource(text);
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

Error Resolver::joinBatch(int64_t count, const std::string &origin) {
  if (call.isBatched && call.batch != count)
    return reference::makeError(origin + " has a batch of " + Twine(count) +
                                ", but " + batchOrigin + " one of " +
                                Twine(call.batch));
  call.isBatched = true;
  call.batch = count;
  if (batchOrigin.empty())
    batchOrigin = origin;
  return Error::success();
}

Expected<std::vector<int64_t>> Resolver::readIntegers(const std::string &name,
                                                      StringRef text) {
  Expected<Given> source = readSource(text);
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

Error Resolver::findBatchOfInputs() {
  for (const ArrayDecl &array : arrays) {
    const Shape *shape = sources[array.name].getShape();
    if (!shape || shape->size() == array.extents.size())
      continue;
    if (shape->size() != array.extents.size() + 1)
      return reference::makeError(
          "input `" + array.name + "` has shape " +
          reference::toString(*shape) + " of rank " + Twine(shape->size()) +
          "; the program says rank " + Twine(array.extents.size()) +
          ", or one more for a batch");
    batched.insert(array.name);
    if (Error error = joinBatch(shape->front(), "input `" + array.name + "`"))
      return error;
  }
  return Error::success();
}

Error Resolver::setSizes() {
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

Error Resolver::setLengths() {
  for (const auto &[name, text] : spec.lengths) {
    auto size = call.sizes.find(name);
    if (size == call.sizes.end())
      return unknown(name, "size");
    auto values = readIntegers("len:" + name, text);
    if (!values)
      return values.takeError();
    for (auto [instance, value] : enumerate(*values))
      if (value < 0 || value > size->second)
        return reference::makeError("the length of `" + name + "` is " +
                                    Twine(value) + " in instance " +
                                    Twine(instance) +
                                    ", not in 0..=" + Twine(size->second));
    call.lengths[name] = *values;
  }
  return Error::success();
}

Error Resolver::setGamma() {
  auto gamma = readFloats(spec.gamma, {}, "gamma", true);
  if (!gamma)
    return gamma.takeError();
  for (double value : gamma->array.data)
    if (!(value > 0) || std::isinf(value))
      return reference::makeError("gamma must be finite and above 0, not " +
                                  std::to_string(value));
  call.gamma = std::move(*gamma);
  return Error::success();
}

Tensor Resolver::toFloats(const NpyArray &npy) const {
  if (npy.isFloat())
    return std::get<Tensor>(npy.array);
  const IntTensor &ints = std::get<IntTensor>(npy.array);
  Tensor tensor(ints.shape);
  copy(ints.data, tensor.data.begin());
  return tensor;
}

Expected<Batched<Tensor>> Resolver::readFloats(StringRef text,
                                               const Shape &shape,
                                               const std::string &what,
                                               bool mayBeBatched) {
  Expected<Given> source = readSource(text);
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
    return reference::makeError(what + " has shape " +
                                reference::toString(found) + "; it must be " +
                                reference::toString(shape) +
                                (mayBeBatched ? ", or that after a batch axis"
                                              : ", without a batch axis"));
  if (result.isBatched)
    if (Error error = joinBatch(found.front(), what))
      return error;
  return result;
}

Error Resolver::setInputs() {
  bool allSingle = true, anyFloat = false;
  for (const ArrayDecl &array : arrays) {
    Given &source = sources[array.name];
    if (!source.npy)
      continue;
    bool isBatched = batched.count(array.name);
    if (array.isInt) {
      if (source.npy->isFloat())
        return reference::makeError("input `" + array.name +
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

Error Resolver::drawRandoms() {
  std::set<std::string> drawn;
  for (const ArrayDecl &array : arrays) {
    Given &source = sources[array.name];
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

Expected<Shape> Resolver::getShapeOf(const std::string &name, bool isOutput) {
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

Error Resolver::setWrt() {
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

Error Resolver::setDirections() {
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

Error Resolver::setCotangents() {
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

Error Resolver::finish() {
  // One length for all is one an instance.
  for (auto &[name, values] : call.lengths) {
    if (values.size() == 1)
      values.resize(call.batch, values.front());
    if (int64_t(values.size()) != call.batch)
      return reference::makeError(
          "`" + name + "` is given for " + Twine(values.size()) +
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

Expected<ResolvedCall> danskin::resolveCall(const Program &program,
                                            const CallSpec &spec) {
  return Resolver(program, spec).run();
}
