//===- IsolateReductions.cpp - one reduction an equation ------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A choice or sum that stands in an equation becomes the equation of a node
// table over (cell, indices bound on the way to it), and the equation reads the
// node. After this the chain rule is a matter between tables.
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "compiler/transforms/Slices.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using danskin::cloneDomain;
using danskin::cloneGuards;
using danskin::cloneValue;
using danskin::cloneWithCaptures;
using danskin::readsFloats;

namespace danskin {
#define GEN_PASS_DEF_DPISOLATEREDUCTIONS
#include "compiler/transforms/Passes.h.inc"
} // namespace danskin

namespace {
/// Where a reduction stands: the regions from its equation down to it.
struct Place {
  dp::EquationOp equation;
  SmallVector<Region *> regions; ///< outermost first: arms and scf.if branches
};
} // namespace

static Place getPlace(Operation *op) {
  Place place;
  for (Region *region = op->getParentRegion();;
       region = region->getParentRegion()) {
    Operation *parent = region->getParentOp();
    if (auto equation = dyn_cast<dp::EquationOp>(parent)) {
      place.equation = equation;
      break;
    }
    if (isa<dp::ArmOp, scf::IfOp>(parent))
      place.regions.push_back(region);
  }
  std::reverse(place.regions.begin(), place.regions.end());
  return place;
}

/// Replays what binds and guards on the way to a reduction. The guards that
/// `keep` refuses are left out.
static void clonePath(OpBuilder &builder, const Place &place, Operation *op,
                      IRMapping &mapping, function_ref<bool(Value)> keep,
                      SmallVectorImpl<Value> &indices) {
  auto guard = [&](Location loc, Value condition) {
    builder.create<dp::WhereOp>(loc, condition);
  };
  for (Region *region : place.regions) {
    if (auto ifOp = dyn_cast<scf::IfOp>(region->getParentOp())) {
      if (!keep(ifOp.getCondition()))
        continue;
      Value condition = cloneValue(builder, ifOp.getCondition(), mapping);
      if (region == &ifOp.getElseRegion()) {
        Value yes = builder.create<arith::ConstantIntOp>(ifOp.getLoc(), 1, 1);
        condition =
            builder.create<arith::XOrIOp>(ifOp.getLoc(), condition, yes);
      }
      guard(ifOp.getLoc(), condition);
      continue;
    }
    for (Operation &inner : region->front()) {
      if (inner.isAncestor(op))
        break;
      if (isa<dp::IterateOp>(inner))
        indices.push_back(
            cloneWithCaptures(builder, &inner, mapping)->getResult(0));
      else if (auto where = dyn_cast<dp::WhereOp>(inner);
               where && keep(where.getCondition()))
        guard(where.getLoc(),
              cloneValue(builder, where.getCondition(), mapping));
    }
  }
}

/// Can a candidate's value be absent?
static bool canBeAbsent(Operation *reduction) {
  return reduction
      ->walk([&](Operation *op) {
        if (isa<dp::NoneOp>(op))
          return WalkResult::interrupt();
        auto read = dyn_cast<dp::ReadOp>(op);
        auto table =
            read ? read.getArray().getDefiningOp<dp::TableOp>() : dp::TableOp();
        if (table && table.getAbsence() != dp::Absence::Never)
          return WalkResult::interrupt();
        return WalkResult::advance();
      })
      .wasInterrupted();
}

namespace {
class Hoist {
public:
  explicit Hoist(Operation *reduction)
      : reduction(reduction), place(getPlace(reduction)),
        owner(place.equation.getTables().front().getDefiningOp<dp::TableOp>()) {
  }

  void run(unsigned number) {
    createTables(number);
    createEquation();
    replaceByReads();
  }

private:
  void createTables(unsigned number) {
    std::string name = owner.getName().str() + "." + std::to_string(number);
    dp::Absence absence = dp::Absence::Never;
    if (isa<dp::ChooseOp>(reduction))
      absence = dp::Absence::Max;
    else if (canBeAbsent(reduction))
      absence = dp::Absence::Explicit;
    tables.push_back(
        createTable(name, absence, Float64Type::get(owner.getContext())));
    auto choose = dyn_cast<dp::ChooseOp>(reduction);
    if (!choose)
      return;
    auto types = choose.getReg()->getStatisticTypes(owner.getContext(),
                                                    choose.getMaxBinders());
    for (auto [index, type] : llvm::enumerate(types))
      tables.push_back(createTable(name + ".stat" + std::to_string(index),
                                   dp::Absence::Never, type));
  }

  dp::TableOp createTable(StringRef name, dp::Absence absence, Type element) {
    OpBuilder builder(owner.getContext());
    builder.setInsertionPoint(place.equation);
    Region domain;
    SmallVector<Value> indices;
    {
      OpBuilder inner(owner.getContext());
      inner.createBlock(&domain);
      // Built detached: the rank is known only once the path is walked.
      IRMapping mapping;
      indices = cloneDomain(inner, owner);
      mapping.map(place.equation.getBody().getArguments(), indices);
      auto onIndices = [](Value v) { return !readsFloats(v); };
      cloneGuards(inner, place.equation, mapping, onIndices);
      clonePath(inner, place, reduction, mapping, onIndices, indices);
      inner.create<dp::YieldOp>(reduction->getLoc(), indices);
    }
    auto table = builder.create<dp::TableOp>(
        reduction->getLoc(),
        dp::ArrayType::get(builder.getContext(), indices.size(), element), name,
        dp::TableRole::Node, absence, owner.getResult(), nullptr);
    table.getDomain().takeBody(domain);
    if (auto ordinal = place.equation.getOrdinalAttr())
      table->setAttr("equation", ordinal);
    return table;
  }

  void createEquation() {
    OpBuilder builder(place.equation);
    SmallVector<Value> results(tables.begin(), tables.end());
    auto equation = builder.create<dp::EquationOp>(reduction->getLoc(), results,
                                                   false, nullptr);
    unsigned rank = tables.front().getRank();
    Block *block = builder.createBlock(
        &equation.getBody(), {},
        SmallVector<Type>(rank, builder.getIndexType()), getArgumentLocs(rank));

    // The path's binders are the trailing arguments. Guards on floats, which
    // no domain can hold, are not asked: a node computed in vain harms nobody.
    IRMapping mapping;
    ValueRange arguments = block->getArguments();
    unsigned cellRank = owner.getRank();
    mapping.map(place.equation.getBody().getArguments(),
                arguments.take_front(cellRank));
    ValueRange bound = arguments.drop_front(cellRank);
    for (Region *region : place.regions)
      for (Operation &inner : region->front()) {
        if (inner.isAncestor(reduction))
          break;
        if (auto iterate = dyn_cast<dp::IterateOp>(inner)) {
          mapping.map(iterate.getIndex(), bound.front());
          bound = bound.drop_front();
        }
      }
    Operation *copy = cloneWithCaptures(builder, reduction, mapping);
    for (auto arm : copy->getRegion(0).front().getOps<dp::ArmOp>())
      sinkFloats(arm);
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(*block)))
      if (isOpTriviallyDead(&op))
        op.erase();
    if (auto choose = dyn_cast<dp::ChooseOp>(copy))
      copy = addStatistics(builder, choose);
    builder.create<dp::YieldOp>(reduction->getLoc(), copy->getResults());
  }

  /// Computes the numbers that an arm captures (a node's own temperature, what
  /// stands outside a sum) in the arm itself, so that every read a score
  /// depends on stands where the score does.
  static void sinkFloats(dp::ArmOp arm) {
    SetVector<Value> captured;
    getUsedValuesDefinedAbove(arm.getBody(), captured);
    OpBuilder builder = OpBuilder::atBlockBegin(&arm.getBody().front());
    IRMapping mapping;
    for (Value value : captured)
      if (value.getType().isF64())
        replaceAllUsesInRegionWith(value, cloneLocal(builder, value, mapping),
                                   arm.getBody());
  }

  /// As cloneValue, but what is no number stays where it is.
  static Value cloneLocal(OpBuilder &builder, Value value, IRMapping &mapping) {
    Operation *op = value.getDefiningOp();
    for (Value operand : op->getOperands())
      if (operand.getType().isF64() && !mapping.contains(operand))
        mapping.map(operand, cloneLocal(builder, operand, mapping));
    builder.clone(*op, mapping);
    return mapping.lookup(value);
  }

  SmallVector<Location> getArgumentLocs(unsigned rank) {
    SmallVector<Location> locs;
    for (BlockArgument argument : place.equation.getBody().getArguments())
      locs.push_back(argument.getLoc());
    for (Region *region : place.regions)
      for (Operation &inner : region->front()) {
        if (inner.isAncestor(reduction))
          break;
        if (auto iterate = dyn_cast<dp::IterateOp>(inner))
          locs.push_back(
              NameLoc::get(StringAttr::get(owner.getContext(),
                                           iterate.getName().value_or("")),
                           iterate.getLoc()));
      }
    assert(locs.size() == rank);
    return locs;
  }

  Operation *addStatistics(OpBuilder &builder, dp::ChooseOp choose) {
    SmallVector<Type> types;
    for (dp::TableOp table : tables)
      types.push_back(table.getResult().getType().getElement());
    auto full =
        builder.create<dp::ChooseOp>(choose.getLoc(), types, choose.getSense(),
                                     choose.getRegAttr(), Value());
    full->setDiscardableAttrs(choose->getDiscardableAttrDictionary());
    full.getArms().takeBody(choose.getArms());
    choose.erase();
    return full;
  }

  void replaceByReads() {
    OpBuilder builder(reduction);
    SmallVector<Value> indices(place.equation.getBody().getArguments());
    for (Region *region : place.regions)
      for (Operation &inner : region->front()) {
        if (inner.isAncestor(reduction))
          break;
        if (auto iterate = dyn_cast<dp::IterateOp>(inner))
          indices.push_back(iterate.getIndex());
      }
    Value read = builder.create<dp::ReadOp>(
        reduction->getLoc(), tables.front().getResult(), indices);
    reduction->getResult(0).replaceAllUsesWith(read);
    reduction->erase();
  }

  Operation *reduction;
  Place place;
  dp::TableOp owner;
  SmallVector<dp::TableOp> tables;
};

struct IsolateReductions
    : danskin::impl::DpIsolateReductionsBase<IsolateReductions> {
  void runOnOperation() override {
    SmallVector<dp::EquationOp> equations(
        getOperation().getBody().front().getOps<dp::EquationOp>());
    for (dp::EquationOp equation : equations) {
      auto owner = equation.getTables().front().getDefiningOp<dp::TableOp>();
      // Post-order: what stands inside is a table before its surroundings are.
      SmallVector<Operation *> reductions;
      equation.walk([&](Operation *op) {
        if (isa<dp::ChooseOp, dp::SumOp>(op))
          reductions.push_back(op);
      });
      for (Operation *reduction : reductions)
        Hoist(reduction).run(++numbers[owner]);
    }
  }

  DenseMap<Operation *, unsigned> numbers;
};
} // namespace
