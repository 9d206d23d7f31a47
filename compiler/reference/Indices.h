//===- Indices.h - integers, ranges and domains -----------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The integer half of an evaluator: sizes, binders, ranges and domains.
// Whatever it needs of the float half (a comparison of floats, a `let` used as
// an integer) it asks through two virtual functions.
//
// The first fault is kept and everything after it is harmless nonsense, so that
// no evaluation needs to look at errors; the caller asks for the fault at the
// end.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_REFERENCE_INDICES_H
#define DANSKIN_REFERENCE_INDICES_H

#include "compiler/reference/Instance.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/Twine.h"

namespace danskin::reference {

using Index = llvm::SmallVector<int64_t, 4>;

/// The indices bound around an expression, innermost last.
class Frame {
public:
  void push(const ast::Decl *binder, int64_t value) {
    bindings.push_back({binder, value});
  }
  void pop() { bindings.pop_back(); }
  const int64_t *find(const ast::Decl *binder) const;

private:
  llvm::SmallVector<std::pair<const ast::Decl *, int64_t>, 8> bindings;
};

/// The half-open interval an IndexRange stands for.
struct Interval {
  int64_t lower = 0, upper = 0;
};

/// A bounding box: element 0 of an array over it has the indices `origin`.
struct Box {
  Index origin;
  Shape shape;
  bool contains(llvm::ArrayRef<int64_t> index) const;
  int64_t flatten(llvm::ArrayRef<int64_t> index) const;
};

/// Conditions know three states: one that reads an absent cell is absent.
enum class Truth { False, True, Absent };

class Indices {
public:
  Indices(const ast::Program &program, const Instance &instance)
      : program(program), instance(instance) {}
  virtual ~Indices() = default;

  int64_t evaluateInt(const ast::Expr &expr, Frame &frame);
  Truth evaluateCond(const ast::Cond &cond, Frame &frame);
  Interval evaluateRange(const ast::IndexRange &range, Frame &frame);

  /// Calls `body` for every value of the binders, in row-major order, with the
  /// binders bound in `frame`; stops when it returns false.
  bool forEach(const ast::Binders &binders, Frame &frame,
               llvm::function_ref<bool()> body);

  /// The same for the elements of an output, with the place of each in the
  /// output's box.
  bool forEachElement(const ast::OutputDecl &output,
                      llvm::function_ref<bool(Frame &, int64_t)> body);

  /// Is the index within the binders' ranges and, for a table, its `where`?
  bool inDomain(const ast::Decl &decl, llvm::ArrayRef<int64_t> index);

  /// The smallest box that holds the ranges of the binders. A range that binds
  /// nothing gives the origin 0 and the extent 0. Each axis is that of its own
  /// range, over the values of those binders the range speaks of.
  Box getBox(const ast::Binders &binders);

  bool failed() const { return !fault.empty(); }
  const std::string &getFault() const { return fault; }

protected:
  virtual Truth compareFloats(const ast::CompareCond &cond, Frame &frame) = 0;
  virtual int64_t evaluateLetAsInt(const ast::Expr &expr, Frame &frame) = 0;

  void fail(const llvm::Twine &message) {
    if (fault.empty())
      fault = message.str();
  }
  int64_t readInt(const std::string &name, llvm::ArrayRef<int64_t> index);
  int64_t evaluateIntBinary(const ast::BinaryExpr &expr, Frame &frame);
  int64_t evaluateIntCall(const ast::CallExpr &expr, Frame &frame);
  int64_t lookUp(const ast::VarExpr &var, Frame &frame);

  const ast::Program &program;
  const Instance &instance;
  std::string fault;

private:
  bool forEachFrom(size_t first, const ast::Binders &binders, Frame &frame,
                   llvm::function_ref<bool()> body);
};

/// The range that the elements of an int input promise, at one index.
llvm::Expected<Interval> getPromise(const ast::Program &program,
                                    const Instance &instance,
                                    const ast::InputDecl &input,
                                    llvm::ArrayRef<int64_t> index);

/// The binders of a let or table.
const ast::Binders &getBinders(const ast::Decl &decl);
/// `D[1, -2]`.
std::string describeCell(llvm::StringRef name, llvm::ArrayRef<int64_t> index);

} // namespace danskin::reference

#endif // DANSKIN_REFERENCE_INDICES_H
