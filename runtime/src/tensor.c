/*===- tensor.c - what a single array must look like --------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#include "plan.h"
#include <string.h>

const char *dp_first_element(const dp_tensor *tensor) {
  return dp_advance(tensor->data, (int64_t)tensor->byte_offset);
}

int64_t dp_read_int(const dp_tensor *tensor, int64_t b) {
  const char *at = dp_first_element(tensor);
  int64_t step = 0;
  if (tensor->ndim == 1)
    step = tensor->strides ? tensor->strides[0] : 1;
  if (tensor->dtype.bits == 32) {
    int32_t value;
    memcpy(&value, at + b * step * 4, sizeof value);
    return value;
  }
  int64_t value;
  memcpy(&value, at + b * step * 8, sizeof value);
  return value;
}

/* Fails unless `instances` is the batch of the call, which the first array
 * with a batch axis decides. */
int dp_join_batch(dp_plan *plan, const dp_subject *subject, int64_t instances) {
  if (!plan->is_batched) {
    plan->is_batched = 1;
    plan->batch = instances;
    plan->batch_from = *subject;
    return DP_OK;
  }
  if (plan->batch == instances)
    return DP_OK;
  return dp_fail_at(plan, subject, DP_ERROR_BATCH,
                    "axis 0 has %lld instances, but axis 0 of %s `%s` has %lld",
                    (long long)instances, plan->batch_from.what,
                    plan->batch_from.name, (long long)plan->batch);
}

static int fail_device(const dp_plan *plan, const dp_subject *subject,
                       const dp_tensor *tensor) {
  int type = (int)tensor->device.device_type;
  int id = (int)tensor->device.device_id;
  if (plan->device)
    return dp_fail_at(plan, subject, DP_ERROR_DEVICE,
                      "it is on device type %d, number %d, but other arrays "
                      "are on GPU %d",
                      type, id, (int)plan->place.device_id);
  return dp_fail_at(plan, subject, DP_ERROR_DEVICE,
                    "it is on device type %d, but this entry runs on the CPU%s",
                    type,
                    type == DP_CUDA && !plan->entry->device
                        ? "; --target=cuda:sm_90 is for GPUs"
                        : "");
}

static int check_device(const dp_plan *plan, const dp_subject *subject,
                        const dp_tensor *tensor) {
  if (!dp_is_at_device(plan, tensor))
    return fail_device(plan, subject, tensor);
  for (int32_t i = 0; i < tensor->ndim; ++i)
    if (tensor->shape[i] < 0)
      return dp_fail_at(plan, subject, DP_ERROR_SHAPE,
                        "axis %d is %lld, but must be >= 0", (int)i,
                        (long long)tensor->shape[i]);
  return DP_OK;
}

static int check_data(const dp_plan *plan, const dp_subject *subject,
                      const dp_tensor *tensor) {
  for (int32_t i = 0; i < tensor->ndim; ++i)
    if (tensor->shape[i] == 0)
      return DP_OK;
  if (!tensor->data)
    return dp_fail_at(plan, subject, DP_ERROR_CALL, "its data is NULL");
  int bytes = tensor->dtype.bits / 8;
  int misfit = (int)((uintptr_t)dp_first_element(tensor) % (unsigned)bytes);
  if (misfit)
    return dp_fail_at(plan, subject, DP_ERROR_LAYOUT,
                      "its data starts %d bytes past a multiple of %d, the "
                      "bytes of an element",
                      misfit, bytes);
  return DP_OK;
}

/* Questions about shapes and workspace come without data. */
int dp_check_data(const dp_plan *plan) {
  int code = DP_OK;
  for (int32_t i = 0; i < plan->entry->num_inputs && code == DP_OK; ++i) {
    dp_subject subject = dp_array_subject(plan, i);
    if (plan->call->inputs[i])
      code = check_data(plan, &subject, plan->call->inputs[i]);
  }
  return code;
}

static int has_type(const dp_tensor *tensor, int code, int bits) {
  return tensor->dtype.code == code && tensor->dtype.bits == bits &&
         tensor->dtype.lanes == 1;
}

static int is_int(const dp_tensor *tensor) {
  return has_type(tensor, DP_TYPE_INT, 32) || has_type(tensor, DP_TYPE_INT, 64);
}

static const char *letter(const dp_tensor *tensor) {
  static const char *const letters[] = {"i", "u", "f", "?", "bf", "c", "bool"};
  return tensor->dtype.code < 7 ? letters[tensor->dtype.code] : "?";
}

static int bits_of_kind(const dp_plan *plan, int32_t kind) {
  return kind == DP_KIND_FLOAT ? plan->entry->float_bits : 64;
}

static int check_type(const dp_plan *plan, const dp_subject *subject,
                      int32_t kind, int is_output, const dp_tensor *tensor) {
  int bits = bits_of_kind(plan, kind);
  int is_fine = kind != DP_KIND_INT ? has_type(tensor, DP_TYPE_FLOAT, bits)
                : is_output         ? has_type(tensor, DP_TYPE_INT, 64)
                                    : is_int(tensor);
  if (is_fine)
    return DP_OK;
  const char *wanted = kind != DP_KIND_INT ? (bits == 32 ? "f32" : "f64")
                       : is_output         ? "i64"
                                           : "i32 or i64";
  return dp_fail_at(plan, subject, DP_ERROR_TYPE,
                    "its elements are %s%d, but must be %s", letter(tensor),
                    (int)tensor->dtype.bits, wanted);
}

/* Splits the batch axis off; dense strides go to `dense`, which has room for
 * one more than the declared rank where it follows the previous array's. */
static void bind(dp_array *array, const dp_tensor *tensor, int32_t rank,
                 int64_t *dense) {
  int32_t skip = tensor->ndim - rank;
  array->data = (char *)dp_first_element(tensor);
  array->bytes = tensor->dtype.bits / 8;
  array->is_batched = (uint8_t)skip;
  array->shape = tensor->shape + skip;
  if (tensor->strides) {
    array->strides = tensor->strides + skip;
    array->batch_stride = skip ? tensor->strides[0] : 0;
    return;
  }
  /* Unsigned: the product may wrap where the array has no element. */
  uint64_t step = 1;
  for (int32_t i = rank; i-- > 0;) {
    dense[i] = (int64_t)step;
    step *= (uint64_t)array->shape[i];
  }
  array->strides = dense;
  array->batch_stride = skip ? (int64_t)step : 0;
}

static void bind_default(dp_plan *plan, int32_t i, int64_t *dense) {
  const dp_input *input = &plan->entry->inputs[i];
  dp_array *array = &plan->arrays[i];
  array->bytes = bits_of_kind(plan, input->kind) / 8;
  array->is_default = 1;
  array->is_value = 1;
  plan->defaults[i] = input->default_value;
  if (array->bytes == 4) {
    float narrow = (float)input->default_value;
    memcpy(&plan->defaults[i], &narrow, sizeof narrow);
  }
  array->data = (char *)&plan->defaults[i];
  memset(dense, 0, (size_t)input->rank * sizeof *dense);
  array->strides = dense;
}

static int bind_input(dp_plan *plan, int32_t i, int64_t *dense) {
  const dp_input *input = &plan->entry->inputs[i];
  const dp_tensor *tensor = plan->call->inputs[i];
  dp_subject subject = dp_array_subject(plan, i);
  if (!tensor) {
    if (!(input->flags & DP_INPUT_DEFAULT))
      return dp_fail_at(plan, &subject, DP_ERROR_CALL,
                        "it is NULL and has no default");
    bind_default(plan, i, dense);
    return DP_OK;
  }
  if (tensor->ndim != input->rank && tensor->ndim != input->rank + 1)
    return dp_fail_at(plan, &subject, DP_ERROR_RANK,
                      "it has %d axes, but must have %d, or %d with the batch "
                      "first",
                      (int)tensor->ndim, (int)input->rank,
                      (int)input->rank + 1);
  int code = check_type(plan, &subject, input->kind, 0, tensor);
  int is_value = plan->device && tensor->ndim == 0 && dp_is_at_cpu(tensor);
  if (code == DP_OK && !is_value)
    code = check_device(plan, &subject, tensor);
  if (code != DP_OK)
    return code;
  dp_array *array = &plan->arrays[i];
  array->is_value = (uint8_t)is_value;
  bind(array, tensor, input->rank, dense);
  array->is_i32 = input->kind == DP_KIND_INT && array->bytes == 4;
  return array->is_batched ? dp_join_batch(plan, &subject, tensor->shape[0])
                           : DP_OK;
}

int dp_bind_inputs(dp_plan *plan) {
  int64_t *dense = plan->strides;
  int code = DP_OK;
  for (int32_t i = 0; i < plan->entry->num_inputs && code == DP_OK; ++i) {
    code = bind_input(plan, i, dense);
    dense += plan->entry->inputs[i].rank;
  }
  return code;
}

static int bind_size_tensor(dp_plan *plan, const dp_subject *subject,
                            const dp_tensor *tensor, int is_length) {
  if (!tensor)
    return DP_OK;
  if (tensor->ndim != 0 && tensor->ndim != 1)
    return dp_fail_at(plan, subject, DP_ERROR_RANK,
                      "it has %d axes, but must have 0, or 1 with one number "
                      "an instance",
                      (int)tensor->ndim);
  if (!is_int(tensor))
    return dp_fail_at(plan, subject, DP_ERROR_TYPE,
                      "its elements are %s%d, but must be i32 or i64",
                      letter(tensor), (int)tensor->dtype.bits);
  int code = DP_OK;
  if (plan->device && !plan->device->emulator && !is_length) {
    if (!dp_is_at_cpu(tensor) || tensor->ndim)
      return dp_fail_at(plan, subject, DP_ERROR_DEVICE,
                        "the size of a call on a GPU must be one number of the "
                        "CPU; what instances use of it are lengths");
  } else {
    code = check_device(plan, subject, tensor);
  }
  if (code == DP_OK)
    code = check_data(plan, subject, tensor);
  if (code != DP_OK || tensor->ndim == 0)
    return code;
  plan->is_ragged = 1;
  return dp_join_batch(plan, subject, tensor->shape[0]);
}

int dp_bind_size_tensors(dp_plan *plan) {
  const dp_call *call = plan->call;
  for (int32_t k = 0; k < plan->entry->num_sizes; ++k) {
    dp_subject of_size = dp_size_subject(plan, k);
    dp_subject of_length = dp_length_subject(plan, k);
    const dp_tensor *size = call->sizes ? call->sizes[k] : NULL;
    const dp_tensor *length = call->lengths ? call->lengths[k] : NULL;
    int code = bind_size_tensor(plan, &of_size, size, 0);
    if (code == DP_OK)
      code = bind_size_tensor(plan, &of_length, length, 1);
    if (code != DP_OK)
      return code;
    if (length)
      plan->is_ragged = 1;
  }
  return DP_OK;
}

/* Whether the output's own axes are as `shape` says; where that follows an
 * input, its declaration tells why, otherwise the sizes do. */
static int check_shape(const dp_plan *plan, int32_t o, const int64_t *shape) {
  const dp_output *output = &plan->entry->outputs[o];
  int32_t index = plan->entry->num_inputs + o;
  const dp_array *array = &plan->arrays[index];
  for (int32_t axis = 0; axis < output->rank; ++axis) {
    if (array->shape[axis] == shape[axis])
      continue;
    const dp_affine *form =
        output->follows < 0
            ? NULL
            : &plan->entry->inputs[output->follows].extents[axis];
    dp_subject subject = dp_array_subject(plan, index);
    dp_begin_at(plan, &subject);
    dp_note(plan, "axis %d is %lld, but must be ",
            (int)axis + array->is_batched, (long long)array->shape[axis]);
    if (form)
      dp_note(plan, "`%s` = ", form->text);
    dp_note(plan, "%lld, with ", (long long)shape[axis]);
    dp_note_sizes(plan, form, plan->sizes);
    return dp_end_at(plan, &subject, DP_ERROR_SHAPE);
  }
  return DP_OK;
}

static int bind_output(dp_plan *plan, int32_t o, const int64_t *shape,
                       int64_t *dense) {
  const dp_output *output = &plan->entry->outputs[o];
  const dp_tensor *tensor = plan->call->outputs[o];
  dp_array *array = &plan->arrays[plan->entry->num_inputs + o];
  dp_subject subject = dp_array_subject(plan, plan->entry->num_inputs + o);
  if (!tensor)
    return dp_fail_at(plan, &subject, DP_ERROR_CALL, "it is NULL");
  int32_t rank = output->rank + array->is_batched;
  if (tensor->ndim != rank)
    return dp_fail_at(plan, &subject, DP_ERROR_RANK,
                      "it has %d axes, but must have %d%s", (int)tensor->ndim,
                      (int)rank,
                      array->is_batched ? ", the batch first"
                      : array->is_sum   ? ", summed over the batch"
                                        : "");
  int code = check_type(plan, &subject, output->kind, 1, tensor);
  if (code == DP_OK)
    code = check_device(plan, &subject, tensor);
  if (code == DP_OK)
    code = check_data(plan, &subject, tensor);
  if (code == DP_OK && array->is_batched)
    code = dp_join_batch(plan, &subject, tensor->shape[0]);
  if (code != DP_OK)
    return code;
  bind(array, tensor, output->rank, dense);
  return check_shape(plan, o, shape);
}

int dp_bind_outputs(dp_plan *plan) {
  const dp_entry *entry = plan->entry;
  const dp_call *call = plan->call;
  if (call->num_outputs != entry->num_outputs ||
      (entry->num_outputs && !call->outputs))
    return dp_fail(
        plan, DP_ERROR_CALL, "the call has %d outputs, but the entry has %d",
        call->outputs ? (int)call->num_outputs : 0, (int)entry->num_outputs);
  int64_t *dense = plan->strides + plan->num_axes - plan->num_output_axes;
  const int64_t *shape = plan->output_shapes;
  int code = DP_OK;
  for (int32_t o = 0; o < entry->num_outputs && code == DP_OK; ++o) {
    code = bind_output(plan, o, shape, dense);
    shape += entry->outputs[o].rank;
    dense += entry->outputs[o].rank;
  }
  return code;
}
