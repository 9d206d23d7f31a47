//===- CompiledEngine.cpp - calling a compiled library --------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/CompiledEngine.h"
#include "compiler/pipeline/Library.h"
#include "compiler/target/Link.h"
#include "compiler/tools/dpc/Commands.h"
#include "compiler/tools/dpc/CompileOptions.h"
#include "runtime/include/dp/call.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include <dlfcn.h>

using namespace danskin;
using llvm::StringRef;
using reference::IntTensor;
using reference::Tensor;

//===----------------------------------------------------------------------===//
// Arrays as the ABI wants them
//===----------------------------------------------------------------------===//

namespace {
/// An array with its memory and its descriptor. Must not move once made.
struct Argument {
  std::vector<double> doubles;
  std::vector<float> floats;
  std::vector<int64_t> ints;
  std::vector<int64_t> shape;
  dp_tensor tensor = {};

  void describe(uint8_t code, uint8_t bits, void *data) {
    tensor.data = data;
    tensor.device = {DP_CPU, 0};
    tensor.ndim = shape.size();
    tensor.dtype = {code, bits, 1};
    tensor.shape = shape.data();
  }

  void setFloats(bool isSingle) {
    if (isSingle) {
      floats.assign(doubles.begin(), doubles.end());
      describe(DP_TYPE_FLOAT, 32, floats.data());
    } else {
      describe(DP_TYPE_FLOAT, 64, doubles.data());
    }
  }
  void setInts() { describe(DP_TYPE_INT, 64, ints.data()); }

  Tensor getTensor(bool isSingle) const {
    Tensor result{reference::Shape(shape)};
    for (size_t i = 0; i < result.data.size(); ++i)
      result.data[i] = isSingle ? floats[i] : doubles[i];
    return result;
  }
  IntTensor getInts() const {
    IntTensor result{reference::Shape(shape)};
    result.data = ints;
    return result;
  }
};
using ArgumentPtr = std::unique_ptr<Argument>;

using EntryFunction = int (*)(const dp_call *);
using WorkspaceFunction = int64_t (*)(const dp_call *);
using ShapeFunction = int (*)(const dp_call *, int32_t, int32_t *, int64_t *);

//===----------------------------------------------------------------------===//
// One call of one entry
//===----------------------------------------------------------------------===//

class EntryCall {
public:
  EntryCall(const EntryInterface &entry, const ResolvedCall &call, void *handle)
      : entry(entry), call(call), handle(handle) {}

  /// The outputs by name, in the interface's order.
  llvm::Expected<std::vector<std::pair<std::string, ArgumentPtr>>> run() {
    gatherInputs();
    gatherSizes();
    fillCall();
    if (llvm::Error error = makeOutputs())
      return error;
    int64_t bytes = find<WorkspaceFunction>("_workspace")(&abi);
    if (bytes < 0)
      return fault();
    std::vector<char> workspace(bytes);
    abi.workspace = workspace.data();
    abi.workspace_bytes = bytes;
    if (find<EntryFunction>("")(&abi))
      return fault();
    return std::move(results);
  }

private:
  template <typename Function> Function find(StringRef suffix) {
    std::string symbol = entry.symbol() + suffix.str();
    return reinterpret_cast<Function>(dlsym(handle, symbol.c_str()));
  }

  llvm::Error fault() { return llvm::createStringError(std::string(message)); }

  ArgumentPtr makeFloat(const Batched<Tensor> &from, bool isSingle) {
    auto argument = std::make_unique<Argument>();
    argument->shape = from.array.shape;
    argument->doubles = from.array.data;
    argument->setFloats(isSingle);
    return argument;
  }

  ArgumentPtr makeInt(std::vector<int64_t> shape, std::vector<int64_t> data) {
    auto argument = std::make_unique<Argument>();
    argument->shape = std::move(shape);
    argument->ints = std::move(data);
    argument->setInts();
    return argument;
  }

  /// Null where the call leaves the input to its default.
  ArgumentPtr makeInput(const InputInterface &input) {
    StringRef name = input.name;
    if (input.kind == ArrayKind::Gamma)
      return makeFloat(call.gamma, false);
    if (input.kind == ArrayKind::Int) {
      const auto &from = call.ints.at(input.name);
      return makeInt(from.array.shape, from.array.data);
    }
    bool isCotangent = name.consume_front("ct.");
    if (isCotangent || name.consume_front("dir.")) {
      const auto &from = isCotangent ? call.cotangents : call.directions;
      auto found = from.find(name.str());
      return found == from.end() ? nullptr
                                 : makeFloat(found->second, call.isSingle);
    }
    return makeFloat(call.floats.at(input.name), call.isSingle);
  }

  void gatherInputs() {
    for (const InputInterface &input : entry.inputs)
      inputs.push_back(makeInput(input));
  }

  /// The size that `form` tells when it is known and one size in it is not.
  static std::optional<size_t> getSolvable(const SizeForm &form,
                                           const std::vector<bool> &known) {
    std::optional<size_t> unknown;
    for (size_t k = 0; k < known.size(); ++k) {
      if (!form.coefficients[k] || known[k])
        continue;
      if (unknown)
        return std::nullopt;
      unknown = k;
    }
    if (unknown && std::abs(form.coefficients[*unknown]) != 1)
      return std::nullopt;
    return unknown;
  }

  /// A size that inputs or equalities tell, given what is known.
  std::optional<size_t> findSolvable(const std::vector<bool> &known) {
    for (size_t i = 0; i < inputs.size(); ++i)
      if (inputs[i])
        for (const SizeForm &extent : entry.inputs[i].extents)
          if (auto size = getSolvable(extent, known))
            return size;
    for (const ConstraintInterface &constraint : entry.constraints)
      if (constraint.isEquality)
        if (auto size = getSolvable(constraint.form, known))
          return size;
    return std::nullopt;
  }

  /// The sizes that the call need not give, as the runtime finds them: those
  /// it gives itself count as known in their order.
  std::vector<bool> getDetermined() {
    std::vector<bool> known(entry.sizes.size()), determined = known;
    for (size_t next = 0; next < known.size();) {
      if (std::optional<size_t> size = findSolvable(known))
        known[*size] = determined[*size] = true;
      else
        known[next++] = true;
    }
    return determined;
  }

  void gatherSizes() {
    std::vector<bool> determined = getDetermined();
    for (size_t k = 0; k < entry.sizes.size(); ++k) {
      const std::string &name = entry.sizes[k].name;
      auto own = call.lengths.find(name);
      bool isRagged = own != call.lengths.end();
      ArgumentPtr size, length;
      if (!determined[k])
        size = isRagged ? makeInt({call.batch}, own->second)
                        : makeInt({}, {call.sizes.at(name)});
      else if (isRagged)
        length = makeInt({call.batch}, own->second);
      sizes.push_back(std::move(size));
      lengths.push_back(std::move(length));
    }
  }

  static const dp_tensor *getTensor(const ArgumentPtr &argument) {
    return argument ? &argument->tensor : nullptr;
  }

  void fillCall() {
    for (const ArgumentPtr &input : inputs)
      inputTensors.push_back(getTensor(input));
    for (const ArgumentPtr &size : sizes)
      sizeTensors.push_back(getTensor(size));
    for (const ArgumentPtr &length : lengths)
      lengthTensors.push_back(getTensor(length));
    abi.struct_size = sizeof(abi);
    abi.num_inputs = inputTensors.size();
    abi.num_outputs = entry.outputs.size();
    abi.num_sizes = sizeTensors.size();
    abi.inputs = inputTensors.data();
    abi.sizes = sizeTensors.data();
    abi.lengths = lengthTensors.data();
    abi.error = message;
    abi.error_bytes = sizeof(message);
  }

  llvm::Error makeOutputs() {
    for (size_t i = 0; i < entry.outputs.size(); ++i) {
      int32_t rank = 0;
      int64_t shape[64];
      if (find<ShapeFunction>("_output_shape")(&abi, i, &rank, shape))
        return fault();
      auto output = std::make_unique<Argument>();
      output->shape.assign(shape, shape + rank);
      int64_t count = reference::countElements(output->shape);
      if (entry.outputs[i].kind == ArrayKind::Int) {
        output->ints.resize(count);
        output->setInts();
      } else {
        output->doubles.resize(count);
        output->setFloats(call.isSingle);
      }
      outputTensors.push_back(&output->tensor);
      results.push_back({entry.outputs[i].name, std::move(output)});
    }
    abi.outputs = outputTensors.data();
    return llvm::Error::success();
  }

  const EntryInterface &entry;
  const ResolvedCall &call;
  void *handle;
  char message[1024] = {};
  dp_call abi = {};
  std::vector<ArgumentPtr> inputs, sizes, lengths;
  std::vector<const dp_tensor *> inputTensors, sizeTensors, lengthTensors,
      outputTensors;
  std::vector<std::pair<std::string, ArgumentPtr>> results;
};

//===----------------------------------------------------------------------===//
// The engine
//===----------------------------------------------------------------------===//

class CompiledEngine : public Engine {
public:
  ~CompiledEngine() override {
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
    std::string dtype = call.isSingle ? "f32" : "f64";
    for (const EntryInterface &entry : library.interface.entries) {
      if (entry.name != name || entry.dtype != dtype)
        continue;
      auto outputs = EntryCall(entry, call, handle).run();
      if (!outputs)
        return outputs.takeError();
      for (auto &[output, argument] : *outputs)
        add(results, call, name, output, *argument);
      if (name == "argmax")
        cropPath(results);
      return llvm::Error::success();
    }
    return llvm::createStringError("the library has no entry " + name +
                                   " for " + dtype);
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

llvm::Expected<std::unique_ptr<Engine>>
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
  auto engine = std::make_unique<CompiledEngine>();
  if (llvm::Error error = engine->load(std::move(*library), options->cpu))
    return error;
  return engine;
}

int danskin::runCommand(Arguments arguments) {
  return runCallCommand(arguments, makeCompiledEngine);
}
