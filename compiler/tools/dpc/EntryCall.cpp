//===- EntryCall.cpp - a call of one entry of a library -------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/EntryCall.h"
#include <cmath>
#include <dlfcn.h>

using namespace danskin;
using llvm::StringRef;
using reference::IntTensor;
using reference::Tensor;

//===----------------------------------------------------------------------===//
// Arrays as the ABI wants them
//===----------------------------------------------------------------------===//

void Argument::describe(uint8_t code, uint8_t bits, void *data) {
  tensor.data = data;
  tensor.device = {DP_CPU, 0};
  tensor.ndim = shape.size();
  tensor.dtype = {code, bits, 1};
  tensor.shape = shape.data();
}

void Argument::setFloats(bool isSingle) {
  if (isSingle) {
    floats.assign(doubles.begin(), doubles.end());
    describe(DP_TYPE_FLOAT, 32, floats.data());
  } else {
    describe(DP_TYPE_FLOAT, 64, doubles.data());
  }
}

void Argument::setInts() { describe(DP_TYPE_INT, 64, ints.data()); }

Tensor Argument::getTensor(bool isSingle) const {
  Tensor result{reference::Shape(shape)};
  for (size_t i = 0; i < result.data.size(); ++i)
    result.data[i] = isSingle ? floats[i] : doubles[i];
  return result;
}

IntTensor Argument::getInts() const {
  IntTensor result{reference::Shape(shape)};
  result.data = ints;
  return result;
}

using EntryFunction = int (*)(const dp_call *);
using WorkspaceFunction = int64_t (*)(const dp_call *);
using ShapeFunction = int (*)(const dp_call *, int32_t, int32_t *, int64_t *);

template <typename Function> Function EntryCall::find(StringRef suffix) {
  std::string symbol = entry.symbol() + suffix.str();
  return reinterpret_cast<Function>(dlsym(handle, symbol.c_str()));
}

llvm::Error EntryCall::fault() {
  return llvm::createStringError(std::string(message));
}

ArgumentPtr EntryCall::makeFloat(const Batched<Tensor> &from, bool isSingle) {
  auto argument = std::make_unique<Argument>();
  argument->shape = from.array.shape;
  argument->doubles = from.array.data;
  argument->setFloats(isSingle);
  return argument;
}

ArgumentPtr EntryCall::makeInt(std::vector<int64_t> shape,
                               std::vector<int64_t> data) {
  auto argument = std::make_unique<Argument>();
  argument->shape = std::move(shape);
  argument->ints = std::move(data);
  argument->setInts();
  return argument;
}

/// Null where the call leaves the input to its default.
ArgumentPtr EntryCall::makeInput(const InputInterface &input) {
  StringRef name = input.name;
  if (input.kind == ArrayKind::Gamma)
    return makeFloat(call.gamma, false);
  if (input.kind == ArrayKind::Int) {
    const auto &from = call.ints.at(input.name);
    return makeInt(from.array.shape, from.array.data);
  }
  bool isCotangent = name.consume_front("ct.");
  if (isCotangent || name.consume_front("dir.")) {
    const auto &from = isCotangent ? call.cotangents : call.directions;
    auto found = from.find(name.str());
    return found == from.end() ? nullptr
                               : makeFloat(found->second, call.isSingle);
  }
  return makeFloat(call.floats.at(input.name), call.isSingle);
}

void EntryCall::gatherInputs() {
  for (const InputInterface &input : entry.inputs)
    inputs.push_back(makeInput(input));
}

/// The size that `form` tells when it is known and one size in it is not.
static std::optional<size_t> getSolvable(const SizeForm &form,
                                         const std::vector<bool> &known) {
  std::optional<size_t> unknown;
  for (size_t k = 0; k < known.size(); ++k) {
    if (!form.coefficients[k] || known[k])
      continue;
    if (unknown)
      return std::nullopt;
    unknown = k;
  }
  if (unknown && std::abs(form.coefficients[*unknown]) != 1)
    return std::nullopt;
  return unknown;
}

/// A size that inputs or equalities tell, given what is known.
std::optional<size_t> EntryCall::findSolvable(const std::vector<bool> &known) {
  for (size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i])
      for (const SizeForm &extent : entry.inputs[i].extents)
        if (auto size = getSolvable(extent, known))
          return size;
  for (const ConstraintInterface &constraint : entry.constraints)
    if (constraint.isEquality)
      if (auto size = getSolvable(constraint.form, known))
        return size;
  return std::nullopt;
}

/// The sizes that the call need not give, as the runtime finds them: those
/// it gives itself count as known in their order.
std::vector<bool> EntryCall::getDetermined() {
  std::vector<bool> known(entry.sizes.size()), determined = known;
  for (size_t next = 0; next < known.size();) {
    if (std::optional<size_t> size = findSolvable(known))
      known[*size] = determined[*size] = true;
    else
      known[next++] = true;
  }
  return determined;
}

void EntryCall::gatherSizes() {
  std::vector<bool> determined = getDetermined();
  for (size_t k = 0; k < entry.sizes.size(); ++k) {
    const std::string &name = entry.sizes[k].name;
    auto own = call.lengths.find(name);
    bool isRagged = own != call.lengths.end();
    ArgumentPtr size, length;
    if (!determined[k])
      size = isRagged ? makeInt({call.batch}, own->second)
                      : makeInt({}, {call.sizes.at(name)});
    else if (isRagged)
      length = makeInt({call.batch}, own->second);
    sizes.push_back(std::move(size));
    lengths.push_back(std::move(length));
  }
}

static const dp_tensor *getTensor(const ArgumentPtr &argument) {
  return argument ? &argument->tensor : nullptr;
}

void EntryCall::fillCall() {
  for (const ArgumentPtr &input : inputs)
    inputTensors.push_back(getTensor(input));
  for (const ArgumentPtr &size : sizes)
    sizeTensors.push_back(getTensor(size));
  for (const ArgumentPtr &length : lengths)
    lengthTensors.push_back(getTensor(length));
  abi.struct_size = sizeof(abi);
  abi.num_inputs = inputTensors.size();
  abi.num_outputs = entry.outputs.size();
  abi.num_sizes = sizeTensors.size();
  abi.inputs = inputTensors.data();
  abi.sizes = sizeTensors.data();
  abi.lengths = lengthTensors.data();
  abi.error = message;
  abi.error_bytes = sizeof(message);
}

/// Results begin as what nothing computes, so that one not written shows.
llvm::Error EntryCall::makeOutputs() {
  for (size_t i = 0; i < entry.outputs.size(); ++i) {
    int32_t rank = 0;
    int64_t shape[64];
    if (find<ShapeFunction>("_output_shape")(&abi, i, &rank, shape))
      return fault();
    auto output = std::make_unique<Argument>();
    output->shape.assign(shape, shape + rank);
    int64_t count = reference::countElements(output->shape);
    if (entry.outputs[i].kind == ArrayKind::Int) {
      output->ints.assign(count, -1);
      output->setInts();
    } else {
      output->doubles.assign(count, std::nan(""));
      output->setFloats(call.isSingle);
    }
    outputTensors.push_back(&output->tensor);
    results.push_back({entry.outputs[i].name, std::move(output)});
  }
  abi.outputs = outputTensors.data();
  return llvm::Error::success();
}

llvm::Error EntryCall::prepare(int32_t maxThreads) {
  gatherInputs();
  gatherSizes();
  fillCall();
  abi.max_threads = maxThreads;
  if (llvm::Error error = makeOutputs())
    return error;
  int64_t bytes = find<WorkspaceFunction>("_workspace")(&abi);
  if (bytes < 0)
    return fault();
  workspace.assign(bytes, '\xff');
  abi.workspace = workspace.data();
  abi.workspace_bytes = bytes;
  return llvm::Error::success();
}

llvm::Error EntryCall::invoke() {
  if (find<EntryFunction>("")(&abi))
    return fault();
  return llvm::Error::success();
}
