//===- PathLength.cpp - how long a path can be ----------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/PathLength.h"
#include "compiler/analysis/Comprehension.h"
#include "compiler/analysis/ScheduleAttr.h"
#include "compiler/transforms/Shadow.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace danskin;

namespace {
/// Adds up, over what the visit of a cell leads to within its own equation
/// (node tables, not the cells of other tables), what each step counts.
class Count {
public:
  /// What is counted of the steps of one visit.
  struct Weights {
    int64_t choice;   ///< a choice
    int64_t sum;      ///< a sum
    int64_t equation; ///< an equation
    int64_t plain;    ///< more for an equation without a choice
    int64_t read;     ///< a cell of another table that is led to
  };

  Count(OpBuilder &builder, dp::ProgramOp program, const PathSteps &steps,
        Weights weights)
      : builder(builder), program(program), steps(steps), weights(weights) {}

  bool failed() const { return unbounded; }

  /// Of a visit of a cell.
  Value get(dp::TableOp table) {
    Value most = constant(0);
    for (dp::EquationOp equation : table.getEquations())
      most = max(most, get(equation));
    return most;
  }

private:
  Value get(dp::EquationOp equation) {
    if (dp::ChooseOp choice = PathSteps::getChoice(equation)) {
      Value most = constant(0);
      for (auto arm : choice.getArms().front().getOps<dp::ArmOp>())
        most = max(most, get(arm.getScore()));
      return add(constant(weights.choice), most);
    }
    if (dp::SumOp sum = PathSteps::getSum(equation)) {
      Value total = constant(weights.sum);
      for (auto arm : sum.getArms().front().getOps<dp::ArmOp>()) {
        Value each = get(arm.getScore());
        if (!matchPattern(each, m_Zero()))
          total = add(total, mul(getCandidates(equation, arm), each));
      }
      return total;
    }
    int64_t own =
        weights.equation + (steps.chooses(equation) ? 0 : weights.plain);
    return add(constant(own), get(PathSteps::getValue(equation)));
  }

  Value get(Value value) {
    Operation *op = value.getDefiningOp();
    if (!op || !value.getType().isF64())
      return constant(0);
    if (auto read = dyn_cast<dp::ReadOp>(op)) {
      auto table = read.getArray().getDefiningOp<dp::TableOp>();
      if (!steps.isOnPath(read.getArray()))
        return constant(0);
      return table.getRole() == dp::TableRole::Node ? get(table)
                                                    : constant(weights.read);
    }
    if (auto branch = dyn_cast<scf::IfOp>(op)) {
      unsigned i = cast<OpResult>(value).getResultNumber();
      return max(get(branch.thenYield().getOperand(i)),
                 get(branch.elseYield().getOperand(i)));
    }
    Value total = constant(0);
    for (Value operand : op->getOperands())
      total = add(total, get(operand));
    return total;
  }

  /// The largest number of candidates of an arm.
  Value getCandidates(dp::EquationOp equation, dp::ArmOp arm) {
    AffineSpace space(program);
    Block &body = equation.getBody().front();
    std::vector<LinearForm> cell = addCell(space, body);
    Formula holds = enterEquation(space, equation, cell);
    Value total = constant(1);
    for (auto iterate : arm.getBody().front().getOps<dp::IterateOp>()) {
      LinearForm index = space.getForm(iterate.getIndex());
      holds &= space.getRange(index, iterate.getLower(), iterate.getUpper());
      Value extent =
          Shadow(space, holds).emitExtent(builder, arm.getLoc(), index);
      unbounded |= !extent;
      total = extent ? mul(total, extent) : total;
    }
    return total;
  }

  Value constant(int64_t value) {
    return builder.create<arith::ConstantIndexOp>(program.getLoc(), value);
  }
  Value add(Value a, Value b) {
    return builder.createOrFold<arith::AddIOp>(program.getLoc(), a, b);
  }
  Value mul(Value a, Value b) {
    return builder.createOrFold<arith::MulIOp>(program.getLoc(), a, b);
  }
  Value max(Value a, Value b) {
    if (matchPattern(a, m_Zero()))
      return b;
    if (matchPattern(b, m_Zero()))
      return a;
    return builder.createOrFold<arith::MaxSIOp>(program.getLoc(), a, b);
  }

  OpBuilder &builder;
  dp::ProgramOp program;
  const PathSteps &steps;
  Weights weights;
  bool unbounded = false;
};

class Length {
public:
  Length(OpBuilder &builder, dp::ProgramOp program, const PathSteps &steps)
      : builder(builder), program(program), steps(steps) {}

  PathLength emit() {
    PathLength length{constant(0), constant(0)};
    Count rows(builder, program, steps, {1, 0, 0, 1, 0});
    Count cells(builder, program, steps, {1, 1, 1, 0, 0});
    Count reads(builder, program, steps, {0, 0, 0, 0, 1});
    auto addVisits = [&](Value visits, dp::TableOp table) {
      length.rows = add(length.rows, mul(visits, rows.get(table)));
      length.cells = add(length.cells, mul(visits, cells.get(table)));
    };
    Value starts = constant(0);
    for (dp::TableOp output : steps.getOutputs()) {
      Value elements = getCells(output);
      // An output is a root, not an equation that could give a row.
      Count own(builder, program, steps, {1, 0, 0, 0, 0});
      length.rows = add(length.rows, mul(elements, own.get(output)));
      length.cells = add(length.cells, mul(elements, cells.get(output)));
      starts = add(starts, mul(elements, reads.get(output)));
    }
    bool isChain = llvm::all_of(steps.getTables(), [&](dp::TableOp table) {
      return !steps.isOnPath(table.getResult()) ||
             isAtMostOne(reads.get(table));
    });
    for (dp::TableOp table : steps.getTables())
      if (steps.isOnPath(table.getResult())) {
        Value most = getCells(table);
        if (isChain)
          most = min(most, getTimes(table));
        addVisits(mul(starts, most), table);
      }
    // Branches of a tree may share cells, then no polynomial bounds the path:
    // what is short at least has room.
    if (!isChain) {
      length.rows = max(length.rows, constant(roomOfTrees));
      length.cells = max(length.cells, constant(roomOfTrees));
    }
    if (unbounded || rows.failed() || cells.failed() || reads.failed())
      return {};
    return length;
  }

private:
  static constexpr int64_t roomOfTrees = 1024;

  static bool isAtMostOne(Value count) {
    APInt value;
    return matchPattern(count, m_ConstantInt(&value)) && value.ule(1);
  }

  /// The product of how many values each form has over the table's domain; null
  /// if one is unbounded.
  Value
  getProduct(dp::TableOp table,
             function_ref<std::vector<LinearForm>(ArrayRef<LinearForm> cell)>
                 getForms) {
    AffineSpace space(program);
    std::vector<LinearForm> cell;
    for (unsigned d = 0; d < table.getRank(); ++d)
      cell.push_back(
          LinearForm::variable(space.addIndex("i" + std::to_string(d))));
    Shadow shadow(space, space.getDomain(table, cell));
    Value product = constant(1);
    for (const LinearForm &form : getForms(cell)) {
      Value extent = shadow.emitExtent(builder, table.getLoc(), form);
      if (!extent)
        return Value();
      product = mul(product, extent);
    }
    return product;
  }

  Value getCells(dp::TableOp table) {
    Value cells =
        getProduct(table, [](ArrayRef<LinearForm> cell) { return cell.vec(); });
    unbounded |= !cells;
    return cells ? cells : constant(0);
  }

  /// How many times of the schedule the table has; null if that is unknown.
  Value getTimes(dp::TableOp table) {
    auto rows = getScheduleRows(table, table->hasAttr(wavefrontAttrName)
                                           ? wavefrontAttrName
                                           : scheduleAttrName);
    if (!rows)
      return Value();
    return getProduct(table, [&](ArrayRef<LinearForm> cell) {
      std::vector<LinearForm> forms;
      for (const ScheduleRow &row : *rows) {
        LinearForm form;
        for (auto [coefficient, index] : llvm::zip(row.coefficients, cell))
          form = form + index * coefficient;
        if (!form.isConstant())
          forms.push_back(form);
      }
      return forms;
    });
  }

  Value constant(int64_t value) {
    return builder.create<arith::ConstantIndexOp>(program.getLoc(), value);
  }
  Value add(Value a, Value b) {
    return builder.createOrFold<arith::AddIOp>(program.getLoc(), a, b);
  }
  Value mul(Value a, Value b) {
    return builder.createOrFold<arith::MulIOp>(program.getLoc(), a, b);
  }
  Value max(Value a, Value b) {
    return builder.createOrFold<arith::MaxSIOp>(program.getLoc(), a, b);
  }
  Value min(Value a, Value b) {
    if (!b)
      return a;
    return builder.createOrFold<arith::MinSIOp>(program.getLoc(), a, b);
  }

  OpBuilder &builder;
  dp::ProgramOp program;
  const PathSteps &steps;
  bool unbounded = false;
};
} // namespace

PathLength danskin::emitPathLength(OpBuilder &builder, dp::ProgramOp program,
                                   const PathSteps &steps) {
  return Length(builder, program, steps).emit();
}
