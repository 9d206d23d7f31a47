//===- IsaTest.cpp - what the runtime says of this processor --------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dp/runtime.h"
#include "gtest/gtest.h"

namespace {

/// The compiler's own library asks the processor, too.
TEST(Isa, IsTheHosts) {
  int32_t isa = DP_ISA_ANY;
#ifdef __x86_64__
  if (__builtin_cpu_supports("x86-64-v4"))
    isa = DP_ISA_AVX512;
  else if (__builtin_cpu_supports("x86-64-v3"))
    isa = DP_ISA_AVX2;
#endif
  EXPECT_EQ(dp_host_isa(), isa);
}

} // namespace
