//===- Vectors.h - scalar code as code on vectors ---------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel computes one cell of one instance at a time. Its vector forms
// compute several: equal cells of several instances, or cells of equal time of
// one instance, each in a lane of its own. What is the same in all lanes stays
// scalar; all else becomes a vector.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_VECTORS_H
#define DANSKIN_CONVERSION_VECTORS_H

#include "compiler/conversion/Marks.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/DenseSet.h"

namespace danskin::conversion {

/// Which values differ from lane to lane.
class Varying {
public:
  /// Lanes are instances of the function: what is loaded differs.
  explicit Varying(mlir::func::FuncOp function);
  /// Lanes are iterations of the loop: what depends on them differs, but
  /// `alike`, which is known to be the same in all.
  explicit Varying(mlir::scf::ForOp loop, mlir::ValueRange alike = {});

  bool contains(mlir::Value value) const { return values.contains(value); }
  /// By how much the index grows from lane to lane, where that is known.
  std::optional<int64_t> getStep(mlir::Value value) const;
  /// By how much each lane is ahead of the one before in an inner loop.
  int64_t getShift(mlir::scf::ForOp loop) const { return shifts.lookup(loop); }
  /// How many arrays the loop takes elements of that lie side by side, or that
  /// are the same for all lanes.
  unsigned countAdjacent(mlir::scf::ForOp loop) const;
  /// Does each lane fill such a memory of its own?
  bool isOwn(mlir::Value memory) const { return owned.contains(memory); }
  /// Is there one of more places than that?
  bool ownsMore(int64_t length) const;
  /// Has the code nothing that lanes cannot do? If not, why.
  const char *getObstacle() const { return obstacle; }

private:
  void propagate(mlir::Operation *root);
  void visit(mlir::Operation *op);
  void visitControl(mlir::Operation *op);
  bool containsAny(mlir::ValueRange values) const;
  void mark(mlir::Value value);
  void markIf(mlir::ValueRange from, mlir::ValueRange to);
  void chooseShift(mlir::scf::ForOp loop);

  llvm::DenseSet<mlir::Value> values, alike, owned;
  bool allLoads;
  mlir::Value lane; ///< the index whose values are lanes
  llvm::DenseMap<mlir::Operation *, int64_t> shifts;
  bool anyShift = false; ///< inner loops may have any
  const char *obstacle = nullptr;
  bool changed = false;
};

/// An array of the caller as the memory from its first element on.
struct FlatArray {
  mlir::Value memory;
  llvm::SmallVector<mlir::Value> strides;

  static FlatArray get(mlir::OpBuilder &b, mlir::Location loc,
                       mlir::Value array);
};

/// Emits the operations of a block as operations on `width` lanes.
///
/// Control that differs from lane to lane becomes masks: of a branch both sides
/// are computed and one is selected, a loop runs as long as any lane does.
class VectorEmitter {
public:
  VectorEmitter(const Varying &varying, unsigned width, mlir::Location loc)
      : varying(varying), width(width), here(loc) {}
  virtual ~VectorEmitter() = default;

protected:
  /// Lanes that compute what stands here; null for all.
  using Mask = mlir::Value;

  /// Memory, the place in it of the first lane, and each lane's distance from
  /// there. Where lanes lie side by side there are no distances; where they
  /// may, `adjacent` says at run time whether they do.
  struct Address {
    mlir::Value memory, base, offsets, adjacent;
    bool descends = false; ///< ... from the last lane to the first
  };
  virtual Address getAddress(mlir::OpBuilder &b, mlir::Value array,
                             mlir::ValueRange indices) = 0;
  virtual void emitView(mlir::OpBuilder &b, mlir::memref::ViewOp view) = 0;
  /// A load from and a store to a place that is the same for all lanes.
  virtual void emitCommonLoad(mlir::OpBuilder &b, mlir::memref::LoadOp load,
                              Mask mask) = 0;
  virtual void emitCommonStore(mlir::OpBuilder &b, mlir::memref::StoreOp store,
                               Mask mask) = 0;
  /// Is the place of a load or store the same for all lanes?
  virtual bool isCommon(mlir::Value array, mlir::ValueRange indices) = 0;
  /// Memory of the kernel's own.
  virtual void emitBuffer(mlir::OpBuilder &b, mlir::memref::AllocaOp buffer) {
    llvm_unreachable("cells have no buffers");
  }
  /// The memory of an argument, with its extents.
  virtual void emitBounded(mlir::memref::ReinterpretCastOp cast) {
    llvm_unreachable("stands before all loops over cells");
  }
  /// A marked copy of a block, if there is a better way than element by
  /// element.
  virtual bool emitStage(mlir::OpBuilder &b, mlir::scf::ForOp copy) {
    return false;
  }
  /// A call of a function that takes arrays, which walks one instance.
  virtual void emitPathCall(mlir::OpBuilder &b, mlir::func::CallOp call) {
    llvm_unreachable("cells have no path");
  }
  /// Is the first side of a branch left to others to compute?
  virtual bool leaveOut(mlir::OpBuilder &b, mlir::scf::IfOp branch, Mask mask) {
    return false;
  }
  /// What an index is in the first lane, of those that grow by the same from
  /// lane to lane.
  virtual mlir::Value getFirst(mlir::OpBuilder &b, mlir::Value index) {
    llvm_unreachable("no index is known to grow");
  }
  /// What the index of a shifted loop is in the first lane.
  virtual void noteShifted(mlir::scf::ForOp loop, mlir::Value first) {}
  /// An operation whose result differs by lane and that has just been emitted.
  virtual void noteElementwise(mlir::OpBuilder &b, mlir::Operation *op) {}

  void emitBlock(mlir::OpBuilder &b, mlir::Block &block, Mask mask);
  void emitOp(mlir::OpBuilder &b, mlir::Operation *op, Mask mask);
  void emitFor(mlir::OpBuilder &b, mlir::scf::ForOp loop, Mask mask);

  mlir::Type getLaneType(mlir::Type type) {
    return mlir::VectorType::get(width, type);
  }
  /// What stands for the value, a vector if it varies.
  mlir::Value get(mlir::Value value) { return map.lookupOrDefault(value); }
  /// The same as a vector.
  mlir::Value getLanes(mlir::OpBuilder &b, mlir::Value value) {
    return spread(b, get(value));
  }
  mlir::Value spread(mlir::OpBuilder &b, mlir::Value value);
  /// 0, 1, ..., width - 1
  mlir::Value countUp(mlir::OpBuilder &b);
  mlir::Value constant(mlir::OpBuilder &b, int64_t value);
  mlir::Value getAll(mlir::OpBuilder &b);
  mlir::Value emitAny(mlir::OpBuilder &b, Mask mask);
  mlir::Value emitNothing(mlir::OpBuilder &b, mlir::Type type);
  Mask meet(mlir::OpBuilder &b, Mask mask, mlir::Value condition);

  const Varying &varying;
  unsigned width;
  mlir::IRMapping map;
  mlir::Location here; ///< of what is being emitted

private:
  void emitElementwise(mlir::OpBuilder &b, mlir::Operation *op);
  void emitCall(mlir::OpBuilder &b, mlir::func::CallOp call);
  void emitLoad(mlir::OpBuilder &b, mlir::memref::LoadOp load, Mask mask);
  void emitStore(mlir::OpBuilder &b, mlir::memref::StoreOp store, Mask mask);
  /// The rounds of a loop on vectors: the index grows from `lower` to `upper`.
  struct Rounds {
    mlir::Value lower, upper;
    mlir::Value lowers, uppers; ///< of each lane; null where no lane waits
    /// Where lanes have indices of their own, the first of each; the first
    /// lane's.
    mlir::Value starts, start;
  };
  Rounds getRounds(mlir::OpBuilder &b, mlir::scf::ForOp loop, Mask mask);
  Rounds getRoundsTogether(mlir::OpBuilder &b, mlir::Value lowers,
                           mlir::Value uppers);
  Rounds getShiftedRounds(mlir::OpBuilder &b, mlir::scf::ForOp loop);
  void emitIf(mlir::OpBuilder &b, mlir::scf::IfOp branch, Mask mask);
  void emitUniformIf(mlir::OpBuilder &b, mlir::scf::IfOp branch, Mask mask);
  llvm::SmallVector<mlir::Value> emitSide(mlir::OpBuilder &b,
                                          mlir::scf::IfOp branch,
                                          mlir::Region &side, Mask mask);
  void emitWhile(mlir::OpBuilder &b, mlir::scf::WhileOp loop, Mask mask);

  mlir::Type getType(mlir::Value value) {
    return varying.contains(value) ? getLaneType(value.getType())
                                   : value.getType();
  }
  /// A value of type getType(like).
  mlir::Value fit(mlir::OpBuilder &b, mlir::Value value, mlir::Value like) {
    return varying.contains(like) ? spread(b, value) : value;
  }
};

/// Lets innermost loops take elements of arrays by blocks.
void stageArrays(mlir::func::FuncOp kernel);
/// The same of inner loops of a loop over cells, whose elements lie side by
/// side for rounds but apart for lanes. `varying` is what differs in it.
void stageArrays(mlir::func::FuncOp kernel, mlir::scf::ForOp cells,
                 const Varying &varying);

/// Fills `lanes`, whose arguments are those of `kernel` but that arrays have a
/// leading axis of lanes and that the number of instances, at least 1 and at
/// most `width`, comes last. Instances that are missing repeat the last one.
/// The workspace holds `width` times that of one instance.
void emitLanes(mlir::func::FuncOp kernel, const Varying &varying,
               mlir::func::FuncOp lanes, unsigned width);

/// Replaces a loop over cells by one that takes as many of them at a time as
/// the first of `widths` says where so many are left that are no exceptions in
/// any way, else as the next; each divides the one before. `varying` is what
/// differs in the loop.
void emitCells(mlir::scf::ForOp loop, const Varying &varying,
               llvm::ArrayRef<unsigned> widths);

/// Lets reductions of one cell take `width` rounds at a time. Of loops over
/// cells there are none left that vectors may take.
void emitRounds(mlir::func::FuncOp kernel, unsigned width);

/// Does the operation compute a float? They are what rounds and loops are
/// measured by.
bool computesFloat(mlir::Operation &op);

/// Defines function `name` of the kernel's sizes: how many cells it computes at
/// once where loops over cells take vectors of `width`, seen over all of it.
void makeCellsAtOnce(mlir::func::FuncOp kernel, const std::string &name,
                     unsigned width, bool isWavefront);

/// exp and log of vectors of doubles, bit for bit those of the runtime.
mlir::Value emitExp(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x);
mlir::Value emitLog(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x);

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_VECTORS_H
