//===- Ast.h - the tree of a `.dp` file -------------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the parser builds and Sema checks. After Sema every name is resolved
// (`decl`), every expression has a type, and the readers of the tree (the
// reference interpreter, DpGen) need no table of names of their own.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_FRONTEND_AST_H
#define DANSKIN_FRONTEND_AST_H

#include "llvm/Support/Casting.h"
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace danskin::ast {

/// A half-open range of bytes of the source buffer.
struct Range {
  uint32_t begin = 0, end = 0;
};

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

struct Expr;
struct Cond;
using ExprPtr = std::unique_ptr<Expr>;
using CondPtr = std::unique_ptr<Cond>;

enum class Type { Int, Float };

/// Anything a name can stand for.
struct Decl {
  enum Kind { Size, Input, Let, Table, Binder };
  Decl(Kind kind) : kind(kind) {}
  virtual ~Decl() = default;

  const Kind kind;
  std::string name;
  Range range; ///< of the name where it is declared
};

/// `a..b` (exclusive), `a..=b` (inclusive) or `g.in(v)`.
struct IndexRange {
  Range range;
  ExprPtr lower, upper;   ///< null for an edge range
  bool inclusive = false; ///< `..=`
  std::string graphName;  ///< `g` of `g.in(v)`; empty otherwise
  const struct InputDecl *graph = nullptr; ///< set by Sema
  ExprPtr vertex;                          ///< `v` of `g.in(v)`
  bool isEdges() const { return !graphName.empty(); }
};

/// A bound index: of a table, let, output, choice alternative, an element of a
/// ranged-int input, or a bare name of an equation's pattern (then `values` is
/// absent: its range is the table's).
struct Binder : Decl {
  Binder() : Decl(Decl::Binder) {}
  std::optional<IndexRange> values;
  static bool classof(const Decl *d) { return d->kind == Decl::Binder; }
};
using Binders = std::vector<std::unique_ptr<Binder>>;

/// `size N >= 1`.
struct SizeDecl : Decl {
  SizeDecl() : Decl(Decl::Size) {}
  enum Constraint { None, Eq, Ge, Le } constraint = None;
  ExprPtr bound; ///< over sizes; null without a constraint
  static bool classof(const Decl *d) { return d->kind == Decl::Size; }
};

/// `[shared] input x : float[N, K]`, `input s : int[i in N] in 0..i`,
/// `input g : dag[V, E]`.
struct InputDecl : Decl {
  InputDecl() : Decl(Decl::Input) {}
  enum ElementKind { Float, Int, Dag } element = Float;
  bool shared = false;
  std::vector<ExprPtr> extents; ///< one a dimension, over sizes; a dag: V, E
  /// One a dimension: the index of `[i in N]`, null where the spec names none.
  Binders indices;
  std::optional<IndexRange> values; ///< the range an int promises
  unsigned rank() const { return extents.size(); }
  static bool classof(const Decl *d) { return d->kind == Decl::Input; }
};

/// `let d[i in 0..N] = ...`. Not recursive.
struct LetDecl : Decl {
  LetDecl() : Decl(Decl::Let) {}
  Binders binders;
  ExprPtr body;
  static bool classof(const Decl *d) { return d->kind == Decl::Let; }
};

/// `table D[i in 0..N, j in 0..M] where abs(i - j) <= W`.
struct TableDecl : Decl {
  TableDecl() : Decl(Decl::Table) {}
  Binders binders;
  CondPtr where; ///< null: the whole of the ranges
  /// The equations of the program that define this table, in program order.
  std::vector<struct Equation *> equations; ///< filled by Sema
  static bool classof(const Decl *d) { return d->kind == Decl::Table; }
};

/// One place of an equation's left side: a new variable, or an expression
/// over sizes and numbers that the index must equal. A repeated variable is
/// turned by Sema into `value` (a VarExpr of the first).
struct Pattern {
  Range range;
  std::unique_ptr<Binder> variable; ///< set for a bare new name
  ExprPtr value;                    ///< set otherwise
};

/// `D[i, j] when i >= 1 = ...`.
struct Equation {
  Range range; ///< of the whole left side
  std::string tableName;
  Range nameRange;
  TableDecl *table = nullptr; ///< set by Sema
  std::vector<Pattern> patterns;
  CondPtr when; ///< null without `when`
  bool otherwise = false;
  ExprPtr body;
  unsigned ordinal = 0; ///< among the table's equations, from 0; set by Sema
};

/// `output cost = ...`, `output value[s in 0..S] = ...`.
struct OutputDecl {
  std::string name;
  Range range;
  Binders binders;
  ExprPtr body;
};

//===----------------------------------------------------------------------===//
// Regularizers
//===----------------------------------------------------------------------===//

/// `entropy`, `tsallis(1.5)`, `entropy(tau)`: the arguments as written. Sema
/// splits off the node's own gamma.
struct RegRef {
  Range range;
  std::string name;
  std::vector<ExprPtr> arguments; ///< the regularizer's own parameters
  ExprPtr gamma;                  ///< the node's own gamma; null: the call's
};

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

struct Expr {
  enum Kind {
    Number,
    None,
    Var,
    Read,
    Source,
    Call,
    Negate,
    Binary,
    If,
    Choice
  };
  Expr(Kind kind, Range range) : kind(kind), range(range) {}
  virtual ~Expr() = default;

  const Kind kind;
  Range range;
  Type type = Type::Float; ///< set by Sema
};

template <Expr::Kind K> struct ExprOf : Expr {
  ExprOf(Range range) : Expr(K, range) {}
  static bool classof(const Expr *e) { return e->kind == K; }
};

struct NumberExpr : ExprOf<Expr::Number> {
  using ExprOf::ExprOf;
  double value = 0;
  bool isInteger = false; ///< no point and no exponent: `integer` is exact
  int64_t integer = 0;
};

struct NoneExpr : ExprOf<Expr::None> {
  using ExprOf::ExprOf;
};

/// A bare name: a size, a binder, a scalar input, a let without binders.
struct VarExpr : ExprOf<Expr::Var> {
  using ExprOf::ExprOf;
  std::string name;
  const Decl *decl = nullptr;
};

/// `T[i-1, j]`, `T[i-1]?`, `T[i-1]? else c`: a table, let or input. A table of
/// no dimensions is read as `T[]` or by its bare name (Sema makes both this).
struct ReadExpr : ExprOf<Expr::Read> {
  using ExprOf::ExprOf;
  std::string name;
  Range nameRange;
  const Decl *decl = nullptr;
  std::vector<ExprPtr> indices;
  bool optional = false; ///< a `?` stands after it
  ExprPtr otherwise;     ///< `? else c`
};

/// `g.src(e)`.
struct SourceExpr : ExprOf<Expr::Source> {
  using ExprOf::ExprOf;
  std::string graphName;
  const InputDecl *graph = nullptr;
  ExprPtr edge;
};

struct CallExpr : ExprOf<Expr::Call> {
  using ExprOf::ExprOf;
  enum Function { Exp, Log, Sqrt, Abs, Tanh, FMax, FMin, Clamp } function = Exp;
  std::vector<ExprPtr> arguments;
};

struct NegateExpr : ExprOf<Expr::Negate> {
  using ExprOf::ExprOf;
  ExprPtr operand;
};

/// `inIndex` (set by Sema) tells the two divisions apart: floor inside an
/// index, exact outside.
struct BinaryExpr : ExprOf<Expr::Binary> {
  using ExprOf::ExprOf;
  enum Op { Add, Sub, Mul, Div, Pow } op = Add;
  ExprPtr lhs, rhs;
  bool inIndex = false;
};

struct IfExpr : ExprOf<Expr::If> {
  using ExprOf::ExprOf;
  CondPtr condition;
  ExprPtr thenValue, elseValue;
};

/// `[LABEL ":"] expr ["for" binders] ["if" cond]`.
struct Alternative {
  Range range;
  std::string label; ///< empty without one
  Binders binders;
  CondPtr guard; ///< null without one
  ExprPtr body;
};

struct ChoiceExpr : ExprOf<Expr::Choice> {
  using ExprOf::ExprOf;
  enum Op { Max, Min, Sum } op = Max;
  std::optional<RegRef> reg; ///< `max[entropy(tau)]`
  std::vector<Alternative> alternatives;
};

//===----------------------------------------------------------------------===//
// Conditions
//===----------------------------------------------------------------------===//

struct Cond {
  enum Kind { Compare, And, Or, Not };
  Cond(Kind kind, Range range) : kind(kind), range(range) {}
  virtual ~Cond() = default;
  const Kind kind;
  Range range;
};

/// One comparison. `0 <= i < N` is the conjunction of two (their shared operand
/// is cloned).
struct CompareCond : Cond {
  CompareCond(Range range) : Cond(Compare, range) {}
  enum Op { Eq, Ne, Lt, Le, Gt, Ge } op = Eq;
  ExprPtr lhs, rhs;
  static bool classof(const Cond *c) { return c->kind == Compare; }
};

/// `and` and `or`, short-circuit from the left.
struct LogicCond : Cond {
  LogicCond(Kind kind, Range range) : Cond(kind, range) {}
  CondPtr lhs, rhs;
  static bool classof(const Cond *c) { return c->kind == And || c->kind == Or; }
};

struct NotCond : Cond {
  NotCond(Range range) : Cond(Not, range) {}
  CondPtr operand;
  static bool classof(const Cond *c) { return c->kind == Not; }
};

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

struct Program {
  std::string name;
  Range range;
  std::optional<RegRef> reg; ///< absent: hard
  std::vector<std::unique_ptr<SizeDecl>> sizes;
  std::vector<std::unique_ptr<InputDecl>> inputs;
  std::vector<std::unique_ptr<LetDecl>> lets;
  std::vector<std::unique_ptr<TableDecl>> tables;
  std::vector<std::unique_ptr<Equation>> equations;
  std::vector<std::unique_ptr<OutputDecl>> outputs;
};

struct File {
  int64_t edition = 1;
  std::vector<std::unique_ptr<Program>> programs;
};

} // namespace danskin::ast

#endif // DANSKIN_FRONTEND_AST_H
