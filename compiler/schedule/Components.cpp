//===- Components.cpp - strongly connected components ---------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Components.h"
#include "llvm/ADT/STLExtras.h"

namespace danskin {
namespace {

/// Tarjan's algorithm; components come out targets first.
class Tarjan {
public:
  Tarjan(const Problem &problem, const Indices &open)
      : targets(problem.statements.size()), order(problem.statements.size(), 0),
        lowest(order), onStack(order.size(), false) {
    for (unsigned k : open)
      targets[problem.dependences[k].reader].push_back(
          problem.dependences[k].target);
  }

  std::vector<Indices> run(const Indices &statements) {
    for (unsigned statement : statements)
      if (order[statement] == 0)
        visit(statement);
    return std::move(found);
  }

private:
  void visit(unsigned statement) {
    order[statement] = lowest[statement] = ++visited;
    stack.push_back(statement);
    onStack[statement] = true;
    for (unsigned target : targets[statement]) {
      if (order[target] == 0) {
        visit(target);
        lowest[statement] = std::min(lowest[statement], lowest[target]);
      } else if (onStack[target]) {
        lowest[statement] = std::min(lowest[statement], order[target]);
      }
    }
    if (lowest[statement] == order[statement])
      popComponent(statement);
  }

  void popComponent(unsigned root) {
    Indices component;
    unsigned statement;
    do {
      statement = stack.back();
      stack.pop_back();
      onStack[statement] = false;
      component.push_back(statement);
    } while (statement != root);
    llvm::sort(component);
    found.push_back(std::move(component));
  }

  std::vector<Indices> targets;
  std::vector<unsigned> order, lowest; // order 0: not visited
  std::vector<bool> onStack;
  Indices stack;
  std::vector<Indices> found;
  unsigned visited = 0;
};

} // namespace

std::vector<Indices> components(const Problem &problem,
                                const Indices &statements,
                                const Indices &open) {
  return Tarjan(problem, open).run(statements);
}

bool isAcyclic(const Problem &problem, const Indices &statements,
               const Indices &open) {
  for (unsigned k : open)
    if (problem.dependences[k].reader == problem.dependences[k].target)
      return false;
  return components(problem, statements, open).size() == statements.size();
}

Indices inside(const Problem &problem, const Indices &statements,
               const Indices &open) {
  std::vector<bool> member(problem.statements.size(), false);
  for (unsigned statement : statements)
    member[statement] = true;
  Indices result;
  for (unsigned k : open)
    if (member[problem.dependences[k].reader] &&
        member[problem.dependences[k].target])
      result.push_back(k);
  return result;
}

} // namespace danskin
