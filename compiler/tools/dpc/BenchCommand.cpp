//===- BenchCommand.cpp - dpc bench: how fast a program is ----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/BenchCommand.h"
#include "compiler/pipeline/Compiler.h"
#include "compiler/tools/dpc/BenchOptions.h"
#include "compiler/tools/dpc/CommandLine.h"
#include "compiler/tools/dpc/CompiledEngine.h"
#include "compiler/tools/dpc/TestCommandDraw.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <ctime>

using namespace llvm;
using namespace danskin;
using namespace danskin::ast;
using namespace danskin::reference;

namespace {
struct Timing {
  std::string entry;
  double seconds = 0; ///< the median of one call
  unsigned samples = 0;
};

/// Of an instance whose sizes nobody chose: hundredths of a second.
static constexpr double mostCandidates = 1 << 24;

class BenchRun {
public:
  BenchRun(const File &file, const Program &program,
           const BenchOptions &options)
      : file(file), program(program), options(options),
        random(options.spec.seed) {}

  Error run(StringRef text) {
    if (Error error = setSizes(text))
      return error;
    for (auto step : {&BenchRun::drawCall, &BenchRun::makeEngine})
      if (Error error = (this->*step)())
        return error;
    for (const std::string &entry : options.spec.entries)
      if (isWanted(entry))
        if (Error error = measure(entry))
          return error;
    return Error::success();
  }

  void print(raw_ostream &os) const;
  json::Object toJson() const;

private:
  /// A size that is not given is 64, or less where a call would take seconds.
  Error setSizes(StringRef text) {
    std::map<std::string, int64_t> given = options.sizes;
    std::vector<std::string> free;
    for (const auto &size : program.sizes) {
      auto found = given.find(size->name);
      sizes[size->name] = found == given.end() ? 64 : found->second;
      if (found != given.end())
        given.erase(found);
      else
        free.push_back(size->name);
    }
    if (auto found = given.find("B"); found != given.end()) {
      batch = found->second;
      given.erase(found);
    }
    if (!given.empty())
      return reference::makeError("`" + program.name + "` has no size `" +
                                  given.begin()->first + "`");
    batch = options.batch.value_or(batch);
    if (batch < 1)
      return reference::makeError("a batch of " + Twine(batch));
    if (Error error = checkSizes(program, sizes))
      return error;
    countCandidates(text, free);
    return Error::success();
  }

  /// A batch of one is a call without one.
  Error drawCall() {
    std::vector<std::string> wrt = getWrt();
    std::vector<Member> members(batch);
    for (Member &member : members) {
      Expected<Instance> instance = drawInstance(random, program, &sizes);
      if (!instance)
        return instance.takeError();
      auto directions = drawDirections(random, program, *instance, wrt);
      if (!directions)
        return directions.takeError();
      member.instance = std::move(*instance);
      member.instance.gamma = options.gamma;
      member.directions = std::move(*directions);
    }
    if (batch == 1) {
      call = makeSingle(program, members[0].instance, members[0].directions);
    } else {
      std::set<std::string> shared;
      for (const auto &input : program.inputs)
        if (input->shared)
          shared.insert(input->name);
      auto made = makeBatch(program, members, shared);
      if (!made)
        return reference::makeError("the instances do not make a batch");
      call = std::move(*made);
      // All are of one size, and have one gamma.
      call.lengths.clear();
      call.sizes = sizes;
      call.gamma = {Tensor(), false};
      call.gamma.array.data = {options.gamma};
    }
    call.wrt = wrt;
    call.reg = options.spec.reg;
    call.isSingle = options.spec.dtype == "f32";
    call.value = isWanted("value");
    call.grad = isWanted("grad");
    call.hvp = isWanted("hvp");
    call.argmax = isWanted("argmax");
    return Error::success();
  }

  std::vector<std::string> getWrt() const {
    if (options.spec.wrt)
      return *options.spec.wrt;
    std::vector<std::string> names;
    for (const auto &input : program.inputs)
      if (input->element == InputDecl::Float)
        names.push_back(input->name);
    return names;
  }

  bool isWanted(StringRef entry) const {
    return is_contained(options.spec.entries, entry.str()) &&
           !(entry == "argmax" && hasNoPath);
  }

  /// A program of the general class has no path.
  Error makeEngine() {
    for (bool isLast : {false, true}) {
      Diagnostics diagnostics;
      auto made = makeNativeEngine(file, options.spec, call, diagnostics);
      if (made) {
        engine = std::move(*made);
        return Error::success();
      }
      if (isLast || !call.argmax) {
        diagnostics.print(errs());
        return made.takeError();
      }
      consumeError(made.takeError());
      hasNoPath = true;
      call.argmax = false;
    }
    return Error::success();
  }

  /// Halves the sizes in `free` while there are too many candidates.
  void countCandidates(StringRef text, ArrayRef<std::string> free) {
    Diagnostics diagnostics;
    Compiler compiler(diagnostics);
    auto module = compiler.generate(program, text, options.spec.file, {});
    if (!module)
      return;
    std::optional<ProgramReport> report = compiler.report(*module);
    if (!report || !report->cost.exact)
      return;
    auto count = [&] {
      std::vector<int64_t> point;
      for (const std::string &name : report->sizes)
        point.push_back(sizes.at(name));
      auto found = report->cost.exact->evaluate(point);
      return double(int64_t(found.num)) / double(int64_t(found.den));
    };
    candidates = count();
    while (!free.empty() && *candidates > mostCandidates) {
      SizeMap larger = sizes;
      for (const std::string &name : free)
        sizes[name] = (sizes[name] + 1) / 2;
      // No size is smaller than the program allows, or than one.
      if (sizes == larger || errorToBool(checkSizes(program, sizes))) {
        sizes = larger;
        return;
      }
      candidates = count();
    }
  }

  /// Seconds. Of one thread its own, which other processes do not lengthen; of
  /// several, those on the wall.
  double now() const {
    timespec time;
    clock_gettime(options.threads == 1 ? CLOCK_THREAD_CPUTIME_ID
                                       : CLOCK_MONOTONIC,
                  &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
  }

  Error measure(const std::string &entry) {
    auto prepared = engine->prepare(entry == "grad" ? "value_grad" : entry,
                                    call, options.threads);
    if (!prepared)
      return prepared.takeError();
    auto time = [&](int64_t count) -> Expected<double> {
      double begin = now();
      for (int64_t k = 0; k < count; ++k)
        if (Error error = (*prepared)->invoke())
          return error;
      return now() - begin;
    };
    // The first call meets cold caches and new pages.
    if (Error error = time(1).takeError())
      return error;
    Expected<double> once = time(1);
    if (!once)
      return once.takeError();
    double share = options.seconds / options.samples;
    int64_t count = std::max(1.0, std::min(share, 0.1) / std::max(*once, 1e-9));
    std::vector<double> samples;
    double spent = 0;
    while (samples.size() < options.samples &&
           (samples.empty() || spent < options.seconds)) {
      Expected<double> sample = time(count);
      if (!sample)
        return sample.takeError();
      spent += *sample;
      samples.push_back(*sample / count);
    }
    llvm::sort(samples);
    timings.push_back(
        {entry, samples[samples.size() / 2], unsigned(samples.size())});
    return Error::success();
  }

  const File &file;
  const Program &program;
  const BenchOptions &options;
  RandomEngine random;
  SizeMap sizes;
  int64_t batch = 1;
  bool hasNoPath = false;
  std::optional<double> candidates; ///< of an instance
  ResolvedCall call;
  std::unique_ptr<CompiledEngine> engine;
  std::vector<Timing> timings;
};
} // namespace

void BenchRun::print(raw_ostream &os) const {
  os << "program " << program.name << " " << options.spec.dtype;
  if (call.reg)
    os << " " << *call.reg;
  for (const auto &[name, value] : sizes)
    os << " " << name << "=" << value;
  os << " batch " << batch << ", threads " << options.threads;
  if (candidates)
    os << format(": %.0f candidates an instance", *candidates);
  os << "\n";
  for (const Timing &timing : timings) {
    os << format("  %-8s %12.3f us", timing.entry.c_str(),
                 timing.seconds * 1e6);
    if (candidates && *candidates > 0) {
      double all = *candidates * batch;
      os << format("  %9.3f ns/candidate  %10.2f M/s",
                   timing.seconds * 1e9 / all, all / timing.seconds * 1e-6);
    }
    os << "\n";
  }
}

json::Object BenchRun::toJson() const {
  json::Object sizeObject;
  for (const auto &[name, value] : sizes)
    sizeObject[name] = value;
  json::Array entries;
  for (const Timing &timing : timings) {
    json::Object entry{{"entry", timing.entry},
                       {"seconds", timing.seconds},
                       {"samples", timing.samples}};
    if (candidates && *candidates > 0)
      entry["ns_per_candidate"] = timing.seconds * 1e9 / (*candidates * batch);
    entries.push_back(std::move(entry));
  }
  json::Object result{
      {"program", program.name},        {"float", options.spec.dtype},
      {"sizes", std::move(sizeObject)}, {"batch", batch},
      {"threads", options.threads},     {"entries", std::move(entries)}};
  if (call.reg)
    result["reg"] = *call.reg;
  if (candidates)
    result["candidates"] = *candidates;
  return result;
}

int danskin::benchCommand(Arguments arguments) {
  Expected<BenchOptions> options = parseBenchOptions(arguments);
  if (!options)
    return report(options.takeError());
  auto buffer = MemoryBuffer::getFile(options->spec.file);
  if (!buffer)
    return report(reference::makeError("`" + options->spec.file +
                                       "`: " + buffer.getError().message()));
  StringRef text = (*buffer)->getBuffer();
  Diagnostics diagnostics;
  std::unique_ptr<File> file = parseFile(text, options->spec.file, diagnostics);
  diagnostics.print(errs());
  if (!file)
    return 1;
  Expected<const Program *> program = selectProgram(*file, options->spec);
  if (!program)
    return report(program.takeError());
  BenchRun run(*file, **program, *options);
  if (Error error = run.run(text))
    return report(std::move(error));
  if (options->json)
    outs() << json::Value(run.toJson()) << "\n";
  else
    run.print(outs());
  return 0;
}
