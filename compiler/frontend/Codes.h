//===- Codes.h - every code of a diagnostic ---------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_FRONTEND_CODES_H
#define DANSKIN_FRONTEND_CODES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace danskin {

/// What `dpc explain` says of a code. The programs are whole files, or empty
/// where none can be shown in a few lines.
struct CodeInfo {
  llvm::StringRef code, title, explanation, wrong, right;
};

/// All codes, in their order.
llvm::ArrayRef<CodeInfo> allCodes();

/// Null for a code that does not exist.
const CodeInfo *findCode(llvm::StringRef code);

void explainCode(const CodeInfo &info, llvm::raw_ostream &os);

} // namespace danskin

#endif // DANSKIN_FRONTEND_CODES_H
