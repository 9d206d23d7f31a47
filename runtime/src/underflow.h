/*===- underflow.h - numbers too small to be normal ---------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#ifndef DANSKIN_RUNTIME_UNDERFLOW_H
#define DANSKIN_RUNTIME_UNDERFLOW_H

#include <stdint.h>

/* The thread's mode of floating point. */
typedef uint64_t dp_rounding;

#if defined(__x86_64__)
#include <xmmintrin.h>

static inline void dp_restore_rounding(dp_rounding mode) {
  _mm_setcsr((unsigned)mode);
}

/* From here on results below the least normal number are 0; gives the mode
 * before. Operands below it count. */
static inline dp_rounding dp_flush_underflow(void) {
  dp_rounding before = _mm_getcsr();
  dp_restore_rounding(before | 0x8000);
  return before;
}

#elif defined(__aarch64__)

static inline void dp_restore_rounding(dp_rounding mode) {
  __asm__ volatile("msr fpcr, %0" : : "r"(mode));
}

static inline dp_rounding dp_flush_underflow(void) {
  dp_rounding before;
  __asm__ volatile("mrs %0, fpcr" : "=r"(before));
  dp_restore_rounding(before | (UINT64_C(1) << 24));
  return before;
}

#else

static inline void dp_restore_rounding(dp_rounding mode) { (void)mode; }
static inline dp_rounding dp_flush_underflow(void) { return 0; }

#endif

#endif /* DANSKIN_RUNTIME_UNDERFLOW_H */
