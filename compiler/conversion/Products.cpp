//===- Products.cpp - sums whose terms are products -----------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Products.h"
#include "compiler/conversion/Plan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace danskin::conversion;

namespace {
class Finder {
public:
  Finder(dp::ArmOp arm, Plan &plan)
      : plan(plan), product(std::make_unique<Product>()) {
    product->arm = arm;
  }
  std::unique_ptr<Product> run();

private:
  bool isKnown(Value index, arith::CmpIPredicate predicate, Value bound);
  bool split(dp::ContainsOp contains);
  bool isWithin(Value index, Value extent);
  bool addConditions();
  bool checkConditions();
  bool addScore(Value score);
  bool addTerm(Value term);
  bool add(Factor factor);
  bool addRooms(Pack &pack);
  bool makeGroups();
  std::optional<Pack::Room> findRoom(Value axis);
  bool isPlain(Value value);
  bool isAlwaysThere(Value value);

  Plan &plan;
  /// Without these there is no term, or it is 0.
  llvm::DenseSet<Value> parts;
  std::unique_ptr<Product> product;
};
} // namespace

bool Product::depends(Value value, Value axis) const {
  if (value == axis)
    return true;
  Operation *op = value.getDefiningOp();
  if (!op || !arm->isProperAncestor(op))
    return false;
  return op
      ->walk([&](Operation *inner) {
        return llvm::any_of(
                   inner->getOperands(),
                   [&](Value operand) { return depends(operand, axis); })
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

bool Product::depends(const Condition &condition, Value axis) const {
  return depends(condition.value, axis) ||
         (condition.index && depends(condition.index, axis)) ||
         llvm::any_of(condition.inside,
                      [&](auto &pair) { return depends(pair.second, axis); });
}

/// Can the value be computed at another place than its own?
bool Finder::isPlain(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || !product->arm->isProperAncestor(op) || isa<dp::IterateOp>(op))
    return true;
  if (op->getNumRegions() || !(isa<arith::ArithDialect>(op->getDialect()) ||
                               isa<dp::ReadOp, dp::SourceOp>(op)))
    return false;
  return llvm::all_of(op->getOperands(),
                      [&](Value operand) { return isPlain(operand); });
}

/// Is no number in it absent, and none kept in another form?
bool Finder::isAlwaysThere(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || !product->arm->isProperAncestor(op))
    return true;
  if (auto read = dyn_cast<dp::ReadOp>(op))
    if (auto table = read.getArray().getDefiningOp<dp::TableOp>();
        table && (table.getAbsence() != dp::Absence::Never ||
                  plan.units.getTable(read.getArray())))
      return false;
  return llvm::all_of(op->getOperands(),
                      [&](Value operand) { return isAlwaysThere(operand); });
}

bool Finder::add(Factor factor) {
  parts.insert(factor.value);
  bool isNumber =
      factor.kind != Factor::Kind::Scaled || !plan.units.get(factor.value);
  if (isNumber && !isAlwaysThere(factor.value))
    return false;
  if (auto read = factor.value.getDefiningOp<dp::ReadOp>();
      read && factor.kind == Factor::Kind::Scaled)
    if (const InputPower *power = plan.findPower(read, factor.unit);
        power && product->dependsOnBinders(factor.value) && product->along &&
        product->depends(factor.value, product->along)) {
      product->powers.push_back({read, power});
      return isPlain(factor.value);
    }
  if (!isPlain(factor.value))
    return false;
  if (factor.kind == Factor::Kind::Scaled && product->along &&
      !plan.units.get(factor.value) &&
      product->dependsOnBinders(factor.value) &&
      product->depends(factor.value, product->along)) {
    product->exponentials.push_back(factor);
    return true;
  }
  Pack pack;
  for (dp::IterateOp binder : product->binders)
    if (product->depends(factor.value, binder.getIndex()))
      pack.axes.push_back(binder.getIndex());
  if (pack.axes.empty()) {
    product->common.push_back(factor);
    return true;
  }
  pack.isPanel =
      product->along && product->depends(factor.value, product->along);
  if (pack.isPanel)
    pack.axes.push_back(product->along);
  auto &packs = product->packs;
  auto found = llvm::find_if(
      packs, [&](auto &other) { return other->axes == pack.axes; });
  // Panels come last.
  if (found == packs.end())
    found = packs.insert(pack.isPanel ? packs.end() : packs.begin(),
                         std::make_unique<Pack>(pack));
  (*found)->factors.push_back(factor);
  return true;
}

/// The factors of 2 to the score.
bool Finder::addScore(Value score) {
  std::optional<LogUnit> unit = plan.units.get(score);
  Operation *op = score.getDefiningOp();
  if (!unit || !op || !product->arm->isProperAncestor(op))
    return false;
  parts.insert(score);
  if (isa<arith::AddFOp, arith::SubFOp>(op))
    return llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
      LogUnit wanted = *plan.units.getWanted(operand);
      if (plan.units.get(operand.get()) == wanted)
        return addScore(operand.get());
      return matchPattern(operand.get(), m_AnyZeroFloat()) ||
             (!plan.units.get(operand.get()) &&
              add({operand.get(), Factor::Kind::Scaled, wanted}));
    });
  // A sign or a temperature is the unit's.
  if (isa<arith::NegFOp, arith::MulFOp, arith::DivFOp>(op)) {
    Value left = op->getOperand(0);
    return addScore(plan.units.get(left) ? left : op->getOperand(1));
  }
  return isa<dp::ReadOp>(op) && add({score, Factor::Kind::Scaled, *unit});
}

bool Finder::addTerm(Value term) {
  Operation *op = term.getDefiningOp();
  parts.insert(term);
  if (op && product->arm->isProperAncestor(op)) {
    if (isa<arith::MulFOp>(op))
      return addTerm(op->getOperand(0)) && addTerm(op->getOperand(1));
    if (auto weight = dyn_cast<dp::WeightOp>(op))
      return plan.units.isScaled(weight) && addScore(weight.getScore()) &&
             add({weight.getStatistics()[0], Factor::Kind::Lowering, {}}) &&
             add({weight.getStatistics()[1], Factor::Kind::Plain, {}});
  }
  return add({term, Factor::Kind::Plain, {}});
}

/// The number that the condition asks whether it is there, or is not 0; null
/// for none.
static Value getAsked(Value condition) {
  if (auto present = condition.getDefiningOp<dp::PresentOp>())
    return present.getValue();
  auto compare = condition.getDefiningOp<arith::CmpFOp>();
  bool isOfZero = compare &&
                  compare.getPredicate() == arith::CmpFPredicate::UNE &&
                  matchPattern(compare.getRhs(), m_AnyZeroFloat());
  return isOfZero ? compare.getLhs() : Value();
}

/// The bounds of an index of the cell or of a term.
static std::optional<std::pair<Value, Value>> getBounds(Value index) {
  if (auto iterate = index.getDefiningOp<dp::IterateOp>())
    return std::make_pair(iterate.getLower(), iterate.getUpper());
  auto argument = dyn_cast<BlockArgument>(index);
  auto equation =
      argument ? dyn_cast<dp::EquationOp>(argument.getOwner()->getParentOp())
               : dp::EquationOp();
  if (!equation)
    return std::nullopt;
  auto table = equation.getTables().front().getDefiningOp<dp::TableOp>();
  unsigned next = 0;
  for (auto iterate : table.getDomain().front().getOps<dp::IterateOp>())
    if (next++ == argument.getArgNumber())
      return std::make_pair(iterate.getLower(), iterate.getUpper());
  return std::nullopt;
}

static bool isSame(const Form &x, const Form &y) {
  Form difference = x;
  return difference.add(y, -1) && difference.constant == 0 &&
         llvm::all_of(difference.terms,
                      [](auto &term) { return term.second == 0; });
}

/// Is it a bound that the index has anyway?
bool Finder::isKnown(Value index, arith::CmpIPredicate predicate, Value bound) {
  auto bounds = getBounds(index);
  if (!bounds)
    return false;
  Form other = plan.forms.get(bound);
  return predicate == arith::CmpIPredicate::sge
             ? isSame(plan.forms.get(bounds->first), other)
             : predicate == arith::CmpIPredicate::slt &&
                   isSame(plan.forms.get(bounds->second), other);
}

static bool uses(Value value, Value index) {
  Operation *op = value.getDefiningOp();
  return value == index ||
         (op && llvm::any_of(op->getOperands(), [&](Value operand) {
            return uses(operand, index);
          }));
}

/// Asks for each bound and guard of the table's domain by itself; false where
/// some may be asked only if others hold.
bool Finder::split(dp::ContainsOp contains) {
  auto table = contains.getTable().getDefiningOp<dp::TableOp>();
  Block &domain = table.getDomain().front();
  for (Operation &op : domain)
    if (op.getNumRegions() || isa<dp::ReadOp, dp::SourceOp>(op))
      return false;
  SmallVector<std::pair<Value, Value>> before;
  auto add = [&](Condition::Kind kind, Value value, Value index) {
    Condition condition{kind, value, index, {}};
    for (auto &pair : before)
      if (uses(value, pair.first))
        condition.inside.push_back(pair);
    product->conditions.push_back(condition);
  };
  for (Operation &op : domain) {
    if (auto where = dyn_cast<dp::WhereOp>(op))
      add(Condition::Kind::Holds, where.getCondition(), Value());
    auto iterate = dyn_cast<dp::IterateOp>(op);
    if (!iterate)
      continue;
    Value index = contains.getIndices()[before.size()];
    if (!isKnown(index, arith::CmpIPredicate::sge, iterate.getLower()))
      add(Condition::Kind::AtLeast, iterate.getLower(), index);
    if (!isKnown(index, arith::CmpIPredicate::slt, iterate.getUpper()))
      add(Condition::Kind::Below, iterate.getUpper(), index);
    before.push_back({iterate.getIndex(), index});
  }
  return true;
}

/// Does the index, another one plus a constant, stay within the axis whatever
/// the conditions say?
bool Finder::isWithin(Value index, Value extent) {
  Form form = plan.forms.get(index);
  if (form.terms.size() != 1 || form.terms.front().second != 1)
    return false;
  auto bounds = getBounds(form.terms.front().first);
  if (!bounds)
    return false;
  Form first = plan.forms.get(bounds->first);
  Form beyond = plan.forms.get(bounds->second);
  first.constant += form.constant;
  beyond.constant += form.constant;
  return isSame(first, Form(std::max<int64_t>(first.constant, 0))) &&
         beyond.add(plan.forms.get(extent), -1) &&
         isSame(beyond, Form(std::min<int64_t>(beyond.constant, 0)));
}

/// Where a condition depends on binders, packs ask it. If it depends on the
/// innermost one, what is not packed is read all the same.
bool Finder::checkConditions() {
  for (const Condition &condition : product->conditions) {
    SmallVector<Value> asked;
    for (dp::IterateOp binder : product->binders)
      if (product->depends(condition, binder.getIndex()))
        asked.push_back(binder.getIndex());
    if (asked.empty())
      continue;
    bool isAsked = false;
    for (auto &pack : product->packs) {
      auto isOfPack = [&](Value axis) {
        return llvm::is_contained(pack->axes, axis);
      };
      if (llvm::all_of(asked, isOfPack))
        isAsked = true;
      else if (llvm::any_of(asked, isOfPack))
        return false;
    }
    if (!product->isInnermost(condition))
      continue;
    if (!isAsked || !product->exponentials.empty())
      return false;
    for (auto &[read, power] : product->powers) {
      if (llvm::none_of(asked, [&, &read = read](Value axis) {
            return product->depends(dp::ReadOp(read).getResult(), axis);
          }))
        continue;
      dp::InputOp input = power->input;
      for (auto [index, extent] :
           llvm::zip_equal(read.getIndices(), input.getExtents()))
        if (!isWithin(index, extent))
          return false;
    }
  }
  return true;
}

bool Finder::addConditions() {
  for (auto where : product->arm.getBody().front().getOps<dp::WhereOp>()) {
    Value condition = where.getCondition();
    if (Value asked = getAsked(condition); asked && parts.contains(asked))
      continue;
    if (auto compare = condition.getDefiningOp<arith::CmpIOp>();
        compare &&
        isKnown(compare.getLhs(), compare.getPredicate(), compare.getRhs()))
      continue;
    if (auto contains = condition.getDefiningOp<dp::ContainsOp>();
        contains && split(contains))
      continue;
    bool isOfNumbers = false;
    std::function<void(Value)> visit = [&](Value value) {
      Operation *op = value.getDefiningOp();
      if (!op || !product->arm->isProperAncestor(op))
        return;
      isOfNumbers |=
          isa<dp::PresentOp, arith::CmpFOp>(op) || op->getNumRegions();
      for (Value operand : op->getOperands())
        visit(operand);
    };
    visit(condition);
    if (isOfNumbers)
      return false;
    product->conditions.push_back(
        {Condition::Kind::Holds, condition, Value(), {}});
  }
  return true;
}

/// An axis that some read of the arm runs along as this one of a pack.
std::optional<Pack::Room> Finder::findRoom(Value mine) {
  std::optional<Pack::Room> room;
  product->arm.walk([&](dp::ReadOp read) {
    for (auto [axis, index] : llvm::enumerate(read.getIndices())) {
      Form form = plan.forms.get(index);
      if (std::abs(form.getCoefficient(mine)) != 1 ||
          llvm::any_of(product->binders, [&](dp::IterateOp other) {
            return other.getIndex() != mine &&
                   form.getCoefficient(other.getIndex());
          }))
        continue;
      if (auto input = read.getArray().getDefiningOp<dp::InputOp>()) {
        room = Pack::Room{input, nullptr, unsigned(axis)};
        return WalkResult::interrupt();
      }
      TablePlan &table = plan.get(read.getArray());
      if (!table.domain.checks.empty())
        continue;
      FailureOr<Layout> box =
          Layout::getPlain(table.op, table.domain, plan.forms);
      if (failed(box))
        continue;
      room = Pack::Room{
          {}, std::make_shared<Layout>(std::move(*box)), unsigned(axis)};
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return room;
}

bool Finder::addRooms(Pack &pack) {
  for (Value mine : pack.axes) {
    std::optional<Pack::Room> room = findRoom(mine);
    if (!room)
      return false;
    pack.rooms.push_back(*room);
  }
  return true;
}

/// One group if any binder is shared, by all packs then.
bool Finder::makeGroups() {
  auto &packs = product->packs;
  SmallVector<Value> shared;
  for (dp::IterateOp binder : product->binders) {
    Value index = binder.getIndex();
    size_t users = llvm::count_if(packs, [&](auto &pack) {
      return llvm::is_contained(pack->axes, index);
    });
    if (users < 2)
      continue;
    if (users < packs.size())
      return false;
    shared.push_back(index);
  }
  for (auto &pack : packs) {
    for (auto [i, axis] : llvm::enumerate(pack->axes))
      if (llvm::is_contained(shared, axis))
        pack->shared.push_back(i);
    pack->leads = shared.empty() || product->groups.empty();
    if (pack->leads)
      product->groups.emplace_back();
    product->groups.back().push_back(pack.get());
  }
  return true;
}

std::unique_ptr<Product> Finder::run() {
  Block &block = product->arm.getBody().front();
  llvm::append_range(product->binders, block.getOps<dp::IterateOp>());
  if (auto equation = product->arm->getParentOfType<dp::EquationOp>())
    if (auto arguments = equation.getBody().front().getArguments();
        !arguments.empty())
      product->along = arguments.back();
  if (product->binders.empty())
    return nullptr;
  for (dp::IterateOp binder : product->binders)
    for (Value bound : {binder.getLower(), binder.getUpper()})
      if (!isPlain(bound) || product->dependsOnBinders(bound))
        return nullptr;
  Value yielded = product->arm.getScore();
  bool isOfChoice = isa<dp::ChooseOp>(product->arm->getParentOp());
  if (!(isOfChoice ? addScore(yielded) : addTerm(yielded)) || !addConditions())
    return nullptr;
  // A vector that cells have in common, and a matrix.
  auto &packs = product->packs;
  if (packs.empty() || packs.front()->isPanel ||
      (product->powers.empty() && product->exponentials.empty() &&
       !packs.back()->isPanel) ||
      !checkConditions() ||
      !llvm::all_of(product->packs,
                    [&](auto &pack) { return addRooms(*pack); }) ||
      !makeGroups())
    return nullptr;
  return std::move(product);
}

std::unique_ptr<Product> danskin::conversion::findProduct(dp::ArmOp arm,
                                                          Plan &plan) {
  return Finder(arm, plan).run();
}
