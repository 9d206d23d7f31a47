//===- Support.h - reading programs in tests --------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TEST_FRONTEND_SUPPORT_H
#define DANSKIN_TEST_FRONTEND_SUPPORT_H

#include "compiler/frontend/Frontend.h"

namespace danskin::test {

/// What the front end says of a file: "E0201@4:9", one a diagnostic, in the
/// order of the text and separated by blanks; empty where it is content.
std::string faults(llvm::StringRef text);

/// The same of the items of a program, which begin on line 3.
std::string faultsOf(llvm::StringRef items);

/// The tree of such a program, or the faults.
std::string tree(llvm::StringRef items);

/// The tree of the expression, as the value of an output beside `size N, M`,
/// `input x, z : float`, `input k : int in 0..N` and `input v : float[N]`.
std::string treeOf(llvm::StringRef expr);

/// Contents of a file; fails the test where there is none.
std::string readFile(const std::string &path);

} // namespace danskin::test

#endif // DANSKIN_TEST_FRONTEND_SUPPORT_H
