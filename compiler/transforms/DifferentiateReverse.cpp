//===- DifferentiateReverse.cpp - adjoint recurrences ---------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Backtracking as a recurrence (Mensch & Blondel 2018, section 3): the adjoint
// of a cell is the sum, over the candidates that read it, of the reader's
// adjoint times the candidate's weight times the derivative of its score.
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Derived.h"
#include "compiler/transforms/Gather.h"
#include "compiler/transforms/Passes.h"
#include "compiler/transforms/Slices.h"
#include "compiler/transforms/Tangent.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Iterators.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace danskin;

namespace danskin {
#define GEN_PASS_DEF_DPDIFFERENTIATEREVERSE
#include "compiler/transforms/Passes.h.inc"
} // namespace danskin

/// Marks the read that a derivative is by, through copies of it.
static constexpr StringLiteral seedAttr = "seed";

//===----------------------------------------------------------------------===//
// One read's contribution
//===----------------------------------------------------------------------===//

namespace {
/// Emits what one read contributes to the adjoint of what it reads.
class Contribution {
public:
  Contribution(const ReadSite &site, Value adjoint)
      : site(site), adjoint(adjoint) {}

  /// An arm for the cell `cell`: runs over the readers.
  void emitArm(OpBuilder &builder, const Gather &gather, ValueRange cell) {
    Location loc = getLoc();
    auto arm = builder.create<dp::ArmOp>(
        loc, builder.getStringAttr(site.reader.getName()));
    OpBuilder::InsertionGuard guard(builder);
    builder.createBlock(&arm.getBody());
    IRMapping mapping;
    gather.emit(builder, loc, cell, mapping);
    SmallVector<Value> reader = getReader(mapping);
    auto inside =
        builder.create<dp::ContainsOp>(loc, site.reader.getResult(), reader);
    builder.create<dp::WhereOp>(loc, inside);
    emitEquationGuards(builder, mapping);
    emitArmGuards(builder, mapping, /*bound=*/true);
    emitBranchGuards(builder, mapping);
    builder.create<dp::YieldOp>(loc, emitValue(builder, mapping));
  }

  /// A scatter into `target`, whose cells are those of what is read.
  void emitScatter(OpBuilder &builder, Value target) {
    Location loc = getLoc();
    Value addend = emitAddend(builder);
    auto scatter =
        builder.create<dp::ScatterOp>(loc, target, site.reader.getResult());
    OpBuilder::InsertionGuard guard(builder);
    unsigned rank = site.reader.getRank();
    Block *block = builder.createBlock(
        &scatter.getBody(), {}, SmallVector<Type>(rank, builder.getIndexType()),
        SmallVector<Location>(rank, loc));
    IRMapping mapping;
    dp::EquationOp equation = site.equation;
    mapping.map(equation.getBody().getArguments(), block->getArguments());
    Value known;
    if (addend) {
      known = builder.create<dp::ReadOp>(loc, addend, block->getArguments());
      emitNonZero(builder, known)
          ->setAttr(adjointGuardAttr, builder.getUnitAttr());
    } else {
      emitGuards(builder, mapping);
    }
    dp::ReadOp read = site.read;
    SmallVector<Value> results;
    for (Value index : read.getIndices())
      results.push_back(cloneValue(builder, index, mapping));
    results.push_back(known ? known : emitValue(builder, mapping));
    builder.create<dp::YieldOp>(loc, results);
  }

private:
  /// A table of what each reader adds, where it adds once: cells are computed
  /// together, but scatter one by one. Null where it adds many times.
  Value emitAddend(OpBuilder &builder) {
    if (!site.getIterates().empty())
      return {};
    Location loc = getLoc();
    auto reader = adjoint.getDefiningOp<dp::TableOp>();
    auto table =
        createTableLike(builder, site.reader,
                        "addend." + getName(dp::ReadOp(site.read).getArray()),
                        dp::TableRole::Node, reader.getOwner());
    auto equation = createEquation(builder, loc, table.getResult());
    OpBuilder::InsertionGuard guard(builder);
    Block &cell = equation.getBody().front();
    openSum(builder, equation, builder.getStringAttr(site.reader.getName()));
    IRMapping mapping;
    mapping.map(dp::EquationOp(site.equation).getBody().getArguments(),
                cell.getArguments());
    emitGuards(builder, mapping);
    builder.create<dp::YieldOp>(loc, emitValue(builder, mapping));
    return table.getResult();
  }

  /// The guards of a reader whose indices are known.
  void emitGuards(OpBuilder &builder, IRMapping &mapping) {
    emitEquationGuards(builder, mapping);
    emitArmGuards(builder, mapping, /*bound=*/false);
    emitBranchGuards(builder, mapping);
  }

  Location getLoc() { return dp::ReadOp(site.read).getLoc(); }

  SmallVector<Value> getReader(IRMapping &mapping) {
    SmallVector<Value> reader;
    for (Value argument :
         dp::EquationOp(site.equation).getBody().getArguments())
      reader.push_back(mapping.lookup(argument));
    return reader;
  }

  void emitEquationGuards(OpBuilder &builder, IRMapping &mapping) {
    cloneGuards(builder, site.equation, mapping, [](Value) { return true; });
  }

  /// Replays the arm's ranges and guards. `bound`: the indices are known
  /// already and must only lie in their ranges.
  void emitArmGuards(OpBuilder &builder, IRMapping &mapping, bool bound) {
    dp::ArmOp arm = site.arm;
    if (!arm)
      return;
    for (Operation &op : arm.getBody().front()) {
      if (auto where = dyn_cast<dp::WhereOp>(op)) {
        builder.create<dp::WhereOp>(
            op.getLoc(), cloneValue(builder, where.getCondition(), mapping));
      } else if (auto iterate = dyn_cast<dp::IterateOp>(op)) {
        if (bound)
          emitInRange(builder, iterate, mapping);
        else
          cloneWithCaptures(builder, &op, mapping);
      }
    }
  }

  /// A read in a branch of an scf.if counts only where the branch is taken.
  void emitBranchGuards(OpBuilder &builder, IRMapping &mapping) {
    SmallVector<Region *> branches;
    Operation *read = site.read;
    for (Region *region = read->getParentRegion();
         isa<scf::IfOp>(region->getParentOp());
         region = region->getParentRegion())
      branches.push_back(region);
    for (Region *branch : llvm::reverse(branches)) {
      auto ifOp = cast<scf::IfOp>(branch->getParentOp());
      Location loc = ifOp.getLoc();
      Value condition = cloneValue(builder, ifOp.getCondition(), mapping);
      if (branch == &ifOp.getElseRegion()) {
        Value yes = builder.create<arith::ConstantIntOp>(loc, 1, 1);
        condition = builder.create<arith::XOrIOp>(loc, condition, yes);
      }
      builder.create<dp::WhereOp>(loc, condition);
    }
  }

  void emitInRange(OpBuilder &builder, dp::IterateOp iterate,
                   IRMapping &mapping) {
    Location loc = iterate.getLoc();
    Value index = mapping.lookup(iterate.getIndex());
    Value lower = cloneValue(builder, iterate.getLower(), mapping);
    builder.create<dp::WhereOp>(
        loc, builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::sge,
                                           index, lower));
    Value upper = cloneValue(builder, iterate.getUpper(), mapping);
    builder.create<dp::WhereOp>(
        loc, builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::slt,
                                           index, upper));
  }

  /// The value whose derivative by the read counts.
  Value getExpression() {
    if (site.arm)
      return dp::ArmOp(site.arm).getScore();
    dp::EquationOp equation = site.equation;
    return equation.getBody().front().getTerminator()->getOperand(0);
  }

  /// Adjoint times partial derivative times weight; drops the reader where it
  /// is exactly zero, so that no infinite factor meets a zero.
  Value emitValue(OpBuilder &builder, IRMapping &mapping) {
    Location loc = getLoc();
    Operation *read = site.read;
    read->setAttr(seedAttr, builder.getUnitAttr());
    Value expression = cloneValue(builder, getExpression(), mapping);
    read->removeAttr(seedAttr);

    auto choose =
        site.arm ? dyn_cast<dp::ChooseOp>(dp::ArmOp(site.arm)->getParentOp())
                 : dp::ChooseOp();
    // Whoever adds to the adjoint of an absent cell is absent as well; only the
    // caller may hand in one.
    if (choose || site.reader.getRole() == dp::TableRole::Output)
      builder.create<dp::WhereOp>(
          loc, builder.create<dp::PresentOp>(loc, expression, bool(choose)));
    SmallVector<Value> reader = getReader(mapping);
    Value factor = builder.create<dp::ReadOp>(loc, adjoint, reader);
    emitNonZero(builder, factor)
        ->setAttr(adjointGuardAttr, builder.getUnitAttr());
    Value weight;
    if (choose) {
      weight = emitWeight(builder, expression, reader, mapping);
      emitNonZero(builder, weight);
    }
    auto seed = [&](Tangent &, OpBuilder &b, Operation *op) -> Value {
      if (!op->hasAttr(seedAttr))
        return Value();
      return b.create<arith::ConstantOp>(loc, b.getF64FloatAttr(1.0));
    };
    Tangent tangent(builder, seed);
    Value partial = tangent.getOrZero(expression);
    removeMarks(expression);
    // The weight last: the others are often those of many terms.
    if (!matchPattern(partial, m_OneFloat()))
      factor = builder.create<arith::MulFOp>(loc, factor, partial);
    return weight ? builder.create<arith::MulFOp>(loc, factor, weight) : factor;
  }

  /// Takes the mark off the copies that this contribution made.
  void removeMarks(Value inside) {
    inside.getParentBlock()->getParentOp()->walk(
        [](dp::ReadOp op) { op->removeAttr(seedAttr); });
  }

  dp::WhereOp emitNonZero(OpBuilder &builder, Value value) {
    Location loc = value.getLoc();
    Value zero =
        builder.create<arith::ConstantOp>(loc, builder.getF64FloatAttr(0.0));
    return builder.create<dp::WhereOp>(
        loc, builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::UNE,
                                           value, zero));
  }

  Value emitWeight(OpBuilder &builder, Value score, ValueRange reader,
                   IRMapping &mapping) {
    SmallVector<Value> binders;
    for (dp::IterateOp iterate : site.getIterates())
      binders.push_back(mapping.lookup(iterate.getIndex()));
    return createWeight(builder, getLoc(), site.equation,
                        dp::ArmOp(site.arm).getOrdinal(), score, binders,
                        reader);
  }

  ReadSite site;
  Value adjoint;
};
} // namespace

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct DifferentiateReverse
    : danskin::impl::DpDifferentiateReverseBase<DifferentiateReverse> {
  using DpDifferentiateReverseBase::DpDifferentiateReverseBase;

  void runOnOperation() override {
    program = getOperation();
    auto variables = findVariables(program, wrt);
    if (!variables)
      return signalPassFailure();
    findActive(*variables);
    collectReads();

    Block &body = program.getBody().front();
    OpBuilder builder = OpBuilder::atBlockEnd(&body);
    // Every adjoint table first: equations refer to one another's.
    for (Value array : active)
      createAdjoint(builder, array);
    for (Value array : active)
      createEquation(builder, array);
    createOutputs(builder, *variables);
    eraseUnused();
  }

private:
  /// Erases copies of expressions that no derivative needs: who reads a table
  /// decides what is kept of it.
  void eraseUnused() {
    for (Operation &op : program.getBody().front())
      for (Region &region : op.getRegions())
        region.walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *part) {
          if (isOpTriviallyDead(part))
            part->erase();
        });
  }

  void findActive(ArrayRef<Value> variables) {
    DenseSet<Value> dependents = getDependents(program, variables);
    DenseSet<Value> precedents = getPrecedents(program);
    for (Operation &op : program.getBody().front())
      if (isa<dp::TableOp, dp::InputOp>(op))
        if (Value array = op.getResult(0);
            dependents.contains(array) &&
            (precedents.contains(array) ||
             llvm::is_contained(variables, array)))
          active.insert(array);
    // The adjoint of a statistic is never asked for: weights carry it.
    active.remove_if([&](Value array) {
      auto table = array.getDefiningOp<dp::TableOp>();
      return table && isStatistic(table);
    });
  }

  static bool isStatistic(dp::TableOp table) {
    SmallVector<dp::EquationOp> equations = table.getEquations();
    return !equations.empty() &&
           equations.front().getTables().front() != table.getResult();
  }

  /// The reads of each active array by active readers, in program order.
  void collectReads() {
    for (auto equation : program.getBody().front().getOps<dp::EquationOp>()) {
      auto reader = equation.getTables().front().getDefiningOp<dp::TableOp>();
      if (!active.contains(reader.getResult()))
        continue;
      equation.walk([&](dp::ReadOp read) {
        if (!active.contains(read.getArray()) || !countsForValue(read))
          return;
        sites[read.getArray()].push_back(
            {read, equation, reader, read->getParentOfType<dp::ArmOp>()});
      });
    }
  }

  /// Does the read reach the yielded value, not only conditions?
  static bool countsForValue(dp::ReadOp read) {
    SmallVector<Operation *> open = {read};
    DenseSet<Operation *> seen;
    while (!open.empty()) {
      Operation *op = open.pop_back_val();
      if (!seen.insert(op).second)
        continue;
      for (OpOperand &use : op->getUses()) {
        Operation *user = use.getOwner();
        if (isa<dp::YieldOp>(user))
          return true;
        if (isa<scf::YieldOp>(user))
          user = user->getParentOp();
        if (user->getNumResults() && user->getResult(0).getType().isF64())
          open.push_back(user);
      }
    }
    return false;
  }

  void createAdjoint(OpBuilder &builder, Value array) {
    std::string name = ("adj." + danskin::getName(array)).str();
    if (auto input = array.getDefiningOp<dp::InputOp>()) {
      adjoints[array] =
          createTableOver(builder, input, "grad." + input.getName(),
                          dp::TableRole::Output)
              .getResult();
      return;
    }
    auto table = array.getDefiningOp<dp::TableOp>();
    Value owner =
        table.getOwner() ? adjoints.lookup(table.getOwner()) : Value();
    bool isNode = table.getRole() == dp::TableRole::Node;
    auto adjoint = createTableLike(
        builder, table, name,
        isNode ? dp::TableRole::Node : dp::TableRole::Table, owner);
    adjoint.removeFollowsAttr();
    adjoints[array] = adjoint.getResult();
  }

  void createEquation(OpBuilder &builder, Value array) {
    auto table = array.getDefiningOp<dp::TableOp>();
    if (table && table.getRole() == dp::TableRole::Output)
      return createSeed(builder, table);

    // Scatters need tables of their own, which start at zero.
    Location loc = array.getLoc();
    std::vector<std::pair<ReadSite, Gather>> gathers;
    Value scattered;
    for (ReadSite site : sites[array]) {
      if (std::optional<Gather> gather = Gather::invert(program, site)) {
        gathers.push_back({site, std::move(*gather)});
        continue;
      }
      if (!scattered)
        scattered = createScatterTable(builder, array);
      Contribution(site, adjoints.lookup(site.reader.getResult()))
          .emitScatter(builder, scattered);
    }

    auto equation =
        danskin::createEquation(builder, loc, adjoints.lookup(array));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(&equation.getBody().front());
    auto sum = builder.create<dp::SumOp>(loc, builder.getF64Type());
    builder.create<dp::YieldOp>(loc, sum.getResult());
    builder.createBlock(&sum.getArms());
    ValueRange cell = equation.getBody().getArguments();
    if (scattered)
      createScatteredArm(builder, loc, scattered, cell);
    for (auto &[site, gather] : gathers)
      Contribution(site, adjoints.lookup(site.reader.getResult()))
          .emitArm(builder, gather, cell);
  }

  Value createScatterTable(OpBuilder &builder, Value array) {
    std::string name = ("scatter." + danskin::getName(array)).str();
    if (auto input = array.getDefiningOp<dp::InputOp>()) {
      auto table = createTableOver(builder, input, name, dp::TableRole::Table);
      table.removeFollowsAttr();
      return table.getResult();
    }
    return createTableLike(builder, array.getDefiningOp<dp::TableOp>(), name,
                           dp::TableRole::Table, Value())
        .getResult();
  }

  void createScatteredArm(OpBuilder &builder, Location loc, Value scattered,
                          ValueRange cell) {
    auto arm = builder.create<dp::ArmOp>(loc, StringAttr());
    OpBuilder::InsertionGuard guard(builder);
    builder.createBlock(&arm.getBody());
    Value read = builder.create<dp::ReadOp>(loc, scattered, cell);
    builder.create<dp::YieldOp>(loc, read);
  }

  /// The adjoint of an output is its cotangent.
  void createSeed(OpBuilder &builder, dp::TableOp output) {
    Location loc = output.getLoc();
    Value adjoint = adjoints.lookup(output.getResult());
    OpBuilder atTop(adjoint.getDefiningOp());
    BoxInput cotangent(atTop, output.getResult(), "ct." + output.getName(),
                       1.0);
    auto equation = danskin::createEquation(builder, loc, adjoint);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(&equation.getBody().front());
    builder.create<dp::YieldOp>(
        loc, cotangent.read(builder, loc, equation.getBody().getArguments()));
  }

  /// An input's adjoint is an output as it is; a let's is copied to one.
  void createOutputs(OpBuilder &builder, ArrayRef<Value> variables) {
    for (Value variable : variables) {
      auto let = variable.getDefiningOp<dp::TableOp>();
      if (!let)
        continue;
      Location loc = let.getLoc();
      auto output = createTableLike(builder, let, "grad." + let.getName(),
                                    dp::TableRole::Output, Value());
      auto equation = danskin::createEquation(builder, loc, output.getResult());
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToEnd(&equation.getBody().front());
      Value read = builder.create<dp::ReadOp>(
          loc, adjoints.lookup(variable), equation.getBody().getArguments());
      builder.create<dp::YieldOp>(loc, read);
    }
  }

  dp::ProgramOp program;
  SetVector<Value> active;
  llvm::MapVector<Value, SmallVector<ReadSite>> sites;
  DenseMap<Value, Value> adjoints;
};
} // namespace
