//===- Check.cpp - dpc check ----------------------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/Compiler.h"
#include "compiler/tools/dpc/CheckJson.h"
#include "compiler/tools/dpc/CompileOptions.h"
#include "llvm/Support/raw_ostream.h"

using namespace danskin;

/// Checks one program and prints its report, to `json` where there is one.
/// Errors go to the diagnostics.
static void checkProgram(const ast::Program &program, SourceFile &source,
                         const CompileOptions &options, Compiler &compiler,
                         llvm::json::OStream *json) {
  mlir::OwningOpRef<mlir::ModuleOp> module = compiler.generate(
      program, source.text, options.file, options.library.fixed);
  if (!module)
    return;
  std::vector<std::string> entries;
  for (const Entry *entry : Compiler::getEntriesOf(*module))
    entries.push_back(entry->query.str());
  std::optional<ProgramReport> report = compiler.report(*module);
  if (!report)
    return;
  if (json)
    return writeProgramJson(program, source.text, entries, *report, *json);
  llvm::outs() << "program " << program.name << "\n";
  print(*report, llvm::outs());
}

static void checkPrograms(SourceFile &source, const CompileOptions &options,
                          llvm::json::OStream *json) {
  Compiler compiler(source.diagnostics);
  for (const auto &program : source.file->programs)
    if (options.library.program.empty() ||
        options.library.program == program->name)
      checkProgram(*program, source, options, compiler, json);
}

/// The same as JSON, printed only where all programs are right.
static void checkAsJson(SourceFile &source, const CompileOptions &options) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::json::OStream json(os, 1);
  json.object([&] {
    json.attributeArray("programs",
                        [&] { checkPrograms(source, options, &json); });
  });
  if (!source.diagnostics.hasErrors())
    llvm::outs() << os.str() << "\n";
}

int danskin::checkCommand(Arguments arguments) {
  auto options = parseCompileOptions(arguments);
  if (!options) {
    llvm::errs() << "dpc check: error: " << llvm::toString(options.takeError())
                 << "\n";
    return 1;
  }
  auto source = readSource(*options);
  if (!source) {
    llvm::errs() << "dpc check: error: " << llvm::toString(source.takeError())
                 << "\n";
    return 1;
  }
  Diagnostics &diagnostics = (*source)->diagnostics;
  if ((*source)->file && options->json)
    checkAsJson(**source, *options);
  else if ((*source)->file)
    checkPrograms(**source, *options, nullptr);
  return danskin::report(diagnostics, options->jsonDiagnostics);
}
