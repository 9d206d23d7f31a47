//===- PropertiesTest.cpp - every property can fail -----------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The reference keeps every property; an engine that is wrong in one way breaks
// the one that looks there.
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/Evaluate.h"
#include "compiler/tools/dpc/TestCommandDraw.h"
#include "compiler/tools/dpc/TestCommandProperties.h"
#include "gtest/gtest.h"
#include <cmath>
#include <functional>

using namespace danskin;
using namespace danskin::reference;

namespace {

const char *const chain = R"(dp 1
program chain {
  size T >= 2, S >= 2
  input emit  : float[T, S]
  input trans : float[S, S]
  table A[t in 0..T, s in 0..S]
  A[0, s]           = emit[0, s]
  A[t, s] otherwise = emit[t, s] + max { A[t-1, r] + trans[r, s] for r in 0..S }
  output score = max { A[T-1, s] for s in 0..S }
}
)";

const char *const graph = R"(dp 1
program graph {
  size V >= 3, E >= 2
  input g : dag[V, E]
  input w : float[E]
  table D[v in 0..V]
  D[0]           = 0
  D[v] otherwise = min { D[g.src(e)] + w[e] for e in g.in(v) }
  output all[v in 0..V] = D[v]
}
)";

const char *const general = R"(dp 1
program general {
  size T >= 1
  input x : float[T]
  table A[t in 0..T]
  A[0]           = x[0]
  A[t] otherwise = max { exp(A[t-1]) - x[t] | min { A[t-1]^2 | 3 } }
  output score = A[T-1]
}
)";

using Tampering = std::function<void(Results &, const ResolvedCall &)>;

class FaultyEngine : public Engine {
public:
  explicit FaultyEngine(Tampering fault) : fault(std::move(fault)) {}
  llvm::Expected<Results> evaluate(const ResolvedCall &call) override {
    llvm::Expected<Results> results = makeReferenceEngine()->evaluate(call);
    if (results)
      fault(*results, call);
    return results;
  }

private:
  Tampering fault;
};

struct Checked {
  Tally tally;
  int64_t count(const char *what, const char *member) const {
    llvm::json::Object all = tally.toJson();
    const llvm::json::Object *row = all.getObject(what);
    return row ? row->getInteger(member).value_or(-1) : -1;
  }
  bool isSkipped(const char *what) const {
    llvm::json::Object all = tally.toJson();
    const llvm::json::Object *row = all.getObject(what);
    return row && row->getString("not_applicable");
  }
};

Checked check(const char *text, const char *reg, Tampering fault) {
  Diagnostics diagnostics;
  auto file = parseFile(text, "test.dp", diagnostics);
  EXPECT_TRUE(file);
  const ast::Program &program = *file->programs.front();
  ProgramTraits traits = getTraits(program);
  RandomEngine random(1);
  FaultyEngine engine(std::move(fault));
  Checked checked;
  PropertyChecker checker(program, traits, engine, random, checked.tally);
  for (int k = 0; k < 8; ++k) {
    Instance instance = llvm::cantFail(drawInstance(random, program));
    ResolvedCall call = makeSingle(program, instance, {});
    call.reg = reg;
    llvm::cantFail(checker.check(call));
  }
  return checked;
}

void scale(TensorMap &tensors, double factor) {
  for (auto &[name, tensor] : tensors)
    for (double &x : tensor.data)
      x *= factor;
}

void add(TensorMap &tensors, double term) {
  for (auto &[name, tensor] : tensors)
    for (double &x : tensor.data)
      x += term;
}

bool hasInfinity(const ResolvedCall &call) {
  for (const auto &[name, floats] : call.floats)
    for (double x : floats.array.data)
      if (std::isinf(x))
        return true;
  return false;
}

struct Case {
  const char *what, *program;
  Tampering fault;
};

const Case cases[] = {
    {"Euler", chain,
     [](Results &r, const ResolvedCall &) { scale(r.grads, 1.01); }},
    {"E has the signs of weights", chain,
     [](Results &r, const ResolvedCall &) { scale(r.grads, -1); }},
    {"0 <= E <= 1", chain,
     [](Results &r, const ResolvedCall &) { add(r.grads, 1); }},
    {"0 <= E <= 1", graph,
     [](Results &r, const ResolvedCall &) { scale(r.grads, -1); }},
    {"monotone", chain,
     [](Results &r, const ResolvedCall &) { scale(r.values, -1); }},
    {"HVP semidefinite", chain,
     [](Results &r, const ResolvedCall &) { scale(r.hvps, -1); }},
    {"HVP semidefinite", graph,
     [](Results &r, const ResolvedCall &) { scale(r.hvps, -1); }},
    {"bounds", chain,
     [](Results &r, const ResolvedCall &) { add(r.values, -1); }},
    {"weight -inf = deleted", chain,
     [](Results &r, const ResolvedCall &call) {
       if (hasInfinity(call))
         add(r.grads, 1e-6);
     }},
    {"edge -inf = deleted", graph,
     [](Results &r, const ResolvedCall &call) {
       add(r.values, 0.1 * double(call.sizes.at("E")));
     }},
    {"shift", chain,
     [](Results &r, const ResolvedCall &) { scale(r.values, 1.1); }},
    {"sum E = path length", chain,
     [](Results &r, const ResolvedCall &) { scale(r.grads, 1.1); }},
    {"gauge", chain,
     [](Results &r, const ResolvedCall &) { add(r.hvps, 1e-3); }},
};

TEST(Properties, HoldForTheReference) {
  for (const char *reg : {"hard", "entropy", "l2"})
    for (const Case &each : cases) {
      Checked checked =
          check(each.program, reg, [](Results &, const ResolvedCall &) {});
      EXPECT_EQ(checked.tally.countFailures(), 0) << each.what << " " << reg;
      EXPECT_GT(checked.count(each.what, "checked"), 0) << each.what;
    }
}

TEST(Properties, CanFail) {
  for (const Case &each : cases) {
    Checked checked = check(each.program, "entropy", each.fault);
    EXPECT_GT(checked.count(each.what, "failed"), 0) << each.what;
  }
}

TEST(Properties, SayWhereTheyDoNotApply) {
  Checked checked =
      check(general, "entropy", [](Results &, const ResolvedCall &) {});
  for (const Case &each : cases)
    EXPECT_TRUE(checked.isSkipped(each.what)) << each.what;
  EXPECT_EQ(checked.tally.countFailures(), 0);
}

TEST(Traits, OfAChain) {
  Diagnostics diagnostics;
  auto file = parseFile(chain, "chain.dp", diagnostics);
  ProgramTraits traits = getTraits(*file->programs.front());
  EXPECT_TRUE(traits.isLinear && traits.isMaxOnly && traits.isChain);
  EXPECT_FALSE(traits.isMinOnly || traits.amplifies);
  EXPECT_EQ(traits.degree, 1.0);
  EXPECT_EQ(traits.metOnce, std::set<std::string>{"emit"});
  EXPECT_EQ(traits.getSign("trans"), 1);
}

TEST(Batches, AreComparedToTheBit) {
  auto results = [](std::vector<double> hvp) {
    Results r;
    r.hvps["x"] = Tensor(hvp.size() == 1 ? Shape{} : Shape{2});
    r.hvps["x"].data = std::move(hvp);
    return r;
  };
  auto failures = [&](std::vector<double> batch, std::set<std::string> shared) {
    Tally tally;
    std::vector<Results> alone;
    alone.push_back(results({1}));
    alone.push_back(results({2}));
    compareBatch(results(std::move(batch)), alone, shared, false, tally);
    return tally.countFailures();
  };
  EXPECT_EQ(failures({1, 2}, {}), 0);
  EXPECT_EQ(failures({1, 2 + 1e-15}, {}), 1);
  EXPECT_EQ(failures({3}, {"x"}), 0);
  EXPECT_EQ(failures({3 + 1e-12}, {"x"}), 1);
}

} // namespace
