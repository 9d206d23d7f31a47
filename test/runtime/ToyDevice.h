//===- ToyDevice.h - calls of the toy with kernels of a device --*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TEST_RUNTIME_TOYDEVICE_H
#define DANSKIN_TEST_RUNTIME_TOYDEVICE_H

#include "ToyCall.h"
#include <gtest/gtest.h>

/// A kernel for a device, whose blocks want 128 bytes of workspace and 64 of
/// their own.
inline dp_device_kernels getToyKernels() {
  dp_device_kernels kernels = {};
  kernels.workspace = [](const int64_t *) -> int64_t { return 128; };
  kernels.near = [](const int64_t *) -> int64_t { return 64; };
  kernels.names[DP_KERNEL_FIRST] = "toy_kernel";
  kernels.max_threads = 32;
  return kernels;
}

/// The toy with it, three instances of 4 rows and 2 columns, W = 1.
class ToyDevice : public testing::Test {
protected:
  explicit ToyDevice(bool dense = true) : c(3, 4, 2, 1, dense) {
    entry = toy_f64;
    entry.device = &kernels;
    c.entry = &entry;
  }

  dp_device_kernels kernels = getToyKernels();
  dp_entry entry;
  ToyCall<double> c;
};

#endif
