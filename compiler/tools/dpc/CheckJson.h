//===- CheckJson.h - dpc check --json ---------------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_CHECKJSON_H
#define DANSKIN_TOOLS_DPC_CHECKJSON_H

#include "compiler/analysis/Report.h"
#include "compiler/frontend/Ast.h"
#include "llvm/Support/JSON.h"

namespace danskin {

/// Writes one object: what a program takes and gives, what its paths are made
/// of, and what `dpc check` says of it. Extents and ranges are quoted from
/// `text`. `entries` are the queries that its class has.
void writeProgramJson(const ast::Program &program, llvm::StringRef text,
                      llvm::ArrayRef<std::string> entries,
                      const ProgramReport &report, llvm::json::OStream &json);

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_CHECKJSON_H
