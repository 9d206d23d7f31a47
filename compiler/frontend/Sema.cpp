//===- Sema.cpp - names and declarations ------------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Sema.h"
#include "compiler/frontend/Lexer.h"
#include "llvm/ADT/StringExtras.h"

using namespace danskin;
using namespace danskin::ast;
using llvm::StringRef;

//===----------------------------------------------------------------------===//
// Words for messages
//===----------------------------------------------------------------------===//

size_t danskin::rankOf(const Decl &decl) {
  switch (decl.kind) {
  case Decl::Input:
    return llvm::cast<InputDecl>(decl).rank();
  case Decl::Let:
    return llvm::cast<LetDecl>(decl).binders.size();
  case Decl::Table:
    return llvm::cast<TableDecl>(decl).binders.size();
  case Decl::Size:
  case Decl::Binder:
    return 0;
  }
  return 0;
}

const char *danskin::kindOf(const Decl &decl) {
  switch (decl.kind) {
  case Decl::Input:
    return "input";
  case Decl::Let:
    return "let";
  case Decl::Table:
    return "table";
  case Decl::Size:
    return "size";
  case Decl::Binder:
    return "binder";
  }
  return "name";
}

std::string danskin::counted(size_t count, const char *singular,
                             const char *plural) {
  if (count == 0)
    return std::string("no ") + plural;
  return llvm::utostr(count) + " " + (count == 1 ? singular : plural);
}

void Sema::noteDeclared(Diagnostic &diagnostic, const Decl &decl) {
  diagnostic.note(source.locate(decl.range), std::string(kindOf(decl)) + " `" +
                                                 decl.name +
                                                 "` is declared here");
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

const Decl *Sema::find(StringRef name) const {
  for (auto binder = scope.rbegin(); binder != scope.rend(); ++binder)
    if ((*binder)->name == name)
      return *binder;
  return globals.lookup(name);
}

/// Null, once reported, where the name stands for nothing.
const Decl *Sema::resolve(StringRef name, ast::Range range) {
  if (const Decl *decl = find(name))
    return decl;
  if (!reportedNames.try_emplace(name, true).second)
    return nullptr;
  std::vector<StringRef> names;
  for (const Binder *binder : scope)
    names.push_back(binder->name);
  for (const auto &entry : globals)
    names.push_back(entry.first());
  llvm::sort(names);
  Diagnostic &fault =
      error("E0201", range, "the name `" + name.str() + "` is not declared");
  StringRef near = nearestName(name, names);
  if (!near.empty())
    fault.help("did you mean `" + near.str() + "`?")
        .fixIt(source.locate(range), near.str());
  return nullptr;
}

void Sema::declare(Decl &decl) {
  bool isArgument = !llvm::isa<TableDecl>(decl);
  if (isArgument && decl.name == "gamma")
    error("E0204", decl.range,
          std::string(kindOf(decl)) +
              " `gamma`: every call has an input of this name already")
        .help("it is the strength of the regularizer; choose another name");
  auto [entry, isNew] = globals.try_emplace(decl.name, &decl);
  if (isNew)
    return;
  Diagnostic &fault = error("E0202", decl.range,
                            "the name `" + decl.name + "` is declared twice");
  noteDeclared(fault, *entry->second);
}

void Sema::declareAll() {
  // In the order of the text, so that the later one of two is the fault.
  std::vector<Decl *> decls;
  for (auto &size : program.sizes)
    decls.push_back(size.get());
  for (auto &input : program.inputs)
    decls.push_back(input.get());
  for (auto &let : program.lets)
    decls.push_back(let.get());
  for (auto &table : program.tables)
    decls.push_back(table.get());
  llvm::sort(decls, [](const Decl *a, const Decl *b) {
    return a->range.begin < b->range.begin;
  });
  for (Decl *decl : decls)
    declare(*decl);
  if (program.tables.size() > limits::tables)
    error("E0107", program.tables[limits::tables]->range,
          "more than " + llvm::utostr(limits::tables) +
              " tables in one program");
  else if (decls.size() > limits::declarations)
    error("E0107", decls[limits::declarations]->range,
          "more than " + llvm::utostr(limits::declarations) +
              " declarations in one program");
  if (program.outputs.size() > limits::outputs)
    error("E0107", program.outputs[limits::outputs]->range,
          "more than " + llvm::utostr(limits::outputs) +
              " outputs in one program");
}

/// Outputs are only written, so a table may share its name with one; the
/// arguments of the call may not.
void Sema::checkOutputNames() {
  llvm::StringMap<const OutputDecl *> seen;
  for (const auto &output : program.outputs) {
    auto [entry, isNew] = seen.try_emplace(output->name, output.get());
    if (!isNew) {
      error("E0202", output->range,
            "output `" + output->name + "` is declared twice")
          .note(source.locate(entry->second->range), "it is declared here");
      continue;
    }
    const Decl *decl = globals.lookup(output->name);
    if (decl && llvm::isa<SizeDecl, InputDecl>(decl))
      noteDeclared(
          error("E0202", output->range,
                "output `" + output->name + "` has the name of " +
                    (decl->kind == Decl::Size ? "a size" : "an input")),
          *decl);
    else if (output->name == "gamma")
      error("E0204", output->range,
            "output `gamma`: every call has an input of this name already");
  }
  if (program.outputs.empty())
    error("E0212", program.range,
          "program `" + program.name + "` has no output")
        .help("say what is wanted of it, `output cost = ...`");
}

//===----------------------------------------------------------------------===//
// Binders
//===----------------------------------------------------------------------===//

void Sema::bind(Binder &binder) {
  if (const Decl *outer = find(binder.name))
    noteDeclared(error("E0204", binder.range,
                       "`" + binder.name + "` is the name of a " +
                           std::string(kindOf(*outer)) + " already")
                     .help("a name means one thing where it can be seen; "
                           "choose another"),
                 *outer);
  scope.push_back(&binder);
}

void Sema::bindAll(Binders &binders, IndexUse use) {
  for (auto &binder : binders) {
    checkRange(*binder->values, use, use == IndexUse::Free);
    bind(*binder);
  }
}

void Sema::checkRange(IndexRange &range, IndexUse use, bool edgesAllowed) {
  if (!range.isEdges()) {
    checkIndex(range.lower, use);
    checkIndex(range.upper, use);
    return;
  }
  if (!edgesAllowed)
    error("E0207", range.range,
          "the edges into a vertex can only be bound in a choice")
        .help(
            "an edge determines its vertex: let the index run over all edges, "
            "`e in 0..E`, or over the vertices");
  range.graph = resolveGraph(range.graphName, range.range);
  checkIndex(range.vertex, use);
}

const InputDecl *Sema::resolveGraph(StringRef name, ast::Range range) {
  const Decl *decl = resolve(name, range);
  if (!decl)
    return nullptr;
  const auto *input = llvm::dyn_cast<InputDecl>(decl);
  if (input && input->element == InputDecl::Dag)
    return input;
  noteDeclared(error("E0209", range, "`" + name.str() + "` is not a graph")
                   .help("only an input of type `dag[V, E]` has edges"),
               *decl);
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Sizes and inputs
//===----------------------------------------------------------------------===//

void Sema::checkSize(SizeDecl &size) {
  if (size.bound)
    checkIndex(size.bound, IndexUse::Extent);
}

void Sema::checkRank(const Decl &decl, size_t rank) {
  if (rank > limits::rank)
    error("E0107", decl.range,
          "`" + decl.name + "` has " + llvm::utostr(rank) +
              " dimensions; the limit is " + llvm::utostr(limits::rank));
}

void Sema::checkInput(InputDecl &input) {
  for (ExprPtr &extent : input.extents)
    checkIndex(extent, IndexUse::Extent);
  checkRank(input, input.rank());
  if (input.values && input.element == InputDecl::Float) {
    error("E0205", input.values->range,
          "a range for the float input `" + input.name + "`")
        .help("only an int promises the range of its values");
    return;
  }
  for (auto &index : input.indices)
    if (index)
      bind(*index);
  if (input.values)
    checkRange(*input.values, IndexUse::Domain, /*edgesAllowed=*/false);
  scope.clear();
}

void Sema::run() {
  declareAll();
  checkOutputNames();
  for (auto &size : program.sizes)
    checkSize(*size);
  for (auto &input : program.inputs)
    checkInput(*input);
  if (program.reg)
    checkReg(*program.reg);
  for (auto &equation : program.equations)
    attachEquation(*equation);
  for (auto &let : program.lets)
    checkLet(*let);
  for (auto &table : program.tables)
    checkTable(*table);
  for (auto &equation : program.equations)
    checkEquation(*equation);
  for (auto &output : program.outputs)
    checkOutput(*output);
  checkCycles();
}
