//===- two.c - two libraries in one process -------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each carries a runtime and a pool of threads of its own.
//
//===----------------------------------------------------------------------===//

#include "dtw.h"
#include "rnnt.h"

#include "check.h"

enum { B = 64 };

/* One frame each: the cost is that of the only pair of points. */
static void check_dtw(const double *x, const double *y) {
  double cost[B], expected[B];
  dtw_value_f64_args a;
  int b;
  memset(&a, 0, sizeof a);
  a.N = a.M = a.K = 1;
  a.batch = B;
  a.x = x;
  a.y = y;
  a.cost = cost;
  a.workspace = workspace;
  a.workspace_bytes = sizeof workspace;
  for (b = 0; b < B; ++b)
    expected[b] = pow(x[b] - y[b], 2);
  check(dtw_value_f64(&a) == DP_OK, "dtw");
  check_close(cost, expected, B, 1e-12, "dtw.cost");
}

/* One frame and no label: the only path is one blank. */
static void check_rnnt(const double *blank) {
  double logprob[B];
  rnnt_value_f64_args a;
  memset(&a, 0, sizeof a);
  a.T = 1;
  a.U = 0;
  a.batch = B;
  a.blank = blank;
  a.label = blank;
  a.logprob = logprob;
  a.workspace = workspace;
  a.workspace_bytes = sizeof workspace;
  check(rnnt_value_f64(&a) == DP_OK, "rnnt");
  check_close(logprob, blank, B, 1e-12, "rnnt.logprob");
}

/* The message is about the library that was called. */
static void check_message(const double *blank) {
  static const char *const pieces[] = {"T >= 1", "T = 0", NULL};
  double logprob[1];
  rnnt_value_f64_args a;
  memset(&a, 0, sizeof a);
  fill(logprob, 1, -7);
  a.blank = a.label = blank;
  a.logprob = logprob;
  a.workspace = workspace;
  a.workspace_bytes = sizeof workspace;
  a.error = error;
  a.error_bytes = sizeof error;
  check_error(rnnt_value_f64(&a), DP_ERROR_CONSTRAINT, pieces, logprob, 1,
              "message");
}

int main(void) {
  double x[B], y[B];
  int b, turn;
  for (b = 0; b < B; ++b) {
    x[b] = draw();
    y[b] = draw();
  }
  for (turn = 0; turn < 20; ++turn) {
    check_dtw(x, y);
    check_rnnt(y);
  }
  check_message(y);
  return finish();
}
