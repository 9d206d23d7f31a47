//===- DomainsFuzzTest.cpp - proofs against enumeration -------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/analysis/Domains.h"
#include "test/analysis/Enumerate.h"
#include "test/analysis/RandomText.h"
#include "test/analysis/TestProgram.h"
#include "gtest/gtest.h"
#include <cstdlib>

using namespace danskin;

/// Sizes run up to this.
static constexpr int64_t sizeLimit = 4;

/// `N` of a witness that begins `N = 1, M = 2`.
static bool isSmall(const std::string &witness) {
  for (const char *name : {"N = ", "M = "}) {
    size_t at = witness.find(name);
    if (at == std::string::npos || std::atoi(&witness[at + 4]) > sizeLimit)
      return false;
  }
  return true;
}

/// How many random programs; more on demand.
static unsigned numPrograms() {
  const char *count = std::getenv("DANSKIN_FUZZ");
  return count ? std::atoi(count) : 400;
}

TEST(DomainsFuzz, AgreesWithEnumeration) {
  unsigned right = 0, wrong = 0, refused = 0;
  for (unsigned seed = 0; seed < numPrograms(); ++seed) {
    RandomText random = randomProgram(seed);
    TestProgram test(random.text);
    if (!test.errors.empty()) {
      ++refused;
      continue;
    }
    std::set<std::string> met;
    std::set<mlir::Operation *> failed;
    for (int64_t n = 0; n <= sizeLimit; ++n)
      for (int64_t m = 0; m <= sizeLimit + 1; ++m)
        for (unsigned draw = 0; draw < (random.hasData ? 4 : 1); ++draw) {
          Enumerator enumerator(test.program, {n, m}, seed + draw);
          if (!enumerator.run())
            continue;
          met.insert(enumerator.faults.begin(), enumerator.faults.end());
          failed.insert(enumerator.failedOptionals.begin(),
                        enumerator.failedOptionals.end());
        }
    std::set<std::string> proved;
    for (const DomainFault &fault : checkDomains(test.program)) {
      ASSERT_NE(fault.code, "E0308") << random.text;
      proved.insert(toFault(fault.code, fault.where));
      if (fault.code == "E0306") {
        // An index that was read outside has no value to speak of.
        if (random.hasData && !met.empty())
          continue;
        for (mlir::Operation *op : failed)
          EXPECT_FALSE(op->getLoc() == fault.where) << fault.message << "\n"
                                                    << random.text;
      } else if (!random.hasData && isSmall(fault.witness)) {
        EXPECT_TRUE(met.count(toFault(fault.code, fault.where)))
            << fault.code << " " << fault.message << " | " << fault.witness
            << "\n"
            << random.text;
      }
    }
    for (const std::string &fault : met)
      EXPECT_TRUE(proved.count(fault)) << fault << " was not found\n"
                                       << random.text;
    ++(met.empty() ? right : wrong);
    if (HasFailure())
      return;
  }
  // The generator must make both kinds.
  EXPECT_GT(right * 20, numPrograms());
  EXPECT_GT(wrong * 20, numPrograms());
  EXPECT_LT(refused * 2, numPrograms());
}
