//===- Manifest.cpp - what a library says of itself -----------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/target/Manifest.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace danskin;
using namespace llvm;

static StringRef typeName(ArrayKind kind, const EntryInterface &entry) {
  switch (kind) {
  case ArrayKind::Float:
    return entry.dtype;
  case ArrayKind::Int:
    return "i64";
  case ArrayKind::Gamma:
  case ArrayKind::F64:
    return "f64";
  }
  llvm_unreachable("a kind of array");
}

static void writeSizes(json::OStream &json, const EntryInterface &entry) {
  json.attributeArray("sizes", [&] {
    for (const SizeInterface &size : entry.sizes)
      json.object([&] {
        json.attribute("name", size.name);
        if (size.fixed)
          json.attribute("fixed", *size.fixed);
      });
  });
  json.attributeArray("constraints", [&] {
    for (const ConstraintInterface &constraint : entry.constraints)
      json.value(constraint.text);
  });
}

static void writeInputs(json::OStream &json, const EntryInterface &entry) {
  json.attributeArray("inputs", [&] {
    for (const InputInterface &input : entry.inputs)
      json.object([&] {
        json.attribute("name", input.name);
        json.attribute("type", typeName(input.kind, entry));
        json.attributeArray("shape", [&] {
          for (const SizeForm &extent : input.extents)
            json.value(extent.text);
        });
        if (input.kind == ArrayKind::Gamma)
          json.attribute("positive", true);
        if (input.defaultValue)
          json.attribute("default", *input.defaultValue);
        json.attribute("shared", input.isShared);
      });
  });
}

static void writeOutputs(json::OStream &json, const EntryInterface &entry) {
  json.attributeArray("outputs", [&] {
    for (const OutputInterface &output : entry.outputs)
      json.object([&] {
        json.attribute("name", output.name);
        json.attribute("type", typeName(output.kind, entry));
        json.attributeArray("shape", [&] {
          for (const std::string &extent : output.extents)
            json.value(extent);
        });
        if (output.follows)
          json.attribute("batched_like",
                         entry.inputs[size_t(*output.follows)].name);
        if (!output.description.empty())
          json.attribute("description", output.description);
      });
  });
}

static void writeVerification(json::OStream &json,
                              const Verification &verified) {
  json.attributeObject("verified", [&] {
    json.attribute("instances", verified.instances);
    json.attributeObject("largest_error", [&] {
      for (const auto &[dtype, error] : verified.largestErrors)
        json.attribute(dtype, error);
    });
  });
}

std::string danskin::writeManifest(const LibraryInterface &library) {
  std::string text;
  raw_string_ostream stream(text);
  json::OStream json(stream, 1);
  json.object([&] {
    json.attribute("schema", 1);
    json.attribute("abi", "1.0"); // DP_ABI_MAJOR, DP_ABI_MINOR
    json.attribute("compiler", library.compilerVersion);
    json.attribute("command", library.commandLine);
    json.attribute("source", library.source);
    json.attribute("source_hash", library.sourceHash);
    json.attribute("regularizer", library.regularizer);
    json.attributeArray("flags", [&] {
      for (const std::string &flag : library.flags)
        json.value(flag);
    });
    if (library.verified)
      writeVerification(json, *library.verified);
    json.attributeArray("entries", [&] {
      for (const EntryInterface &entry : library.entries)
        json.object([&] {
          json.attribute("program", entry.program);
          json.attribute("entry", entry.name);
          json.attribute("dtype", entry.dtype);
          json.attribute("symbol", entry.symbol());
          writeSizes(json, entry);
          writeInputs(json, entry);
          writeOutputs(json, entry);
        });
    });
  });
  stream << '\n';
  return stream.str();
}
