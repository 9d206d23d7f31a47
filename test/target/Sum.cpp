//===- Sum.cpp - a library made by hand for the tests of targets ----------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sum.h"
#include "compiler/target/EntryPoints.h"
#include "compiler/target/Manifest.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Target/TargetMachine.h"
#include "gtest/gtest.h"
#include <cstdlib>

using namespace danskin;

// $ is the name of the program: the worst names for generated functions.
static const char *const text = R"(
declare double @dp_exp_f64(double)

define i32 @$(ptr %sizes, ptr %arrays, ptr %strides, ptr %workspace) {
  %1 = call i32 @$.grad(ptr %sizes, ptr %arrays, ptr %strides, ptr %workspace)
  ret i32 %1
}

define i32 @$.grad(ptr %sizes, ptr %arrays, ptr %strides, ptr %workspace) {
entry:
  %n = load i64, ptr %sizes
  %x = load ptr, ptr %arrays
  %out.slot = getelementptr ptr, ptr %arrays, i64 1
  %out = load ptr, ptr %out.slot
  %step = load i64, ptr %strides
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %sum = phi double [ 0.0, %entry ], [ %more, %loop ]
  %at = mul i64 %i, %step
  %slot = getelementptr double, ptr %x, i64 %at
  %element = load double, ptr %slot
  %more = fadd double %sum, %element
  %next = add i64 %i, 1
  %again = icmp slt i64 %next, %n
  br i1 %again, label %loop, label %exit
exit:
  %power = call double @dp_exp_f64(double %more)
  store double %power, ptr %out
  ret i32 0
}

define i32 @$.both(ptr %sizes, ptr %arrays, ptr %strides, ptr %workspace) {
entry:
  %code = call i32 @$.grad(ptr %sizes, ptr %arrays, ptr %strides, ptr %workspace)
  %n = load i64, ptr %sizes
  %out.slot = getelementptr ptr, ptr %arrays, i64 1
  %out = load ptr, ptr %out.slot
  %power = load double, ptr %out
  %grad.slot = getelementptr ptr, ptr %arrays, i64 2
  %grad = load ptr, ptr %grad.slot
  %step.slot = getelementptr i64, ptr %strides, i64 1
  %step = load i64, ptr %step.slot
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %at = mul i64 %i, %step
  %slot = getelementptr double, ptr %grad, i64 %at
  store double %power, ptr %slot
  %next = add i64 %i, 1
  %again = icmp slt i64 %next, %n
  br i1 %again, label %loop, label %exit
exit:
  ret i32 0
}

define i64 @$.workspace(ptr %sizes) {
  ret i64 0
}
define void @$.extents(ptr %sizes, ptr %extents) {
  %n = load i64, ptr %sizes
  store i64 %n, ptr %extents
  ret void
}
define void @$.no_extents(ptr %sizes, ptr %extents) {
  ret void
}
)";

LibraryInterface sumLibrary(llvm::StringRef program) {
  std::string name = program.str();
  SizeForm n{{1}, 0, "N"};
  EntryInterface value;
  value.program = name;
  value.name = "value";
  value.dtype = "f64";
  value.sizes = {{"N", std::nullopt}};
  value.constraints = {{{{1}, -1, "N - 1"}, false, "N >= 1"}};
  InputInterface x;
  x.name = "x";
  x.declaration = "input x : float[N]";
  x.extents = {n};
  value.inputs = {x};
  value.outputs = {{"total", ArrayKind::Float, {}, std::nullopt, ""}};
  value.run = name;
  value.workspace = name + ".workspace";
  value.extents = name + ".no_extents";
  EntryInterface gradient = value;
  gradient.name = "value_grad";
  gradient.outputs.push_back({"grad.x", ArrayKind::Float, {"N"}, 0, ""});
  gradient.run = name + ".both";
  gradient.extents = name + ".extents";
  LibraryInterface library;
  library.source = "sum.dp";
  library.sourceHash = "0123abcd";
  library.commandLine = "dpc sum.dp -o libsum.so";
  library.compilerVersion = "0.1.0";
  library.regularizer = "hard";
  library.entries = {value, gradient};
  return library;
}

std::string sumObject(const LibraryInterface &library,
                      const CpuOptions &options) {
  std::string source = text;
  for (size_t at; (at = source.find("$")) != std::string::npos;)
    source.replace(at, 1, library.entries[0].program);
  llvm::LLVMContext context;
  llvm::SMDiagnostic diagnostic;
  std::unique_ptr<llvm::Module> module =
      llvm::parseAssemblyString(source, diagnostic, context);
  EXPECT_TRUE(module) << diagnostic.getMessage().str();
  auto machine = llvm::cantFail(createCpuMachine(options));
  setCpuTarget(*module, *machine);
  llvm::cantFail(addEntryPoints(*module, library.entries));
  addLibraryFunctions(*module, library, writeManifest(library));
  optimizeForCpu(*module, *machine, options);
  return llvm::cantFail(emitCpuObject(*module, *machine));
}

std::string temporaryPath(llvm::StringRef name) {
  struct Folder {
    Folder() { llvm::sys::fs::createUniqueDirectory("danskin-test", path); }
    ~Folder() { llvm::sys::fs::remove_directories(path); }
    llvm::SmallString<128> path;
  };
  static Folder folder;
  llvm::SmallString<128> path(folder.path);
  llvm::sys::path::append(path, name);
  return path.str().str();
}

int shell(const std::string &command) { return std::system(command.c_str()); }
