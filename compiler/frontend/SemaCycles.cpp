//===- SemaCycles.cpp - lets that read themselves ---------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/AstWalk.h"
#include "compiler/frontend/Sema.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"
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

  bool readsItself(const Decl *decl) const {
    return llvm::is_contained(readsOf(decl), decl);
  }

  /// For each declaration, which component of mutually recursive ones it is
  /// in (Tarjan's algorithm, with its stack on the heap: 10^5 lets may read
  /// each other in a row).
  llvm::DenseMap<const Decl *, unsigned> findComponents() const {
    Search search;
    for (const auto &[decl, ignored] : reads)
      if (!search.found.count(decl))
        visit(decl, search);
    return std::move(search.component);
  }

private:
  using Reads = llvm::SetVector<const Decl *>;

  struct Search {
    struct Frame {
      const Decl *decl;
      size_t nextRead;
    };
    llvm::DenseMap<const Decl *, unsigned> found, lowest, component;
    std::vector<const Decl *> open; ///< found, but in no component yet
    unsigned components = 0;
  };

  void visit(const Decl *root, Search &search) const {
    std::vector<Search::Frame> path;
    auto enter = [&](const Decl *decl) {
      unsigned number = search.found.size();
      search.found[decl] = search.lowest[decl] = number;
      search.open.push_back(decl);
      path.push_back({decl, 0});
    };
    enter(root);
    while (!path.empty()) {
      const Decl *decl = path.back().decl;
      if (path.back().nextRead < readsOf(decl).size()) {
        const Decl *next = readsOf(decl)[path.back().nextRead++];
        if (!search.found.count(next))
          enter(next);
        else if (!search.component.count(next))
          search.lowest[decl] =
              std::min(search.lowest[decl], search.found[next]);
        continue;
      }
      path.pop_back();
      if (!path.empty()) {
        unsigned &low = search.lowest[path.back().decl];
        low = std::min(low, search.lowest.lookup(decl));
      }
      if (search.lowest[decl] == search.found[decl])
        closeComponent(decl, search);
    }
  }

  /// `root` and all that was found after it read each other.
  static void closeComponent(const Decl *root, Search &search) {
    const Decl *member;
    do {
      member = search.open.back();
      search.open.pop_back();
      search.component[member] = search.components;
    } while (member != root);
    ++search.components;
  }

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
  llvm::DenseMap<const Decl *, unsigned> components = graph.findComponents();
  llvm::DenseMap<unsigned, unsigned> members;
  for (const auto &[decl, component] : components)
    ++members[component];
  llvm::DenseSet<unsigned> reported;
  for (const auto &let : program.lets) {
    auto component = components.find(let.get());
    if (component == components.end() || reported.contains(component->second))
      continue;
    if (members[component->second] == 1 && !graph.readsItself(let.get()))
      continue;
    reported.insert(component->second);
    std::vector<const Decl *> cycle = graph.cycleThrough(let.get());
    Diagnostic &fault = error("E0403", let->range,
                              "let `" + let->name + "` is defined by itself");
    std::string way = "`" + let->name + "`";
    for (size_t i = 1; i < cycle.size(); ++i)
      way += " reads `" + cycle[i]->name + "`, which";
    fault.note(way + " reads `" + let->name + "`")
        .help("only tables are recursive: make it a table with equations");
  }
}
