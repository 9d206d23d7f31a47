//===- TestCommandRun.cpp - one regularizer and type ---------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/TestCommandRun.h"
#include "compiler/tools/dpc/Evaluate.h"
#include "compiler/tools/dpc/TestCommandDraw.h"
#include "compiler/tools/dpc/TestCommandFlow.h"
#include "compiler/tools/dpc/TestCommandProperties.h"
#include "compiler/tools/dpc/TestCommandReference.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace llvm;
using namespace danskin;
using namespace danskin::ast;
using namespace danskin::reference;

namespace {
/// One program under one regularizer and type.
class TestRun {
public:
  TestRun(const TestSubject &subject, const TestOptions &options,
          std::set<std::string> &said, Tally &tally)
      : subject(subject), program(subject.program), options(options),
        reg(subject.reg), isSingle(subject.isSingle), said(said),
        traits(getTraits(program)), random(options.seed), tally(tally),
        flow(tally) {}

  Error run(EngineFactory makeEngine) {
    if (Error error = start(makeEngine))
      return error;
    PropertyChecker properties(program, traits, *engine, random, tally);
    std::vector<Member> members;
    for (unsigned k = 0; k < options.instances; ++k) {
      Expected<Member> member = drawMember();
      if (!member)
        return member.takeError();
      if (k % 2 == 0) {
        ResolvedCall call = prepare(makeSingle(program, member->instance, {}));
        if (Error error = properties.check(call))
          return error;
        if (Error error = flow.check(call))
          return error;
      }
      Mood mood = Mood(k % 4);
      if (!setMood(random, mood, program, traits, member->instance))
        mood = Mood::Plain;
      // The derivative in gamma is that of a difference of such numbers.
      if (mood == Mood::Large)
        member->directions["gamma"] = Tensor();
      if (Error error = compare(*member, mood, k % 2))
        return error;
      members.push_back(std::move(*member));
      if (members.size() == 4) {
        if (Error error = compareGroup(members, {}))
          return error;
        if (Error error = compareLanes(members.front(), k == 3 ? 19 : 5))
          return error;
        members.clear();
      }
    }
    return Error::success();
  }

private:
  Error start(EngineFactory makeEngine) {
    Expected<Instance> instance = drawInstance(random, program);
    if (!instance)
      return instance.takeError();
    CallSpec spec;
    spec.engineOptions = options.engineOptions;
    spec.file = options.file;
    spec.program = program.name;
    spec.reg = reg;
    spec.dtype = isSingle ? "f32" : "f64";
    spec.wrt = getAllSlots(program);
    spec.entries = {"value", "grad", "hvp", "argmax"};
    ResolvedCall sample = prepare(makeSingle(program, *instance, {}));
    Diagnostics diagnostics;
    diagnostics.addSource(options.file, subject.text);
    auto made = makeEngine(subject.file, spec, sample, diagnostics);
    if (!made) {
      std::string first = llvm::toString(made.takeError());
      Diagnostics again;
      again.addSource(options.file, subject.text);
      hasPath = sample.argmax = false;
      spec.entries.pop_back();
      made = makeEngine(subject.file, spec, sample, again);
      if (!made) {
        printOnce(again);
        return made.takeError();
      }
    }
    engine = std::move(*made);
    if (!subject.hasFlow)
      return Error::success();
    // It is not about how code is optimized.
    spec.engineOptions.insert(spec.engineOptions.end(), {"-O0", "--lanes=1"});
    flow.prepare(program, traits, subject.text, std::move(spec),
                 std::move(sample), makeEngine);
    return Error::success();
  }

  void printOnce(const Diagnostics &diagnostics) {
    std::string text;
    raw_string_ostream os(text);
    diagnostics.print(os);
    if (said.insert(text).second)
      errs() << text;
  }

  ResolvedCall prepare(ResolvedCall call) const {
    call.reg = reg;
    call.isSingle = isSingle;
    call.argmax = hasPath;
    return call;
  }

  Expected<Member> drawMember(const SizeMap *sizes = nullptr) {
    Expected<Instance> instance = drawInstance(random, program, sizes);
    if (!instance)
      return instance.takeError();
    auto directions =
        drawDirections(random, program, *instance, getAllSlots(program));
    if (!directions)
      return directions.takeError();
    auto cotangents = drawCotangents(random, program, *instance);
    if (!cotangents)
      return cotangents.takeError();
    return Member{std::move(*instance), std::move(*directions),
                  std::move(*cotangents)};
  }

  ResolvedCall makeCall(const Member &member, bool withCotangents) const {
    ResolvedCall call =
        prepare(makeSingle(program, member.instance, member.directions));
    if (withCotangents)
      for (const auto &[name, tensor] : member.cotangents)
        call.cotangents[name] = {tensor, false};
    return call;
  }

  /// The engine against the reference on one instance, and what must hold
  /// between the engine's own results.
  Error compare(const Member &member, Mood mood, bool withCotangents) {
    const TensorMap &directions = member.directions;
    ResolvedCall call = makeCall(member, withCotangents);
    auto reference = makeReferenceEngine();
    // Where arithmetic is exact and a tie is taken by its first, nothing moves.
    bool isExact = mood == Mood::Ties && traits.isExact && reg == "hard";
    auto actual = compareToReference(*engine, *reference, call, isExact ? 0 : 3,
                                     random, tally);
    if (!actual)
      return actual.takeError();
    if (!*actual)
      return Error::success();
    if (Error error = checkSymmetry(call, **actual, directions))
      return error;
    if (Error error = checkScaling(call, *reference))
      return error;
    return checkLimit(call);
  }

  /// <u, H v> = <v, H u>.
  Error checkSymmetry(ResolvedCall call, const Results &along,
                      const TensorMap &directions) {
    auto others =
        drawDirections(random, program, getInstance(call, 0), call.wrt);
    if (!others)
      return others.takeError();
    for (auto &[name, tensor] : *others) {
      if (name == "gamma" && directions.at(name).data.front() == 0)
        tensor = Tensor();
      call.directions[name] = {tensor, false};
    }
    Expected<Results> across = engine->evaluate(call);
    if (!across)
      return across.takeError();
    tally.check("HVP symmetric",
                areClose(inner(along.hvps, *others),
                         inner(across->hvps, directions),
                         getMagnitude(along.hvps) + getMagnitude(across->hvps),
                         isSingle ? 1e-3 : 1e-9));
    return Error::success();
  }

  /// V of gamma and all floats doubled is 2 V, to the bit, where the program is
  /// of degree 1 in its floats and it is so for the reference.
  Error checkScaling(ResolvedCall call, Engine &reference) {
    if (traits.degree != 1.0) {
      tally.skip("scaling by 2 exact", "the value is not of degree 1");
      return Error::success();
    }
    call.grad = call.hvp = call.argmax = false;
    ResolvedCall doubled = call;
    for (auto &[name, floats] : doubled.floats)
      for (double &x : floats.array.data)
        x *= 2;
    doubled.gamma.array.data[0] *= 2;
    auto isDoubled = [&](Engine &engine) -> Expected<bool> {
      Expected<Results> once = engine.evaluate(call);
      if (!once)
        return once.takeError();
      Expected<Results> twice = engine.evaluate(doubled);
      if (!twice)
        return twice.takeError();
      for (auto &[name, tensor] : once->values)
        for (auto [a, b] : zip_equal(tensor.data, twice->values[name].data))
          if (!(2 * a == b) && !(std::isnan(a) && std::isnan(b)))
            return false;
      return true;
    };
    Expected<bool> expected = isDoubled(reference);
    if (!expected)
      return expected.takeError();
    if (!*expected) {
      tally.skip("scaling by 2 exact", "the reference does not scale");
      return Error::success();
    }
    Expected<bool> actual = isDoubled(*engine);
    if (!actual)
      return actual.takeError();
    tally.check("scaling by 2 exact", *actual);
    return Error::success();
  }

  /// gamma -> 0 tends to hard. Nodes that name their own regularizer keep it,
  /// so both sides have the same gamma.
  Error checkLimit(ResolvedCall call) {
    if (reg == "hard") {
      tally.skip("small gamma near hard", "hard has no gamma");
      return Error::success();
    }
    call.grad = call.hvp = call.argmax = false;
    call.gamma.array.data[0] = 1e-5;
    Expected<Results> small = engine->evaluate(call);
    if (!small)
      return small.takeError();
    call.reg = "hard";
    Expected<Results> hard = makeReferenceEngine()->evaluate(call);
    if (!hard)
      return hard.takeError();
    for (auto &[name, tensor] : hard->values)
      for (auto [a, b] : zip_equal(tensor.data, small->values[name].data))
        tally.check("small gamma near hard",
                    a == b || std::isnan(a) ||
                        std::fabs(a - b) <= 1e-2 * (1 + std::fabs(a)));
    return Error::success();
  }

  /// A ragged batch with poisoned padding gives what its instances give, and
  /// the sum of that for what comes without a batch axis.
  Error compareGroup(ArrayRef<Member> members,
                     const std::set<std::string> &shared) {
    std::optional<ResolvedCall> batch = makeBatch(program, members, shared);
    if (!batch)
      return Error::success();
    Expected<Results> together = engine->evaluate(prepare(*batch));
    if (!together) {
      tally.fail("batch = singles", llvm::toString(together.takeError()));
      return Error::success();
    }
    std::vector<Results> alone;
    for (const Member &member : members) {
      Expected<Results> results = engine->evaluate(makeCall(member, true));
      if (!results)
        return results.takeError();
      alone.push_back(std::move(*results));
    }
    compareBatch(*together, alone, shared, isSingle, tally);
    return Error::success();
  }

  /// Instances of equal sizes may be computed together.
  Error compareLanes(const Member &first, size_t count) {
    std::vector<Member> members = {first};
    while (members.size() < count) {
      Expected<Member> next = drawMember(&first.instance.sizes);
      if (!next)
        return next.takeError();
      members.push_back(std::move(*next));
    }
    if (Error error = compareGroup(members, {}))
      return error;
    // The same with inputs in common: those that are declared so, or the first.
    std::set<std::string> shared = getShared();
    if (shared.empty()) {
      tally.skip("shared = sum of singles", "there is no float input");
      return Error::success();
    }
    for (Member &member : members)
      for (const std::string &name : shared) {
        member.instance.floats[name] = first.instance.floats.at(name);
        member.directions[name] = first.directions.at(name);
      }
    return compareGroup(members, shared);
  }

  std::set<std::string> getShared() const {
    std::set<std::string> names;
    for (const auto &input : program.inputs)
      if (input->element == InputDecl::Float && input->shared)
        names.insert(input->name);
    for (const auto &input : program.inputs)
      if (input->element == InputDecl::Float && names.empty())
        names.insert(input->name);
    return names;
  }

  const TestSubject &subject;
  const Program &program;
  const TestOptions &options;
  const std::string &reg;
  const bool isSingle;
  std::set<std::string> &said;
  const ProgramTraits traits;
  bool hasPath = true;
  RandomEngine random;
  std::unique_ptr<Engine> engine;
  Tally &tally;
  FlowChecker flow;
};
} // namespace

Error danskin::runTests(const TestSubject &subject, const TestOptions &options,
                        EngineFactory makeEngine, std::set<std::string> &said,
                        Tally &tally) {
  return TestRun(subject, options, said, tally).run(makeEngine);
}
