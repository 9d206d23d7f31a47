/*===- tanh.c - the hyperbolic tangent ----------------------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#include "elementary.h"

/* Taylor's series; for |x| < 0.55 its terms fall by 2^-3 each. */
static double small(double x) {
  if (x == 0) /* keeps the sign */
    return x;
  static const double terms[] = {
      -0x1.5555555555555p-2,  0x1.1111111111111p-3,   -0x1.ba1ba1ba1ba1cp-5,
      0x1.664f4882c10fap-6,   -0x1.226e355e6c23dp-7,  0x1.d6d3d0e157de0p-9,
      -0x1.7da36452b75e3p-10, 0x1.3558248036744p-11,  -0x1.f57d7734d1664p-13,
      0x1.967e18afcafadp-14,  -0x1.497d8eea25259p-15, 0x1.0b132d39a6050p-16,
      -0x1.b0f72d3ee24e9p-18, 0x1.5ef2da474e5b7p-19,  -0x1.1c77df95c1c0dp-20,
      0x1.cd299de4ae6bbp-22,  -0x1.75cde6563fed9p-23, 0x1.2efe8db3aff1fp-24,
      -0x1.eb3229047434cp-26, 0x1.8e25ff9327e2cp-27};
  double square = x * x;
  double sum = 0;
  for (int n = 19; n >= 0; --n)
    sum = (sum + terms[n]) * square;
  return x + x * sum;
}

double dp_tanh_f64(double x) {
  double size = x < 0 ? -x : x;
  if (x != x || size < 0.55)
    return small(x);
  double result = 1;
  if (size < 22) {
    /* 1 - 2 / (e^2x + 1), the denominator to twice the precision. */
    int k;
    dp_pair argument = {2 * size, 0};
    dp_pair power = dp_exp_pair(argument, &k);
    double scale = dp_from_bits((uint64_t)(1023 + k) << 52);
    dp_pair denominator = dp_sum(power.hi * scale, 1);
    denominator.lo += power.lo * scale;
    double quotient = 2 / denominator.hi;
    dp_pair back = dp_product(quotient, denominator.hi);
    double rest = (2 - back.hi) - back.lo - quotient * denominator.lo;
    dp_pair difference = dp_fast_sum(1, -quotient);
    result = difference.hi + (difference.lo - rest / denominator.hi);
  }
  return x < 0 ? -result : result;
}

float dp_tanh_f32(float x) { return (float)dp_tanh_f64((double)x); }
