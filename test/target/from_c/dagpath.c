//===- dagpath.c - soft shortest paths from C, against all paths ----------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dagpath.h"
#include "check.h"

enum { V = 6, E = 9 };

/* Edges by target; vertex 2 cannot be reached. */
static int64_t indptr[V + 1] = {0, 0, 1, 1, 4, 6, 9};
static int64_t src[E] = {0, 0, 1, 2, 1, 3, 3, 4, 0};
static double w[E];

static double expected, expected_grad[E];
static double dist[1], grad[E];

/* Adds every path from vertex 0 to v, followed by the edges behind. */
static double walk(int64_t v, double cost, int64_t *path, int length) {
  double z = 0, part;
  int64_t e;
  if (v == 0) {
    for (part = exp(-cost), e = 0; e < length; ++e)
      expected_grad[path[e]] += part;
    return part;
  }
  for (e = indptr[v]; e < indptr[v + 1]; ++e) {
    path[length] = e;
    z += walk(src[e], cost + w[e], path, length + 1);
  }
  return z;
}

static void enumerate(void) {
  int64_t path[V], e;
  double z = walk(V - 1, 0, path, 0);
  expected = -log(z);
  for (e = 0; e < E; ++e)
    expected_grad[e] /= z;
}

static dagpath_value_grad_f64_args arguments(void) {
  dagpath_value_grad_f64_args a;
  memset(&a, 0, sizeof a);
  a.V = V;
  a.E = E;
  a.g_indptr = indptr;
  a.g_src = src;
  a.w = w;
  a.dist = dist;
  a.grad_w = grad;
  a.workspace = workspace;
  a.workspace_bytes = sizeof workspace;
  a.error = error;
  a.error_bytes = sizeof error;
  fill(dist, 1, -7);
  fill(grad, E, -7);
  return a;
}

static void check_values(void) {
  dagpath_value_grad_f64_args a = arguments();
  check(dagpath_value_grad_f64(&a) == DP_OK, "one");
  check_close(dist, &expected, 1, 1e-12, "one.dist");
  check_close(grad, expected_grad, E, 1e-12, "one.grad");
  check(grad[3] == 0, "an edge from nowhere");

  a = arguments();
  a.V = 3;
  a.E = 1;
  check(dagpath_value_grad_f64(&a) == DP_OK, "unreachable");
  check(dist[0] == INFINITY && grad[0] == 0, "unreachable.results");
}

#define EXPECT(expected, name, ...)                                            \
  do {                                                                         \
    const char *pieces[] = {__VA_ARGS__, NULL};                                \
    dagpath_value_grad_f64_args a = arguments();                               \
    check_error(dagpath_value_grad_f64(&a), expected, pieces, grad, E, name);  \
    check(dist[0] == -7, name ".unwritten");                                   \
  } while (0)

static void spoil(int64_t *at, int64_t value, int64_t *kept) {
  *kept = *at;
  *at = value;
}

static void check_errors(void) {
  int64_t kept;
  spoil(&src[4], 4, &kept);
  EXPECT(DP_ERROR_VALUE, "an edge to its source", "input `g.src`", "4");
  src[4] = 5;
  EXPECT(DP_ERROR_VALUE, "an edge from a later vertex", "input `g.src`", "5");
  src[4] = -1;
  EXPECT(DP_ERROR_VALUE, "a negative source", "input `g.src`", "-1");
  src[4] = kept;

  spoil(&indptr[3], 7, &kept);
  EXPECT(DP_ERROR_VALUE, "rows that go back", "input `g.indptr`");
  indptr[3] = kept;
  spoil(&indptr[0], 1, &kept);
  EXPECT(DP_ERROR_VALUE, "rows that begin late", "input `g.indptr`", "0");
  indptr[0] = kept;
  spoil(&indptr[V], 8, &kept);
  EXPECT(DP_ERROR_VALUE, "rows that end early", "input `g.indptr`", "8", "9");
  indptr[V] = 10;
  EXPECT(DP_ERROR_VALUE, "rows beyond the edges", "input `g.indptr`", "10");
  indptr[V] = kept;
}

int main(void) {
  int e;
  for (e = 0; e < E; ++e)
    w[e] = draw();
  enumerate();
  check_values();
  check_errors();
  return finish();
}
