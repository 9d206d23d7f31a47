//===- Codes.cpp - every code of a diagnostic -------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Codes.h"
#include "llvm/Support/raw_ostream.h"

using namespace danskin;
using llvm::StringRef;

static const CodeInfo codes[] = {
#define DANSKIN_CODE(code, title, explanation, wrong, right)                   \
  {#code, title, explanation, wrong, right},
#include "compiler/frontend/codes/E01.def"
#include "compiler/frontend/codes/E02.def"
#include "compiler/frontend/codes/E03.def"
#include "compiler/frontend/codes/E04.def"
#include "compiler/frontend/codes/E05.def"
#include "compiler/frontend/codes/R.def"
#include "compiler/frontend/codes/W.def"
#undef DANSKIN_CODE
};

llvm::ArrayRef<CodeInfo> danskin::allCodes() { return codes; }

const CodeInfo *danskin::findCode(StringRef code) {
  for (const CodeInfo &info : codes)
    if (info.code.equals_insensitive(code))
      return &info;
  return nullptr;
}

/// `text` in lines of at most 78 columns.
static void printWrapped(StringRef text, llvm::raw_ostream &os) {
  size_t column = 0;
  while (!text.empty()) {
    auto [word, rest] = text.split(' ');
    if (column && column + 1 + word.size() > 78) {
      os << '\n';
      column = 0;
    }
    os << (column ? " " : "") << word;
    column += word.size() + (column ? 1 : 0);
    text = rest;
  }
  os << '\n';
}

static void printProgram(StringRef title, StringRef program,
                         llvm::raw_ostream &os) {
  if (program.empty())
    return;
  os << '\n' << title << ":\n\n";
  for (StringRef rest = program; !rest.empty();) {
    auto [line, after] = rest.split('\n');
    os << "    " << line << '\n';
    rest = after;
  }
}

void danskin::explainCode(const CodeInfo &info, llvm::raw_ostream &os) {
  os << info.code << ": " << info.title << "\n\n";
  printWrapped(info.explanation, os);
  printProgram("Wrong", info.wrong, os);
  printProgram("Right", info.right, os);
}
