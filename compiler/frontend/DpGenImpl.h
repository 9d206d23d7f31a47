//===- DpGenImpl.h - the parts of DpGen ---------------------------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_FRONTEND_DPGENIMPL_H
#define DANSKIN_FRONTEND_DPGENIMPL_H

#include "compiler/frontend/Alternatives.h"
#include "compiler/frontend/Ast.h"
#include "dialects/dp/Dp.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"

namespace danskin::dpgen {

/// From byte ranges to MLIR locations.
class Locations {
public:
  Locations(llvm::StringRef text, llvm::StringRef filename,
            mlir::MLIRContext &context);
  mlir::Location get(ast::Range range) const;
  /// The source under `range`.
  llvm::StringRef getText(ast::Range range) const;

private:
  llvm::StringRef text;
  mlir::StringAttr filename;
  std::vector<uint32_t> lineStarts;
};

/// Emits expressions at the builder's insertion point. Declarations must have
/// been given their values before they are met.
class Expressions {
public:
  /// `standard`: what a choice without a regularizer of its own means; null for
  /// what the call of the compiler says.
  Expressions(mlir::OpBuilder &builder, const Locations &locations,
              const ast::RegRef *standard)
      : builder(builder), locations(locations), standard(standard) {}

  void define(const ast::Decl *decl, mlir::Value value) {
    values[decl] = value;
  }
  void defineGraph(const ast::InputDecl *graph, mlir::Value indptr,
                   mlir::Value sources) {
    graphs[graph] = {indptr, sources};
  }
  mlir::Value lookup(const ast::Decl *decl) const { return values.at(decl); }

  /// What an equation, a let or an output is.
  mlir::Value emitBody(const ast::Expr &expr);
  mlir::Value emitFloat(const ast::Expr &expr);
  mlir::Value emitIndex(const ast::Expr &expr);
  mlir::Value emitCond(const ast::Cond &cond);
  /// Emits a dp.iterate and gives it to the binder.
  void emitBinder(const ast::Binder &binder);
  /// The bounds of a range, the upper one exclusive.
  std::pair<mlir::Value, mlir::Value> emitRange(const ast::IndexRange &range);

  mlir::Value constantIndex(mlir::Location loc, int64_t value);

private:
  mlir::Value emitRead(const ast::ReadExpr &read);
  mlir::Value emitArrayRead(const ast::ReadExpr &read);
  mlir::Value emitContains(const ast::ReadExpr &read);
  mlir::SmallVector<mlir::Value> emitIndices(const ast::ReadExpr &read);
  mlir::Value emitCall(const ast::CallExpr &call);
  mlir::Value emitPower(mlir::Location loc, const ast::BinaryExpr &power);
  mlir::Value emitBinaryFloat(const ast::BinaryExpr &binary);
  mlir::Value emitBinaryIndex(const ast::BinaryExpr &binary);
  mlir::Value emitCallIndex(const ast::CallExpr &call);
  template <typename Emit>
  mlir::Value emitIf(const ast::IfExpr &expr, mlir::Type type, Emit emit);
  mlir::Value emitChoice(const ast::ChoiceExpr &choice);
  void emitArm(const ast::Alternative &alternative);
  /// The condition under which the `?` reads of a candidate find their cells;
  /// null where it has none.
  mlir::Value emitOptionalReads(const ast::Expr &expr);
  mlir::Value emitAffine(mlir::Location loc, mlir::AffineExpr expr,
                         mlir::ValueRange operands);
  mlir::Value conjunction(mlir::Location loc, mlir::Value lhs, mlir::Value rhs);
  mlir::Value constantBool(mlir::Location loc, bool value);

  mlir::OpBuilder &builder;
  const Locations &locations;
  const ast::RegRef *standard;
  llvm::DenseMap<const ast::Decl *, mlir::Value> values;
  /// indptr and sources of each dag.
  llvm::DenseMap<const ast::InputDecl *, std::pair<mlir::Value, mlir::Value>>
      graphs;
  /// The vertex whose incoming edges an edge binder runs over.
  llvm::DenseMap<const ast::Decl *, mlir::Value> vertices;
  ast::FirstAlternatives firsts; ///< of the body
};

/// The regularizer a spec names; null for one that does not exist (Sema has
/// said so).
mlir::dp::RegularizerAttrInterface getRegularizer(llvm::StringRef name,
                                                  mlir::MLIRContext *context);

/// Sets `absence` on every table of the program from what its equations can
/// yield.
void inferAbsence(mlir::dp::ProgramOp program);

} // namespace danskin::dpgen

#endif // DANSKIN_FRONTEND_DPGENIMPL_H
