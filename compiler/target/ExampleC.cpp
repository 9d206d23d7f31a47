//===- ExampleC.cpp - a C program that calls a library --------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/target/CNames.h"
#include "compiler/target/Header.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace danskin;
using namespace llvm;

static int64_t valueOf(const SizeForm &form, ArrayRef<int64_t> sizes) {
  int64_t value = form.constant;
  for (auto [coefficient, size] : zip(form.coefficients, sizes))
    value += coefficient * size;
  return value;
}

/// Whether the program is made for these sizes and there is something to put
/// into its arrays.
static bool areSizesFine(const EntryInterface &entry, ArrayRef<int64_t> sizes) {
  for (auto [size, value] : zip(entry.sizes, sizes))
    if (size.fixed && *size.fixed != value)
      return false;
  for (const ConstraintInterface &constraint : entry.constraints) {
    int64_t value = valueOf(constraint.form, sizes);
    if (constraint.isEquality ? value != 0 : value < 0)
      return false;
  }
  for (const InputInterface &input : entry.inputs) {
    for (const SizeForm &extent : input.extents)
      if (valueOf(extent, sizes) < 0)
        return false;
    if (input.lower && input.upper &&
        valueOf(*input.lower, sizes) >= valueOf(*input.upper, sizes))
      return false;
  }
  return true;
}

/// Small sizes, the first that fit of all 3, then those near it.
static std::vector<int64_t> chooseSizes(const EntryInterface &entry) {
  std::vector<int64_t> base;
  for (const SizeInterface &size : entry.sizes)
    base.push_back(size.fixed.value_or(3));
  if (areSizesFine(entry, base))
    return base;
  // An odometer over 1..=6 in the sizes that are free, bounded.
  const int64_t choices[] = {3, 4, 2, 5, 1, 6};
  std::vector<size_t> digits(base.size(), 0);
  for (int tries = 0; tries < 100000; ++tries) {
    size_t k = 0;
    while (k < digits.size() &&
           (entry.sizes[k].fixed || ++digits[k] == std::size(choices)))
      digits[k++] = 0;
    if (k == digits.size())
      break;
    for (size_t i = 0; i < base.size(); ++i)
      base[i] = entry.sizes[i].fixed.value_or(choices[digits[i]]);
    if (areSizesFine(entry, base))
      return base;
  }
  return base;
}

/// The example shows derivatives where the library has them.
static const EntryInterface &chooseEntry(const LibraryInterface &library) {
  for (const EntryInterface &entry : library.entries)
    if (entry.program == library.entries[0].program &&
        entry.name == "value_grad")
      return entry;
  return library.entries[0];
}

namespace {

class ExampleWriter {
public:
  ExampleWriter(raw_ostream &out, const EntryInterface &entry)
      : out(out), entry(entry), names(entry), sizes(chooseSizes(entry)) {}

  void write(StringRef header) {
    out << "/* Calls " << names.wrapper << " on made-up arrays. For example:\n"
        << " *   cc -std=c99 example.c -L. -l<library> -lpthread */\n"
        << "#include \"" << header << "\"\n"
        << "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n\n";
    writePrinter();
    out << "int main(void) {\n"
        << "  static char error[512];\n"
        << "  " << names.wrapper << "_args a;\n"
        << "  int64_t shape[" << largestRank() + 1 << "], i;\n"
        << "  int32_t rank;\n"
        << "  int code = DP_OK;\n"
        << "  memset(&a, 0, sizeof a);\n"
        << "  a.error = error;\n  a.error_bytes = sizeof error;\n";
    for (auto [name, value] : zip(names.sizes, sizes))
      out << "  a." << name << " = " << value << ";\n";
    for (size_t i = 0; i < entry.inputs.size(); ++i)
      writeInput(i);
    out << "\n  /* The results' shapes follow from the arguments. */\n";
    for (size_t o = 0; o < entry.outputs.size(); ++o)
      out << "  if (code == DP_OK)\n    code = " << names.wrapper
          << "_output_shape(&a, " << o << ", &rank, shape);\n"
          << "  if (code == DP_OK)\n    a." << names.outputs[o]
          << " = calloc((size_t)count(rank, shape) + 1, sizeof *a."
          << names.outputs[o] << ");\n";
    out << "  if (code == DP_OK) {\n"
        << "    a.workspace_bytes = " << names.wrapper << "_workspace(&a);\n"
        << "    a.workspace = malloc((size_t)a.workspace_bytes + 1);\n"
        << "    code = " << names.wrapper << "(&a);\n  }\n"
        << "  if (code != DP_OK) {\n"
        << "    fprintf(stderr, \"%s\\n\", error);\n    return 1;\n  }\n\n";
    for (size_t o = 0; o < entry.outputs.size(); ++o)
      writeOutput(o);
    out << "  free(a.workspace);\n";
    for (const std::string &output : names.outputs)
      out << "  free(a." << output << ");\n";
    out << "  return 0;\n}\n";
  }

private:
  size_t largestRank() const {
    size_t rank = 0;
    for (const OutputInterface &output : entry.outputs)
      rank = std::max(rank, output.extents.size());
    return rank;
  }

  void writePrinter() {
    out << "static int64_t count(int32_t rank, const int64_t *shape) {\n"
           "  int64_t n = 1;\n"
           "  while (rank-- > 0)\n"
           "    n *= *shape++;\n"
           "  return n;\n}\n\n";
  }

  int64_t countOf(const InputInterface &input) const {
    int64_t count = 1;
    for (const SizeForm &extent : input.extents)
      count *= valueOf(extent, sizes);
    return count;
  }

  void writeInput(size_t index) {
    const InputInterface &input = entry.inputs[index];
    if (input.defaultValue && input.kind != ArrayKind::Gamma)
      return;
    std::string type = cType(input.kind, entry);
    std::string array = "array_" + names.inputs[index];
    int64_t count = countOf(input);
    out << "\n  static " << type << " " << array << "["
        << std::max<int64_t>(count, 1) << "];\n"
        << "  for (i = 0; i < " << count << "; ++i)\n    " << array
        << "[i] = " << element(input, count) << ";\n"
        << "  a." << names.inputs[index] << " = " << array << ";\n";
  }

  /// Element i of the input in C. A made-up graph spreads its edges evenly
  /// over the vertices after the first, each from the vertex before.
  std::string element(const InputInterface &input, int64_t count) const {
    std::string text;
    raw_string_ostream stream(text);
    if (input.kind == ArrayKind::Gamma) {
      stream << "0.5";
    } else if (input.kind != ArrayKind::Int) {
      stream << "(" << cType(input.kind, entry) << ")((i * 7 + 3) % 11) / 11";
    } else if (input.role == IntRole::DagPointers) {
      int64_t vertices = count - 1;
      stream << "i < 2 ? 0 : (i - 1) * INT64_C(" << edgesAfter(input) << ") / "
             << std::max<int64_t>(vertices - 1, 1);
    } else if (input.role == IntRole::DagSources) {
      stream << "i * INT64_C(" << verticesBefore(input) << ") / "
             << std::max<int64_t>(count, 1);
    } else {
      int64_t lower = input.lower ? valueOf(*input.lower, sizes) : 0;
      int64_t upper = input.upper ? valueOf(*input.upper, sizes) : lower + 1;
      stream << lower << " + i % " << std::max<int64_t>(upper - lower, 1);
    }
    return stream.str();
  }

  /// The number of edges of the graph whose pointers `input` holds: its
  /// sources come next.
  int64_t edgesAfter(const InputInterface &input) const {
    return countOf(*(&input + 1));
  }
  /// The number of vertices that can have edges leading out.
  int64_t verticesBefore(const InputInterface &input) const {
    return std::max<int64_t>(countOf(*(&input - 1)) - 2, 0);
  }

  void writeOutput(size_t index) {
    const OutputInterface &output = entry.outputs[index];
    const std::string &name = names.outputs[index];
    bool isInt = output.kind == ArrayKind::Int;
    out << "  " << names.wrapper << "_output_shape(&a, " << index
        << ", &rank, shape);\n"
        << "  printf(\"" << output.name << " =\");\n"
        << "  for (i = 0; i < count(rank, shape); ++i)\n"
        << "    printf(\" " << (isInt ? "%lld" : "%g") << "\", "
        << (isInt ? "(long long)" : "(double)") << "a." << name << "[i]);\n"
        << "  printf(\"\\n\");\n";
  }

  raw_ostream &out;
  const EntryInterface &entry;
  CNames names;
  std::vector<int64_t> sizes;
};

} // namespace

std::string danskin::writeExampleC(const LibraryInterface &library,
                                   StringRef header) {
  std::string text;
  raw_string_ostream out(text);
  ExampleWriter(out, chooseEntry(library)).write(header);
  return out.str();
}
