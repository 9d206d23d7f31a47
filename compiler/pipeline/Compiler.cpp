//===- Compiler.cpp - run a program through the stages --------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/Compiler.h"
#include "compiler/analysis/ScheduleAttr.h"
#include "compiler/frontend/DpGen.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/TimeProfiler.h"

using namespace mlir;
using namespace danskin;

Compiler::Compiler(Diagnostics &diagnostics)
    : context(MLIRContext::Threading::DISABLED), diagnostics(diagnostics) {
  loadDialects(context);
  // A person's error is about a program, not about operations.
  context.printOpOnDiagnostic(false);
}

OwningOpRef<ModuleOp>
Compiler::generate(const ast::Program &program, StringRef text,
                   StringRef filename, const llvm::StringMap<int64_t> &fixed) {
  OwningOpRef<ModuleOp> module =
      generateDp(program, text, filename, fixed, context);
  if (!run(*module, populateChecks))
    return nullptr;
  return module;
}

//===----------------------------------------------------------------------===//
// Diagnostics of passes
//===----------------------------------------------------------------------===//

static danskin::Location toPlace(mlir::Location loc) {
  danskin::Location place;
  if (auto file = loc->findInstanceOf<FileLineColLoc>()) {
    place.file = file.getFilename().str();
    place.line = file.getLine();
    place.column = file.getColumn();
  }
  return place;
}

/// Splits `message [E0301]`. A message without a code is the compiler's own.
static std::pair<std::string, std::string> splitCode(StringRef message) {
  if (!message.ends_with("]"))
    return {message.str(), "E0001"};
  size_t open = message.rfind(" [");
  if (open == StringRef::npos)
    return {message.str(), "E0001"};
  return {message.take_front(open).str(),
          message.drop_front(open + 2).drop_back().str()};
}

static void add(Diagnostics &diagnostics, mlir::Diagnostic &from) {
  auto [message, code] = splitCode(from.str());
  danskin::Location where = toPlace(from.getLocation());
  danskin::Diagnostic &to = from.getSeverity() == DiagnosticSeverity::Error
                                ? diagnostics.error(code, where, message)
                                : diagnostics.warning(code, where, message);
  for (mlir::Diagnostic &note : from.getNotes()) {
    std::string text = note.str();
    if (StringRef help = text; help.consume_front("help: "))
      to.help(help.str());
    else if (toPlace(note.getLocation()).line != where.line)
      to.note(toPlace(note.getLocation()), text);
    else
      to.note(text);
  }
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

namespace {
/// Passes as parts of `--time-trace`.
struct PassTrace : PassInstrumentation {
  void runBeforePass(Pass *pass, Operation *) override {
    llvm::timeTraceProfilerBegin(pass->getName(), StringRef());
  }
  void runAfterPass(Pass *, Operation *) override {
    llvm::timeTraceProfilerEnd();
  }
  void runAfterPassFailed(Pass *, Operation *) override {
    llvm::timeTraceProfilerEnd();
  }
};
} // namespace

bool Compiler::run(ModuleOp module,
                   function_ref<void(OpPassManager &)> populate) {
  ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    add(diagnostics, diagnostic);
  });
  PassManager manager(&context);
#ifdef NDEBUG
  // Once at the end: after each pass it is a fifth of the time.
  manager.enableVerifier(false);
#endif
  if (llvm::timeTraceProfilerEnabled())
    manager.addInstrumentation(std::make_unique<PassTrace>());
  populate(manager);
  return succeeded(manager.run(module)) && succeeded(verify(module)) &&
         !diagnostics.hasErrors();
}

OwningOpRef<ModuleOp> Compiler::lower(ModuleOp source, const Entry &entry,
                                      const PipelineOptions &options,
                                      const Stage &stage) {
  OwningOpRef<ModuleOp> module = source.clone();
  if (!run(*module, [&](OpPassManager &manager) {
        populatePipeline(manager, options, entry, stage);
      }))
    return nullptr;
  return module;
}

bool Compiler::advance(ModuleOp module, const Entry &entry,
                       const PipelineOptions &options, const Stage &from,
                       const Stage &to) {
  return run(module, [&](OpPassManager &manager) {
    populatePipeline(manager, options, entry, to, &from);
  });
}

bool Compiler::addLines(ModuleOp module) {
  return run(module, [](OpPassManager &manager) {
    manager.addPass(LLVM::createDIScopeForLLVMFuncOpPass());
  });
}

std::vector<const Entry *> Compiler::getEntriesOf(ModuleOp source) {
  std::vector<const Entry *> entries;
  auto program = *source.getOps<dp::ProgramOp>().begin();
  bool hasPath = classify(program) != ProgramClass::General;
  for (const Entry &entry : getEntries())
    if (!entry.tracesPath || hasPath)
      entries.push_back(&entry);
  return entries;
}

void Compiler::printSchedule(ModuleOp scheduled, const Entry &entry,
                             llvm::raw_ostream &os) {
  auto program = *scheduled.getOps<dp::ProgramOp>().begin();
  ProgramDependences dependences = DependenceAnalysis(program).dependences;
  // What follows a path has no time of its own.
  Problem timed;
  Schedule schedule;
  for (auto [statement, op] :
       llvm::zip(dependences.problem.statements, dependences.statements))
    if (auto rows = getScheduleRows(op)) {
      timed.statements.push_back(statement);
      schedule.rows.push_back(std::move(*rows));
    }
  os << "program " << program.getSymName() << ", entry " << entry.query << "\n";
  std::string text = toString(timed, schedule);
  for (StringRef line : llvm::split(StringRef(text).rtrim('\n'), '\n'))
    os << "  " << line << "\n";
}

std::optional<ProgramReport> Compiler::report(ModuleOp module) {
  if (!run(module, [](OpPassManager &manager) { populateSchedule(manager); }))
    return std::nullopt;
  auto program = *module.getOps<dp::ProgramOp>().begin();
  ProgramDependences dependences = DependenceAnalysis(program).dependences;
  FailureOr<Schedule> schedule = getSchedule(dependences);
  if (failed(schedule))
    return std::nullopt;
  return getReport(program, dependences, *schedule);
}
