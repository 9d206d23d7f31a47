//===- Verify.cpp - dpc FILE.dp --verify ----------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/Verify.h"
#include "compiler/tools/dpc/CompiledEngine.h"
#include "compiler/tools/dpc/Evaluate.h"
#include "compiler/tools/dpc/TestCommandDraw.h"
#include "compiler/tools/dpc/TestCommandReference.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace danskin;
using namespace danskin::ast;

namespace {
/// One program in one type.
class Verifier {
public:
  Verifier(const Program &program, const std::string &dtype, Engine &engine,
           const LibraryInterface &interface, const LibraryOptions &options)
      : program(program), dtype(dtype), engine(engine), options(options),
        traits(getTraits(program)), reference(makeReferenceEngine()) {
    for (const EntryInterface &entry : interface.entries)
      if (entry.program == program.name && entry.dtype == dtype)
        entries.insert(entry.name);
    for (const auto &size : options.fixed)
      fixed[size.getKey().str()] = size.getValue();
  }

  llvm::Error run(unsigned instances, double &largestError) {
    for (unsigned k = 0; k < instances; ++k)
      if (llvm::Error error = compare(Mood(k % 4)))
        return error;
    largestError = std::max(largestError, tally.getLargestError());
    if (tally.countFailures() == 0)
      return llvm::Error::success();
    std::string rows;
    llvm::raw_string_ostream os(rows);
    tally.print(os);
    return llvm::createStringError(
        "the kernels of `" + program.name + "` for " + dtype +
        " are not what the reference says:\n" + rows);
  }

private:
  llvm::Error compare(Mood mood) {
    auto instance = drawInstance(random, program, &fixed);
    if (!instance)
      return instance.takeError();
    setMood(random, mood, program, traits, *instance);
    auto directions = drawDirections(random, program, *instance, getWrt());
    if (!directions)
      return directions.takeError();
    // The derivative in gamma is that of a difference of such numbers.
    if (mood == Mood::Large && directions->count("gamma"))
      (*directions)["gamma"] = reference::Tensor();
    auto call = makeCall(*instance, *directions);
    auto results =
        compareToReference(engine, *reference, call, 1, random, tally);
    return results.takeError();
  }

  std::vector<std::string> getWrt() const {
    if (!options.pipeline.wrt.empty())
      return options.pipeline.wrt;
    std::vector<std::string> names;
    for (const auto &input : program.inputs)
      if (input->element == InputDecl::Float)
        names.push_back(input->name);
    return names;
  }

  ResolvedCall makeCall(const reference::Instance &instance,
                        const reference::TensorMap &directions) const {
    ResolvedCall call = makeSingle(program, instance, directions);
    call.isSingle = dtype == "f32";
    call.wrt = getWrt();
    if (!options.pipeline.regularizer.empty())
      call.reg = options.pipeline.regularizer;
    call.grad = entries.count("value_grad");
    call.value = call.grad || entries.count("value");
    call.hvp = entries.count("hvp");
    call.argmax = entries.count("argmax");
    return call;
  }

  const Program &program;
  const std::string &dtype;
  Engine &engine;
  const LibraryOptions &options;
  const ProgramTraits traits;
  std::unique_ptr<Engine> reference;
  std::set<std::string> entries;
  reference::SizeMap fixed;
  RandomEngine random;
  Tally tally;
};
} // namespace

llvm::Expected<Verification>
danskin::verifyEngine(const File &file, Engine &engine,
                      const LibraryInterface &interface,
                      const LibraryOptions &options) {
  Verification verified;
  verified.instances = 64;
  for (const std::string &dtype : options.pipeline.floats) {
    double largest = 0;
    for (const auto &program : file.programs) {
      if (!options.program.empty() && program->name != options.program)
        continue;
      Verifier verifier(*program, dtype, engine, interface, options);
      if (llvm::Error error = verifier.run(verified.instances, largest))
        return error;
    }
    verified.largestErrors.push_back({dtype, largest});
  }
  return verified;
}

llvm::Expected<Verification>
danskin::verifyLibrary(const File &file, const Library &library,
                       const LibraryOptions &options) {
  auto engine = loadEngine(library, options.cpu);
  if (!engine)
    return engine.takeError();
  return verifyEngine(file, **engine, library.interface, options);
}
