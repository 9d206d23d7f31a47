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

namespace danskin {

/// How often each thing was checked, and how it went.
class Tally {
public:
  void check(const std::string &what, bool holds, double error = 0);
  void fail(const std::string &what, const std::string &message);
  void excludeNearTie(const std::string &what) { ++rows[what].nearTies; }
  int countFailures() const;
  void print(llvm::raw_ostream &os) const;
  /// {"value": {"checked": 20, "failed": 0, "near_ties": 1, "worst": 0.3}}
  llvm::json::Object toJson() const;

private:
  struct Row {
    int checked = 0, failures = 0, nearTies = 0;
    double worst = 0; ///< as a share of what is tolerated
    std::string message;
  };
  std::map<std::string, Row> rows;
};

/// The sum over names of the inner products.
double inner(const reference::TensorMap &a, const reference::TensorMap &b);
/// The largest finite element, at least 1.
double getMagnitude(const reference::TensorMap &tensors);
bool areClose(double a, double b, double scale, double tolerance);

/// An engine's results against the reference's. `moved` are the reference's at
/// inputs moved a little: how far they go says what may be asked for, and a
/// jump that the instance is a near tie.
void compareResults(const Results &actual, const Results &expected,
                    llvm::ArrayRef<Results> moved, bool isSingle, Tally &tally);

/// <gradient, v> is the sum of J v over the outputs (cotangents are 1).
void checkDirections(const Results &actual,
                     const reference::TensorMap &directions, bool isSingle,
                     Tally &tally);

/// Member `number` of a batch against the same instance alone: the same bits,
/// and 0 in the padding.
void compareMember(const Results &batch, const Results &alone, int64_t number,
                   Tally &tally);

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_TESTCOMMANDCHECK_H
