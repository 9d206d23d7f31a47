//===- Frontend.cpp - from text to a checked tree ---------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Frontend.h"
#include "compiler/frontend/Parser.h"
#include "compiler/frontend/Sema.h"
#include "llvm/ADT/StringExtras.h"

using namespace danskin;
using llvm::StringRef;

std::unique_ptr<ast::File> danskin::parseFile(StringRef text,
                                              StringRef filename,
                                              Diagnostics &diagnostics,
                                              const FrontendOptions &options) {
  unsigned before = diagnostics.errorCount();
  const Source &source = diagnostics.addSource(filename, text);
  std::vector<Token> tokens = lex(source, diagnostics);
  // After a fault of the words the parser still looks for its own; the meaning
  // of a broken tree is not examined.
  auto file = Parser(source, std::move(tokens), diagnostics).parseFile();
  if (diagnostics.errorCount() != before)
    return nullptr;

  if (file->programs.size() > limits::programs) {
    diagnostics.error("E0107",
                      source.locate(file->programs[limits::programs]->range),
                      "more than " + llvm::utostr(limits::programs) +
                          " programs in one file");
    return nullptr;
  }
  llvm::StringMap<ast::Range> seen;
  for (auto &program : file->programs) {
    auto [entry, isNew] = seen.try_emplace(program->name, program->range);
    if (!isNew)
      diagnostics
          .error("E0202", source.locate(program->range),
                 "program `" + program->name + "` is defined twice")
          .note(source.locate(entry->second), "it is first defined here");
    Sema(*program, source, diagnostics, options).run();
  }
  if (diagnostics.errorCount() != before)
    return nullptr;
  return file;
}

std::optional<std::string>
danskin::parseRegularizer(StringRef text, Diagnostics &diagnostics,
                          const FrontendOptions &options) {
  unsigned before = diagnostics.errorCount();
  const Source &source = diagnostics.addSource("--reg", text);
  std::vector<Token> tokens = lex(source, diagnostics);
  std::optional<ast::RegRef> reg =
      Parser(source, std::move(tokens), diagnostics).parseRegularizer();
  if (!reg || diagnostics.errorCount() != before)
    return std::nullopt;
  ast::Program program;
  Sema(program, source, diagnostics, options).checkOption(*reg);
  if (diagnostics.errorCount() != before)
    return std::nullopt;
  return reg->name;
}
