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

/// Prints the codes that begin with `family`, which is all of them where it is
/// empty; false where none does.
static bool listCodes(llvm::StringRef family) {
  bool found = false;
  for (const CodeInfo &info : allCodes()) {
    if (!info.code.starts_with_insensitive(family))
      continue;
    llvm::outs() << info.code << "  " << info.title << "\n";
    found = true;
  }
  return found;
}

int danskin::explainCommand(Arguments arguments) {
  if (arguments.empty()) {
    listCodes("");
    return 0;
  }
  for (const char *code : arguments) {
    if (const CodeInfo *info = findCode(code)) {
      explainCode(*info, llvm::outs());
      continue;
    }
    if (llvm::StringRef(code).empty() || !listCodes(code)) {
      llvm::errs() << "dpc explain: there is no code `" << code
                   << "`; `dpc explain` lists them\n";
      return 1;
    }
  }
  return 0;
}
