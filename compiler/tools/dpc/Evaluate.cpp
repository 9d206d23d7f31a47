//===- Evaluate.cpp - dpc eval: the reference as an engine ----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/Evaluate.h"
#include "compiler/pipeline/Compiler.h"
#include "compiler/tools/dpc/CompileOptions.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace danskin;
using namespace danskin::ast;
using namespace danskin::reference;

//===----------------------------------------------------------------------===//
// From a batch to instances and back
//===----------------------------------------------------------------------===//

/// The leading corner of shape `shape` of one instance.
template <class Element>
static Array<Element> cut(const Batched<Array<Element>> &from, int64_t number,
                          const Shape &shape) {
  Array<Element> own(shape);
  if (own.data.empty())
    return own;
  SmallVector<int64_t> index(shape.size());
  do {
    SmallVector<int64_t> place(index);
    if (from.isBatched)
      place.insert(place.begin(), number);
    own.at(index) = from.array.at(place);
  } while (nextIndex(index, shape));
  return own;
}

Instance danskin::getInstance(const ResolvedCall &call, int64_t number) {
  Instance instance;
  instance.sizes = call.getSizes(number);
  for (const ArrayDecl &array : getArrays(*call.program)) {
    Shape shape;
    for (const Expr *extent : array.extents)
      shape.push_back(evaluateExtent(*extent, instance.sizes).value_or(0) +
                      array.plus);
    if (array.isInt)
      instance.ints[array.name] = cut(call.ints.at(array.name), number, shape);
    else
      instance.floats[array.name] =
          cut(call.floats.at(array.name), number, shape);
  }
  instance.gamma = cut(call.gamma, number, {}).data.front();
  return instance;
}

namespace {
/// The results of one name, an instance each, on their way into one array.
struct Parts {
  std::vector<Tensor> instances;
  Shape padded; ///< at least
};
using PartsMap = std::map<std::string, Parts>;
} // namespace

/// Stacks the instances, or sums them; 0 where an instance has nothing.
static Tensor assemble(const Parts &parts, bool isStacked) {
  Shape shape = parts.padded;
  for (const Tensor &tensor : parts.instances)
    for (auto [extent, own] : zip_equal(shape, tensor.shape))
      extent = std::max(extent, own);
  if (isStacked)
    shape.insert(shape.begin(), parts.instances.size());
  Tensor result(shape);
  for (auto [number, tensor] : enumerate(parts.instances)) {
    if (tensor.data.empty())
      continue;
    SmallVector<int64_t> index(tensor.shape.size());
    do {
      SmallVector<int64_t> place(index);
      if (isStacked)
        place.insert(place.begin(), number);
      result.at(place) += tensor.at(index);
    } while (nextIndex(index, tensor.shape));
  }
  return result;
}

//===----------------------------------------------------------------------===//
// The engine
//===----------------------------------------------------------------------===//

namespace {
class ReferenceRun {
public:
  explicit ReferenceRun(const ResolvedCall &call) : call(call) {}

  Expected<Results> run() {
    if (Error error = setPaddedShapes())
      return error;
    for (int64_t b = 0; b < call.batch; ++b)
      if (Error error = runInstance(b))
        return call.isBatched
                   ? reference::makeError("instance " + Twine(b) + ": " +
                                          llvm::toString(std::move(error)))
                   : std::move(error);
    return collectResults();
  }

private:
  Error setPaddedShapes() {
    Instance padded;
    padded.sizes = call.sizes;
    Interpreter interpreter(*call.program, padded);
    for (const auto &output : call.program->outputs) {
      Expected<Shape> shape = interpreter.getOutputShape(output->name);
      if (!shape)
        return shape.takeError();
      values[output->name].padded = jvps[output->name].padded = *shape;
    }
    for (const std::string &name : call.wrt) {
      auto input = call.floats.find(name);
      Shape own;
      if (input != call.floats.end()) {
        const Shape &all = input->second.array.shape;
        own = Shape(all.begin() + input->second.isBatched, all.end());
      } else {
        Expected<Shape> shape = interpreter.getShape(name);
        if (!shape)
          return shape.takeError();
        own = *shape;
      }
      grads[name].padded = hvps[name].padded = own;
    }
    return Error::success();
  }

  Expected<Query> makeQuery(Interpreter &interpreter, int64_t number) {
    Query query;
    query.reg = call.reg;
    query.wrt = call.wrt;
    for (const auto &[name, cotangent] : call.cotangents) {
      Expected<Shape> shape = interpreter.getOutputShape(name);
      if (!shape)
        return shape.takeError();
      query.cotangents[name] = cut(cotangent, number, *shape);
    }
    for (const auto &[name, direction] : call.directions) {
      Expected<Shape> shape = interpreter.getShape(name);
      if (!shape)
        return shape.takeError();
      query.directions[name] = cut(direction, number, *shape);
    }
    return query;
  }

  static Error collect(Expected<TensorMap> tensors, PartsMap &parts) {
    if (!tensors)
      return tensors.takeError();
    for (auto &[name, tensor] : *tensors)
      parts[name].instances.push_back(std::move(tensor));
    return Error::success();
  }

  Error runInstance(int64_t number) {
    Instance instance = getInstance(call, number);
    if (Error error = checkInstance(*call.program, instance))
      return error;
    Interpreter interpreter(*call.program, instance);
    Expected<Query> query = makeQuery(interpreter, number);
    if (!query)
      return query.takeError();
    if (Error error = collect(interpreter.value(*query), values))
      return error;
    if (call.grad)
      if (Error error = collect(interpreter.gradient(*query), grads))
        return error;
    if (call.hvp) {
      Expected<HessianProduct> product = interpreter.hessianProduct(*query);
      if (!product)
        return product.takeError();
      cantFail(collect(std::move(product->hvp), hvps));
      cantFail(collect(std::move(product->jvp), jvps));
    }
    if (call.argmax) {
      Expected<Path> path = interpreter.argmax();
      if (!path)
        return path.takeError();
      paths.push_back(std::move(path->rows));
    }
    return Error::success();
  }

  Results collectResults() {
    Results results;
    for (auto &[name, parts] : values)
      results.values[name] = assemble(parts, call.isBatched);
    for (auto &[name, parts] : grads)
      if (call.grad)
        results.grads[name] = assemble(parts, call.hasBatchAxis(name));
    if (call.hvp) {
      for (auto &[name, parts] : hvps)
        results.hvps[name] = assemble(parts, call.hasBatchAxis(name));
      for (auto &[name, parts] : jvps)
        results.jvps[name] = assemble(parts, call.isBatched);
    }
    if (call.argmax)
      collectPaths(results);
    return results;
  }

  void collectPaths(Results &results) {
    int64_t capacity = 0, width = getPathWidth(*call.program);
    for (const IntTensor &path : paths)
      capacity = std::max(capacity, path.shape[0]);
    Shape shape = {capacity, width}, lengthShape;
    if (call.isBatched) {
      shape.insert(shape.begin(), call.batch);
      lengthShape = {call.batch};
    }
    IntTensor rows(shape), lengths(lengthShape);
    for (auto [number, path] : enumerate(paths)) {
      copy(path.data, rows.data.begin() + number * capacity * width);
      lengths.data[number] = path.shape[0];
    }
    results.argmax = std::move(rows);
    results.argmaxLength = std::move(lengths);
  }

  const ResolvedCall &call;
  PartsMap values, grads, hvps, jvps;
  std::vector<IntTensor> paths;
};

struct ReferenceEngine : Engine {
  Expected<Results> evaluate(const ResolvedCall &call) override {
    return ReferenceRun(call).run();
  }
};
} // namespace

std::unique_ptr<Engine> danskin::makeReferenceEngine() {
  return std::make_unique<ReferenceEngine>();
}

/// Refuses a path where the compiler does, in its words. Only a general program
/// can have none.
static Error checkPath(const CallSpec &spec, const ResolvedCall &call,
                       Diagnostics &diagnostics) {
  Compiler compiler(diagnostics);
  const Source *source = diagnostics.findSource(spec.file);
  auto module = compiler.generate(
      *call.program, source ? source->text() : StringRef(), spec.file, {});
  const danskin::Entry *argmax = findEntry("argmax");
  if (module && (is_contained(Compiler::getEntriesOf(*module), argmax) ||
                 compiler.lower(*module, *argmax, {}, *findStage("schedule"))))
    return Error::success();
  return reference::makeError("`" + call.program->name + "` has no path");
}

/// The command line is that of `dpc run`: options of compiling are known, and
/// without effect.
static Error checkOptions(const CallSpec &spec) {
  std::vector<const char *> arguments = {spec.file.c_str()};
  for (const std::string &option : spec.engineOptions)
    arguments.push_back(option.c_str());
  return parseCompileOptions(arguments).takeError();
}

int danskin::evalCommand(ArrayRef<const char *> arguments) {
  return runCallCommand(
      arguments,
      [](const File &file, const CallSpec &spec, const ResolvedCall &call,
         Diagnostics &diagnostics) -> Expected<std::unique_ptr<Engine>> {
        if (Error error = checkOptions(spec))
          return error;
        if (call.argmax)
          if (Error error = checkPath(spec, call, diagnostics))
            return error;
        return makeReferenceEngine();
      });
}
