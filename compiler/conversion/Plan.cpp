//===- Plan.cpp - statements and storage of a program ---------------------===//
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

/// Does `read` ask for the cell of the equation it stands in, as far as the
/// first `rank` indices go?
static bool isSameCell(dp::ReadOp read, unsigned rank) {
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
// Storage
//===----------------------------------------------------------------------===//

/// Is every read of the table at the cell where it is made, by the statement
/// that makes it?
static bool isLocal(Plan &plan, TablePlan &table) {
  unsigned rank = table.op.getRank();
  if (table.isOutput() || rank != table.root.getRank() ||
      !table.op.getScatters().empty())
    return false;
  for (Operation *user : table.op.getResult().getUsers()) {
    if (isa<dp::TracebackOp>(user))
      return false;
    auto read = dyn_cast<dp::ReadOp>(user);
    if (!read)
      continue;
    auto equation = read->getParentOfType<dp::EquationOp>();
    if (!equation || !isSameCell(read, rank) ||
        plan.get(equation.getTables()[0]).root != table.root)
      return false;
  }
  return true;
}

bool TablePlan::holdsArms() {
  auto isArmOfWinner = [&](dp::EquationOp equation) {
    unsigned place = llvm::find(equation.getTables(), op.getResult()) -
                     equation.getTables().begin();
    Value made = equation.getBody().front().getTerminator()->getOperand(place);
    auto choose = made.getDefiningOp<dp::ChooseOp>();
    return choose && choose.getReg() && choose.getReg()->weighsByPlace() &&
           made == choose.getResult(1) && choose.getMaxBinders() == 0 &&
           choose.getArms().front().getOperations().size() <=
               size_t(std::numeric_limits<int8_t>::max());
  };
  SmallVector<dp::EquationOp> equations = op.getEquations();
  return isIndex() && !isOutput() && !equations.empty() &&
         llvm::all_of(equations, isArmOfWinner);
}

Type Plan::getElement(TablePlan &table) {
  Builder b(program.getContext());
  if (!table.isIndex())
    return compute;
  return table.holdsArms() ? b.getI8Type() : b.getI64Type();
}

Type Plan::getElement(const InputCopy &copy) {
  dp::InputOp input = copy.input;
  return input.getResult().getType().getElement().isIndex()
             ? Type(Builder(program.getContext()).getI64Type())
             : io;
}

std::pair<int64_t, int64_t> Plan::getBytesOfCell(TablePlan &table) {
  int64_t second = table.isExplicit() ? 1 : isScaled(table) ? 4 : 0;
  return {getElement(table).getIntOrFloatBitWidth() / 8, second};
}

/// Does only a path read this place of a winner, and finds it out again sooner
/// than each cell keeps it? A path is of one dimension: of a table of more it
/// meets few cells. Threads would look through many candidates one by one.
static bool isFoundAgain(Plan &plan, TablePlan &table) {
  if (!table.isIndex() || table.isOutput() || plan.forThreads ||
      table.op.getEquations().empty())
    return false;
  for (dp::EquationOp equation : table.op.getEquations()) {
    auto yield = cast<dp::YieldOp>(equation.getBody().front().back());
    auto choose = yield.getOperand(0).getDefiningOp<dp::ChooseOp>();
    if (!choose || (table.root.getRank() < 2 && choose.getMaxBinders() > 0))
      return false;
  }
  Value value = table.op.getEquations().front().getTables()[0];
  return llvm::all_of(table.op.getResult().getUsers(), [&](Operation *user) {
    auto read = dyn_cast<dp::ReadOp>(user);
    if (!read)
      return !isa<dp::TracebackOp>(user);
    auto visit = dyn_cast<dp::VisitOp>(read->getParentOp());
    return visit && visit.getTable() == value &&
           llvm::equal(read.getIndices(), visit.getBody().getArguments());
  });
}

std::optional<unsigned> Statement::getSlantedRow() const {
  for (auto [number, row] : llvm::enumerate(schedule))
    if (llvm::count_if(ArrayRef(row).drop_back(),
                       [](int64_t factor) { return factor != 0; }) > 1)
      return number;
  return std::nullopt;
}

/// The schedule of a table's cells, if their time is of several indices; then
/// what is computed together does not lie together by itself.
SmallVector<ScheduleRow> Plan::getSlant(TablePlan &table) {
  // Threads that go down columns leave rows behind; only the latest cells are
  // kept by time, which are a few at a corner then.
  if (const Strips *ofTable = findStripsOf(table)) {
    const Strips::Held *held = ofTable->find(table);
    if (!held || held->corners.empty())
      return {};
  }
  for (const Statement &statement : statements) {
    if (statement.scatter || statement.over->op != table.root ||
        table.op.getRank() != table.root.getRank())
      continue;
    if (statement.getSlantedRow())
      return statement.schedule;
  }
  return {};
}

void Plan::findLocals() {
  for (auto &[value, table] : tables) {
    table->again = isFoundAgain(*this, *table);
    table->local = table->again || isLocal(*this, *table);
  }
}

const Strips *Plan::findStripsOf(TablePlan &table) const {
  for (auto &each : strips)
    for (const Statement *statement : each->statements)
      if (statement->over->op == table.root)
        return each.get();
  return nullptr;
}

LogicalResult Plan::makeLayouts() {
  for (auto &[value, table] : tables) {
    dp::TableOp op = table->op;
    if (table->isOutput()) {
      FailureOr<Layout> box = Layout::getPlain(op, table->domain, forms);
      if (failed(box))
        return failure();
      table->box = std::move(*box);
    }
    bool isRead = llvm::any_of(op.getResult().getUsers(), [](Operation *user) {
      return isa<dp::ReadOp, dp::ScatterOp>(user);
    });
    if (table->local || (table->isOutput() && !isRead && !table->summed))
      continue;
    const Strips *ofTable = findStripsOf(*table);
    const Strips::Held *held = ofTable ? ofTable->find(*table) : nullptr;
    if (held && !held->all && held->corners.empty())
      continue;
    auto storage = op->getAttrOfType<StringAttr>("storage");
    bool isBox = storage && storage.getValue() == "box";
    FailureOr<Layout> layout =
        isBox ? Layout::getPlain(op, table->domain, forms)
              : Layout::getSkewed(op, table->domain, forms, getSlant(*table));
    if (failed(layout))
      return failure();
    table->layout = std::move(*layout);
    table->innermost = getAxisOfAdditions(op);
    foldLayout(*table);
    segmentLayout(*table);
  }
  return success();
}

/// The index that a time is, if it is one or its negative.
std::optional<unsigned> Plan::getOnlyDim(ArrayRef<int64_t> factors) const {
  if (llvm::count(factors, 0) + 1 == int64_t(factors.size()))
    for (auto [d, factor] : llvm::enumerate(factors))
      if (factor == 1 || factor == -1)
        return d;
  return std::nullopt;
}

/// What scatters whose places are apart add to, by an index of their cells.
std::optional<unsigned> Plan::getAxisOfAdditions(dp::TableOp table) {
  for (dp::ScatterOp scatter : table.getScatters()) {
    Block &block = scatter.getBody().front();
    if (!scatter->hasAttr(danskin::apartAttrName))
      continue;
    auto indices = block.getTerminator()->getOperands().drop_back();
    for (auto [axis, index] : llvm::enumerate(indices))
      if (isa<BlockArgument>(index))
        return axis;
  }
  return std::nullopt;
}

/// Keeps what dp-fold-storage says is enough.
void Plan::foldLayout(TablePlan &table) {
  auto window =
      table.op->getAttrOfType<DenseI64ArrayAttr>(getWindowAttrName(order));
  auto rows = table.root->getAttrOfType<ArrayAttr>(order);
  if (!window || window.size() != 2 || !rows)
    return;
  auto row = cast<DenseI64ArrayAttr>(rows[window[0]]);
  table.layout->fold(window[0], getOnlyDim(row.asArrayRef().drop_back()),
                     window[1]);
}

/// Keeps a segment where dp-checkpoint-tables says that it is enough.
void Plan::segmentLayout(TablePlan &table) {
  auto rows = table.root->getAttrOfType<ArrayAttr>(order);
  auto past = table.op->getAttrOfType<IntegerAttr>(getSegmentedAttrName(order));
  if (!checkpoint || !rows || !past)
    return;
  table.past = past.getInt();
  auto row = cast<DenseI64ArrayAttr>(rows[checkpoint->row]);
  // What scatters over a table does not make its cells.
  bool isReader = llvm::any_of(statements, [&](const Statement &statement) {
    return statement.over->op == table.root && !statement.scatter &&
           isOfPhase(statement, checkpoint->readers);
  });
  table.layout->segment(checkpoint->row,
                        getOnlyDim(row.asArrayRef().drop_back()), row,
                        isReader ? Env::Phase::Readers : Env::Phase::Producers);
}

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
