//===- Zoo.h - the recurrences that schedules are tested on -----*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TEST_SCHEDULE_ZOO_H
#define DANSKIN_TEST_SCHEDULE_ZOO_H

#include "test/schedule/TestProblem.h"

namespace danskin::test {

Problem dtw();
Problem threeSequences();
Problem gotoh();      ///< affine gaps: H, E, F
Problem cky();        ///< spans of a binary grammar
Problem unaryRules(); ///< cky with unary rules to larger symbols
Problem nussinov();
Problem viterbi();
Problem valueIteration();
Problem dag();      ///< vertices in topological order
Problem hops();     ///< paths by number of edges over a DAG
Problem eisner();   ///< dependency parsing, four tables
Problem backward(); ///< time runs backwards
Problem mutual(unsigned numTables);
Problem zuker();   ///< two tables by span, one by prefix
Problem sankoff(); ///< rank four, two pairs of ends
Problem semimarkov();
Problem oneStepSkew(); ///< reads (i - 1, j + 1) and (i, j - 1)
Problem normalized();  ///< a reduction within each step
Problem forwardBackward();
Problem parity();      ///< even cells read the odd cell above
Problem stride();      ///< cells read multiples of their index
Problem half();        ///< cells read fractions of their index
Problem gaussSeidel(); ///< a sweep that reads its own step
Problem scalars();     ///< tables without dims, and an empty one

struct NamedProblem {
  const char *name;
  Problem problem;
};
std::vector<NamedProblem> zoo();

} // namespace danskin::test

#endif // DANSKIN_TEST_SCHEDULE_ZOO_H
