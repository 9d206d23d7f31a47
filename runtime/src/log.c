/*===- log.c - logarithms -----------------------------------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#include "elementary.h"

/* 2 / (2n + 1): log m = sum over n of these times s^(2n + 1), for
 * s = (m - 1) / (m + 1). Here |s| < 0.1716, so term n is below 2^-5.08n. */
enum { NUM_TERMS = 17, NUM_PAIRS = 6 };
static const double terms[NUM_TERMS] = {
    0x1.0000000000000p+1, 0x1.5555555555555p-1, 0x1.999999999999ap-2,
    0x1.2492492492492p-2, 0x1.c71c71c71c71cp-3, 0x1.745d1745d1746p-3,
    0x1.3b13b13b13b14p-3, 0x1.1111111111111p-3, 0x1.e1e1e1e1e1e1ep-4,
    0x1.af286bca1af28p-4, 0x1.8618618618618p-4, 0x1.642c8590b2164p-4,
    0x1.47ae147ae147bp-4, 0x1.2f684bda12f68p-4, 0x1.1a7b9611a7b96p-4,
    0x1.0842108421084p-4, 0x1.f07c1f07c1f08p-5};
/* What the first of them lack. */
static const double term_rests[NUM_PAIRS] = {0,
                                             0x1.5555555555555p-55,
                                             -0x1.999999999999ap-56,
                                             0x1.2492492492492p-56,
                                             0x1.c71c71c71c71cp-57,
                                             -0x1.745d1745d1746p-58};

/* x = m 2^k with sqrt(1/2) <= m < sqrt(2), about; x finite and > 0. */
static double split(double x, int *k) {
  *k = 0;
  if (x < 0x1p-1022) {
    x *= 0x1p54;
    *k = -54;
  }
  uint64_t bits = dp_bits(x);
  uint64_t sqrt_half = UINT64_C(0x3fe6a09e667f3bcd);
  int64_t exponent = (int64_t)(bits - sqrt_half) >> 52;
  *k += (int)exponent;
  return dp_from_bits(bits - ((uint64_t)exponent << 52));
}

dp_pair dp_log_pair(double x, int *k) {
  double m = split(x, k);
  double f = m - 1; /* exact */
  dp_pair denominator = dp_sum(2, f);
  dp_pair s;
  s.hi = f / denominator.hi;
  dp_pair back = dp_product(s.hi, denominator.hi);
  s.lo = ((f - back.hi) - back.lo - s.hi * denominator.lo) / denominator.hi;
  s = dp_fast_sum(s.hi, s.lo);
  dp_pair square = dp_multiply(s, s);
  double tail = 0;
  for (int n = NUM_TERMS - 1; n >= NUM_PAIRS; --n)
    tail = tail * square.hi + terms[n];
  dp_pair sum = {tail, 0};
  for (int n = NUM_PAIRS - 1; n >= 0; --n) {
    dp_pair term = {terms[n], term_rests[n]};
    sum = dp_add(dp_multiply(sum, square), term);
  }
  return dp_multiply(sum, s);
}

/* Whether x is 0, negative, infinite or no number; then its logarithm. */
static int is_special(double x, double *result) {
  if (x > 0 && x <= 0x1.fffffffffffffp1023)
    return 0;
  if (x == 0)
    *result = -__builtin_inf();
  else if (x < 0)
    *result = __builtin_nan("");
  else
    *result = x + x;
  return 1;
}

/* With h = f^2 / 2: log(1 + f) = f - (h - s (h + R)), where s f = 2 h - 2 s h
 * turned 2 s, whose rounding would show, into f, which is exact. */
double dp_log_f64(double x) {
  double special;
  if (is_special(x, &special))
    return special;
  int k;
  double f = split(x, &k) - 1;
  double s = f / (2 + f);
  double square = s * s;
  double series = 0;
  for (int n = 12; n >= 1; --n)
    series = (series + terms[n]) * square;
  double half = 0.5 * f * f;
  return k * DP_LN2_HI - ((half - (s * (half + series) + k * DP_LN2_LO)) - f);
}

double dp_log2_f64(double x) {
  double special;
  if (is_special(x, &special))
    return special;
  int k;
  dp_pair log2_e = {0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56};
  dp_pair fraction = dp_multiply(dp_log_pair(x, &k), log2_e);
  dp_pair sum = dp_sum(k, fraction.hi);
  return sum.hi + (sum.lo + fraction.lo);
}

float dp_log_f32(float x) { return (float)dp_log_f64((double)x); }

float dp_log2_f32(float x) { return (float)dp_log2_f64((double)x); }
