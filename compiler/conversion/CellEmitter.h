//===- CellEmitter.h - a vector of cells ------------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_CELLEMITTER_H
#define DANSKIN_CONVERSION_CELLEMITTER_H

#include "compiler/conversion/Vectors.h"

namespace danskin::conversion {

/// Lanes are cells of a loop. Indices are followed as `first + lane * step`:
/// memory whose lanes lie side by side is loaded whole. Whether a caller's
/// array lies so is asked at run time.
class CellEmitter : public VectorEmitter {
public:
  /// `attempt`: a branch in which it leaves out what is rare, for others.
  CellEmitter(const Varying &varying, unsigned width, mlir::scf::ForOp loop,
              mlir::scf::IfOp attempt = {})
      : VectorEmitter(varying, width, loop.getLoc()), loop(loop),
        attempt(attempt) {}

  /// Emits the iterations from `first` on that come before `end`, null for all
  /// of a vector. The conditions are what their values say.
  void run(mlir::OpBuilder &b, mlir::Value first, mlir::Value end,
           llvm::ArrayRef<std::pair<mlir::Value, bool>> conditions);

  /// What a value of the loop's body is, in all lanes.
  using VectorEmitter::getLanes;

  /// Has nothing been left out?
  mlir::Value emitIsDone(mlir::OpBuilder &b);
  /// Makes what is known before the branch of its arrays, that lanes lie side
  /// by side in them, a condition of it.
  void requireAdjacent(mlir::scf::IfOp branch);

private:
  /// An index that differs by the same step from lane to lane.
  struct Progression {
    mlir::Value first, step;
  };

  const FlatArray &getArray(mlir::Value array);
  std::optional<Progression> getProgression(mlir::OpBuilder &b,
                                            mlir::Value index);
  mlir::Value add(mlir::OpBuilder &b, mlir::Value x, mlir::Value y);
  mlir::Value multiply(mlir::OpBuilder &b, mlir::Value x, mlir::Value y);

  Address getAddress(mlir::OpBuilder &b, mlir::Value array,
                     mlir::ValueRange indices) override;
  Address getOwnAddress(mlir::OpBuilder &b, mlir::Value memory,
                        mlir::Value index);
  void emitView(mlir::OpBuilder &b, mlir::memref::ViewOp view) override {
    b.clone(*view, map);
  }
  bool isCommon(mlir::Value array, mlir::ValueRange indices) override {
    return !varying.isOwn(array) &&
           llvm::none_of(indices, [&](mlir::Value index) {
             return varying.contains(index);
           });
  }
  void emitCommonLoad(mlir::OpBuilder &b, mlir::memref::LoadOp load,
                      Mask mask) override;
  void emitCommonStore(mlir::OpBuilder &b, mlir::memref::StoreOp store,
                       Mask mask) override;
  mlir::Value getFirst(mlir::OpBuilder &b, mlir::Value index) override {
    return getProgression(b, index)->first;
  }
  void noteShifted(mlir::scf::ForOp loop, mlir::Value first) override;
  void noteElementwise(mlir::OpBuilder &b, mlir::Operation *op) override;
  bool emitStage(mlir::OpBuilder &b, mlir::scf::ForOp copy) override;
  std::optional<mlir::Value>
  emitPlace(mlir::OpBuilder &b, mlir::scf::ForOp copy, mlir::ValueRange indices,
            llvm::ArrayRef<mlir::Value> strides, mlir::Value round);
  bool leaveOut(mlir::OpBuilder &b, mlir::scf::IfOp branch, Mask mask) override;
  void noteLeftOut(mlir::OpBuilder &b, mlir::Value isSo);

  mlir::scf::ForOp loop;
  mlir::scf::IfOp attempt;
  mlir::Value leftOut;                     ///< whether anything is, in memory
  llvm::SmallVector<mlir::Value> adjacent; ///< what has been asked at run time
  mlir::Value lane;
  llvm::DenseMap<mlir::Value, Progression> progressions;
  llvm::DenseMap<mlir::Value, FlatArray> arrays;
};

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_CELLEMITTER_H
