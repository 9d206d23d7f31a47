//===- CNames.cpp - names of a program as C identifiers -------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/target/CNames.h"
#include "llvm/ADT/StringSet.h"
#include <algorithm>

using namespace danskin;

// Keywords of C and C++, macros of the C library that look like names, and the
// members that every struct of arguments has.
static const char *const reserved[] = {"alignas",
                                       "alignof",
                                       "and",
                                       "and_eq",
                                       "asm",
                                       "assert",
                                       "auto",
                                       "bitand",
                                       "bitor",
                                       "bool",
                                       "break",
                                       "case",
                                       "catch",
                                       "char",
                                       "char8_t",
                                       "char16_t",
                                       "char32_t",
                                       "class",
                                       "compl",
                                       "complex",
                                       "concept",
                                       "const",
                                       "consteval",
                                       "constexpr",
                                       "constinit",
                                       "const_cast",
                                       "continue",
                                       "co_await",
                                       "co_return",
                                       "co_yield",
                                       "decltype",
                                       "default",
                                       "delete",
                                       "do",
                                       "double",
                                       "dynamic_cast",
                                       "else",
                                       "enum",
                                       "errno",
                                       "explicit",
                                       "export",
                                       "extern",
                                       "false",
                                       "float",
                                       "for",
                                       "friend",
                                       "goto",
                                       "I",
                                       "if",
                                       "imaginary",
                                       "inline",
                                       "int",
                                       "linux",
                                       "long",
                                       "mutable",
                                       "namespace",
                                       "new",
                                       "noexcept",
                                       "not",
                                       "not_eq",
                                       "NULL",
                                       "nullptr",
                                       "operator",
                                       "or",
                                       "or_eq",
                                       "private",
                                       "protected",
                                       "public",
                                       "register",
                                       "reinterpret_cast",
                                       "requires",
                                       "restrict",
                                       "return",
                                       "short",
                                       "signed",
                                       "sizeof",
                                       "static",
                                       "static_assert",
                                       "static_cast",
                                       "stderr",
                                       "stdin",
                                       "stdout",
                                       "struct",
                                       "switch",
                                       "template",
                                       "this",
                                       "thread_local",
                                       "throw",
                                       "true",
                                       "try",
                                       "typedef",
                                       "typeid",
                                       "typename",
                                       "typeof",
                                       "union",
                                       "unix",
                                       "unsigned",
                                       "using",
                                       "virtual",
                                       "void",
                                       "volatile",
                                       "wchar_t",
                                       "while",
                                       "xor",
                                       "xor_eq",
                                       "EOF",
                                       "batch",
                                       "workspace",
                                       "workspace_bytes",
                                       "max_threads",
                                       "flags",
                                       "error",
                                       "error_bytes"};

CNames::CNames(const EntryInterface &entry) {
  llvm::StringSet<> taken;
  for (const char *name : reserved)
    taken.insert(name);
  auto claim = [&](std::string name) {
    std::replace(name.begin(), name.end(), '.', '_');
    while (!taken.insert(name).second)
      name += '_';
    return name;
  };
  for (const SizeInterface &size : entry.sizes)
    sizes.push_back(claim(size.name));
  for (const InputInterface &input : entry.inputs)
    inputs.push_back(claim(input.name));
  for (const OutputInterface &output : entry.outputs)
    outputs.push_back(claim(output.name));
  for (const SizeInterface &size : entry.sizes)
    lengths.push_back(claim("len_" + size.name));
  for (const InputInterface &input : entry.inputs)
    commons.push_back(claim(input.name + "_is_common"));
  wrapper = entry.program + "_" + entry.name + "_" + entry.dtype;
}

std::string danskin::cType(ArrayKind kind, const EntryInterface &entry) {
  switch (kind) {
  case ArrayKind::Float:
    return entry.dtype == "f32" ? "float" : "double";
  case ArrayKind::Int:
    return "int64_t";
  case ArrayKind::Gamma:
  case ArrayKind::F64:
    return "double";
  }
  llvm_unreachable("a kind of array");
}

std::string danskin::cExpression(const SizeForm &form,
                                 const std::vector<std::string> &sizes,
                                 const std::string &prefix) {
  std::string text;
  for (size_t k = 0; k < form.coefficients.size(); ++k) {
    int64_t coefficient = form.coefficients[k];
    if (coefficient == 0)
      continue;
    text += coefficient < 0 ? "-" : text.empty() ? "" : "+";
    if (coefficient != 1 && coefficient != -1)
      text +=
          std::to_string(coefficient < 0 ? -coefficient : coefficient) + "*";
    text += prefix + sizes[k];
  }
  if (form.constant || text.empty())
    text += (form.constant < 0 || text.empty() ? "" : "+") +
            std::to_string(form.constant);
  return text;
}
