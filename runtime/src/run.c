/*===- run.c - the instances of a batch ---------------------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#include "plan.h"
#include <pthread.h>
#include <string.h>

/* The tasks of a call: slots take them in turn. */
typedef struct tasks {
  const dp_plan *plan;
  char *workspace;
  int64_t next;
  pthread_mutex_t mutex; /* guards the two below */
  int64_t failed;        /* the lowest failed instance, or batch */
  int64_t code;          /* and what its function returned */
} tasks;

static char *align(const dp_plan *plan) {
  char *workspace = plan->call->workspace;
  return dp_advance(workspace, (int64_t)(-(uintptr_t)workspace & 63));
}

static int64_t slot_bytes(const dp_plan *plan) {
  return (plan->kernel + plan->ints + plan->parts) * plan->width;
}

static double *sums_of_block(const dp_plan *plan, int64_t block) {
  char *sums = dp_advance(align(plan), plan->slots * slot_bytes(plan));
  return (double *)sums + block * plan->sums;
}

static int64_t take(tasks *t) {
  return __atomic_fetch_add(&t->next, 1, __ATOMIC_RELAXED);
}

static void report(tasks *t, int64_t instance, int64_t code) {
  pthread_mutex_lock(&t->mutex);
  if (instance < t->failed) {
    t->failed = instance;
    t->code = code;
  }
  pthread_mutex_unlock(&t->mutex);
}

/* Instances b, b + 1, ... of equal sizes that run together. Where plan->width
 * is 1 there is one; otherwise the strides of each array begin with the one
 * from instance to instance. */
typedef struct group {
  const dp_plan *plan;
  int64_t b, count;
  const int64_t *sizes;
  const int64_t *extents; /* of outputs; NULL where none are bound */
  char *slot;
  int with_lanes; /* do strides from instance to instance come along? */
  void **pointers;
  int64_t *strides;
} group;

/* Strides of a dense array; returns its number of elements. */
static int64_t set_dense(int64_t *strides, int32_t rank,
                         const int64_t *extents) {
  int64_t count = 1;
  for (int32_t axis = rank; axis-- > 0;) {
    strides[axis] = count;
    count *= extents[axis];
  }
  return count;
}

static char *data_of(const dp_array *array, int64_t b) {
  return dp_advance(array->data, b * array->batch_stride * array->bytes);
}

/* Ints that come as i32 are converted into the slot. Returns where the outputs'
 * strides go. */
static int64_t *bind_inputs(const group *g) {
  const dp_plan *plan = g->plan;
  int64_t *strides = g->strides;
  char *ints = dp_advance(g->slot, plan->kernel * plan->width);
  for (int32_t i = 0; i < plan->entry->num_inputs; ++i) {
    const dp_input *input = &plan->entry->inputs[i];
    const dp_array *array = &plan->arrays[i];
    int64_t *own = strides + g->with_lanes;
    int64_t between = array->batch_stride;
    memcpy(own, array->strides, (size_t)input->rank * sizeof *own);
    g->pointers[i] = data_of(array, g->b);
    if (array->is_i32) {
      int64_t extents[input->rank + 1], dense[input->rank + 1];
      for (int32_t axis = 0; axis < input->rank; ++axis)
        dp_affine_value(plan, &input->extents[axis], g->sizes, &extents[axis]);
      int64_t bytes = dp_round_up(set_dense(dense, input->rank, extents) * 8);
      g->pointers[i] = ints;
      for (int64_t l = 0; l < g->count; ++l, ints += bytes)
        dp_box_from_i32((int64_t *)ints, data_of(array, g->b + l), input->rank,
                        extents, own);
      memcpy(own, dense, (size_t)input->rank * sizeof *own);
      between = bytes / 8;
    }
    if (g->with_lanes)
      *strides = between;
    strides = own + input->rank;
  }
  return strides;
}

/* Results go where they belong, terms of sums into the slot, dense. */
static void bind_outputs(const group *g, int64_t *strides) {
  const dp_plan *plan = g->plan;
  const int64_t *extents = g->extents;
  char *parts = dp_advance(g->slot, (plan->kernel + plan->ints) * plan->width);
  for (int32_t o = 0; o < plan->entry->num_outputs; ++o) {
    int32_t rank = plan->entry->outputs[o].rank;
    int32_t place = plan->entry->num_inputs + o;
    const dp_array *array = &plan->arrays[place];
    int64_t *own = strides + g->with_lanes;
    int64_t between = array->batch_stride;
    if (array->is_sum) {
      int64_t bytes = dp_round_up(set_dense(own, rank, extents) * 8);
      g->pointers[place] = parts;
      parts += bytes * g->count;
      between = bytes / array->bytes;
    } else {
      g->pointers[place] = data_of(array, g->b);
      memcpy(own, array->strides, (size_t)rank * sizeof *own);
      for (int64_t l = 0; l < g->count; ++l)
        dp_box_zero_outside(data_of(array, g->b + l), array->bytes, rank,
                            array->shape, own, extents);
    }
    if (g->with_lanes)
      *strides = between;
    strides = own + rank;
    extents += rank;
  }
}

/* Adds the terms of instance b + l. */
static void add_parts(const group *g, int64_t l, double *sums) {
  const dp_plan *plan = g->plan;
  const int64_t *shape = plan->output_shapes, *extents = g->extents;
  for (int32_t o = 0; o < plan->entry->num_outputs; ++o) {
    int32_t rank = plan->entry->outputs[o].rank;
    int32_t place = plan->entry->num_inputs + o;
    const dp_array *array = &plan->arrays[place];
    if (array->is_sum) {
      int64_t bytes = dp_round_up(dp_box_count(rank, extents) * 8);
      dp_box_add(sums, rank, shape, dp_advance(g->pointers[place], l * bytes),
                 array->bytes, extents);
      sums += dp_box_count(rank, shape);
    }
    shape += rank;
    extents += rank;
  }
}

/* By as many threads as plan->team says, if so many come. */
static int32_t run_one(const group *g) {
  dp_team_call call = {g->plan->lanes->one, g->sizes, g->pointers, g->strides,
                       g->slot};
  return dp_run_team(g->plan->call, g->plan->team, &call);
}

/* Instances b, b + 1, ... by the kernel for one. */
static int32_t run_one_by_one(group g, int64_t count, double *sums) {
  const dp_plan *plan = g.plan;
  int32_t code = 0;
  g.with_lanes = 0;
  g.count = 1;
  for (int64_t l = 0; l < count; ++l, ++g.b) {
    bind_outputs(&g, bind_inputs(&g));
    int32_t failed = 1;
    if (plan->lanes && plan->lanes->one)
      failed = run_one(&g);
    if (failed)
      failed = plan->entry->run(g.sizes, g.pointers, g.strides, g.slot);
    if (failed)
      code = failed;
    else
      add_parts(&g, 0, sums);
  }
  return code;
}

static int32_t run_group(const dp_plan *plan, int64_t b, int64_t count,
                         const int64_t *sizes, char *slot, double *sums) {
  int64_t extents[plan->num_output_axes + 1];
  int64_t strides[plan->num_axes + plan->num_arrays + 1];
  void *pointers[plan->num_arrays + 1];
  plan->entry->extents(sizes, extents);
  group g = {plan, b, count, sizes, extents, slot, 1, pointers, strides};
  if (plan->width == 1 || dp_prefers_one(plan->lanes, count, sizes))
    return run_one_by_one(g, count, sums);
  bind_outputs(&g, bind_inputs(&g));
  uint32_t failed =
      (uint32_t)plan->lanes->run(sizes, pointers, strides, slot, count);
  /* Sums take their terms in order, so all of them once more. */
  if (failed && plan->sums)
    return run_one_by_one(g, count, sums);
  int32_t code = 0;
  for (int64_t l = 0; failed && l < count; ++l)
    if (failed >> l & 1) {
      g.b = b + l;
      int32_t own = run_one_by_one(g, 1, sums);
      if (own)
        code = own;
    }
  for (int64_t l = 0; plan->sums && l < count; ++l)
    add_parts(&g, l, sums);
  return code;
}

/* How many instances from b on, before end, have the sizes of b. */
static int64_t count_equal(const dp_plan *plan, int64_t b, int64_t end,
                           const int64_t *sizes) {
  int64_t limit = end - b < plan->width ? end - b : plan->width;
  if (!plan->is_ragged)
    return limit;
  size_t bytes = (size_t)plan->entry->num_sizes * sizeof *sizes;
  int64_t others[plan->entry->num_sizes + 1];
  int64_t count = 1;
  for (; count < limit; ++count) {
    dp_instance_sizes(plan, b + count, others);
    if (memcmp(others, sizes, bytes) != 0)
      break;
  }
  return count;
}

static void run_tasks(void *context, int64_t slot_index) {
  tasks *t = context;
  const dp_plan *plan = t->plan;
  char *slot = dp_advance(t->workspace, slot_index * slot_bytes(plan));
  for (int64_t task = take(t); task < plan->tasks; task = take(t)) {
    int64_t share = plan->batch / plan->tasks;
    int64_t rest = plan->batch % plan->tasks;
    int64_t begin = task * share + (task < rest ? task : rest);
    int64_t end = begin + share + (task < rest);
    double *sums = plan->sums ? sums_of_block(plan, task) : NULL;
    if (sums)
      memset(sums, 0, (size_t)plan->sums * sizeof *sums);
    for (int64_t b = begin; b < end;) {
      int64_t sizes[plan->entry->num_sizes + 1];
      dp_instance_sizes(plan, b, sizes);
      int64_t count = count_equal(plan, b, end, sizes);
      int32_t code = run_group(plan, b, count, sizes, slot, sums);
      if (code)
        report(t, b, code);
      b += count;
    }
  }
}

static int64_t validate_instance(const dp_plan *plan, int64_t b, char *slot,
                                 int64_t *fault) {
  int64_t sizes[plan->entry->num_sizes + 1];
  int64_t strides[plan->num_axes + 1];
  void *pointers[plan->num_arrays + 1];
  memset(strides, 0, sizeof strides);
  memset(pointers, 0, sizeof pointers);
  dp_instance_sizes(plan, b, sizes);
  group g = {plan, b, 1, sizes, NULL, slot, 0, pointers, strides};
  bind_inputs(&g);
  return plan->entry->validate(sizes, pointers, strides, fault);
}

static int32_t largest_rank(const dp_entry *entry) {
  int32_t rank = 0;
  for (int32_t i = 0; i < entry->num_inputs; ++i)
    if (entry->inputs[i].rank > rank)
      rank = entry->inputs[i].rank;
  return rank;
}

static void validate_tasks(void *context, int64_t slot_index) {
  tasks *t = context;
  const dp_plan *plan = t->plan;
  char *slot = dp_advance(t->workspace, slot_index * slot_bytes(plan));
  int64_t fault[largest_rank(plan->entry) + 3];
  for (int64_t b = take(t); b < plan->batch; b = take(t)) {
    int64_t input = validate_instance(plan, b, slot, fault);
    if (input)
      report(t, b, input);
  }
}

static void start(tasks *t, const dp_plan *plan) {
  t->plan = plan;
  t->workspace = align(plan);
  t->next = 0;
  pthread_mutex_init(&t->mutex, NULL);
  t->failed = plan->batch;
  t->code = 0;
}

/* What the element at `index` stands for, where the input is part of a dag: no
 * other name of an int input has a dot. */
static void note_graph(const dp_plan *plan, const char *name, int64_t index,
                       int64_t upper) {
  const char *part = strchr(name, '.');
  if (part && strcmp(part, ".src") == 0)
    dp_note(plan, ": edge %lld leads to vertex %lld, from one before it",
            (long long)index, (long long)upper);
  else if (part && strcmp(part, ".indptr") == 0)
    dp_note(plan, ": the edges to vertex %lld %s there",
            (long long)(index ? index - 1 : 0), index ? "end" : "begin");
}

static int fail_value(const dp_plan *plan, int64_t b, int32_t index,
                      const int64_t *fault) {
  const dp_input *input = &plan->entry->inputs[index];
  const int64_t *values = fault + input->rank;
  dp_subject subject = dp_array_subject(plan, index);
  if (plan->is_batched)
    dp_note(plan, "instance %lld: ", (long long)b);
  dp_begin_at(plan, &subject);
  dp_note(plan, "element [");
  for (int32_t axis = 0; axis < input->rank; ++axis)
    dp_note(plan, "%s%lld", axis ? ", " : "", (long long)fault[axis]);
  dp_note(plan, "] is %lld, but must lie in %lld..%lld", (long long)values[0],
          (long long)values[1], (long long)values[2]);
  note_graph(plan, input->name, fault[0], values[2]);
  return dp_end_at(plan, &subject, DP_ERROR_VALUE);
}

int dp_validate_instances(const dp_plan *plan) {
  if (!plan->entry->validate || (plan->call->flags & DP_TRUST_INPUTS))
    return DP_OK;
  tasks t;
  start(&t, plan);
  dp_parallel(plan->call, plan->slots, validate_tasks, &t);
  pthread_mutex_destroy(&t.mutex);
  if (t.failed == plan->batch)
    return DP_OK;
  /* Once more, for the details. */
  int64_t fault[largest_rank(plan->entry) + 3];
  memset(fault, 0, sizeof fault);
  int64_t input = validate_instance(plan, t.failed, t.workspace, fault);
  return fail_value(plan, t.failed, (int32_t)input - 1, fault);
}

static void store_sums(const dp_plan *plan) {
  const double *sums =
      plan->sums && plan->tasks ? sums_of_block(plan, 0) : NULL;
  for (int32_t o = 0; o < plan->entry->num_outputs; ++o) {
    int32_t rank = plan->entry->outputs[o].rank;
    const dp_array *array = &plan->arrays[plan->entry->num_inputs + o];
    if (!array->is_sum)
      continue;
    if (!sums) {
      dp_box_zero(array->data, array->bytes, rank, array->shape,
                  array->strides);
      continue;
    }
    dp_box_store_sums(array->data, array->bytes, rank, array->shape,
                      array->strides, sums, plan->tasks, plan->sums);
    sums += dp_box_count(rank, array->shape);
  }
}

int dp_run_instances(const dp_plan *plan) {
  tasks t;
  start(&t, plan);
  dp_parallel(plan->call, plan->slots, run_tasks, &t);
  pthread_mutex_destroy(&t.mutex);
  if (t.failed != plan->batch) {
    if (plan->is_batched)
      dp_note(plan, "instance %lld: ", (long long)t.failed);
    return dp_fail(plan, DP_ERROR_KERNEL, "the kernel returned %lld",
                   (long long)t.code);
  }
  store_sums(plan);
  return DP_OK;
}
