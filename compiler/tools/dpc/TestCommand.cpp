//===- TestCommand.cpp - dpc test: the oracles on a user's program --------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/TestCommand.h"
#include "compiler/tools/dpc/CommandLine.h"
#include "compiler/tools/dpc/Evaluate.h"
#include "compiler/tools/dpc/TestCommandCheck.h"
#include "compiler/tools/dpc/TestCommandDraw.h"
#include "compiler/tools/dpc/TestCommandFlow.h"
#include "compiler/tools/dpc/TestCommandProperties.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace danskin;
using namespace danskin::ast;
using namespace danskin::reference;

namespace {
struct TestOptions {
  std::string file, program;
  unsigned instances = 20;
  uint64_t seed = 1;
  std::vector<std::string> regs = {"hard", "entropy", "l2"};
  std::vector<std::string> types = {"f64", "f32"};
  std::vector<std::string> engineOptions; ///< what is left: -O0, --form=...
  bool json = false;
};
} // namespace

static Expected<TestOptions> parseOptions(ArrayRef<const char *> arguments) {
  TestOptions options;
  for (size_t k = 0; k < arguments.size(); ++k) {
    StringRef argument = arguments[k];
    bool isNumber = true;
    if (argument.consume_front("--instances="))
      isNumber = !argument.getAsInteger(10, options.instances);
    else if (argument.consume_front("--seed="))
      isNumber = !argument.getAsInteger(10, options.seed);
    else if (argument.consume_front("--reg="))
      options.regs = splitList(argument);
    else if (argument.consume_front("--float="))
      options.types = splitList(argument);
    else if (argument.consume_front("--program="))
      options.program = argument.str();
    else if (argument == "--format=json" || argument == "--format=text")
      options.json = argument.ends_with("json");
    else if (argument == "--program" && k + 1 < arguments.size())
      options.program = arguments[++k];
    else if (argument.starts_with("-"))
      options.engineOptions.push_back(argument.str());
    else if (!options.file.empty())
      return reference::makeError("unknown argument `" + argument + "`");
    else
      options.file = argument.str();
    if (!isNumber)
      return reference::makeError("`" + argument + "` is no number");
  }
  for (const std::string &type : options.types)
    if (type != "f32" && type != "f64")
      return reference::makeError("there is no type `" + type + "`");
  if (options.file.empty())
    return reference::makeError("no program file is given");
  return options;
}

namespace {
/// One program under one regularizer and type.
class TestRun {
public:
  TestRun(const File &file, StringRef text, const Program &program,
          const TestOptions &options, const std::string &reg, bool isSingle)
      : file(file), text(text), program(program), options(options), reg(reg),
        isSingle(isSingle), traits(getTraits(program)), random(options.seed) {}

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

  const Tally &getTally() const { return tally; }

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
    auto made = makeEngine(file, spec, sample, diagnostics);
    if (!made) {
      std::string first = llvm::toString(made.takeError());
      Diagnostics again;
      hasPath = sample.argmax = false;
      spec.entries.pop_back();
      made = makeEngine(file, spec, sample, again);
      if (!made) {
        again.print(errs());
        return made.takeError();
      }
    }
    engine = std::move(*made);
    // It is not about how code is optimized.
    spec.engineOptions.insert(spec.engineOptions.end(), {"-O0", "--lanes=1"});
    flow.prepare(program, traits, text, std::move(spec), std::move(sample),
                 makeEngine);
    return Error::success();
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

  /// The reference at inputs that are moved a little. Where arithmetic is exact
  /// and a tie is taken by its first, nothing is.
  Expected<std::vector<Results>> moveReference(Engine &reference,
                                               const Member &member, Mood mood,
                                               bool withCotangents) {
    std::vector<Results> moved;
    bool isExact = mood == Mood::Ties && traits.isExact && reg == "hard";
    for (unsigned k = 0; k < (isExact ? 0 : 3); ++k) {
      Member near = member;
      near.instance = perturb(random, member.instance, isSingle ? 2e-6 : 1e-14);
      Expected<Results> result =
          reference.evaluate(makeCall(near, withCotangents));
      if (!result)
        return result.takeError();
      moved.push_back(std::move(*result));
    }
    return moved;
  }

  /// The engine against the reference on one instance, and what must hold
  /// between the engine's own results.
  Error compare(const Member &member, Mood mood, bool withCotangents) {
    const TensorMap &directions = member.directions;
    ResolvedCall call = makeCall(member, withCotangents);
    auto reference = makeReferenceEngine();
    Expected<Results> expected = reference->evaluate(call);
    if (!expected)
      return expected.takeError();
    auto moved = moveReference(*reference, member, mood, withCotangents);
    if (!moved)
      return moved.takeError();
    Expected<Results> actual = engine->evaluate(call);
    if (!actual) {
      tally.fail("evaluates", llvm::toString(actual.takeError()));
      return Error::success();
    }
    compareResults(*actual, *expected, *moved, isSingle, tally);
    checkDirections(*actual, directions,
                    withCotangents ? member.cotangents : TensorMap(), isSingle,
                    tally);
    if (Error error = checkSymmetry(call, *actual, directions))
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

  const File &file;
  const StringRef text;
  const Program &program;
  const TestOptions &options;
  const std::string &reg;
  const bool isSingle;
  const ProgramTraits traits;
  bool hasPath = true;
  RandomEngine random;
  std::unique_ptr<Engine> engine;
  Tally tally;
  FlowChecker flow{tally};
};
} // namespace

int danskin::testCommand(ArrayRef<const char *> arguments,
                         EngineFactory makeEngine) {
  Expected<TestOptions> options = parseOptions(arguments);
  if (!options)
    return report(options.takeError());
  auto buffer = MemoryBuffer::getFile(options->file);
  if (!buffer)
    return report(reference::makeError("`" + options->file +
                                       "`: " + buffer.getError().message()));
  Diagnostics diagnostics;
  std::unique_ptr<File> file =
      parseFile((*buffer)->getBuffer(), options->file, diagnostics);
  diagnostics.print(errs());
  if (!file)
    return 1;
  int failures = 0;
  bool found = false;
  json::Array runs;
  for (const auto &program : file->programs) {
    if (!options->program.empty() && program->name != options->program)
      continue;
    found = true;
    for (const std::string &reg : options->regs)
      for (const std::string &type : options->types) {
        if (!options->json)
          outs() << program->name << " " << reg << " " << type << "\n";
        TestRun run(*file, (*buffer)->getBuffer(), *program, *options, reg,
                    type == "f32");
        if (Error error = run.run(makeEngine)) {
          failures += report(std::move(error));
          continue;
        }
        if (!options->json)
          run.getTally().print(outs());
        failures += run.getTally().countFailures();
        runs.push_back(json::Object{{"program", program->name},
                                    {"reg", reg},
                                    {"float", type},
                                    {"checks", run.getTally().toJson()}});
      }
  }
  if (!found)
    return report(
        reference::makeError("there is no program `" + options->program + "`"));
  if (options->json)
    outs() << json::Value(json::Object{{"failed", failures},
                                       {"seed", options->seed},
                                       {"instances", options->instances},
                                       {"runs", std::move(runs)}})
           << "\n";
  else
    outs() << (failures ? "FAILED: " + std::to_string(failures) + " failures"
                        : std::string("passed"))
           << " (seed " << options->seed << ", " << options->instances
           << " instances)\n";
  return failures != 0;
}
