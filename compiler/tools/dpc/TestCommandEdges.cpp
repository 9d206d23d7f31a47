//===- TestCommandEdges.cpp - the edges of a dag --------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One is taken out, or those into a vertex come in another order.
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/AstWalk.h"
#include "compiler/tools/dpc/TestCommandProperties.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace llvm;
using namespace danskin;
using namespace danskin::ast;
using namespace danskin::reference;

namespace {
/// A dag whose edges only float inputs of rank 1 count besides.
struct EdgeInputs {
  const InputDecl *graph = nullptr;
  const Decl *edges = nullptr;
  std::vector<std::string> names;
};

/// Where the edges of choices stand.
struct EdgeUses {
  std::set<const Decl *> binders;
  int all = 0, asSubscripts = 0;
};
} // namespace

static const Decl *getDecl(const Expr &expr) {
  auto *var = dyn_cast<VarExpr>(&expr);
  return var ? var->decl : nullptr;
}

/// The number of an edge may say nothing but which one it is.
static void countUses(const Expr &expr, EdgeUses &uses) {
  if (auto *choice = dyn_cast<ChoiceExpr>(&expr))
    for (const Alternative &alternative : choice->alternatives)
      for (const auto &binder : alternative.binders)
        if (binder->values && binder->values->isEdges())
          uses.binders.insert(binder.get());
  auto isEdge = [&](const Expr &each) {
    return uses.binders.count(getDecl(each)) != 0;
  };
  uses.all += isEdge(expr);
  if (auto *source = dyn_cast<SourceExpr>(&expr))
    uses.asSubscripts += isEdge(*source->edge);
  if (auto *read = dyn_cast<ReadExpr>(&expr))
    for (const ExprPtr &index : read->indices)
      uses.asSubscripts += isEdge(*index);
}

static std::optional<EdgeInputs> findEdgeInputs(const Program &program) {
  EdgeInputs found;
  for (const auto &input : program.inputs)
    if (input->element == InputDecl::Dag) {
      if (found.graph)
        return std::nullopt;
      found.graph = input.get();
      found.edges = getDecl(*input->extents[1]);
    }
  if (!found.graph || !found.edges ||
      found.edges == getDecl(*found.graph->extents[0]))
    return std::nullopt;
  bool isUsed = false;
  EdgeUses uses;
  auto look = [&](const Expr &expr) {
    isUsed |= getDecl(expr) == found.edges;
    countUses(expr, uses);
  };
  for (const auto &input : program.inputs) {
    if (input.get() == found.graph)
      continue;
    if (input->element == InputDecl::Float && input->rank() == 1 &&
        getDecl(*input->extents[0]) == found.edges) {
      found.names.push_back(input->name);
      continue;
    }
    for (const ExprPtr &extent : input->extents)
      walk(*extent, look);
    if (input->values)
      walk(*input->values, look);
  }
  auto lookInto = [&](const auto &items) {
    for (const auto &item : items) {
      walk(*item->body, look);
      for (const auto &binder : item->binders)
        if (binder->values)
          walk(*binder->values, look);
    }
  };
  lookInto(program.lets);
  lookInto(program.outputs);
  for (const auto &equation : program.equations) {
    walk(*equation->body, look);
    if (equation->when)
      walk(*equation->when, look);
  }
  for (const auto &table : program.tables)
    for (const auto &binder : table->binders)
      walk(*binder->values, look);
  if (isUsed || uses.all != uses.asSubscripts || found.names.empty())
    return std::nullopt;
  return found;
}

template <class Tensor> static void erase(Tensor &tensor, int64_t place) {
  tensor.data.erase(tensor.data.begin() + place);
  --tensor.shape[0];
}

static ResolvedCall deleteEdge(ResolvedCall call, const EdgeInputs &inputs,
                               int64_t edge) {
  --call.sizes.at(inputs.edges->name);
  erase(call.ints.at(inputs.graph->name + ".src").array, edge);
  for (int64_t &offset :
       call.ints.at(inputs.graph->name + ".indptr").array.data)
    offset -= offset > edge;
  for (const std::string &name : inputs.names)
    erase(call.floats.at(name).array, edge);
  return call;
}

/// Is every candidate of an edge weighed by an input of `names`? One that is
/// not stays where a weight is infinite.
static bool isEveryEdgeWeighed(const Program &program,
                               ArrayRef<std::string> names) {
  bool all = true;
  auto look = [&](const Expr &expr) {
    auto *choice = dyn_cast<ChoiceExpr>(&expr);
    if (!choice)
      return;
    for (const Alternative &alternative : choice->alternatives) {
      if (none_of(alternative.binders, [](const auto &binder) {
            return binder->values && binder->values->isEdges();
          }))
        continue;
      bool isWeighed = false;
      walk(*alternative.body, [&](const Expr &part) {
        if (auto *read = dyn_cast<ReadExpr>(&part))
          isWeighed |= is_contained(names, read->name);
      });
      all &= isWeighed;
    }
  };
  for (const auto &let : program.lets)
    walk(*let->body, look);
  for (const auto &equation : program.equations)
    walk(*equation->body, look);
  for (const auto &output : program.outputs)
    walk(*output->body, look);
  return all;
}

Error PropertyChecker::checkDeadEdge() {
  const char *what = "edge -inf = deleted";
  std::optional<EdgeInputs> inputs = findEdgeInputs(program);
  auto isWeight = [&](const std::string &name) {
    return traits.directInputs.count(name) && traits.getSign(name) != 0;
  };
  std::vector<std::string> weights;
  if (inputs)
    copy_if(inputs->names, std::back_inserter(weights), isWeight);
  if (weights.empty() || !traits.isOneSided() ||
      !isEveryEdgeWeighed(program, weights)) {
    tally.skip(what, "no input weighs all candidates of an edge");
    return Error::success();
  }
  int64_t edges = call.sizes.at(inputs->edges->name);
  if (edges == 0)
    return Error::success();
  int64_t edge = drawInt(random, 0, edges - 1);
  ResolvedCall deleted = deleteEdge(call, *inputs, edge), dead = call;
  if (Error error = checkSizes(program, deleted.sizes)) {
    consumeError(std::move(error));
    return Error::success();
  }
  for (const std::string &name : weights)
    dead.floats.at(name).array.data[edge] =
        traits.getSign(name) * (traits.isMaxOnly ? -INFINITY : INFINITY);
  Expected<Results> without = evaluate(deleted);
  if (!without)
    return without.takeError();
  Expected<Results> with = evaluate(dead);
  if (!with)
    return with.takeError();
  bool holds = true;
  for (const std::string &name : inputs->names) {
    holds &= with->grads.at(name).data[edge] == 0;
    erase(with->grads.at(name), edge);
  }
  // Of lets over edges nothing is said.
  for (const auto &let : program.lets)
    for (Results *results : {&*with, &*without})
      results->grads.erase(let->name);
  double tolerance = call.isSingle ? 1e-4 : 1e-9;
  tally.check(what, holds &&
                        areNearMaps(with->values, without->values, tolerance) &&
                        areNearMaps(with->grads, without->grads, tolerance));
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Edges in another order
//===----------------------------------------------------------------------===//

/// Where each edge goes if those into each vertex are turned around.
static std::vector<int64_t> reverseEdges(ArrayRef<int64_t> offsets) {
  std::vector<int64_t> places;
  for (size_t v = 0; v + 1 < offsets.size(); ++v)
    for (int64_t e = offsets[v]; e < offsets[v + 1]; ++e)
      places.push_back(offsets[v] + offsets[v + 1] - 1 - e);
  return places;
}

template <class Tensor>
static void reorder(Tensor &tensor, ArrayRef<int64_t> places) {
  const Tensor old = tensor;
  for (auto [from, to] : llvm::enumerate(places))
    tensor.data[to] = old.data[from];
}

Error PropertyChecker::checkEdgeOrder() {
  std::optional<EdgeInputs> inputs = findEdgeInputs(program);
  if (!inputs)
    return Error::success();
  ResolvedCall turned = call;
  Results expected = base;
  // Of lets over edges nothing is said.
  for (const auto &let : program.lets)
    expected.grads.erase(let->name);
  auto places =
      reverseEdges(call.ints.at(inputs->graph->name + ".indptr").array.data);
  reorder(turned.ints.at(inputs->graph->name + ".src").array, places);
  for (const std::string &name : inputs->names) {
    reorder(turned.floats.at(name).array, places);
    reorder(expected.grads.at(name), places);
  }
  return compareRenamed(turned, expected);
}
