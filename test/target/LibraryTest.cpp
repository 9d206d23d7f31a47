//===- LibraryTest.cpp - libraries are linked, loaded and called ----------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sum.h"
#include "compiler/target/Header.h"
#include "compiler/target/Link.h"
#include "compiler/target/Manifest.h"
#include "runtime/include/dp/call.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <cmath>
#include <dlfcn.h>
#include <set>

using namespace danskin;

namespace {

std::string contents(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, false, false);
  return buffer ? (*buffer)->getBuffer().str() : "";
}

void write(const std::string &path, const std::string &text) {
  std::error_code error;
  llvm::raw_fd_ostream(path, error) << text;
}

std::string build(llvm::StringRef program, llvm::StringRef file,
                  const CpuOptions &options = {}) {
  std::string path = temporaryPath(file);
  llvm::Error error =
      linkSharedLibrary({sumObject(sumLibrary(program), options)}, path);
  EXPECT_FALSE(bool(error)) << llvm::toString(std::move(error));
  return path;
}

/// exp(1 + 2 + 3) by the library at `path`.
double callValue(void *library, const std::string &program) {
  auto call = reinterpret_cast<int (*)(const dp_call *)>(
      dlsym(library, ("dp1_" + program + "_value_f64").c_str()));
  if (!call)
    return -1;
  double x[] = {1, 2, 3}, total = 0;
  int64_t shape[] = {3};
  dp_tensor in = {x, {DP_CPU, 0}, 1, {DP_TYPE_FLOAT, 64, 1}, shape, nullptr, 0};
  dp_tensor out = {&total,  {DP_CPU, 0}, 0, {DP_TYPE_FLOAT, 64, 1},
                   nullptr, nullptr,     0};
  const dp_tensor *inputs[] = {&in}, *outputs[] = {&out};
  char error[200];
  dp_call arguments = {};
  arguments.struct_size = sizeof arguments;
  arguments.num_inputs = arguments.num_outputs = 1;
  arguments.inputs = inputs;
  arguments.outputs = outputs;
  arguments.error = error;
  arguments.error_bytes = sizeof error;
  EXPECT_EQ(call(&arguments), DP_OK) << error;
  return total;
}

TEST(Library, IsLoadedAndCalledWhateverItsName) {
  for (const char *program : {"sum", "malloc", "expf", "memcpy", "main"}) {
    std::string path = build(program, std::string(program) + ".so");
    void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    ASSERT_TRUE(library) << dlerror();
    EXPECT_NEAR(callValue(library, program), std::exp(6.0), 1e-12);
    dlclose(library);
  }
}

TEST(Library, IsUnloadedWithItsThreads) {
  std::string path = build("sum", "threads.so");
  for (int repeat = 0; repeat < 20; ++repeat) {
    void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    ASSERT_TRUE(library) << dlerror();
    auto prepare =
        reinterpret_cast<int (*)(int32_t)>(dlsym(library, "dp1_sum_prepare"));
    EXPECT_EQ(prepare(5), DP_OK);
    EXPECT_NEAR(callValue(library, "sum"), std::exp(6.0), 1e-12);
    dlclose(library);
  }
}

TEST(Library, WorksAtEveryLevel) {
  for (unsigned level : {0, 1, 2, 3}) {
    CpuOptions options;
    options.optLevel = level;
    options.cpu = level == 3 ? "native" : "";
    std::string path =
        build("sum", "level" + std::to_string(level) + ".so", options);
    void *library = dlopen(path.c_str(), RTLD_NOW);
    ASSERT_TRUE(library) << dlerror();
    EXPECT_NEAR(callValue(library, "sum"), std::exp(6.0), 1e-12);
    dlclose(library);
  }
}

TEST(Library, IsTheSameTwice) {
  EXPECT_EQ(contents(build("sum", "first.so")),
            contents(build("sum", "first.so")));
}

TEST(Library, ShowsItsEntriesOnly) {
  std::string path = build("sum", "shown.so");
  auto binary =
      llvm::cantFail(llvm::object::ObjectFile::createObjectFile(path));
  auto *elf = llvm::cast<llvm::object::ELFObjectFileBase>(binary.getBinary());
  std::set<std::string> defined, undefined;
  for (llvm::object::ELFSymbolRef symbol : elf->getDynamicSymbolIterators()) {
    uint32_t flags = llvm::cantFail(symbol.getFlags());
    std::string name = llvm::cantFail(symbol.getName()).str();
    (flags & llvm::object::SymbolRef::SF_Undefined ? undefined : defined)
        .insert(name);
  }
  EXPECT_THAT(defined,
              testing::UnorderedElementsAre(
                  "dp1_sum_value_f64", "dp1_sum_value_f64_workspace",
                  "dp1_sum_value_f64_output_shape", "dp1_sum_value_grad_f64",
                  "dp1_sum_value_grad_f64_workspace",
                  "dp1_sum_value_grad_f64_output_shape",
                  "dp1_sum_value_f64_xla", "dp1_sum_value_grad_f64_xla",
                  "__tvm_ffi_sum_value", "__tvm_ffi_sum_value_grad",
                  "dp1_sum_prepare", "dp1_sum_manifest"));
  // malloc is there for XLA and TVM, which bring no workspace.
  for (const char *forbidden :
       {"calloc", "exit", "abort", "printf", "exp", "_init"})
    EXPECT_EQ(undefined.count(forbidden), 0u) << forbidden;
  for (llvm::object::SectionRef section : elf->sections())
    EXPECT_NE(llvm::cantFail(section.getName()), ".init_array");
}

TEST(Library, CarriesItsManifest) {
  std::string path = build("sum", "manifest.so");
  void *library = dlopen(path.c_str(), RTLD_NOW);
  ASSERT_TRUE(library) << dlerror();
  auto getter =
      reinterpret_cast<const char *(*)()>(dlsym(library, "dp1_sum_manifest"));
  ASSERT_TRUE(getter);
  std::string text = getter();
  dlclose(library);
  auto json = llvm::json::parse(text);
  ASSERT_TRUE(bool(json)) << llvm::toString(json.takeError());
  EXPECT_EQ(text, writeManifest(sumLibrary("sum")));
  EXPECT_EQ(json->getAsObject()->getArray("entries")->size(), 2u);
  auto binary =
      llvm::cantFail(llvm::object::ObjectFile::createObjectFile(path));
  bool isFound = false;
  for (llvm::object::SectionRef section : binary.getBinary()->sections())
    if (llvm::cantFail(section.getName()) == ".danskin") {
      isFound = true;
      EXPECT_EQ(llvm::cantFail(section.getContents()),
                llvm::StringRef(text.c_str(), text.size() + 1));
    }
  EXPECT_TRUE(isFound);
}

TEST(Library, NamesWhatIsMissing) {
  LibraryInterface library = sumLibrary("sum");
  CpuOptions options;
  options.cpu = "no-such-cpu";
  auto machine = createCpuMachine(options);
  ASSERT_FALSE(bool(machine));
  EXPECT_EQ(llvm::toString(machine.takeError()), "unknown CPU 'no-such-cpu'");
  llvm::Error error =
      linkSharedLibrary({sumObject(library, {})}, "/nonexistent/folder/x.so");
  EXPECT_THAT(llvm::toString(std::move(error)),
              testing::HasSubstr("/nonexistent/folder/x.so"));
}

TEST(Library, InstrumentsForSanitizers) {
  for (bool thread : {false, true}) {
    CpuOptions options;
    options.sanitizeAddress = !thread;
    options.sanitizeThread = thread;
    std::string object = sumObject(sumLibrary("sum"), options);
    EXPECT_NE(object.find(thread ? "__tsan_" : "__asan_"), std::string::npos);
  }
}

/// The example, compiled by a C and a C++ compiler against both products.
TEST(Header, ExampleRuns) {
  LibraryInterface library = sumLibrary("sum");
  write(temporaryPath("sum.h"), writeHeader(library, "sum.h"));
  write(temporaryPath("example.c"), writeExampleC(library, "sum.h"));
  std::string shared = build("sum", "libsum.so");
  std::string archive = temporaryPath("libsum.a");
  ASSERT_FALSE(bool(linkStaticLibrary({sumObject(library, {})}, archive)));
  std::string program = temporaryPath("example");
  std::string source = temporaryPath("example.c");
  const std::string compilers[] = {
      C_COMPILER " -std=c99 -pedantic -Wall -Wextra -Werror ",
      CXX_COMPILER " -std=c++11 -pedantic -Wall -Wextra -Werror "
                   "-fpermissive -x c++ "};
  for (const std::string &compiler : compilers)
    for (const std::string &product : {shared, archive}) {
      bool isC = compiler == compilers[0];
      if (!isC)
        write(source, "#include \"sum.h\"\n#include \"sum.h\"\n"
                      "int main() { sum_value_f64_args a = {}; a.N = 1; "
                      "return sum_value_f64_workspace(&a) != 0; }\n");
      ASSERT_EQ(shell(compiler + source + " -x none " + product +
                      " -Wl,-rpath," + temporaryPath("") + " -lpthread -o " +
                      program),
                0)
          << product;
      std::string output = temporaryPath("output");
      ASSERT_EQ(shell(program + " > " + output), 0);
      if (isC) {
        EXPECT_THAT(contents(output),
                    testing::MatchesRegex("total = [0-9.]+\n"
                                          "grad.x = [0-9.]+ [0-9.]+ "
                                          "[0-9.]+\n"));
      }
    }
}

} // namespace
