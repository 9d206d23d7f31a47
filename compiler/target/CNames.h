//===- CNames.h - names of a program as C identifiers -----------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TARGET_CNAMES_H
#define DANSKIN_TARGET_CNAMES_H

#include "compiler/target/Interface.h"

namespace danskin {

/// The members of an entry's arguments in the header.
struct CNames {
  /// A dot becomes an underscore; keywords, common macros and members that
  /// are taken get another at the end.
  explicit CNames(const EntryInterface &entry);

  std::vector<std::string> sizes, lengths;  ///< `N`, `len_N`
  std::vector<std::string> inputs, commons; ///< `x`, `x_is_common`
  std::vector<std::string> outputs;
  std::string wrapper; ///< <program>_<entry>_<dtype>
};

/// The C type of an element.
std::string cType(ArrayKind kind, const EntryInterface &entry);

/// The form as a C expression in which size k is called sizes[k], after
/// `prefix`.
std::string cExpression(const SizeForm &form,
                        const std::vector<std::string> &sizes,
                        const std::string &prefix);

} // namespace danskin

#endif
