/*===- invoke.c - the entry points of the runtime -----------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#include "plan.h"
#include <string.h>

/* Gradients of shared inputs are summed within blocks of so many instances, but
 * at most so many blocks, whatever the number of threads, and the blocks in
 * order. */
enum { BLOCK = 8, MAX_BLOCKS = 32 };

static int check_call(const dp_plan *plan) {
  const dp_entry *entry = plan->entry;
  const dp_call *call = plan->call;
  if (call->num_inputs != entry->num_inputs ||
      (entry->num_inputs && !call->inputs))
    return dp_fail(
        plan, DP_ERROR_CALL, "the call has %d inputs, but the entry has %d",
        call->inputs ? (int)call->num_inputs : 0, (int)entry->num_inputs);
  if ((call->sizes || call->lengths) && call->num_sizes != entry->num_sizes)
    return dp_fail(plan, DP_ERROR_CALL,
                   "the call has %d sizes, but the program has %d",
                   (int)call->num_sizes, (int)entry->num_sizes);
  if (call->max_threads < 0)
    return dp_fail(plan, DP_ERROR_CALL, "max_threads is %d, but must be >= 0",
                   (int)call->max_threads);
  return DP_OK;
}

/* Which outputs have a batch axis and which are sums. */
static void assign_batch_axes(dp_plan *plan) {
  const dp_entry *entry = plan->entry;
  for (int32_t o = 0; o < entry->num_outputs; ++o) {
    dp_array *array = &plan->arrays[entry->num_inputs + o];
    int32_t follows = entry->outputs[o].follows;
    array->is_batched =
        plan->is_batched && (follows < 0 || plan->arrays[follows].is_batched);
    array->is_sum = plan->is_batched && !array->is_batched;
    array->bytes =
        entry->outputs[o].kind == DP_KIND_FLOAT ? entry->float_bits / 8 : 8;
  }
}

/* Elements of all sums, padded; -1: too many. */
static int64_t count_sums(const dp_plan *plan) {
  const int64_t *shape = plan->output_shapes;
  int64_t total = 0;
  for (int32_t o = 0; o < plan->entry->num_outputs; ++o) {
    int32_t rank = plan->entry->outputs[o].rank;
    if (plan->arrays[plan->entry->num_inputs + o].is_sum) {
      int64_t count = dp_box_count(rank, shape);
      if (count < 0 || __builtin_add_overflow(total, count, &total))
        return -1;
    }
    shape += rank;
  }
  return total;
}

static int has_sums(const dp_plan *plan) {
  for (int32_t i = plan->entry->num_inputs; i < plan->num_arrays; ++i)
    if (plan->arrays[i].is_sum)
      return 1;
  return 0;
}

/* Sums are added up by blocks that depend on nothing but the batch. Blocks of
 * lanes have as many instances. */
static int64_t count_tasks(const dp_plan *plan) {
  int sums = has_sums(plan);
  if (!sums && plan->width == 1)
    return plan->batch;
  int64_t block = sums ? BLOCK : plan->width;
  int64_t tasks = plan->batch / block + (plan->batch % block != 0);
  return sums && tasks > MAX_BLOCKS ? MAX_BLOCKS : tasks;
}

/* A thread is worth calling for so many cells of an instance, about. */
enum { CELLS_OF_THREAD = 1 << 16 };

/* Sizes multiply to about the number of cells. */
static int64_t count_team(const dp_plan *plan) {
  int64_t threads = dp_processors(plan->call->max_threads);
  if (plan->slots > 1 || !plan->lanes || !plan->lanes->has_team)
    return 1;
  int64_t most = threads * CELLS_OF_THREAD, cells = 1;
  for (int32_t i = 0; i < plan->entry->num_sizes && cells > 0 && cells < most;
       ++i)
    if (plan->sizes[i] > most / cells)
      cells = most;
    else
      cells *= plan->sizes[i];
  return cells / CELLS_OF_THREAD;
}

static int lay_out_workspace(dp_plan *plan) {
  if (plan->device)
    return dp_lay_out_device(plan);
  dp_choose_lanes(plan);
  plan->tasks = count_tasks(plan);
  plan->slots = dp_processors(plan->call->max_threads);
  if (plan->slots > plan->tasks)
    plan->slots = plan->tasks;
  plan->team = count_team(plan);
  plan->sums = count_sums(plan);
  int64_t slot, slots, sums, total;
  if (plan->sums < 0 ||
      __builtin_add_overflow(plan->kernel, plan->ints, &slot) ||
      __builtin_add_overflow(slot, plan->parts, &slot) ||
      __builtin_mul_overflow(slot, plan->width, &slot) ||
      __builtin_mul_overflow(slot, plan->slots, &slots) ||
      __builtin_mul_overflow(plan->sums, plan->tasks * 8, &sums) ||
      __builtin_add_overflow(slots, sums, &total) || total > INT64_MAX - 63)
    return dp_fail(plan, DP_ERROR_WORKSPACE,
                   "the workspace exceeds 2^63 bytes");
  /* Aligned by hand. */
  plan->workspace_bytes = total ? total + 63 : 0;
  return DP_OK;
}

static int resolve(dp_plan *plan) {
  int code = check_call(plan);
  if (code != DP_OK)
    return code;
  dp_choose_device(plan);
  code = dp_bind_inputs(plan);
  if (code == DP_OK)
    code = dp_bind_size_tensors(plan);
  if (code == DP_OK)
    code = dp_resolve_sizes(plan);
  if (code != DP_OK)
    return code;
  assign_batch_axes(plan);
  code = dp_check_instances(plan);
  return code == DP_OK ? lay_out_workspace(plan) : code;
}

static int32_t sum_of_ranks(const dp_entry *entry, int32_t *of_outputs) {
  int32_t rank = 0;
  *of_outputs = 0;
  for (int32_t i = 0; i < entry->num_inputs; ++i)
    rank += entry->inputs[i].rank;
  for (int32_t o = 0; o < entry->num_outputs; ++o)
    *of_outputs += entry->outputs[o].rank;
  return rank + *of_outputs;
}

/* Resolves the call and hands the plan, which lives in this frame, to action:
 * so nothing is allocated. */
static int with_plan(const dp_entry *entry, const dp_call *call,
                     dp_action action, void *context) {
  /* Not even the error buffer of a call of unknown layout can be found. */
  if (!call || call->struct_size < offsetof(dp_call, status))
    return DP_ERROR_CALL;
  if (call->error && call->error_bytes > 0)
    call->error[0] = '\0';
  dp_plan plan;
  memset(&plan, 0, sizeof plan);
  plan.entry = entry;
  plan.call = call;
  plan.batch = 1;
  plan.num_arrays = entry->num_inputs + entry->num_outputs;
  plan.num_axes = sum_of_ranks(entry, &plan.num_output_axes);
  dp_array arrays[plan.num_arrays + 1];
  double defaults[entry->num_inputs + 1];
  int64_t strides[plan.num_axes + 1];
  int64_t sizes[entry->num_sizes + 1];
  dp_origin origins[entry->num_sizes + 1];
  int64_t output_shapes[plan.num_output_axes + 1];
  memset(arrays, 0, sizeof arrays);
  memset(origins, 0, sizeof origins);
  plan.arrays = arrays;
  plan.defaults = defaults;
  plan.strides = strides;
  plan.sizes = sizes;
  plan.origins = origins;
  plan.output_shapes = output_shapes;
  int code = resolve(&plan);
  return code == DP_OK ? action(&plan, context) : code;
}

static int invoke(dp_plan *plan, void *context) {
  (void)context;
  const dp_call *call = plan->call;
  int code = dp_check_data(plan);
  if (code == DP_OK)
    code = dp_bind_outputs(plan);
  if (code != DP_OK)
    return code;
  if (call->workspace_bytes < plan->workspace_bytes ||
      (plan->workspace_bytes && !call->workspace))
    return dp_fail(plan, DP_ERROR_WORKSPACE,
                   "the workspace has %lld bytes, but must have %lld",
                   (long long)(call->workspace ? call->workspace_bytes : 0),
                   (long long)plan->workspace_bytes);
  code = dp_check_overlap(plan);
  if (code == DP_OK)
    code = dp_check_gamma(plan);
  if (code == DP_OK && plan->device)
    return dp_run_device(plan);
  if (code == DP_OK)
    code = dp_validate_instances(plan);
  return code == DP_OK ? dp_run_instances(plan) : code;
}

int dp_invoke(const dp_entry *entry, const dp_call *call) {
  return with_plan(entry, call, invoke, NULL);
}

static int get_workspace(dp_plan *plan, void *context) {
  *(int64_t *)context = plan->workspace_bytes;
  return DP_OK;
}

int64_t dp_workspace(const dp_entry *entry, const dp_call *call) {
  int64_t bytes = 0;
  int code = with_plan(entry, call, get_workspace, &bytes);
  return code == DP_OK ? bytes : -(int64_t)code;
}

typedef struct shape_query {
  int32_t output;
  int32_t *rank;
  int64_t *shape;
} shape_query;

static int get_shape(dp_plan *plan, void *context) {
  const shape_query *query = context;
  const dp_entry *entry = plan->entry;
  if (query->output < 0 || query->output >= entry->num_outputs)
    return dp_fail(plan, DP_ERROR_CALL, "there is no output %d",
                   (int)query->output);
  const int64_t *extents = plan->output_shapes;
  for (int32_t o = 0; o < query->output; ++o)
    extents += entry->outputs[o].rank;
  int64_t *shape = query->shape;
  if (plan->arrays[entry->num_inputs + query->output].is_batched)
    *shape++ = plan->batch;
  int32_t rank = entry->outputs[query->output].rank;
  memcpy(shape, extents, (size_t)rank * sizeof *shape);
  *query->rank = rank + (int32_t)(shape - query->shape);
  return DP_OK;
}

int dp_output_shape(const dp_entry *entry, const dp_call *call, int32_t output,
                    int32_t *rank, int64_t *shape) {
  shape_query query = {output, rank, shape};
  return with_plan(entry, call, get_shape, &query);
}

int dp_prepare(int32_t max_threads) {
  if (max_threads < 0)
    return DP_ERROR_CALL;
  dp_pool_grow(dp_processors(max_threads) - 1);
  return DP_OK;
}
