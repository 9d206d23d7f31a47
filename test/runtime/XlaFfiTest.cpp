//===- XlaFfiTest.cpp - entries as handlers of XLA's typed FFI ------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What XLA itself, in the tests of the Python package, does not show: what the
// handler declares, and calls whose attributes are wrong.
//
//===----------------------------------------------------------------------===//

#include "ToyDevice.h"
extern "C" {
#include "runtime/src/xla_ffi.h"
}
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <malloc.h>

namespace {

/// The error that a handler made last.
struct Error {
  int code = 0;
  std::string message;
};
Error lastError;

/// What XLA has of a GPU, and what was asked of it.
struct Gpu {
  int32_t ordinal = 1;
  void *stream = &ordinal;
  std::vector<char> memory;
  size_t allocated = 0, freed = 0;
  /// What functions fail with; null: they do not.
  Error *noStream = nullptr, *noMemory = nullptr;
};

void *getStream(dp_xla_stream_arguments *arguments) {
  auto *gpu = static_cast<Gpu *>(arguments->context);
  arguments->stream = gpu->stream;
  return gpu->noStream;
}

void *getOrdinal(dp_xla_ordinal_arguments *arguments) {
  arguments->ordinal = static_cast<Gpu *>(arguments->context)->ordinal;
  return nullptr;
}

void *allocate(dp_xla_allocate_arguments *arguments) {
  auto *gpu = static_cast<Gpu *>(arguments->context);
  if (gpu->noMemory)
    return gpu->noMemory;
  EXPECT_LE(arguments->alignment, 16u) << "XLA refuses more";
  gpu->allocated = arguments->size;
  gpu->memory.resize(arguments->size);
  arguments->data = gpu->memory.data();
  return nullptr;
}

void *deallocate(dp_xla_free_arguments *arguments) {
  auto *gpu = static_cast<Gpu *>(arguments->context);
  EXPECT_EQ(arguments->data, gpu->memory.data());
  gpu->freed = arguments->size;
  return nullptr;
}

void *createError(dp_xla_error_arguments *arguments) {
  lastError = {arguments->code, arguments->message};
  return &lastError;
}

/// An attribute: its name, its kind and i64 elements.
struct Attribute {
  std::string name;
  std::vector<int64_t> values;
  int type = DP_XLA_ARRAY;
  int dtype = DP_XLA_S64;
};

/// A frame as XLA makes one.
class Frame {
public:
  Frame() {
    api.create_error = createError;
    api.get_stream = getStream;
    api.get_ordinal = getOrdinal;
    api.allocate = allocate;
    api.free = deallocate;
    api.struct_size = sizeof api;
    frame.api = &api;
    frame.stage = DP_XLA_EXECUTE;
  }

  void addArgument(int dtype, void *data, std::vector<int64_t> shape) {
    add(arguments, dtype, data, std::move(shape));
  }
  void addResult(int dtype, void *data, std::vector<int64_t> shape) {
    add(results, dtype, data, std::move(shape));
  }
  void setAttributes(std::vector<Attribute> given) {
    attributes = std::move(given);
  }

  /// Null, or the error.
  const Error *call(const dp_entry &entry) {
    std::vector<dp_xla_buffer *> pointers[2];
    for (Buffer &buffer : arguments)
      pointers[0].push_back(buffer.get());
    for (Buffer &buffer : results)
      pointers[1].push_back(buffer.get());
    frame.arguments.size = int64_t(pointers[0].size());
    frame.arguments.buffers = pointers[0].data();
    frame.results.size = int64_t(pointers[1].size());
    frame.results.buffers = pointers[1].data();
    std::vector<dp_xla_span> names;
    std::vector<dp_xla_array> arrays;
    std::vector<int> types;
    for (Attribute &attribute : attributes) {
      names.push_back({attribute.name.data(), attribute.name.size()});
      arrays.push_back(
          {attribute.dtype, attribute.values.size(), attribute.values.data()});
      types.push_back(attribute.type);
    }
    std::vector<dp_xla_span *> namePointers;
    std::vector<void *> values;
    for (size_t i = 0; i < names.size(); ++i) {
      namePointers.push_back(&names[i]);
      values.push_back(&arrays[i]);
    }
    frame.attributes.size = int64_t(names.size());
    frame.attributes.names = namePointers.data();
    frame.attributes.types = types.data();
    frame.attributes.values = values.data();
    return static_cast<const Error *>(dp_xla_ffi(&entry, &frame));
  }

  dp_xla_frame frame = {};
  dp_xla_api api = {};

private:
  struct Buffer {
    dp_xla_buffer buffer;
    std::vector<int64_t> shape;
    dp_xla_buffer *get() {
      buffer.dims = shape.data();
      return &buffer;
    }
  };
  static void add(std::vector<Buffer> &to, int dtype, void *data,
                  std::vector<int64_t> shape) {
    dp_xla_buffer buffer = {};
    buffer.dtype = dtype;
    buffer.data = data;
    buffer.rank = int64_t(shape.size());
    to.push_back({buffer, std::move(shape)});
  }

  std::vector<Buffer> arguments, results;
  std::vector<Attribute> attributes;
};

/// Two instances of the toy with N = 2, K = 1, W = 1, weights in common.
struct XlaFfi : testing::Test {
  XlaFfi() {
    frame.addArgument(DP_XLA_F64, x, {2, 2, 1});
    frame.addArgument(DP_XLA_F64, w, {2});
    frame.addArgument(DP_XLA_S32, y, {2, 2});
    frame.addArgument(DP_XLA_F64, &gamma, {});
    frame.addResult(DP_XLA_F64, score, {2});
    frame.addResult(DP_XLA_F64, rows, {2, 3});
    frame.addResult(DP_XLA_F64, gradX, {2, 2, 1});
    frame.setAttributes(good);
  }

  double x[4] = {1, 2, 3, 4}, w[2] = {10, 1}, gamma = 1;
  int32_t y[4] = {0, 1, 1, 1};
  double score[2] = {}, rows[6] = {}, gradX[4] = {}, gradW[4] = {};
  std::vector<Attribute> good = {
      {"binding", {TOY_X, TOY_WEIGHTS, TOY_Y, TOY_GAMMA}},
      {"sizes", {-1, -1, 1}}};
  Frame frame;
};

TEST_F(XlaFfi, DeclaresTheFirstVersion) {
  dp_xla_metadata metadata = {};
  metadata.version.major = metadata.version.minor = -1;
  dp_xla_metadata_extension extension = {
      {sizeof extension, DP_XLA_METADATA, nullptr}, &metadata};
  frame.frame.extensions = &extension.base;
  EXPECT_EQ(frame.call(toy_f64), nullptr);
  EXPECT_EQ(metadata.version.major, 0);
  EXPECT_EQ(metadata.version.minor, 1);
  EXPECT_EQ(score[0], 0);
}

TEST_F(XlaFfi, OtherStagesDoNothing) {
  frame.addResult(DP_XLA_F64, gradW, {2});
  for (int stage = 0; stage < DP_XLA_EXECUTE; ++stage) {
    frame.frame.stage = stage;
    EXPECT_EQ(frame.call(toy_f64), nullptr);
    EXPECT_EQ(score[0], 0);
  }
}

TEST_F(XlaFfi, GradientOfWhatIsSharedIsSummed) {
  frame.addResult(DP_XLA_F64, gradW, {2});
  ASSERT_EQ(frame.call(toy_f64), nullptr) << lastError.message;
  // 1 + 10 + 10 + 20 + 1, and 1 + 30 + 1 + 40 + 1.
  EXPECT_THAT(score, testing::ElementsAre(42, 73));
  EXPECT_THAT(rows, testing::ElementsAre(20, 21, 1, 31, 41, 1));
  EXPECT_THAT(gradX, testing::Each(10));
  EXPECT_EQ(gradW[0], 1 + 1 + 2 + 3 + 4);
  EXPECT_EQ(gradW[1], 1 + 2);
}

TEST_F(XlaFfi, GradientOfWhatIsSpreadIsNot) {
  frame.addResult(DP_XLA_F64, gradW, {2, 2});
  std::vector<Attribute> attributes = good;
  attributes.push_back({"spread", {TOY_WEIGHTS}});
  frame.setAttributes(attributes);
  ASSERT_EQ(frame.call(toy_f64), nullptr) << lastError.message;
  EXPECT_THAT(gradW, testing::ElementsAre(1 + 1 + 2, 1, 3 + 4, 2));
}

TEST_F(XlaFfi, SpreadIsNothingWithoutABatch) {
  Frame one;
  one.addArgument(DP_XLA_F64, x, {2, 1});
  one.addArgument(DP_XLA_F64, w, {2});
  one.addArgument(DP_XLA_S32, y, {2});
  one.addResult(DP_XLA_F64, score, {});
  one.addResult(DP_XLA_F64, rows, {3});
  one.addResult(DP_XLA_F64, gradX, {2, 1});
  one.addResult(DP_XLA_F64, gradW, {2});
  one.setAttributes({{"binding", {TOY_X, TOY_WEIGHTS, TOY_Y}},
                     {"sizes", {-1, -1, 1}},
                     {"spread", {TOY_WEIGHTS}}});
  ASSERT_EQ(one.call(toy_f64), nullptr) << lastError.message;
  EXPECT_EQ(score[0], 42);
}

TEST_F(XlaFfi, OneThreadGivesTheSame) {
  frame.addResult(DP_XLA_F64, gradW, {2});
  std::vector<Attribute> attributes = good;
  attributes.push_back({"threads", {1}});
  frame.setAttributes(attributes);
  ASSERT_EQ(frame.call(toy_f64), nullptr) << lastError.message;
  EXPECT_THAT(score, testing::ElementsAre(42, 73));
}

TEST_F(XlaFfi, FaultsOfACallAreErrors) {
  frame.addResult(DP_XLA_F64, gradW, {2});
  y[3] = 7;
  const Error *error = frame.call(toy_f64);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->code, DP_XLA_INVALID_ARGUMENT);
  EXPECT_THAT(error->message, testing::HasSubstr("input `y`"));
  y[3] = 1;
  x[0] = toy_poison;
  error = frame.call(toy_f64);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->code, DP_XLA_INTERNAL);
}

TEST_F(XlaFfi, EachOutputHasAResult) {
  const Error *error = frame.call(toy_f64);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->code, DP_XLA_INVALID_ARGUMENT);
  EXPECT_THAT(error->message, testing::HasSubstr("outputs"));
}

TEST_F(XlaFfi, TooMuchWorkspaceIsExhaustion) {
  frame.addResult(DP_XLA_F64, gradW, {2});
  dp_entry entry = toy_f64;
  entry.workspace = [](const int64_t *) -> int64_t { return -1; };
  const Error *error = frame.call(entry);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->code, DP_XLA_RESOURCE_EXHAUSTED);
  EXPECT_THAT(error->message, testing::HasSubstr("workspace"));
}

/// Bytes that malloc has given out.
size_t getBytesInUse() {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

TEST_F(XlaFfi, FaultsLeaveNothing) {
  frame.addResult(DP_XLA_F64, gradW, {2});
  y[3] = 7;
  ASSERT_NE(frame.call(toy_f64), nullptr);
  size_t before = getBytesInUse();
  for (int i = 0; i < 100'000; ++i)
    ASSERT_NE(frame.call(toy_f64), nullptr);
  EXPECT_LT(getBytesInUse(), before + 1024);
}

TEST_F(XlaFfi, OtherElementsAreRefused) {
  frame.addResult(DP_XLA_F64, gradW, {2});
  const Error *error = frame.call(toy_f32);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->code, DP_XLA_INVALID_ARGUMENT);
  EXPECT_THAT(error->message, testing::HasSubstr("must be f32"));
}

TEST_F(XlaFfi, AttributesMustFitTheArguments) {
  frame.addResult(DP_XLA_F64, gradW, {2});
  const std::vector<int64_t> binding = good[0].values;
  std::vector<int64_t> outside = binding, negative = binding;
  outside[0] = TOY_INPUTS + 2 * TOY_SIZES;
  negative[0] = -1;
  const std::vector<Attribute> faulty[] = {
      {},
      {{"binding", {TOY_X}}},
      {{"binding", outside}},
      {{"binding", negative}},
      {{"binding", binding, /*type=*/DP_XLA_ARRAY + 1}},
      {{"binding", binding, DP_XLA_ARRAY, /*dtype=*/DP_XLA_S32}},
      {{"bindings", binding}},
      {{"binding", binding}, {"sizes", {1}}},
      {{"binding", binding}, {"spread", {TOY_X}}},
      {{"binding", binding}, {"spread", {TOY_CT}}},
      {{"binding", binding}, {"spread", {TOY_INPUTS}}},
      {{"binding", binding}, {"threads", {1, 1}}},
      {{"binding", binding}, {"threads", {-1}}},
  };
  for (const std::vector<Attribute> &attributes : faulty) {
    frame.setAttributes(attributes);
    const Error *error = frame.call(toy_f64);
    ASSERT_NE(error, nullptr);
    EXPECT_EQ(error->code, DP_XLA_INVALID_ARGUMENT);
    EXPECT_THAT(error->message, testing::HasSubstr("attributes"));
    EXPECT_EQ(score[0], 0);
  }
}

/// A call whose buffers are said to lie on a GPU. There is no driver that
/// could run it, or it has no such kernels: what comes before is looked at.
struct XlaFfiOnGpu : XlaFfi {
  XlaFfiOnGpu() : entry(toy_f64) {
    onGpu.frame.context = &gpu;
    onGpu.addArgument(DP_XLA_F64, x, {2, 2, 1});
    onGpu.addArgument(DP_XLA_F64, w, {2});
    onGpu.addArgument(DP_XLA_S64, labels, {2, 2});
    onGpu.addResult(DP_XLA_F64, score, {2});
    onGpu.addResult(DP_XLA_F64, rows, {2, 3});
    onGpu.addResult(DP_XLA_F64, gradX, {2, 2, 1});
    onGpu.addResult(DP_XLA_F64, gradW, {2});
    onGpu.setAttributes({{"binding", {TOY_X, TOY_WEIGHTS, TOY_Y}},
                         {"sizes", {-1, -1, 1}},
                         {"gpu", {1}}});
    entry.device = &kernels;
  }

  int64_t labels[4] = {0, 1, 1, 1};
  Gpu gpu;
  dp_device_kernels kernels = getToyKernels();
  dp_entry entry;
  Frame onGpu;
};

TEST_F(XlaFfiOnGpu, TheWorkspaceIsXlas) {
  // The driver, or what it would run, is what is missing.
  const Error *error = onGpu.call(entry);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->code, DP_XLA_INTERNAL) << error->message;
  EXPECT_GT(gpu.allocated, 0u);
  EXPECT_EQ(gpu.freed, gpu.allocated);
}

TEST_F(XlaFfiOnGpu, ErrorsOfXlaAreHandedOn) {
  Error noStream, noMemory;
  gpu.noMemory = &noMemory;
  EXPECT_EQ(onGpu.call(entry), &noMemory);
  gpu.noStream = &noStream;
  EXPECT_EQ(onGpu.call(entry), &noStream);
  EXPECT_EQ(gpu.freed, 0u);
}

TEST_F(XlaFfiOnGpu, KernelsForOneMustBeThere) {
  const Error *error = onGpu.call(toy_f64);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->code, DP_XLA_INVALID_ARGUMENT);
  EXPECT_THAT(error->message, testing::HasSubstr("--target=cuda:sm_90"));
}

TEST_F(XlaFfiOnGpu, OlderVersionsDoNotTellWhichGpu) {
  onGpu.api.struct_size = offsetof(dp_xla_api, get_ordinal);
  const Error *error = onGpu.call(entry);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->code, DP_XLA_UNIMPLEMENTED);
  EXPECT_THAT(error->message, testing::HasSubstr("jaxlib"));
}

} // namespace
