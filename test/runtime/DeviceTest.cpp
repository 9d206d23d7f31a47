//===- DeviceTest.cpp - calls whose arrays lie on a GPU -------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ToyDevice.h"
extern "C" {
#include "runtime/src/scratch.h"
}
#include <gmock/gmock.h>

using testing::HasSubstr;

namespace {

/// The kernels are for no GPU that there is. Addresses of the CPU stand for the
/// GPU's: nothing may look there.
class Devices : public ToyDevice {
protected:
  Devices() {
    kernels.names[DP_KERNEL_SUMS] = "toy_sums";
    for (dp_tensor *tensor :
         {&c.x.tensor, &c.w.tensor, &c.y.tensor, &c.gamma.tensor,
          &c.score.tensor, &c.rows.tensor, &c.gradX.tensor, &c.gradW.tensor})
      tensor->device.device_type = DP_CUDA;
  }
};

TEST_F(Devices, WithoutADriver) {
  EXPECT_EQ(c(), DP_ERROR_DRIVER);
  EXPECT_THAT(c.error, testing::AnyOf(HasSubstr("CUDA's driver cannot be used"),
                                      HasSubstr("CUDA cannot"),
                                      HasSubstr("no kernels for this GPU")));
}

TEST_F(Devices, AllOnOne) {
  c.x.tensor.device.device_id = 1;
  EXPECT_EQ(c(), DP_ERROR_DEVICE);
  EXPECT_THAT(c.error, HasSubstr("is on device type 2, number 0, but other "
                                 "arrays are on GPU 1"));
}

TEST_F(Devices, NoWorkspaceFromMalloc) {
  EXPECT_EQ(dp_invoke_with_scratch(&entry, &c.call), DP_ERROR_DEVICE);
  EXPECT_THAT(c.error, HasSubstr("inputs are on GPU 0"));
  EXPECT_THAT(c.error, HasSubstr("[R04]"));
}

TEST_F(Devices, NoArrayOfTheCpu) {
  c.w.tensor.device.device_type = DP_CPU;
  EXPECT_EQ(c(), DP_ERROR_DEVICE);
  EXPECT_THAT(c.error, HasSubstr("input `w`: it is on device type 1"));
}

TEST_F(Devices, IntsAreI32OrI64) {
  int64_t bytes = dp_workspace(&entry, &c.call);
  c.y.tensor.dtype.bits = 32;
  EXPECT_EQ(c(), DP_ERROR_DRIVER) << c.error;
  EXPECT_EQ(dp_workspace(&entry, &c.call), bytes + 3 * 64);
  c.y.tensor.dtype.bits = 16;
  EXPECT_EQ(c(), DP_ERROR_TYPE);
  EXPECT_THAT(c.error, HasSubstr("input `y`: its elements are i16, but must "
                                 "be i32 or i64"));
}

} // namespace
