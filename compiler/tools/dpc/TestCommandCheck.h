//===- TestCommandCheck.h - comparisons and their tally ---------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_TESTCOMMANDCHECK_H
#define DANSKIN_TOOLS_DPC_TESTCOMMANDCHECK_H

#include "compiler/tools/dpc/Call.h"
#include "llvm/Support/JSON.h"
#include <set>

namespace danskin {

/// How often each thing was checked, and how it went.
class Tally {
public:
  /// `error` as a share of what is tolerated, `relative` to the results.
  void check(const std::string &what, bool holds, double error = 0,
             double relative = 0);
  void fail(const std::string &what, const std::string &message);
  void excludeNearTie(const std::string &what) { ++rows[what].nearTies; }
  /// `what` says nothing of this program or instance; said where it was never
  /// checked.
  void skip(const std::string &what, const std::string &reason);
  int countFailures() const;
  /// The largest `relative` error of all checks.
  double getLargestError() const;
  void print(llvm::raw_ostream &os) const;
  /// {"value": {"checked": 20, "failed": 0, "near_ties": 1, "worst": 0.3}}
  llvm::json::Object toJson() const;

private:
  struct Row {
    int checked = 0, failures = 0, nearTies = 0;
    double worst = 0;    ///< as a share of what is tolerated
    double relative = 0; ///< the largest error
    std::string message;
    std::string skipped; ///< why it is not applicable
  };
  std::map<std::string, Row> rows;
};

/// The sum over names of the inner products.
double inner(const reference::TensorMap &a, const reference::TensorMap &b);
/// The largest finite element, at least 1.
double getMagnitude(const reference::TensorMap &tensors);
/// The sum of all elements.
double sumElements(const reference::TensorMap &tensors);
bool areClose(double a, double b, double scale, double tolerance);
/// By at most `tolerance` of the largest, name by name of `a`; the shapes are
/// equal.
bool areNearMaps(const reference::TensorMap &a, const reference::TensorMap &b,
                 double tolerance);

/// Do both have a path, and the same?
bool haveSamePath(const Results &a, const Results &b);

/// An engine's results against the reference's. `moved` are the reference's at
/// inputs moved a little: how far they go says what may be asked for, and a
/// jump that the instance is a near tie.
void compareResults(const Results &actual, const Results &expected,
                    llvm::ArrayRef<Results> moved, bool isSingle, Tally &tally);

/// <gradient, v> is the sum of J v over the outputs, by their cotangents (1
/// where there is none). As above an instance may be a near tie.
void checkDirections(const Results &actual, const Results &expected,
                     llvm::ArrayRef<Results> moved, const ResolvedCall &call,
                     Tally &tally);

/// A batch against the same instances alone: the same bits, and 0 in the
/// padding. What is in `shared` is their sum instead.
void compareBatch(const Results &batch, llvm::ArrayRef<Results> alone,
                  const std::set<std::string> &shared, bool isSingle,
                  Tally &tally);

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_TESTCOMMANDCHECK_H
