//===- Memory.h - tables in the workspace and at the caller -----*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each stored table is a region of the workspace, aligned to a cache line; its
// cells are addressed by one computed offset. How a cell is stored is its *raw*
// form: the number with absence written as an infinity, or the number and a
// bit, or the mantissa and the exponent of a scaled number.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_MEMORY_H
#define DANSKIN_CONVERSION_MEMORY_H

#include "compiler/conversion/Segments.h"

namespace danskin::conversion {

/// A number that may be absent; `present` is null where it cannot be. With an
/// exponent it is scaled, `value` is the mantissa, 0 says that it is absent,
/// and `present` is null.
struct Real {
  mlir::Value value, present, exponent;

  bool isScaled() const { return exponent != nullptr; }
};

class Memory {
public:
  /// Emits where each table lies, at the start of the function.
  Memory(Plan &plan, Env &env);

  /// The size of the workspace in bytes.
  mlir::Value getBytes() { return bytes; }
  /// How many of them, the first, hold the tables that keep their latest cells
  /// only: few, and in use all the time.
  mlir::Value getNearBytes() { return nearBytes; }
  /// Makes the regions usable in `workspace`, a memref of bytes, the first
  /// bytes of which may be elsewhere: `near`.
  void open(mlir::Value workspace, mlir::Value near = {});
  /// The same where `width` instances lie element by element, for one of them
  /// that another function has begun.
  void open(mlir::Value workspace, mlir::Value width, mlir::Value lane);

  using Raw = llvm::SmallVector<mlir::Value, 2>;
  Raw encode(mlir::OpBuilder &b, TablePlan &table, Real real);
  Real decode(mlir::OpBuilder &b, TablePlan &table, const Raw &raw);
  llvm::SmallVector<mlir::Type, 2> getRawTypes(TablePlan &table);
  /// What stands for a cell that is not there.
  Raw emitNothing(mlir::OpBuilder &b, TablePlan &table);

  Raw load(mlir::OpBuilder &b, TablePlan &table, mlir::ValueRange indices);
  void store(mlir::OpBuilder &b, TablePlan &table, mlir::ValueRange indices,
             const Raw &raw);
  /// Adds to a cell of the workspace.
  void add(mlir::OpBuilder &b, TablePlan &table, mlir::ValueRange indices,
           mlir::Value value);
  /// Stores into the caller's array only.
  void storeOutput(mlir::OpBuilder &b, TablePlan &table,
                   mlir::ValueRange indices, const Raw &raw);
  /// Sets the table to 0: in the caller's array, or in the workspace.
  void clearOutput(mlir::OpBuilder &b, TablePlan &table);
  void clear(mlir::OpBuilder &b, TablePlan &table);

  /// Where a kernel notes that it met what its number format cannot hold; null
  /// where there is nothing such.
  mlir::Value getFaults() { return faults; }

  /// Of what is computed by segments of time; nothing where nothing is.
  const std::optional<Segments> &getSegments() { return segments; }
  /// Moves `count` times of a phase's tables that are kept by segments to
  /// another place in their windows.
  void moveTimes(mlir::OpBuilder &b, Env::Phase phase, mlir::Value from,
                 mlir::Value to, mlir::Value count);
  /// Keeps what cells of the time after `past` ones at place `from` in the
  /// windows read, in a slot, or brings it back, to the windows' begin.
  void keepTimes(mlir::OpBuilder &b, mlir::Value slot, mlir::Value from);
  void restoreTimes(mlir::OpBuilder &b, mlir::Value slot);

  /// Where cells are added up by segments: takes what was stored, which had
  /// the sums so far in it, for these.
  void takeSums(mlir::OpBuilder &b);

  /// Fills the copies of inputs.
  void copyInputs(mlir::OpBuilder &b);
  /// At a time of a loop: fills a copy of diagonals where its times begin, or
  /// hands it over, an output's, where they end. `edge`: the loop's own first,
  /// or last, time.
  void moveDiagonals(mlir::OpBuilder &b, const Diagonals &diagonals,
                     mlir::Value time, mlir::Value edge);
  /// What the threads of strips leave for the next ones: elements of each row.
  mlir::Value getEdges(const Strips &strips) { return edges[&strips].data; }
  /// From here on cells read where no wavefront passes: matrices themselves,
  /// not copies of their diagonals.
  void endWavefront() { isWavefrontOver = true; }
  /// An input's element: an index, or in the type of arithmetic.
  mlir::Value loadInput(mlir::OpBuilder &b, mlir::dp::ReadOp read,
                        mlir::ValueRange indices);
  /// One over a float input of rank 0.
  mlir::Value getInverse(mlir::dp::ReadOp read);
  /// Runs over the elements of a power: `emit` gives what to keep of one.
  void fillPower(mlir::OpBuilder &b, const InputPower &power,
                 llvm::function_ref<Raw(mlir::OpBuilder &, mlir::Value)> emit);
  /// The same for the element of the input that `indices` say.
  Raw loadPower(mlir::OpBuilder &b, const InputPower &power,
                mlir::ValueRange indices);
  /// Of a flat power: the largest exponent, when all elements are there, and an
  /// element over 2 to it.
  void setTop(const InputPower &power, mlir::Value exponent) {
    tops[&power] = exponent;
  }
  mlir::Value getTop(const InputPower &power) { return tops.lookup(&power); }
  mlir::Value loadFlat(mlir::OpBuilder &b, const InputPower &power,
                       mlir::ValueRange indices);
  /// The elements of a power in a row: how many, each as it is kept, and where
  /// it stands over the largest exponent.
  mlir::Value getCount(const InputPower &power) { return powers[&power].count; }
  Raw loadElement(mlir::OpBuilder &b, const InputPower &power,
                  mlir::Value place);
  void storeFlat(mlir::OpBuilder &b, const InputPower &power, mlir::Value place,
                 mlir::Value value);
  /// A pack's element, and the exponent of all.
  void storePacked(mlir::OpBuilder &b, const Pack &pack,
                   mlir::ValueRange position, mlir::Value value);
  mlir::Value loadPacked(mlir::OpBuilder &b, const Pack &pack,
                         mlir::ValueRange position);
  /// Of the leader of a group: of the whole group. Of another: where the shared
  /// binders are at `position`.
  void storeTop(mlir::OpBuilder &b, const Pack &pack, mlir::ValueRange position,
                mlir::Value exponent);
  mlir::Value loadTop(mlir::OpBuilder &b, const Pack &pack,
                      mlir::ValueRange position);
  /// Changes the width of a float where it differs.
  mlir::Value convert(mlir::OpBuilder &b, mlir::Value value,
                      mlir::FloatType type);
  mlir::Value emitFloat(mlir::OpBuilder &b, double value);

private:
  /// A cache line. There is one more between regions, whose sizes may be powers
  /// of two: equal places of all would else be in one set of the cache.
  static constexpr int64_t alignment = 64;

  struct Region {
    mlir::Value offset, secondOffset, count;
    mlir::Value room;         ///< of a table: elements of its memory
    mlir::Value data, second; ///< second: bits of presence, or exponents
    llvm::SmallVector<mlir::Value> strides;
  };
  /// The slots of a table, as a region of their own.
  struct Slots {
    Region region;
    mlir::Value size; ///< of one
  };
  void copy(mlir::OpBuilder &b, const Region &source, mlir::Value from,
            const Region &target, mlir::Value to, mlir::Value count);
  mlir::Value getTimeStride(TablePlan &table);
  /// Calls `move(table, slots, start, place, count)` for each run of cells that
  /// a slot keeps: where it starts in the table, and its place in the slots.
  using MoveRun = llvm::function_ref<void(TablePlan &table, const Region &slots,
                                          mlir::Value start, mlir::Value place,
                                          mlir::Value count)>;
  void forEachKept(mlir::OpBuilder &b, mlir::Value slot, mlir::Value from,
                   MoveRun move);
  mlir::Value getOffset(mlir::OpBuilder &b, TablePlan &table,
                        mlir::ValueRange indices);
  /// In the copy's order.
  llvm::SmallVector<mlir::Value> getExtents(const InputCopy &copy);
  llvm::SmallVector<mlir::Value> getExtents(mlir::OpBuilder &b,
                                            const Pack &pack);
  /// The extents of the matrix.
  llvm::SmallVector<mlir::Value> getShape(mlir::OpBuilder &b,
                                          const Diagonals &diagonals);
  llvm::SmallVector<mlir::Value> getExtents(mlir::OpBuilder &b,
                                            const Diagonals &diagonals);
  mlir::Value getOffset(mlir::OpBuilder &b, const Diagonals &diagonals);
  /// Where an element is in the copy.
  mlir::Value getPlace(mlir::OpBuilder &b, const Diagonals &diagonals,
                       mlir::ValueRange position);
  using Move = llvm::function_ref<void(mlir::OpBuilder &, mlir::ValueRange,
                                       mlir::Value place)>;
  /// The elements at the times from `begin` on.
  void forDiagonals(mlir::OpBuilder &b, const Diagonals &diagonals,
                    mlir::Value begin, Move move);
  /// Opens loops over a box, the last axis innermost, and adds their indices.
  /// Gives where the innermost body is.
  mlir::OpBuilder openLoops(mlir::OpBuilder b, mlir::ValueRange extents,
                            llvm::SmallVectorImpl<mlir::Value> &indices);
  /// An element of an input on its way into a copy.
  struct Element {
    mlir::OpBuilder inner; ///< in the innermost loop
    mlir::Value value, place;
  };
  Element openElements(mlir::OpBuilder &b, const InputCopy &copy,
                       const Region &region);
  /// Lays out a box of the extents; the last axis, or `innermost`, has its
  /// elements side by side.
  Region arrange(mlir::OpBuilder &b, mlir::ValueRange extents,
                 std::optional<unsigned> innermost = {});
  mlir::Value getPlace(mlir::OpBuilder &b, const Region &region,
                       mlir::ValueRange position);
  /// A region's only number at a position of its box.
  void storeIn(mlir::OpBuilder &b, const Region &region,
               mlir::ValueRange position, mlir::Value value);
  mlir::Value loadFrom(mlir::OpBuilder &b, const Region &region,
                       mlir::ValueRange position);
  static bool isNear(TablePlan &table) { return table.layout->isFolded(); }
  mlir::Type getElement(TablePlan &table) { return plan.getElement(table); }
  bool isScaled(TablePlan &table) { return plan.isScaled(table); }

  Plan &plan;
  Env &env;
  mlir::Location loc;
  llvm::DenseMap<TablePlan *, Region> regions;
  std::optional<Segments> segments;
  llvm::MapVector<TablePlan *, Slots> slots; ///< of what has a past
  llvm::MapVector<TablePlan *, Region> nextSums;
  llvm::DenseMap<const InputCopy *, Region> copies;
  llvm::DenseMap<const InputPower *, Region> powers, flats;
  llvm::DenseMap<const InputPower *, mlir::Value> tops;
  llvm::DenseMap<const Pack *, Region> packs, packTops;
  llvm::DenseMap<const Diagonals *, Region> ofDiagonals;
  llvm::DenseMap<const Strips *, Region> edges;
  bool isWavefrontOver = false;
  llvm::DenseMap<mlir::Value, mlir::Value> scalars;  ///< elements of rank 0
  llvm::DenseMap<mlir::Value, mlir::Value> inverses; ///< of these
  mlir::Value bytes, nearBytes, faultOffset, faults;
  mlir::Value width, lane; ///< of several instances; null: there is one
};

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_MEMORY_H
