//===- Plan.h - statements and storage of a program -------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a dp.program becomes, before anything is emitted: which tables are
// computed together, in which loops, and where each is stored.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_PLAN_H
#define DANSKIN_CONVERSION_PLAN_H

#include "compiler/analysis/ScheduleAttr.h"
#include "compiler/conversion/Layout.h"
#include "compiler/conversion/LogUnits.h"
#include "compiler/conversion/Products.h"
#include "llvm/ADT/MapVector.h"

namespace danskin::conversion {

struct Diagonals;
struct Strips;

struct TablePlan {
  mlir::dp::TableOp op;
  Domain domain;
  /// The table at whose cells this one is computed; itself without an owner.
  mlir::dp::TableOp root;
  /// In the workspace, where there is a place for it.
  std::optional<Layout> layout;
  /// In the caller's array, for an output.
  std::optional<Layout> box;
  /// Never read but at the cell where it is made: a value, no memory.
  bool local = false;
  /// The axis along which cells of equal time add to it.
  std::optional<unsigned> innermost;
  /// Of a table kept by segments, how many times before one are read.
  int64_t past = 0;
  /// Its cells are added up segment by segment.
  bool summed = false;
  /// A local place of a winner, which a path finds out again.
  bool again = false;

  /// Where an output is made diagonal by diagonal.
  const Diagonals *diagonals = nullptr;

  bool isOutput() { return op.getRole() == mlir::dp::TableRole::Output; }
  /// Do its cells come to be by many additions?
  bool isAddedUp() { return summed || !op.getScatters().empty(); }
  bool isIndex() { return op.getType().getElement().isIndex(); }
  /// Are its cells winning arms, and all that tells of a winner? These fit a
  /// byte. Beside indices they would only have to be widened.
  bool holdsArms();
  bool isExplicit() { return op.getAbsence() == mlir::dp::Absence::Explicit; }
};

/// Tables that share equations, hence cells.
struct Unit {
  llvm::SmallVector<TablePlan *> tables;
  llvm::SmallVector<mlir::dp::EquationOp> equations; ///< `otherwise` last
  /// The loops inside the cell of the statement.
  std::unique_ptr<Nest> nest;
};

/// What runs once at each cell of a table.
struct Statement {
  TablePlan *over;
  llvm::SmallVector<Unit> units; ///< in the order they need each other,
  mlir::dp::ScatterOp scatter;   ///< or one scatter
  bool isScheduled = false;      ///< if not, it runs after all that are
  llvm::SmallVector<ScheduleRow> schedule;
  std::unique_ptr<Nest> nest;

  /// The first row of the schedule that is a time of several indices.
  std::optional<unsigned> getSlantedRow() const;
};

/// An input that the kernel copies into the workspace, because its elements are
/// read more often than there are of them.
struct InputCopy {
  mlir::dp::InputOp input;
  llvm::SmallVector<unsigned> axes; ///< of the input, in the copy's order

  /// The indices of an element in that order.
  llvm::SmallVector<mlir::Value> turn(mlir::ValueRange indices) const {
    return llvm::map_to_vector(
        axes, [&](unsigned axis) -> mlir::Value { return indices[axis]; });
  }
};

/// An input that is added to scaled numbers more often than it has elements:
/// the kernel keeps what each is as a power of two.
struct InputPower : InputCopy {
  LogUnit unit;
  bool flat = false; ///< kept at one exponent for all, too
};

/// A matrix whose elements a wavefront reads or makes along its diagonals, one
/// of each row: at time t the column is `along * t + across * row + offset`.
/// The next times of each row lie side by side in it, so these are copied at
/// once to or from where those of one time do.
struct Diagonals {
  mlir::Value array;             ///< an input, or an output
  int64_t along, across, offset; ///< along: 1 or -1; across: not 0
  unsigned row;                  ///< of the schedule, that is the time
  llvm::SmallVector<const Statement *> users;

  bool isOutput() const { return !array.getDefiningOp<mlir::dp::InputOp>(); }

  static constexpr int64_t times = 16; ///< that are copied at once
};

/// Does `read` ask for the cell of the equation it stands in, as far as the
/// first `rank` indices go?
bool isSameCell(mlir::dp::ReadOp read, unsigned rank);

struct Plan {
  /// What copies of inputs are for: equal elements of several instances side by
  /// side, or elements that adjacent cells of one instance read.
  enum class Copies { OfInstances, OfCells };

  mlir::dp::ProgramOp program;
  Forms forms;
  mlir::FloatType io;      ///< of float inputs and outputs
  mlir::FloatType compute; ///< of tables and arithmetic
  LogUnits units;          ///< of what is kept scaled
  llvm::MapVector<mlir::Value, std::unique_ptr<TablePlan>> tables;
  std::vector<Statement> statements;
  llvm::StringRef order;
  /// Where tables are kept by segments of time.
  std::optional<danskin::Checkpoint> checkpoint;
  Copies purpose;
  /// A thread has many registers, and waits for memory rather than computes.
  bool forThreads = false;
  llvm::MapVector<mlir::Value, InputCopy> copies;
  llvm::SmallVector<std::unique_ptr<InputPower>> powers;
  llvm::SmallVector<std::unique_ptr<Diagonals>> diagonals;
  /// By arm.
  llvm::MapVector<mlir::Operation *, std::unique_ptr<Product>> products;
  std::vector<std::unique_ptr<Strips>> strips;

  /// `scaled`: compute in f32, and keep scaled what can be. `order`: the
  /// attribute that holds the schedule.
  Plan(mlir::dp::ProgramOp program, mlir::FloatType io, bool scaled = false,
       llvm::StringRef order = scheduleAttrName,
       Copies purpose = Copies::OfInstances);
  ~Plan();
  /// Decides everything; reports what cannot be.
  mlir::LogicalResult make();
  /// Does it copy inputs? Known before all else.
  bool copiesAny();

  TablePlan &get(mlir::Value table) { return *tables.find(table)->second; }
  /// The unit that makes a table; null for what nothing makes.
  Unit *findUnit(TablePlan &table);
  /// The tables that take a place in the workspace, in order.
  llvm::SmallVector<TablePlan *> getStored();

  /// Of the number that a cell of the table is kept as, or the first of two.
  mlir::Type getElement(TablePlan &table);
  /// Of the numbers of a copy.
  mlir::Type getElement(const InputCopy &copy);
  /// Is it a mantissa and an exponent?
  bool isScaled(TablePlan &table) {
    return units.getTable(table.op.getResult()).has_value();
  }
  /// Of that number, and of what is kept beside it: 0 for nothing.
  std::pair<int64_t, int64_t> getBytesOfCell(TablePlan &table);

  /// Is the statement of the phase whose constants these are?
  bool isOfPhase(const Statement &statement,
                 llvm::ArrayRef<int64_t> phase) const;
  /// The tables that what computes a segment again needs as they were.
  llvm::SmallVector<TablePlan *> getReplayed();
  llvm::SmallVector<TablePlan *> getSummed();

  /// The copy that a read of an input is answered from; null for the input.
  const InputCopy *findCopy(mlir::dp::ReadOp read) const;
  /// Where a read of an input finds its element in the unit; null: nowhere.
  const InputPower *findPower(mlir::dp::ReadOp read, LogUnit unit) const;

  /// The copy of diagonals that a read is answered from; null for none.
  const Diagonals *findDiagonals(mlir::dp::ReadOp read) const {
    return ofReads.lookup(read);
  }

  /// Do threads take columns of all that is computed along diagonals?
  bool isInStrips() const;

  /// Has a statement with as many cells as any no two cells of equal time?
  bool isSequential() const;

private:
  llvm::SmallVector<ScheduleRow> getSlant(TablePlan &table);
  mlir::LogicalResult addTable(mlir::dp::TableOp table);
  mlir::LogicalResult addStatements();
  void addUnits(Statement &statement, llvm::ArrayRef<TablePlan *> group);
  mlir::LogicalResult makeNests();
  mlir::LogicalResult readSchedules();
  void findLocals();
  mlir::LogicalResult makeLayouts();
  const Strips *findStripsOf(TablePlan &table) const;
  void foldLayout(TablePlan &table);
  static std::optional<unsigned> getAxisOfAdditions(mlir::dp::TableOp table);
  void segmentLayout(TablePlan &table);
  std::optional<unsigned> getOnlyDim(llvm::ArrayRef<int64_t> factors) const;
  void addCopy(mlir::dp::InputOp input);
  void addPowers(mlir::dp::InputOp input);
  void addDiagonals();
  void addProducts();
  void addDiagonals(const Statement &statement, mlir::dp::ReadOp read,
                    mlir::ValueRange cell);
  void addDiagonals(const Statement &statement, TablePlan &table);
  llvm::DenseMap<mlir::Operation *, const Diagonals *> ofReads;
};

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_PLAN_H
