//===- CompileOptions.cpp - the command line of compiling -----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/CompileOptions.h"
#include "compiler/target/Cuda.h"
#include "compiler/target/Lanes.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/TimeProfiler.h"
#include "llvm/Support/raw_ostream.h"

using namespace danskin;
using llvm::StringRef;

namespace {
/// One pass over the arguments; the first fault ends it.
class OptionParser {
public:
  explicit OptionParser(Arguments arguments) : arguments(arguments) {}

  llvm::Expected<CompileOptions> run() {
    for (; position < arguments.size() && fault.empty(); ++position)
      parse(arguments[position]);
    if (fault.empty() && options.file.empty())
      fault = "no input file; `dpc --help` says what to write";
    if (fault.empty())
      settleFiles();
    if (isNative && !saysLanes)
      options.library.pipeline.lanes =
          options.library.isas.front() == Isa::Avx512 ? 16 : 8;
    if (!fault.empty())
      return llvm::createStringError(fault);
    std::string line = "dpc";
    for (const char *argument : arguments)
      line += std::string(" ") + argument;
    options.library.commandLine = line;
    return std::move(options);
  }

private:
  /// The files whose names follow from that of the output.
  void settleFiles() {
    std::string output = getOutput(options);
    if (writesDependencies && options.dependencyFile.empty()) {
      if (output.empty())
        fault = "-MD wants -o, or -MF and a file: there is no output to name "
                "its file after";
      llvm::SmallString<128> path(output);
      llvm::sys::path::replace_extension(path, "d");
      options.dependencyFile = path.str().str();
    }
    if (tracesTime && options.timeTraceFile.empty())
      options.timeTraceFile = (output.empty() ? "dpc" : output) + ".time-trace";
  }

  void parse(StringRef argument) {
    if (!argument.starts_with("-") || argument == "-") {
      if (!options.file.empty())
        fault = "two input files, `" + options.file + "` and `" +
                argument.str() + "`";
      options.file = argument.str();
      return;
    }
    if (!parseText(argument) && !parseList(argument) && !parseFlag(argument))
      fault =
          "unknown option `" + argument.str() + "`; `dpc --help` lists them";
  }

  /// `--name=value`, or `--name value`.
  bool parseText(StringRef argument) {
    PipelineOptions &pipeline = options.library.pipeline;
    const std::pair<StringRef, std::string *> texts[] = {
        {"--emit-header", &options.headerFile},
        {"--emit-manifest", &options.manifestFile},
        {"--program", &options.library.program},
        {"--reg", &pipeline.regularizer},
        {"--form", &pipeline.form},
        {"--lane", &pipeline.lane},
        {"--storage", &pipeline.storage},
        {"--cpu", &options.library.cpu.cpu},
        {"-o", &options.output},
        {"-MF", &options.dependencyFile},
    };
    for (auto [name, target] : texts)
      if (std::optional<StringRef> value = match(argument, name)) {
        *target = value->str();
        return true;
      }
    if (std::optional<StringRef> value = match(argument, "--emit"))
      return parseStage(*value);
    if (std::optional<StringRef> value = match(argument, "--memory"))
      return parseMemory(*value);
    if (std::optional<StringRef> value =
            match(argument, "--diagnostics-format")) {
      options.jsonDiagnostics = *value == "json";
      if (*value != "json" && *value != "text")
        fault =
            "--diagnostics-format is text or json, not `" + value->str() + "`";
      return true;
    }
    return false;
  }

  bool parseStage(StringRef value) {
    const StringRef others[] = {"manifest", "header", "example-c"};
    if (!findStage(value) && !llvm::is_contained(others, value))
      fault = "--emit does not know `" + value.str() +
              "`; `dpc --help` lists the stages";
    options.emit = value.str();
    return true;
  }

  bool parseMemory(StringRef value) {
    options.library.pipeline.checkpoint = value == "checkpoint";
    if (value != "checkpoint" && value != "full")
      fault = "--memory does not know `" + value.str() +
              "`; it knows full, checkpoint";
    return true;
  }

  bool parseList(StringRef argument) {
    PipelineOptions &pipeline = options.library.pipeline;
    if (auto value = match(argument, "--float"))
      return split(*value, pipeline.floats, {"f32", "f64"}, "--float");
    if (auto value = match(argument, "--entry"))
      return split(*value, options.library.entries, {}, "--entry");
    if (auto value = match(argument, "--wrt"))
      return split(*value, pipeline.wrt, {}, "--wrt");
    if (auto value = match(argument, "--target"))
      return parseTargets(*value);
    if (auto value = match(argument, "--sanitize")) {
      std::vector<std::string> names;
      split(*value, names, {"address", "thread"}, "--sanitize");
      for (StringRef name : names)
        (name == "address" ? options.library.cpu.sanitizeAddress
                           : options.library.cpu.sanitizeThread) = true;
      return true;
    }
    return false;
  }

  /// `cpu:avx2,avx512`, `cuda:sm_80,cuda:sm_90`, `cuda-sim`: a name without a
  /// colon is another of the kind before it.
  bool parseTargets(StringRef value) {
    LibraryOptions &library = options.library;
    library.isas.clear();
    isNative = false;
    library.devices.clear();
    StringRef kind;
    SmallVector<StringRef> parts;
    value.split(parts, ',');
    for (StringRef part : parts) {
      StringRef name = part;
      if (part.contains(':') || kind.empty() || part.starts_with("c"))
        std::tie(kind, name) = part.split(':');
      std::optional<Isa> isa = parseIsa(name);
      if (kind == "cpu" && name == "native") {
        isNative = true;
        library.isas = {getHostIsa()};
      } else if (kind == "cpu" && (name.empty() || isa)) {
        if (isa)
          library.isas.push_back(*isa);
      } else if (kind == "cuda" && isCudaArch(name)) {
        library.devices.push_back(name.str());
      } else if (kind == "cuda-sim" && (name.empty() || name == "large")) {
        library.devices.push_back(name.empty() ? "sim" : "sim:large");
      } else {
        fault = "there is no target `" + part.str() +
                "`; there are cpu, cpu:avx2, cpu:avx512, cpu:any, cpu:native, "
                "cuda:sm_80, "
                "cuda:sm_90 (and other numbers from 70 on) and cuda-sim";
      }
    }
    if (library.devices.size() > 1 &&
        llvm::any_of(library.devices, [](StringRef device) {
          return device.starts_with("sim");
        }))
      fault = "a library is for the emulator or for GPUs, not for both";
    return true;
  }

  bool parseFlag(StringRef argument) {
    if (argument == "-S")
      options.emit = "asm";
    else if (argument == "-c")
      options.emit = "obj";
    else if (argument == "-g")
      options.library.hasLines = true;
    else if (argument == "-MD")
      writesDependencies = true;
    else if (argument == "--precise")
      options.library.pipeline.form = "wide";
    else if (argument == "--print-schedule")
      options.printSchedule = true;
    else if (argument == "--time-trace")
      tracesTime = true;
    else if (argument.consume_front("--time-trace=") && !argument.empty())
      options.timeTraceFile = argument.str();
    else if (argument == "--row-major")
      options.library.pipeline.order = Order::Rows;
    else if (argument == "--widest")
      options.library.pipeline.order = Order::Widest;
    else if (argument.consume_front("--lanes="))
      parseLanes(argument);
    else if (argument == "--json")
      options.json = true;
    else if (argument == "--time")
      options.time = true;
    else if (argument == "--verify")
      options.verify = true;
    else if (argument == "-Werror")
      options.warningsAreErrors = true;
    else if (argument.size() == 3 && argument.starts_with("-O") &&
             argument[2] >= '0' && argument[2] <= '3')
      options.library.cpu.optLevel = argument[2] - '0';
    else if (argument.starts_with("-D"))
      parseSize(argument);
    else
      return false;
    return true;
  }

  void parseLanes(StringRef text) {
    unsigned &lanes = options.library.pipeline.lanes;
    saysLanes = true;
    if (text.getAsInteger(10, lanes) || !llvm::isPowerOf2_32(lanes) ||
        lanes > 16)
      fault = "--lanes wants 1, 2, 4, 8 or 16, not `" + text.str() + "`";
  }

  /// `-D NAME=VALUE` or `-DNAME=VALUE`.
  void parseSize(StringRef argument) {
    StringRef text = argument.drop_front(2);
    if (text.empty() && position + 1 < arguments.size())
      text = arguments[++position];
    auto [name, value] = text.split('=');
    int64_t number;
    if (name.empty() || value.getAsInteger(10, number) || number < 0) {
      fault = "-D wants NAME=VALUE with a whole number of at least 0, not `" +
              text.str() + "`";
      return;
    }
    options.library.fixed[name] = number;
  }

  std::optional<StringRef> match(StringRef argument, StringRef name) {
    if (argument == name) {
      if (position + 1 == arguments.size()) {
        fault = "`" + name.str() + "` wants a value";
        return StringRef();
      }
      return StringRef(arguments[++position]);
    }
    if (argument.consume_front(name) && argument.consume_front("="))
      return argument;
    return std::nullopt;
  }

  bool split(StringRef value, std::vector<std::string> &into,
             llvm::ArrayRef<StringRef> allowed, StringRef name) {
    into.clear();
    llvm::SmallVector<StringRef> parts;
    value.split(parts, ',', -1, false);
    for (StringRef part : parts) {
      if (!allowed.empty() && !llvm::is_contained(allowed, part))
        fault = name.str() + " does not know `" + part.str() + "`; it knows " +
                llvm::join(allowed, ", ");
      into.push_back(part.str());
    }
    return true;
  }

  Arguments arguments;
  size_t position = 0;
  CompileOptions options;
  bool writesDependencies = false, tracesTime = false;
  bool isNative = false;  ///< the vectors are those of this machine
  bool saysLanes = false; ///< and how long they are is said
  std::string fault;
};
} // namespace

llvm::Expected<CompileOptions>
danskin::parseCompileOptions(Arguments arguments) {
  return OptionParser(arguments).run();
}

std::string danskin::getOutput(const CompileOptions &options) {
  if (!options.output.empty())
    return options.output == "-" ? std::string() : options.output;
  std::string stem = llvm::sys::path::stem(options.file).str();
  if (options.emit == "obj")
    return stem + ".o";
  return options.emit.empty() || options.emit == "lib" ? "lib" + stem + ".so"
                                                       : std::string();
}

/// Reports programs and sizes that options name and the file does not have.
static void checkNames(const CompileOptions &options, SourceFile &source) {
  const std::string &wanted = options.library.program;
  bool found = false;
  llvm::StringSet<> sizes;
  for (const auto &program : source.file->programs)
    if (wanted.empty() || wanted == program->name) {
      found = true;
      for (const auto &size : program->sizes)
        sizes.insert(size->name);
    }
  auto fail = [&](StringRef what, StringRef name) {
    source.diagnostics.error("E0503", {options.file},
                             ("no " + what + " called `" + name + "`").str());
  };
  if (!found)
    return fail("program", wanted);
  for (const auto &fixed : options.library.fixed)
    if (!sizes.contains(fixed.getKey()))
      fail("size", fixed.getKey());
}

llvm::Expected<std::unique_ptr<SourceFile>>
danskin::readSource(CompileOptions &options) {
  auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(options.file);
  if (!buffer)
    return llvm::createStringError("cannot read `" + options.file +
                                   "`: " + buffer.getError().message());
  auto source = std::make_unique<SourceFile>();
  source->diagnostics.warningsAreErrors = options.warningsAreErrors;
  source->text = (*buffer)->getBuffer().str();
  llvm::TimeTraceScope scope("Frontend");
  source->file = parseFile(source->text, options.file, source->diagnostics);
  std::string &regularizer = options.library.pipeline.regularizer;
  if (!regularizer.empty())
    if (auto name = parseRegularizer(regularizer, source->diagnostics))
      regularizer = *name;
  if (source->file)
    checkNames(options, *source);
  if (source->diagnostics.hasErrors())
    source->file.reset();
  return source;
}

int danskin::report(const Diagnostics &diagnostics, bool json) {
  if (json)
    diagnostics.printJson(llvm::errs());
  else
    diagnostics.print(llvm::errs());
  return diagnostics.hasErrors() ? 1 : 0;
}
