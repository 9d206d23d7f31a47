//===- Library.cpp - from a checked file to a library ---------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/Library.h"
#include "compiler/analysis/Report.h"
#include "compiler/conversion/Lowering.h"
#include "compiler/pipeline/Compiler.h"
#include "compiler/pipeline/Describe.h"
#include "compiler/target/Cuda.h"
#include "compiler/target/Device.h"
#include "compiler/target/EntryPoints.h"
#include "compiler/target/Lanes.h"
#include "compiler/target/Manifest.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/MD5.h"
#include "llvm/Support/TimeProfiler.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace danskin;

namespace {
class LibraryBuilder {
public:
  LibraryBuilder(StringRef text, StringRef filename,
                 const LibraryOptions &options, Diagnostics &diagnostics,
                 const Clock &clock)
      : text(text), filename(filename), options(options),
        diagnostics(diagnostics), clock(clock), compiler(diagnostics),
        objects(options.cpu) {}

  bool build(const ast::File &file, Library &library) {
    auto created = createCpuMachine(options.cpu);
    if (!created)
      return fail(created.takeError());
    machine = std::move(*created);
    describe(library.interface);
    for (const auto &program : file.programs)
      if (isWanted(*program) && !addProgram(*program, library))
        return false;
    if (llvm::Error error = objects.take(library.objects, clock))
      return fail(std::move(error));
    return hasWanted(file) && finish(library);
  }

  bool addVerification(Library &library) {
    auto created = createCpuMachine(options.cpu);
    if (!created)
      return fail(created.takeError());
    machine = std::move(*created);
    library.objects.pop_back();
    return finish(library);
  }

  bool print(const ast::File &file, const Stage &stage, llvm::raw_ostream &os) {
    auto created = createCpuMachine(options.cpu);
    if (!created)
      return fail(created.takeError());
    machine = std::move(*created);
    for (const auto &program : file.programs)
      if (isWanted(*program) && !printProgram(*program, stage, os))
        return false;
    return hasWanted(file);
  }

private:
  bool fail(llvm::Error error) {
    diagnostics.error("E0001", {filename.str()},
                      llvm::toString(std::move(error)));
    return false;
  }

  void tick(StringRef part) {
    if (clock)
      clock(part, takeLap(last));
  }

  bool isWanted(const ast::Program &program) const {
    return options.program.empty() || options.program == program.name;
  }

  /// Reports that there is no program of the name asked for.
  bool hasWanted(const ast::File &file) {
    if (llvm::any_of(file.programs,
                     [&](const auto &program) { return isWanted(*program); }))
      return true;
    diagnostics.error("E0503", {filename.str()},
                      "no program called `" + options.program + "`");
    return false;
  }

  /// The entries asked for, or all that the program's class has.
  bool selectEntries(ModuleOp source, SmallVectorImpl<const Entry *> &entries) {
    if (options.entries.empty()) {
      llvm::append_range(entries, Compiler::getEntriesOf(source));
      return true;
    }
    for (const std::string &name : options.entries) {
      const Entry *entry = findEntry(name);
      if (!entry) {
        danskin::Diagnostic &error = diagnostics.error(
            "E0503", {filename.str()}, "there is no entry `" + name + "`");
        std::string all;
        for (const Entry &known : getEntries())
          all += (all.empty() ? "" : ", ") + known.query.str();
        error.help("the entries are " + all);
        return false;
      }
      if (!llvm::is_contained(entries, entry))
        entries.push_back(entry);
    }
    return true;
  }

  bool addProgram(const ast::Program &program, Library &library) {
    OwningOpRef<ModuleOp> source =
        compiler.generate(program, text, filename, options.fixed);
    SmallVector<const Entry *> entries;
    if (!source || !selectEntries(*source, entries))
      return false;
    for (const Entry *entry : entries) {
      llvm::TimeTraceScope scope("Entry",
                                 program.name + " " + entry->query.str());
      if (!addEntry(*source, *entry, library))
        return false;
    }
    return true;
  }

  bool addEntry(ModuleOp source, const Entry &entry, Library &library) {
    OwningOpRef<ModuleOp> scheduled =
        compiler.lower(source, entry, options.pipeline, *findStage("schedule"));
    tick("equations");
    if (!scheduled)
      return false;
    if (options.schedules)
      compiler.printSchedule(*scheduled, entry, *options.schedules);
    std::vector<EntryInterface> interfaces;
    for (const std::string &dtype : options.pipeline.floats) {
      interfaces.push_back(describeEntry(
          *scheduled->getOps<dp::ProgramOp>().begin(), dtype, text));
      addLanes(interfaces.back(), getIsas());
    }
    // `scheduled` is at the stage already; only what follows it runs.
    if (!compiler.advance(*scheduled, entry, options.pipeline,
                          *findStage("schedule"), *findStage("llvm")) ||
        (options.hasLines && !compiler.addLines(*scheduled)))
      return false;
    tick("loops");
    auto context = std::make_unique<llvm::LLVMContext>();
    std::unique_ptr<llvm::Module> module = translate(*scheduled, *context);
    if (!module)
      return fail(llvm::createStringError("no LLVM IR for this module"));
    setCpuTarget(*module, *machine);
    multiplyLanes(*module, getIsas());
    if (!options.devices.empty() &&
        !addDevice(source, entry, *module, interfaces))
      return false;
    if (llvm::Error error = addEntryPoints(*module, interfaces))
      return fail(std::move(error));
    if (llvm::Error error = objects.add(std::move(context), std::move(module)))
      return fail(std::move(error));
    llvm::append_range(library.interface.entries, interfaces);
    return true;
  }

  std::unique_ptr<llvm::Module> lowerForDevice(ModuleOp source,
                                               const Entry &entry,
                                               unsigned indexBits,
                                               llvm::LLVMContext &context) {
    OwningOpRef<ModuleOp> lowered =
        compiler.lower(source, entry, options.pipeline.onDevice(indexBits),
                       *findStage("llvm"));
    if (!lowered)
      return nullptr;
    std::unique_ptr<llvm::Module> device = translate(*lowered, context);
    if (!device)
      fail(llvm::createStringError("no LLVM IR for this module"));
    return device;
  }

  /// Kernels for devices, in `interfaces` and, where the host has a part in
  /// them, in its module.
  bool addDevice(ModuleOp source, const Entry &entry, llvm::Module &host,
                 MutableArrayRef<EntryInterface> interfaces) {
    std::unique_ptr<llvm::Module> narrow =
        lowerForDevice(source, entry, 32, host.getContext());
    std::unique_ptr<llvm::Module> wide =
        lowerForDevice(source, entry, 64, host.getContext());
    if (!narrow || !wide)
      return false;
    for (EntryInterface &interface : interfaces)
      interface.device = describeDevice(*wide, interface);
    tick("device loops");
    if (llvm::Error error = addHostFunctions(host, *wide))
      return fail(std::move(error));
    if (StringRef device = options.devices.front();
        device.consume_front("sim")) {
      for (EntryInterface &interface : interfaces)
        interface.device->isEmulated = true;
      if (llvm::Error error =
              addEmulatedKernels(host, device.empty() ? *narrow : *wide))
        return fail(std::move(error));
      return true;
    }
    auto images = compileForCuda(*narrow, *wide, options.devices);
    tick("device code");
    if (!images)
      return fail(images.takeError());
    // All element types are in one image.
    for (EntryInterface &interface : interfaces)
      interface.device->images = *images;
    return true;
  }

  /// Vector units to have kernels for. Where a processor is named, it is that
  /// one's.
  std::vector<Isa> getIsas() const {
    if (!options.isas.empty())
      return options.isas;
    bool isX86 = machine->getTargetTriple().isX86();
    return {options.cpu.cpu.empty() && isX86 ? Isa::Avx2 : Isa::Any};
  }

  void describe(LibraryInterface &interface) {
    interface.source = filename.str();
    llvm::MD5 hash;
    hash.update(text);
    interface.sourceHash = hash.final().digest().str().str();
    interface.commandLine = options.commandLine;
    interface.compilerVersion = "0.1.0";
    interface.regularizer = options.pipeline.regularizer;
    interface.flags = getFlags();
  }

  /// The options besides `--reg` that change the code, as a command line gives
  /// them; defaults are left out.
  std::vector<std::string> getFlags() const {
    const PipelineOptions &pipeline = options.pipeline;
    std::vector<std::string> flags;
    for (const auto &size : options.fixed)
      flags.push_back("-D" + size.getKey().str() + "=" +
                      std::to_string(size.getValue()));
    llvm::sort(flags);
    auto add = [&](StringRef name, const std::string &value) {
      if (!value.empty())
        flags.push_back((name + "=" + value).str());
    };
    add("--wrt", llvm::join(pipeline.wrt, ","));
    add("--form", pipeline.form);
    add("--lane", pipeline.lane);
    add("--storage", pipeline.storage);
    if (pipeline.order == Order::Rows)
      flags.push_back("--row-major");
    if (pipeline.order == Order::Widest)
      flags.push_back("--widest");
    if (pipeline.lanes != PipelineOptions().lanes)
      flags.push_back("--lanes=" + std::to_string(pipeline.lanes));
    add("--cpu", options.cpu.cpu);
    std::vector<std::string> isas;
    for (Isa isa : options.isas)
      isas.push_back(getName(isa).str());
    std::vector<std::string> targets;
    if (!isas.empty())
      targets.push_back("cpu:" + llvm::join(isas, ","));
    for (const std::string &device : options.devices)
      targets.push_back((isCudaArch(device) ? "cuda:" : "cuda-") + device);
    add("--target", llvm::join(targets, ","));
    if (options.cpu.optLevel != CpuOptions().optLevel)
      flags.push_back("-O" + std::to_string(options.cpu.optLevel));
    if (options.hasLines)
      flags.push_back("-g");
    if (options.cpu.sanitizeAddress)
      flags.push_back("--sanitize=address");
    if (options.cpu.sanitizeThread)
      flags.push_back("--sanitize=thread");
    return flags;
  }

  /// The object of what belongs to the library as a whole.
  bool finish(Library &library) {
    library.manifest = writeManifest(library.interface);
    llvm::LLVMContext context;
    llvm::Module module("danskin", context);
    setCpuTarget(module, *machine);
    addLibraryFunctions(module, library.interface, library.manifest);
    auto object = emitCpuObject(module, *machine);
    if (!object)
      return fail(object.takeError());
    library.objects.push_back(std::move(*object));
    return true;
  }

  bool printProgram(const ast::Program &program, const Stage &stage,
                    llvm::raw_ostream &os) {
    OwningOpRef<ModuleOp> source =
        compiler.generate(program, text, filename, options.fixed);
    SmallVector<const Entry *> entries;
    if (!source || !selectEntries(*source, entries))
      return false;
    bool isText = stage.populate == nullptr;
    PipelineOptions pipeline = options.devices.empty()
                                   ? options.pipeline
                                   : options.pipeline.onDevice(32);
    for (const Entry *entry : entries) {
      OwningOpRef<ModuleOp> module = compiler.lower(
          *source, *entry, pipeline, isText ? *findStage("llvm") : stage);
      if (!module ||
          (isText && options.hasLines && !compiler.addLines(*module)))
        return false;
      if (!isText)
        module->print(os);
      else if (!printCode(*module, stage, os))
        return false;
      // Before derivatives all entries are the same.
      if (stage.name == "dp")
        break;
    }
    return true;
  }

  bool printCode(ModuleOp source, const Stage &stage, llvm::raw_ostream &os) {
    llvm::LLVMContext context;
    std::unique_ptr<llvm::Module> module = translate(source, context);
    if (!module)
      return fail(llvm::createStringError("no LLVM IR for this module"));
    if (!options.devices.empty())
      return printDeviceCode(*module, stage, os);
    setCpuTarget(*module, *machine);
    multiplyLanes(*module, getIsas());
    optimizeForCpu(*module, *machine, options.cpu);
    if (stage.name == "ir") {
      module->print(os, nullptr);
      return true;
    }
    auto code = emitCpuAssembly(*module, *machine);
    if (!code)
      return fail(code.takeError());
    os << *code;
    return true;
  }

  /// PTX for the first of the GPUs.
  bool printDeviceCode(llvm::Module &module, const Stage &stage,
                       llvm::raw_ostream &os) {
    if (stage.name == "ir") {
      module.print(os, nullptr);
      return true;
    }
    StringRef arch = options.devices.front();
    auto ptx = emitPtx(module, isCudaArch(arch) ? arch : "sm_80");
    if (!ptx)
      return fail(ptx.takeError());
    os << *ptx;
    return true;
  }

  StringRef text, filename;
  const LibraryOptions &options;
  Diagnostics &diagnostics;
  const Clock &clock;
  Compiler compiler;
  std::unique_ptr<llvm::TargetMachine> machine;
  std::chrono::steady_clock::time_point last = std::chrono::steady_clock::now();
  Objects objects;
};
} // namespace

std::optional<Library>
danskin::compileLibrary(const ast::File &file, StringRef text,
                        StringRef filename, const LibraryOptions &options,
                        Diagnostics &diagnostics, const Clock &clock) {
  Library library;
  LibraryBuilder builder(text, filename, options, diagnostics, clock);
  if (!builder.build(file, library))
    return std::nullopt;
  return library;
}

bool danskin::addVerification(Library &library, const Verification &verified,
                              const LibraryOptions &options,
                              Diagnostics &diagnostics) {
  library.interface.verified = verified;
  LibraryBuilder builder("", library.interface.source, options, diagnostics,
                         nullptr);
  return builder.addVerification(library);
}

bool danskin::printStage(const ast::File &file, StringRef text,
                         StringRef filename, const LibraryOptions &options,
                         const Stage &stage, llvm::raw_ostream &os,
                         Diagnostics &diagnostics) {
  LibraryBuilder builder(text, filename, options, diagnostics, nullptr);
  return builder.print(file, stage, os);
}
