//===- Affine.cpp - index values as affine forms --------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/Affine.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>

using namespace mlir;
using namespace mlir::dp;
using namespace danskin;

llvm::StringRef danskin::getArrayName(Value array) {
  if (auto input = array.getDefiningOp<InputOp>())
    return input.getName();
  if (auto table = array.getDefiningOp<TableOp>())
    return table.getName();
  return "?";
}

llvm::StringRef danskin::getIndexName(Value index) {
  if (auto iterate = index.getDefiningOp<IterateOp>())
    return iterate.getName().value_or("i");
  if (auto name = index.getLoc()->findInstanceOf<NameLoc>())
    return name.getName().strref();
  return "i";
}

//===----------------------------------------------------------------------===//
// Variables
//===----------------------------------------------------------------------===//

AffineSpace::AffineSpace(ProgramOp program) {
  Block &body = program.getBody().front();
  std::vector<Formula> parts;
  for (SizeOp size : body.getOps<SizeOp>()) {
    Variable variable{Variable::Size, size.getName().str(), size.getValue(),
                      size};
    unsigned id = addVariable(std::move(variable));
    LinearForm form = LinearForm::variable(id);
    bindings[size.getValue()] = form;
    parts.push_back(Formula::nonNegative(form));
    if (std::optional<uint64_t> fixed = size.getFixed())
      parts.push_back(Formula::zero(form - LinearForm(*fixed)));
  }
  numSizes = variables.size();
  for (AssumeOp assume : body.getOps<AssumeOp>())
    parts.push_back(getCondition(assume.getCondition()));
  assumptions = Formula::all(std::move(parts));
}

unsigned AffineSpace::addVariable(Variable variable) {
  variables.push_back(std::move(variable));
  return variables.size() - 1;
}

unsigned AffineSpace::addIndex(llvm::StringRef name, Value value) {
  unsigned id = addVariable({Variable::Index, name.str(), value});
  if (value)
    bindings[value] = LinearForm::variable(id);
  return id;
}

std::optional<LinearForm> AffineSpace::bind(Value value, LinearForm form) {
  std::optional<LinearForm> before;
  auto [it, isNew] = bindings.try_emplace(value);
  if (!isNew)
    before = std::move(it->second);
  it->second = std::move(form);
  return before;
}

void AffineSpace::unbind(Value value, std::optional<LinearForm> before) {
  if (before)
    bindings[value] = std::move(*before);
  else
    bindings.erase(value);
}

std::optional<LinearForm> AffineSpace::release(Value value) {
  auto found = bindings.find(value);
  if (found == bindings.end())
    return std::nullopt;
  LinearForm form = std::move(found->second);
  bindings.erase(found);
  return form;
}

unsigned AffineSpace::intern(const std::string &key,
                             llvm::function_ref<Variable()> make) {
  auto found = interned.find(key);
  if (found != interned.end())
    return found->second;
  unsigned id = addVariable(make());
  interned[key] = id;
  return id;
}

void AffineSpace::addFacts(unsigned id, const Formula &fact) {
  // A fact that is a choice between conjunctions is dropped: that only makes
  // the described set larger.
  if (fact.getKind() == Formula::And) {
    for (const Formula &part : fact.getParts())
      addFacts(id, part);
    return;
  }
  if (std::optional<Conjunction> conjunction = asConjunction(fact))
    llvm::append_range(variables[id].facts, *conjunction);
}

LinearForm AffineSpace::getQuotient(const LinearForm &dividend,
                                    int64_t divisor) {
  if (dividend.isConstant())
    return LinearForm(llvm::divideFloorSigned(dividend.getConstant(), divisor));
  std::string key = "/" + std::to_string(divisor) + getKey({dividend});
  unsigned id = intern(key, [&] {
    Variable variable{Variable::Quotient, "(" + toString(dividend) + ")/" +
                                              std::to_string(divisor)};
    variable.operands = {dividend};
    variable.divisor = divisor;
    return variable;
  });
  if (variables[id].facts.empty()) {
    LinearForm rest = dividend - LinearForm::variable(id) * divisor;
    variables[id].facts = {{rest, false},
                           {LinearForm(divisor - 1) - rest, false}};
  }
  return LinearForm::variable(id);
}

LinearForm AffineSpace::getData(ReadOp op) {
  std::vector<LinearForm> indices = getForms(op.getIndices());
  std::string name = getArrayName(op.getArray()).str();
  unsigned before = variables.size();
  unsigned id = intern("[" + name + getKey(indices), [&] {
    std::string text = indices.empty() ? name : toString(name, indices);
    Variable variable{Variable::Data, std::move(text), op.getResult(), op};
    variable.operands = indices;
    return variable;
  });
  auto input = op.getArray().getDefiningOp<InputOp>();
  if (id < before || !input || input.getValues().empty())
    return LinearForm::variable(id);
  Block &range = input.getValues().front();
  SmallVector<std::optional<LinearForm>> shadowed;
  for (auto [argument, index] : llvm::zip(range.getArguments(), indices))
    shadowed.push_back(bind(argument, index));
  auto yield = cast<YieldOp>(range.getTerminator());
  addFacts(id, getRange(LinearForm::variable(id), yield.getOperand(0),
                        yield.getOperand(1)));
  for (auto [argument, form] : llvm::zip(range.getArguments(), shadowed))
    unbind(argument, form);
  return LinearForm::variable(id);
}

LinearForm AffineSpace::getSource(SourceOp op) {
  LinearForm edge = getForm(op.getEdge()), vertex = getForm(op.getVertex());
  std::string name = getArrayName(op.getSources()).str();
  unsigned id = intern("src" + name + getKey({edge, vertex}), [&] {
    Variable variable{Variable::Source, toString(name, {edge}), op.getResult(),
                      op};
    variable.operands = {edge, vertex};
    return variable;
  });
  if (variables[id].facts.empty()) {
    LinearForm source = LinearForm::variable(id);
    variables[id].facts = {{source, false},
                           {vertex - source - LinearForm(1), false}};
  }
  return LinearForm::variable(id);
}

LinearForm AffineSpace::getUnknown(Value value, bool boolean) {
  unsigned id = intern("?" + getKey(value), [&] {
    Variable variable{Variable::Unknown,
                      boolean ? "(a condition)" : "(an index)", value,
                      value.getDefiningOp()};
    return variable;
  });
  if (boolean && variables[id].facts.empty()) {
    LinearForm form = LinearForm::variable(id);
    variables[id].facts = {{form, false}, {LinearForm(1) - form, false}};
  }
  return LinearForm::variable(id);
}

LinearForm AffineSpace::getSingle(const ExtremeForm &extreme) {
  if (extreme.kind == ExtremeForm::Linear)
    return extreme.forms.front();
  bool isMax = extreme.kind == ExtremeForm::Max;
  unsigned id = intern((isMax ? "max" : "min") + getKey(extreme.forms), [&] {
    Variable variable{Variable::Extreme, isMax ? "max(" : "min("};
    for (const LinearForm &form : extreme.forms) {
      if (&form != extreme.forms.begin())
        variable.name += ", ";
      variable.name += toString(form);
    }
    variable.name += ")";
    variable.operands.assign(extreme.forms.begin(), extreme.forms.end());
    return variable;
  });
  LinearForm result = LinearForm::variable(id);
  if (variables[id].facts.empty())
    for (const LinearForm &form : extreme.forms)
      variables[id].facts.push_back(
          {isMax ? result - form : form - result, false});
  return result;
}

//===----------------------------------------------------------------------===//
// Keys: structural names of expressions, equal where the values are
//===----------------------------------------------------------------------===//

std::string AffineSpace::getKey(llvm::ArrayRef<LinearForm> forms) const {
  std::string key;
  llvm::raw_string_ostream os(key);
  for (const LinearForm &form : forms) {
    os << '(' << form.getConstant();
    for (auto [id, coefficient] : form.getTerms())
      os << '+' << coefficient << 'v' << id;
    os << ')';
  }
  return key;
}

std::string AffineSpace::getKey(Value value) {
  if (value.getType().isIndex())
    if (std::optional<LinearForm> form = getLinear(value))
      return getKey({*form});
  Operation *op = value.getDefiningOp();
  std::string key;
  llvm::raw_string_ostream os(key);
  // What has regions, or no definition, is only equal to itself.
  if (!op || op->getNumRegions() != 0) {
    os << value.getAsOpaquePointer();
    return key;
  }
  os << op->getName() << cast<OpResult>(value).getResultNumber()
     << op->getAttrDictionary() << '{';
  for (Value operand : op->getOperands())
    os << getKey(operand) << ',';
  os << '}';
  return key;
}

//===----------------------------------------------------------------------===//
// Sets
//===----------------------------------------------------------------------===//

std::vector<unsigned>
AffineSpace::getMentioned(const Conjunction &conjunction) const {
  std::vector<bool> seen(variables.size());
  std::vector<unsigned> todo;
  auto mention = [&](const LinearForm &form) {
    for (auto [id, coefficient] : form.getTerms()) {
      (void)coefficient;
      if (!seen[id])
        todo.push_back(id);
      seen[id] = true;
    }
  };
  for (const Constraint &constraint : conjunction)
    mention(constraint.form);
  // The indices of data are variables too: who runs over the set needs them.
  while (!todo.empty()) {
    const Variable &variable = variables[todo.back()];
    todo.pop_back();
    for (const Constraint &fact : variable.facts)
      mention(fact.form);
    for (const LinearForm &operand : variable.operands)
      mention(operand);
  }
  std::vector<unsigned> mentioned;
  for (unsigned id = 0; id < seen.size(); ++id)
    if (seen[id])
      mentioned.push_back(id);
  return mentioned;
}

Polyhedron AffineSpace::getPolyhedron(const Conjunction &conjunction,
                                      llvm::ArrayRef<unsigned> columns) const {
  std::vector<int> place(variables.size(), -1);
  for (auto [column, id] : llvm::enumerate(columns))
    place[id] = column;
  Polyhedron set = sets::universe(columns.size());
  auto add = [&](const Constraint &constraint) {
    AffineForm row(columns.size() + 1, 0);
    for (auto [id, coefficient] : constraint.form.getTerms()) {
      assert(place[id] >= 0 && "a mentioned variable has no column");
      row[place[id]] = coefficient;
    }
    row.back() = constraint.form.getConstant();
    if (constraint.equality)
      set.addEquality(row);
    else
      set.addInequality(row);
  };
  for (const Constraint &constraint : conjunction)
    add(constraint);
  for (unsigned id : getMentioned(conjunction))
    for (const Constraint &fact : variables[id].facts)
      add(fact);
  set.removeTrivialRedundancy();
  return set;
}

bool AffineSpace::isEmpty(const Conjunction &conjunction) const {
  return sets::isEmpty(getPolyhedron(conjunction, getMentioned(conjunction)));
}

//===----------------------------------------------------------------------===//
// For people
//===----------------------------------------------------------------------===//

std::string AffineSpace::toString(const LinearForm &form) const {
  // Indices read best before sizes: `i - N`, not `-N + i`; a positive term
  // first saves a leading minus.
  SmallVector<LinearForm::Term> terms(form.getTerms());
  llvm::stable_sort(terms, [&](const auto &left, const auto &right) {
    auto rank = [&](const LinearForm::Term &term) {
      return std::pair(term.second < 0, term.first < numSizes);
    };
    return rank(left) < rank(right);
  });
  std::string text;
  llvm::raw_string_ostream os(text);
  auto sign = [&](int64_t value) {
    if (text.empty())
      os << (value < 0 ? "-" : "");
    else
      os << (value < 0 ? " - " : " + ");
  };
  for (auto [id, coefficient] : terms) {
    sign(coefficient);
    if (std::abs(coefficient) != 1)
      os << std::abs(coefficient) << "*";
    os << variables[id].name;
  }
  if (form.getConstant() != 0 || text.empty()) {
    sign(form.getConstant());
    os << std::abs(form.getConstant());
  }
  return text;
}

std::string AffineSpace::toString(llvm::StringRef array,
                                  llvm::ArrayRef<LinearForm> indices) const {
  std::string text = array.str() + "[";
  for (const LinearForm &index : indices) {
    if (&index != indices.begin())
      text += ", ";
    text += toString(index);
  }
  return text + "]";
}
