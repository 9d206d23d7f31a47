//===- TestCommandLabels.cpp - sizes that only count names ----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/TestCommandLabels.h"
#include "compiler/frontend/AstWalk.h"
#include "compiler/reference/Indices.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

using namespace llvm;
using namespace danskin;
using namespace danskin::ast;
using namespace danskin::reference;

static bool isSize(const Expr &expr, const SizeDecl &size) {
  auto *var = dyn_cast<VarExpr>(&expr);
  return var && var->decl == &size;
}

/// All of `0..S`?
static bool isWhole(const std::optional<IndexRange> &range,
                    const SizeDecl &size) {
  if (!range || range->isEdges() || range->inclusive)
    return false;
  auto *lower = dyn_cast<NumberExpr>(range->lower.get());
  return lower && lower->isInteger && lower->integer == 0 &&
         isSize(*range->upper, size);
}

/// Do the indices of a dimension of the input, let or table run over the size?
static bool isAxis(const Decl &decl, size_t dimension, const SizeDecl &size) {
  if (auto *input = dyn_cast<InputDecl>(&decl))
    return isSize(*input->extents[dimension], size);
  return isWhole(getBinders(decl)[dimension]->values, size);
}

namespace {
/// Counts the places where a size and its labels stand, and those of them where
/// they may: they count labels where no other is left.
class LabelUses {
public:
  explicit LabelUses(const SizeDecl &size) : size(size) {}

  bool areLabels(const Program &program) {
    for (const auto &input : program.inputs)
      addInput(*input);
    for (const auto &let : program.lets)
      addBinders(let->binders);
    for (const auto &table : program.tables)
      addBinders(table->binders);
    for (const auto &output : program.outputs)
      addBinders(output->binders);
    // Equations come after what their variables range over.
    for (const auto &equation : program.equations)
      addEquation(*equation);
    for (const auto &let : program.lets)
      look(*let->body);
    for (const auto &table : program.tables)
      if (table->where)
        look(*table->where);
    for (const auto &output : program.outputs)
      look(*output->body);
    if (program.reg && program.reg->gamma)
      look(*program.reg->gamma);
    return fits && isOfInput && uses == allowed;
  }

private:
  void addInput(const InputDecl &input) {
    for (const ExprPtr &extent : input.extents) {
      look(*extent);
      if (!isSize(*extent, size))
        continue;
      ++allowed;
      isOfInput = true;
      // The order of edges is that of the vertices they come into.
      fits &= input.element != InputDecl::Dag;
    }
    for (auto [index, extent] : zip(input.indices, input.extents))
      if (index && isSize(*extent, size))
        labels.insert(index.get());
    if (input.values)
      addRange(input.values);
    if (input.element == InputDecl::Int && isWhole(input.values, size)) {
      labels.insert(&input);
      isOfInput = true;
    }
  }

  void addRange(const std::optional<IndexRange> &range) {
    if (!range)
      return;
    allowed += isWhole(range, size);
    walk(*range, [&](const Expr &expr) { count(expr); });
  }

  void addBinders(const Binders &binders) {
    for (const auto &binder : binders) {
      addRange(binder->values);
      if (isWhole(binder->values, size))
        labels.insert(binder.get());
    }
  }

  void addEquation(const Equation &equation) {
    for (auto [dimension, pattern] : llvm::enumerate(equation.patterns)) {
      bool wanted = isAxis(*equation.table, dimension, size);
      if (pattern.variable && wanted)
        labels.insert(pattern.variable.get());
      if (!pattern.value)
        continue;
      look(*pattern.value);
      fits &= !wanted || isLabel(*pattern.value);
      allowed += wanted;
    }
    if (equation.when)
      look(*equation.when);
    look(*equation.body);
  }

  bool isLabel(const Expr &expr) const {
    auto *var = dyn_cast<VarExpr>(&expr);
    auto *read = dyn_cast<ReadExpr>(&expr);
    return (var && labels.count(var->decl)) ||
           (read && labels.count(read->decl));
  }

  void look(const Expr &body) {
    // A choice comes before what stands below it: its binders are known there.
    walk(body, [&](const Expr &expr) { count(expr); });
  }
  void look(const Cond &cond) {
    walk(cond, [&](const Expr &expr) { count(expr); });
    countEqualities(cond);
  }

  void count(const Expr &expr) {
    uses += isSize(expr, size) || isLabel(expr);
    if (auto *read = dyn_cast<ReadExpr>(&expr))
      for (auto [dimension, index] : llvm::enumerate(read->indices))
        if (isAxis(*read->decl, dimension, size)) {
          fits &= isLabel(*index);
          ++allowed;
        }
    if (auto *branch = dyn_cast<IfExpr>(&expr))
      countEqualities(*branch->condition);
    auto *choice = dyn_cast<ChoiceExpr>(&expr);
    if (!choice)
      return;
    for (const Alternative &alternative : choice->alternatives) {
      for (const auto &binder : alternative.binders)
        if (isWhole(binder->values, size)) {
          labels.insert(binder.get());
          ++allowed;
        }
      if (alternative.guard)
        countEqualities(*alternative.guard);
    }
  }

  void countEqualities(const Cond &cond) {
    if (auto *logic = dyn_cast<LogicCond>(&cond)) {
      countEqualities(*logic->lhs);
      countEqualities(*logic->rhs);
    } else if (auto *negated = dyn_cast<NotCond>(&cond)) {
      countEqualities(*negated->operand);
    } else if (auto *compare = dyn_cast<CompareCond>(&cond)) {
      bool isEquality =
          compare->op == CompareCond::Eq || compare->op == CompareCond::Ne;
      if (isEquality && isLabel(*compare->lhs) && isLabel(*compare->rhs))
        allowed += 2;
    }
  }

  const SizeDecl &size;
  std::set<const Decl *> labels; ///< binders and int inputs
  int uses = 0, allowed = 0;
  bool fits = true, isOfInput = false;
};
} // namespace

std::vector<const SizeDecl *> danskin::findLabels(const Program &program) {
  std::vector<const SizeDecl *> found;
  for (const auto &size : program.sizes)
    if (LabelUses(*size).areLabels(program))
      found.push_back(size.get());
  return found;
}

//===----------------------------------------------------------------------===//
// Renaming
//===----------------------------------------------------------------------===//

/// `isRenamed(d)`: do indices of dimension d count labels?
template <class Element>
static void permute(Array<Element> &array, ArrayRef<int64_t> renaming,
                    function_ref<bool(size_t)> isRenamed) {
  if (array.data.empty())
    return;
  const Array<Element> old = array;
  SmallVector<int64_t> index(array.shape.size());
  do {
    SmallVector<int64_t> place(index);
    for (auto [d, i] : llvm::enumerate(index))
      if (isRenamed(d))
        place[d] = renaming[i];
    array.at(place) = old.at(index);
  } while (nextIndex(index, array.shape));
}

ResolvedCall danskin::relabel(const ResolvedCall &call, const SizeDecl &size,
                              ArrayRef<int64_t> renaming) {
  ResolvedCall renamed = call;
  for (const auto &input : call.program->inputs) {
    auto isRenamed = [&](size_t d) { return isAxis(*input, d, size); };
    if (input->element == InputDecl::Float)
      permute(renamed.floats.at(input->name).array, renaming, isRenamed);
    if (input->element != InputDecl::Int)
      continue;
    IntTensor &ints = renamed.ints.at(input->name).array;
    permute(ints, renaming, isRenamed);
    if (isWhole(input->values, size))
      for (int64_t &label : ints.data)
        label = renaming[label];
  }
  return renamed;
}

Results danskin::relabel(const Results &results, const Program &program,
                         const SizeDecl &size, ArrayRef<int64_t> renaming) {
  Results renamed = results;
  for (const auto &output : program.outputs)
    permute(renamed.values.at(output->name), renaming, [&](size_t d) {
      return isWhole(output->binders[d]->values, size);
    });
  auto permuteGradient = [&](const Decl &decl) {
    auto found = renamed.grads.find(decl.name);
    if (found != renamed.grads.end())
      permute(found->second, renaming,
              [&](size_t d) { return isAxis(decl, d, size); });
  };
  for (const auto &input : program.inputs)
    permuteGradient(*input);
  for (const auto &let : program.lets)
    permuteGradient(*let);
  return renamed;
}
