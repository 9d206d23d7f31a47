//===- BenchOptions.h - the command line of dpc bench -------------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_BENCHOPTIONS_H
#define DANSKIN_TOOLS_DPC_BENCHOPTIONS_H

#include "compiler/tools/dpc/Call.h"

namespace danskin {

struct BenchOptions {
  /// File, program, regularizer, type, entries, wrt, seed, options of
  /// compiling.
  CallSpec spec;
  std::map<std::string, int64_t> sizes; ///< as given; `B` may be one
  std::optional<int64_t> batch;
  double gamma = 1, seconds = 2;
  int32_t threads = 1;
  unsigned samples = 9;
  bool json = false;
};

llvm::Expected<BenchOptions>
parseBenchOptions(llvm::ArrayRef<const char *> arguments);

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_BENCHOPTIONS_H
