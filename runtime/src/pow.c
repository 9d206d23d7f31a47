/*===- pow.c - powers ---------------------------------------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#include "elementary.h"

static double magnitude(double x) { return x < 0 ? -x : x; }

static int is_integer(double y) {
  return magnitude(y) >= 0x1p53 || (double)(int64_t)y == y;
}

static int is_odd(double y) {
  return magnitude(y) < 0x1p53 && is_integer(y) && ((int64_t)y & 1);
}

/* exp(y log x) for x > 0 finite, y finite. */
static double positive_power(double x, double y) {
  /* |log x| > 2^-54 unless x is 1: decided, and products stay in range. */
  if (magnitude(y) > 0x1p65)
    return (x > 1) == (y > 0) ? __builtin_inf() : 0;
  int k;
  dp_pair log = dp_log_pair(x, &k);
  dp_pair whole = dp_sum(k * DP_LN2_HI, k * DP_LN2_LO);
  log = dp_add(whole, log);
  dp_pair exponent = dp_product(y, log.hi);
  exponent.lo += y * log.lo;
  exponent = dp_fast_sum(exponent.hi, exponent.lo);
  if (exponent.hi > 709.79)
    return __builtin_inf();
  if (exponent.hi < -745.14)
    return 0;
  dp_pair power = dp_exp_pair(exponent, &k);
  return dp_scale(power, k);
}

/* The cases of C99's F.9.4.4, sign apart. */
double dp_pow_f64(double x, double y) {
  const double infinity = __builtin_inf();
  if (y == 0 || x == 1)
    return 1;
  if (x != x || y != y)
    return x + y;
  double size = magnitude(x);
  if (magnitude(y) == infinity) {
    if (size == 1)
      return 1;
    return (size > 1) == (y > 0) ? infinity : 0;
  }
  int is_negative = (int)(dp_bits(x) >> 63) && is_odd(y);
  double result;
  if (size == 0 || size == infinity)
    result = (size == 0) == (y < 0) ? infinity : 0;
  else if (x < 0 && !is_integer(y))
    return __builtin_nan("");
  else
    result = size == 1 ? 1 : positive_power(size, y);
  return is_negative ? -result : result;
}

float dp_pow_f32(float x, float y) {
  return (float)dp_pow_f64((double)x, (double)y);
}
