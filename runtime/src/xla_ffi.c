/*===- xla_ffi.c - an entry as a handler of XLA's typed FFI -------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* XLA's buffers are dense and row-major, and all are there. Which argument is
|* what, attributes tell; each is an array of i64:
|*
|*   binding  one an argument: k is input k, num_inputs + k is size k,
|*            num_inputs + num_sizes + k is the length of size k
|*   sizes    one a size, or none at all: its value, or -1
|*   spread   inputs to see as the same for each instance, with a batch axis
|*            that costs no memory; outputs that follow them are not summed
|*   threads  one element: max_threads of the call; left out: 0
|*   gpu      there, with any elements, where the buffers lie on a GPU
|*
|* Results are the outputs. On the CPU the own pool computes: a handler that
|* waited for XLA's would wait for the thread it runs on. On a GPU the work is
|* started on XLA's stream; lengths and ints lie there, and where they are not
|* what they must be the instance's floats become NaN.
|*
\*===----------------------------------------------------------------------===*/
#include "xla_ffi.h"
#include "scratch.h"
#include "xla_gpu.h"
#include <stdio.h>
#include <string.h>

enum { MESSAGE = 1024 };

typedef struct integers {
  const int64_t *values;
  int64_t count;
} integers;

/* The attribute of that name; none has no elements. */
static integers find(const dp_xla_frame *frame, const char *name) {
  const dp_xla_attributes *all = &frame->attributes;
  integers found = {NULL, 0};
  for (int64_t i = 0; i < all->size; ++i) {
    const dp_xla_array *array = all->values[i];
    if (all->types[i] == DP_XLA_ARRAY &&
        all->names[i]->length == strlen(name) &&
        memcmp(all->names[i]->text, name, strlen(name)) == 0 &&
        array->dtype == DP_XLA_S64) {
      found.values = array->data;
      found.count = (int64_t)array->size;
    }
  }
  return found;
}

static void set_type(dp_tensor *tensor, int dtype) {
  int is_int = dtype == DP_XLA_S32 || dtype == DP_XLA_S64;
  int is_float = dtype == DP_XLA_F32 || dtype == DP_XLA_F64;
  int is_wide = dtype == DP_XLA_S64 || dtype == DP_XLA_F64;
  tensor->dtype.code = is_int ? DP_TYPE_INT : DP_TYPE_FLOAT;
  /* No element has 0 bits, so that other types are refused. */
  tensor->dtype.bits = is_int || is_float ? is_wide ? 64 : 32 : 0;
  tensor->dtype.lanes = 1;
}

static void view(dp_tensor *tensor, const dp_xla_buffer *buffer,
                 const dp_device *place) {
  memset(tensor, 0, sizeof *tensor);
  tensor->data = buffer->data;
  memcpy(&tensor->device, place, sizeof *place);
  tensor->ndim = (int32_t)buffer->rank;
  tensor->shape = buffer->dims;
  set_type(tensor, buffer->dtype);
}

static void *fail(const dp_xla_frame *frame, int code, const char *message) {
  dp_xla_error_arguments arguments = {offsetof(dp_xla_error_arguments, code) +
                                          sizeof code,
                                      NULL, message, code};
  return frame->api->create_error(&arguments);
}

/* A call and what it points to, in the frame of execute. */
typedef struct bound {
  dp_call call;
  dp_device place;    /* of all buffers */
  dp_tensor *tensors; /* of arguments, then of results */
  const dp_tensor **inputs, **sizes, **lengths, **outputs;
  int64_t *axes; /* room for shapes and strides of spread inputs */
  char error[MESSAGE];
} bound;

/* Gives an input a batch axis along which nothing moves. */
static int64_t *spread(dp_tensor *tensor, int64_t batch, int64_t *axes) {
  int32_t rank = tensor->ndim;
  int64_t *shape = axes, *strides = axes + rank + 1, step = 1;
  shape[0] = batch;
  strides[0] = 0;
  for (int32_t axis = rank; axis > 0; --axis) {
    shape[axis] = tensor->shape[axis - 1];
    strides[axis] = step;
    step *= shape[axis];
  }
  tensor->shape = shape;
  tensor->strides = strides;
  tensor->ndim = rank + 1;
  return axes + 2 * (rank + 1);
}

/* Instances of the call: the first axis of an input that has one more than
 * declared, or of a size or length; -1: it has no batch. */
static int64_t find_batch(const dp_entry *entry, const bound *b) {
  for (int32_t i = 0; i < entry->num_inputs; ++i)
    if (b->inputs[i] && b->inputs[i]->ndim > entry->inputs[i].rank)
      return b->inputs[i]->shape[0];
  for (int32_t k = 0; k < entry->num_sizes; ++k) {
    if (b->sizes[k] && b->sizes[k]->ndim)
      return b->sizes[k]->shape[0];
    if (b->lengths[k] && b->lengths[k]->ndim)
      return b->lengths[k]->shape[0];
  }
  return -1;
}

/* Puts each argument where `binding` says. 0: attributes and arguments do not
 * fit each other. */
static int bind(const dp_entry *entry, const dp_xla_frame *frame, bound *b) {
  integers binding = find(frame, "binding");
  int64_t arguments = frame->arguments.size;
  if (binding.count != arguments)
    return 0;
  for (int64_t i = 0; i < arguments; ++i) {
    int64_t place = binding.values[i];
    view(&b->tensors[i], frame->arguments.buffers[i], &b->place);
    if (place < 0 || place >= entry->num_inputs + 2 * (int64_t)entry->num_sizes)
      return 0;
    if (place < entry->num_inputs)
      b->inputs[place] = &b->tensors[i];
    else if (place < entry->num_inputs + entry->num_sizes)
      b->sizes[place - entry->num_inputs] = &b->tensors[i];
    else
      b->lengths[place - entry->num_inputs - entry->num_sizes] = &b->tensors[i];
  }
  integers alike = find(frame, "spread");
  int64_t batch = find_batch(entry, b);
  int64_t *axes = b->axes;
  for (int64_t i = 0; i < alike.count && batch >= 0; ++i) {
    int64_t place = alike.values[i];
    if (place < 0 || place >= entry->num_inputs || !b->inputs[place] ||
        b->inputs[place]->ndim != entry->inputs[place].rank)
      return 0;
    axes = spread((dp_tensor *)b->inputs[place], batch, axes);
  }
  for (int64_t o = 0; o < frame->results.size; ++o) {
    dp_tensor *output = &b->tensors[arguments + o];
    view(output, frame->results.buffers[o], &b->place);
    b->outputs[o] = output;
  }
  return 1;
}

static int bind_sizes(const dp_entry *entry, const dp_xla_frame *frame,
                      bound *b, int64_t *values, dp_tensor *tensors) {
  integers given = find(frame, "sizes");
  if (given.count && given.count != entry->num_sizes)
    return 0;
  for (int64_t k = 0; k < given.count; ++k) {
    if (given.values[k] < 0 || b->sizes[k])
      continue;
    values[k] = given.values[k];
    memset(&tensors[k], 0, sizeof tensors[k]);
    tensors[k].data = &values[k];
    tensors[k].device.device_type = DP_CPU;
    set_type(&tensors[k], DP_XLA_S64);
    b->sizes[k] = &tensors[k];
  }
  return 1;
}

static int set_threads(const dp_xla_frame *frame, dp_call *call) {
  integers threads = find(frame, "threads");
  if (threads.count > 1 || (threads.count && (threads.values[0] < 0 ||
                                              threads.values[0] > INT32_MAX)))
    return 0;
  call->max_threads = threads.count ? (int32_t)threads.values[0] : 0;
  return 1;
}

/* Where the buffers are, and on a GPU the stream. Returns NULL, or an error. */
static void *locate(const dp_xla_frame *frame, bound *b) {
  b->place.device_type = DP_CPU;
  if (!find(frame, "gpu").count)
    return NULL;
  if (!dp_xla_knows_gpus(frame))
    return fail(
        frame, DP_XLA_UNIMPLEMENTED,
        "this version of XLA does not tell the number of a GPU, as that "
        "of jaxlib 0.10.2 does");
  b->place.device_type = DP_CUDA;
  return dp_xla_find_gpu(frame, &b->place.device_id, &b->call.stream);
}

static int code_of(int code) {
  switch (code) {
  case DP_ERROR_WORKSPACE:
    return DP_XLA_RESOURCE_EXHAUSTED;
  case DP_ERROR_KERNEL:
  case DP_ERROR_DRIVER:
    return DP_XLA_INTERNAL;
  default:
    return DP_XLA_INVALID_ARGUMENT;
  }
}

static void *execute(const dp_entry *entry, const dp_xla_frame *frame) {
  int32_t sizes = entry->num_sizes, rank = 0;
  for (int32_t i = 0; i < entry->num_inputs; ++i)
    rank += entry->inputs[i].rank + 1;
  dp_tensor tensors[frame->arguments.size + frame->results.size + 1];
  dp_tensor size_tensors[sizes + 1];
  const dp_tensor *inputs[entry->num_inputs + 1];
  const dp_tensor *outputs[frame->results.size + 1];
  const dp_tensor *size_pointers[sizes + 1], *lengths[sizes + 1];
  int64_t axes[2 * rank + 1], values[sizes + 1];
  memset(inputs, 0, sizeof inputs);
  memset(size_pointers, 0, sizeof size_pointers);
  memset(lengths, 0, sizeof lengths);
  bound b;
  memset(&b, 0, sizeof b);
  b.tensors = tensors;
  b.inputs = inputs;
  b.outputs = outputs;
  b.sizes = size_pointers;
  b.lengths = lengths;
  b.axes = axes;
  void *error = locate(frame, &b);
  if (error)
    return error;
  if (!bind(entry, frame, &b) ||
      !bind_sizes(entry, frame, &b, values, size_tensors) ||
      !set_threads(frame, &b.call))
    return fail(frame, DP_XLA_INVALID_ARGUMENT,
                "the attributes of the call do not fit its arguments");
  b.call.struct_size = sizeof b.call;
  b.call.num_inputs = entry->num_inputs;
  b.call.num_outputs = (int32_t)frame->results.size;
  b.call.num_sizes = sizes;
  b.call.inputs = inputs;
  b.call.outputs = outputs;
  b.call.sizes = size_pointers;
  b.call.lengths = lengths;
  b.call.error = b.error;
  b.call.error_bytes = sizeof b.error;
  int code = DP_OK;
  if (b.place.device_type == DP_CPU)
    code = dp_invoke_with_scratch(entry, &b.call);
  else
    error = dp_xla_invoke_on_gpu(entry, frame, &b.call, &code);
  if (error || code == DP_OK)
    return error;
  return fail(frame, code_of(code), b.error);
}

void *dp_xla_ffi(const dp_entry *entry, void *call_frame) {
  dp_xla_frame *frame = call_frame;
  dp_xla_extension *extension = frame->extensions;
  /* Asked at registration what it was written for. */
  if (extension && extension->type == DP_XLA_METADATA) {
    dp_xla_metadata *metadata =
        ((dp_xla_metadata_extension *)extension)->metadata;
    metadata->version.struct_size = sizeof metadata->version;
    metadata->version.extensions = NULL;
    metadata->version.major = DP_XLA_MAJOR;
    metadata->version.minor = DP_XLA_MINOR;
    metadata->traits = 0;
    return NULL;
  }
  return frame->stage == DP_XLA_EXECUTE ? execute(entry, frame) : NULL;
}
