//===- Plan.cpp - the statements of a program -----------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Plan.h"
#include "compiler/conversion/Strips.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace danskin::conversion;

Plan::Plan(dp::ProgramOp program, FloatType io, bool scaled, StringRef order,
           Copies purpose)
    : program(program), forms(program), io(io),
      compute(Float64Type::get(program.getContext())), order(order),
      purpose(purpose) {
  if (scaled) {
    compute = Float32Type::get(program.getContext());
    units = LogUnits(program);
    return;
  }
  if (auto form = program->getAttrOfType<StringAttr>("form"))
    if (form.getValue() == "native")
      compute = io;
}

Plan::~Plan() = default;

LogicalResult Plan::make() {
  checkpoint = getCheckpoint(program, order);
  for (auto table : program.getBody().front().getOps<dp::TableOp>())
    if (failed(addTable(table)))
      return failure();
  for (auto input : program.getBody().front().getOps<dp::InputOp>()) {
    addCopy(input);
    addPowers(input);
  }
  if (failed(addStatements()) || failed(readSchedules()) || failed(makeNests()))
    return failure();
  findLocals();
  strips = findStrips(*this);
  if (failed(makeLayouts()))
    return failure();
  addDiagonals();
  addProducts();
  return success();
}

/// Threads would have to wait for what one of them packs.
void Plan::addProducts() {
  if (units.empty() || forThreads)
    return;
  program.walk([&](dp::ArmOp arm) {
    auto choose = dyn_cast<dp::ChooseOp>(arm->getParentOp());
    if (choose ? !units.isScaled(choose) : !isa<dp::SumOp>(arm->getParentOp()))
      return;
    std::unique_ptr<Product> product = findProduct(arm, *this);
    if (!product)
      return;
    for (auto &power : powers)
      for (auto [read, used] : product->powers)
        power->flat |= power.get() == used;
    products[arm] = std::move(product);
  });
}

bool Plan::copiesAny() {
  for (auto input : program.getBody().front().getOps<dp::InputOp>())
    addCopy(input);
  bool isAny = !copies.empty();
  copies.clear();
  return isAny;
}

LogicalResult Plan::addTable(dp::TableOp table) {
  FailureOr<Domain> domain = Domain::get(table, forms);
  if (failed(domain))
    return failure();
  auto plan = std::make_unique<TablePlan>();
  plan->op = table;
  plan->domain = std::move(*domain);
  plan->summed = checkpoint && table->hasAttr(getSummedAttrName(order));
  plan->root = table;
  while (plan->root.getOwner())
    plan->root = plan->root.getOwner().getDefiningOp<dp::TableOp>();
  tables[table.getResult()] = std::move(plan);
  return success();
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

bool danskin::conversion::isSameCell(dp::ReadOp read, unsigned rank) {
  auto equation = read->getParentOfType<dp::EquationOp>();
  if (!equation)
    return false;
  auto arguments = equation.getBody().front().getArguments();
  return read.getIndices().size() >= rank && arguments.size() >= rank &&
         llvm::equal(read.getIndices().take_front(rank),
                     arguments.take_front(rank));
}

/// The units of one owner's group, each after those whose cell it reads.
void Plan::addUnits(Statement &statement, ArrayRef<TablePlan *> group) {
  llvm::EquivalenceClasses<TablePlan *> shared;
  for (TablePlan *table : group) {
    shared.insert(table);
    for (dp::EquationOp equation : table->op.getEquations())
      shared.unionSets(table, &get(equation.getTables()[0]));
  }
  std::vector<Unit> pending;
  llvm::DenseMap<TablePlan *, unsigned> unitOf;
  for (TablePlan *table : group) {
    TablePlan *leader = shared.getLeaderValue(table);
    auto [place, isNew] = unitOf.try_emplace(leader, pending.size());
    unsigned unit = place->second;
    if (isNew)
      pending.emplace_back();
    unitOf[table] = unit;
    pending[unit].tables.push_back(table);
    for (dp::EquationOp equation : table->op.getEquations())
      if (!llvm::is_contained(pending[unit].equations, equation))
        pending[unit].equations.push_back(equation);
  }
  unsigned rank = statement.over->op.getRank();
  std::vector<bool> done(pending.size());
  auto visit = [&](unsigned i, auto &&visit) -> void {
    if (done[i])
      return;
    done[i] = true;
    for (dp::EquationOp equation : pending[i].equations)
      equation.walk([&](dp::ReadOp read) {
        auto source = tables.find(read.getArray());
        if (source == tables.end() || !isSameCell(read, rank))
          return;
        auto unit = unitOf.find(source->second.get());
        if (unit != unitOf.end())
          visit(unit->second, visit);
      });
    llvm::stable_sort(pending[i].equations, [](auto a, auto b) {
      return !a.getOtherwise() && b.getOtherwise();
    });
    if (!pending[i].equations.empty())
      statement.units.push_back(std::move(pending[i]));
  };
  for (unsigned i = 0; i < pending.size(); ++i)
    visit(i, visit);
}

LogicalResult Plan::addStatements() {
  llvm::MapVector<Operation *, SmallVector<TablePlan *>> groups;
  for (auto &[value, table] : tables)
    groups[table->root].push_back(table.get());
  // A scatter runs before whatever reads its table can, hence where the table
  // stands, when nothing schedules it.
  for (auto &[value, table] : tables) {
    for (dp::ScatterOp scatter : table->op.getScatters()) {
      Statement statement;
      statement.over = &get(scatter.getOver());
      statement.scatter = scatter;
      statements.push_back(std::move(statement));
    }
    if (table->root != table->op)
      continue;
    Statement statement;
    statement.over = table.get();
    addUnits(statement, groups[table->op]);
    if (!statement.units.empty())
      statements.push_back(std::move(statement));
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Schedules
//===----------------------------------------------------------------------===//

LogicalResult Plan::readSchedules() {
  std::optional<size_t> numRows;
  for (Statement &statement : statements) {
    Operation *op = statement.scatter ? statement.scatter.getOperation()
                                      : statement.over->op.getOperation();
    auto rows = op->getAttrOfType<ArrayAttr>(order);
    if (!rows)
      continue;
    statement.isScheduled = true;
    for (Attribute attribute : rows) {
      auto row = dyn_cast<DenseI64ArrayAttr>(attribute);
      if (!row || row.size() != static_cast<int64_t>(
                                    statement.over->domain.dims.size() + 1))
        return op->emitError("expects a schedule row to have a coefficient an "
                             "index, then a constant");
      statement.schedule.emplace_back(row.asArrayRef());
    }
    if (numRows.value_or(rows.size()) != rows.size())
      return op->emitError("expects as many schedule rows as elsewhere");
    numRows = rows.size();
  }
  return success();
}

std::optional<unsigned> Statement::getSlantedRow() const {
  for (auto [number, row] : llvm::enumerate(schedule))
    if (llvm::count_if(ArrayRef(row).drop_back(),
                       [](int64_t factor) { return factor != 0; }) > 1)
      return number;
  return std::nullopt;
}

bool Plan::isSequential() const {
  unsigned rank = 0;
  for (const Statement &statement : statements)
    rank = std::max(rank, statement.over->op.getRank());
  return llvm::any_of(statements, [&](const Statement &statement) {
    return statement.over->op.getRank() == rank &&
           (statement.scatter || !statement.nest->getFirstFree());
  });
}

bool Plan::isInStrips() const {
  size_t slanted = llvm::count_if(statements, [](const Statement &statement) {
    return statement.getSlantedRow().has_value();
  });
  size_t inStrips = 0;
  for (auto &each : strips)
    inStrips += each->statements.size();
  return inStrips > 0 && inStrips == slanted;
}

LogicalResult Plan::makeNests() {
  auto lane = program->getAttrOfType<StringAttr>("lane");
  for (Statement &statement : statements) {
    Nest::Options options;
    options.schedule = statement.schedule;
    statement.nest =
        std::make_unique<Nest>(statement.over->domain, forms, options);
    if (lane && lane.getValue() == "first") {
      options.innermost = statement.nest->getFirstFree();
      statement.nest =
          std::make_unique<Nest>(statement.over->domain, forms, options);
    }
    if (statement.nest->hasOverflow())
      return statement.over->op.emitError(
          "has a domain or a schedule with too large coefficients");
    for (Unit &unit : statement.units) {
      Nest::Options inner;
      inner.known = statement.over->op.getRank();
      inner.context = &statement.over->domain;
      unit.nest = std::make_unique<Nest>(unit.tables[0]->domain, forms, inner);
      if (unit.nest->hasOverflow())
        return unit.tables[0]->op.emitError(
            "has a domain with too large coefficients");
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Questions
//===----------------------------------------------------------------------===//

SmallVector<TablePlan *> Plan::getSummed() {
  SmallVector<TablePlan *> summed;
  for (auto &[value, table] : tables)
    if (table->summed)
      summed.push_back(table.get());
  return summed;
}

bool Plan::isOfPhase(const Statement &statement,
                     ArrayRef<int64_t> phase) const {
  return statement.isScheduled && statement.schedule.size() > phase.size() &&
         llvm::equal(ArrayRef(statement.schedule).take_front(phase.size()),
                     phase, [](const ScheduleRow &row, int64_t constant) {
                       return row.back() == constant;
                     });
}

SmallVector<TablePlan *> Plan::getReplayed() {
  SmallVector<TablePlan *> replayed;
  for (Statement &statement : statements) {
    if (!isOfPhase(statement, checkpoint->producers))
      continue;
    for (Unit &unit : statement.units)
      for (TablePlan *table : unit.tables)
        if (table->layout &&
            (table->layout->isFolded() || table->layout->isSegmented()))
          replayed.push_back(table);
  }
  return replayed;
}

Unit *Plan::findUnit(TablePlan &table) {
  for (Statement &statement : statements)
    for (Unit &unit : statement.units)
      if (llvm::is_contained(unit.tables, &table))
        return &unit;
  return nullptr;
}

SmallVector<TablePlan *> Plan::getStored() {
  SmallVector<TablePlan *> stored;
  for (auto &[value, table] : tables)
    if (table->layout)
      stored.push_back(table.get());
  return stored;
}
