//===- Interpreter.cpp - the readable float64 oracle ----------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/reference/Interpreter.h"
#include "compiler/reference/Evaluator.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace danskin::ast;

namespace danskin::reference {

Error makeError(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

Error makeError(Fault fault, const Twine &message) {
  std::string number = std::to_string(int(fault));
  return makeError(message + " [R" + (number.size() < 2 ? "0" : "") + number +
                   "]");
}

namespace {
using Gradient = Dual<double, 16>;
using Curvature = Dual<Dual<double, 1>, 8>;

/// The slots of a query, numbered one name after the other.
struct Numbering {
  Variation variation;
  std::map<std::string, Shape> shapes; ///< of the names of `wrt`
  int64_t total = 0;
};
} // namespace

static const OutputDecl *findOutput(const Program &program, StringRef name) {
  for (const auto &output : program.outputs)
    if (output->name == name)
      return output.get();
  return nullptr;
}

template <class D>
static const D *findByName(const std::vector<std::unique_ptr<D>> &decls,
                           StringRef name) {
  for (const auto &decl : decls)
    if (decl->name == name)
      return decl.get();
  return nullptr;
}

static Expected<Shape> getBoxShape(const Program &program,
                                   const Instance &instance,
                                   const Binders &binders) {
  Variation none;
  std::optional<std::string> reg;
  Evaluator<double> evaluator(program, instance, reg, false, none);
  Box box = evaluator.getBox(binders);
  if (evaluator.failed())
    return makeError(evaluator.getFault());
  return box.shape;
}

Expected<Shape> Interpreter::getShape(const std::string &name) {
  if (name == "gamma")
    return Shape();
  if (const InputDecl *input = findByName(program.inputs, name))
    if (input->element == InputDecl::Float)
      return instance.floats.at(name).shape;
  if (const LetDecl *let = findByName(program.lets, name))
    return getBoxShape(program, instance, let->binders);
  return makeError("`" + name + "` is no float input and no let of `" +
                   program.name + "`");
}

Expected<Shape> Interpreter::getOutputShape(const std::string &name) {
  const OutputDecl *output = findOutput(program, name);
  if (!output)
    return makeError("`" + name + "` is no output of `" + program.name + "`");
  return getBoxShape(program, instance, output->binders);
}

/// Calls `visit` for every element of every output, with its place there. An
/// absent one is null.
template <class T>
static Error forEachOutput(
    Evaluator<T> &evaluator, const Program &program,
    function_ref<void(const OutputDecl &, int64_t, const Value<T> &)> visit) {
  for (const auto &output : program.outputs) {
    evaluator.forEachElement(*output, [&](Frame &frame, int64_t place) {
      Value<T> value = evaluator.evaluateOutput(*output, frame);
      if (!evaluator.failed())
        visit(*output, place, value);
      return !evaluator.failed();
    });
    if (evaluator.failed())
      return makeError(evaluator.getFault());
  }
  return Error::success();
}

Expected<TensorMap> Interpreter::value(const Query &query) {
  Variation none;
  Evaluator<double> evaluator(program, instance, query.reg, false, none);
  TensorMap values;
  for (const auto &output : program.outputs)
    values[output->name] = Tensor(evaluator.getBox(output->binders).shape);
  Error error = forEachOutput<double>(
      evaluator, program,
      [&](const OutputDecl &output, int64_t place, const Value<double> &value) {
        values[output.name].data[place] =
            value.present ? value.number
                          : losingInfinity(getSense(*output.body));
      });
  if (error)
    return error;
  return values;
}

/// Numbers the slots, after checking the names and shapes of the query.
static Expected<Numbering> numberSlots(Interpreter &interpreter,
                                       const Query &query) {
  Numbering numbering;
  for (const std::string &name : query.wrt) {
    Expected<Shape> shape = interpreter.getShape(name);
    if (!shape)
      return shape.takeError();
    numbering.variation.slots[name].first = numbering.total;
    numbering.total += countElements(*shape);
    numbering.shapes[name] = *shape;
  }
  for (const auto &[name, direction] : query.directions) {
    Expected<Shape> shape = interpreter.getShape(name);
    if (!shape)
      return shape.takeError();
    if (direction.shape != *shape)
      return makeError("the direction of `" + name + "` has shape " +
                       toString(direction.shape) + ", `" + name + "` has " +
                       toString(*shape));
    numbering.variation.slots[name].direction = &direction;
  }
  for (const auto &[name, cotangent] : query.cotangents) {
    Expected<Shape> shape = interpreter.getOutputShape(name);
    if (!shape)
      return shape.takeError();
    if (cotangent.shape != *shape)
      return makeError("the cotangent of `" + name + "` has shape " +
                       toString(cotangent.shape) + ", the output has " +
                       toString(*shape));
  }
  return numbering;
}

static double getCotangent(const Query &query, const OutputDecl &output,
                           int64_t flat) {
  auto found = query.cotangents.find(output.name);
  return found == query.cotangents.end() ? 1.0 : found->second.data[flat];
}

/// Cuts a vector over all slots into one tensor a name.
static TensorMap split(const Numbering &numbering, ArrayRef<double> flat) {
  TensorMap result;
  for (const auto &[name, shape] : numbering.shapes) {
    Tensor tensor(shape);
    int64_t first = numbering.variation.slots.at(name).first;
    copy(flat.slice(first, tensor.data.size()), tensor.data.begin());
    result[name] = std::move(tensor);
  }
  return result;
}

Expected<TensorMap> Interpreter::gradient(const Query &query) {
  Expected<Numbering> numbering = numberSlots(*this, query);
  if (!numbering)
    return numbering.takeError();
  std::vector<double> flat(numbering->total);
  int64_t &window = numbering->variation.window;
  for (window = 0; window < numbering->total; window += Gradient::width) {
    Evaluator<Gradient> evaluator(program, instance, query.reg, false,
                                  numbering->variation);
    Error error = forEachOutput<Gradient>(
        evaluator, program,
        [&](const OutputDecl &output, int64_t place,
            const Value<Gradient> &value) {
          double cotangent = getCotangent(query, output, place);
          for (unsigned k = 0; value.present && k < Gradient::width; ++k)
            if (window + k < numbering->total)
              flat[window + k] += scale(cotangent, value.number.partials[k]);
        });
    if (error)
      return error;
  }
  return split(*numbering, flat);
}

Expected<HessianProduct> Interpreter::hessianProduct(const Query &query) {
  Expected<Numbering> numbering = numberSlots(*this, query);
  if (!numbering)
    return numbering.takeError();
  HessianProduct result;
  std::vector<double> flat(numbering->total);
  int64_t &window = numbering->variation.window;
  // At least one sweep, for J v.
  for (window = 0; window == 0 || window < numbering->total;
       window += Curvature::width) {
    Evaluator<Curvature> evaluator(program, instance, query.reg, false,
                                   numbering->variation);
    for (const auto &output : program.outputs)
      result.jvp[output->name] =
          Tensor(evaluator.getBox(output->binders).shape);
    Error error = forEachOutput<Curvature>(
        evaluator, program,
        [&](const OutputDecl &output, int64_t place,
            const Value<Curvature> &value) {
          if (!value.present)
            return;
          result.jvp[output.name].data[place] = value.number.value.partials[0];
          double cotangent = getCotangent(query, output, place);
          for (unsigned k = 0; k < Curvature::width; ++k)
            if (window + k < numbering->total)
              flat[window + k] +=
                  scale(cotangent, value.number.partials[k].partials[0]);
        });
    if (error)
      return error;
  }
  result.hvp = split(*numbering, flat);
  return result;
}

} // namespace danskin::reference
