//===- CompiledEngine.cpp - calling a compiled library --------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/CompiledEngine.h"
#include "compiler/target/Link.h"
#include "compiler/tools/dpc/Commands.h"
#include "compiler/tools/dpc/CompileOptions.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include <dlfcn.h>

using namespace danskin;
using llvm::StringRef;
using reference::IntTensor;
using reference::Tensor;

namespace {
class LoadedEngine : public CompiledEngine {
public:
  ~LoadedEngine() override {
    if (handle)
      dlclose(handle);
  }

  llvm::Error load(Library compiled, const CpuOptions &options) {
    if (llvm::Error error = checkSanitizers(options))
      return error;
    library = std::move(compiled);
    llvm::SmallString<128> path;
    if (std::error_code error =
            llvm::sys::fs::createTemporaryFile("danskin", "so", path))
      return llvm::createStringError("no temporary file: " + error.message());
    if (llvm::Error error = linkSharedLibrary(library.objects, path))
      return error;
    handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    llvm::sys::fs::remove(path);
    if (!handle)
      return llvm::createStringError(std::string("cannot load the library: ") +
                                     dlerror());
    return llvm::Error::success();
  }

  llvm::Expected<Results> evaluate(const ResolvedCall &call) override {
    Results results;
    std::vector<std::string> wanted;
    if (call.grad)
      wanted.push_back("value_grad");
    else if (call.value)
      wanted.push_back("value");
    if (call.hvp)
      wanted.push_back("hvp");
    if (call.argmax)
      wanted.push_back("argmax");
    for (const std::string &name : wanted)
      if (llvm::Error error = run(name, call, results))
        return error;
    return results;
  }

  llvm::Expected<std::unique_ptr<EntryCall>>
  prepare(StringRef name, const ResolvedCall &call,
          int32_t maxThreads) override {
    StringRef dtype = call.isSingle ? "f32" : "f64";
    for (const EntryInterface &entry : library.interface.entries) {
      if (entry.name != name || entry.dtype != dtype ||
          entry.program != call.program->name)
        continue;
      auto made = std::make_unique<EntryCall>(entry, call, handle);
      if (llvm::Error error = made->prepare(maxThreads))
        return error;
      return made;
    }
    return llvm::createStringError("the library has no entry " + name +
                                   " for " + dtype);
  }

private:
  /// What instrumented code calls must be in the process before it is loaded.
  static llvm::Error checkSanitizers(const CpuOptions &options) {
    struct {
      bool isWanted;
      const char *name, *symbol, *library;
    } const sanitizers[] = {
        {options.sanitizeAddress, "address", "__asan_init", "libasan.so"},
        {options.sanitizeThread, "thread", "__tsan_init", "libtsan.so"}};
    for (const auto &sanitizer : sanitizers)
      if (sanitizer.isWanted && !dlsym(RTLD_DEFAULT, sanitizer.symbol))
        return llvm::createStringError(
            std::string("--sanitize=") + sanitizer.name +
            " needs the sanitizer's runtime in the process: put `LD_PRELOAD="
            "$(gcc -print-file-name=" +
            sanitizer.library + ")` before the command");
    return llvm::Error::success();
  }

  llvm::Error run(const std::string &name, const ResolvedCall &call,
                  Results &results) {
    auto entry = prepare(name, call, 1);
    if (!entry)
      return entry.takeError();
    if (llvm::Error error = (*entry)->invoke())
      return error;
    for (auto &[output, argument] : (*entry)->takeResults())
      add(results, call, name, output, *argument);
    if (name == "argmax")
      cropPath(results);
    return llvm::Error::success();
  }

  static void add(Results &results, const ResolvedCall &call, StringRef entry,
                  StringRef name, const Argument &argument) {
    if (entry == "argmax") {
      if (name == "argmax")
        results.argmax = argument.getInts();
      else if (name == "argmax.length")
        results.argmaxLength = argument.getInts();
      return;
    }
    auto &map = name.consume_front("grad.")  ? results.grads
                : name.consume_front("hvp.") ? results.hvps
                : name.consume_front("jvp.") ? results.jvps
                                             : results.values;
    if (&map == &results.values && !call.value)
      return;
    map[name.str()] = argument.getTensor(call.isSingle);
  }

  /// The kernel's array has room for the longest path there could be; what is
  /// handed out has room for the longest there is.
  static void cropPath(Results &results) {
    IntTensor &path = *results.argmax;
    int64_t longest = 0;
    for (int64_t length : results.argmaxLength->data)
      longest = std::max(longest, length);
    size_t rows = path.shape.size() - 2;
    reference::Shape shape = path.shape;
    shape[rows] = longest;
    IntTensor cropped(shape);
    int64_t width = path.shape.back(), from = path.shape[rows] * width,
            to = longest * width;
    int64_t count = results.argmaxLength->data.size();
    for (int64_t number = 0; number < count; ++number)
      std::copy_n(path.data.begin() + number * from, to,
                  cropped.data.begin() + number * to);
    path = std::move(cropped);
  }

  Library library;
  void *handle = nullptr;
};
} // namespace

/// What must be compiled so that this call can be answered.
static llvm::Expected<LibraryOptions> getOptions(const CallSpec &spec,
                                                 const ResolvedCall &call) {
  std::vector<const char *> arguments = {spec.file.c_str()};
  for (const std::string &option : spec.engineOptions)
    arguments.push_back(option.c_str());
  auto parsed = parseCompileOptions(arguments);
  if (!parsed)
    return parsed.takeError();
  LibraryOptions options = parsed->library;
  options.program = call.program->name;
  options.pipeline.regularizer = call.reg.value_or("");
  options.pipeline.floats = {call.isSingle ? "f32" : "f64"};
  options.pipeline.wrt = call.wrt;
  // Later calls of the engine may ask for less.
  if (call.value || !call.grad)
    options.entries.push_back("value");
  if (call.grad)
    options.entries.push_back("value_grad");
  if (call.hvp)
    options.entries.push_back("hvp");
  if (call.argmax)
    options.entries.push_back("argmax");
  for (const auto &[name, value] : spec.defines)
    options.fixed[name] = value;
  return options;
}

llvm::Expected<std::unique_ptr<CompiledEngine>>
danskin::makeCompiledEngine(const ast::File &file, const CallSpec &spec,
                            const ResolvedCall &call,
                            Diagnostics &diagnostics) {
  auto options = getOptions(spec, call);
  if (!options)
    return options.takeError();
  std::string &regularizer = options->pipeline.regularizer;
  if (!regularizer.empty() && !parseRegularizer(regularizer, diagnostics))
    return llvm::createStringError("no such regularizer");
  const Source *source = diagnostics.findSource(spec.file);
  std::optional<Library> library =
      compileLibrary(file, source ? source->text() : StringRef(), spec.file,
                     *options, diagnostics);
  if (!library)
    return llvm::createStringError("`" + spec.file + "` does not compile");
  return loadEngine(std::move(*library), options->cpu);
}

llvm::Expected<std::unique_ptr<CompiledEngine>>
danskin::loadEngine(Library library, const CpuOptions &options) {
  auto engine = std::make_unique<LoadedEngine>();
  if (llvm::Error error = engine->load(std::move(library), options))
    return error;
  return engine;
}

llvm::Expected<std::unique_ptr<CompiledEngine>>
danskin::makeNativeEngine(const ast::File &file, CallSpec spec,
                          const ResolvedCall &call, Diagnostics &diagnostics) {
  spec.engineOptions.insert(spec.engineOptions.begin(), "--target=cpu:native");
  return makeCompiledEngine(file, spec, call, diagnostics);
}

int danskin::runCommand(Arguments arguments) {
  return runCallCommand(arguments, makeNativeEngine);
}
