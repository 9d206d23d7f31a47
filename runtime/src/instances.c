/*===- instances.c - the sizes of each instance, checked ----------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#include "plan.h"
#include <string.h>

const dp_tensor *dp_find_lengths(const dp_plan *plan, int32_t k) {
  const dp_call *call = plan->call;
  if (call->lengths && call->lengths[k])
    return call->lengths[k];
  if (plan->origins[k].from == DP_FROM_CALL && call->sizes[k]->ndim)
    return call->sizes[k];
  return NULL;
}

static int64_t instance_size(const dp_plan *plan, int64_t b, int32_t k) {
  const dp_tensor *lengths = dp_find_lengths(plan, k);
  return lengths ? dp_read_int(lengths, b) : plan->sizes[k];
}

void dp_instance_sizes(const dp_plan *plan, int64_t b, int64_t *sizes) {
  for (int32_t k = 0; k < plan->entry->num_sizes; ++k)
    sizes[k] = plan->is_ragged ? instance_size(plan, b, k) : plan->sizes[k];
}

/* "instance 3: ", where instances differ. */
static void note_instance(const dp_plan *plan, int64_t b) {
  if (plan->is_batched && plan->is_ragged)
    dp_note(plan, "instance %lld: ", (long long)b);
}

static int check_lengths(const dp_plan *plan, int64_t b, const int64_t *sizes) {
  for (int32_t k = 0; k < plan->entry->num_sizes; ++k) {
    int64_t fixed = plan->entry->sizes[k].fixed;
    if (sizes[k] >= 0 && sizes[k] <= plan->sizes[k] &&
        (fixed < 0 || sizes[k] == fixed))
      continue;
    dp_subject subject = dp_length_subject(plan, k);
    note_instance(plan, b);
    dp_begin_at(plan, &subject);
    dp_note(plan, "it is %lld, but must lie in %lld..=%lld",
            (long long)sizes[k], (long long)(fixed < 0 ? 0 : fixed),
            (long long)plan->sizes[k]);
    return dp_end_at_origin(plan, k, DP_ERROR_LENGTH);
  }
  return DP_OK;
}

static int check_constraints(const dp_plan *plan, int64_t b,
                             const int64_t *sizes) {
  for (int32_t c = 0; c < plan->entry->num_constraints; ++c) {
    const dp_constraint *constraint = &plan->entry->constraints[c];
    int64_t value;
    if (dp_affine_value(plan, &constraint->form, sizes, &value) &&
        (constraint->is_equality ? value == 0 : value >= 0))
      continue;
    note_instance(plan, b);
    dp_note(plan, "the program demands `%s`, but ", constraint->text);
    dp_note_sizes(plan, &constraint->form, sizes);
    return dp_fail_done(plan, DP_ERROR_CONSTRAINT);
  }
  return DP_OK;
}

/* Every axis of instance b lies within the padded one; adds up the bytes of
 * its converted ints. */
static int check_extents(const dp_plan *plan, int64_t b, const int64_t *sizes,
                         int64_t *ints) {
  *ints = 0;
  for (int32_t i = 0; i < plan->entry->num_inputs; ++i) {
    const dp_input *input = &plan->entry->inputs[i];
    const dp_array *array = &plan->arrays[i];
    dp_subject subject = dp_array_subject(plan, i);
    if (array->is_default)
      continue;
    int64_t extents[input->rank + 1];
    for (int32_t axis = 0; axis < input->rank; ++axis) {
      int is_small =
          dp_affine_value(plan, &input->extents[axis], sizes, &extents[axis]);
      if (is_small && extents[axis] >= 0 && extents[axis] <= array->shape[axis])
        continue;
      note_instance(plan, b);
      dp_begin_at(plan, &subject);
      dp_note(plan, "axis %d is padded to %lld, but `%s` = %lld, with ",
              (int)axis + array->is_batched, (long long)array->shape[axis],
              input->extents[axis].text, (long long)extents[axis]);
      dp_note_sizes(plan, &input->extents[axis], sizes);
      return dp_end_at(plan, &subject, DP_ERROR_LENGTH);
    }
    int64_t count = dp_box_count(input->rank, extents);
    if (array->is_i32 &&
        (count < 0 || count > INT64_MAX / 16 ||
         __builtin_add_overflow(*ints, dp_round_up(count * 8), ints)))
      return dp_fail_at(plan, &subject, DP_ERROR_WORKSPACE,
                        "its elements as i64 exceed 2^63 bytes");
  }
  return DP_OK;
}

static void raise_to(int64_t *maximum, int64_t value) {
  if (value > *maximum)
    *maximum = value;
}

/* Bytes that instance b keeps of its terms of sums; -1: too many. */
static int64_t bytes_of_parts(const dp_plan *plan, const int64_t *extents) {
  int64_t bytes = 0;
  for (int32_t o = 0; o < plan->entry->num_outputs; ++o) {
    int32_t rank = plan->entry->outputs[o].rank;
    const dp_array *array = &plan->arrays[plan->entry->num_inputs + o];
    int64_t count = array->is_sum ? dp_box_count(rank, extents) : 0;
    if (count < 0 || count > INT64_MAX / 16 ||
        __builtin_add_overflow(bytes, dp_round_up(count * 8), &bytes))
      return -1;
    extents += rank;
  }
  return bytes;
}

/* Calls the generated functions only for sizes they are made for. */
static int measure(dp_plan *plan, int64_t b, const int64_t *sizes,
                   int64_t *extents) {
  int64_t ints;
  int code = check_constraints(plan, b, sizes);
  if (code == DP_OK)
    code = check_extents(plan, b, sizes, &ints);
  if (code != DP_OK)
    return code;
  plan->entry->extents(sizes, extents);
  for (int32_t axis = 0; axis < plan->num_output_axes; ++axis)
    raise_to(&plan->output_shapes[axis], extents[axis]);
  int64_t kernel = plan->device ? plan->device->workspace(sizes)
                                : plan->entry->workspace(sizes);
  int64_t parts = bytes_of_parts(plan, extents);
  if (kernel < 0 || kernel > INT64_MAX - 64 || parts < 0) {
    note_instance(plan, b);
    dp_note(plan, "the workspace of one instance exceeds 2^63 bytes, with ");
    dp_note_sizes(plan, NULL, sizes);
    return dp_fail_done(plan, DP_ERROR_WORKSPACE);
  }
  raise_to(&plan->kernel, dp_round_up(kernel));
  raise_to(&plan->ints, ints);
  raise_to(&plan->parts, parts);
  return DP_OK;
}

/* Checks all instances and takes the largest extents and workspaces. */
int dp_check_instances(dp_plan *plan) {
  /* What lies on a device is checked there; it is laid out for the largest. */
  int64_t sizes[plan->entry->num_sizes + 1];
  int64_t extents[plan->num_output_axes + 1];
  if (!plan->is_ragged || plan->device) {
    memcpy(sizes, plan->sizes, (size_t)plan->entry->num_sizes * sizeof *sizes);
    memset(plan->output_shapes, 0,
           (size_t)plan->num_output_axes * sizeof(int64_t));
    return measure(plan, 0, sizes, extents);
  }
  /* Outputs are padded like inputs, even if no instance fills them. */
  plan->entry->extents(plan->sizes, plan->output_shapes);
  for (int32_t axis = 0; axis < plan->num_output_axes; ++axis)
    raise_to(&plan->output_shapes[axis], 0);
  for (int64_t b = 0; b < plan->batch; ++b) {
    dp_instance_sizes(plan, b, sizes);
    int code = check_lengths(plan, b, sizes);
    if (code == DP_OK)
      code = measure(plan, b, sizes, extents);
    if (code != DP_OK)
      return code;
  }
  return DP_OK;
}

int dp_check_gamma(const dp_plan *plan) {
  for (int32_t i = 0; i < plan->entry->num_inputs; ++i) {
    const dp_array *array = &plan->arrays[i];
    if (plan->entry->inputs[i].kind != DP_KIND_GAMMA ||
        (plan->device && !array->is_value))
      continue;
    int64_t count = array->is_batched ? plan->batch : 1;
    for (int64_t b = 0; b < count; ++b) {
      double gamma;
      memcpy(&gamma, array->data + b * array->batch_stride * 8, sizeof gamma);
      if (gamma > 0 && gamma - gamma == 0)
        continue;
      if (array->is_batched)
        dp_note(plan, "instance %lld: ", (long long)b);
      dp_subject subject = dp_array_subject(plan, i);
      return dp_fail_at(plan, &subject, DP_ERROR_VALUE,
                        "it is %g, but must be finite and > 0", gamma);
    }
  }
  return DP_OK;
}
