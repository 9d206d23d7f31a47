//===- SplitTables.cpp - give equations tables of their own ---------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A table whose equations run in different directions (one from the left, one
// from the right) has no order of its own, but the cells of each equation have.
// Such a table becomes one table an equation. This happens before anything is
// derived, so the adjoints are apart too.
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/Dependences.h"
#include "compiler/schedule/Wavefront.h"
#include "compiler/transforms/Passes.h"
#include "compiler/transforms/Slices.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace danskin;

namespace danskin {
#define GEN_PASS_DEF_DPSPLITTABLES
#include "compiler/transforms/Passes.h.inc"
} // namespace danskin

/// Does the equation read cells of a table?
static bool readsTable(dp::EquationOp equation) {
  return equation
      .walk([](dp::ReadOp read) {
        return read.getArray().getDefiningOp<dp::TableOp>()
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Can the equations disagree on a direction?
static bool mayNeedSplit(dp::TableOp table) {
  return llvm::count_if(table.getEquations(), readsTable) > 1;
}

namespace {
/// The cells of one equation.
struct Part {
  dp::EquationOp equation;
  dp::TableOp table;
};

class Splitter {
public:
  explicit Splitter(dp::TableOp table) : table(table) {}

  void run() {
    SmallVector<dp::EquationOp> equations = table.getEquations();
    // What no other equation covers is tested last, that is not at all.
    llvm::stable_sort(equations, [](auto a, auto b) {
      return !a.getOtherwise() && b.getOtherwise();
    });
    for (dp::EquationOp equation : equations)
      parts.push_back({equation, makeTable(equation)});
    for (Operation *user :
         llvm::make_early_inc_range(table.getResult().getUsers()))
      if (auto read = dyn_cast<dp::ReadOp>(user))
        replaceRead(read);
      else if (auto contains = dyn_cast<dp::ContainsOp>(user))
        replaceContains(contains);
    for (Part part : parts)
      moveEquation(part);
    table.erase();
  }

private:
  /// A table of the same name over the cells of the equation.
  dp::TableOp makeTable(dp::EquationOp equation) {
    OpBuilder b(table);
    auto part = b.create<dp::TableOp>(
        equation.getLoc(), table.getResult().getType(), table.getName(),
        table.getRole(), table.getAbsence(), Value(), table.getFollowsAttr());
    b.createBlock(&part.getDomain());
    SmallVector<Value> cell = cloneDomain(b, table);
    IRMapping mapping;
    mapping.map(equation.getBody().getArguments(), cell);
    cloneGuards(b, equation, mapping, [](Value) { return true; });
    b.create<dp::YieldOp>(equation.getLoc(), cell);
    return part;
  }

  /// The cell as the parts from number `next` on have it.
  Value emitRead(OpBuilder &b, dp::ReadOp read, size_t next) {
    Part part = parts[next];
    Value condition =
        next + 1 == parts.size()
            ? Value()
            : cloneConjunction(b, part.equation, read.getIndices(),
                               [](Value) { return true; });
    auto readPart = [&](OpBuilder &at) -> Value {
      return at.create<dp::ReadOp>(read.getLoc(), read.getType(),
                                   part.table.getResult(), read.getIndices());
    };
    if (!condition)
      return readPart(b);
    auto branch = b.create<scf::IfOp>(
        read.getLoc(), condition,
        [&](OpBuilder &then, Location loc) {
          then.create<scf::YieldOp>(loc, readPart(then));
        },
        [&](OpBuilder &otherwise, Location loc) {
          otherwise.create<scf::YieldOp>(loc,
                                         emitRead(otherwise, read, next + 1));
        });
    return branch.getResult(0);
  }

  void replaceRead(dp::ReadOp read) {
    OpBuilder b(read);
    read.replaceAllUsesWith(emitRead(b, read, 0));
    read.erase();
  }

  void replaceContains(dp::ContainsOp contains) {
    OpBuilder b(contains);
    Value any;
    for (Part part : parts) {
      Value one = b.create<dp::ContainsOp>(
          contains.getLoc(), part.table.getResult(), contains.getIndices());
      any = any ? b.create<arith::OrIOp>(contains.getLoc(), any, one) : one;
    }
    contains.replaceAllUsesWith(any);
    contains.erase();
  }

  void moveEquation(Part part) {
    dp::EquationOp equation = part.equation;
    equation.getTablesMutable().assign(part.table.getResult());
    equation.setOtherwise(false);
    for (auto where : llvm::make_early_inc_range(
             equation.getBody().front().getOps<dp::WhereOp>()))
      where.erase();
  }

  dp::TableOp table;
  SmallVector<Part> parts;
};

struct SplitTables : danskin::impl::DpSplitTablesBase<SplitTables> {
  void runOnOperation() override {
    if (!maySplit())
      return markAllAnalysesPreserved();
    bool changed = split(getAnalysis<DependenceAnalysis>().dependences);
    while (changed && maySplit())
      changed = split(DependenceAnalysis(getOperation()).dependences);
  }

  bool maySplit() {
    Block &body = getOperation().getBody().front();
    return llvm::any_of(body.getOps<dp::TableOp>(), mayNeedSplit);
  }

  /// Splits the tables that keep the program from having a schedule, as far as
  /// they can be; what cannot be is for dp-assign-schedule to report.
  bool split(const ProgramDependences &dependences) {
    if (dependences.incomplete)
      return false;
    SchedulingResult result = solve(dependences.problem);
    if (result || result.failure->kind != SchedulingFailure::NoSchedule)
      return false;
    bool changed = false;
    for (unsigned statement : result.failure->statements) {
      auto table = dyn_cast<dp::TableOp>(dependences.statements[statement]);
      if (!table || !mayNeedSplit(table))
        continue;
      Splitter(table).run();
      changed = true;
    }
    return changed;
  }
};
} // namespace
