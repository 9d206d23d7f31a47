//===- EntryCall.h - a call of one entry of a library -------------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_ENTRYCALL_H
#define DANSKIN_TOOLS_DPC_ENTRYCALL_H

#include "compiler/target/Interface.h"
#include "compiler/tools/dpc/Call.h"
#include "runtime/include/dp/call.h"

namespace danskin {

/// An array as the ABI wants it, with its memory and its descriptor. Must not
/// move once made.
struct Argument {
  std::vector<double> doubles;
  std::vector<float> floats;
  std::vector<int64_t> ints;
  std::vector<int64_t> shape;
  dp_tensor tensor = {};

  void describe(uint8_t code, uint8_t bits, void *data);
  void setFloats(bool isSingle);
  void setInts();
  reference::Tensor getTensor(bool isSingle) const;
  reference::IntTensor getInts() const;
};
using ArgumentPtr = std::unique_ptr<Argument>;
/// The outputs by name, in the interface's order.
using NamedArguments = std::vector<std::pair<std::string, ArgumentPtr>>;

/// prepare() once, then invoke() as often as wanted. The interface, the call
/// and the loaded library have to live as long.
class EntryCall {
public:
  EntryCall(const EntryInterface &entry, const ResolvedCall &call, void *handle)
      : entry(entry), call(call), handle(handle) {}

  /// Makes all arrays and the workspace.
  llvm::Error prepare(int32_t maxThreads = 1);
  llvm::Error invoke();
  /// After invoke(), once.
  NamedArguments takeResults() { return std::move(results); }

private:
  template <typename Function> Function find(llvm::StringRef suffix);
  llvm::Error fault();
  ArgumentPtr makeFloat(const Batched<reference::Tensor> &from, bool isSingle);
  ArgumentPtr makeInt(std::vector<int64_t> shape, std::vector<int64_t> data);
  ArgumentPtr makeInput(const InputInterface &input);
  void gatherInputs();
  std::optional<size_t> findSolvable(const std::vector<bool> &known);
  std::vector<bool> getDetermined();
  void gatherSizes();
  void fillCall();
  llvm::Error makeOutputs();

  const EntryInterface &entry;
  const ResolvedCall &call;
  void *handle;
  char message[1024] = {};
  dp_call abi = {};
  std::vector<ArgumentPtr> inputs, sizes, lengths;
  std::vector<const dp_tensor *> inputTensors, sizeTensors, lengthTensors,
      outputTensors;
  std::vector<char> workspace;
  NamedArguments results;
};

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_ENTRYCALL_H
