//===- TestCommand.cpp - dpc test: the oracles on a user's program --------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/TestCommand.h"
#include "compiler/tools/dpc/CommandLine.h"
#include "compiler/tools/dpc/TestCommandRun.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace danskin;
using namespace danskin::ast;
using namespace danskin::reference;

static Expected<TestOptions> parseOptions(ArrayRef<const char *> arguments) {
  TestOptions options;
  for (size_t k = 0; k < arguments.size(); ++k) {
    StringRef argument = arguments[k];
    bool isNumber = true;
    if (argument.consume_front("--instances="))
      isNumber = !argument.getAsInteger(10, options.instances);
    else if (argument.consume_front("--seed="))
      isNumber = !argument.getAsInteger(10, options.seed);
    else if (argument.consume_front("--reg="))
      options.regs = splitList(argument);
    else if (argument.consume_front("--float="))
      options.types = splitList(argument);
    else if (argument.consume_front("--program="))
      options.program = argument.str();
    else if (argument == "--format=json" || argument == "--format=text")
      options.json = argument.ends_with("json");
    else if (argument == "--program" && k + 1 < arguments.size())
      options.program = arguments[++k];
    else if (argument.starts_with("-"))
      options.engineOptions.push_back(argument.str());
    else if (!options.file.empty())
      return reference::makeError("unknown argument `" + argument + "`");
    else
      options.file = argument.str();
    if (!isNumber)
      return reference::makeError("`" + argument + "` is no number");
  }
  for (const std::string &type : options.types)
    if (type != "f32" && type != "f64")
      return reference::makeError("there is no type `" + type + "`");
  if (options.file.empty())
    return reference::makeError("no program file is given");
  return options;
}

static void printOnce(const std::string &message, std::set<std::string> &said) {
  if (said.insert(message).second)
    report(reference::makeError(message));
}

int danskin::testCommand(ArrayRef<const char *> arguments,
                         EngineFactory makeEngine) {
  Expected<TestOptions> options = parseOptions(arguments);
  if (!options)
    return report(options.takeError());
  auto buffer = MemoryBuffer::getFile(options->file);
  if (!buffer)
    return report(reference::makeError("`" + options->file +
                                       "`: " + buffer.getError().message()));
  Diagnostics diagnostics;
  std::unique_ptr<File> file =
      parseFile((*buffer)->getBuffer(), options->file, diagnostics);
  diagnostics.print(errs());
  if (!file)
    return 1;
  int failures = 0;
  bool found = false;
  std::set<std::string> said;
  json::Array runs;
  for (const auto &program : file->programs) {
    if (!options->program.empty() && program->name != options->program)
      continue;
    found = true;
    for (const std::string &reg : options->regs)
      for (const std::string &type : options->types) {
        if (!options->json)
          outs() << program->name << " " << reg << " " << type << "\n";
        Tally tally;
        TestSubject subject = {*file, (*buffer)->getBuffer(), *program, reg,
                               type == "f32"};
        // What flows is a matter of derivatives, and of no type.
        subject.hasFlow = type == options->types.front();
        if (Error error =
                runTests(subject, *options, makeEngine, said, tally)) {
          ++failures;
          printOnce(llvm::toString(std::move(error)), said);
          continue;
        }
        if (!options->json)
          tally.print(outs());
        failures += tally.countFailures();
        runs.push_back(json::Object{{"program", program->name},
                                    {"reg", reg},
                                    {"float", type},
                                    {"checks", tally.toJson()}});
      }
  }
  if (!found)
    return report(
        reference::makeError("there is no program `" + options->program + "`"));
  if (options->json)
    outs() << json::Value(json::Object{{"failed", failures},
                                       {"seed", options->seed},
                                       {"instances", options->instances},
                                       {"runs", std::move(runs)}})
           << "\n";
  else
    outs() << (failures ? "FAILED: " + std::to_string(failures) + " failures"
                        : std::string("passed"))
           << " (seed " << options->seed << ", " << options->instances
           << " instances)\n";
  return failures != 0;
}
