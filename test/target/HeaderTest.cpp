//===- HeaderTest.cpp - headers compile wherever they are included --------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/target/Header.h"
#include "Sum.h"
#include "compiler/target/CNames.h"
#include "llvm/Support/raw_ostream.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace danskin;

namespace {

InputInterface input(std::string name, ArrayKind kind,
                     std::vector<SizeForm> extents) {
  InputInterface result;
  result.name = std::move(name);
  result.declaration = "input " + result.name;
  result.kind = kind;
  result.extents = std::move(extents);
  return result;
}

/// Names that are taken elsewhere, every kind of array, a graph.
LibraryInterface awkwardLibrary() {
  SizeForm v{{1, 0, 0}, 0, "batch"}, v1{{1, 0, 0}, 1, "batch + 1"},
      e{{0, 1, 0}, 0, "E"}, odd{{2, 0, -3}, 9, "2 * batch - 3 * errno + 9"};
  EntryInterface entry;
  entry.program = "new_";
  entry.name = "value_grad";
  entry.dtype = "f32";
  entry.sizes = {{"batch", std::nullopt}, {"E", std::nullopt}, {"errno", 4}};
  entry.constraints = {{{{1, 0, 0}, -5, "batch - 5"}, false, "batch >= 5"}};
  InputInterface pointers = input("g.indptr", ArrayKind::Int, {v1});
  pointers.role = IntRole::DagPointers;
  InputInterface sources = input("g.src", ArrayKind::Int, {e});
  sources.role = IntRole::DagSources;
  InputInterface label = input("y", ArrayKind::Int, {v});
  label.lower = SizeForm{{0, 0, 0}, 1, "1"};
  label.upper = SizeForm{{0, 0, 1}, 0, "errno"};
  InputInterface weight = input("double", ArrayKind::Float, {odd, e});
  weight.isShared = true;
  InputInterface gamma = input("gamma", ArrayKind::Gamma, {});
  gamma.defaultValue = 1;
  InputInterface cotangent = input("ct.a", ArrayKind::Float, {});
  cotangent.defaultValue = 1;
  entry.inputs = {pointers, sources, label, weight, gamma, cotangent};
  entry.outputs = {{"a", ArrayKind::Float, {}, std::nullopt, "its value"},
                   {"grad.double", ArrayKind::Float, {"x", "E"}, 3, ""},
                   {"grad_double", ArrayKind::F64, {}, 4, ""},
                   {"path", ArrayKind::Int, {"E", "4"}, std::nullopt, ""}};
  LibraryInterface library;
  library.source = "evil */ name.dp";
  library.commandLine = "dpc 'evil */\n name.dp'";
  library.entries = {entry};
  return library;
}

const char dlpack[] = R"(#ifndef DLPACK_DLPACK_H_
#define DLPACK_DLPACK_H_
#include <stdint.h>
typedef enum { kDLCPU = 1, kDLCUDA = 2 } DLDeviceType;
typedef struct { DLDeviceType device_type; int32_t device_id; } DLDevice;
typedef struct { uint8_t code, bits; uint16_t lanes; } DLDataType;
typedef struct {
  void *data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t *shape;
  int64_t *strides;
  uint64_t byte_offset;
} DLTensor;
#endif
)";

void write(const std::string &path, const std::string &text) {
  std::error_code error;
  llvm::raw_fd_ostream(path, error) << text;
}

bool compiles(const std::string &source) {
  write(temporaryPath("user.c"), source);
  std::string flags = " -pedantic -Wall -Wextra -Werror -fsyntax-only ";
  std::string file = temporaryPath("user.c");
  return shell(C_COMPILER " -std=c99" + flags + file) == 0 &&
         shell(CXX_COMPILER " -std=c++98 -Wno-long-long" + flags + "-x c++ " +
               file) == 0;
}

TEST(Header, CompilesBesideOthers) {
  write(temporaryPath("awkward.h"), writeHeader(awkwardLibrary(), "awkward.h"));
  write(temporaryPath("plain.h"), writeHeader(sumLibrary("sum"), "plain.h"));
  write(temporaryPath("dlpack.h"), dlpack);
  EXPECT_TRUE(compiles("#include \"awkward.h\"\n#include \"plain.h\"\n"
                       "#include \"awkward.h\"\n#include <errno.h>\n"));
  EXPECT_TRUE(compiles("#include <errno.h>\n#include \"awkward.h\"\n"));
  EXPECT_TRUE(compiles("#include \"dlpack.h\"\n#include \"plain.h\"\n"
                       "void f(dp_call *c, const DLTensor *const *a);\n"
                       "void f(dp_call *c, const DLTensor *const *a) "
                       "{ c->inputs = a; }\n"));
  EXPECT_TRUE(compiles("#include \"plain.h\"\n#include \"dlpack.h\"\n"));
}

TEST(Header, ExampleOfAnythingCompiles) {
  std::string example = writeExampleC(awkwardLibrary(), "awkward.h");
  write(temporaryPath("awkward.h"), writeHeader(awkwardLibrary(), "awkward.h"));
  write(temporaryPath("example.c"), example);
  EXPECT_EQ(shell(C_COMPILER " -std=c99 -pedantic -Wall -Wextra -Werror "
                             "-fsyntax-only " +
                  temporaryPath("example.c")),
            0);
  // The constraint is met, labels lie in their range, edges lead forward.
  EXPECT_THAT(example, testing::HasSubstr("a.batch_ = 5;"));
  EXPECT_THAT(example, testing::HasSubstr("[i] = 1 + i % 3;"));
  EXPECT_THAT(example, testing::HasSubstr("[i] = i * INT64_C(4) / 3;"));
}

TEST(CNames, AreIdentifiersAndDistinct) {
  CNames names(awkwardLibrary().entries[0]);
  EXPECT_THAT(names.sizes, testing::ElementsAre("batch_", "E", "errno_"));
  EXPECT_EQ(names.inputs[0], "g_indptr");
  EXPECT_EQ(names.inputs[3], "double_");
  EXPECT_EQ(names.outputs[1], "grad_double");
  EXPECT_EQ(names.outputs[2], "grad_double_");
}

TEST(CNames, FormsAreExpressions) {
  std::vector<std::string> sizes = {"N", "M"};
  EXPECT_EQ(cExpression({{1, 0}, 0, ""}, sizes, "a->"), "a->N");
  EXPECT_EQ(cExpression({{-1, 2}, 3, ""}, sizes, ""), "-N+2*M+3");
  EXPECT_EQ(cExpression({{0, 0}, 0, ""}, sizes, ""), "0");
  EXPECT_EQ(cExpression({{0, -3}, -1, ""}, sizes, ""), "-3*M-1");
}

} // namespace
