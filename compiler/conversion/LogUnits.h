//===- LogUnits.h - numbers that can be kept scaled -------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where choices are log-sum-exps, what they choose among are logarithms of
// sums: in units of the temperature, a number x is ln(m 2^e). Kept as the
// mantissa m and the exponent e it is added to by a multiplication and chosen
// among by an addition; no logarithm is left in the recursion.
//
// Which values come in which unit follows from the equations alone: the result
// of a choice has unit 1, times the temperature it has that unit, plus any
// number it keeps it, and a table has the unit of what its equations yield.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_LOGUNITS_H
#define DANSKIN_CONVERSION_LOGUNITS_H

#include "dialects/dp/Dp.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include <optional>

namespace danskin::conversion {

/// `x = sign * temperature * ln(m 2^e)`.
struct LogUnit {
  /// The input of rank 0 that is the temperature; null: 1.
  mlir::Value temperature;
  bool negative = false;

  bool operator==(const LogUnit &other) const {
    return temperature == other.temperature && negative == other.negative;
  }
  bool operator!=(const LogUnit &other) const { return !(*this == other); }
};

class LogUnits {
public:
  /// Nothing has a unit.
  LogUnits() = default;
  /// Everything that gains by one has one: a table only if all that reads it
  /// adds to it, chooses, weighs, or hands it out.
  explicit LogUnits(mlir::dp::ProgramOp program);

  /// Has no table a unit?
  bool empty() const { return tables.empty(); }
  /// The unit of a table's cells.
  std::optional<LogUnit> getTable(mlir::Value table) const;
  /// The unit of a value inside an equation.
  std::optional<LogUnit> get(mlir::Value value) const;
  /// The unit in which a sum or difference that has one wants an operand;
  /// none: it is no such.
  std::optional<LogUnit> getWanted(mlir::OpOperand &operand) const;
  /// Are the candidates of this choice scaled, and its statistics those of a
  /// sum: the exponent and the mantissa?
  bool isScaled(mlir::dp::ChooseOp choose) const;
  bool isScaled(mlir::dp::WeightOp weight) const;

private:
  bool grow(mlir::dp::ProgramOp program);
  bool prune(mlir::dp::ProgramOp program);
  std::optional<LogUnit> compute(mlir::Value value) const;
  std::optional<LogUnit> computeCommon(mlir::Value left,
                                       mlir::Value right) const;
  bool isUsedWell(mlir::Value value) const;
  bool isGoodUse(mlir::OpOperand &use) const;
  bool isGoodYield(mlir::dp::YieldOp yield, unsigned operand) const;

  bool enabled = false;
  llvm::DenseMap<mlir::Value, LogUnit> tables;
  llvm::DenseSet<mlir::Value> banned;
  /// Answers so far; those of before tables changed are forgotten.
  mutable llvm::DenseMap<mlir::Value, std::optional<LogUnit>> known;
  mutable llvm::DenseMap<mlir::Value, bool> used;
};

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_LOGUNITS_H
