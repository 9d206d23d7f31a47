//===- TestCommand.cpp - dpc test: the oracles on a user's program --------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/TestCommand.h"
#include "compiler/tools/dpc/Evaluate.h"
#include "compiler/tools/dpc/TestCommandCheck.h"
#include "compiler/tools/dpc/TestCommandDraw.h"
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

static std::vector<std::string> splitList(StringRef text) {
  SmallVector<StringRef> parts;
  text.split(parts, ',', -1, /*KeepEmpty=*/false);
  std::vector<std::string> list;
  for (StringRef part : parts)
    list.push_back(part.str());
  return list;
}

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
  TestRun(const File &file, const Program &program, const TestOptions &options,
          const std::string &reg, bool isSingle)
      : file(file), program(program), options(options), reg(reg),
        isSingle(isSingle), random(options.seed) {}

  Error run(EngineFactory makeEngine) {
    if (Error error = start(makeEngine))
      return error;
    std::vector<Instance> instances;
    for (unsigned k = 0; k < options.instances; ++k) {
      Expected<Instance> instance = drawInstance(random, program);
      if (!instance)
        return instance.takeError();
      if (Error error = compare(*instance))
        return error;
      instances.push_back(std::move(*instance));
      if (instances.size() == 4) {
        if (Error error = compareBatch(instances))
          return error;
        if (Error error = compareLanes(instances.front()))
          return error;
        instances.clear();
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
    return Error::success();
  }

  ResolvedCall prepare(ResolvedCall call) const {
    call.reg = reg;
    call.isSingle = isSingle;
    call.argmax = hasPath;
    return call;
  }

  /// The engine against the reference on one instance, and what must hold
  /// between the engine's own results.
  Error compare(const Instance &instance) {
    auto directions =
        drawDirections(random, program, instance, getAllSlots(program));
    if (!directions)
      return directions.takeError();
    ResolvedCall call = prepare(makeSingle(program, instance, *directions));
    auto reference = makeReferenceEngine();
    Expected<Results> expected = reference->evaluate(call);
    if (!expected)
      return expected.takeError();
    std::vector<Results> moved;
    for (unsigned k = 0; k < 3; ++k) {
      Instance near = perturb(random, instance, isSingle ? 2e-6 : 1e-14);
      Expected<Results> result =
          reference->evaluate(prepare(makeSingle(program, near, *directions)));
      if (!result)
        return result.takeError();
      moved.push_back(std::move(*result));
    }
    Expected<Results> actual = engine->evaluate(call);
    if (!actual) {
      tally.fail("evaluates", llvm::toString(actual.takeError()));
      return Error::success();
    }
    compareResults(*actual, *expected, moved, isSingle, tally);
    checkDirections(*actual, *directions, isSingle, tally);
    if (Error error = checkSymmetry(call, *actual, *directions))
      return error;
    if (Error error = checkScaling(call, *reference))
      return error;
    return reg == "hard" ? Error::success() : checkLimit(call);
  }

  /// <u, H v> = <v, H u>.
  Error checkSymmetry(ResolvedCall call, const Results &along,
                      const TensorMap &directions) {
    auto others =
        drawDirections(random, program, getInstance(call, 0), call.wrt);
    if (!others)
      return others.takeError();
    for (auto &[name, tensor] : *others)
      call.directions[name] = {tensor, false};
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

  /// V of gamma and all floats doubled is 2 V, to the bit, wherever it is so
  /// for the reference (where the program is linear in its floats).
  Error checkScaling(ResolvedCall call, Engine &reference) {
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
    if (!expected || !*expected)
      return expected.takeError();
    Expected<bool> actual = isDoubled(*engine);
    if (!actual)
      return actual.takeError();
    tally.check("scaling by 2 exact", *actual);
    return Error::success();
  }

  /// gamma -> 0 tends to hard. Nodes that name their own regularizer keep it,
  /// so both sides have the same gamma.
  Error checkLimit(ResolvedCall call) {
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

  /// A ragged batch with poisoned padding gives what its instances give.
  Error compareBatch(ArrayRef<Instance> instances) {
    std::optional<ResolvedCall> batch = makeBatch(program, instances);
    if (!batch)
      return Error::success();
    ResolvedCall call = prepare(*batch);
    call.hvp = false;
    Expected<Results> together = engine->evaluate(call);
    if (!together) {
      tally.fail("batch = singles", llvm::toString(together.takeError()));
      return Error::success();
    }
    for (auto [number, instance] : enumerate(instances)) {
      ResolvedCall single = prepare(makeSingle(program, instance, {}));
      single.hvp = false;
      Expected<Results> alone = engine->evaluate(single);
      if (!alone)
        return alone.takeError();
      compareMember(*together, *alone, number, tally);
    }
    return Error::success();
  }

  /// Instances of equal sizes may be computed together.
  Error compareLanes(const Instance &first) {
    std::vector<Instance> instances = {first};
    while (instances.size() < 5) {
      Expected<Instance> next = drawInstance(random, program, &first.sizes);
      if (!next)
        return next.takeError();
      instances.push_back(std::move(*next));
    }
    return compareBatch(instances);
  }

  const File &file;
  const Program &program;
  const TestOptions &options;
  const std::string &reg;
  const bool isSingle;
  bool hasPath = true;
  RandomEngine random;
  std::unique_ptr<Engine> engine;
  Tally tally;
};
} // namespace

static int report(Error error) {
  errs() << "error: " << llvm::toString(std::move(error)) << "\n";
  return 1;
}

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
        TestRun run(*file, *program, *options, reg, type == "f32");
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
