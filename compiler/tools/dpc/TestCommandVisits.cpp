//===- TestCommandVisits.cpp - which cells read an element ----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/TestCommandVisits.h"
#include "compiler/frontend/AstWalk.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <map>

using namespace llvm;
using namespace danskin;
using namespace danskin::ast;

namespace {
/// constant + sum of coefficients * declaration.
struct IndexForm {
  std::map<const Decl *, int64_t> terms;
  int64_t constant = 0;

  void add(const IndexForm &other, int64_t factor) {
    for (auto [decl, coefficient] : other.terms)
      if ((terms[decl] += factor * coefficient) == 0)
        terms.erase(decl);
    constant += factor * other.constant;
  }
  bool hasBinder() const {
    return any_of(terms, [](const auto &term) {
      return term.first->kind == Decl::Binder;
    });
  }
  bool operator==(const IndexForm &other) const {
    return constant == other.constant && terms == other.terms;
  }
};

/// A read of the weight: what cell it stands in, and its indices.
struct Site {
  const TableDecl *table;
  SmallVector<IndexForm> cell, indices;
};
} // namespace

static std::optional<IndexForm> getForm(const Expr &expr) {
  IndexForm form;
  if (auto *number = dyn_cast<NumberExpr>(&expr)) {
    form.constant = number->integer;
    return number->isInteger ? std::optional(form) : std::nullopt;
  }
  if (auto *var = dyn_cast<VarExpr>(&expr)) {
    form.terms[var->decl] = 1;
    return form;
  }
  auto *binary = dyn_cast<BinaryExpr>(&expr);
  if (!binary ||
      (binary->op != BinaryExpr::Add && binary->op != BinaryExpr::Sub))
    return std::nullopt;
  auto lhs = getForm(*binary->lhs), rhs = getForm(*binary->rhs);
  if (!lhs || !rhs)
    return std::nullopt;
  lhs->add(*rhs, binary->op == BinaryExpr::Add ? 1 : -1);
  return lhs;
}

static std::optional<SmallVector<IndexForm>> getCell(const Equation &equation) {
  SmallVector<IndexForm> cell;
  for (const Pattern &pattern : equation.patterns) {
    IndexForm form;
    if (pattern.variable) {
      form.terms[pattern.variable.get()] = 1;
    } else if (auto value = getForm(*pattern.value)) {
      form = *value;
    } else {
      return std::nullopt;
    }
    cell.push_back(std::move(form));
  }
  return cell;
}

/// An edge comes into one vertex: its place among the edges tells the cell.
static void addVertices(const Expr &body, Site &site) {
  walk(body, [&](const Expr &expr) {
    auto *choice = dyn_cast<ChoiceExpr>(&expr);
    if (!choice)
      return;
    for (const Alternative &alternative : choice->alternatives)
      for (const auto &binder : alternative.binders) {
        if (!binder->values || !binder->values->isEdges())
          continue;
        IndexForm edge;
        edge.terms[binder.get()] = 1;
        auto vertex = getForm(*binder->values->vertex);
        if (vertex && is_contained(site.indices, edge))
          site.indices.push_back(*vertex);
      }
  });
}

/// False where a read is not understood.
static bool addSites(const Equation &equation, const std::string &weight,
                     SmallVectorImpl<Site> &sites) {
  bool isKnown = true;
  auto cell = getCell(equation);
  auto addSite = [&](ArrayRef<ExprPtr> indices) {
    Site site = {equation.table, cell.value_or(SmallVector<IndexForm>()), {}};
    for (const ExprPtr &index : indices) {
      auto form = getForm(*index);
      isKnown &= form.has_value();
      site.indices.push_back(form.value_or(IndexForm()));
    }
    isKnown &= cell.has_value();
    addVertices(*equation.body, site);
    sites.push_back(std::move(site));
  };
  walk(*equation.body, [&](const Expr &expr) {
    if (auto *var = dyn_cast<VarExpr>(&expr); var && var->name == weight)
      addSite({});
    if (auto *read = dyn_cast<ReadExpr>(&expr); read && read->name == weight)
      addSite(read->indices);
  });
  return isKnown;
}

/// coordinate - sum of factors * indices.
static IndexForm getRest(const Site &site, size_t coordinate,
                         ArrayRef<int64_t> factors) {
  IndexForm rest = site.cell[coordinate];
  for (auto [index, factor] : zip_equal(site.indices, factors))
    rest.add(index, -factor);
  return rest;
}

/// Do some factors of -1, 0 and 1 make the coordinate of the indices, the same
/// way in every site?
static bool isTold(ArrayRef<Site> sites, size_t coordinate) {
  size_t rank = sites.front().indices.size();
  SmallVector<int64_t> factors(rank, -1);
  for (;;) {
    IndexForm first = getRest(sites.front(), coordinate, factors);
    if (!first.hasBinder() && all_of(sites, [&](const Site &site) {
          return getRest(site, coordinate, factors) == first;
        }))
      return true;
    size_t d = 0;
    while (d < rank && factors[d] == 1)
      factors[d++] = -1;
    if (d == rank)
      return false;
    ++factors[d];
  }
}

bool danskin::isMetOnce(const Program &program, const std::string &weight) {
  SmallVector<Site> sites;
  for (const auto &equation : program.equations)
    if (!addSites(*equation, weight, sites))
      return false;
  bool isInOutput = false;
  for (const auto &output : program.outputs)
    walk(*output->body, [&](const Expr &expr) {
      auto *var = dyn_cast<VarExpr>(&expr);
      auto *read = dyn_cast<ReadExpr>(&expr);
      isInOutput |=
          (var && var->name == weight) || (read && read->name == weight);
    });
  if (isInOutput || sites.empty())
    return false;
  const Site &first = sites.front();
  if (first.indices.size() > 5 || any_of(sites, [&](const Site &site) {
        return site.table != first.table ||
               site.indices.size() != first.indices.size();
      }))
    return false;
  for (size_t d = 0; d < first.cell.size(); ++d)
    if (!isTold(sites, d))
      return false;
  return true;
}
