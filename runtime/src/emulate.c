/*===- emulate.c - a call whose kernels the emulator runs ---------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* Tells the emulator what is whose, so that it finds accesses to anything else.
|*
\*===----------------------------------------------------------------------===*/
#include "plan.h"

/* Few, so that each takes several instances. */
enum { EMULATED_BLOCKS = 2 };

/* What is being listed: of a launch, up to the next of its words. */
typedef struct list {
  const dp_plan *plan;
  const dp_launch *launch;
  const int64_t *words;
  dp_region *regions;
  int32_t count;
} list;

static int is_sums(const list *l) {
  return l->launch->kernel == DP_KERNEL_SUMS;
}

static dp_region *add(list *l, const char *what, const char *name,
                      const void *first, int64_t bytes) {
  dp_region region = {what, name, DP_ANY_BLOCK, first, bytes, 1,
                      0,    0,    NULL,         NULL};
  dp_region *own = &l->regions[l->count++];
  *own = region;
  return own;
}

static const void *to_address(int64_t word) {
  return (const void *)(uintptr_t)word;
}

static void add_call(list *l) {
  const int64_t *words = l->words, batch = words[DP_WORD_BATCH];
  add(l, "the kernel's argument", NULL, words, l->launch->num_words * 8);
  add(l, "the status of instances", NULL, to_address(words[DP_WORD_STATUS]),
      batch * 4);
  int64_t bytes = words[DP_WORD_BLOCK_BYTES];
  const char *own = to_address(words[DP_WORD_WORKSPACE]);
  /* Sums need none, so that not each of their blocks has one. */
  for (int32_t b = 0; b < l->launch->blocks && !is_sums(l); ++b)
    add(l, "the workspace of block", NULL, dp_advance(own, b * bytes), bytes)
        ->block = b;
  l->words += DP_WORDS_CALL;
}

static void add_lengths(list *l, int32_t k) {
  dp_region *own = add(l, "lengths of size", l->plan->entry->sizes[k].name,
                       to_address(l->words[DP_SIZE_WORD_LENGTHS]),
                       l->words[DP_SIZE_WORD_BITS] / 8);
  own->count = l->plan->batch;
  own->between = l->words[DP_SIZE_WORD_STEP];
  l->words += DP_WORDS_SIZE;
}

static void add_array(list *l, const char *what, const char *name,
                      const dp_array *array, int32_t rank) {
  dp_region *own = add(l, what, name, array->data, array->bytes);
  own->count = l->plan->batch;
  own->between = array->batch_stride;
  own->rank = rank;
  own->shape = array->shape;
  own->strides = array->strides;
}

/* Numbers that the call gives by value stand in the argument. */
static void add_input(list *l, int32_t i) {
  const dp_input *input = &l->plan->entry->inputs[i];
  const dp_array *array = &l->plan->arrays[i];
  if (!array->is_value)
    add_array(l, "input", input->name, array, input->rank);
  l->words += DP_WORDS_INPUT + 3 * input->rank;
}

/* Only sums themselves write sums; others leave terms. */
static void add_output(list *l, int32_t o) {
  const dp_output *output = &l->plan->entry->outputs[o];
  const dp_array *array = &l->plan->arrays[l->plan->entry->num_inputs + o];
  if (array->is_sum)
    add(l, "terms of output", output->name,
        to_address(l->words[DP_ARRAY_WORD_DATA]),
        l->words[DP_ARRAY_WORD_STRIDE] * l->plan->batch * array->bytes);
  if (array->is_sum == is_sums(l))
    add_array(l, "output", output->name, array, output->rank);
  l->words += DP_WORDS_OUTPUT + 3 * output->rank;
}

static int run(const dp_plan *plan, const dp_launch *launch) {
  const dp_entry *entry = plan->entry;
  dp_region regions[2 + EMULATED_BLOCKS + entry->num_sizes + entry->num_inputs +
                    2 * entry->num_outputs];
  list l = {plan, launch, launch->words, regions, 0};
  add_call(&l);
  for (int32_t k = 0; k < entry->num_sizes; ++k)
    add_lengths(&l, k);
  for (int32_t i = 0; i < entry->num_inputs; ++i)
    add_input(&l, i);
  for (int32_t o = 0; o < entry->num_outputs; ++o)
    add_output(&l, o);
  dp_emulated_launch emulated = {plan->device->emulated[launch->kernel],
                                 launch->words,
                                 launch->blocks,
                                 launch->threads,
                                 l.count,
                                 regions,
                                 launch->near,
                                 ""};
  plan->device->emulator(&emulated);
  if (emulated.fault[0])
    return dp_fail(plan, DP_ERROR_KERNEL, "the emulator found %s",
                   emulated.fault);
  return DP_OK;
}

int dp_emulate(const dp_plan *plan, const dp_launch *launches, int32_t count) {
  int code = DP_OK;
  for (int32_t k = 0; k < count && code == DP_OK; ++k) {
    dp_launch launch = launches[k];
    if (launch.blocks > EMULATED_BLOCKS)
      launch.blocks = EMULATED_BLOCKS;
    code = run(plan, &launch);
  }
  return code;
}
