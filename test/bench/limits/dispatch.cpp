//===- dispatch.cpp - the C interface, by processor -----------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "interface.h"

static bool hasWide() {
  static const bool has =
      __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return has;
}

#define LIMITS_DEFINE(name, parameters, arguments)                             \
  extern "C" __attribute__((visibility("default"))) void name parameters {     \
    if (hasWide())                                                             \
      limits::avx512::name arguments;                                          \
    else                                                                       \
      limits::avx2::name arguments;                                            \
  }
LIMITS_FUNCTIONS(LIMITS_DEFINE)

extern "C" __attribute__((visibility("default"))) int limits_width() {
  return hasWide() ? 16 : 8;
}
