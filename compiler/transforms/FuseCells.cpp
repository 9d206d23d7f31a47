//===- FuseCells.cpp - compute together what belongs to one cell ----------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two tables over one domain, of which one reads the other at its own cell
// only, can be computed in one walk: a cost beside the cell it weighs, a
// gradient beside the adjoint it is. What is then read nowhere else needs no
// memory.
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/Dependences.h"
#include "compiler/transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace danskin {
#define GEN_PASS_DEF_DPFUSECELLS
#include "compiler/transforms/Passes.h.inc"
} // namespace danskin

using namespace danskin;

/// The same operations on the same values, whatever the indices are called.
static bool haveSameDomain(dp::TableOp a, dp::TableOp b) {
  Block &left = a.getDomain().front(), &right = b.getDomain().front();
  if (a.getRank() != b.getRank() ||
      left.getOperations().size() != right.getOperations().size())
    return false;
  IRMapping twins;
  for (auto [x, y] : llvm::zip_equal(left, right)) {
    auto isTwin = [&](Value mine, Value theirs) {
      return twins.lookupOrDefault(mine) == theirs;
    };
    if (x.getName() != y.getName() || x.getNumRegions() ||
        x.getResultTypes() != y.getResultTypes() ||
        !llvm::equal(x.getOperands(), y.getOperands(), isTwin) ||
        (!isa<dp::IterateOp>(x) &&
         x.getAttrDictionary() != y.getAttrDictionary()))
      return false;
    twins.map(x.getResults(), y.getResults());
  }
  return true;
}

/// Where a guard says that an index of the cell is another value, reads ask for
/// the cell's: `D[0, 0] = d[0, 0]` reads its own cell.
static void nameOwnCells(dp::EquationOp equation) {
  Block &block = equation.getBody().front();
  equation.walk([&](dp::WhereOp where) {
    auto equal = where.getCondition().getDefiningOp<arith::CmpIOp>();
    if (!equal || equal.getPredicate() != arith::CmpIPredicate::eq)
      return;
    auto argument = dyn_cast<BlockArgument>(equal.getLhs());
    if (!argument || argument.getOwner() != &block)
      return;
    unsigned axis = argument.getArgNumber();
    for (Operation &op : llvm::make_range(std::next(where->getIterator()),
                                          where->getBlock()->end()))
      op.walk([&](dp::ReadOp read) {
        auto indices = read.getIndicesMutable();
        if (axis < indices.size() && indices[axis].get() == equal.getRhs() &&
            read.getArray().getDefiningOp<dp::TableOp>())
          indices[axis].set(argument);
      });
  });
}

namespace {
/// A table without an owner and those it owns.
struct Group {
  SmallVector<dp::ReadOp> reads; ///< of tables, by what computes it
  llvm::SmallSetVector<Operation *, 4>
      readers;         ///< roots that are computed from it
  bool isPlain = true; ///< no scatter and no traceback has to do with it
};

struct FuseCells : danskin::impl::DpFuseCellsBase<FuseCells> {
  void runOnOperation() override {
    for (auto equation :
         getOperation().getBody().front().getOps<dp::EquationOp>())
      nameOwnCells(equation);
    while (fuseOne())
      ;
  }

private:
  using Groups = llvm::MapVector<Operation *, Group>;

  dp::TableOp getRoot(dp::EquationOp equation) {
    return getRootOwner(equation.getTables()[0].getDefiningOp<dp::TableOp>());
  }

  Groups collect() {
    Groups groups;
    Block &body = getOperation().getBody().front();
    for (auto table : body.getOps<dp::TableOp>()) {
      Group &group = groups[getRootOwner(table)];
      for (Operation *user : table.getResult().getUsers())
        group.isPlain &=
            isa<dp::ReadOp, dp::ContainsOp, dp::EquationOp, dp::TableOp>(user);
    }
    auto collectReads = [&](Operation *op, Operation *reader) {
      op->walk([&](dp::ReadOp read) {
        auto table = read.getArray().getDefiningOp<dp::TableOp>();
        if (!table)
          return;
        groups[reader].reads.push_back(read);
        groups[getRootOwner(table)].readers.insert(reader);
      });
    };
    for (auto equation : body.getOps<dp::EquationOp>())
      collectReads(equation, getRoot(equation));
    for (auto scatter : body.getOps<dp::ScatterOp>())
      collectReads(
          scatter,
          getRootOwner(scatter.getTable().getDefiningOp<dp::TableOp>()));
    return groups;
  }

  /// Does the read ask for the cell its equation is at?
  bool isOwnCell(dp::ReadOp read, unsigned rank) {
    auto equation = read->getParentOfType<dp::EquationOp>();
    auto arguments = equation.getBody().front().getArguments();
    return read.getIndices().size() >= rank && arguments.size() >= rank &&
           llvm::equal(read.getIndices().take_front(rank),
                       arguments.take_front(rank));
  }

  /// Is `table` among what `from` needs?
  bool needs(Groups &groups, Operation *from, Operation *table) {
    SmallVector<Operation *> open = {from};
    llvm::SmallPtrSet<Operation *, 8> seen;
    while (!open.empty()) {
      Operation *next = open.pop_back_val();
      if (next == table)
        return true;
      if (!seen.insert(next).second)
        continue;
      for (dp::ReadOp read : groups[next].reads)
        open.push_back(
            getRootOwner(read.getArray().getDefiningOp<dp::TableOp>()));
    }
    return false;
  }

  /// Does `table` read of `owner` and of itself only the cell it is at, and
  /// else only what can be there before either?
  bool readsInTime(Groups &groups, dp::TableOp table, dp::TableOp owner) {
    return llvm::all_of(groups[table].reads, [&](dp::ReadOp read) {
      Operation *source =
          getRootOwner(read.getArray().getDefiningOp<dp::TableOp>());
      if (source == table || source == owner)
        return isOwnCell(read, owner.getRank());
      return !needs(groups, source, owner) && !needs(groups, source, table);
    });
  }

  /// Comes after `owner`'s cell.
  bool follows(Groups &groups, dp::TableOp table, dp::TableOp owner) {
    return groups[owner].readers.contains(table) &&
           readsInTime(groups, table, owner) && !needs(groups, owner, table);
  }

  /// Comes before `owner`'s cell, and is read there alone.
  bool precedes(Groups &groups, dp::TableOp table, dp::TableOp owner) {
    if (!readsInTime(groups, table, owner) || needs(groups, table, owner) ||
        !groups[table].readers.contains(owner))
      return false;
    for (auto &[reader, group] : groups)
      for (dp::ReadOp read : group.reads) {
        Operation *source =
            getRootOwner(read.getArray().getDefiningOp<dp::TableOp>());
        if (source == table && reader != table &&
            (reader != owner || !isOwnCell(read, table.getRank())))
          return false;
      }
    return true;
  }

  /// Moves a table behind its owner where all that mentions it allows.
  bool moveBehind(dp::TableOp table, dp::TableOp owner) {
    for (Operation *user : table.getResult().getUsers()) {
      Operation *place =
          getOperation().getBody().front().findAncestorOpInBlock(*user);
      if (!owner->isBeforeInBlock(place))
        return false;
    }
    table->moveAfter(owner);
    return true;
  }

  bool fuseOne() {
    Groups groups = collect();
    for (auto &[op, group] : groups) {
      auto table = cast<dp::TableOp>(op);
      if (!group.isPlain || table.getRank() == 0)
        continue;
      llvm::SmallSetVector<Operation *, 4> neighbours = group.readers;
      for (dp::ReadOp read : group.reads)
        neighbours.insert(
            getRootOwner(read.getArray().getDefiningOp<dp::TableOp>()));
      for (Operation *neighbour : neighbours)
        if (fuse(groups, table, cast<dp::TableOp>(neighbour)))
          return true;
    }
    return false;
  }

  bool fuse(Groups &groups, dp::TableOp table, dp::TableOp owner) {
    if (table == owner || !groups[owner].isPlain ||
        owner.getRole() == dp::TableRole::Output ||
        !haveSameDomain(table, owner))
      return false;
    if (!follows(groups, table, owner) && !precedes(groups, table, owner))
      return false;
    if (table->isBeforeInBlock(owner) && !moveBehind(table, owner))
      return false;
    table.getOwnerMutable().assign(owner.getResult());
    return true;
  }
};
} // namespace
