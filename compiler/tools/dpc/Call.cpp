//===- Call.cpp - the command line of a call ------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/Call.h"
#include "compiler/pipeline/Compiler.h"
#include "compiler/tools/dpc/CommandLine.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace danskin;
using namespace danskin::ast;
using namespace danskin::reference;

namespace {
class CallParser {
public:
  explicit CallParser(ArrayRef<const char *> arguments)
      : arguments(arguments) {}

  Expected<CallSpec> run() {
    while (next < arguments.size()) {
      StringRef argument = arguments[next++];
      Error error = argument.starts_with("-") ? parseOption(argument)
                                              : parsePositional(argument);
      if (error)
        return error;
    }
    if (spec.file.empty())
      return reference::makeError("no program file is given");
    return std::move(spec);
  }

private:
  Error parsePositional(StringRef argument) {
    if (!argument.contains('=')) {
      if (!spec.file.empty())
        return reference::makeError("`" + argument +
                                    "` is no assignment `name=value`");
      spec.file = argument.str();
      return Error::success();
    }
    auto [name, value] = argument.split('=');
    std::vector<Assignment> *list = &spec.values;
    if (name.consume_front("len:"))
      list = &spec.lengths;
    else if (name.consume_front("dir:"))
      list = &spec.directions;
    else if (name.consume_front("ct:"))
      list = &spec.cotangents;
    for (const Assignment &earlier : *list)
      if (earlier.name == name)
        return reference::makeError("`" + name + "` is given twice");
    list->push_back({name.str(), value.str()});
    return Error::success();
  }

  Error parseDefine(StringRef text) {
    auto [name, value] = text.split('=');
    int64_t number;
    if (value.getAsInteger(10, number))
      return reference::makeError("`-D " + text +
                                  "` is not of the form "
                                  "`-D SIZE=NUMBER`");
    spec.defines[name.str()] = number;
    return Error::success();
  }

  /// The value of option `name` if the argument is it: after `=` or next.
  bool takes(StringRef argument, StringRef name, std::string &value) {
    if (!argument.consume_front(name))
      return false;
    if (argument.consume_front("=")) {
      value = argument.str();
      return true;
    }
    if (!argument.empty() || next >= arguments.size())
      return false;
    value = arguments[next++];
    return true;
  }

  Error parseOption(StringRef argument) {
    std::string value;
    if (argument == "--describe")
      spec.describe = true;
    else if (argument == "-Werror")
      spec.warningsAreErrors = true;
    else if (takes(argument, "-o", spec.outputFolder) ||
             takes(argument, "--program", spec.program) ||
             takes(argument, "--gamma", spec.gamma))
      return Error::success();
    else if (takes(argument, "--reg", value))
      spec.reg = value;
    else if (takes(argument, "--wrt", value))
      spec.wrt = splitList(value);
    else if (takes(argument, "-D", value) ||
             (argument.consume_front("-D") && !argument.empty()))
      return parseDefine(value.empty() ? argument : value);
    else if (takes(argument, "--float", value))
      return parseType(value);
    else if (takes(argument, "--entry", value))
      return parseEntries(value);
    else if (takes(argument, "--seed", value))
      return StringRef(value).getAsInteger(10, spec.seed)
                 ? reference::makeError("`--seed=" + value + "` is no number")
                 : Error::success();
    else
      spec.engineOptions.push_back(argument.str());
    return Error::success();
  }

  Error parseType(StringRef value) {
    if (value != "f32" && value != "f64")
      return reference::makeError("`--float=" + value +
                                  "` must be f32 or f64 in a call");
    spec.dtype = value.str();
    return Error::success();
  }

  Error parseEntries(StringRef value) {
    spec.entries = splitList(value);
    for (std::string &name : spec.entries) {
      const Entry *entry = findEntry(name);
      if (!entry)
        return reference::makeError("there is no entry `" + name +
                                    "`; there are value, grad, hvp and argmax");
      name = entry->query.str();
    }
    return Error::success();
  }

  ArrayRef<const char *> arguments;
  size_t next = 0;
  CallSpec spec;
};
} // namespace

Expected<CallSpec> danskin::parseCall(ArrayRef<const char *> arguments) {
  return CallParser(arguments).run();
}

Expected<const Program *> danskin::selectProgram(const File &file,
                                                 const CallSpec &spec) {
  std::string names;
  for (const auto &program : file.programs) {
    if (program->name == spec.program)
      return program.get();
    names += (names.empty() ? "`" : ", `") + program->name + "`";
  }
  if (!spec.program.empty())
    return reference::makeError("there is no program `" + spec.program +
                                "`; there are " + names);
  if (file.programs.size() != 1)
    return reference::makeError("the file has programs " + names +
                                ": choose one with `--program NAME`");
  return file.programs.front().get();
}

//===----------------------------------------------------------------------===//
// The whole command
//===----------------------------------------------------------------------===//

/// Describes one program, or all of the file.
static int describe(const File &file, const CallSpec &spec, StringRef text,
                    Diagnostics &diagnostics) {
  if (!spec.program.empty())
    if (Error error = selectProgram(file, spec).takeError())
      return report(std::move(error));
  Compiler compiler(diagnostics);
  bool isFirst = true;
  for (const auto &program : file.programs) {
    if (!spec.program.empty() && program->name != spec.program)
      continue;
    auto module = compiler.generate(*program, text, spec.file, {});
    if (!module)
      continue;
    std::vector<std::string> entries;
    for (const Entry *entry : Compiler::getEntriesOf(*module))
      entries.push_back(entry->query.str());
    outs() << (isFirst ? "" : "\n");
    describeProgram(*program, entries, outs());
    isFirst = false;
  }
  diagnostics.print(errs());
  return diagnostics.hasErrors();
}

static Error answer(const File &file, CallSpec &spec, EngineFactory makeEngine,
                    Diagnostics &diagnostics) {
  Expected<const Program *> program = selectProgram(file, spec);
  if (!program)
    return program.takeError();
  Expected<ResolvedCall> call = resolveCall(**program, spec);
  if (!call)
    return call.takeError();
  auto engine = makeEngine(file, spec, *call, diagnostics);
  diagnostics.print(errs());
  if (!engine)
    return engine.takeError();
  Expected<Results> results = (*engine)->evaluate(*call);
  if (!results)
    return results.takeError();
  if (!spec.outputFolder.empty())
    return writeResults(*results, *call, spec.outputFolder);
  printResults(*results, outs());
  return Error::success();
}

int danskin::runCallCommand(ArrayRef<const char *> arguments,
                            EngineFactory makeEngine) {
  Expected<CallSpec> spec = parseCall(arguments);
  if (!spec)
    return report(spec.takeError());
  auto buffer = MemoryBuffer::getFile(spec->file);
  if (!buffer)
    return report(reference::makeError("`" + spec->file +
                                       "`: " + buffer.getError().message()));
  Diagnostics diagnostics;
  diagnostics.warningsAreErrors = spec->warningsAreErrors;
  StringRef text = (*buffer)->getBuffer();
  std::unique_ptr<File> file = parseFile(text, spec->file, diagnostics);
  if (spec->reg && !spec->reg->empty())
    spec->reg = parseRegularizer(*spec->reg, diagnostics);
  if (!file || diagnostics.hasErrors()) {
    diagnostics.print(errs());
    return 1;
  }
  if (spec->describe)
    return describe(*file, *spec, text, diagnostics);
  if (Error error = answer(*file, *spec, makeEngine, diagnostics))
    return report(std::move(error));
  return 0;
}
