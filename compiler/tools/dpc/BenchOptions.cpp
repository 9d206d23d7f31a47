//===- BenchOptions.cpp - the command line of dpc bench -------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/BenchOptions.h"
#include "compiler/tools/dpc/CommandLine.h"
#include "llvm/ADT/StringExtras.h"

using namespace danskin;
using llvm::StringRef;

/// Takes an option that is a number; false where the argument is another one.
template <class Number>
static bool takeNumber(StringRef argument, StringRef name, Number &number,
                       bool &isFaulty) {
  if (!argument.consume_front(name))
    return false;
  if constexpr (std::is_floating_point_v<Number>)
    isFaulty = !llvm::to_float(argument, number) || !(number > 0);
  else
    isFaulty = argument.getAsInteger(10, number) || number < 1;
  return true;
}

llvm::Expected<BenchOptions>
danskin::parseBenchOptions(llvm::ArrayRef<const char *> arguments) {
  BenchOptions options;
  CallSpec &spec = options.spec;
  spec.dtype = "f32";
  spec.entries = {"value", "grad", "hvp", "argmax"};
  for (StringRef argument : arguments) {
    StringRef text = argument;
    bool isFaulty = false;
    int64_t batch = 0;
    if (takeNumber(text, "--batch=", batch, isFaulty))
      options.batch = batch;
    else if (takeNumber(text, "--gamma=", options.gamma, isFaulty) ||
             takeNumber(text, "--seconds=", options.seconds, isFaulty) ||
             takeNumber(text, "--threads=", options.threads, isFaulty) ||
             takeNumber(text, "--samples=", options.samples, isFaulty) ||
             takeNumber(text, "--seed=", spec.seed, isFaulty))
      ;
    else if (text.consume_front("--reg="))
      spec.reg = text.str();
    else if (text.consume_front("--float="))
      spec.dtype = text.str();
    else if (text.consume_front("--program="))
      spec.program = text.str();
    else if (text.consume_front("--entry="))
      spec.entries = splitList(text);
    else if (text.consume_front("--wrt="))
      spec.wrt = splitList(text);
    else if (text.consume_front("--format="))
      options.json = text == "json",
      isFaulty = text != "json" && text != "text";
    else if (text.starts_with("-"))
      spec.engineOptions.push_back(text.str());
    else if (auto [name, value] = text.split('='); !value.empty())
      isFaulty = value.getAsInteger(10, options.sizes[name.str()]);
    else if (spec.file.empty())
      spec.file = text.str();
    else
      isFaulty = true;
    if (isFaulty)
      return llvm::createStringError("cannot make sense of `" + argument + "`");
  }
  if (spec.file.empty())
    return llvm::createStringError("no program file is given");
  if (spec.dtype != "f32" && spec.dtype != "f64")
    return llvm::createStringError("there is no type `" + spec.dtype + "`");
  for (const std::string &entry : spec.entries)
    if (entry != "value" && entry != "grad" && entry != "hvp" &&
        entry != "argmax")
      return llvm::createStringError("there is no entry `" + entry + "`");
  return options;
}
