//===- ErrorTest.cpp - every error and its message ------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ToyCall.h"
#include "gtest/gtest.h"
#include <cmath>

namespace {

class Errors : public testing::Test {
protected:
  Errors() : c(3, 4, 2, 1) {}

  /// The call fails so and writes nothing.
  void expect(int code, const std::string &message) {
    EXPECT_EQ(c(), code);
    EXPECT_EQ(c.error, message);
    for (Array<double> *array : {&c.score, &c.rows, &c.gradX, &c.gradW})
      for (double element : array->storage)
        ASSERT_EQ(element, -7);
  }

  ToyCall<double> c;
};

TEST_F(Errors, StructSize) {
  c.call.struct_size = 8;
  expect(DP_ERROR_CALL, "");
  EXPECT_EQ(dp_invoke(&toy_f64, nullptr), DP_ERROR_CALL);
}

TEST_F(Errors, Counts) {
  c.call.num_inputs = 2;
  expect(DP_ERROR_CALL, "the call has 2 inputs, but the entry has 5 [R01]");
  c.call.num_inputs = TOY_INPUTS;
  c.call.num_outputs = 0;
  expect(DP_ERROR_CALL, "the call has 0 outputs, but the entry has 4 [R01]");
  c.call.num_sizes = 1;
  expect(DP_ERROR_CALL, "the call has 1 sizes, but the program has 3 [R01]");
}

TEST_F(Errors, Threads) {
  c.call.max_threads = -1;
  expect(DP_ERROR_CALL, "max_threads is -1, but must be >= 0 [R01]");
  EXPECT_EQ(dp_prepare(-1), DP_ERROR_CALL);
}

TEST_F(Errors, MissingInput) {
  c.inputs[TOY_X] = nullptr;
  expect(
      DP_ERROR_CALL,
      "input `x`: it is NULL and has no default (input x : float[N, K]) [R01]");
}

TEST_F(Errors, MissingOutput) {
  c.outputs[TOY_ROWS] = nullptr;
  expect(DP_ERROR_CALL, "output `rows`: it is NULL [R01]");
}

TEST_F(Errors, MissingData) {
  c.x.tensor.data = nullptr;
  expect(DP_ERROR_CALL,
         "input `x`: its data is NULL (input x : float[N, K]) [R01]");
}

TEST_F(Errors, Rank) {
  c.x.tensor.ndim = 1;
  expect(DP_ERROR_RANK, "input `x`: it has 1 axes, but must have 2, or 3 with "
                        "the batch first (input x : float[N, K]) [R02]");
}

TEST_F(Errors, RankOfOutput) {
  c.score.tensor.ndim = 0;
  expect(
      DP_ERROR_RANK,
      "output `score`: it has 0 axes, but must have 1, the batch first [R02]");
}

TEST_F(Errors, RankOfLength) {
  c.useLengths();
  c.sizeLengths[TOY_N] = &c.x.tensor;
  expect(DP_ERROR_RANK, "length of `N`: it has 3 axes, but must have 0, or 1 "
                        "with one number an instance [R02]");
}

TEST_F(Errors, Type) {
  c.x.tensor.dtype.bits = 32;
  expect(DP_ERROR_TYPE, "input `x`: its elements are f32, but must be f64 "
                        "(input x : float[N, K]) [R03]");
}

TEST_F(Errors, TypeOfInts) {
  c.y.tensor.dtype.code = DP_TYPE_FLOAT;
  expect(DP_ERROR_TYPE, "input `y`: its elements are f64, but must be i32 or "
                        "i64 (input y : int[N] in 0..K + 1) [R03]");
}

TEST_F(Errors, Device) {
  c.x.tensor.device.device_type =
      static_cast<decltype(c.x.tensor.device.device_type)>(2);
  expect(DP_ERROR_DEVICE, "input `x`: it is on device type 2, but this entry "
                          "runs on the CPU; --target=cuda:sm_90 is for GPUs "
                          "(input x : float[N, K]) [R04]");
}

TEST_F(Errors, Shape) {
  c.w.shape[0] = 5;
  expect(DP_ERROR_SHAPE,
         "input `w`: axis 0 is 5, but must be `K + 1` = 3, with K = 2 (axis 2 "
         "of input `x`) (input w : float[K + 1]) [R05]");
}

TEST_F(Errors, NegativeShape) {
  c.w.shape[0] = -5;
  expect(DP_ERROR_SHAPE, "input `w`: axis 0 is -5, but must be >= 0 (input w : "
                         "float[K + 1]) [R05]");
}

TEST_F(Errors, ShapeOfOutput) {
  c.rows.shape[1] = 4;
  expect(DP_ERROR_SHAPE, "output `rows`: axis 1 is 4, but must be 5, with N = "
                         "4 (axis 1 of input `x`), K = 2 (axis 2 of input "
                         "`x`), W = 1 (an argument of the call) [R05]");
}

TEST_F(Errors, ShapeOfAGradient) {
  c.gradW.shape[0] = 4;
  expect(DP_ERROR_SHAPE,
         "output `grad.w`: axis 0 is 4, but must be `K + 1` = 3, with K = 2 "
         "(axis 2 of input `x`) (like input w : float[K + 1]) [R05]");
}

TEST_F(Errors, RankOfASum) {
  c.gradW.tensor.ndim = 2;
  expect(DP_ERROR_RANK, "output `grad.w`: it has 2 axes, but must have 1, "
                        "summed over the batch (like input w : float[K + 1]) "
                        "[R02]");
}

TEST_F(Errors, MissingSize) {
  c.call.sizes = nullptr;
  expect(DP_ERROR_SIZE, "size `W`: no input determines it, so it must be an "
                        "argument of the call [R06]");
}

TEST_F(Errors, NegativeSize) {
  c.width() = -3;
  expect(
      DP_ERROR_SIZE,
      "size `W`: it is -3 as an argument of the call, but must be >= 0 [R06]");
}

TEST_F(Errors, ContradictorySize) {
  c.sizes[TOY_K] = &c.width.tensor;
  expect(DP_ERROR_SIZE, "size `K`: it is 1 as an argument of the call, but 2 "
                        "(axis 2 of input `x`) (input x : float[N, K]) [R06]");
  c.sizes[TOY_K] = &c.lengths.tensor;
  expect(DP_ERROR_SIZE,
         "size `K`: it is given one an instance, but the inputs determine it, "
         "so what instances use of it are lengths: it is 2 (axis 2 of input "
         "`x`) (input x : float[N, K]) [R06]");
}

TEST_F(Errors, Constraint) {
  c.useLengths();
  c.lengths(1) = 0;
  expect(DP_ERROR_CONSTRAINT, "instance 1: the program demands `N >= 1`, but N "
                              "= 0 (axis 1 of input `x`) [R07]");
}

TEST_F(Errors, Length) {
  c.useLengths();
  c.lengths(2) = 5;
  expect(DP_ERROR_LENGTH,
         "instance 2: length of `N`: it is 5, but must lie in 0..=4 (axis 1 of "
         "input `x`) (input x : float[N, K]) [R08]");
}

TEST_F(Errors, Batch) {
  c.y.shape[0] = 2;
  expect(DP_ERROR_BATCH,
         "input `y`: axis 0 has 2 instances, but axis 0 of input `x` has 3 "
         "(input y : int[N] in 0..K + 1) [R09]");
}

TEST_F(Errors, BatchOfOutput) {
  c.score.shape[0] = 4;
  expect(DP_ERROR_BATCH, "output `score`: axis 0 has 4 instances, but axis 0 "
                         "of input `x` has 3 [R09]");
}

TEST_F(Errors, Alignment) {
  c.x.tensor.byte_offset = 4;
  expect(DP_ERROR_LAYOUT,
         "input `x`: its data starts 4 bytes past a multiple of 8, the bytes "
         "of an element (input x : float[N, K]) [R10]");
}

TEST_F(Errors, Overlap) {
  c.gradX.tensor.data = c.x.tensor.data;
  expect(DP_ERROR_LAYOUT,
         "output `grad.x`: its 192 bytes begin 0 bytes past those of input "
         "`x`, which are 192, but must be memory of its own (like input x : "
         "float[N, K]) [R10]");
}

TEST_F(Errors, OverlapOfOutputs) {
  c.rows.tensor.data = c.gradX.tensor.data;
  expect(DP_ERROR_LAYOUT,
         "output `grad.x`: its 192 bytes begin 0 bytes past those of output "
         "`rows`, which are 120, but must be memory of its own (like input x : "
         "float[N, K]) [R10]");
}

TEST_F(Errors, OverlapWithinAnOutput) {
  c.rows.tensor.strides = c.rows.strides.data();
  c.rows.strides[1] = 0;
  expect(DP_ERROR_LAYOUT,
         "output `rows`: the 5 elements of axis 1 are 0 bytes apart, but must "
         "be at least 8, or elements lie over each other [R10]");
}

TEST_F(Errors, InstancesOfAnOutputOverlap) {
  c.rows.tensor.strides = c.rows.strides.data();
  c.rows.strides = {4, 1};
  expect(DP_ERROR_LAYOUT,
         "output `rows`: the 3 elements of axis 0 are 32 bytes apart, but must "
         "be at least 40, or elements lie over each other [R10]");
}

TEST_F(Errors, OverlapWithLengths) {
  c.useLengths();
  c.lengths.tensor.data = c.gradX.tensor.data;
  for (int64_t &length : c.lengths.storage)
    length = 4;
  std::vector<double> before = c.gradX.storage;
  for (int64_t b = 0; b < 3; ++b)
    std::memcpy(&c.gradX.storage[size_t(b)], &c.lengths.storage[0], 8);
  EXPECT_EQ(c(), DP_ERROR_LAYOUT);
  EXPECT_STREQ(c.error, "output `grad.x`: its 192 bytes begin 0 bytes past "
                        "those of length of `N`, which are 24, but must be "
                        "memory of its own (like input x : float[N, K]) [R10]");
}

TEST_F(Errors, ColumnsOfOneMatrixAreApart) {
  // grad.x is columns 0..1 and rows columns 2..6 of the rows of one array.
  std::vector<double> shared(3 * 4 * 10, -7);
  c.gradX.tensor.data = shared.data();
  c.gradX.tensor.strides = c.gradX.strides.data();
  c.gradX.strides = {40, 10, 1};
  c.rows.tensor.data = shared.data() + 2;
  c.rows.tensor.strides = c.rows.strides.data();
  c.rows.strides = {40, 1};
  EXPECT_EQ(c(), DP_OK) << c.error;
  c.rows.tensor.data = shared.data() + 6; // now wraps into the next row
  EXPECT_EQ(c(), DP_ERROR_LAYOUT);
}

TEST_F(Errors, Labels) {
  c.y(1, 2) = 3;
  expect(DP_ERROR_VALUE, "instance 1: input `y`: element [2] is 3, but must "
                         "lie in 0..3 (input y : int[N] in 0..K + 1) [R11]");
}

TEST_F(Errors, NarrowLabels) {
  Array<int32_t> y({3, 4});
  y(2, 0) = -1;
  c.inputs[TOY_Y] = &y.tensor;
  expect(DP_ERROR_VALUE, "instance 2: input `y`: element [0] is -1, but must "
                         "lie in 0..3 (input y : int[N] in 0..K + 1) [R11]");
}

TEST_F(Errors, Gamma) {
  c.gamma(1) = 0;
  expect(DP_ERROR_VALUE, "instance 1: input `gamma`: it is 0, but must be "
                         "finite and > 0 (reg entropy) [R11]");
  for (double wrong : {-1.0, double(NAN), double(INFINITY)}) {
    c.gamma(1) = wrong;
    EXPECT_EQ(c(), DP_ERROR_VALUE);
  }
}

TEST_F(Errors, Workspace) {
  int64_t bytes = dp_workspace(&toy_f64, &c.call);
  std::vector<char> workspace(static_cast<size_t>(bytes));
  c.call.workspace = workspace.data();
  c.call.workspace_bytes = bytes - 1;
  EXPECT_EQ(dp_invoke(&toy_f64, &c.call), DP_ERROR_WORKSPACE);
  EXPECT_EQ(c.error, "the workspace has " + std::to_string(bytes - 1) +
                         " bytes, but must have " + std::to_string(bytes) +
                         " [R12]");
}

TEST_F(Errors, HugeWorkspace) {
  c.x.shape[1] = c.y.shape[1] = int64_t(1) << 60;
  c.y.tensor.strides = c.y.strides.data();
  c.x.tensor.strides = c.x.strides.data();
  expect(DP_ERROR_WORKSPACE,
         "the workspace of one instance exceeds 2^63 bytes, with N = "
         "1152921504606846976 (axis 1 of input `x`), K = 2 (axis 2 of input "
         "`x`), W = 1 (an argument of the call) [R12]");
}

TEST_F(Errors, Kernel) {
  c.x(2, 0, 0) = toy_poison;
  EXPECT_EQ(c(), DP_ERROR_KERNEL);
  EXPECT_STREQ(c.error, "instance 2: the kernel returned 7 [R13]");
}

TEST_F(Errors, FitIntoAnyBuffer) {
  c.x.tensor.ndim = 1;
  for (int64_t bytes : {0, 1, 7}) {
    std::memset(c.error, 'z', sizeof c.error);
    c.call.error_bytes = bytes;
    EXPECT_EQ(c(), DP_ERROR_RANK);
    EXPECT_EQ(c.error[bytes], 'z');
    if (bytes) {
      EXPECT_EQ(std::strlen(c.error), size_t(bytes - 1));
    }
  }
  c.call.error = nullptr;
  EXPECT_EQ(c(), DP_ERROR_RANK);
}

} // namespace
