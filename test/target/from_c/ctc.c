//===- ctc.c - CTC from C, against all sequences of classes ---------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ctc.h"
#include "check.h"

enum { T = 6, L = 3, V = 4, B = 5 };

static double logp[B][T][V];
/* The second repeats a label; the last cannot be spelled in its frames. */
static int64_t y[B][L] = {
    {1, 2, 3}, {2, 2, 1}, {3, 1, 0}, {1, 0, 0}, {1, 1, 1}};
static int64_t frames[B] = {T, T, 5, 4, 4};
static int64_t labels[B] = {L, L, 2, 1, L};

static double expected[B], expected_grad[B][T][V];
static double logprob[B], grad[B][T][V];

/* Does the sequence spell y once repeats and blanks are removed? */
static int spells(int b, const int *classes) {
  int64_t t, l = 0;
  for (t = 0; t < frames[b]; ++t) {
    if (classes[t] == 0 || (t > 0 && classes[t] == classes[t - 1]))
      continue;
    if (l == labels[b] || classes[t] != y[b][l])
      return 0;
    ++l;
  }
  return l == labels[b];
}

static void enumerate(int b) {
  int classes[T] = {0};
  double z = 0, weight;
  int64_t t;
  int c;
  for (;;) {
    if (spells(b, classes)) {
      for (weight = 1, t = 0; t < frames[b]; ++t)
        weight *= exp(logp[b][t][classes[t]]);
      for (z += weight, t = 0; t < frames[b]; ++t)
        expected_grad[b][t][classes[t]] += weight;
    }
    for (t = 0; t < frames[b] && classes[t] == V - 1; ++t)
      classes[t] = 0;
    if (t == frames[b])
      break;
    ++classes[t];
  }
  expected[b] = log(z);
  for (t = 0; t < T; ++t)
    for (c = 0; c < V; ++c)
      expected_grad[b][t][c] /= z > 0 ? z : 1;
}

static ctc_value_grad_f64_args arguments(int64_t batch) {
  ctc_value_grad_f64_args a;
  memset(&a, 0, sizeof a);
  a.T = T;
  a.L = L;
  a.V = V;
  a.batch = batch;
  a.logp = &logp[0][0][0];
  a.y = &y[0][0];
  a.len_T = batch ? frames : NULL;
  a.len_L = batch ? labels : NULL;
  a.logprob = logprob;
  a.grad_logp = &grad[0][0][0];
  a.workspace = workspace;
  a.workspace_bytes = sizeof workspace;
  a.error = error;
  a.error_bytes = sizeof error;
  fill(logprob, B, -7);
  fill(&grad[0][0][0], B * T * V, -7);
  return a;
}

static void check_values(void) {
  ctc_value_grad_f64_args a = arguments(0);
  check(ctc_value_grad_f64(&a) == DP_OK, "one");
  check_close(logprob, expected, 1, 1e-12, "one.logprob");
  check_close(&grad[0][0][0], &expected_grad[0][0][0], T * V, 1e-12,
              "one.grad");

  /* What lies beyond a length is not read, and no label even where it is. */
  y[3][2] = -9;
  logp[3][T - 1][0] = NAN;
  a = arguments(B);
  check(ctc_value_grad_f64(&a) == DP_OK, "batch");
  check_close(logprob, expected, B - 1, 1e-12, "batch.logprob");
  check_close(&grad[0][0][0], &expected_grad[0][0][0], B * T * V, 1e-12,
              "batch.grad");
  check(logprob[4] == -INFINITY, "infeasible.logprob");
  check(grad[3][T - 1][0] == 0 && grad[4][0][0] == 0, "infeasible.grad");
}

#define EXPECT(expected, name, ...)                                            \
  do {                                                                         \
    const char *pieces[] = {__VA_ARGS__, NULL};                                \
    check_error(ctc_value_grad_f64(&a), expected, pieces, logprob, B, name);   \
    check(grad[0][0][0] == -7 && grad[B - 1][0][0] == -7, name ".unwritten");  \
  } while (0)

static void check_errors(void) {
  ctc_value_grad_f64_args a = arguments(B);
  y[2][1] = V;
  EXPECT(DP_ERROR_VALUE, "label too large", "instance 2", "input `y`", "1",
         "4");
  y[2][1] = 0;
  EXPECT(DP_ERROR_VALUE, "blank as a label", "instance 2", "input `y`", "1",
         "0");
  y[2][1] = INT64_MIN;
  EXPECT(DP_ERROR_VALUE, "label of the least number", "input `y`",
         "-9223372036854775808");
  y[2][1] = 1;

  frames[1] = T + 1;
  EXPECT(DP_ERROR_LENGTH, "length", "instance 1", "length of `T`", "it is 7",
         "0..=6");
  frames[1] = T;

  a = arguments(0);
  a.V = 0;
  EXPECT(DP_ERROR_CONSTRAINT, "constraint", "V >= 1");
  a = arguments(0);
  a.T = -1;
  EXPECT(DP_ERROR_SHAPE, "negative size", "input `logp`", "axis 0", "-1");
}

int main(void) {
  int b, i;
  for (i = 0; i < B * T * V; ++i)
    (&logp[0][0][0])[i] = draw();
  for (b = 0; b < B; ++b)
    enumerate(b);
  check_values();
  check_errors();
  return finish();
}
