//===- Enumerate.cpp - the static checks by running over everything -------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/analysis/Enumerate.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::dp;
using namespace danskin;

std::string danskin::toFault(llvm::StringRef code, Location where) {
  std::string text = code.str() + " ";
  llvm::raw_string_ostream(text) << where;
  return text;
}

Enumerator::Enumerator(ProgramOp program, const std::vector<int64_t> &sizes,
                       unsigned seed)
    : program(program), sizes(sizes), seed(seed) {}

Enumerator::Cell Enumerator::getAll(ValueRange range) {
  Cell cell;
  for (Value value : range)
    cell.push_back(get(value));
  return cell;
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

int64_t Enumerator::evaluateRead(ReadOp read) {
  Cell index = getAll(read.getIndices());
  if (auto table = read.getArray().getDefiningOp<TableOp>()) {
    if (!domains[table].count(index))
      fault(table.getRole() == TableRole::Let ? "E0302" : "E0301",
            read.getLoc());
    return 0;
  }
  auto input = read.getArray().getDefiningOp<InputOp>();
  for (auto [extent, place] : llvm::zip(extents[input], index))
    if (place < 0 || place >= extent) {
      fault("E0302", read.getLoc());
      poisoned |= read.getType().isIndex();
      return 0;
    }
  return data[input].count(index) ? data[input][index] : 0;
}

static bool compare(arith::CmpIPredicate predicate, int64_t a, int64_t b) {
  switch (predicate) {
  case arith::CmpIPredicate::eq:
    return a == b;
  case arith::CmpIPredicate::ne:
    return a != b;
  case arith::CmpIPredicate::slt:
    return a < b;
  case arith::CmpIPredicate::sle:
    return a <= b;
  case arith::CmpIPredicate::sgt:
    return a > b;
  case arith::CmpIPredicate::sge:
    return a >= b;
  default:
    llvm_unreachable("no such comparison is made");
  }
}

static int64_t evaluateExpr(AffineExpr expr, ArrayRef<int64_t> operands,
                            unsigned numDims) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return operands[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return operands[numDims + symbol.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expr);
  int64_t a = evaluateExpr(binary.getLHS(), operands, numDims);
  int64_t b = evaluateExpr(binary.getRHS(), operands, numDims);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return a + b;
  case AffineExprKind::Mul:
    return a * b;
  case AffineExprKind::FloorDiv:
    return llvm::divideFloorSigned(a, b);
  case AffineExprKind::CeilDiv:
    return llvm::divideCeilSigned(a, b);
  case AffineExprKind::Mod:
    return llvm::mod(a, b);
  default:
    llvm_unreachable("no such expression");
  }
}

void Enumerator::evaluate(Operation *op) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    if (auto number = dyn_cast<IntegerAttr>(constant.getValue()))
      values[constant] = number.getType().isInteger(1)
                             ? number.getValue().getBoolValue()
                             : number.getInt();
  } else if (auto read = dyn_cast<ReadOp>(op)) {
    values[read] = evaluateRead(read);
  } else if (auto contains = dyn_cast<ContainsOp>(op)) {
    values[contains] = domains[contains.getTable().getDefiningOp()].count(
        getAll(contains.getIndices()));
  } else if (auto branch = dyn_cast<scf::IfOp>(op)) {
    Block *taken =
        get(branch.getCondition()) ? branch.thenBlock() : branch.elseBlock();
    for (Operation &inner : *taken)
      evaluate(&inner);
    for (auto [result, yielded] :
         llvm::zip(branch.getResults(), taken->back().getOperands()))
      if (!result.getType().isF64())
        values[result] = get(yielded);
  } else if (isa<ChooseOp, SumOp>(op)) {
    for (Operation &arm : op->getRegion(0).front())
      runBlock(arm.getRegion(0).front(), [] {});
  } else if (auto cmp = dyn_cast<arith::CmpIOp>(op)) {
    values[cmp] =
        compare(cmp.getPredicate(), get(cmp.getLhs()), get(cmp.getRhs()));
  } else if (auto apply = dyn_cast<affine::AffineApplyOp>(op)) {
    values[apply] = evaluateExpr(apply.getAffineMap().getResult(0),
                                 getAll(apply.getOperands()),
                                 apply.getAffineMap().getNumDims());
  } else if (isa<affine::AffineMaxOp, affine::AffineMinOp>(op)) {
    auto map = cast<AffineMapAttr>(op->getAttr("map")).getValue();
    Cell results;
    for (AffineExpr expr : map.getResults())
      results.push_back(
          evaluateExpr(expr, getAll(op->getOperands()), map.getNumDims()));
    values[op->getResult(0)] = isa<affine::AffineMaxOp>(op)
                                   ? *llvm::max_element(results)
                                   : *llvm::min_element(results);
  } else if (op->getNumResults() == 1 && !op->getResult(0).getType().isF64() &&
             op->getNumOperands()) {
    int64_t a = get(op->getOperand(0));
    int64_t b = op->getNumOperands() > 1 ? get(op->getOperand(1)) : 0;
    int64_t result = 0;
    if (isa<arith::AddIOp>(op))
      result = a + b;
    else if (isa<arith::SubIOp>(op))
      result = a - b;
    else if (isa<arith::MulIOp>(op))
      result = a * b;
    else if (isa<arith::FloorDivSIOp>(op))
      result = llvm::divideFloorSigned(a, b);
    else if (isa<arith::MaxSIOp>(op))
      result = std::max(a, b);
    else if (isa<arith::MinSIOp>(op))
      result = std::min(a, b);
    else if (isa<arith::XOrIOp>(op))
      result = a ^ b;
    else if (isa<arith::AndIOp>(op))
      result = a & b;
    else if (isa<arith::OrIOp>(op))
      result = a | b;
    else if (isa<math::AbsIOp>(op))
      result = std::abs(a);
    else if (isa<arith::SelectOp>(op))
      result = a ? b : get(op->getOperand(2));
    else if (isa<arith::SIToFPOp, arith::IndexCastOp>(op))
      result = a;
    else
      llvm::report_fatal_error("the enumerator does not know " +
                               op->getName().getStringRef());
    values[op->getResult(0)] = result;
  }
}

//===----------------------------------------------------------------------===//
// Comprehensions
//===----------------------------------------------------------------------===//

static bool isOptional(WhereOp where) {
  std::vector<Value> open = {where.getCondition()};
  while (!open.empty()) {
    Operation *op = open.back().getDefiningOp();
    open.pop_back();
    if (!op)
      continue;
    bool found = false;
    op->walk([&](Operation *inner) { found |= inner->hasAttr("optional"); });
    if (found)
      return true;
    open.insert(open.end(), op->operand_begin(), op->operand_end());
  }
  return false;
}

/// Called where a candidate is dropped though its guards hold.
void Enumerator::noteFailedOptionals(Block &block) {
  for (ContainsOp contains : block.getOps<ContainsOp>())
    if (contains->hasAttr("optional") && !get(contains))
      failedOptionals.insert(contains);
}

/// `dropped`: a `?` failed. The guards are asked all the same.
void Enumerator::runFrom(Block::iterator op, Block::iterator end, Next atYield,
                         bool dropped) {
  for (; op != end; ++op) {
    if (isa<YieldOp>(*op)) {
      if (dropped)
        noteFailedOptionals(*op->getBlock());
      else
        atYield();
      return;
    }
    if (auto where = dyn_cast<WhereOp>(*op)) {
      if (get(where.getCondition()))
        continue;
      if (!isOptional(where))
        return;
      dropped = true;
    } else if (auto iterate = dyn_cast<IterateOp>(*op)) {
      int64_t upper = get(iterate.getUpper());
      for (int64_t i = get(iterate.getLower()); i < upper; ++i) {
        values[iterate.getIndex()] = i;
        runFrom(std::next(op), end, atYield, dropped);
      }
      return;
    } else {
      bool guardsToCome =
          std::any_of(op, end, [](Operation &o) { return isa<WhereOp>(o); });
      if (dropped && !guardsToCome) {
        noteFailedOptionals(*op->getBlock());
        return;
      }
      evaluate(&*op);
    }
  }
}

void Enumerator::runBlock(Block &block, Next atYield) {
  runFrom(block.begin(), block.end(), atYield, false);
}

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

bool Enumerator::collectDomain(TableOp table) {
  Block &block = table.getDomain().front();
  runBlock(block, [&] {
    domains[table].insert(getAll(block.getTerminator()->getOperands()));
  });
  return true;
}

bool Enumerator::fillInput(InputOp input) {
  extents[input] = getAll(input.getExtents());
  if (input.getValues().empty())
    return true;
  Block &block = input.getValues().front();
  std::vector<Cell> elements = {{}};
  for (int64_t extent : extents[input]) {
    std::vector<Cell> longer;
    for (const Cell &element : elements)
      for (int64_t i = 0; i < extent; ++i) {
        longer.push_back(element);
        longer.back().push_back(i);
      }
    elements = std::move(longer);
  }
  for (const Cell &element : elements) {
    for (auto [argument, index] : llvm::zip(block.getArguments(), element))
      values[argument] = index;
    int64_t lower = 0, upper = 0;
    runBlock(block, [&] {
      lower = get(block.getTerminator()->getOperand(0));
      upper = get(block.getTerminator()->getOperand(1));
    });
    if (lower >= upper)
      return false;
    seed = seed * 1664525u + 1013904223u;
    data[input][element] = lower + (seed >> 8) % (upper - lower);
  }
  return true;
}

bool Enumerator::applies(EquationOp equation, const Cell &cell) {
  Block &block = equation.getBody().front();
  for (auto [argument, index] : llvm::zip(block.getArguments(), cell))
    values[argument] = index;
  // Only the leading guards: no equation of the tests has a guard deeper.
  for (Operation &op : block) {
    if (auto where = dyn_cast<WhereOp>(op)) {
      if (!get(where.getCondition()))
        return false;
    } else if (isa<ChooseOp, SumOp, YieldOp>(op)) {
      return true;
    } else if (auto read = dyn_cast<ReadOp>(op);
               read && read.getArray().getDefiningOp<TableOp>()) {
      return true;
    } else {
      evaluate(&op);
    }
  }
  return true;
}

void Enumerator::checkTable(TableOp table) {
  for (const Cell &cell : domains[table]) {
    EquationOp chosen;
    for (bool otherwise : {false, true}) {
      if (otherwise && chosen)
        break;
      for (EquationOp equation : table.getEquations()) {
        poisoned = false;
        if (equation.getOtherwise() != otherwise || !applies(equation, cell))
          continue;
        if (chosen)
          fault("E0304", equation.getLoc());
        else
          chosen = equation;
        Block &block = equation.getBody().front();
        for (auto [argument, index] : llvm::zip(block.getArguments(), cell))
          values[argument] = index;
        runBlock(block, [] {});
      }
    }
    poisoned = false;
    if (!chosen)
      fault("E0303", table.getLoc());
  }
}

bool Enumerator::run() {
  unsigned next = 0;
  for (Operation &op : program.getBody().front()) {
    if (auto size = dyn_cast<SizeOp>(op)) {
      values[size] = sizes[next++];
    } else if (auto assume = dyn_cast<AssumeOp>(op)) {
      if (!get(assume.getCondition()))
        return false;
    } else if (auto input = dyn_cast<InputOp>(op)) {
      if (!fillInput(input))
        return false;
    } else if (auto table = dyn_cast<TableOp>(op)) {
      collectDomain(table);
    } else if (!isa<EquationOp, ScatterOp>(op)) {
      evaluate(&op);
    }
  }
  for (TableOp table : program.getBody().front().getOps<TableOp>())
    checkTable(table);
  return true;
}
