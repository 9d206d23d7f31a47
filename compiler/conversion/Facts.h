//===- Facts.h - what is known of a cell ------------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where code is for some cells of a table only, its conditions may be known:
// they are then not asked.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_FACTS_H
#define DANSKIN_CONVERSION_FACTS_H

#include "compiler/conversion/Nest.h"

namespace danskin::conversion {

class Facts {
public:
  explicit Facts(Forms &forms) : forms(forms) {
    llvm::append_range(known, forms.getAssumptions());
  }

  void add(FormConstraint fact) { known.push_back(std::move(fact)); }
  /// From now on `value` means `form` in what is asked.
  void bind(mlir::Value value, Form form) { meaning[value] = std::move(form); }

  /// The value as a form of what is known.
  Form get(mlir::Value value) { return rename(forms.get(value)); }
  bool imply(const FormConstraint &constraint) const;
  /// Do they say that it does not hold?
  bool exclude(const FormConstraint &constraint) const;
  /// Whether a condition holds, where that is known.
  std::optional<bool> decide(mlir::Value condition);
  /// The constraints of a domain at `indices` that are not implied, if these
  /// are all that it asks for.
  std::optional<Constraints> getOpen(const Domain &domain,
                                     llvm::ArrayRef<Form> indices);

private:
  Form rename(const Form &form) const;

  Forms &forms;
  Constraints known;
  llvm::DenseMap<mlir::Value, Form> meaning;
};

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_FACTS_H
