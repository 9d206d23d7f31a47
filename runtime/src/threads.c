/*===- threads.c - a small pool of threads that survives fork -----*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "plan.h"
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

enum { MAX_THREADS = 256 };

/* A call of dp_parallel in progress, in its caller's frame. */
typedef struct job {
  dp_body body;
  void *context;
  int64_t next, count; /* indices not yet taken */
  int64_t active;      /* workers inside body */
  int is_waiting;      /* the caller waits for active to fall to 0 ... */
  sem_t done;          /* ... here */
  struct job *following;
} job;

/* The caller always works through its own job and waits only for workers that
 * took part of it. So a pool without threads, as a forked child has it, is
 * slow but never hangs, and calls may nest.
 *
 * Semaphores, because the libraries are linked without libc's version symbols
 * and an unversioned pthread_cond_wait is that of 1999, which allocates. */
static struct {
  pthread_mutex_t mutex; /* guards jobs, num_threads, stop, every job */
  sem_t work;            /* at least one count an index not taken */
  job *jobs;
  int64_t num_threads;
  int stop;
  pthread_t threads[MAX_THREADS];
  int64_t owner; /* the process whose threads these are; minus it while it
                    sets the pool up */
} pool = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static int64_t count_processors(void) {
  cpu_set_t set;
  int64_t count = 0;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    count = CPU_COUNT(&set);
  else /* more processors than the set has bits */
    count = (int64_t)sysconf(_SC_NPROCESSORS_ONLN);
  return count < 1 ? 1 : count;
}

/* Looked up once, so that _workspace and the call agree. */
int64_t dp_processors(int32_t max_threads) {
  static int64_t known;
  int64_t count = max_threads;
  if (count == 0) {
    count = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (count == 0) {
      count = count_processors();
      __atomic_store_n(&known, count, __ATOMIC_RELAXED);
    }
  }
  return count < MAX_THREADS ? count : MAX_THREADS;
}

/* A forked child inherits the pool's memory in any state, but none of its
 * threads: the first caller in the child starts afresh. */
static void adopt_pool(void) {
  int64_t self = (int64_t)getpid();
  for (;;) {
    int64_t owner = __atomic_load_n(&pool.owner, __ATOMIC_ACQUIRE);
    if (owner == self)
      return;
    if (owner == -self) {
      sched_yield();
      continue;
    }
    if (__atomic_compare_exchange_n(&pool.owner, &owner, -self, 0,
                                    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
      break;
  }
  pthread_mutex_init(&pool.mutex, NULL);
  sem_init(&pool.work, 0, 0);
  pool.jobs = NULL;
  pool.num_threads = 0;
  __atomic_store_n(&pool.owner, self, __ATOMIC_RELEASE);
}

static job *find_work(void) {
  job *j = pool.jobs;
  while (j && j->next == j->count)
    j = j->following;
  return j;
}

static void wait_for(sem_t *semaphore) {
  while (sem_wait(semaphore) != 0) /* a signal came */
    ;
}

static void *worker(void *unused) {
  (void)unused;
  for (;;) {
    wait_for(&pool.work);
    pthread_mutex_lock(&pool.mutex);
    job *j;
    while ((j = find_work()) != NULL) {
      int64_t i = j->next++;
      ++j->active;
      pthread_mutex_unlock(&pool.mutex);
      j->body(j->context, i);
      pthread_mutex_lock(&pool.mutex);
      /* Under the mutex, for the caller's frame is gone soon after. */
      if (--j->active == 0 && j->is_waiting)
        sem_post(&j->done);
    }
    int stop = pool.stop;
    pthread_mutex_unlock(&pool.mutex);
    if (stop)
      return NULL;
  }
}

/* Workers take no signals: those are for the host's threads. */
void dp_pool_grow(int64_t threads) {
  if (threads <= 0)
    return;
  adopt_pool();
  sigset_t all, before;
  sigfillset(&all);
  pthread_mutex_lock(&pool.mutex);
  if (pool.num_threads < threads) {
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (pool.num_threads < threads && pool.num_threads < MAX_THREADS &&
           pthread_create(&pool.threads[pool.num_threads], NULL, worker,
                          NULL) == 0)
      ++pool.num_threads;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
  }
  pthread_mutex_unlock(&pool.mutex);
}

static void push(job *j) {
  j->following = pool.jobs;
  pool.jobs = j;
  for (int64_t i = 1; i < j->count && i <= pool.num_threads; ++i)
    sem_post(&pool.work);
}

static void unlink_job(job *j) {
  job **link = &pool.jobs;
  while (*link != j)
    link = &(*link)->following;
  *link = j->following;
}

static void run_in_pool(int64_t count, dp_body body, void *context) {
  dp_pool_grow(count - 1);
  job own = {.body = body, .context = context, .count = count};
  sem_init(&own.done, 0, 0);
  pthread_mutex_lock(&pool.mutex);
  push(&own);
  while (own.next < own.count) {
    int64_t i = own.next++;
    pthread_mutex_unlock(&pool.mutex);
    body(context, i);
    pthread_mutex_lock(&pool.mutex);
  }
  unlink_job(&own);
  if (own.active > 0) {
    own.is_waiting = 1;
    pthread_mutex_unlock(&pool.mutex);
    wait_for(&own.done);
    pthread_mutex_lock(&pool.mutex);
  }
  pthread_mutex_unlock(&pool.mutex);
  sem_destroy(&own.done);
}

void dp_parallel(const dp_call *call, int64_t count, dp_body body,
                 void *context) {
  if (count <= 0)
    return;
  if (count == 1)
    body(context, 0);
  else if (call->parallel_for)
    call->parallel_for(call->parallel_host, count, body, context);
  else
    run_in_pool(count, body, context);
}

/* Before the library is unloaded its threads must have left its code. */
__attribute__((destructor)) static void stop_pool(void) {
  if (__atomic_load_n(&pool.owner, __ATOMIC_ACQUIRE) != (int64_t)getpid())
    return;
  pthread_mutex_lock(&pool.mutex);
  pool.stop = 1;
  int64_t count = pool.num_threads;
  for (int64_t i = 0; i < count; ++i)
    sem_post(&pool.work);
  pool.num_threads = MAX_THREADS; /* starts no more */
  pthread_mutex_unlock(&pool.mutex);
  for (int64_t i = 0; i < count; ++i)
    pthread_join(pool.threads[i], NULL);
}
