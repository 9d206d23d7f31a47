//===- Packer.h - common factors at one exponent ----------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_PACKER_H
#define DANSKIN_CONVERSION_PACKER_H

#include "compiler/conversion/Cell.h"
#include "llvm/ADT/SetVector.h"

namespace danskin::conversion {
/// Finds the place that packs of a group belong before, and emits them there:
/// its panels, or the others.
class Packer {
public:
  Packer(Cell &cell, const Product &product, const PackGroup &group,
         bool ofPanels)
      : cell(cell), product(product), group(group), ofPanels(ofPanels),
        loc(cell.loc) {
    llvm::copy_if(group, std::back_inserter(mine),
                  [&](Pack *pack) { return pack->isPanel == ofPanels; });
  }

  bool isEmpty() const { return mine.empty(); }
  /// Where panels begin, once it is found.
  mlir::Value getFirstCell() const {
    return bounds.lookup(product.along).first;
  }

  /// Is there such a place, seen from `block`?
  bool find(mlir::Block *block);
  void emit();

private:
  bool addLeaves(mlir::Value value);
  bool addLeaves(const Condition &condition);
  bool isKnownBefore(mlir::Value value, mlir::scf::ForOp loop) const;
  bool areKnownBefore(llvm::ArrayRef<mlir::Value> values,
                      mlir::scf::ForOp loop) const {
    return llvm::all_of(
        values, [&](mlir::Value value) { return isKnownBefore(value, loop); });
  }
  llvm::SmallVector<mlir::Value> getEmitted(mlir::Value leaf) const;
  bool isAsked(const Condition &condition) const;
  bool isOfElements(const Condition &condition) const;
  mlir::Value emitGuard(mlir::OpBuilder &b, mlir::IRMapping &brought);

  /// A loop over a binder's values, seen in its body.
  struct Round {
    mlir::Value index, place;
  };
  mlir::scf::ForOp openLoop(mlir::OpBuilder &b, mlir::Value axis,
                            mlir::ValueRange carried);
  void bindAll();
  llvm::SmallVector<mlir::Value> getAxes(const Pack &pack, bool shared) const;
  llvm::SmallVector<mlir::Value>
  getPlaces(llvm::ArrayRef<mlir::Value> axes) const;

  mlir::Value emitGroupTop(mlir::OpBuilder &b,
                           llvm::ArrayRef<mlir::Value> shared, mlir::Value top);
  mlir::Value emitTop(mlir::OpBuilder &b, const Pack &pack);
  llvm::SmallVector<mlir::Value> emitTops(mlir::OpBuilder &b, const Pack &pack,
                                          llvm::ArrayRef<mlir::Value> axes,
                                          mlir::ValueRange tops);
  mlir::Value emitReference(mlir::OpBuilder &b, const Pack &pack);
  void emitElements(mlir::OpBuilder &b, const Pack &pack);
  ScaledNumber emitElement(mlir::OpBuilder &b, const Pack &pack);

  Cell &cell;
  const Product &product;
  const PackGroup &group;
  bool ofPanels;
  mlir::Location loc;
  PackGroup mine;
  mlir::scf::ForOp home;
  /// What the factors are made of outside of the arm.
  llvm::SetVector<mlir::Value> leaves;
  /// Branches between the loop and the term, and which way they went.
  llvm::SmallVector<std::pair<mlir::Value, bool>> guards;
  llvm::DenseMap<mlir::Value, std::pair<mlir::Value, mlir::Value>>
      bounds;                                ///< by axis
  llvm::DenseMap<mlir::Value, Round> rounds; ///< the same, of loops around
  mlir::Value groupTop;
};
} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_PACKER_H
