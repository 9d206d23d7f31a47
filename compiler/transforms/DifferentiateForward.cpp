//===- DifferentiateForward.cpp - tangent recurrences ---------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The directional derivative as a recurrence (Mensch & Blondel 2018, section
// 3): v' = sum of q (the candidate's tangent), and of the weights
// themselves q' = H u, from the regularizer's curvature. Run on a gradient
// program it gives the Hessian-product.
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Derived.h"
#include "compiler/transforms/Passes.h"
#include "compiler/transforms/Slices.h"
#include "compiler/transforms/Tangent.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace danskin;

namespace danskin {
#define GEN_PASS_DEF_DPDIFFERENTIATEFORWARD
#include "compiler/transforms/Passes.h.inc"
} // namespace danskin

namespace {
/// What is kept of a choice's direction: the tangent of its value, and the mean
/// tangent under the curvature, `sum s u / sum s`.
struct NodeTangent {
  Value value;
  Value meanSum, meanWeight; ///< null where the mean is `value` or not needed
};

struct DifferentiateForward
    : danskin::impl::DpDifferentiateForwardBase<DifferentiateForward> {
  using DpDifferentiateForwardBase::DpDifferentiateForwardBase;

  void runOnOperation() override {
    program = getOperation();
    auto variables = findVariables(program, wrt);
    if (!variables)
      return signalPassFailure();
    Block &body = program.getBody().front();
    OpBuilder builder = OpBuilder::atBlockEnd(&body);
    for (Value variable : *variables)
      directions.try_emplace(variable, builder, variable,
                             "dir." + danskin::getName(variable), 0.0);
    findActive(*variables);
    SmallVector<Operation *> definitions;
    for (Operation &op : body)
      if (isa<dp::EquationOp, dp::ScatterOp>(op))
        definitions.push_back(&op);
    for (dp::TableOp table : active)
      createTangentTable(builder, table);
    createZeros(builder);
    for (Operation *op : definitions) {
      if (auto equation = dyn_cast<dp::EquationOp>(op))
        createEquations(builder, equation);
      else
        createScatter(builder, cast<dp::ScatterOp>(op));
    }
  }

private:
  void findActive(ArrayRef<Value> variables) {
    DenseSet<Value> dependents = getDependents(program, variables);
    for (auto table : program.getBody().front().getOps<dp::TableOp>())
      if (dependents.contains(table.getResult()) && !isStatistic(table))
        active.push_back(table);
  }

  static bool isStatistic(dp::TableOp table) {
    SmallVector<dp::EquationOp> equations = table.getEquations();
    return !equations.empty() &&
           equations.front().getTables().front() != table.getResult();
  }

  void createTangentTable(OpBuilder &builder, dp::TableOp table) {
    StringRef name = table.getName();
    bool isOutput = table.getRole() == dp::TableRole::Output;
    std::string prefix = isOutput ? "jvp." : "tan.";
    if (isOutput && name.consume_front("grad."))
      prefix = "hvp.";
    Value owner;
    if (table.getOwner())
      owner = tangents.lookup(table.getOwner()).value;
    auto create = [&](const Twine &full) {
      dp::TableRole role = table.getRole() == dp::TableRole::Let
                               ? dp::TableRole::Table
                               : table.getRole();
      return createTableLike(builder, table, full, role, owner).getResult();
    };
    NodeTangent tangent;
    tangent.value = create(Twine(prefix) + name);
    if (dp::ChooseOp choose = getChoice(table);
        choose &&
        choose.getReg()->getCurvatureKind() == dp::CurvatureKind::Own) {
      tangent.meanSum = create("mean." + name);
      tangent.meanWeight = create("curvature." + name);
    }
    tangents[table.getResult()] = tangent;
  }

  /// An output that no direction moves has a derivative too: 0.
  void createZeros(OpBuilder &builder) {
    SmallVector<dp::TableOp> outputs;
    for (auto table : program.getBody().front().getOps<dp::TableOp>())
      if (table.getRole() == dp::TableRole::Output)
        outputs.push_back(table);
    for (dp::TableOp output : outputs) {
      if (llvm::is_contained(active, output) || isDerivative(output))
        continue;
      createTangentTable(builder, output);
      auto equation = danskin::createEquation(
          builder, output.getLoc(), tangents[output.getResult()].value);
      tangents.erase(output.getResult());
      OpBuilder inner = OpBuilder::atBlockEnd(&equation.getBody().front());
      Value zero = inner.create<arith::ConstantOp>(output.getLoc(),
                                                   inner.getF64FloatAttr(0.0));
      inner.create<dp::YieldOp>(output.getLoc(), zero);
    }
  }

  /// Was this output made by this pass?
  static bool isDerivative(dp::TableOp output) {
    return output.getName().starts_with("jvp.") ||
           output.getName().starts_with("hvp.");
  }

  /// The choice that defines a node, if one does.
  static dp::ChooseOp getChoice(dp::TableOp table) {
    SmallVector<dp::EquationOp> equations = table.getEquations();
    if (equations.size() != 1)
      return {};
    return getReduction<dp::ChooseOp>(equations.front());
  }

  //===--------------------------------------------------------------------===//
  // Seeds
  //===--------------------------------------------------------------------===//

  /// The tangent of a read or of a weight; see Tangent::Seed.
  Value getSeed(Tangent &tangent, OpBuilder &builder, Operation *op) {
    if (auto weight = dyn_cast<dp::WeightOp>(op))
      return getWeightTangent(tangent, builder, weight);
    auto read = cast<dp::ReadOp>(op);
    Value array = read.getArray();
    if (array.getDefiningOp<dp::InputOp>()) {
      auto direction = directions.find(array);
      if (direction == directions.end())
        return Value();
      return direction->second.read(builder, read.getLoc(), read.getIndices());
    }
    auto found = tangents.find(array);
    if (found == tangents.end())
      return Value();
    return builder.create<dp::ReadOp>(read.getLoc(), found->second.value,
                                      read.getIndices());
  }

  /// q' = s (u - mean).
  Value getWeightTangent(Tangent &tangent, OpBuilder &builder,
                         dp::WeightOp weight) {
    Location loc = weight.getLoc();
    dp::CurvatureKind kind = weight.getReg().getCurvatureKind();
    if (kind == dp::CurvatureKind::Zero)
      return Value();
    auto statistic = weight.getStatistics().front().getDefiningOp<dp::ReadOp>();
    Value node = getNode(statistic.getArray());
    auto found = tangents.find(node);
    if (found == tangents.end())
      return Value();
    auto readAt = [&](Value table) -> Value {
      return builder.create<dp::ReadOp>(loc, table, statistic.getIndices());
    };
    Value curvature = weight.getResult(), mean;
    if (kind == dp::CurvatureKind::Weights) {
      mean = readAt(found->second.value);
    } else {
      curvature = builder.create<dp::CurvatureOp>(loc, weight.getRegAttr(),
                                                  weight.getResult());
      mean = divideOrZero(builder, loc, readAt(found->second.meanSum),
                          readAt(found->second.meanWeight));
    }
    Value change = builder.create<arith::SubFOp>(
        loc, tangent.getOrZero(weight.getScore()), mean);
    return builder.create<arith::MulFOp>(loc, curvature, change);
  }

  /// The node whose statistic this table keeps.
  static Value getNode(Value statistic) {
    auto table = statistic.getDefiningOp<dp::TableOp>();
    return table.getEquations().front().getTables().front();
  }

  static Value divideOrZero(OpBuilder &builder, Location loc, Value a,
                            Value b) {
    Value zero =
        builder.create<arith::ConstantOp>(loc, builder.getF64FloatAttr(0.0));
    Value isZero =
        builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OEQ, b, zero);
    Value ratio = builder.create<arith::DivFOp>(loc, a, b);
    return builder.create<arith::SelectOp>(loc, isZero, zero, ratio);
  }

  /// Emits the tangent of `value`, 0 where `value` is absent.
  Value emitTangent(OpBuilder &builder, Value value) {
    Location loc = value.getLoc();
    auto seed = [&](Tangent &tangent, OpBuilder &b, Operation *op) {
      return getSeed(tangent, b, op);
    };
    auto present = builder.create<dp::PresentOp>(loc, value, false);
    auto ifOp =
        builder.create<scf::IfOp>(loc, builder.getF64Type(), present, true);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(ifOp.thenBlock());
    Tangent tangent(builder, seed, /*isLast=*/true);
    builder.create<scf::YieldOp>(loc, tangent.getOrZero(value));
    builder.setInsertionPointToStart(ifOp.elseBlock());
    Value zero =
        builder.create<arith::ConstantOp>(loc, builder.getF64FloatAttr(0.0));
    builder.create<scf::YieldOp>(loc, zero);
    return ifOp.getResult(0);
  }

  //===--------------------------------------------------------------------===//
  // Equations
  //===--------------------------------------------------------------------===//

  void createEquations(OpBuilder &builder, dp::EquationOp equation) {
    auto found = tangents.find(equation.getTables().front());
    if (found == tangents.end())
      return;
    const NodeTangent &tangent = found->second;
    if (getReduction<dp::ChooseOp>(equation)) {
      createChoiceSum(builder, equation, tangent.value, Part::Value);
      if (tangent.meanSum) {
        createChoiceSum(builder, equation, tangent.meanSum, Part::MeanSum);
        createChoiceSum(builder, equation, tangent.meanWeight,
                        Part::MeanWeight);
      }
      return;
    }
    dp::EquationOp copy = cloneEquation(builder, equation, tangent.value);
    OpBuilder inner(copy.getContext());
    if (auto sum = getReduction<dp::SumOp>(copy)) {
      for (auto arm : sum.getArms().front().getOps<dp::ArmOp>()) {
        widenGuards(inner, arm.getBody().front());
        replaceByTangent(inner, arm.getBody().front().getTerminator());
      }
      return;
    }
    Operation *yield = copy.getBody().front().getTerminator();
    replaceByTangent(inner, yield);
    addDirection(inner, equation.getTables().front(), copy);
  }

  /// A reader that an adjoint of 0 drops stays where that adjoint moves.
  void widenGuards(OpBuilder &builder, Block &block) {
    for (auto where : llvm::to_vector(block.getOps<dp::WhereOp>())) {
      if (!where->hasAttr(adjointGuardAttr))
        continue;
      auto isNonZero = where.getCondition().getDefiningOp<arith::CmpFOp>();
      builder.setInsertionPoint(where);
      Location loc = where.getLoc();
      Value moves = builder.create<arith::CmpFOp>(
          loc, arith::CmpFPredicate::UNE,
          emitTangent(builder, isNonZero.getLhs()), isNonZero.getRhs());
      where.getConditionMutable().assign(
          builder.create<arith::OrIOp>(loc, isNonZero, moves));
    }
  }

  void replaceByTangent(OpBuilder &builder, Operation *yield) {
    builder.setInsertionPoint(yield);
    unsigned last = yield->getNumOperands() - 1;
    yield->setOperand(last, emitTangent(builder, yield->getOperand(last)));
  }

  /// A let that has a direction moves by it, beside what its inputs do.
  void addDirection(OpBuilder &builder, Value array, dp::EquationOp copy) {
    auto direction = directions.find(array);
    if (direction == directions.end())
      return;
    Operation *yield = copy.getBody().front().getTerminator();
    builder.setInsertionPoint(yield);
    Value own = direction->second.read(builder, copy.getLoc(),
                                       copy.getBody().getArguments());
    yield->setOperand(0, builder.create<arith::AddFOp>(
                             copy.getLoc(), yield->getOperand(0), own));
  }

  enum class Part { Value, MeanSum, MeanWeight };

  /// sum over the candidates of q u, s u or s.
  void createChoiceSum(OpBuilder &builder, dp::EquationOp equation, Value table,
                       Part part) {
    dp::EquationOp copy = cloneEquation(builder, equation, table);
    auto choose = getReduction<dp::ChooseOp>(copy);
    OpBuilder inner(choose);
    auto sum = inner.create<dp::SumOp>(choose.getLoc(), inner.getF64Type());
    for (auto arm : choose.getArms().front().getOps<dp::ArmOp>())
      replaceByWeighted(equation, arm, choose, part);
    sum.getArms().takeBody(choose.getArms());
    Operation *yield = copy.getBody().front().getTerminator();
    yield->setOperands(sum.getResult());
    choose.erase();
  }

  void replaceByWeighted(dp::EquationOp original, dp::ArmOp arm,
                         dp::ChooseOp choose, Part part) {
    Operation *yield = arm.getBody().front().getTerminator();
    OpBuilder builder(yield);
    Location loc = arm.getLoc();
    Value score = arm.getScore();
    builder.create<dp::WhereOp>(
        loc, builder.create<dp::PresentOp>(loc, score, /*above=*/true));

    ValueRange cell =
        arm->getParentOfType<dp::EquationOp>().getBody().getArguments();
    Value factor = createWeight(builder, loc, original, arm.getOrdinal(), score,
                                arm.getBinders(), cell);
    if (part != Part::Value)
      factor =
          builder.create<dp::CurvatureOp>(loc, choose.getRegAttr(), factor);
    Value zero =
        builder.create<arith::ConstantOp>(loc, builder.getF64FloatAttr(0.0));
    builder.create<dp::WhereOp>(
        loc, builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::UNE,
                                           factor, zero));
    if (part == Part::MeanWeight) {
      yield->setOperand(0, factor);
      return;
    }
    Value change = emitTangent(builder, score);
    yield->setOperand(0, builder.create<arith::MulFOp>(loc, factor, change));
  }

  void createScatter(OpBuilder &builder, dp::ScatterOp scatter) {
    auto found = tangents.find(scatter.getTable());
    if (found == tangents.end())
      return;
    auto copy = builder.create<dp::ScatterOp>(
        scatter.getLoc(), found->second.value, scatter.getOver());
    IRMapping mapping;
    scatter.getBody().cloneInto(&copy.getBody(), mapping);
    OpBuilder inner(copy.getContext());
    widenGuards(inner, copy.getBody().front());
    replaceByTangent(inner, copy.getBody().front().getTerminator());
  }

  dp::ProgramOp program;
  SmallVector<dp::TableOp> active;
  llvm::MapVector<Value, BoxInput> directions;
  DenseMap<Value, NodeTangent> tangents;
};
} // namespace
