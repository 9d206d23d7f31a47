//===- Explain.cpp - dpc explain ------------------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Codes.h"
#include "compiler/tools/dpc/Commands.h"
#include "llvm/Support/raw_ostream.h"

using namespace danskin;

int danskin::explainCommand(Arguments arguments) {
  if (arguments.empty()) {
    for (const CodeInfo &info : allCodes())
      llvm::outs() << info.code << "  " << info.title << "\n";
    return 0;
  }
  for (const char *code : arguments) {
    const CodeInfo *info = findCode(code);
    if (!info) {
      llvm::errs() << "dpc explain: there is no code `" << code
                   << "`; `dpc explain` lists them\n";
      return 1;
    }
    explainCode(*info, llvm::outs());
  }
  return 0;
}
