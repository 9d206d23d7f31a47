//===- Nest.h - loops over a domain -----------------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A domain as constraints, and the loop nest that meets each of its cells once,
// in the order of a schedule. What is not affine in a domain (data in a bound,
// a disjunction) is relaxed for the bounds and checked when it is known.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_NEST_H
#define DANSKIN_CONVERSION_NEST_H

#include "compiler/conversion/Env.h"
#include "compiler/conversion/System.h"

namespace danskin::conversion {

/// What must be asked of a cell at run time, when the indices before `level`
/// (for a bound: and the index `level`) are known.
struct Check {
  enum Kind { Lower, Upper, Condition };
  Kind kind;
  unsigned level;
  mlir::Value value;
};

struct Domain {
  llvm::SmallVector<mlir::Value> dims;
  /// Hold for every cell.
  Constraints constraints;
  llvm::SmallVector<Check> checks;
  /// Dimension that the one after it determines (the vertex of an edge).
  llvm::SmallVector<bool> determined;

  static mlir::FailureOr<Domain> get(mlir::dp::TableOp table, Forms &forms);
};

/// A row of a schedule: a coefficient a dimension, then the constant.
using ScheduleRow = llvm::SmallVector<int64_t, 6>;

/// The bounds of one loop.
struct Level {
  /// Fixes the variable.
  std::optional<LinearRow> pin;
  Rows lowers, uppers;
};

class Nest {
public:
  struct Options {
    llvm::ArrayRef<ScheduleRow> schedule;
    /// How many leading dimensions are known before the nest starts.
    unsigned known = 0;
    /// What is known of them, as constraints on the dimensions of `context`.
    const Domain *context = nullptr;
    /// The dimension scanned last, when it is a loop of the nest.
    std::optional<unsigned> innermost;
  };
  Nest(const Domain &domain, Forms &forms, const Options &options);

  const Domain &getDomain() const { return domain; }
  unsigned getNumTimes() const { return numTimes; }
  bool hasOverflow() const { return overflow; }
  /// The first dimension that has a loop of its own inside the schedule's.
  std::optional<unsigned> getFirstFree() const;

  /// One cell in the making: the values of the columns known so far.
  struct Point {
    llvm::SmallVector<mlir::Value> columns;
  };
  Point start(Env &env, mlir::ValueRange known) const;
  void setTime(Point &point, unsigned row, mlir::Value value) const {
    point.columns[firstLevel + row] = value;
  }
  /// The inclusive bounds of a row of the schedule.
  std::pair<mlir::Value, mlir::Value> emitTimeBounds(mlir::OpBuilder &b,
                                                     mlir::Location loc,
                                                     const Point &point,
                                                     unsigned row) const;
  bool hasSameBounds(const Nest &other, unsigned row) const;
  /// Conditions on what is known before the nest starts, null for none.
  mlir::Value emitGuards(mlir::OpBuilder &b, mlir::Location loc, Env &env,
                         const Point &point) const;
  /// Is the time of `row` one that the nest has? (Where a loop has more.)
  mlir::Value emitTimeGuard(mlir::OpBuilder &b, mlir::Location loc,
                            const Point &point, unsigned row) const;

  using Body = llvm::function_ref<void(mlir::OpBuilder &, mlir::ValueRange)>;
  /// Emits the loops inside the schedule's, and `body` for each cell. Each loop
  /// gets the attribute `mark`, if that is not empty.
  void emit(mlir::OpBuilder &b, mlir::Location loc, Env &env, Point point,
            Body body, llvm::StringRef mark = {}) const;

  /// The bounds of dimension `dim` in terms of what is scanned before it.
  const Level &getLevel(unsigned dim) const {
    return levels[columnOfDim[dim] - firstLevel];
  }
  /// The greatest or the least of the rows' bounds of column `column`.
  mlir::Value emitBound(mlir::OpBuilder &b, mlir::Location loc,
                        llvm::ArrayRef<LinearRow> rows, unsigned column,
                        bool lower, llvm::ArrayRef<mlir::Value> columns) const;
  unsigned getColumn(unsigned dim) const { return columnOfDim[dim]; }
  /// The same of a row of the schedule.
  const Level &getTimeLevel(unsigned row) const { return levels[row]; }
  unsigned getTimeColumn(unsigned row) const { return firstLevel + row; }
  unsigned getFirstLevel() const { return firstLevel; }
  llvm::ArrayRef<mlir::Value> getVariables() const { return variables; }
  /// The system of all dimensions, before any was projected out.
  const System &getSystem() const { return *system; }
  const System &getContext() const { return *contextSystem; }

private:
  void addVariables(llvm::ArrayRef<FormConstraint> constraints, Forms &forms);
  void addFacts(Forms &forms);
  LinearRow getRow(const FormConstraint &constraint) const;
  void project();
  void emitLevel(mlir::OpBuilder &b, mlir::Location loc, Env &env, Point &point,
                 unsigned column, Body body, llvm::StringRef mark) const;
  void emitChecked(mlir::OpBuilder &b, mlir::Location loc, Env &env,
                   Point &point, unsigned column, bool bounded, Body body,
                   llvm::StringRef mark) const;
  mlir::Value emitCheck(mlir::OpBuilder &b, mlir::Location loc, Env &env,
                        const Point &point, const Check &check) const;
  mlir::Value emitRowHolds(mlir::OpBuilder &b, mlir::Location loc,
                           const LinearRow &row,
                           llvm::ArrayRef<mlir::Value> columns) const;

  const Domain &domain;
  /// Parameters, known dimensions, times, dimensions, what is not linear.
  llvm::SmallVector<mlir::Value> variables;
  llvm::DenseMap<mlir::Value, unsigned> columnOf;
  llvm::SmallVector<unsigned> columnOfDim;
  Constraints facts;
  unsigned numParameters = 0, firstLevel = 0, numTimes = 0, firstHidden = 0;
  unsigned known = 0;
  bool natural = true; ///< dimensions are scanned in their order
  bool overflow = false;
  std::optional<System> system, contextSystem;
  std::vector<Level> levels;
  Rows guards;
};

/// `sum of coefficients * columns + constant`, divided by nothing.
mlir::Value emitLinear(mlir::OpBuilder &b, mlir::Location loc,
                       llvm::ArrayRef<int64_t> coefficients,
                       llvm::ArrayRef<mlir::Value> columns, int64_t constant);

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_NEST_H
