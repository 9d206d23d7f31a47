//===- StoreWeights.cpp - weights kept where choices are made -------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A gradient asks each reader of a cell for the weight of that read. A choice
// among few has few weights, and they cost least where its sum is formed; then
// neither the sum nor what the scores were made of needs to be kept.
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Derived.h"
#include "compiler/transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include <map>

using namespace mlir;
using namespace danskin;

namespace danskin {
#define GEN_PASS_DEF_DPSTOREWEIGHTS
#include "compiler/transforms/Passes.h.inc"
} // namespace danskin

/// The equation of the choice whose weight this is.
static dp::EquationOp getEquation(dp::WeightOp weight) {
  auto read = weight.getStatistics().front().getDefiningOp<dp::ReadOp>();
  auto table = read.getArray().getDefiningOp<dp::TableOp>();
  return table.getEquations().front();
}

/// Does the weight belong to another cell than where it is asked for?
static bool isOfOther(dp::WeightOp weight) {
  auto read = weight.getStatistics().front().getDefiningOp<dp::ReadOp>();
  auto equation = weight->getParentOfType<dp::EquationOp>();
  return !equation ||
         !llvm::equal(read.getIndices(), equation.getBody().getArguments());
}

namespace {
struct StoreWeights : danskin::impl::DpStoreWeightsBase<StoreWeights> {
  using Base::Base;

  void runOnOperation() override {
    llvm::MapVector<Operation *, SmallVector<dp::WeightOp>> weights;
    getOperation().walk([&](dp::WeightOp weight) {
      if (weight.getReg().isLogSumExp() && !weight.getStatistics().empty())
        weights[getEquation(weight)].push_back(weight);
    });
    for (auto &[op, users] : weights) {
      auto equation = cast<dp::EquationOp>(op);
      if (hasFewArms(getReduction<dp::ChooseOp>(equation)) &&
          llvm::any_of(users, isOfOther))
        store(equation, users);
    }
  }

  bool hasFewArms(dp::ChooseOp choose) {
    auto arms = choose.getArms().front().getOps<dp::ArmOp>();
    return llvm::range_size(arms) <= mostArms &&
           llvm::all_of(arms,
                        [](dp::ArmOp arm) { return arm.getBinders().empty(); });
  }

  void store(dp::EquationOp equation, ArrayRef<dp::WeightOp> users) {
    std::map<unsigned, dp::TableOp> tables;
    OpBuilder builder(equation);
    builder.setInsertionPointAfter(equation);
    for (dp::WeightOp user : users)
      if (dp::TableOp &table = tables[user.getArm()]; !table)
        table = createTable(builder, equation, user.getArm());
    createSums(builder, equation, tables);
    for (dp::WeightOp user : users)
      replace(user, tables[user.getArm()]);
  }

  dp::TableOp createTable(OpBuilder &builder, dp::EquationOp equation,
                          unsigned arm) {
    auto node = equation.getTables()[0].getDefiningOp<dp::TableOp>();
    auto statistic = equation.getTables()[1].getDefiningOp<dp::TableOp>();
    dp::TableOp table = createTableLike(
        builder, statistic, node.getName() + ".weight" + Twine(arm),
        dp::TableRole::Node, statistic.getOwner());
    if (Attribute number = statistic->getAttr("equation"))
      table->setAttr("equation", number);
    return table;
  }

  /// Each weight is a sum of one term, which is 0 where the arm has no
  /// candidate. One equation: all of them are there before one is stored.
  void createSums(OpBuilder &builder, dp::EquationOp equation,
                  const std::map<unsigned, dp::TableOp> &tables) {
    SmallVector<Value> results, weights;
    for (auto [arm, table] : tables)
      results.push_back(table.getResult());
    dp::EquationOp copy = cloneEquation(builder, equation, results);
    dp::ChooseOp choose = getReduction<dp::ChooseOp>(copy);
    OpBuilder inner(choose);
    // The number of an arm is its place.
    auto arms = llvm::to_vector(choose.getArms().front().getOps<dp::ArmOp>());
    ValueRange cell = copy.getBody().getArguments();
    for (auto [ordinal, table] : tables) {
      Operation *yield = arms[ordinal].getBody().front().getTerminator();
      OpBuilder last(yield);
      yield->setOperand(0,
                        createWeight(last, yield->getLoc(), equation, ordinal,
                                     arms[ordinal].getScore(), {}, cell));
    }
    for (auto [ordinal, table] : tables) {
      auto sum = inner.create<dp::SumOp>(choose.getLoc(), inner.getF64Type());
      Block &block = sum.getArms().emplaceBlock();
      arms[ordinal]->moveBefore(&block, block.end());
      weights.push_back(sum.getResult());
    }
    copy.getBody().front().back().setOperands(weights);
    choose.erase();
  }

  /// Reads the weight instead. That it is 0 says that the score is absent.
  void replace(dp::WeightOp weight, dp::TableOp table) {
    OpBuilder builder(weight);
    Location loc = weight.getLoc();
    auto statistic = weight.getStatistics().front().getDefiningOp<dp::ReadOp>();
    settlePresence(weight);
    Value read = builder.create<dp::ReadOp>(loc, table.getResult(),
                                            statistic.getIndices());
    Operation *score = weight.getScore().getDefiningOp();
    weight.replaceAllUsesWith(read);
    weight.erase();
    eraseIfDead(score);
  }
};
} // namespace
