//===- ScatterSums.cpp - sums over a wavefront, taken as it passes --------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A sum over a row of cells that a slanted wavefront makes waits for all of
// them, and finds none beside another. So each cell adds what it has to the sum
// when it is there: cells of equal time lie in rows of their own, and those of
// a row come in the order of their indices in every schedule.
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/ScheduleAttr.h"
#include "compiler/transforms/Passes.h"
#include "compiler/transforms/Slices.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace danskin;

namespace danskin {
#define GEN_PASS_DEF_DPSCATTERSUMS
#include "compiler/transforms/Passes.h.inc"
} // namespace danskin

namespace {
/// A sum as cells that add to it.
struct Push {
  dp::EquationOp equation;
  dp::ArmOp arm;
  dp::ReadOp read; ///< of the cells that add
};
} // namespace

static bool isEqualBound(Value x, Value y) {
  APInt left, right;
  return x == y || (matchPattern(x, m_ConstantInt(&left)) &&
                    matchPattern(y, m_ConstantInt(&right)) && left == right);
}

static SmallVector<dp::IterateOp> getIterates(dp::TableOp table) {
  SmallVector<dp::IterateOp> iterates;
  for (Value index : table.getDomain().front().getTerminator()->getOperands())
    if (auto iterate = index.getDefiningOp<dp::IterateOp>())
      iterates.push_back(iterate);
  return iterates;
}

/// Is a cell of `root` computed no later than one of `mine`: before it in any
/// case, or because it has its indices?
static bool isNotLater(dp::TableOp root, dp::TableOp mine, StringRef name,
                       bool isSameCell) {
  auto rows = getScheduleRows(root, name), others = getScheduleRows(mine, name);
  if (!rows || !others)
    return !others;
  for (auto [row, other] : llvm::zip_equal(*rows, *others)) {
    bool isConstant = row.isConstant() && other.isConstant();
    if (!isConstant && (!isSameCell || row.coefficients != other.coefficients))
      return false;
    if (row.constant != other.constant)
      return row.constant < other.constant;
  }
  return isSameCell;
}

/// Is what is read there when the cell that adds is?
static bool isKnown(dp::ReadOp other, dp::ReadOp read) {
  auto table = other.getArray().getDefiningOp<dp::TableOp>();
  if (!table)
    return true;
  dp::TableOp root = getRootOwner(table);
  dp::TableOp mine = getRootOwner(read.getArray().getDefiningOp<dp::TableOp>());
  bool isSameCell = llvm::equal(other.getIndices(), read.getIndices());
  StringRef names[] = {scheduleAttrName, wavefrontAttrName};
  return llvm::all_of(names, [&](StringRef name) {
    return isNotLater(root, mine, name, isSameCell);
  });
}

/// Are the read's indices the arm's binders, all of them, and indices of the
/// sum's cell?
static bool isPushed(const Push &push) {
  Block &cell = dp::EquationOp(push.equation).getBody().front();
  Block &terms = dp::ArmOp(push.arm).getBody().front();
  llvm::DenseSet<Value> met;
  unsigned binders = 0;
  dp::ReadOp read = push.read;
  for (Value index : read.getIndices()) {
    auto iterate = index.getDefiningOp<dp::IterateOp>();
    bool isBinder = iterate && iterate->getBlock() == &terms;
    auto argument = dyn_cast<BlockArgument>(index);
    if (!met.insert(index).second ||
        (!isBinder && (!argument || argument.getOwner() != &cell)))
      return false;
    binders += isBinder;
  }
  auto iterates = terms.getOps<dp::IterateOp>();
  // With no binder there is no sum, with binders alone nothing is apart.
  return binders == unsigned(std::distance(iterates.begin(), iterates.end())) &&
         binders > 0 && binders < read.getIndices().size();
}

/// The read by whose cells an arm's terms are pushed; null for none.
static dp::ReadOp findRead(dp::EquationOp equation, dp::ArmOp arm) {
  SmallVector<dp::ReadOp> reads;
  arm.walk([&](dp::ReadOp read) { reads.push_back(read); });
  for (dp::ReadOp read : reads) {
    auto made = read.getArray().getDefiningOp<dp::TableOp>();
    if (made && made.getRank() == 2 && isWavefront(getRootOwner(made)) &&
        getIterates(made).size() == 2 && isPushed({equation, arm, read}) &&
        llvm::all_of(reads,
                     [&](dp::ReadOp other) { return isKnown(other, read); }))
      return read;
  }
  return {};
}

/// One for each arm of the table's sum; none if not all can be.
static SmallVector<Push> findPushes(dp::TableOp table) {
  auto equations = table.getEquations();
  if (table.getOwner() || table.getAbsence() != dp::Absence::Never ||
      equations.size() != 1 || !table.getScatters().empty() ||
      table->hasAttr(scheduleAttrName) ||
      getIterates(table).size() != table.getRank())
    return {};
  dp::EquationOp equation = equations.front();
  Block &cell = equation.getBody().front();
  auto sum = cell.getTerminator()->getOperand(0).getDefiningOp<dp::SumOp>();
  if (!sum || equation.getTables().size() != 1 ||
      !cell.getOps<dp::WhereOp>().empty() || !cell.getOps<dp::ReadOp>().empty())
    return {};
  SmallVector<Push> pushes;
  for (auto arm : sum.getArms().front().getOps<dp::ArmOp>()) {
    dp::ReadOp read = findRead(equation, arm);
    if (!read)
      return {};
    pushes.push_back({equation, arm, read});
  }
  return pushes;
}

/// Demands that an index lie in the range, if it may not.
static void emitInRange(OpBuilder &b, Value index, dp::IterateOp range,
                        dp::IterateOp known, IRMapping &mapping) {
  Location loc = range.getLoc();
  auto require = [&](arith::CmpIPredicate predicate, Value bound) {
    Value mine = cloneValue(b, bound, mapping);
    b.create<dp::WhereOp>(loc,
                          b.create<arith::CmpIOp>(loc, predicate, index, mine));
  };
  if (!isEqualBound(range.getLower(), known.getLower()))
    require(arith::CmpIPredicate::sge, range.getLower());
  if (!isEqualBound(range.getUpper(), known.getUpper()))
    require(arith::CmpIPredicate::slt, range.getUpper());
}

static dp::ScatterOp emitScatter(const Push &push) {
  dp::EquationOp equation = push.equation;
  dp::ReadOp read = push.read;
  auto table = equation.getTables()[0].getDefiningOp<dp::TableOp>();
  auto over = read.getArray().getDefiningOp<dp::TableOp>();
  OpBuilder b(equation);
  Location loc = equation.getLoc();
  auto scatter =
      b.create<dp::ScatterOp>(loc, table.getResult(), over.getResult());
  Block *block = b.createBlock(&scatter.getBody(), {},
                               SmallVector<Type>(2, b.getIndexType()),
                               SmallVector<Location>(2, loc));
  Block &cell = equation.getBody().front();
  Block &terms = dp::ArmOp(push.arm).getBody().front();
  IRMapping mapping;
  SmallVector<dp::IterateOp> known = getIterates(over),
                             ranges = getIterates(table);
  for (auto [index, argument] :
       llvm::zip_equal(read.getIndices(), block->getArguments()))
    mapping.map(index, argument);
  // What the cell that adds does not say of the sum's cell is run over.
  SmallVector<Value> target;
  for (auto [argument, range] : llvm::zip_equal(cell.getArguments(), ranges)) {
    if (!mapping.contains(argument))
      mapping.map(argument, cloneWithCaptures(b, range, mapping)->getResult(0));
    // Bounds of later indices may depend on it.
    mapping.map(range.getIndex(), mapping.lookup(argument));
    target.push_back(mapping.lookup(argument));
  }
  for (auto [index, iterate, argument] :
       llvm::zip_equal(read.getIndices(), known, block->getArguments())) {
    auto range = index.getDefiningOp<dp::IterateOp>();
    if (auto own = dyn_cast<BlockArgument>(index))
      range = ranges[own.getArgNumber()];
    emitInRange(b, argument, range, iterate, mapping);
  }
  for (Operation &op : terms.without_terminator())
    if (!isa<dp::IterateOp>(op) &&
        !mapping.contains(op.getNumResults() ? op.getResult(0) : Value()))
      cloneWithCaptures(b, &op, mapping);
  target.push_back(
      cloneValue(b, terms.getTerminator()->getOperand(0), mapping));
  b.create<dp::YieldOp>(loc, target);
  return scatter;
}

namespace {
struct ScatterSums : danskin::impl::DpScatterSumsBase<ScatterSums> {
  using DpScatterSumsBase::DpScatterSumsBase;

  void runOnOperation() override {
    SmallVector<Push> pushes;
    for (auto table : getOperation().getBody().front().getOps<dp::TableOp>())
      llvm::append_range(pushes, findPushes(table));
    if (pushes.empty())
      return markAllAnalysesPreserved();
    for (StringRef name : {scheduleAttrName, wavefrontAttrName})
      if (llvm::any_of(pushes, [&](Push &push) {
            return !endsConstant(getMaker(push), name);
          }))
        addRow(name);
    for (Push &push : pushes) {
      dp::ScatterOp scatter = emitScatter(push);
      scatter->setAttr(apartAttrName, UnitAttr::get(&getContext()));
      for (StringRef name : {scheduleAttrName, wavefrontAttrName})
        if (Attribute rows = getMaker(push)->getAttr(name))
          scatter->setAttr(name, advance(cast<ArrayAttr>(rows)));
    }
    llvm::SetVector<Operation *> done;
    for (Push &push : pushes)
      done.insert(push.equation);
    for (Operation *equation : done)
      equation->erase();
  }

  /// Whose time the cells that add have.
  static dp::TableOp getMaker(Push &push) {
    return getRootOwner(push.read.getArray().getDefiningOp<dp::TableOp>());
  }

  static bool endsConstant(dp::TableOp root, StringRef name) {
    auto rows = getScheduleRows(root, name);
    return !rows || rows->back().isConstant();
  }

  /// Gives all statements one more row, in which they do not differ.
  void addRow(StringRef name) {
    getOperation().walk([&](Operation *op) {
      auto rows = op->getAttrOfType<ArrayAttr>(name);
      if (!rows || rows.empty())
        return;
      SmallVector<Attribute> more(rows.begin(), rows.end());
      SmallVector<int64_t> zeros(cast<DenseI64ArrayAttr>(rows[0]).size(), 0);
      more.push_back(DenseI64ArrayAttr::get(&getContext(), zeros));
      op->setAttr(name, ArrayAttr::get(&getContext(), more));
    });
  }

  /// After the cell, before the next.
  ArrayAttr advance(ArrayAttr rows) {
    SmallVector<Attribute> later(rows.begin(), rows.end());
    SmallVector<int64_t> last(
        cast<DenseI64ArrayAttr>(later.back()).asArrayRef());
    ++last.back();
    later.back() = DenseI64ArrayAttr::get(&getContext(), last);
    return ArrayAttr::get(&getContext(), later);
  }
};
} // namespace
