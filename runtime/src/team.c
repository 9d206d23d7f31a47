/*===- team.c - one instance by several threads -------------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* clock_gettime */
#endif
#include "plan.h"
#include <sched.h>
#include <time.h>

/* Threads come from a pool that may have none to spare, or from a host that
 * runs one after the other. So the first to come waits a moment for others and
 * works with those who came; who comes later leaves. */
enum { PATIENCE = 300000 /* nanoseconds */, SPINS = 2000, CLOSED = -1 };

typedef struct team {
  const dp_team_call *call;
  int64_t wanted;
  int64_t joined; /* so far, or CLOSED */
  int64_t count;  /* of members; 0: still open */
  int64_t arrived, meetings;
  int32_t code;
} team;

static int64_t get(const int64_t *value) {
  return __atomic_load_n(value, __ATOMIC_ACQUIRE);
}

/* Other processes may want this thread's processor for what it waits for. */
static void pause_for(int64_t spins) {
  if (spins > SPINS)
    sched_yield();
#ifdef __x86_64__
  else
    __builtin_ia32_pause();
#endif
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

void dp_meet(void *pointer) {
  team *t = pointer;
  if (!t)
    return;
  int64_t meeting = get(&t->meetings);
  if (__atomic_add_fetch(&t->arrived, 1, __ATOMIC_ACQ_REL) == t->count) {
    __atomic_store_n(&t->arrived, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&t->meetings, meeting + 1, __ATOMIC_RELEASE);
    return;
  }
  for (int64_t spins = 0; get(&t->meetings) == meeting; ++spins)
    pause_for(spins);
}

/* The number of a new member, or CLOSED. */
static int64_t join(team *t) {
  int64_t joined = get(&t->joined);
  while (joined != CLOSED &&
         !__atomic_compare_exchange_n(&t->joined, &joined, joined + 1, 0,
                                      __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    ;
  return joined;
}

static void gather(team *t) {
  int64_t end = now() + PATIENCE;
  while (get(&t->joined) < t->wanted && now() < end)
    pause_for(0);
  int64_t count = __atomic_exchange_n(&t->joined, CLOSED, __ATOMIC_ACQ_REL);
  __atomic_store_n(&t->count, count, __ATOMIC_RELEASE);
}

static void work(void *context, int64_t index) {
  (void)index;
  team *t = context;
  int64_t number = join(t);
  if (number == CLOSED)
    return;
  if (number == 0)
    gather(t);
  for (int64_t spins = 0; get(&t->count) == 0; ++spins)
    pause_for(spins);
  const dp_team_call *call = t->call;
  int32_t code = call->one(call->sizes, call->arrays, call->strides,
                           call->workspace, number, t->count, t);
  if (code)
    __atomic_store_n(&t->code, code, __ATOMIC_RELAXED);
}

int32_t dp_run_team(const dp_call *call, int64_t threads,
                    const dp_team_call *what) {
  if (threads < 2)
    return what->one(what->sizes, what->arrays, what->strides, what->workspace,
                     0, 1, NULL);
  team t = {.call = what, .wanted = threads};
  dp_parallel(call, threads, work, &t);
  return t.code;
}
