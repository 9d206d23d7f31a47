/*===- exp.c - exponentials ---------------------------------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#include "elementary.h"

/* To the nearest int, ties to even; |x| < 2^51. */
static double nearest(double x) { return (x + 0x1.8p52) - 0x1.8p52; }

/* 1 + r + r^2 P(r): Taylor's series, its rest below 2^-57. What is rounded is
 * small against the leading 1, and the rounding of 1 + r is kept. */
dp_pair dp_exp_core(dp_pair r) {
  static const double inverse_factorials[] = {
      0x1.0000000000000p-1,  0x1.5555555555555p-3,  0x1.5555555555555p-5,
      0x1.1111111111111p-7,  0x1.6c16c16c16c17p-10, 0x1.a01a01a01a01ap-13,
      0x1.a01a01a01a01ap-16, 0x1.71de3a556c734p-19, 0x1.27e4fb7789f5cp-22,
      0x1.ae64567f544e4p-26, 0x1.1eed8eff8d898p-29, 0x1.6124613a86d09p-33,
      0x1.93974a8c07c9dp-37};
  double x = r.hi;
  double polynomial = inverse_factorials[12];
  for (int n = 11; n >= 0; --n)
    polynomial = polynomial * x + inverse_factorials[n];
  dp_pair sum = dp_fast_sum(1, x);
  return dp_fast_sum(sum.hi, sum.lo + (x * x * polynomial + (r.lo + r.lo * x)));
}

dp_pair dp_exp_pair(dp_pair x, int *k) {
  double quotient = nearest(x.hi * 0x1.71547652b82fep+0);
  *k = (int)quotient;
  dp_pair r = dp_sum(x.hi - quotient * DP_LN2_HI, -quotient * DP_LN2_LO);
  return dp_exp_core(dp_sum(r.hi, r.lo + x.lo));
}

double dp_scale(dp_pair x, int k) {
  /* Two steps: 2^k itself may lie outside the range. The first is exact. */
  int first = k / 2;
  double sum = x.hi + x.lo;
  return sum * dp_from_bits((uint64_t)(1023 + first) << 52) *
         dp_from_bits((uint64_t)(1023 + k - first) << 52);
}

double dp_exp_f64(double x) {
  if (x != x)
    return x + x;
  if (x > 709.79)
    return __builtin_inf();
  if (x < -745.14)
    return 0;
  int k;
  dp_pair argument = {x, 0};
  dp_pair power = dp_exp_pair(argument, &k);
  return dp_scale(power, k);
}

double dp_exp2_f64(double x) {
  if (x != x)
    return x + x;
  if (x >= 1024)
    return __builtin_inf();
  if (x < -1075)
    return 0;
  double k = nearest(x);
  dp_pair ln2 = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
  dp_pair rest = {x - k, 0};
  return dp_scale(dp_exp_core(dp_multiply(rest, ln2)), (int)k);
}

float dp_exp_f32(float x) { return (float)dp_exp_f64((double)x); }

float dp_exp2_f32(float x) { return (float)dp_exp2_f64((double)x); }
