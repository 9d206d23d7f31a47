/*===- main.c - two programs of one file --------------------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#include "two.h"
#include <stdio.h>

static double workspace[1 << 12];

int main(void) {
  const double x[] = {1, 3, 1};
  double total, best;
  one_value_f64_args one = {0};
  other_value_f64_args other = {0};
  one.N = other.N = 3;
  one.x = other.x = x;
  one.total = &total;
  other.best = &best;
  one.workspace = other.workspace = workspace;
  one.workspace_bytes = other.workspace_bytes = sizeof workspace;
  if (one_value_f64(&one) != DP_OK || other_value_f64(&other) != DP_OK)
    return 1;
  printf("one %g\nother %g\n", total, best);
  return 0;
}
