//===- Rounds.h - rounds of a reduction as lanes ----------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where no lanes are cells, a reduction of one cell takes as many rounds at a
// time. What a round computes by itself is computed in lanes; how they become
// one value depends on the reduction, and gives what the loop gives to the bit.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_CONVERSION_ROUNDS_H
#define DANSKIN_CONVERSION_ROUNDS_H

#include "compiler/conversion/Vectors.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace danskin::conversion {

class Rounds {
public:
  explicit Rounds(mlir::scf::ForOp loop) : loop(loop), loc(loop.getLoc()) {}
  virtual ~Rounds() = default;

  /// Is the loop such a reduction?
  virtual bool match() = 0;
  /// Puts a loop over vectors of rounds in front of the loop, which is left
  /// with those that fill none.
  void emit(unsigned width);

protected:
  /// What a value of a round is in all lanes.
  using GetLanes = llvm::function_ref<mlir::Value(mlir::Value)>;

  /// Do lanes save more than it costs to take what lies apart? `rounds`: the
  /// loop of what rounds compute by themselves.
  virtual bool isWorthIt(const Varying &varying,
                         mlir::scf::ForOp rounds) const {
    return true;
  }
  /// What rounds compute by themselves, into the body of a loop.
  virtual void emitBody(mlir::OpBuilder &b, mlir::IRMapping &map);
  /// What the loop over vectors carries at first: what the loop does.
  virtual llvm::SmallVector<mlir::Value>
  emitStart(mlir::OpBuilder &, mlir::ValueRange inits, unsigned width) {
    return llvm::SmallVector<mlir::Value>(inits);
  }
  /// And after each vector.
  virtual llvm::SmallVector<mlir::Value> emitVector(mlir::OpBuilder &b,
                                                    mlir::ValueRange carried,
                                                    unsigned width,
                                                    GetLanes getLanes) = 0;
  /// What the loop carries after all vectors.
  virtual llvm::SmallVector<mlir::Value> emitEnd(mlir::OpBuilder &,
                                                 mlir::ValueRange carried,
                                                 mlir::ValueRange inits,
                                                 unsigned width) {
    return llvm::SmallVector<mlir::Value>(carried);
  }
  /// Must rounds keep their order?
  virtual bool isOrdered() const { return true; }

  /// Is the value known without the results of earlier rounds?
  bool isOfRound(mlir::Value value);
  /// Is the value made of `leaves` and constants alone?
  bool isMadeOf(mlir::Value value, llvm::ArrayRef<mlir::Value> leaves);
  /// Such a value, of what `map` says the leaves are: numbers, or vectors of
  /// the shape of `like`.
  mlir::Value cloneMade(mlir::OpBuilder &b, mlir::Value value,
                        mlir::IRMapping &map, mlir::Type like);
  /// As many of the value as the type has lanes.
  mlir::Value spreadLike(mlir::OpBuilder &b, mlir::Value value,
                         mlir::Type like);

  mlir::scf::ForOp loop;
  mlir::Location loc;

private:
  bool dependsOnCarried(mlir::Operation *op);
};

/// The `count` lanes of a vector from lane `from` on.
mlir::Value takeLanes(mlir::OpBuilder &b, mlir::Location loc, mlir::Value lanes,
                      int64_t from, int64_t count);
/// The first of its lanes.
mlir::Value takeFirst(mlir::OpBuilder &b, mlir::Location loc,
                      mlir::Value lanes);

/// How a sum or the bits of ints come of all rounds, whose order is free: where
/// `next` is `carried` with something that it leaves in the operation's second
/// place.
std::optional<mlir::vector::CombiningKind> getKind(mlir::Value carried,
                                                   mlir::Value next);

/// A reduction to a maximum, and to what came with it.
std::unique_ptr<Rounds> createMaximum(mlir::scf::ForOp loop);
/// Sums of numbers with exponents, relative to the largest so far.
std::unique_ptr<Rounds> createRescaled(mlir::scf::ForOp loop);
/// Any reduction most of whose work a round does by itself: the rest is done
/// lane by lane, in the order of the rounds.
std::unique_ptr<Rounds> createInTurn(mlir::scf::ForOp loop);

} // namespace danskin::conversion

#endif // DANSKIN_CONVERSION_ROUNDS_H
