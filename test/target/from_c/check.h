/*===- check.h - what the programs here check with ----------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#ifndef DANSKIN_TEST_CHECK_H
#define DANSKIN_TEST_CHECK_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int passed, failed;
static char error[1024];
static double workspace[1 << 16];

static void check(int holds, const char *name) {
  passed += holds;
  failed += !holds;
  if (!holds)
    printf("FAIL: %s\n", name);
}

static void check_close(const double *found, const double *expected,
                        int64_t count, double tolerance, const char *name) {
  int64_t i = 0;
  while (i < count && fabs(found[i] - expected[i]) <= tolerance)
    ++i;
  if (i < count)
    printf("element %d is %.17g, expected %.17g\n", (int)i, found[i],
           expected[i]);
  check(i == count, name);
}

/* The call failed with this code, its message has all pieces, which end in
 * NULL, and of `count` results none was written. */
static void check_error(int code, int expected, const char *const *pieces,
                        const double *results, int64_t count,
                        const char *name) {
  char number[8];
  int holds = code == expected;
  snprintf(number, sizeof number, "[R%02d]", expected);
  holds = holds && strstr(error, number) != NULL;
  for (; *pieces; ++pieces)
    holds = holds && strstr(error, *pieces) != NULL;
  while (count-- > 0)
    holds = holds && results[count] == -7;
  if (!holds)
    printf("code %d, expected %d: %s\n", code, expected, error);
  check(holds, name);
  error[0] = 0;
}

static void fill(double *array, int64_t count, double value) {
  while (count-- > 0)
    array[count] = value;
}

/* Numbers without a pattern, in [-1, 1). */
static double draw(void) {
  static uint64_t state = 7;
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (double)(state >> 11) / 4503599627370496.0 - 1;
}

static int finish(void) {
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}

#endif
