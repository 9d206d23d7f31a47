//===- Products.h - sums whose terms are products ---------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// On scaled numbers a choice by log-sum-exp is a sum of products, and so is
// what a gradient adds to a cell. Where such a sum runs over an index and
// adjacent cells have factors in common, it is one row of a product of
// matrices: the common factors are brought to one exponent before the loop over
// the cells (a *pack*), the others were so when the kernel began (a flat
// power), and a term costs one multiplication and one addition.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_PRODUCTS_H
#define DANSKIN_CONVERSION_PRODUCTS_H

#include "compiler/conversion/Layout.h"
#include "compiler/conversion/LogUnits.h"

namespace danskin::conversion {

struct Plan;
struct InputPower;

/// What a term multiplies by.
struct Factor {
  enum class Kind {
    Scaled,  ///< m 2^e
    Plain,   ///< a number
    Lowering ///< 2^-e for a statistic e, which is an exponent
  };
  mlir::Value value;
  Kind kind;
  LogUnit unit; ///< of what is scaled
};

/// What a term asks before it counts.
struct Condition {
  enum class Kind { Holds, AtLeast, Below };
  Kind kind;
  mlir::Value value; ///< the condition, or the bound
  mlir::Value index; ///< that has a bound; else null
  /// Of a value inside a table's domain: the indices there, and what they are.
  llvm::SmallVector<std::pair<mlir::Value, mlir::Value>> inside;
};

/// Factors that depend on some binders, and not on all indices of the cell.
struct Pack {
  /// Indices of binders; of a panel, last, the last one of the cell.
  llvm::SmallVector<mlir::Value> axes;
  bool isPanel = false;
  llvm::SmallVector<Factor> factors;
  /// Where a binder's values number no more than those of an axis: of an input,
  /// or of the box of a table.
  struct Room {
    mlir::dp::InputOp input;
    std::shared_ptr<Layout> box;
    unsigned axis;
  };
  llvm::SmallVector<Room> rooms;
  /// Which of the axes other packs of the group have too.
  llvm::SmallVector<unsigned> shared;
  /// Leads its group: its exponents make up for those of the others.
  bool leads = true;
};

/// Packs that share axes. For each value of these each pack but the leader
/// has an exponent of its own: what one is larger by, another is smaller by.
using PackGroup = llvm::SmallVector<Pack *, 2>;

/// The terms of an arm.
struct Product {
  mlir::dp::ArmOp arm;
  llvm::SmallVector<mlir::dp::IterateOp> binders;
  mlir::Value along; ///< the last index of the cell, null without any
  llvm::SmallVector<std::unique_ptr<Pack>> packs;
  llvm::SmallVector<PackGroup> groups;
  llvm::SmallVector<std::pair<mlir::dp::ReadOp, const InputPower *>> powers;
  /// Numbers of which each term takes a power of two of its own.
  llvm::SmallVector<Factor> exponentials;
  llvm::SmallVector<Factor> common; ///< to all terms
  /// Without which there is no term; that a factor is there, or is not 0, is
  /// left out, for the term is 0 else.
  llvm::SmallVector<Condition> conditions;

  /// Does what stands in the arm depend on a binder's index or on `along`?
  bool depends(mlir::Value value, mlir::Value axis) const;
  bool depends(const Condition &condition, mlir::Value axis) const;
  bool isInnermost(const Condition &condition) const {
    mlir::dp::IterateOp last = binders.back();
    return depends(condition, last.getIndex());
  }
  template <typename T> bool dependsOnBinders(const T &value) const {
    return llvm::any_of(binders, [&](mlir::dp::IterateOp binder) {
      return depends(value, binder.getIndex());
    });
  }
};

/// The terms of an arm as products, if they are such and it may gain by it.
std::unique_ptr<Product> findProduct(mlir::dp::ArmOp arm, Plan &plan);

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_PRODUCTS_H
