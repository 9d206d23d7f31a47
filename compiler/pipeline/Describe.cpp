//===- Describe.cpp - what a program looks like to its callers ------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/Describe.h"
#include "compiler/conversion/Forms.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace danskin;

/// Line `number` of the text, trimmed.
static StringRef getLine(StringRef text, unsigned number) {
  for (unsigned i = 1; i < number; ++i)
    text = text.split('\n').second;
  return text.split('\n').first.trim();
}

namespace {
class Describer {
public:
  Describer(dp::ProgramOp program, StringRef text)
      : program(program), text(text), forms(program) {}

  EntryInterface run(StringRef dtype) {
    EntryInterface entry;
    entry.program = program.getSymName().str();
    entry.name = program.getEntry().value_or("value").str();
    entry.dtype = dtype.str();
    std::string stem = entry.program + "_" + entry.name + "_" + entry.dtype;
    entry.run = stem + "_run";
    entry.workspace = stem + "_workspace";
    entry.extents = stem + "_extents";
    entry.validate = stem + "_validate";
    for (Operation &op : program.getBody().front()) {
      if (auto size = dyn_cast<dp::SizeOp>(op))
        addSize(entry, size);
      else if (auto assume = dyn_cast<dp::AssumeOp>(op))
        addConstraint(entry, assume);
      else if (auto input = dyn_cast<dp::InputOp>(op))
        addInput(entry, input);
    }
    for (auto table : program.getBody().front().getOps<dp::TableOp>())
      if (table.getRole() == dp::TableRole::Output)
        addOutput(entry, table);
    return entry;
  }

private:
  void addSize(EntryInterface &entry, dp::SizeOp size) {
    SizeInterface result;
    result.name = size.getName().str();
    if (size.getFixed())
      result.fixed = *size.getFixed();
    sizes.push_back(size);
    entry.sizes.push_back(std::move(result));
  }

  /// The value as a form over the sizes; every extent and constraint is one.
  SizeForm toForm(const conversion::Form &form) {
    SizeForm result;
    result.coefficients.assign(sizes.size(), 0);
    result.constant = form.constant;
    for (auto [value, coefficient] : form.terms)
      for (auto [index, size] : llvm::enumerate(sizes))
        if (size.getValue() == value)
          result.coefficients[index] += coefficient;
    result.text = toText(result);
    return result;
  }

  /// The same, if sizes are all it is made of.
  std::optional<SizeForm> toSizeForm(Value value) {
    conversion::Form form = forms.get(value);
    for (auto [term, coefficient] : form.terms)
      if (!llvm::is_contained(sizes, term.getDefiningOp<dp::SizeOp>()))
        return std::nullopt;
    return toForm(form);
  }

  std::string toText(const SizeForm &form) {
    std::string result;
    auto append = [&](int64_t coefficient, StringRef name) {
      if (!coefficient)
        return;
      if (!result.empty())
        result += coefficient < 0 ? " - " : " + ";
      else if (coefficient < 0)
        result += "-";
      int64_t magnitude = std::abs(coefficient);
      if (name.empty())
        result += std::to_string(magnitude);
      else if (magnitude == 1)
        result += name;
      else
        result += std::to_string(magnitude) + "*" + name.str();
    };
    for (auto [coefficient, size] : llvm::zip(form.coefficients, sizes))
      append(coefficient, size.getName());
    append(form.constant, "");
    return result.empty() ? "0" : result;
  }

  void addConstraint(EntryInterface &entry, dp::AssumeOp assume) {
    auto compare = assume.getCondition().getDefiningOp<arith::CmpIOp>();
    if (!compare)
      return;
    conversion::Form form;
    form.add(forms.get(compare.getLhs()));
    form.add(forms.get(compare.getRhs()), -1);
    ConstraintInterface constraint;
    switch (compare.getPredicate()) {
    case arith::CmpIPredicate::eq:
      constraint.isEquality = true;
      break;
    case arith::CmpIPredicate::sge:
      break;
    case arith::CmpIPredicate::sle: {
      conversion::Form negated;
      negated.add(form, -1);
      form = negated;
      break;
    }
    default:
      return;
    }
    constraint.form = toForm(form);
    constraint.text = assume.getText().str();
    entry.constraints.push_back(std::move(constraint));
  }

  std::string getDeclaration(Operation *op) {
    auto file = op->getLoc()->findInstanceOf<FileLineColLoc>();
    return file ? getLine(text, file.getLine()).str() : std::string();
  }

  void addInput(EntryInterface &entry, dp::InputOp input) {
    InputInterface result;
    result.name = input.getName().str();
    result.declaration = getDeclaration(input);
    if (input.getGamma())
      result.kind = ArrayKind::Gamma;
    else if (input.getType().getElement().isIndex())
      result.kind = ArrayKind::Int;
    for (Value extent : input.getExtents())
      result.extents.push_back(toForm(forms.get(extent)));
    if (!input.getValues().empty()) {
      Operation *range = input.getValues().front().getTerminator();
      result.lower = toSizeForm(range->getOperand(0));
      result.upper = toSizeForm(range->getOperand(1));
    }
    if (auto graph = input.getGraph())
      result.role = graphs.insert(*graph).second ? IntRole::DagPointers
                                                 : IntRole::DagSources;
    if (input.getInitial())
      result.defaultValue = input.getInitial()->convertToDouble();
    result.isShared = input.getShared();
    inputs.push_back(result.name);
    entry.inputs.push_back(std::move(result));
  }

  void addOutput(EntryInterface &entry, dp::TableOp table) {
    OutputInterface result;
    result.name = table.getName().str();
    if (table.getType().getElement().isIndex())
      result.kind = ArrayKind::Int;
    if (table.getFollows())
      if (auto found = llvm::find(inputs, *table.getFollows());
          found != inputs.end())
        result.follows = found - inputs.begin();
    for (dp::IterateOp axis :
         table.getDomain().front().getOps<dp::IterateOp>()) {
      conversion::Form extent;
      extent.add(forms.get(axis.getUpper()));
      extent.add(forms.get(axis.getLower()), -1);
      result.extents.push_back(toForm(extent).text);
    }
    entry.outputs.push_back(std::move(result));
  }

  dp::ProgramOp program;
  StringRef text;
  conversion::Forms forms;
  SmallVector<dp::SizeOp> sizes;
  std::vector<std::string> inputs;
  llvm::StringSet<> graphs; ///< dags whose pointers were met
};
} // namespace

EntryInterface danskin::describeEntry(dp::ProgramOp program, StringRef dtype,
                                      StringRef text) {
  // Forms are read off plain arithmetic, to which the loops come anyway.
  conversion::expandAffineOps(program);
  return Describer(program, text).run(dtype);
}
