/*===- host.c - what calls of a compiled library leave alone -------*- C
-*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* usage: host LIBRARY, the library of examples/dtw/dtw.dp in f64 under entropy.
|* Prints `FAIL: name: why` for what fails and `N passed, N failed`. This
program
|* has malloc's place, so it sees and can fail what the library allocates.
|*
\*===----------------------------------------------------------------------===*/
#define _GNU_SOURCE
#include "dtw.h"
#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __x86_64__
#include <xmmintrin.h>
#endif

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

enum { NONE = -1, ALL = -2 };
static volatile long attempts, failing = NONE; /* which attempt fails */

static int fails(void) {
  long k = __sync_fetch_and_add(&attempts, 1);
  if (failing != ALL && failing != k)
    return 0;
  errno = ENOMEM;
  return 1;
}
void *malloc(size_t n) { return fails() ? NULL : __libc_malloc(n); }
void *calloc(size_t n, size_t m) {
  return fails() ? NULL : __libc_calloc(n, m);
}
void *realloc(void *p, size_t n) {
  return fails() ? NULL : __libc_realloc(p, n);
}

static int passed, failed;

static void expect(int good, const char *name, const char *why) {
  good ? ++passed : ++failed;
  if (!good)
    printf("FAIL: %s: %s\n", name, why);
}

enum { B = 64, N = 20, M = 22, K = 2, THREADS = 4 };
static double x[B * N * K], y[B * M * K];
static struct {
  double cost[B], x[B * N * K], y[B * M * K];
} out, expected;
static char workspace[1 << 26], message[512];

static int (*run)(const dp_call *);
static int64_t (*workspace_of)(const dp_call *);
static int (*prepare)(int);

static dp_tensor dense(void *data, int rank, int64_t *shape) {
  dp_tensor t;
  memset(&t, 0, sizeof t);
  t.data = data;
  t.device.device_type = DP_CPU;
  t.ndim = rank;
  t.dtype.code = DP_TYPE_FLOAT;
  t.dtype.bits = 64;
  t.dtype.lanes = 1;
  t.shape = shape;
  return t;
}

/* One call of value_grad on the whole batch; what it returns. */
static int call(void) {
  int64_t of_x[] = {B, N, K}, of_y[] = {B, M, K}, of_cost[] = {B};
  dp_tensor tx = dense(x, 3, of_x), ty = dense(y, 3, of_y);
  dp_tensor cost = dense(out.cost, 1, of_cost);
  dp_tensor gx = dense(out.x, 3, of_x), gy = dense(out.y, 3, of_y);
  const dp_tensor *inputs[] = {&tx, &ty, NULL, NULL};
  const dp_tensor *outputs[] = {&cost, &gx, &gy};
  dp_call c;
  memset(&c, 0, sizeof c);
  memset(&out, 0, sizeof out);
  c.struct_size = sizeof c;
  c.num_inputs = 4;
  c.num_outputs = 3;
  c.max_threads = THREADS;
  c.inputs = inputs;
  c.outputs = outputs;
  c.error = message;
  c.error_bytes = sizeof message;
  c.workspace = workspace;
  c.workspace_bytes = workspace_of(&c);
  if (c.workspace_bytes < 0 || c.workspace_bytes > (int64_t)sizeof workspace)
    return -1;
  return run(&c);
}

/* Whether a call succeeds and gives the expected bits. */
static int is_right(void) {
  return call() == DP_OK && memcmp(&out, &expected, sizeof out) == 0;
}

/* Whether work() is true in a child that ends within five seconds. */
static int in_child(int (*work)(void)) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    alarm(5);
    _exit(!work());
  }
  return waitpid(child, &status, 0) == child && status == 0;
}

static int in_grandchild(void) { return in_child(is_right) && is_right(); }

static int is_right_and_asked(void) { return is_right() && attempts > failing; }

/* The first call of a process makes threads. Wherever that runs out of memory,
 * the call goes on with fewer. */
static void fail_each_allocation(void) {
  char name[64];
  long k;
  for (k = 0; k < 64; ++k) {
    attempts = 0;
    failing = k;
    snprintf(name, sizeof name, "malloc-%ld", k);
    int asked = in_child(is_right_and_asked);
    if (!asked) {
      expect(in_child(is_right), name,
             "the call fails without this allocation");
      break;
    }
    expect(1, name, "");
  }
  attempts = 0;
  failing = ALL;
  expect(in_child(is_right), "malloc",
         "the call fails where nothing can be allocated");
  failing = NONE;
}

static void allocate_nothing(void) {
  attempts = 0;
  failing = ALL;
  int right = is_right();
  failing = NONE;
  expect(right && attempts == 0, "prepared", "a call allocates after prepare");
}

static void keep_modes(unsigned before) {
#ifdef __x86_64__
  /* The default, FTZ and DAZ, and the other directions of rounding. */
  static const unsigned modes[] = {0x1f80, 0x9fc0, 0x3f80, 0x5f80, 0x7f80};
  char name[64];
  size_t k;
  expect((_mm_getcsr() & ~0x3fu) == before, "dlopen", "loading changes MXCSR");
  for (k = 0; k < sizeof modes / sizeof *modes; ++k) {
    _mm_setcsr(modes[k]);
    int code = call();
    unsigned after = _mm_getcsr() & ~0x3fu; /* flags apart */
    _mm_setcsr(before);
    snprintf(name, sizeof name, "mxcsr-%x", modes[k]);
    expect(code == DP_OK && after == modes[k], name, "a call changes MXCSR");
    if (k < 2)
      expect(memcmp(&out, &expected, sizeof out) == 0, name, "other bits");
  }
#endif
  errno = 77;
  call();
  expect(errno == 77, "errno", "a call changes errno");
}

static void *load(const char *path) {
  void *library = dlopen(path, RTLD_NOW);
  if (!library) {
    puts(dlerror());
    exit(1);
  }
  *(void **)&run = dlsym(library, "dp1_dtw_value_grad_f64");
  *(void **)&workspace_of = dlsym(library, "dp1_dtw_value_grad_f64_workspace");
  *(void **)&prepare = dlsym(library, "dp1_dtw_prepare");
  return library;
}

int main(int count, char **arguments) {
  unsigned modes = 0;
  int k;
  if (count != 2)
    return 2;
  setvbuf(stdout, NULL, _IONBF, 0);
#ifdef __x86_64__
  modes = _mm_getcsr() & ~0x3fu;
#endif
  for (k = 0; k < B * N * K; ++k)
    x[k] = sin(k);
  for (k = 0; k < B * M * K; ++k)
    y[k] = cos(3 * k);

  /* What is right comes from a process of its own: this one has no threads yet.
   */
  int ends[2];
  void *library = load(arguments[1]);
  if (pipe(ends))
    return 1;
  if (fork() == 0) {
    int code = call();
    size_t sent = 0;
    while (sent < sizeof out)
      sent += (size_t)write(ends[1], (char *)&out + sent, sizeof out - sent);
    _exit(code);
  }
  size_t got = 0;
  while (got < sizeof expected)
    got +=
        (size_t)read(ends[0], (char *)&expected + got, sizeof expected - got);
  wait(NULL);
  expect(isfinite(expected.cost[0]) && expected.cost[0] != 0, "call", message);

  fail_each_allocation();
  expect(prepare(THREADS) == DP_OK, "prepare", "fails");
  allocate_nothing();
  expect(in_child(is_right), "fork", "a child cannot call");
  expect(in_child(in_grandchild), "fork-twice",
         "a child of a child cannot call");
  expect(is_right(), "fork-parent", "the parent cannot call");
  keep_modes(modes);

  for (k = 0; k < 3; ++k) {
    expect(dlclose(library) == 0, "dlclose", "fails");
    library = load(arguments[1]);
    expect(is_right(), "dlopen-again",
           "a library loaded again cannot be called");
  }
  dlclose(library);
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
