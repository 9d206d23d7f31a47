//===- Cell.h - the code of one cell ----------------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Emits what stands inside equations, scatters and arms: each operation at its
// place, f64 as the type of arithmetic, absence as a condition beside a number.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_CELL_H
#define DANSKIN_CONVERSION_CELL_H

#include "compiler/conversion/Facts.h"
#include "compiler/conversion/Memory.h"
#include "compiler/conversion/Scaled.h"
#include "compiler/conversion/Strips.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <map>

namespace danskin::conversion {

class Traceback;

/// A cell of a statement in strips: what is known of it, and what cells before
/// it are.
struct StripCell {
  const Strips &strips;
  const Domain &domain;
  llvm::SmallVector<mlir::Value> indices;
  Facts facts;
  std::function<Memory::Raw(TablePlan &, unsigned above, unsigned left)> load;
};

class Cell {
public:
  Cell(Plan &plan, Env &env, Memory &memory, Traceback *path = nullptr)
      : plan(plan), env(env), memory(memory), loc(env.getLoc()), path(path) {}

  /// Computes the cells of a unit that belong to one cell of its statement, and
  /// stores them. Tables without memory are known to what this Cell emits
  /// later.
  void emitCells(mlir::OpBuilder &b, Unit &unit, mlir::ValueRange indices);
  /// Fills what is kept of inputs as powers of two.
  void emitPowers(mlir::OpBuilder &b);
  /// Forgets tables without memory.
  void leave() { locals.clear(); }
  /// From here on emits such a cell, null for any other. Tables that strips
  /// hold are known like those without memory.
  void enter(StripCell *cell) { strip = cell; }
  Memory::Raw getKnown(TablePlan &table) { return locals.lookup(&table); }
  /// Adds what a scatter yields at the cell `indices`.
  void emitScatter(mlir::OpBuilder &b, mlir::dp::ScatterOp scatter,
                   mlir::ValueRange indices);
  /// Of sums over cells of these times, only: the first and the one after the
  /// last of what is not null. What they are stored into has the terms of other
  /// times.
  struct Times {
    mlir::Value lower, upper;
  };
  void restrict(Times to) { times = to; }
  llvm::SmallVector<mlir::Value> getIndices(mlir::ValueRange values);
  /// Of a path: finds out again what visits of the cell `indices` of this unit
  /// will ask, and runs such a visit.
  void emitAgain(mlir::OpBuilder &b, Unit &unit, mlir::ValueRange indices);
  void emitVisit(mlir::OpBuilder &b, mlir::dp::VisitOp visit,
                 mlir::ValueRange indices);

private:
  friend class Arms;
  friend class Adder;
  friend class Packer;
  using Leaf = llvm::function_ref<llvm::SmallVector<mlir::Value>(
      mlir::OpBuilder &, mlir::dp::YieldOp, mlir::ValueRange carried)>;

  void bind(mlir::Block &block, mlir::ValueRange indices);
  /// A number as it is kept.
  Real get(mlir::Value value);
  /// The same as a plain one, or as a scaled one in the unit.
  Real getPlain(mlir::OpBuilder &b, mlir::Value value);
  Real getScaled(mlir::OpBuilder &b, mlir::Value value, LogUnit unit);
  mlir::Value getIndex(mlir::Value value);

  void emitUnit(mlir::OpBuilder &b, Unit &unit, mlir::ValueRange indices);
  void emitGuarded(mlir::OpBuilder &b, Unit &unit, mlir::Value guard,
                   llvm::function_ref<void(mlir::OpBuilder &)> emit);
  Memory::Raw emitLocalAgain(mlir::OpBuilder &b, TablePlan &table,
                             mlir::ValueRange indices);
  /// The raw cells of a unit by its equations from `first` on.
  llvm::SmallVector<mlir::Value> emitEquations(mlir::OpBuilder &b, Unit &unit,
                                               mlir::ValueRange indices,
                                               unsigned first);
  mlir::Value emitApplies(mlir::OpBuilder &b, mlir::dp::EquationOp equation,
                          mlir::ValueRange indices);
  llvm::SmallVector<mlir::Value> emitBody(mlir::OpBuilder &b, Unit &unit,
                                          mlir::dp::EquationOp equation,
                                          mlir::ValueRange indices);

  /// Emits a comprehension from `op` on: loops, guards, then `leaf`. If it is
  /// flat, `leaf` takes heed of `conditions`.
  llvm::SmallVector<mlir::Value>
  emitComprehension(mlir::OpBuilder &b, mlir::Block::iterator op,
                    mlir::ValueRange carried, Leaf leaf, bool isFlat = false);
  bool isCheap(mlir::dp::WhereOp first);
  llvm::SmallVector<mlir::Value> emitFlat(mlir::OpBuilder &b,
                                          mlir::Block::iterator op,
                                          mlir::ValueRange carried, Leaf leaf);
  Real selectTerm(mlir::OpBuilder &b, Real term);

  /// A branch in its place while its sides are emitted.
  llvm::SmallVector<mlir::Value> emitBranch(
      mlir::OpBuilder &b, mlir::Value condition, mlir::TypeRange types,
      llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &)>
          then,
      llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &)>
          otherwise);
  /// The same where the condition hardly ever holds.
  llvm::SmallVector<mlir::Value> emitColdBranch(
      mlir::OpBuilder &b, mlir::Value condition, mlir::TypeRange types,
      llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &)>
          then,
      llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &)>
          otherwise);
  void emitOp(mlir::OpBuilder &b, mlir::Operation *op);
  void emitRead(mlir::OpBuilder &b, mlir::dp::ReadOp op);
  void emitIf(mlir::OpBuilder &b, mlir::scf::IfOp op);
  void emitSelect(mlir::OpBuilder &b, mlir::Operation *op);
  void emitContains(mlir::OpBuilder &b, mlir::dp::ContainsOp op);
  bool isHeld(TablePlan &table) const {
    return strip && strip->strips.find(table);
  }
  bool isAllCells(Unit &unit);
  bool isKnown(mlir::OpBuilder &b, mlir::Operation *op);
  mlir::Value emitContainsInStrip(mlir::OpBuilder &b, mlir::dp::ContainsOp op);
  void emitWeight(mlir::OpBuilder &b, mlir::dp::WeightOp op);
  bool emitQuotient(mlir::OpBuilder &b, mlir::Operation *op);
  void emitChoose(mlir::OpBuilder &b, mlir::dp::ChooseOp op);
  mlir::Value emitBoundOfScores(mlir::OpBuilder &b, mlir::dp::ChooseOp op);
  void emitSum(mlir::OpBuilder &b, mlir::dp::SumOp op);
  llvm::SmallVector<mlir::Value> emitTerms(mlir::OpBuilder &b,
                                           mlir::dp::ArmOp arm,
                                           mlir::ValueRange carried, Leaf leaf);
  mlir::Value emitTime(mlir::OpBuilder &b);
  mlir::Value emitIsInTimes(mlir::OpBuilder &b, mlir::Value time);
  std::pair<mlir::Value, mlir::Value>
  emitTimeBounds(mlir::OpBuilder &b, mlir::Value lower, mlir::Value upper);
  void emitGeneric(mlir::OpBuilder &b, mlir::Operation *op);

  /// What a unit is worth: of the logarithm of a scaled number, and in powers
  /// of two a plain number.
  struct Measure {
    mlir::Value perLog, powers;
  };
  Measure &getMeasure(const LogUnit &unit);
  void emitFault(mlir::OpBuilder &b, mlir::Value bad);
  void noteFault(mlir::OpBuilder &b, mlir::Value bad);
  /// Emits an operation whose result has a unit; false if this is none.
  bool emitScaledOp(mlir::OpBuilder &b, mlir::Operation *op);
  void emitScaledChoose(mlir::OpBuilder &b, mlir::dp::ChooseOp op);
  void emitScaledWeight(mlir::OpBuilder &b, mlir::dp::WeightOp op);
  bool emitShareOp(mlir::OpBuilder &b, mlir::Operation *op);
  /// Where the element that `value` is of an input is kept in the unit.
  const InputPower *findPower(mlir::Value value, LogUnit unit);
  bool isTabulated(mlir::dp::ChooseOp op);

  /// A sum of products over 2^exponent; `doubtful`: what is small may be lost.
  struct ProductSum {
    mlir::Value mantissa, exponent, doubtful;
  };
  /// The terms of an arm at one exponent; nothing where they are no products,
  /// or no loop over cells has factors in common.
  std::optional<ProductSum> emitProduct(mlir::OpBuilder &b,
                                        mlir::dp::ArmOp arm);
  void emitFlatPower(mlir::OpBuilder &b, const InputPower &power);
  ScaledNumber emitFactor(mlir::OpBuilder &b, const Factor &factor);
  mlir::Value emitCondition(mlir::OpBuilder &b, const Condition &condition);
  void emitValue(mlir::OpBuilder &b, mlir::Value value, mlir::dp::ArmOp arm);
  void forget(mlir::dp::ArmOp arm);
  ScaledNumber emitScaledSum(mlir::OpBuilder &b, mlir::dp::ChooseOp op,
                             llvm::ArrayRef<mlir::dp::ArmOp> arms);
  ScaledNumber emitProductSum(mlir::OpBuilder &b, mlir::dp::ChooseOp op);

  mlir::Value both(mlir::OpBuilder &b, mlir::Value left, mlir::Value right);
  mlir::Value emitIsPresent(mlir::OpBuilder &b, Real real, bool above);
  bool mayBeAbsent(mlir::Value value);
  mlir::Type getType(mlir::Type type);

  Plan &plan;
  Env &env;
  Memory &memory;
  mlir::Location loc;
  Traceback *path; ///< takes the steps of visits
  StripCell *strip = nullptr;
  mlir::IRMapping scope; ///< indices and conditions
  llvm::DenseMap<mlir::Value, Real> reals;
  llvm::DenseMap<TablePlan *, Memory::Raw> locals;
  llvm::DenseMap<mlir::Value, bool> absences;
  std::map<std::pair<void *, bool>, Measure> measures;
  /// A weight as a product.
  struct Share {
    mlir::Value mass, reciprocal;
  };
  llvm::DenseMap<mlir::Value, Share> shares;
  /// Of a term that is computed whether they hold or not.
  llvm::SmallVector<mlir::Value> conditions;
  Times times;
  /// Of an arm of a restricted sum.
  struct Terms {
    Form time;                ///< of what they read
    mlir::dp::IterateOp loop; ///< the last that has a part in it; may be null
    Times times;
  };
  Terms terms;
};

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_CELL_H
