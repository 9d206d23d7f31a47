//===- EntryPoints.cpp - the exported functions of a library --------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/target/EntryPoints.h"
#include "compiler/target/Device.h"
#include "compiler/target/Lanes.h"
#include "dp/abi.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace danskin;
using namespace llvm;

namespace {

/// Generated functions get a prefix no C symbol has: a program called memcpy
/// must not become what the code generator's own memcpy calls reach.
constexpr StringRef internalPrefix = "dp.";

std::string internalName(StringRef name) {
  return name.starts_with(internalPrefix) ? name.str()
                                          : (internalPrefix + name).str();
}

std::string descriptorName(const EntryInterface &entry) {
  return entry.symbol() + ".entry";
}

/// Builds the structs of abi.h as constants. Members are listed in the order
/// of that header; anonymous LLVM structs are padded as C pads.
class DescriptorBuilder {
public:
  DescriptorBuilder(Module &module, const EntryInterface &entry)
      : module(module), entry(entry), context(module.getContext()) {}

  Expected<GlobalVariable *> build() {
    Constant *functions[4];
    const std::string *names[] = {&entry.run, &entry.workspace, &entry.extents,
                                  &entry.validate};
    for (auto [index, name] : llvm::enumerate(names)) {
      functions[index] = module.getFunction(internalName(*name));
      if (!functions[index] && index == 3 && name->empty())
        functions[index] = orNull(nullptr);
      if (!functions[index])
        return createStringError("the module has no function '%s'",
                                 name->c_str());
    }
    std::vector<LanesInterface> lanes = entry.lanes;
    llvm::erase_if(lanes, [&](const LanesInterface &kernel) {
      return !module.getFunction(internalName(kernel.run)) &&
             !module.getFunction(internalName(kernel.one));
    });
    Constant *members[] = {string(entry.program),
                           string(entry.name),
                           string(entry.dtype),
                           i32(entry.floatBits()),
                           i32(entry.sizes.size()),
                           i32(entry.constraints.size()),
                           i32(entry.inputs.size()),
                           i32(entry.outputs.size()),
                           array(entry.sizes),
                           array(entry.constraints),
                           array(entry.inputs),
                           array(entry.outputs),
                           functions[0],
                           functions[1],
                           functions[2],
                           functions[3],
                           i32(lanes.size()),
                           array(lanes),
                           entry.device ? convert(*entry.device)
                                        : orNull(nullptr)};
    GlobalVariable *descriptor = global(record(members), descriptorName(entry));
    // addLibraryFunctions refers to it from another module.
    descriptor->setLinkage(GlobalValue::ExternalLinkage);
    descriptor->setVisibility(GlobalValue::HiddenVisibility);
    descriptor->setDSOLocal(true);
    return descriptor;
  }

private:
  Constant *i32(int64_t value) {
    return ConstantInt::getSigned(Type::getInt32Ty(context), value);
  }
  Constant *i64(int64_t value) {
    return ConstantInt::getSigned(Type::getInt64Ty(context), value);
  }
  Constant *record(ArrayRef<Constant *> members) {
    return ConstantStruct::getAnon(context, members);
  }

  GlobalVariable *global(Constant *value, const Twine &name) {
    auto *variable =
        new GlobalVariable(module, value->getType(), true,
                           GlobalValue::InternalLinkage, value, name);
    variable->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    return variable;
  }
  Constant *string(StringRef text) {
    return global(ConstantDataArray::getString(context, text),
                  entry.symbol() + ".text");
  }

  Constant *convert(const SizeForm &form) {
    Constant *coefficients =
        ConstantDataArray::get(context, ArrayRef<int64_t>(form.coefficients));
    return record({global(coefficients, entry.symbol() + ".coefficients"),
                   i64(form.constant), string(form.text)});
  }
  Constant *convert(const SizeInterface &size) {
    return record({string(size.name), i64(size.fixed.value_or(-1))});
  }
  Constant *convert(const ConstraintInterface &constraint) {
    return record({convert(constraint.form), i32(constraint.isEquality),
                   string(constraint.text)});
  }
  Constant *convert(const InputInterface &input) {
    // DP_INPUT_DEFAULT is 1, DP_INPUT_SHARED 2.
    int32_t flags = (input.defaultValue ? 1 : 0) | (input.isShared ? 2 : 0);
    return record({string(input.name), string(input.declaration),
                   i32(static_cast<int32_t>(input.kind)),
                   i32(input.extents.size()), array(input.extents), i32(flags),
                   ConstantFP::get(Type::getDoubleTy(context),
                                   input.defaultValue.value_or(0))});
  }
  Constant *convert(const OutputInterface &output) {
    return record({string(output.name), i32(static_cast<int32_t>(output.kind)),
                   i32(output.extents.size()),
                   i32(output.follows.value_or(-1))});
  }

  Constant *convert(const LanesInterface &kernel) {
    Function *run = module.getFunction(internalName(kernel.run));
    Function *one = module.getFunction(internalName(kernel.one));
    return record({i32(static_cast<int32_t>(kernel.isa)),
                   i32(run ? getNumLanes(*run) : 1), orNull(run), orNull(one),
                   orNull(module.getFunction(internalName(kernel.cells))),
                   i32(one && isOfTeam(*one))});
  }
  Constant *convert(const ImageInterface &image) {
    auto *bytes = global(ConstantDataArray::getString(context, image.bytes),
                         entry.symbol() + ".image");
    bytes->setAlignment(Align(64));
    return record({string(image.arch), bytes, i64(image.bytes.size())});
  }

  /// A pointer to a dp_device_kernels.
  Constant *convert(const DeviceInterface &device) {
    auto *pointer = PointerType::getUnqual(context);
    SmallVector<Constant *> names, emulated;
    for (const std::string *name :
         {&device.kernel, &device.again, &device.sums}) {
      names.push_back(name->empty() ? orNull(nullptr) : string(*name));
      emulated.push_back(orNull(device.isEmulated
                                    ? module.getFunction(internalName(*name))
                                    : nullptr));
    }
    auto *type = ArrayType::get(pointer, names.size() * device.images.size());
    // Not in read-only memory: the runtime's.
    auto *loaded = new GlobalVariable(
        module, type, false, GlobalValue::InternalLinkage,
        ConstantAggregateZero::get(type), entry.symbol() + ".loaded");
    Constant *emulator = orNull(nullptr);
    if (device.isEmulated)
      emulator = cast<Constant>(
          module
              .getOrInsertFunction("dp_emulator_launch",
                                   FunctionType::get(pointer, false))
              .getCallee());
    if (auto *function = dyn_cast<Function>(emulator)) {
      function->setVisibility(GlobalValue::HiddenVisibility);
      function->setDSOLocal(true);
    }
    auto *table = ArrayType::get(pointer, names.size());
    Constant *members[] = {module.getFunction(internalName(device.workspace)),
                           module.getFunction(internalName(device.near)),
                           ConstantArray::get(table, names),
                           i32(device.images.size()),
                           i32(DP_MAX_THREADS),
                           i32(device.columns),
                           array(device.images),
                           loaded,
                           emulator,
                           ConstantArray::get(table, emulated)};
    return global(record(members), entry.symbol() + ".device");
  }
  Constant *orNull(Function *function) {
    if (function)
      return function;
    return ConstantPointerNull::get(PointerType::getUnqual(context));
  }

  template <typename T> Constant *array(const std::vector<T> &elements) {
    if (elements.empty())
      return ConstantPointerNull::get(PointerType::getUnqual(context));
    std::vector<Constant *> values;
    for (const T &element : elements)
      values.push_back(convert(element));
    auto *type = ArrayType::get(values[0]->getType(), values.size());
    return global(ConstantArray::get(type, values), entry.symbol() + ".array");
  }

  Module &module;
  const EntryInterface &entry;
  LLVMContext &context;
};

/// A function of the library; `exported` ones are all a library shows.
Function *declare(Module &module, StringRef name, Type *result,
                  ArrayRef<Type *> parameters) {
  auto *type = FunctionType::get(result, parameters, false);
  auto *function =
      cast<Function>(module.getOrInsertFunction(name, type).getCallee());
  function->setDoesNotThrow();
  return function;
}

Function *declareRuntime(Module &module, StringRef name, Type *result,
                         ArrayRef<Type *> parameters) {
  Function *function = declare(module, name, result, parameters);
  function->setVisibility(GlobalValue::HiddenVisibility);
  function->setDSOLocal(true);
  return function;
}

/// Exports `name`, whose body is runtime(entry, its own parameters...).
void forward(Module &module, StringRef name, StringRef runtime, Type *result,
             ArrayRef<Type *> parameters, GlobalVariable *entry) {
  LLVMContext &context = module.getContext();
  SmallVector<Type *> types(parameters);
  if (entry)
    types.insert(types.begin(), entry->getType());
  Function *callee = declareRuntime(module, runtime, result, types);
  Function *function = declare(module, name, result, parameters);
  function->setLinkage(GlobalValue::ExternalLinkage);
  IRBuilder<> builder(BasicBlock::Create(context, "", function));
  SmallVector<Value *> arguments;
  if (entry)
    arguments.push_back(entry);
  for (Argument &argument : function->args())
    arguments.push_back(&argument);
  builder.CreateRet(builder.CreateCall(callee, arguments));
}

/// The constant array of the entries' descriptors, which other modules define.
GlobalVariable *listDescriptors(Module &module,
                                ArrayRef<const EntryInterface *> entries) {
  SmallVector<Constant *> descriptors;
  Type *byte = Type::getInt8Ty(module.getContext());
  for (const EntryInterface *entry : entries) {
    auto *descriptor = cast<GlobalVariable>(
        module.getOrInsertGlobal(descriptorName(*entry), byte));
    descriptor->setVisibility(GlobalValue::HiddenVisibility);
    descriptor->setDSOLocal(true);
    descriptors.push_back(descriptor);
  }
  auto *type = ArrayType::get(PointerType::getUnqual(module.getContext()),
                              descriptors.size());
  return new GlobalVariable(module, type, true, GlobalValue::InternalLinkage,
                            ConstantArray::get(type, descriptors),
                            "danskin.entries");
}

/// Exports `__tvm_ffi_<program>_<entry>`, one function for all element types:
///   int (void *self, const TVMFFIAny *arguments, int32_t count,
///        TVMFFIAny *result)
void addTvmFunction(Module &module, ArrayRef<const EntryInterface *> entries) {
  LLVMContext &context = module.getContext();
  Type *i32 = Type::getInt32Ty(context);
  Type *pointer = PointerType::getUnqual(context);
  Function *callee = declareRuntime(module, "dp_tvm_ffi", i32,
                                    {pointer, i32, pointer, i32, pointer});
  const EntryInterface &entry = *entries.front();
  Function *function =
      declare(module, "__tvm_ffi_" + entry.program + "_" + entry.name, i32,
              {pointer, pointer, i32, pointer});
  IRBuilder<> builder(BasicBlock::Create(context, "", function));
  builder.CreateRet(builder.CreateCall(
      callee,
      {listDescriptors(module, entries), builder.getInt32(entries.size()),
       function->getArg(1), function->getArg(2), function->getArg(3)}));
}

void hideEverything(Module &module) {
  for (GlobalValue &value : module.global_values()) {
    StringRef name = value.getName();
    // A program may be called dp1_something; what addLibraryFunctions exports
    // is told by how it ends.
    bool isLibrary = name.starts_with("dp1_") && (name.ends_with("_prepare") ||
                                                  name.ends_with("_manifest"));
    if (name.starts_with("llvm.") || isLibrary)
      continue;
    if (value.isDeclaration()) {
      if (name.starts_with("dp_")) {
        value.setVisibility(GlobalValue::HiddenVisibility);
        value.setDSOLocal(true);
      }
      continue;
    }
    value.setLinkage(GlobalValue::InternalLinkage);
    value.setName(internalName(name));
  }
}

} // namespace

Error danskin::addEntryPoints(Module &module,
                              ArrayRef<EntryInterface> entries) {
  LLVMContext &context = module.getContext();
  Type *i32 = Type::getInt32Ty(context);
  Type *i64 = Type::getInt64Ty(context);
  Type *pointer = PointerType::getUnqual(context);
  hideEverything(module);
  for (const EntryInterface &entry : entries) {
    Expected<GlobalVariable *> descriptor =
        DescriptorBuilder(module, entry).build();
    if (!descriptor)
      return descriptor.takeError();
    std::string symbol = entry.symbol();
    forward(module, symbol, "dp_invoke", i32, {pointer}, *descriptor);
    forward(module, symbol + "_workspace", "dp_workspace", i64, {pointer},
            *descriptor);
    forward(module, symbol + "_output_shape", "dp_output_shape", i32,
            {pointer, i32, pointer, pointer}, *descriptor);
    forward(module, symbol + "_xla", "dp_xla_ffi", pointer, {pointer},
            *descriptor);
  }
  return Error::success();
}

void danskin::addLibraryFunctions(Module &module,
                                  const LibraryInterface &library,
                                  StringRef manifest) {
  LLVMContext &context = module.getContext();
  Type *i32 = Type::getInt32Ty(context);
  Type *pointer = PointerType::getUnqual(context);
  auto *text = new GlobalVariable(
      module, ArrayType::get(Type::getInt8Ty(context), manifest.size() + 1),
      true, GlobalValue::InternalLinkage,
      ConstantDataArray::getString(context, manifest), "danskin.manifest");
  text->setSection(".danskin");
  text->setAlignment(Align(1));
  appendToUsed(module, {text});
  for (const std::string &program : library.programs()) {
    forward(module, "dp1_" + program + "_prepare", "dp_prepare", i32, {i32},
            nullptr);
    Function *getter =
        declare(module, "dp1_" + program + "_manifest", pointer, {});
    getter->setLinkage(GlobalValue::ExternalLinkage);
    IRBuilder<> builder(BasicBlock::Create(context, "", getter));
    builder.CreateRet(text);
  }
  // By program and entry, in order.
  MapVector<std::pair<StringRef, StringRef>,
            SmallVector<const EntryInterface *>>
      groups;
  for (const EntryInterface &entry : library.entries)
    groups[{entry.program, entry.name}].push_back(&entry);
  for (const auto &[name, entries] : groups)
    addTvmFunction(module, entries);
}
