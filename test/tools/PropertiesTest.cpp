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
#include "compiler/tools/dpc/TestCommandFlow.h"
#include "compiler/tools/dpc/TestCommandLabels.h"
#include "compiler/tools/dpc/TestCommandProperties.h"
#include "compiler/tools/dpc/Verify.h"
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
    {"convex or concave", chain,
     [](Results &r, const ResolvedCall &) { scale(r.values, -1); }},
    {"convex or concave", graph,
     [](Results &r, const ResolvedCall &) { scale(r.values, -1); }},
    {"relabelling equivariant", chain,
     [](Results &r, const ResolvedCall &call) {
       add(r.values, 1e-3 * call.floats.at("emit").array.data.front());
     }},
    {"relabelling equivariant", chain,
     [](Results &r, const ResolvedCall &) {
       for (auto &[name, tensor] : r.grads)
         tensor.data.front() += 1e-3;
     }},
    {"relabelling equivariant", graph,
     [](Results &r, const ResolvedCall &call) {
       add(r.values, 1e-3 * call.floats.at("w").array.data.front());
     }},
    {"all paths enumerated", chain,
     [](Results &r, const ResolvedCall &) { add(r.values, 1e-6); }},
    {"all paths enumerated", graph,
     [](Results &r, const ResolvedCall &) { scale(r.grads, 1 + 1e-6); }},
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

/// The flow of the reference's gradients, tampered with.
Checked checkFlow(const char *text, const char *reg, Tampering fault) {
  Diagnostics diagnostics;
  auto file = parseFile(text, "test.dp", diagnostics);
  EXPECT_TRUE(file);
  const ast::Program &program = *file->programs.front();
  RandomEngine random(1);
  Checked checked;
  FlowChecker checker(checked.tally);
  CallSpec spec;
  spec.file = "test.dp";
  for (int k = 0; k < 8; ++k) {
    Instance instance = llvm::cantFail(drawInstance(random, program));
    ResolvedCall call = makeSingle(program, instance, {});
    call.reg = reg;
    if (k == 0)
      checker.prepare(
          program, getTraits(program), text, spec, call,
          [&](const ast::File &, const CallSpec &, const ResolvedCall &,
              Diagnostics &) -> llvm::Expected<std::unique_ptr<Engine>> {
            return std::make_unique<FaultyEngine>(fault);
          });
    llvm::cantFail(checker.check(call));
  }
  return checked;
}

/// Two tables, of which one is of no dimensions, masks, and ends of all kinds.
const char *const ends = R"(dp 1
program ends {
  size N >= 1, M
  input x : float[N, M]
  table A[i in 0..N, j in 0..=M] where i >= j
  table B[]
  A[i, j] when j == 0 = (x[i, j]) + max { 0 | (1) }
  A[i, 1]             = none
  A[i, j] otherwise   = if i > 3 then x[i, j-1] else min { A[i-1, j]? | (A[i-1, j-2]) - x[i, 0] }
  B[] = max { A[N-1, j]? for j in 0..=M }
  output first = B
  output all[i in 0..N] = max { A[i, 0] | B[] - 1 | 0 }
}
)";

TEST(Flow, IsConserved) {
  for (const char *text : {chain, graph, ends})
    for (const char *reg : {"hard", "entropy", "l2"}) {
      Checked checked =
          checkFlow(text, reg, [](Results &, const ResolvedCall &) {});
      EXPECT_EQ(checked.tally.countFailures(), 0) << reg;
      EXPECT_GT(checked.count("flow conserved", "checked"), 8) << reg;
    }
}

TEST(Flow, MayBeLost) {
  for (const char *part : {"cells", "leaving", "entering", "ends", ""}) {
    Checked checked =
        checkFlow(chain, "entropy", [&](Results &r, const ResolvedCall &) {
          for (auto &[name, tensor] : r.grads)
            if (llvm::StringRef(name).contains(part))
              for (double &x : tensor.data)
                x *= 1 + 1e-6;
        });
    EXPECT_GT(checked.count("flow conserved", "failed"), 0) << part;
  }
}

TEST(Flow, NeedsPaths) {
  Checked checked =
      checkFlow(general, "entropy", [](Results &, const ResolvedCall &) {});
  EXPECT_TRUE(checked.isSkipped("flow conserved"));
}

std::vector<std::string> getLabels(const std::string &items) {
  Diagnostics diagnostics;
  auto file = parseFile("dp 1\nprogram p {\n size N >= 1, S\n" + items + "}",
                        "test.dp", diagnostics);
  diagnostics.print(llvm::errs());
  EXPECT_TRUE(file);
  std::vector<std::string> names;
  for (const ast::SizeDecl *size : findLabels(*file->programs.front()))
    names.push_back(size->name);
  return names;
}

TEST(Labels, AreOnlySubscriptsAndEqual) {
  auto ofBody = [](const std::string &body) {
    return getLabels("input x : float[S, S]\n input y : int[2] in 0..S\n"
                     "output o[s in 0..S] = max { " +
                     body + " for r in 0..S }");
  };
  const std::vector<std::string> isLabel = {"S"}, isNone;
  EXPECT_EQ(ofBody("x[r, s]"), isLabel);
  EXPECT_EQ(ofBody("x[y[0], s] + x[r, r]"), isLabel);
  EXPECT_EQ(ofBody("if r == s and not (y[0] != s) then x[r, s] else 0"),
            isLabel);
  EXPECT_EQ(ofBody("x[r, s] * 0.5 * r"), isNone);
  EXPECT_EQ(ofBody("if r < s then x[r, s] else 0"), isNone);
  EXPECT_EQ(ofBody("if r == 0 then x[r, s] else 0"), isNone);
  EXPECT_EQ(ofBody("x[r, s] + S"), isNone);
  EXPECT_EQ(ofBody("x[S - 1, s] + r - r"), isNone);
  EXPECT_EQ(ofBody("sum { x[q, s] for q in r..S }"), isNone);
  EXPECT_EQ(ofBody("x[r, s] + sum { x[q, s] for q in 0..=y[0] }"), isNone);
}

TEST(Labels, OfTables) {
  const std::string input = "input x : float[N, S]\n";
  const std::vector<std::string> isLabel = {"S"}, isNone;
  auto ofTable = [&](const std::string &equations) {
    return getLabels(input + "table A[n in 0..N, s in 0..S]\n" + equations +
                     "output o = max { A[N - 1, s] for s in 0..S }\n");
  };
  EXPECT_EQ(ofTable("A[n, s] = x[n, s]\n"), isLabel);
  EXPECT_EQ(ofTable("A[n, s] when s == 0 = 1\n A[n, s] otherwise = x[n, s]\n"),
            isNone);
  EXPECT_EQ(
      ofTable("A[n, s] = x[n, s] + max { A[n-1, t]? for t in 0..S | 0 }\n"),
      isLabel);
  // Nothing of an input would change its name.
  EXPECT_EQ(getLabels("output o[s in 0..S] = 1\n"), isNone);
}

TEST(Verification, FindsErrors) {
  Diagnostics diagnostics;
  auto file = parseFile(chain, "test.dp", diagnostics);
  LibraryInterface interface;
  for (const char *name : {"value_grad", "hvp", "argmax"}) {
    EntryInterface entry;
    entry.program = "chain";
    entry.name = name;
    entry.dtype = "f64";
    interface.entries.push_back(entry);
  }
  LibraryOptions options;
  options.pipeline.floats = {"f64"};
  options.pipeline.regularizer = "entropy";
  auto verify = [&](double change) {
    FaultyEngine engine([&](Results &r, const ResolvedCall &) {
      for (auto &[name, tensor] : r.hvps)
        tensor.data.front() += change;
    });
    return verifyEngine(*file, engine, interface, options);
  };
  auto good = verify(0);
  ASSERT_TRUE(bool(good));
  EXPECT_EQ(good->instances, 64u);
  EXPECT_EQ(good->largestErrors.front().second, 0);
  auto near = verify(1e-12);
  ASSERT_TRUE(bool(near));
  EXPECT_GT(near->largestErrors.front().second, 0);
  auto bad = verify(1e-3);
  ASSERT_FALSE(bool(bad));
  EXPECT_NE(llvm::toString(bad.takeError()).find("hvp"), std::string::npos);
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
