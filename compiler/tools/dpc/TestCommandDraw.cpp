//===- TestCommandDraw.cpp - random instances and calls -------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/TestCommandDraw.h"
#include "compiler/frontend/AstWalk.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

using namespace llvm;
using namespace danskin;
using namespace danskin::ast;
using namespace danskin::reference;

/// The inputs that a gamma of the program's own is made of.
static std::set<std::string> findTemperatures(const Program &program) {
  std::set<std::string> names;
  auto addInputs = [&](const RegRef &reg) {
    if (!reg.gamma)
      return;
    walk(*reg.gamma, [&](const Expr &expr) {
      if (auto *var = dyn_cast<VarExpr>(&expr))
        names.insert(var->name);
      if (auto *read = dyn_cast<ReadExpr>(&expr))
        names.insert(read->name);
    });
  };
  auto visit = [&](const Expr &expr) {
    if (auto *choice = dyn_cast<ChoiceExpr>(&expr))
      if (choice->reg)
        addInputs(*choice->reg);
  };
  if (program.reg)
    addInputs(*program.reg);
  for (const auto &let : program.lets)
    walk(*let->body, visit);
  for (const auto &equation : program.equations)
    walk(*equation->body, visit);
  for (const auto &output : program.outputs)
    walk(*output->body, visit);
  return names;
}

/// Sizes in 0..=5, or as far above as their constraints want.
static Expected<SizeMap> drawSizes(RandomEngine &random,
                                   const Program &program) {
  SizeMap sizes;
  for (const auto &size : program.sizes) {
    int64_t lower = 0, upper = 5;
    if (size->constraint != SizeDecl::None)
      if (auto bound = evaluateExtent(*size->bound, sizes)) {
        if (size->constraint != SizeDecl::Le)
          lower = std::max<int64_t>(lower, *bound);
        if (size->constraint != SizeDecl::Ge)
          upper = std::min(upper, *bound);
        if (size->constraint == SizeDecl::Eq)
          upper = *bound;
        if (size->constraint == SizeDecl::Ge && lower > upper)
          upper = lower + 2;
      }
    if (lower > upper)
      return makeError("no size fits");
    sizes[size->name] = drawInt(random, lower, upper);
  }
  return sizes;
}

static Expected<Instance> drawOnce(RandomEngine &random, const Program &program,
                                   const SizeMap *sizes) {
  Instance instance;
  if (sizes) {
    instance.sizes = *sizes;
  } else {
    Expected<SizeMap> drawn = drawSizes(random, program);
    if (!drawn)
      return drawn.takeError();
    instance.sizes = std::move(*drawn);
  }
  std::set<std::string> temperatures = findTemperatures(program);
  for (const auto &input : program.inputs) {
    for (const ExprPtr &extent : input->extents)
      if (evaluateExtent(*extent, instance.sizes).value_or(-1) < 0)
        return makeError("an extent is below 0");
    if (input->element == InputDecl::Float) {
      Shape shape;
      for (const ExprPtr &extent : input->extents)
        shape.push_back(*evaluateExtent(*extent, instance.sizes));
      Tensor tensor = drawFloats(random, shape);
      for (double &x : tensor.data)
        x = float(temperatures.count(input->name) ? std::exp(x) : x);
      instance.floats[input->name] = std::move(tensor);
      continue;
    }
    Error error = input->element == InputDecl::Dag
                      ? drawDag(random, *input, instance)
                      : drawInts(random, program, *input, instance);
    if (error)
      return error;
  }
  instance.gamma = double(drawInt(random, 4, 16)) / 8;
  if (Error error = checkInstance(program, instance))
    return error;
  return instance;
}

Expected<Instance> danskin::drawInstance(RandomEngine &random,
                                         const Program &program,
                                         const SizeMap *sizes) {
  std::string reason;
  for (unsigned attempt = 0; attempt < 500; ++attempt) {
    Expected<Instance> instance = drawOnce(random, program, sizes);
    if (instance)
      return instance;
    reason = llvm::toString(instance.takeError());
  }
  return reference::makeError("no valid random instance was found; the last "
                              "attempt: " +
                              reason);
}

std::vector<std::string> danskin::getAllSlots(const Program &program) {
  std::vector<std::string> names;
  for (const auto &input : program.inputs)
    if (input->element == InputDecl::Float)
      names.push_back(input->name);
  for (const auto &let : program.lets)
    names.push_back(let->name);
  names.push_back("gamma");
  return names;
}

Expected<TensorMap>
danskin::drawDirections(RandomEngine &random, const Program &program,
                        const Instance &instance,
                        const std::vector<std::string> &names) {
  TensorMap directions;
  Interpreter interpreter(program, instance);
  for (const std::string &name : names) {
    Expected<Shape> shape = interpreter.getShape(name);
    if (!shape)
      return shape.takeError();
    Tensor tensor = drawFloats(random, *shape);
    for (double &x : tensor.data)
      x = float(x);
    directions[name] = std::move(tensor);
  }
  return directions;
}

ResolvedCall danskin::makeSingle(const Program &program,
                                 const Instance &instance,
                                 const TensorMap &directions) {
  ResolvedCall call;
  call.program = &program;
  call.value = call.grad = call.hvp = call.argmax = true;
  call.wrt = getAllSlots(program);
  call.sizes = instance.sizes;
  for (const auto &[name, tensor] : instance.floats)
    call.floats[name] = {tensor, false};
  for (const auto &[name, tensor] : instance.ints)
    call.ints[name] = {tensor, false};
  for (const auto &[name, tensor] : directions)
    call.directions[name] = {tensor, false};
  call.gamma.array.data = {instance.gamma};
  return call;
}

/// Puts an instance's array into its corner of the padded batch.
template <class Element>
static bool place(const Array<Element> &own, Array<Element> &padded,
                  int64_t number) {
  for (size_t d = 0; d < own.shape.size(); ++d)
    if (own.shape[d] > padded.shape[d + 1])
      return false;
  if (own.data.empty())
    return true;
  SmallVector<int64_t> index(own.shape.size());
  do {
    SmallVector<int64_t> at(index);
    at.insert(at.begin(), number);
    padded.at(at) = own.at(index);
  } while (nextIndex(index, own.shape));
  return true;
}

std::optional<ResolvedCall> danskin::makeBatch(const Program &program,
                                               ArrayRef<Instance> instances) {
  ResolvedCall call;
  call.program = &program;
  call.value = call.grad = call.hvp = call.argmax = true;
  call.isBatched = true;
  call.batch = instances.size();
  for (const Instance &instance : instances)
    for (const auto &[name, value] : instance.sizes) {
      call.lengths[name].push_back(value);
      call.sizes[name] = std::max(call.sizes[name], value);
    }
  if (Error error = checkSizes(program, call.sizes)) {
    consumeError(std::move(error));
    return std::nullopt;
  }
  for (const ArrayDecl &array : getArrays(program)) {
    Shape shape = {call.batch};
    for (const Expr *extent : array.extents)
      shape.push_back(evaluateExtent(*extent, call.sizes).value_or(0) +
                      array.plus);
    Tensor floats(array.isInt ? Shape{0} : shape, NAN);
    IntTensor ints(array.isInt ? shape : Shape{0}, int64_t(-77777777));
    for (auto [number, instance] : enumerate(instances))
      if (array.isInt ? !place(instance.ints.at(array.name), ints, number)
                      : !place(instance.floats.at(array.name), floats, number))
        return std::nullopt;
    if (array.isInt)
      call.ints[array.name] = {std::move(ints), true};
    else
      call.floats[array.name] = {std::move(floats), true};
  }
  call.gamma = {Tensor(Shape{call.batch}), true};
  for (auto [number, instance] : enumerate(instances))
    call.gamma.array.data[number] = instance.gamma;
  call.wrt = getAllSlots(program);
  return call;
}

Instance danskin::perturb(RandomEngine &random, const Instance &instance,
                          double relative) {
  Instance moved = instance;
  for (auto &[name, tensor] : moved.floats)
    for (double &x : tensor.data)
      x *= 1 + relative * (double(drawInt(random, -1000, 1000)) / 1000);
  return moved;
}
