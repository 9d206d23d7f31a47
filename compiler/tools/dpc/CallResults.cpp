//===- CallResults.cpp - what a call gives back ---------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/Call.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace danskin;
using namespace danskin::ast;
using namespace danskin::reference;

Error danskin::writeResults(const Results &results, const ResolvedCall &call,
                            const std::string &folder) {
  if (std::error_code code = sys::fs::create_directories(folder))
    return reference::makeError("`" + folder + "`: " + code.message());
  auto path = [&](const std::string &name) {
    SmallString<128> path(folder);
    sys::path::append(path, name + ".npy");
    return path;
  };
  const std::pair<const char *, const TensorMap *> groups[] = {
      {"", &results.values},
      {"grad.", &results.grads},
      {"hvp.", &results.hvps},
      {"jvp.", &results.jvps}};
  for (const auto &[prefix, tensors] : groups)
    for (const auto &[name, tensor] : *tensors)
      if (Error error = writeNpy(path(prefix + name), tensor, call.isSingle))
        return error;
  if (results.argmax)
    if (Error error = writeNpy(path("argmax"), *results.argmax))
      return error;
  if (results.argmaxLength)
    if (Error error = writeNpy(path("argmax.length"), *results.argmaxLength))
      return error;
  return Error::success();
}

/// A row of the last axis a line.
template <class ArrayType, class Print>
static void printArray(const std::string &name, const ArrayType &array,
                       raw_ostream &os, Print print) {
  os << name;
  if (array.shape.empty()) {
    os << " = ";
    print(array.data.front());
    os << "\n";
    return;
  }
  os << " " << reference::toString(array.shape) << "\n";
  for (auto [k, element] : enumerate(array.data)) {
    bool lineEnds = int64_t(k + 1) % array.shape.back() == 0;
    os << " ";
    print(element);
    os << (lineEnds ? "\n" : "");
  }
}

void danskin::printResults(const Results &results, raw_ostream &os) {
  auto printFloat = [&](double x) { os << format("%.10g", x); };
  auto printInt = [&](int64_t x) { os << x; };
  const std::pair<const char *, const TensorMap *> groups[] = {
      {"", &results.values},
      {"grad.", &results.grads},
      {"hvp.", &results.hvps},
      {"jvp.", &results.jvps}};
  for (const auto &[prefix, tensors] : groups)
    for (const auto &[name, tensor] : *tensors)
      printArray(prefix + name, tensor, os, printFloat);
  if (results.argmax)
    printArray("argmax", *results.argmax, os, printInt);
  if (results.argmaxLength)
    printArray("argmax.length", *results.argmaxLength, os, printInt);
}

static std::string describeType(const InputDecl &input) {
  std::string text = input.element == InputDecl::Float ? "float"
                     : input.element == InputDecl::Int ? "int"
                                                       : "dag";
  for (auto [d, extent] : enumerate(input.extents))
    text += (d ? ", " : "[") + describeExtent(*extent);
  return text + (input.extents.empty() ? "" : "]");
}

void danskin::describeProgram(const Program &program,
                              ArrayRef<std::string> entries, raw_ostream &os) {
  os << "program " << program.name << "\n";
  os << "regularizer: " << (program.reg ? program.reg->name : "hard")
     << " (choose with --reg)\n";
  std::vector<std::string> free = getFreeSizes(program);
  os << "sizes:\n";
  const char *symbols[] = {"", " == ", " >= ", " <= "};
  for (const auto &size : program.sizes) {
    os << "  " << size->name << symbols[size->constraint];
    if (size->bound)
      os << describeExtent(*size->bound);
    os << (is_contained(free, size->name)
               ? "  (an argument: " + size->name + "=...)"
               : std::string())
       << "\n";
  }
  os << "inputs:\n";
  for (const auto &input : program.inputs) {
    os << "  " << (input->shared ? "shared " : "") << input->name << " : "
       << describeType(*input);
    if (input->element == InputDecl::Dag)
      os << "  (" << input->name << ".indptr, " << input->name << ".src)";
    os << "\n";
  }
  os << "outputs:\n";
  for (const auto &output : program.outputs) {
    os << "  " << output->name << " : float";
    if (!output->binders.empty())
      os << " of rank " << output->binders.size();
    os << "\n";
  }
  os << "entries: " << join(entries, ", ") << "\n";
  os << "wrt:";
  for (const auto &input : program.inputs)
    if (input->element == InputDecl::Float)
      os << " " << input->name;
  os << "; also";
  for (const auto &let : program.lets)
    os << " " << let->name;
  os << " gamma\n";
}
