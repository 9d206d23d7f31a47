//===- CompiledEngine.h - calling a compiled library --------------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_COMPILEDENGINE_H
#define DANSKIN_TOOLS_DPC_COMPILEDENGINE_H

#include "compiler/pipeline/Library.h"
#include "compiler/tools/dpc/EntryCall.h"

namespace danskin {

class CompiledEngine : public Engine {
public:
  /// A call of one entry (`value_grad`), with its arrays, that can be made
  /// again and again; it lives no longer than the engine and `call`.
  virtual llvm::Expected<std::unique_ptr<EntryCall>>
  prepare(llvm::StringRef entry, const ResolvedCall &call,
          int32_t maxThreads) = 0;
};

/// Compiles the program of a call to a library, loads it, and calls its entries
/// through their C ABI. An EngineFactory.
llvm::Expected<std::unique_ptr<CompiledEngine>>
makeCompiledEngine(const ast::File &file, const CallSpec &spec,
                   const ResolvedCall &call, Diagnostics &diagnostics);

/// The same with vectors as long as this machine's, unless the options say it.
llvm::Expected<std::unique_ptr<CompiledEngine>>
makeNativeEngine(const ast::File &file, CallSpec spec, const ResolvedCall &call,
                 Diagnostics &diagnostics);

/// Loads a library that was compiled with these options.
llvm::Expected<std::unique_ptr<CompiledEngine>>
loadEngine(Library library, const CpuOptions &options);

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_COMPILEDENGINE_H
