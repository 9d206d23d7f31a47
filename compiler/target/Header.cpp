//===- Header.cpp - the C header of a library -----------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/target/Header.h"
#include "compiler/target/CNames.h"
#include "compiler/target/RuntimeArchive.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace danskin;
using namespace llvm;

// What every entry's inline functions share. memcpy, because device_type is an
// enum of its own where dlpack.h came first.
static const char *const helpers = R"(#ifndef DP_WRAP_H
#define DP_WRAP_H
#include <string.h>

/* A dense array. shape has room for rank + 1; a batch > 0 goes in front. */
static inline void dp_wrap_dense(dp_tensor *tensor, const void *data, int code,
                                 int bits, int32_t rank, int64_t *shape,
                                 int64_t batch) {
  int32_t cpu = DP_CPU;
  memset(tensor, 0, sizeof *tensor);
  memcpy(&tensor->data, &data, sizeof data);
  memcpy(&tensor->device, &cpu, sizeof cpu);
  tensor->dtype.code = (uint8_t)code;
  tensor->dtype.bits = (uint8_t)bits;
  tensor->dtype.lanes = 1;
  shape[0] = batch;
  tensor->shape = batch > 0 ? shape : shape + 1;
  tensor->ndim = batch > 0 ? rank + 1 : rank;
}
#endif

)";

namespace {

/// Writes one entry's part of the header.
class EntryWriter {
public:
  EntryWriter(raw_ostream &out, const EntryInterface &entry)
      : out(out), entry(entry), names(entry) {}

  void write() {
    writePrototypes();
    writeArguments();
    writeFrame();
    writeFill();
    writeCalls();
  }

private:
  void writePrototypes() {
    std::string symbol = entry.symbol();
    out << "/*===--- " << entry.program << ": " << entry.name << ", "
        << entry.dtype << " ---===*/\n\n"
        << "int " << symbol << "(const dp_call *call);\n"
        << "int64_t " << symbol << "_workspace(const dp_call *call);\n"
        << "int " << symbol
        << "_output_shape(const dp_call *call, int32_t output,\n"
        << "    int32_t *rank, int64_t *shape);\n\n";
  }

  template <typename Extents> std::string shapeText(const Extents &extents) {
    return "[" + join(extents, ", ") + "]";
  }

  void writeArguments() {
    out << "/* Arguments, for dense row-major arrays. Begin with zeros. */\n"
        << "typedef struct " << names.wrapper << "_args {\n";
    for (auto [index, size] : enumerate(entry.sizes)) {
      out << "  int64_t " << names.sizes[index] << "; /* size";
      if (size.fixed)
        out << ", is " << *size.fixed;
      out << " */\n";
    }
    for (const ConstraintInterface &constraint : entry.constraints)
      out << "  /* " << constraint.text << " */\n";
    out << "  /* 0: one instance. Otherwise so many: arrays have the batch as "
           "a first axis. */\n"
        << "  int64_t batch;\n";
    for (const std::string &length : names.lengths)
      out << "  const int64_t *" << length
          << "; /* NULL, or how much of it each instance uses */\n";
    for (auto [index, input] : enumerate(entry.inputs))
      writeInput(input, index);
    for (auto [index, output] : enumerate(entry.outputs))
      writeOutput(output, index);
    out << "  void *workspace; /* lost */\n"
           "  int64_t workspace_bytes; /* see "
        << names.wrapper << "_workspace */\n"
        << "  int32_t max_threads; /* 0: one a processor */\n"
           "  uint32_t flags; /* DP_TRUST_INPUTS */\n"
           "  char *error; /* NULL, or receives a message */\n"
           "  int64_t error_bytes;\n"
        << "} " << names.wrapper << "_args;\n\n";
  }

  void writeInput(const InputInterface &input, size_t index) {
    std::vector<std::string> extents;
    for (const SizeForm &extent : input.extents)
      extents.push_back(extent.text);
    out << "  const " << cType(input.kind, entry) << " *" << names.inputs[index]
        << "; /* " << shapeText(extents);
    if (input.isShared)
      out << ", the same for all instances";
    if (input.kind == ArrayKind::Gamma)
      out << ", > 0";
    if (input.defaultValue)
      out << ", NULL: " << format("%g", *input.defaultValue);
    out << " */\n";
    if (!input.isShared)
      out << "  int " << names.commons[index]
          << "; /* nonzero: without a batch axis */\n";
  }

  void writeOutput(const OutputInterface &output, size_t index) {
    out << "  " << cType(output.kind, entry) << " *" << names.outputs[index]
        << "; /* result " << shapeText(output.extents);
    if (!output.description.empty())
      out << ": " << output.description;
    if (output.follows)
      out << ", summed over the batch if "
          << names.inputs[size_t(*output.follows)] << " has none";
    out << " */\n";
  }

  std::string frame() const { return names.wrapper + "_frame"; }

  void writeFrame() {
    size_t axes = 0;
    for (const InputInterface &input : entry.inputs)
      axes += input.extents.size() + 1;
    for (const OutputInterface &output : entry.outputs)
      axes += output.extents.size() + 2;
    size_t inputs = std::max<size_t>(entry.inputs.size(), 1);
    size_t outputs = std::max<size_t>(entry.outputs.size(), 1);
    size_t sizes = std::max<size_t>(entry.sizes.size(), 1);
    out << "typedef struct " << frame() << " {\n"
        << "  dp_call call;\n"
        << "  dp_tensor input[" << inputs << "], output[" << outputs
        << "], size[" << sizes << "], length[" << sizes << "];\n"
        << "  const dp_tensor *inputs[" << inputs << "], *outputs[" << outputs
        << "], *sizes[" << sizes << "], *lengths[" << sizes << "];\n"
        << "  int64_t shapes[" << axes + 1 << "], size_shapes[" << sizes
        << "][2], batch[2];\n"
        << "} " << frame() << ";\n\n";
  }

  std::pair<StringRef, int> typeOf(ArrayKind kind) const {
    if (kind == ArrayKind::Int)
      return {"DP_TYPE_INT", 64};
    return {"DP_TYPE_FLOAT", kind == ArrayKind::Float ? entry.floatBits() : 64};
  }

  void writeFill() {
    out << "/* Everything but the outputs. */\n"
        << "static inline void " << names.wrapper << "_fill(" << frame()
        << " *f, const " << names.wrapper << "_args *a) {\n"
        << "  memset(f, 0, sizeof *f);\n";
    size_t axis = 0;
    for (auto [index, input] : enumerate(entry.inputs)) {
      for (auto [position, extent] : enumerate(input.extents))
        out << "  f->shapes[" << axis + position + 1
            << "] = " << cExpression(extent, names.sizes, "a->") << ";\n";
      auto [code, bits] = typeOf(input.kind);
      const std::string &name = names.inputs[index];
      out << "  dp_wrap_dense(&f->input[" << index << "], a->" << name << ", "
          << code << ", " << bits << ", " << input.extents.size()
          << ", &f->shapes[" << axis << "], "
          << (input.isShared ? "0"
                             : "a->" + names.commons[index] + " ? 0 : a->batch")
          << ");\n"
          << "  f->inputs[" << index << "] = "
          << (input.defaultValue ? "a->" + name + " ? " : std::string())
          << "&f->input[" << index << "]"
          << (input.defaultValue ? " : NULL" : "") << ";\n";
      axis += input.extents.size() + 1;
    }
    for (size_t k = 0; k < entry.sizes.size(); ++k)
      out << "  dp_wrap_dense(&f->size[" << k << "], &a->" << names.sizes[k]
          << ", DP_TYPE_INT, 64, 0, f->size_shapes[" << k << "], 0);\n"
          << "  f->sizes[" << k << "] = &f->size[" << k << "];\n"
          << "  dp_wrap_dense(&f->length[" << k << "], a->" << names.lengths[k]
          << ", DP_TYPE_INT, 64, 0, f->batch, a->batch);\n"
          << "  f->lengths[" << k << "] = a->" << names.lengths[k]
          << " ? &f->length[" << k << "] : NULL;\n";
    out << "  f->call.struct_size = sizeof f->call;\n"
           "  f->call.flags = a->flags;\n"
        << "  f->call.num_inputs = " << entry.inputs.size() << ";\n"
        << "  f->call.num_outputs = " << entry.outputs.size() << ";\n"
        << "  f->call.num_sizes = " << entry.sizes.size() << ";\n"
        << "  f->call.max_threads = a->max_threads;\n"
           "  f->call.inputs = f->inputs;\n"
           "  f->call.outputs = f->outputs;\n"
           "  f->call.sizes = f->sizes;\n"
           "  f->call.lengths = f->lengths;\n"
           "  f->call.workspace = a->workspace;\n"
           "  f->call.workspace_bytes = a->workspace_bytes;\n"
           "  f->call.error = a->error;\n"
           "  f->call.error_bytes = a->error_bytes;\n"
           "}\n\n";
  }

  void writeCalls() {
    std::string symbol = entry.symbol();
    std::string declareFrame =
        "  " + frame() + " f;\n  " + names.wrapper + "_fill(&f, a);\n";
    std::string argument = "const " + names.wrapper + "_args *a";
    out << "/* Bytes of workspace the call needs, or minus a DP_ERROR_ code; "
           "reads no array\n * but lengths. */\n"
        << "static inline int64_t " << names.wrapper << "_workspace("
        << argument << ") {\n"
        << declareFrame << "  return " << symbol
        << "_workspace(&f.call);\n}\n\n"
        << "/* Shape of the output of that index, batch axis included; shape "
           "has room for\n * one more than its axes. */\n"
        << "static inline int " << names.wrapper << "_output_shape(" << argument
        << ", int32_t output,\n    int32_t *rank, int64_t *shape) {\n"
        << declareFrame << "  return " << symbol
        << "_output_shape(&f.call, output, rank, shape);\n}\n\n"
        << "/* DP_OK, or a DP_ERROR_ code with a message in a->error. */\n"
        << "static inline int " << names.wrapper << "(" << argument << ") {\n"
        << "  int code;\n"
        << declareFrame;
    size_t axis = 0;
    for (const InputInterface &input : entry.inputs)
      axis += input.extents.size() + 1;
    for (auto [index, output] : enumerate(entry.outputs)) {
      auto [type, bits] = typeOf(output.kind);
      out << "  dp_wrap_dense(&f.output[" << index << "], a->"
          << names.outputs[index] << ", " << type << ", " << bits
          << ", 0, &f.shapes[" << axis << "], 0);\n"
          << "  code = " << symbol << "_output_shape(&f.call, " << index
          << ", &f.output[" << index << "].ndim, &f.shapes[" << axis + 1
          << "]);\n"
          << "  if (code != DP_OK)\n    return code;\n"
          << "  f.outputs[" << index << "] = &f.output[" << index << "];\n";
      axis += output.extents.size() + 2;
    }
    out << "  return " << symbol << "(&f.call);\n}\n\n";
  }

  raw_ostream &out;
  const EntryInterface &entry;
  CNames names;
};

} // namespace

/// Text that cannot end a comment.
static std::string inComment(StringRef text) {
  std::string result = text.str();
  for (size_t at; (at = result.find("*/")) != std::string::npos;)
    result.replace(at, 2, "* /");
  for (size_t at; (at = result.find('\n')) != std::string::npos;)
    result.replace(at, 1, " ");
  return result;
}

std::string danskin::writeHeader(const LibraryInterface &library,
                                 StringRef name) {
  std::string guard = "DANSKIN_";
  for (char c : name)
    guard += isAlnum(c) ? toUpper(c) : '_';
  std::string text;
  raw_string_ostream out(text);
  out << "/* " << inComment(name) << ": the library made of "
      << inComment(library.source) << " by\n *   "
      << inComment(library.commandLine) << "\n * Do not edit. */\n"
      << "#ifndef " << guard << "\n#define " << guard << "\n\n"
      << callHeader() << "\n"
      << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
      << helpers;
  for (const std::string &program : library.programs())
    out << "/* Starts the threads that calls with this max_threads use; "
           "optional. DP_OK or a\n * DP_ERROR_ code. */\n"
        << "int dp1_" << program << "_prepare(int32_t max_threads);\n"
        << "/* What the library says of itself, as JSON. */\n"
        << "const char *dp1_" << program << "_manifest(void);\n\n";
  for (const EntryInterface &entry : library.entries)
    EntryWriter(out, entry).write();
  out << "#ifdef __cplusplus\n}\n#endif\n#endif\n";
  return out.str();
}
