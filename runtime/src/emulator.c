/*===- emulator.c - the threads of a GPU on the CPU ---------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* A thread is a fiber that runs up to a barrier. Blocks run one after the
|* other. Of every place in memory it is known which thread has read and written
|* it since the last barrier: two threads of which one writes are a race,
|* whatever order they ran in.
|*
\*===----------------------------------------------------------------------===*/
#define _XOPEN_SOURCE 700
#include "emulator.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

/* Threads of a block: fewer than a GPU has, so that all loops go round. */
enum { MAX_THREADS = 8, STACK_BYTES = 1 << 18 };

typedef struct fiber {
  ucontext_t context;
  char *stack;
  int is_done, is_waiting;
  int32_t vote;
} fiber;

/* What is known of a place in memory. */
typedef struct access {
  uintptr_t address;      /* 0: a free slot */
  int64_t written, read;  /* in which stretch between barriers */
  int32_t writer, reader; /* a thread; reader -1: several */
} access;

typedef struct emulator {
  dp_emulated_kernel kernel;
  int64_t *words;
  ucontext_t scheduler;
  fiber fibers[MAX_THREADS];
  int32_t threads, current, block, blocks, votes;
  int64_t stretch;
  access *table;
  size_t capacity, used;
  char fault[160];
} emulator;

/* Of one block after the other. */
_Alignas(64) char dp_near[DP_EMULATED_NEAR_BYTES];

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static emulator *running; /* guarded by the mutex, which a launch holds */

int32_t dp_emulator_thread(void) { return running->current; }
int32_t dp_emulator_threads(void) { return running->threads; }
int32_t dp_emulator_block(void) { return running->block; }
int32_t dp_emulator_blocks(void) { return running->blocks; }

/*===--- Races ------------------------------------------------------------===*/

static access *find(emulator *e, uintptr_t address) {
  size_t slot = (size_t)(address * 0x9e3779b97f4a7c15u >> 20) % e->capacity;
  while (e->table[slot].address && e->table[slot].address != address)
    slot = (slot + 1) % e->capacity;
  return &e->table[slot];
}

static void grow(emulator *e) {
  access *old = e->table;
  size_t count = e->capacity;
  e->capacity = count ? count * 2 : 1 << 12;
  e->table = calloc(e->capacity, sizeof *e->table);
  if (!e->table)
    abort();
  for (size_t slot = 0; slot < count; ++slot)
    if (old[slot].address)
      *find(e, old[slot].address) = old[slot];
  free(old);
}

/* NULL where no kernel runs: the host asks for the workspace. */
static access *look_up(emulator *e, const void *address) {
  if (!e)
    return NULL;
  if (2 * e->used >= e->capacity)
    grow(e);
  access *found = find(e, (uintptr_t)address);
  if (!found->address) {
    found->address = (uintptr_t)address;
    e->used++;
  }
  return found;
}

static void report(emulator *e, const char *what, int32_t other) {
  if (!e->fault[0])
    snprintf(e->fault, sizeof e->fault,
             "a race: thread %d %s thread %d, with no barrier between them",
             (int)e->current, what, (int)other);
}

void dp_emulator_read(const void *address, int64_t bytes) {
  (void)bytes;
  emulator *e = running;
  access *at = look_up(e, address);
  if (!at)
    return;
  if (at->written == e->stretch && at->writer != e->current)
    report(e, "reads what is written by", at->writer);
  int is_first = at->read != e->stretch;
  at->reader = is_first || at->reader == e->current ? e->current : -1;
  at->read = e->stretch;
}

void dp_emulator_write(const void *address, int64_t bytes) {
  (void)bytes;
  emulator *e = running;
  access *at = look_up(e, address);
  if (!at)
    return;
  if (at->written == e->stretch && at->writer != e->current)
    report(e, "writes where there writes", at->writer);
  if (at->read == e->stretch && at->reader != e->current)
    report(e, "writes what is read by", at->reader);
  at->written = e->stretch;
  at->writer = e->current;
}

/*===--- Threads ----------------------------------------------------------===*/

static void wait_for_others(void) {
  fiber *self = &running->fibers[running->current];
  self->is_waiting = 1;
  swapcontext(&self->context, &running->scheduler);
}

void dp_emulator_barrier(void) { wait_for_others(); }

int32_t dp_emulator_barrier_or(int32_t vote) {
  running->fibers[running->current].vote = vote;
  wait_for_others();
  return running->votes;
}

static void start(void) {
  emulator *e = running;
  e->kernel(e->words);
  e->fibers[e->current].is_done = 1;
  swapcontext(&e->fibers[e->current].context, &e->scheduler);
}

/* Every thread up to its next barrier; 0: all are done. `turn` says in which
 * order. */
static int run_stretch(emulator *e, int64_t turn) {
  int waiting = 0, done = 0;
  for (int32_t k = 0; k < e->threads; ++k) {
    int32_t at = turn & 1 ? e->threads - 1 - k : k;
    e->current = (int32_t)((at + turn / 2) % e->threads);
    fiber *f = &e->fibers[e->current];
    if (!f->is_done)
      swapcontext(&e->scheduler, &f->context);
    f->is_done ? ++done : ++waiting;
  }
  if (waiting && done && !e->fault[0])
    snprintf(e->fault, sizeof e->fault,
             "a barrier that %d threads wait at and %d never come to", waiting,
             done);
  e->votes = 0;
  for (int32_t k = 0; k < e->threads; ++k) {
    e->votes |= e->fibers[k].vote;
    e->fibers[k].vote = 0;
  }
  e->stretch++;
  return waiting && !done;
}

static void run_block(emulator *e) {
  for (int32_t k = 0; k < e->threads; ++k) {
    fiber *f = &e->fibers[k];
    f->is_done = f->is_waiting = 0;
    getcontext(&f->context);
    f->context.uc_stack.ss_sp = f->stack;
    f->context.uc_stack.ss_size = STACK_BYTES;
    f->context.uc_link = &e->scheduler;
    makecontext(&f->context, start, 0);
  }
  for (int64_t turn = e->block; run_stretch(e, turn); ++turn)
    ;
}

static const char *launch(emulator *e) {
  static char fault[sizeof e->fault];
  for (int32_t k = 0; k < e->threads; ++k) {
    e->fibers[k].stack = malloc(STACK_BYTES);
    if (!e->fibers[k].stack)
      abort();
  }
  running = e;
  for (e->block = 0; e->block < e->blocks && !e->fault[0]; e->block++)
    run_block(e);
  running = NULL;
  for (int32_t k = 0; k < e->threads; ++k)
    free(e->fibers[k].stack);
  free(e->table);
  memcpy(fault, e->fault, sizeof fault);
  return fault[0] ? fault : NULL;
}

const char *dp_emulator_launch(dp_emulated_kernel kernel, int64_t *words,
                               int64_t blocks, int32_t threads) {
  emulator *e = calloc(1, sizeof *e);
  if (!e)
    return "no memory";
  e->kernel = kernel;
  e->words = words;
  e->blocks = (int32_t)blocks;
  e->threads = threads < MAX_THREADS ? threads : MAX_THREADS;
  e->stretch = 1;
  grow(e);
  pthread_mutex_lock(&mutex);
  const char *fault = launch(e);
  pthread_mutex_unlock(&mutex);
  free(e);
  return fault;
}
