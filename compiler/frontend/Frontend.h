//===- Frontend.h - from text to a checked tree -----------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_FRONTEND_FRONTEND_H
#define DANSKIN_FRONTEND_FRONTEND_H

#include "compiler/frontend/Diagnostics.h"
#include <optional>

namespace danskin {

/// What the front end must be told of the rest of the compiler.
struct FrontendOptions {
  /// The regularizers that exist. Others are refused; of those that the
  /// language only plans, E0501 says so.
  std::vector<std::string> regularizers = {"hard", "entropy", "l2"};
};

/// Reads and checks a file. Null where an error was reported. The text stays
/// in `diagnostics`, from where `locate` gives the place of any range of the
/// tree.
std::unique_ptr<ast::File> parseFile(llvm::StringRef text,
                                     llvm::StringRef filename,
                                     Diagnostics &diagnostics,
                                     const FrontendOptions &options = {});

/// Checks the value of `--reg` as a `reg` of a program is checked, and gives
/// its name. Nothing where an error was reported. The strength is not the
/// option's to say: calls pass gamma.
std::optional<std::string>
parseRegularizer(llvm::StringRef text, Diagnostics &diagnostics,
                 const FrontendOptions &options = {});

/// A stable dump of the tree, for `--emit=ast` and the tests.
void printAst(const ast::File &file, llvm::raw_ostream &os);

} // namespace danskin

#endif // DANSKIN_FRONTEND_FRONTEND_H
