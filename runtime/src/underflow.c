/*===- underflow.c - numbers too small to be normal ---------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#include "dp/runtime.h"

/* Probabilities of what is far from the best path decay until they underflow,
 * and processors take a hundred times as long for what is between the least
 * normal number and 0. Operands there count as they are. */

#if defined(__x86_64__)
#include <xmmintrin.h>

static uint64_t get_mode(void) { return _mm_getcsr(); }
static void set_mode(uint64_t mode) { _mm_setcsr((unsigned)mode); }
static const uint64_t flush_to_zero = 0x8000;

#elif defined(__aarch64__)

static uint64_t get_mode(void) {
  uint64_t mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
}
static void set_mode(uint64_t mode) {
  __asm__ volatile("msr fpcr, %0" : : "r"(mode));
}
static const uint64_t flush_to_zero = UINT64_C(1) << 24;

#else

static uint64_t get_mode(void) { return 0; }
static void set_mode(uint64_t mode) { (void)mode; }
static const uint64_t flush_to_zero = 0;

#endif

uint64_t dp_flush_underflow(void) {
  uint64_t before = get_mode();
  set_mode(before | flush_to_zero);
  return before;
}

void dp_restore_underflow(uint64_t before) { set_mode(before); }
