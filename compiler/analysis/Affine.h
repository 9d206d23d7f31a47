//===- Affine.h - index values as affine forms ------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Turns SSA values of type index into affine forms and values of type i1 into
// formulas. The variables of the space are made as they are met:
//
//   - the sizes of the program (made at once, first, in order);
//   - indices: block arguments and results of dp.iterate;
//   - quotients of divisions by constants, which are functions of others;
//   - data: elements of integer inputs, one for each distinct (input, indices),
//     and the sources of edges;
//   - extremes: a maximum or minimum that does not dissolve into conditions;
//   - unknown values: what is not affine. Equal expressions are the same
//     variable, so a condition on data and its negation exclude each other.
//
// Each variable carries facts, which hold wherever it is mentioned. All that
// is built here has at least the points of what it describes (a fact may be
// missing, never false), so a proof of emptiness holds.
//
//   AffineSpace space(program);
//   std::optional<LinearForm> form = space.getLinear(index);
//   Formula guard = space.getCondition(where.getCondition());
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_ANALYSIS_AFFINE_H
#define DANSKIN_ANALYSIS_AFFINE_H

#include "compiler/analysis/Formula.h"
#include "compiler/schedule/Sets.h"
#include "dialects/dp/Dp.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include <string>

namespace danskin {

struct Variable {
  enum Kind { Size, Index, Quotient, Data, Source, Extreme, Unknown };
  Kind kind;
  /// For people: `N`, `i`, `y[l - 1]`.
  std::string name;
  /// What it stands for; null for a quotient, and for an index made by hand.
  mlir::Value value;
  /// The operation that made it (Data: dp.read, Source: dp.source).
  mlir::Operation *op = nullptr;
  /// Quotient: the dividend. Data: the indices. Source: edge, then vertex.
  /// Extreme: the arguments.
  std::vector<LinearForm> operands;
  int64_t divisor = 0; ///< Quotient
  /// What holds of it.
  Conjunction facts;

  Variable(Kind kind, std::string name, mlir::Value value = {},
           mlir::Operation *op = nullptr)
      : kind(kind), name(std::move(name)), value(value), op(op) {}
};

/// A value that is the largest or the smallest of some forms.
struct ExtremeForm {
  enum Kind { Linear, Max, Min };
  Kind kind = Linear;
  llvm::SmallVector<LinearForm, 1> forms;

  ExtremeForm(LinearForm form) : forms{std::move(form)} {}
  ExtremeForm(Kind kind, llvm::SmallVector<LinearForm, 1> forms)
      : kind(kind), forms(std::move(forms)) {}
};

class AffineSpace {
public:
  /// Coefficients beyond this are not affine to us; it keeps int64 arithmetic
  /// from overflowing.
  static constexpr int64_t coefficientLimit = int64_t(1) << 31;

  /// Makes a variable of each size of the program.
  explicit AffineSpace(mlir::dp::ProgramOp program);

  //===--- Variables ------------------------------------------------------===//

  unsigned getNumVariables() const { return variables.size(); }
  unsigned getNumSizes() const { return numSizes; }
  const Variable &getVariable(unsigned id) const { return variables[id]; }
  /// A new index; `value` may be null.
  unsigned addIndex(llvm::StringRef name, mlir::Value value = {});
  /// From now on `value` (a block argument or a dp.iterate) means `form`;
  /// returns what it meant before.
  std::optional<LinearForm> bind(mlir::Value value, LinearForm form);
  void unbind(mlir::Value value, std::optional<LinearForm> before);
  /// Forgets what `value` means and returns it; it becomes a new variable when
  /// it is met again.
  std::optional<LinearForm> release(mlir::Value value);
  /// What the program's sizes meet: each is at least 0, `dp.assume`, `fixed`.
  const Formula &getAssumptions() const { return assumptions; }

  //===--- Extraction -----------------------------------------------------===//

  /// The form of an index value; nothing if it is not affine.
  std::optional<LinearForm> getLinear(mlir::Value value);
  /// As getLinear, but an index that is not affine becomes an unknown variable.
  LinearForm getForm(mlir::Value value);
  std::vector<LinearForm> getForms(mlir::ValueRange values);
  /// The value as a maximum or minimum of forms (one form: itself); nothing if
  /// it is not affine.
  std::optional<ExtremeForm> getExtreme(mlir::Value value);
  /// When an i1 value holds.
  Formula getCondition(mlir::Value condition);
  /// `lower <= index < upper`; bounds that are not affine become unknown.
  Formula getRange(const LinearForm &index, mlir::Value lower,
                   mlir::Value upper);
  /// Whether `cell` lies in the domain of the table.
  Formula getDomain(mlir::dp::TableOp table, llvm::ArrayRef<LinearForm> cell);
  /// Whether `element` lies in the extents of the input.
  Formula getExtent(mlir::dp::InputOp input,
                    llvm::ArrayRef<LinearForm> element);
  /// Whether two elements' or cells' indices are equal.
  static Formula getEqual(llvm::ArrayRef<LinearForm> left,
                          llvm::ArrayRef<LinearForm> right);

  //===--- Sets -----------------------------------------------------------===//

  /// The variables of a conjunction and of the facts about them, sorted.
  std::vector<unsigned> getMentioned(const Conjunction &conjunction) const;
  /// The conjunction and the facts of what it mentions; column k is variable
  /// `columns[k]`, which must hold all that is mentioned.
  Polyhedron getPolyhedron(const Conjunction &conjunction,
                           llvm::ArrayRef<unsigned> columns) const;
  bool isEmpty(const Conjunction &conjunction) const;

  //===--- For people -----------------------------------------------------===//

  /// `i + 2*j - 1`.
  std::string toString(const LinearForm &form) const;
  /// `D[i - 1, j]`.
  std::string toString(llvm::StringRef array,
                       llvm::ArrayRef<LinearForm> indices) const;

private:
  struct Evaluator;
  unsigned addVariable(Variable variable);
  /// The variable of `key`, made by `make` when it is new.
  unsigned intern(const std::string &key, llvm::function_ref<Variable()> make);
  LinearForm getQuotient(const LinearForm &dividend, int64_t divisor);
  LinearForm getData(mlir::dp::ReadOp op);
  LinearForm getSource(mlir::dp::SourceOp op);
  LinearForm getUnknown(mlir::Value value, bool boolean);
  LinearForm getSingle(const ExtremeForm &extreme);
  std::string getKey(mlir::Value value);
  std::string getKey(llvm::ArrayRef<LinearForm> forms) const;
  void addFacts(unsigned id, const Formula &fact);

  std::vector<Variable> variables;
  unsigned numSizes = 0;
  Formula assumptions;
  llvm::DenseMap<mlir::Value, LinearForm> bindings;
  llvm::StringMap<unsigned> interned;
};

/// The name of an input or a table.
llvm::StringRef getArrayName(mlir::Value array);
/// The name of a block argument or an iterated index, `i` if it has none.
llvm::StringRef getIndexName(mlir::Value index);

/// When an extreme form is at least 0, or 0.
Formula getNonNegative(const ExtremeForm &form);
Formula getZero(const ExtremeForm &form);

} // namespace danskin

#endif // DANSKIN_ANALYSIS_AFFINE_H
