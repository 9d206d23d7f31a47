/*===- overlap.c - outputs lie over nothing -----------------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#include "plan.h"

/* The bytes of a strided array: address + sum of index * stride, with strides
 * made positive. */
typedef struct region {
  dp_subject subject;
  uintptr_t begin, end; /* [begin, end), begin == end: no element */
  int64_t bytes;        /* of an element */
  int32_t rank;         /* without the batch axis */
  const int64_t *shape;
  const int64_t *strides;
  int64_t batch; /* extent of the batch axis, 1 without one */
  int64_t batch_stride;
} region;

static int64_t extent_of(const region *r, int32_t axis) {
  return axis < r->rank ? r->shape[axis] : r->batch;
}

/* In bytes, positive. */
static int64_t step_of(const region *r, int32_t axis) {
  int64_t stride = axis < r->rank ? r->strides[axis] : r->batch_stride;
  uint64_t size = stride < 0 ? -(uint64_t)stride : (uint64_t)stride;
  return (int64_t)(size * (uint64_t)r->bytes);
}

static region region_of(const dp_plan *plan, int32_t index) {
  const dp_entry *entry = plan->entry;
  const dp_array *array = &plan->arrays[index];
  int32_t output = index - entry->num_inputs;
  region r = {dp_array_subject(plan, index),
              (uintptr_t)array->data,
              (uintptr_t)array->data + (uintptr_t)array->bytes,
              array->bytes,
              output < 0 ? entry->inputs[index].rank
                         : entry->outputs[output].rank,
              array->shape,
              array->strides,
              array->is_batched ? plan->batch : 1,
              array->batch_stride};
  if (array->is_default) {
    r.end = r.begin;
    return r;
  }
  for (int32_t axis = 0; axis <= r.rank; ++axis) {
    if (extent_of(&r, axis) == 0) {
      r.end = r.begin;
      return r;
    }
    int64_t stride = axis < r.rank ? r.strides[axis] : r.batch_stride;
    uintptr_t reach =
        (uintptr_t)step_of(&r, axis) * (uintptr_t)(extent_of(&r, axis) - 1);
    if (stride < 0)
      r.begin -= reach;
    else
      r.end += reach;
  }
  return r;
}

/* Sorted by step, each axis steps over everything the smaller ones reach. Said
 * of every layout that slicing and transposing a dense array gives. Returns an
 * axis that does not, with what it must step over, or -1. */
static int32_t find_folded_axis(const region *r, int64_t *reach) {
  int64_t done = 0; /* steps up to this are dealt with */
  *reach = r->bytes;
  for (;;) {
    int32_t next = -1;
    for (int32_t axis = 0; axis <= r->rank; ++axis) {
      int64_t step = step_of(r, axis);
      if (extent_of(r, axis) < 2)
        continue;
      if (step == 0)
        return axis;
      if (step <= done)
        continue;
      if (next >= 0 && step == step_of(r, next)) {
        *reach += step * (extent_of(r, next) - 1);
        return axis;
      }
      if (next < 0 || step < step_of(r, next))
        next = axis;
    }
    if (next < 0)
      return -1;
    if (step_of(r, next) < *reach)
      return next;
    *reach += step_of(r, next) * (extent_of(r, next) - 1);
    done = step_of(r, next);
  }
}

static int check_elements(const dp_plan *plan, int32_t index,
                          const region *output) {
  int64_t reach;
  int32_t axis = find_folded_axis(output, &reach);
  if (axis < 0)
    return DP_OK;
  int is_batched = plan->arrays[index].is_batched;
  return dp_fail_at(plan, &output->subject, DP_ERROR_LAYOUT,
                    "the %lld elements of axis %d are %lld bytes apart, but "
                    "must be at least %lld, or elements lie over each other",
                    (long long)extent_of(output, axis),
                    axis == output->rank ? 0 : (int)axis + is_batched,
                    (long long)step_of(output, axis), (long long)reach);
}

/* How far the axes reach whose steps are no multiple of `modulus`. */
static int64_t inner_reach(const region *r, int64_t modulus) {
  int64_t reach = r->bytes;
  for (int32_t axis = 0; axis <= r->rank; ++axis)
    if (extent_of(r, axis) > 1 && step_of(r, axis) % modulus)
      reach += step_of(r, axis) * (extent_of(r, axis) - 1);
  return reach;
}

/* Whether a and b are disjoint modulo a step of `from`: as two column blocks
 * of one matrix are modulo its row. */
static int is_apart_modulo_step(const region *from, const region *a,
                                const region *b) {
  for (int32_t axis = 0; axis <= from->rank; ++axis) {
    int64_t modulus = step_of(from, axis);
    if (extent_of(from, axis) < 2 || modulus == 0)
      continue;
    uintptr_t shift =
        a->begin <= b->begin
            ? (b->begin - a->begin) % (uintptr_t)modulus
            : (uintptr_t)modulus - (a->begin - b->begin) % (uintptr_t)modulus;
    int64_t offset = (int64_t)(shift % (uintptr_t)modulus);
    if (inner_reach(a, modulus) <= offset &&
        inner_reach(b, modulus) <= modulus - offset)
      return 1;
  }
  return 0;
}

static int is_apart(const region *a, const region *b) {
  return a->begin == a->end || b->begin == b->end || a->end <= b->begin ||
         b->end <= a->begin || is_apart_modulo_step(a, a, b) ||
         is_apart_modulo_step(b, a, b);
}

static int check_pair(const dp_plan *plan, const region *output,
                      const region *other) {
  if (is_apart(output, other))
    return DP_OK;
  int is_later = output->begin >= other->begin;
  uintptr_t between =
      is_later ? output->begin - other->begin : other->begin - output->begin;
  return dp_fail_at(plan, &output->subject, DP_ERROR_LAYOUT,
                    "its %lld bytes begin %lld bytes %s those of %s `%s`, "
                    "which are %lld, but must be memory of its own",
                    (long long)(output->end - output->begin),
                    (long long)between, is_later ? "past" : "before",
                    other->subject.what, other->subject.name,
                    (long long)(other->end - other->begin));
}

static region region_of_bytes(dp_subject subject, const void *data,
                              int64_t bytes) {
  uintptr_t begin = (uintptr_t)data;
  region r = {subject, begin, begin + (uintptr_t)bytes, bytes, 0, NULL, NULL,
              1,       0};
  return r;
}

/* The memory between the first and the last of a size's or length's numbers. */
static int check_size_tensor(const dp_plan *plan, const region *output,
                             dp_subject subject, const dp_tensor *tensor) {
  if (!tensor)
    return DP_OK;
  int64_t stride = tensor->ndim == 0 ? 0
                   : tensor->strides ? tensor->strides[0]
                                     : 1;
  region r = region_of_bytes(subject, dp_first_element(tensor),
                             tensor->dtype.bits / 8);
  static const int64_t none = 0;
  r.shape = r.strides = &none;
  r.batch = tensor->ndim ? tensor->shape[0] : 1;
  r.batch_stride = stride;
  if (r.batch == 0)
    return DP_OK;
  uintptr_t reach = (uintptr_t)step_of(&r, 0) * (uintptr_t)(r.batch - 1);
  if (stride < 0)
    r.begin -= reach;
  else
    r.end += reach;
  return check_pair(plan, output, &r);
}

static int check_output(const dp_plan *plan, int32_t index) {
  region output = region_of(plan, index);
  if (output.begin == output.end)
    return DP_OK;
  int code = check_elements(plan, index, &output);
  for (int32_t other = 0; other < index && code == DP_OK; ++other) {
    region r = region_of(plan, other);
    code = check_pair(plan, &output, &r);
  }
  const dp_call *call = plan->call;
  for (int32_t k = 0; k < plan->entry->num_sizes && code == DP_OK; ++k) {
    if (call->sizes)
      code = check_size_tensor(plan, &output, dp_size_subject(plan, k),
                               call->sizes[k]);
    if (call->lengths && code == DP_OK)
      code = check_size_tensor(plan, &output, dp_length_subject(plan, k),
                               call->lengths[k]);
  }
  return code;
}

int dp_check_overlap(const dp_plan *plan) {
  int code = DP_OK;
  for (int32_t i = plan->entry->num_inputs; i < plan->num_arrays && !code; ++i)
    code = check_output(plan, i);
  dp_subject subject = {"the", "workspace", "", NULL};
  region workspace =
      region_of_bytes(subject, plan->call->workspace,
                      plan->call->workspace ? plan->workspace_bytes : 0);
  for (int32_t i = 0; i < plan->num_arrays && !code; ++i) {
    region r = region_of(plan, i);
    code = check_pair(plan, &workspace, &r);
  }
  return code;
}
