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
static Expected<SizeMap> drawSizes(RandomEngine &random, const Program &program,
                                   const SizeMap &given) {
  SizeMap sizes;
  for (const auto &size : program.sizes) {
    if (auto found = given.find(size->name); found != given.end()) {
      sizes[size->name] = found->second;
      continue;
    }
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
  Expected<SizeMap> drawn =
      drawSizes(random, program, sizes ? *sizes : SizeMap());
  if (!drawn)
    return drawn.takeError();
  instance.sizes = std::move(*drawn);
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

Expected<TensorMap> danskin::drawCotangents(RandomEngine &random,
                                            const Program &program,
                                            const Instance &instance) {
  TensorMap cotangents;
  Interpreter interpreter(program, instance);
  for (const auto &output : program.outputs) {
    Expected<Shape> shape = interpreter.getOutputShape(output->name);
    if (!shape)
      return shape.takeError();
    Tensor tensor = drawFloats(random, *shape);
    for (double &x : tensor.data)
      x = float(x);
    cotangents[output->name] = std::move(tensor);
  }
  return cotangents;
}

bool danskin::setMood(RandomEngine &random, Mood mood, const Program &program,
                      const ProgramTraits &traits, Instance &instance) {
  if (mood == Mood::Plain)
    return true;
  bool isAny = false;
  std::set<std::string> temperatures = findTemperatures(program);
  // The derivative in a gamma is that of a difference of such numbers.
  if (mood == Mood::Large && !temperatures.empty())
    return false;
  double dead = traits.isMaxOnly ? -INFINITY : INFINITY;
  for (auto &[name, tensor] : instance.floats) {
    bool isWeight = traits.isOneSided() && traits.directInputs.count(name) &&
                    traits.getSign(name);
    if (temperatures.count(name) || (mood != Mood::Ties && !isWeight))
      continue;
    isAny = true;
    for (double &x : tensor.data) {
      if (mood == Mood::Ties)
        x = double(drawInt(random, -1, 1));
      else if (drawInt(random, 0, 3) == 0)
        x = mood == Mood::Masks ? traits.getSign(name) * dead : float(1e30 * x);
    }
  }
  return isAny;
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

/// The members' tensors in a padded batch; nothing if one does not fit.
template <class Element, class Get>
static std::optional<Batched<Array<Element>>>
stack(ArrayRef<Member> members, Shape shape, Element padding, Get get) {
  shape.insert(shape.begin(), members.size());
  Array<Element> all(shape, padding);
  for (auto [number, member] : enumerate(members))
    if (!place(get(member), all, number))
      return std::nullopt;
  return Batched<Array<Element>>{std::move(all), true};
}

/// The arrays of the program; false if a member does not fit.
static bool stackInputs(const Program &program, ArrayRef<Member> members,
                        const std::set<std::string> &shared,
                        ResolvedCall &call) {
  const Instance &first = members.front().instance;
  for (const ArrayDecl &array : getArrays(program)) {
    Shape shape;
    for (const Expr *extent : array.extents)
      shape.push_back(evaluateExtent(*extent, call.sizes).value_or(0) +
                      array.plus);
    if (array.isInt) {
      auto ints =
          stack(members, shape, int64_t(-77777777), [&](const Member &m) {
            return m.instance.ints.at(array.name);
          });
      if (!ints)
        return false;
      call.ints[array.name] = std::move(*ints);
    } else if (shared.count(array.name)) {
      call.floats[array.name] = {first.floats.at(array.name), false};
    } else {
      auto floats = stack(members, shape, double(NAN), [&](const Member &m) {
        return m.instance.floats.at(array.name);
      });
      if (!floats)
        return false;
      call.floats[array.name] = std::move(*floats);
    }
  }
  return true;
}

/// The shape of a direction or cotangent of the padded instance.
static std::optional<Shape> getPaddedShape(const Program &program,
                                           const ResolvedCall &call,
                                           const std::string &name,
                                           bool isDirection) {
  auto input = call.floats.find(name);
  if (isDirection && input != call.floats.end())
    return Shape(drop_begin(input->second.array.shape).begin(),
                 input->second.array.shape.end());
  Instance padded;
  padded.sizes = call.sizes;
  Interpreter interpreter(program, padded);
  Expected<Shape> shape = isDirection ? interpreter.getShape(name)
                                      : interpreter.getOutputShape(name);
  if (shape)
    return *shape;
  consumeError(shape.takeError());
  return std::nullopt;
}

/// Directions and cotangents, where the members have them.
static bool stackSeeds(const Program &program, ArrayRef<Member> members,
                       ResolvedCall &call) {
  for (TensorMap Member::*map : {&Member::directions, &Member::cotangents}) {
    bool isDirection = map == &Member::directions;
    auto &into = isDirection ? call.directions : call.cotangents;
    for (const auto &entry : members.front().*map) {
      const std::string &name = entry.first;
      if (isDirection && !call.hasBatchAxis(name)) {
        into[name] = {entry.second, false};
        continue;
      }
      auto shape = getPaddedShape(program, call, name, isDirection);
      if (!shape)
        return false;
      auto stacked =
          stack(members, *shape, double(NAN),
                [&, map = map](const Member &m) { return (m.*map).at(name); });
      if (!stacked)
        return false;
      into[name] = std::move(*stacked);
    }
  }
  return true;
}

std::optional<ResolvedCall>
danskin::makeBatch(const Program &program, ArrayRef<Member> members,
                   const std::set<std::string> &shared) {
  ResolvedCall call;
  call.program = &program;
  call.value = call.grad = call.hvp = call.argmax = true;
  call.isBatched = true;
  call.batch = members.size();
  for (const Member &member : members)
    for (const auto &[name, value] : member.instance.sizes) {
      call.lengths[name].push_back(value);
      call.sizes[name] = std::max(call.sizes[name], value);
    }
  if (Error error = checkSizes(program, call.sizes)) {
    consumeError(std::move(error));
    return std::nullopt;
  }
  call.gamma = {Tensor(Shape{call.batch}), true};
  for (auto [number, member] : enumerate(members))
    call.gamma.array.data[number] = member.instance.gamma;
  call.wrt = getAllSlots(program);
  if (!stackInputs(program, members, shared, call) ||
      !stackSeeds(program, members, call))
    return std::nullopt;
  return call;
}
