//===- Forms.h - index values as linear forms -------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Linear forms whose variables are SSA values, so that a bound found by
// projection can be emitted again. A value that is no sum of others is a
// variable itself: a size, a function of sizes alone (both known when a kernel
// starts), an index, or something known only where it is computed.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_FORMS_H
#define DANSKIN_CONVERSION_FORMS_H

#include "dialects/dp/Dp.h"
#include "llvm/ADT/DenseMap.h"

namespace danskin::conversion {

/// `sum coefficient * variable + constant`.
struct Form {
  llvm::SmallVector<std::pair<mlir::Value, int64_t>, 4> terms;
  int64_t constant = 0;

  Form() = default;
  Form(int64_t constant) : constant(constant) {}
  static Form variable(mlir::Value value) {
    Form form;
    form.terms.push_back({value, 1});
    return form;
  }
  /// Adds `factor * other`; false when a coefficient leaves its range, which
  /// leaves room for the products that a projection makes.
  bool add(const Form &other, int64_t factor = 1);
  int64_t getCoefficient(mlir::Value variable) const {
    for (auto [value, coefficient] : terms)
      if (value == variable)
        return coefficient;
    return 0;
  }
};

/// `form >= 0` or `form == 0`.
struct FormConstraint {
  Form form;
  bool equality = false;
};
using Constraints = llvm::SmallVector<FormConstraint, 0>;

/// Rewrites affine.apply, affine.min and affine.max in `program` to arith, the
/// only index arithmetic that Forms reads.
void expandAffineOps(mlir::dp::ProgramOp program);

class Forms {
public:
  explicit Forms(mlir::dp::ProgramOp program);

  /// The value as a form; what is not linear is a variable.
  Form get(mlir::Value value);
  /// Is the value a function of sizes alone?
  bool isParameter(mlir::Value value);
  /// The forms whose maximum (minimum) the value is.
  llvm::SmallVector<Form, 2> getMaxima(mlir::Value value);
  llvm::SmallVector<Form, 2> getMinima(mlir::Value value);
  /// Adds constraints that `condition` implies; true if they are all it says.
  bool addCondition(mlir::Value condition,
                    llvm::SmallVectorImpl<FormConstraint> &constraints);
  /// Adds what is known of a variable that is neither parameter nor index.
  void addFacts(mlir::Value variable,
                llvm::SmallVectorImpl<FormConstraint> &constraints);
  /// What the sizes meet.
  llvm::ArrayRef<FormConstraint> getAssumptions() const { return assumptions; }

  /// From now on `value` (a block argument, an iterated index) means `form`.
  void bind(mlir::Value value, Form form) { bindings[value] = std::move(form); }

private:
  void addOrder(mlir::Value smaller, mlir::Value greater, int64_t gap,
                llvm::SmallVectorImpl<FormConstraint> &constraints);

  llvm::DenseMap<mlir::Value, Form> bindings;
  Constraints assumptions;
};

/// `greater - smaller - gap >= 0`.
FormConstraint order(const Form &smaller, const Form &greater, int64_t gap = 0);

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_FORMS_H
