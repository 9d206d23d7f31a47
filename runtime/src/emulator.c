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
|* whatever order they ran in. A fault ends the launch before the access that is
|* one, which might end the process.
|*
\*===----------------------------------------------------------------------===*/
#define _XOPEN_SOURCE 700
#include "emulator.h"
#include "bounds.h"
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

/* Threads of a block: fewer than a GPU has, so that all loops go round. */
enum { MAX_THREADS = 8, STACK_BYTES = 1 << 18, MAX_VARIABLES = 16 };

typedef struct fiber {
  ucontext_t context;
  char *stack;
  int is_done;
  int32_t place; /* of the barrier that it waits at */
  int32_t vote;
} fiber;

/* What is known of a place in memory. */
typedef struct access {
  uintptr_t address;      /* 0: a free slot */
  int64_t written, read;  /* in which stretch between barriers */
  int32_t writer, reader; /* a thread; reader -1: several */
} access;

typedef struct emulator {
  dp_emulated_launch *launch;
  dp_bounds *bounds;
  ucontext_t scheduler;
  fiber fibers[MAX_THREADS];
  int32_t threads, current, block, blocks, votes;
  int64_t stretch;
  access *table;
  size_t capacity, used;
} emulator;

/* Of one block after the other. */
char dp_near[DP_EMULATED_NEAR_BYTES] __attribute__((aligned(64)));

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static emulator *running; /* guarded by the mutex, which a launch holds */

int32_t dp_emulator_thread(void) { return running->current; }
int32_t dp_emulator_threads(void) { return running->threads; }
int32_t dp_emulator_block(void) { return running->block; }
int32_t dp_emulator_blocks(void) { return running->blocks; }

static void leave(emulator *e) {
  swapcontext(&e->fibers[e->current].context, &e->scheduler);
}

static int has_fault(const emulator *e) { return e->launch->fault[0] != 0; }

/* Says what the running thread did wrong at an address, and ends the launch. */
static void fail_at(emulator *e, const void *address, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void fail_at(emulator *e, const void *address, const char *format, ...) {
  char *text = e->launch->fault, where[DP_FAULT_BYTES / 2];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text, DP_FAULT_BYTES, format, arguments);
  va_end(arguments);
  dp_bounds_describe(e->bounds, (uintptr_t)address, where, sizeof where);
  snprintf(text + length, DP_FAULT_BYTES - (size_t)length, ", %s", where);
  leave(e);
}

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

static access *look_up(emulator *e, const void *address) {
  if (2 * e->used >= e->capacity)
    grow(e);
  access *found = find(e, (uintptr_t)address);
  if (!found->address) {
    found->address = (uintptr_t)address;
    e->used++;
  }
  return found;
}

static void report(emulator *e, const void *address, const char *what,
                   int32_t other) {
  fail_at(e, address,
          "a race: thread %d of block %d %s thread %d, with no barrier between "
          "them",
          (int)e->current, (int)e->block, what, (int)other);
}

static void note_read(emulator *e, const void *address) {
  access *at = look_up(e, address);
  if (at->written == e->stretch && at->writer != e->current)
    report(e, address, "reads what is written by", at->writer);
  int is_first = at->read != e->stretch;
  at->reader = is_first || at->reader == e->current ? e->current : -1;
  at->read = e->stretch;
}

static void note_write(emulator *e, const void *address) {
  access *at = look_up(e, address);
  if (at->written == e->stretch && at->writer != e->current)
    report(e, address, "writes where there writes", at->writer);
  if (at->read == e->stretch && at->reader != e->current)
    report(e, address, "writes what is read by", at->reader);
  at->written = e->stretch;
  at->writer = e->current;
}

/*===--- Accesses ---------------------------------------------------------===*/

static int is_on_stack(const emulator *e, uintptr_t address, int64_t bytes) {
  uintptr_t at = address - (uintptr_t)e->fibers[e->current].stack;
  return at < STACK_BYTES && (uintptr_t)bytes <= STACK_BYTES - at;
}

static void check(emulator *e, const void *address, int64_t bytes,
                  const char *does) {
  uintptr_t at = (uintptr_t)address;
  if (!is_on_stack(e, at, bytes) &&
      !dp_bounds_hold(e->bounds, e->block, at, bytes))
    fail_at(e, address,
            "an access out of bounds: thread %d of block %d %s %lld bytes",
            (int)e->current, (int)e->block, does, (long long)bytes);
  if (at % (uintptr_t)bytes)
    fail_at(e, address,
            "a misaligned access: thread %d of block %d %s %lld bytes at an "
            "address %d past a multiple of that",
            (int)e->current, (int)e->block, does, (long long)bytes,
            (int)(at % (uintptr_t)bytes));
}

void dp_emulator_read(const void *address, int64_t bytes) {
  check(running, address, bytes, "reads");
  note_read(running, address);
}

void dp_emulator_write(const void *address, int64_t bytes) {
  check(running, address, bytes, "writes");
  note_write(running, address);
}

void dp_emulator_set(const void *address, int64_t bytes) {
  check(running, address, bytes, "writes");
}

void dp_emulator_variable(const void *address, int64_t bytes) {
  if (!dp_bounds_add(running->bounds, "a variable of the kernel", address,
                     bytes))
    abort();
}

/*===--- Threads ----------------------------------------------------------===*/

void dp_emulator_barrier(int32_t place) {
  running->fibers[running->current].place = place;
  leave(running);
}

int32_t dp_emulator_barrier_or(int32_t vote, int32_t place) {
  running->fibers[running->current].vote = vote;
  dp_emulator_barrier(place);
  return running->votes;
}

static void start(void) {
  emulator *e = running;
  e->launch->kernel(e->launch->words);
  e->fibers[e->current].is_done = 1;
  leave(e);
}

/* Where threads wait, do all wait, and at the same barrier? */
static void check_meeting(emulator *e) {
  int32_t waiting = 0;
  while (waiting < e->threads && e->fibers[waiting].is_done)
    ++waiting;
  for (int32_t k = 0; k < e->threads && waiting < e->threads; ++k) {
    const fiber *one = &e->fibers[waiting], *other = &e->fibers[k];
    if (other->is_done)
      snprintf(e->launch->fault, DP_FAULT_BYTES,
               "a deadlock: thread %d of block %d waits at a barrier, number "
               "%d, but thread %d has ended",
               (int)waiting, (int)e->block, (int)one->place, (int)k);
    else if (other->place != one->place)
      snprintf(e->launch->fault, DP_FAULT_BYTES,
               "a deadlock: thread %d of block %d waits at a barrier, number "
               "%d, but thread %d at another, number %d",
               (int)waiting, (int)e->block, (int)one->place, (int)k,
               (int)other->place);
  }
}

/* Every thread up to its next barrier; 0: all are done, or there is a fault.
 * `turn` says in which order. */
static int run_stretch(emulator *e, int64_t turn) {
  int is_done = 1;
  for (int32_t k = 0; k < e->threads; ++k) {
    int32_t at = turn & 1 ? e->threads - 1 - k : k;
    e->current = (int32_t)((at + turn / 2) % e->threads);
    fiber *f = &e->fibers[e->current];
    swapcontext(&e->scheduler, &f->context);
    if (has_fault(e))
      return 0;
    is_done &= f->is_done;
  }
  check_meeting(e);
  e->votes = 0;
  for (int32_t k = 0; k < e->threads; ++k) {
    e->votes |= e->fibers[k].vote;
    e->fibers[k].vote = 0;
  }
  e->stretch++;
  return !is_done && !has_fault(e);
}

static void run_block(emulator *e) {
  for (int32_t k = 0; k < e->threads; ++k) {
    fiber *f = &e->fibers[k];
    f->is_done = 0;
    f->vote = 0;
    getcontext(&f->context);
    f->context.uc_stack.ss_sp = f->stack;
    f->context.uc_stack.ss_size = STACK_BYTES;
    f->context.uc_link = &e->scheduler;
    makecontext(&f->context, start, 0);
  }
  for (int64_t turn = e->block; run_stretch(e, turn); ++turn)
    ;
}

static void run_blocks(emulator *e) {
  running = e;
  for (e->block = 0; e->block < e->blocks && !has_fault(e); e->block++)
    run_block(e);
  running = NULL;
}

/* 0: there is no memory. */
static int prepare(emulator *e, dp_emulated_launch *launch) {
  e->launch = launch;
  e->blocks = (int32_t)launch->blocks;
  e->threads = launch->threads < MAX_THREADS ? launch->threads : MAX_THREADS;
  e->stretch = 1;
  e->bounds =
      dp_bounds_make(launch->regions, launch->num_regions, 1 + MAX_VARIABLES);
  if (!e->bounds)
    return 0;
  dp_bounds_add(e->bounds, "the block's own memory", dp_near, launch->near);
  grow(e);
  for (int32_t k = 0; k < e->threads; ++k)
    if (!(e->fibers[k].stack = malloc(STACK_BYTES)))
      return 0;
  return 1;
}

static void discard(emulator *e) {
  for (int32_t k = 0; k < e->threads; ++k)
    free(e->fibers[k].stack);
  free(e->table);
  dp_bounds_free(e->bounds);
  free(e);
}

void dp_emulator_launch(dp_emulated_launch *launch) {
  launch->fault[0] = 0;
  emulator *e = calloc(1, sizeof *e);
  if (!e || !prepare(e, launch)) {
    snprintf(launch->fault, DP_FAULT_BYTES, "no memory");
  } else {
    pthread_mutex_lock(&mutex);
    run_blocks(e);
    pthread_mutex_unlock(&mutex);
  }
  if (e)
    discard(e);
}
