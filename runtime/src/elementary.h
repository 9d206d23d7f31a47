/*===- elementary.h - pieces of the elementary functions ----------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#ifndef DP_SRC_ELEMENTARY_H
#define DP_SRC_ELEMENTARY_H

#include "dp/runtime.h"
#include <string.h>

/* The unevaluated sum hi + lo, |lo| <= ulp(hi) / 2. Exact operations follow
 * Dekker 1971 and Knuth; they ask for rounding to nearest and for a compiler
 * that contracts and reorders nothing. */
typedef struct dp_pair {
  double hi, lo;
} dp_pair;

/* DP_LN2_HI has 41 bits: an int of 11 bits times it is exact. */
#define DP_LN2_HI 0x1.62e42fefa3000p-1
#define DP_LN2_LO 0x1.3de6af278ece6p-42

static inline uint64_t dp_bits(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline double dp_from_bits(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* |a| >= |b|. */
static inline dp_pair dp_fast_sum(double a, double b) {
  double sum = a + b;
  dp_pair result = {sum, b - (sum - a)};
  return result;
}

static inline dp_pair dp_sum(double a, double b) {
  double sum = a + b;
  double of_b = sum - a;
  dp_pair result = {sum, (a - (sum - of_b)) + (b - of_b)};
  return result;
}

/* |a|, |b| < 2^996. */
static inline dp_pair dp_product(double a, double b) {
  double wide_a = a * 134217729.0, wide_b = b * 134217729.0;
  double a_hi = wide_a - (wide_a - a), b_hi = wide_b - (wide_b - b);
  double a_lo = a - a_hi, b_lo = b - b_hi;
  double product = a * b;
  dp_pair result = {product,
                    ((a_hi * b_hi - product) + a_hi * b_lo + a_lo * b_hi) +
                        a_lo * b_lo};
  return result;
}

static inline dp_pair dp_multiply(dp_pair a, dp_pair b) {
  dp_pair product = dp_product(a.hi, b.hi);
  return dp_fast_sum(product.hi, product.lo + (a.hi * b.lo + a.lo * b.hi));
}

static inline dp_pair dp_add(dp_pair a, dp_pair b) {
  dp_pair sum = dp_sum(a.hi, b.hi);
  return dp_fast_sum(sum.hi, sum.lo + (a.lo + b.lo));
}

/* exp(x.hi + x.lo) = result * 2^*k, for |x.hi| < 2000. */
dp_pair dp_exp_pair(dp_pair x, int *k);

/* exp(r.hi + r.lo) for |r.hi| <= ln(2) / 2. */
dp_pair dp_exp_core(dp_pair r);

/* (x.hi + x.lo) * 2^k, rounded once. */
double dp_scale(dp_pair x, int k);

/* log(x) = result + *k ln 2 to about 100 bits; x finite and > 0. */
dp_pair dp_log_pair(double x, int *k);

#endif
