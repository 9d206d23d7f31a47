//===- Enumerate.h - the static checks by running over everything *- C++ -*===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An oracle for checkDomains: at given sizes it visits every cell and every
// candidate and looks at what is read. It shares no code with the proofs.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TEST_ANALYSIS_ENUMERATE_H
#define DANSKIN_TEST_ANALYSIS_ENUMERATE_H

#include "dialects/dp/Dp.h"
#include <map>
#include <set>
#include <string>
#include <vector>

namespace danskin {

/// `E0301 loc("test.dp":3:5)`.
std::string toFault(llvm::StringRef code, mlir::Location where);

class Enumerator {
public:
  using Cell = std::vector<int64_t>;

  /// `seed` draws the values of integer inputs.
  Enumerator(mlir::dp::ProgramOp program, const std::vector<int64_t> &sizes,
             unsigned seed);

  /// Visits everything; false if the sizes break an assumption or an integer
  /// input has an empty range.
  bool run();

  /// Code and place (see toFault) of each fault met.
  std::set<std::string> faults;
  /// `?` reads that once were outside where their candidate's guards hold.
  std::set<mlir::Operation *> failedOptionals;

private:
  using Next = llvm::function_ref<void()>;
  void runBlock(mlir::Block &block, Next atYield);
  void runFrom(mlir::Block::iterator op, mlir::Block::iterator end,
               Next atYield, bool dropped);
  void noteFailedOptionals(mlir::Block &block);
  void evaluate(mlir::Operation *op);
  int64_t evaluateRead(mlir::dp::ReadOp read);
  int64_t get(mlir::Value value) { return values.at(value); }
  Cell getAll(mlir::ValueRange range);
  bool collectDomain(mlir::dp::TableOp table);
  bool fillInput(mlir::dp::InputOp input);
  void checkTable(mlir::dp::TableOp table);
  bool applies(mlir::dp::EquationOp equation, const Cell &cell);
  void fault(llvm::StringRef code, mlir::Location where) {
    if (!poisoned)
      faults.insert(toFault(code, where));
  }

  mlir::dp::ProgramOp program;
  /// An integer was read outside: what follows from it says nothing.
  bool poisoned = false;
  std::vector<int64_t> sizes;
  unsigned seed;
  /// Of index and i1 values; what is read outside is 0.
  std::map<void *, int64_t> storage;
  struct Values {
    std::map<void *, int64_t> &storage;
    int64_t &operator[](mlir::Value value) {
      return storage[value.getAsOpaquePointer()];
    }
    int64_t at(mlir::Value value) {
      return storage.at(value.getAsOpaquePointer());
    }
  } values{storage};
  std::map<mlir::Operation *, std::set<Cell>> domains;
  std::map<mlir::Operation *, std::map<Cell, int64_t>> data;
  std::map<mlir::Operation *, Cell> extents;
};

} // namespace danskin

#endif // DANSKIN_TEST_ANALYSIS_ENUMERATE_H
