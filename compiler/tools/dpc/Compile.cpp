//===- Compile.cpp - dpc FILE.dp ------------------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/target/Header.h"
#include "compiler/target/Link.h"
#include "compiler/tools/dpc/CompileOptions.h"
#include "compiler/tools/dpc/Verify.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/TimeProfiler.h"
#include "llvm/Support/raw_ostream.h"
#include <map>

using namespace danskin;
using llvm::StringRef;

static int complain(llvm::Error error) {
  llvm::errs() << "dpc: error: " << llvm::toString(std::move(error)) << "\n";
  return 1;
}

/// Writes `text` whole or not at all; `-` and nothing mean standard output.
static llvm::Error writeText(StringRef path, StringRef text) {
  if (path.empty() || path == "-") {
    llvm::outs() << text;
    return llvm::Error::success();
  }
  return llvm::writeToOutput(path, [&](llvm::raw_ostream &os) {
    os << text;
    return llvm::Error::success();
  });
}

/// A file's name as a word of a makefile.
static std::string escapeForMake(StringRef name) {
  std::string word;
  for (char c : name) {
    if (c == ' ' || c == '#')
      word += '\\';
    else if (c == '$')
      word += '$';
    word += c;
  }
  return word;
}

namespace {
/// `--time-trace`, from here to the end.
class Trace {
public:
  explicit Trace(StringRef file) : file(file) {
    if (!file.empty())
      llvm::timeTraceProfilerInitialize(/*TimeTraceGranularity=*/100, "dpc");
  }
  ~Trace() {
    if (file.empty())
      return;
    if (llvm::Error error = llvm::timeTraceProfilerWrite(file, ""))
      complain(std::move(error));
    llvm::timeTraceProfilerCleanup();
  }

private:
  std::string file;
};

class Timing {
public:
  Clock getClock(bool wanted) {
    if (!wanted)
      return nullptr;
    return [this](StringRef part, double time) { parts[part.str()] += time; };
  }
  void print() const {
    for (const auto &[part, time] : parts)
      llvm::errs() << llvm::format("%8.1f ms  ", time) << part << "\n";
  }

private:
  std::map<std::string, double> parts; ///< milliseconds
};

/// What is left to do once the source is checked.
class CompileCommand {
public:
  CompileCommand(CompileOptions options, SourceFile &source)
      : options(std::move(options)), source(source) {
    if (this->options.printSchedule)
      this->options.library.schedules = &llvm::errs();
  }

  llvm::Error run() {
    if (llvm::Error error = make())
      return error;
    if (options.dependencyFile.empty() || source.diagnostics.hasErrors())
      return llvm::Error::success();
    return writeText(options.dependencyFile, getDependencies());
  }

private:
  llvm::Error make() {
    if (options.emit == "ast")
      return printTree();
    if (const Stage *stage = findStage(options.emit);
        stage &&
        (stage->populate || options.emit == "ir" || options.emit == "asm"))
      return printAt(*stage);
    return makeLibrary();
  }

  /// A rule of make: what was made, and from what.
  std::string getDependencies() const {
    std::string rule;
    for (const std::string &file :
         {getOutput(options), options.headerFile, options.manifestFile})
      if (!file.empty() && file != "-")
        rule += (rule.empty() ? "" : " ") + escapeForMake(file);
    rule += ":";
    if (options.file != "-")
      rule += " " + escapeForMake(options.file);
    return rule + "\n";
  }

  llvm::Error printTree() {
    std::string text;
    llvm::raw_string_ostream os(text);
    printAst(*source.file, os);
    return writeText(options.output, text);
  }

  llvm::Error printAt(const Stage &stage) {
    std::string text;
    llvm::raw_string_ostream os(text);
    if (!printStage(*source.file, source.text, options.file, options.library,
                    stage, os, source.diagnostics))
      return llvm::Error::success();
    return writeText(options.output, text);
  }

  llvm::Error makeLibrary() {
    Timing timing;
    Clock clock = timing.getClock(options.time);
    std::optional<Library> library =
        compileLibrary(*source.file, source.text, options.file, options.library,
                       source.diagnostics, clock);
    if (!library)
      return llvm::Error::success();
    if (options.verify) {
      auto begin = std::chrono::steady_clock::now();
      auto verified = verifyLibrary(*source.file, *library, options.library);
      if (!verified)
        return verified.takeError();
      if (!addVerification(*library, *verified, options.library,
                           source.diagnostics))
        return llvm::Error::success();
      if (clock)
        clock("verification", takeLap(begin));
    }
    if (llvm::Error error = write(*library))
      return error;
    if (options.time)
      timing.print();
    return llvm::Error::success();
  }

  llvm::Error write(const Library &library) {
    const LibraryInterface &interface = library.interface;
    if (!options.headerFile.empty())
      if (llvm::Error error = writeText(
              options.headerFile, writeHeader(interface, getHeaderName())))
        return error;
    if (!options.manifestFile.empty())
      if (llvm::Error error = writeText(options.manifestFile, library.manifest))
        return error;
    if (options.emit == "manifest")
      return writeText(options.output, library.manifest);
    if (options.emit == "header")
      return writeText(options.output, writeHeader(interface, getHeaderName()));
    if (options.emit == "example-c")
      return writeText(options.output,
                       writeExampleC(interface, getHeaderName()));
    return link(library);
  }

  /// The header as an #include names it.
  std::string getHeaderName() const {
    if (!options.headerFile.empty())
      return llvm::sys::path::filename(options.headerFile).str();
    return llvm::sys::path::stem(options.file).str() + ".h";
  }

  llvm::Error link(const Library &library) {
    std::string output = getOutput(options);
    if (output.empty())
      return llvm::createStringError("a library is a file: -o wants its name");
    llvm::TimeTraceScope scope("Link", output);
    if (options.emit == "obj")
      return linkObject(library.objects, output);
    if (StringRef(output).ends_with(".a"))
      return linkStaticLibrary(library.objects, output);
    return linkSharedLibrary(library.objects, output);
  }

  CompileOptions options;
  SourceFile &source;
};
} // namespace

int danskin::compileCommand(Arguments arguments) {
  auto options = parseCompileOptions(arguments);
  if (!options)
    return complain(options.takeError());
  Trace trace(options->timeTraceFile);
  auto source = readSource(*options);
  if (!source)
    return complain(source.takeError());
  bool json = options->jsonDiagnostics;
  if ((*source)->file)
    if (llvm::Error error = CompileCommand(*options, **source).run()) {
      report((*source)->diagnostics, json);
      return complain(std::move(error));
    }
  return report((*source)->diagnostics, json);
}
