//===- CallResolver.h - from a command line to a call -----------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The steps behind resolveCall, in the order they run.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_CALLRESOLVER_H
#define DANSKIN_TOOLS_DPC_CALLRESOLVER_H

#include "compiler/tools/dpc/Call.h"
#include "compiler/tools/dpc/CallRandom.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

namespace danskin {

/// An input of the command line: read, or still to be drawn.
struct GivenInput {
  std::optional<NpyArray> npy;
  bool isRandom = false;
  std::optional<reference::Shape>
      shape; ///< of a random one, where it was given
  bool isFile = false;
  const reference::Shape *getShape() const {
    return npy ? &npy->getShape() : shape ? &*shape : nullptr;
  }
};

class CallResolver {
public:
  CallResolver(const ast::Program &program, const CallSpec &spec)
      : program(program), spec(spec), arrays(reference::getArrays(program)),
        random(spec.seed) {
    call.program = &program;
  }

  llvm::Expected<ResolvedCall> run() {
    for (auto step : {&CallResolver::setEntries, &CallResolver::readValues,
                      &CallResolver::findBatchOfInputs, &CallResolver::setSizes,
                      &CallResolver::setLengths, &CallResolver::setGamma,
                      &CallResolver::setInputs, &CallResolver::drawRandoms,
                      &CallResolver::setWrt, &CallResolver::setDirections,
                      &CallResolver::setCotangents, &CallResolver::finish})
      if (llvm::Error error = (this->*step)())
        return error;
    return std::move(call);
  }

private:
  llvm::Error setEntries();
  llvm::Error readValues();
  llvm::Error findBatchOfInputs();
  llvm::Error setSizes();
  llvm::Error setLengths();
  llvm::Error setGamma();
  llvm::Error setInputs();
  llvm::Error drawRandoms();
  llvm::Error setWrt();
  llvm::Error setDirections();
  llvm::Error setCotangents();
  llvm::Error finish();

  const reference::ArrayDecl *findArray(llvm::StringRef name) const {
    auto found = llvm::find_if(arrays, [&](auto &a) { return a.name == name; });
    return found == arrays.end() ? nullptr : &*found;
  }
  llvm::Error unknown(llvm::StringRef name, const char *what) const;
  llvm::Expected<GivenInput> readSource(llvm::StringRef text);
  /// One more source of a batch axis.
  llvm::Error joinBatch(int64_t count, const std::string &origin);
  /// An integer, or one an instance.
  llvm::Expected<std::vector<int64_t>> readIntegers(const std::string &name,
                                                    llvm::StringRef text);
  llvm::Expected<Batched<reference::Tensor>>
  readFloats(llvm::StringRef text, const reference::Shape &shape,
             const std::string &what, bool mayBeBatched);
  llvm::Expected<reference::Shape> getShapeOf(const std::string &name,
                                              bool isOutput);
  reference::Tensor toFloats(const NpyArray &npy) const;

  const ast::Program &program;
  const CallSpec &spec;
  const std::vector<reference::ArrayDecl> arrays;
  RandomEngine random;
  std::map<std::string, GivenInput> sources; ///< by array
  std::map<std::string, std::vector<int64_t>> givenSizes;
  std::set<std::string> batched; ///< arrays with a batch axis
  std::string batchOrigin;
  ResolvedCall call;
};

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_CALLRESOLVER_H
