//===- Domain.cpp - the domain of a table as constraints ------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Nest.h"

using namespace mlir;
using namespace danskin::conversion;

/// Are all variables of the forms indices of the domain or functions of sizes?
static bool isLinear(ArrayRef<FormConstraint> constraints, const Domain &domain,
                     Forms &forms) {
  for (const FormConstraint &constraint : constraints)
    for (auto [value, coefficient] : constraint.form.terms)
      if (!llvm::is_contained(domain.dims, value) && !forms.isParameter(value))
        return false;
  return true;
}

/// The dim that is the vertex whose edges are iterated.
static std::optional<unsigned>
getVertexDim(dp::IterateOp iterate, const Domain &domain, Forms &forms) {
  Value index = iterate.getVertex();
  if (!index)
    return std::nullopt;
  Form vertex = forms.get(index);
  Form step =
      forms.get(iterate.getUpper().getDefiningOp<dp::ReadOp>().getIndices()[0]);
  if (!step.add(vertex, -1) || !step.terms.empty() || step.constant != 1 ||
      vertex.terms.size() != 1 || vertex.constant != 0)
    return std::nullopt;
  auto *dim = llvm::find(domain.dims, vertex.terms[0].first);
  if (dim == domain.dims.end())
    return std::nullopt;
  return dim - domain.dims.begin();
}

FailureOr<Domain> Domain::get(dp::TableOp table, Forms &forms) {
  Domain domain;
  auto add = [&](ArrayRef<FormConstraint> added, bool complete,
                 Check::Kind kind, unsigned level, Value value) {
    llvm::append_range(domain.constraints, added);
    if (!complete || !isLinear(added, domain, forms))
      domain.checks.push_back({kind, level, value});
  };
  for (Operation &op : table.getDomain().front()) {
    if (auto iterate = dyn_cast<dp::IterateOp>(op)) {
      unsigned level = domain.dims.size();
      domain.determined.push_back(false);
      if (auto vertex = getVertexDim(iterate, domain, forms))
        domain.determined[*vertex] = true;
      domain.dims.push_back(iterate.getIndex());
      Form self = Form::variable(iterate.getIndex());
      Constraints lowers, uppers;
      for (const Form &lower : forms.getMaxima(iterate.getLower()))
        lowers.push_back(order(lower, self));
      for (const Form &upper : forms.getMinima(iterate.getUpper()))
        uppers.push_back(order(self, upper, 1));
      add(lowers, true, Check::Lower, level, iterate.getLower());
      add(uppers, true, Check::Upper, level, iterate.getUpper());
    } else if (auto where = dyn_cast<dp::WhereOp>(op)) {
      Constraints conjuncts;
      bool complete = forms.addCondition(where.getCondition(), conjuncts);
      add(conjuncts, complete, Check::Condition, domain.dims.size(),
          where.getCondition());
    }
  }
  if (!llvm::equal(table.getDomain().front().back().getOperands(), domain.dims))
    return table.emitError("expects a domain that yields what it iterates");
  return domain;
}
