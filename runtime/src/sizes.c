/*===- sizes.c - the values of the sizes, from shapes -------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#include "plan.h"

static int accumulate(int64_t *sum, int64_t coefficient, int64_t value) {
  int64_t product;
  return !__builtin_mul_overflow(coefficient, value, &product) &&
         !__builtin_add_overflow(*sum, product, sum);
}

/* Whether the value of the form fits in 64 bits. */
int dp_affine_value(const dp_plan *plan, const dp_affine *form,
                    const int64_t *sizes, int64_t *value) {
  *value = form->constant;
  for (int32_t k = 0; k < plan->entry->num_sizes; ++k)
    if (form->coefficients[k] &&
        !accumulate(value, form->coefficients[k], sizes[k]))
      return 0;
  return 1;
}

static void note_origin(const dp_plan *plan, int32_t k) {
  const dp_origin *origin = &plan->origins[k];
  switch (origin->from) {
  case DP_FROM_NOTHING:
    break;
  case DP_FROM_PROGRAM:
    dp_note(plan, " (specialized)");
    break;
  case DP_FROM_CALL:
    dp_note(plan, " (an argument of the call)");
    break;
  case DP_FROM_INPUT:
    dp_note(plan, " (axis %d of input `%s`)",
            (int)origin->axis + plan->arrays[origin->index].is_batched,
            plan->entry->inputs[origin->index].name);
    break;
  case DP_FROM_CONSTRAINT:
    dp_note(plan, " (from `%s`)", plan->entry->constraints[origin->index].text);
    break;
  }
}

void dp_note_sizes(const dp_plan *plan, const dp_affine *form,
                   const int64_t *sizes) {
  const char *separator = "";
  for (int32_t k = 0; k < plan->entry->num_sizes; ++k) {
    if (form && !form->coefficients[k])
      continue;
    dp_note(plan, "%s%s = %lld", separator, plan->entry->sizes[k].name,
            (long long)sizes[k]);
    note_origin(plan, k);
    separator = ", ";
  }
}

int dp_end_at_origin(const dp_plan *plan, int32_t k, int code) {
  note_origin(plan, k);
  if (plan->origins[k].from != DP_FROM_INPUT)
    return dp_fail_done(plan, code);
  dp_subject input = dp_array_subject(plan, plan->origins[k].index);
  return dp_end_at(plan, &input, code);
}

/* The only size of the form without a value, if its coefficient is 1 or -1
 * and so decides it; or -1. */
static int32_t decided_size(const dp_plan *plan, const dp_affine *form) {
  int32_t found = -1;
  for (int32_t k = 0; k < plan->entry->num_sizes; ++k) {
    if (!form->coefficients[k] || plan->origins[k].from != DP_FROM_NOTHING)
      continue;
    if (found >= 0 || form->coefficients[k] < -1 || form->coefficients[k] > 1)
      return -1;
    found = k;
  }
  return found;
}

/* Solves form == extent for the size that it decides, if any; whether it did
 * so or failed is told by the return value: 0 nothing, 1 solved, -1 failed. */
static int solve(dp_plan *plan, const dp_affine *form, int64_t extent,
                 dp_origin origin) {
  int32_t k = decided_size(plan, form);
  if (k < 0)
    return 0;
  int64_t rest, value;
  plan->sizes[k] = 0;
  if (dp_affine_value(plan, form, plan->sizes, &rest) &&
      !__builtin_sub_overflow(extent, rest, &value)) {
    plan->sizes[k] = form->coefficients[k] == 1 ? value : -value;
    plan->origins[k] = origin;
    if (plan->sizes[k] >= 0)
      return 1;
  }
  dp_note(plan, "`%s` = %lld leaves no size `%s` >= 0", form->text,
          (long long)extent, plan->entry->sizes[k].name);
  dp_end_at_origin(plan, k, DP_ERROR_SIZE);
  return -1;
}

static int solve_by_inputs(dp_plan *plan) {
  const dp_entry *entry = plan->entry;
  int solved = 0;
  for (int32_t i = 0; i < entry->num_inputs; ++i) {
    if (plan->arrays[i].is_default)
      continue;
    for (int32_t axis = 0; axis < entry->inputs[i].rank; ++axis) {
      dp_origin origin = {DP_FROM_INPUT, i, axis};
      int done = solve(plan, &entry->inputs[i].extents[axis],
                       plan->arrays[i].shape[axis], origin);
      if (done < 0)
        return -1;
      solved |= done;
    }
  }
  return solved;
}

static int solve_by_constraints(dp_plan *plan) {
  const dp_entry *entry = plan->entry;
  int solved = 0;
  for (int32_t c = 0; c < entry->num_constraints; ++c) {
    if (!entry->constraints[c].is_equality)
      continue;
    dp_origin origin = {DP_FROM_CONSTRAINT, c, 0};
    int done = solve(plan, &entry->constraints[c].form, 0, origin);
    if (done < 0)
      return -1;
    solved |= done;
  }
  return solved;
}

/* The value of an argument: the largest where it comes one an instance. */
static int take_argument(dp_plan *plan, int32_t k) {
  const dp_tensor *size = plan->call->sizes[k];
  int64_t count = size->ndim ? plan->batch : 1;
  dp_subject subject = dp_size_subject(plan, k);
  plan->sizes[k] = 0;
  for (int64_t b = 0; b < count; ++b) {
    int64_t value = dp_read_int(size, b);
    if (value < 0)
      return dp_fail_at(plan, &subject, DP_ERROR_SIZE,
                        "it is %lld as an argument of the call, but must be "
                        ">= 0",
                        (long long)value);
    if (value > plan->sizes[k])
      plan->sizes[k] = value;
  }
  plan->origins[k].from = DP_FROM_CALL;
  return DP_OK;
}

/* Program first, then inputs and equalities; arguments are left for the sizes
 * that these do not decide, and checked where they do. */
static int find_values(dp_plan *plan) {
  const dp_entry *entry = plan->entry;
  for (int32_t k = 0; k < entry->num_sizes; ++k) {
    plan->sizes[k] = entry->sizes[k].fixed;
    if (entry->sizes[k].fixed >= 0)
      plan->origins[k].from = DP_FROM_PROGRAM;
  }
  int32_t next = 0;
  for (;;) {
    int solved = solve_by_inputs(plan);
    if (solved == 0)
      solved = solve_by_constraints(plan);
    if (solved < 0)
      return DP_ERROR_SIZE;
    if (solved)
      continue;
    while (next < entry->num_sizes &&
           plan->origins[next].from != DP_FROM_NOTHING)
      ++next;
    if (next == entry->num_sizes)
      return DP_OK;
    int32_t k = next++;
    if (!plan->call->sizes || !plan->call->sizes[k])
      continue;
    int code = take_argument(plan, k);
    if (code != DP_OK)
      return code;
  }
}

static int check_argument(const dp_plan *plan, int32_t k) {
  const dp_tensor *size = plan->call->sizes ? plan->call->sizes[k] : NULL;
  const dp_tensor *length = plan->call->lengths ? plan->call->lengths[k] : NULL;
  dp_subject subject = dp_size_subject(plan, k);
  if (plan->origins[k].from == DP_FROM_NOTHING)
    return dp_fail_at(plan, &subject, DP_ERROR_SIZE,
                      "no input determines it, so it must be an argument of "
                      "the call");
  if (!size)
    return DP_OK;
  if (plan->origins[k].from == DP_FROM_CALL) {
    subject = dp_length_subject(plan, k);
    return !size->ndim || !length
               ? DP_OK
               : dp_fail_at(plan, &subject, DP_ERROR_LENGTH,
                            "the size is given one an instance already");
  }
  if (size->ndim) {
    dp_begin_at(plan, &subject);
    dp_note(plan,
            "it is given one an instance, but the inputs determine it, "
            "so what instances use of it are lengths: it is %lld",
            (long long)plan->sizes[k]);
    return dp_end_at_origin(plan, k, DP_ERROR_SIZE);
  }
  if (dp_read_int(size, 0) == plan->sizes[k])
    return DP_OK;
  dp_begin_at(plan, &subject);
  dp_note(plan, "it is %lld as an argument of the call, but %lld",
          (long long)dp_read_int(size, 0), (long long)plan->sizes[k]);
  return dp_end_at_origin(plan, k, DP_ERROR_SIZE);
}

static int check_arguments(const dp_plan *plan) {
  int code = DP_OK;
  for (int32_t k = 0; k < plan->entry->num_sizes && code == DP_OK; ++k)
    code = check_argument(plan, k);
  return code;
}

static int check_shapes(const dp_plan *plan) {
  const dp_entry *entry = plan->entry;
  for (int32_t i = 0; i < entry->num_inputs; ++i) {
    const dp_input *input = &entry->inputs[i];
    const dp_array *array = &plan->arrays[i];
    for (int32_t axis = 0; axis < input->rank && !array->is_default; ++axis) {
      const dp_affine *form = &input->extents[axis];
      int64_t wanted;
      if (dp_affine_value(plan, form, plan->sizes, &wanted) &&
          wanted == array->shape[axis])
        continue;
      dp_subject subject = dp_array_subject(plan, i);
      dp_begin_at(plan, &subject);
      dp_note(plan, "axis %d is %lld, but must be `%s` = %lld, with ",
              (int)axis + array->is_batched, (long long)array->shape[axis],
              form->text, (long long)wanted);
      dp_note_sizes(plan, form, plan->sizes);
      return dp_end_at(plan, &subject, DP_ERROR_SHAPE);
    }
  }
  return DP_OK;
}

int dp_resolve_sizes(dp_plan *plan) {
  int code = find_values(plan);
  if (code == DP_OK)
    code = check_arguments(plan);
  return code == DP_OK ? check_shapes(plan) : code;
}
