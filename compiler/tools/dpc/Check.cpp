//===- Check.cpp - dpc check ----------------------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/Compiler.h"
#include "compiler/tools/dpc/CompileOptions.h"
#include "llvm/Support/raw_ostream.h"

using namespace danskin;

/// Checks one program and prints its report. Errors go to the diagnostics.
static void checkProgram(const ast::Program &program, SourceFile &source,
                         const CompileOptions &options, Compiler &compiler) {
  mlir::OwningOpRef<mlir::ModuleOp> module = compiler.generate(
      program, source.text, options.file, options.library.fixed);
  std::optional<ProgramReport> report = compiler.report(*module);
  if (!report)
    return;
  llvm::outs() << "program " << program.name << "\n";
  print(*report, llvm::outs());
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
  if ((*source)->file) {
    Compiler compiler(diagnostics);
    for (const auto &program : (*source)->file->programs)
      if (options->library.program.empty() ||
          options->library.program == program->name)
        checkProgram(*program, **source, *options, compiler);
  }
  return danskin::report(diagnostics, options->jsonDiagnostics);
}
