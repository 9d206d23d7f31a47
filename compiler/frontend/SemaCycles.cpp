//===- SemaCycles.cpp - lets that read themselves ---------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/AstWalk.h"
#include "compiler/frontend/Sema.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"

using namespace danskin;
using namespace danskin::ast;

namespace {

/// Which lets and tables each of them reads.
class ReadGraph {
public:
  explicit ReadGraph(const Program &program) {
    for (const auto &let : program.lets)
      add(*let, *let->body);
    for (const auto &equation : program.equations) {
      if (!equation->table)
        continue;
      add(*equation->table, *equation->body);
      if (equation->when)
        walk(*equation->when,
             [&](const Expr &expr) { addRead(*equation->table, expr); });
    }
  }

  /// The shortest way from `start` back to itself, without `start` at the end;
  /// empty where there is none.
  std::vector<const Decl *> cycleThrough(const Decl *start) const {
    llvm::DenseMap<const Decl *, const Decl *> cameFrom;
    std::vector<const Decl *> queue = {start};
    for (size_t i = 0; i < queue.size(); ++i)
      for (const Decl *next : readsOf(queue[i])) {
        if (next == start) {
          std::vector<const Decl *> path;
          for (const Decl *at = queue[i]; at != start; at = cameFrom[at])
            path.push_back(at);
          path.push_back(start);
          return {path.rbegin(), path.rend()};
        }
        if (cameFrom.try_emplace(next, queue[i]).second)
          queue.push_back(next);
      }
    return {};
  }

private:
  using Reads = llvm::SetVector<const Decl *>;

  void add(const Decl &reader, const Expr &body) {
    walk(body, [&](const Expr &expr) { addRead(reader, expr); });
  }
  void addRead(const Decl &reader, const Expr &expr) {
    const Decl *decl = nullptr;
    if (auto *var = llvm::dyn_cast<VarExpr>(&expr))
      decl = var->decl;
    else if (auto *read = llvm::dyn_cast<ReadExpr>(&expr))
      decl = read->decl;
    if (llvm::isa_and_nonnull<LetDecl, TableDecl>(decl))
      reads[&reader].insert(decl);
  }
  llvm::ArrayRef<const Decl *> readsOf(const Decl *decl) const {
    auto found = reads.find(decl);
    return found == reads.end() ? llvm::ArrayRef<const Decl *>()
                                : found->second.getArrayRef();
  }

  llvm::DenseMap<const Decl *, Reads> reads;
};

} // namespace

void Sema::checkCycles() {
  ReadGraph graph(program);
  llvm::SetVector<const Decl *> reported;
  for (const auto &let : program.lets) {
    if (reported.contains(let.get()))
      continue;
    std::vector<const Decl *> cycle = graph.cycleThrough(let.get());
    if (cycle.empty())
      continue;
    reported.insert(cycle.begin(), cycle.end());
    Diagnostic &fault = error("E0403", let->range,
                              "let `" + let->name + "` is defined by itself");
    std::string way = "`" + let->name + "`";
    for (size_t i = 1; i < cycle.size(); ++i)
      way += " reads `" + cycle[i]->name + "`, which";
    fault.note(way + " reads `" + let->name + "`")
        .help("only tables are recursive: make it a table with equations");
  }
}
