//===- Evaluator.h - the meaning of a program, over any number --*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Cells are evaluated on demand and remembered. A chain of cells may be longer
// than the stack is deep: at a certain depth an evaluation is suspended, the
// cell it lacks is evaluated on its own, and then it is done again.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_REFERENCE_EVALUATOR_H
#define DANSKIN_REFERENCE_EVALUATOR_H

#include "compiler/reference/Indices.h"
#include "compiler/reference/Number.h"
#include "compiler/reference/Regularizer.h"
#include "llvm/ADT/DenseMap.h"
#include <optional>

namespace danskin::reference {

/// A number that may be absent. Absence passes through every operator.
template <class T> struct Value {
  T number{};
  bool present = false;

  Value() = default; // absent
  Value(T number) : number(std::move(number)), present(true) {}
};

/// How the slots of one input, let or gamma enter an evaluation.
struct Slots {
  int64_t first = -1;                ///< the number of its first slot; -1: none
  const Tensor *direction = nullptr; ///< null: 0
};

/// What an evaluation varies. Slots [window, window + width of T) get partials.
struct Variation {
  int64_t window = 0;
  std::map<std::string, Slots> slots;
};

/// The sense in which a choice, table or output loses: -inf or +inf.
enum class Sense { None, Max, Min };

struct Candidate {
  unsigned arm;
  Index binders;
};

template <class T> class Evaluator final : public Indices {
public:
  /// `override`: what `--reg` puts in the place of the program's `reg`.
  Evaluator(const ast::Program &program, const Instance &instance,
            const std::optional<std::string> &override, bool allHard,
            const Variation &variation);

  /// An output's cell; its binders are bound in `frame`.
  Value<T> evaluateOutput(const ast::OutputDecl &output, Frame &frame);
  Value<T> evaluate(const ast::Expr &expr, Frame &frame);
  /// The equation that defines a cell, with its variables bound in `frame`.
  const ast::Equation *findEquation(const ast::TableDecl &table,
                                    llvm::ArrayRef<int64_t> index,
                                    Frame &frame);

  /// Calls `visit` for the candidates that exist and are not absent, in program
  /// order, with their indices bound in `frame`. Returns false if a candidate
  /// that exists is absent.
  bool forEachCandidate(
      const ast::ChoiceExpr &choice, Frame &frame,
      llvm::function_ref<void(const Candidate &, const T &)> visit);
  /// The candidate a hard choice takes.
  std::optional<Candidate> findWinner(const ast::ChoiceExpr &choice,
                                      Frame &frame);
  /// The indices of a read; false if the cell is not in the domain.
  bool locate(const ast::ReadExpr &read, Frame &frame, Index &index);
  /// Does every `?` outside of nested choices stay in its domain?
  bool optionalReadsExist(const ast::Expr &body, Frame &frame);
  /// Runs `body`, and again as often as it was suspended for want of a cell.
  void settle(llvm::function_ref<void()> body);

private:
  enum State : uint8_t { Unvisited, Active, Done };
  struct Store {
    Box box;
    Sense sense;
    std::vector<Value<T>> cells;
    std::vector<State> states;
  };
  struct Cell {
    const ast::Decl *decl;
    Index index;
  };

  Truth compareFloats(const ast::CompareCond &cond, Frame &frame) override;
  int64_t evaluateLetAsInt(const ast::Expr &expr, Frame &frame) override;

  Store &getStore(const ast::Decl &decl);
  Value<T> readCell(const ast::Decl &decl, llvm::ArrayRef<int64_t> index);
  Value<T> computeCell(const ast::Decl &decl, llvm::ArrayRef<int64_t> index);
  Value<T> readInput(const ast::InputDecl &input,
                     llvm::ArrayRef<int64_t> index);
  Value<T> evaluateRead(const ast::ReadExpr &read, Frame &frame);
  Value<T> evaluateBinary(const ast::BinaryExpr &expr, Frame &frame);
  Value<T> evaluateCall(const ast::CallExpr &call, Frame &frame);
  Value<T> evaluateChoice(const ast::ChoiceExpr &choice, Frame &frame);
  Value<T> evaluateSum(const ast::ChoiceExpr &choice, Frame &frame);
  /// A number of the instance at its slot.
  T makeLeaf(double value, const std::string &name, int64_t flat);
  T getGamma(const ast::ChoiceExpr &choice, Frame &frame);
  const Regularizer &getRegularizer(const ast::ChoiceExpr &choice);

  const std::optional<std::string> &override;
  const bool allHard;
  const Variation &variation;
  llvm::DenseMap<const ast::Decl *, std::unique_ptr<Store>> stores;
  std::vector<Cell> pending; ///< cells evaluated on their own, the needed last
  bool suspended = false;
  unsigned depth = 0;
};

/// The sense of the outermost choice of an expression: looks through reads of
/// tables. None if there is no choice.
Sense getSense(const ast::Expr &expr);
/// The sense of a table all of whose choices have one sense, else None.
Sense getCommonSense(const ast::TableDecl &table);

inline double losingInfinity(Sense sense) {
  return sense == Sense::Min ? INFINITY : -INFINITY;
}

} // namespace danskin::reference

#endif // DANSKIN_REFERENCE_EVALUATOR_H
