/*===- isa.c - what this processor has ----------------------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#include "dp/runtime.h"
#ifdef __x86_64__
#include <cpuid.h>

static uint64_t enabled_state(void) {
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

static int has_all(uint32_t flags, uint32_t wanted) {
  return (flags & wanted) == wanted;
}

/* x86-64-v3 and v4, as compilers name them; the system must keep the registers.
 */
static int32_t find_isa(void) {
  uint32_t a, b, c, d, extended;
  if (!__get_cpuid(0x80000001, &a, &b, &extended, &d) ||
      !__get_cpuid(1, &a, &b, &c, &d) ||
      !has_all(c, bit_FMA | bit_MOVBE | bit_OSXSAVE | bit_AVX | bit_F16C) ||
      !has_all(extended, bit_LZCNT))
    return DP_ISA_ANY;
  uint64_t state = enabled_state();
  if ((state & 0x6) != 0x6 || !__get_cpuid_count(7, 0, &a, &b, &c, &d) ||
      !has_all(b, bit_BMI | bit_AVX2 | bit_BMI2))
    return DP_ISA_ANY;
  if ((state & 0xe6) != 0xe6 ||
      !has_all(b, bit_AVX512F | bit_AVX512DQ | bit_AVX512CD | bit_AVX512BW |
                      bit_AVX512VL))
    return DP_ISA_AVX2;
  return DP_ISA_AVX512;
}
#else
static int32_t find_isa(void) { return DP_ISA_ANY; }
#endif

int32_t dp_host_isa(void) {
  static int32_t found; /* 1 + what find_isa says; 0: not asked yet */
  int32_t known = __atomic_load_n(&found, __ATOMIC_RELAXED);
  if (!known) {
    known = 1 + find_isa();
    __atomic_store_n(&found, known, __ATOMIC_RELAXED);
  }
  return known - 1;
}
