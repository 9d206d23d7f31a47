/*===- tvm_ffi.c - an entry as a function of TVM FFI --------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* Called as f(inputs..., outputs..., sizes..., lengths...), in the order of the
|* manifest; sizes, or both sizes and lengths, may be left out. A tensor is
|* a Tensor or a DLTensor *; None stands for a default, for a size that inputs
|* determine, for no length; inputs and sizes without axes may be numbers. The
|* elements of the inputs tell which of the entry's element types is meant.
|*
\*===----------------------------------------------------------------------===*/
#include "tvm_ffi.h"
#include "scratch.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* libc's. Weak, so that nothing need define it: who calls through TVM FFI has
 * it. TVM's own function is looked up by name, which works in whatever order
 * the two are loaded, and where TVM is not there at all. */
__attribute__((weak)) void *dlsym(void *handle, const char *name);

typedef void (*raise_function)(const char *kind, const char *message);

enum { MESSAGE = 1024, FAILED = -1 };

static int raise_error(const char *kind, const char *message) {
  raise_function raise;
  /* RTLD_DEFAULT is NULL; ISO C converts no object pointer to a function. */
  void *found = dlsym(NULL, "TVMFFIErrorSetRaisedFromCStr");
  memcpy(&raise, &found, sizeof raise);
  if (raise)
    raise(kind, message);
  return FAILED;
}

static int raise_type_error(const char *format, ...) {
  char message[MESSAGE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  return raise_error("TypeError", message);
}

/* Python's name of an error of the runtime, as danskin/errors.py has it. */
static const char *kind_of(int code) {
  switch (code) {
  case DP_ERROR_TYPE:
    return "TypeError";
  case DP_ERROR_WORKSPACE:
  case DP_ERROR_KERNEL:
  case DP_ERROR_DRIVER:
    return "RuntimeError";
  default:
    return "ValueError";
  }
}

static const dp_tensor *as_tensor(const dp_tvm_any *any) {
  if (any->type == DP_TVM_TENSOR_POINTER)
    return any->value.pointer;
  if (any->type == DP_TVM_TENSOR)
    return (const dp_tensor *)((const dp_tvm_object *)any->value.pointer + 1);
  return NULL;
}

static int is_number(const dp_tvm_any *any) {
  return any->type == DP_TVM_INT || any->type == DP_TVM_FLOAT;
}

/* A number, seen as a tensor without axes. */
typedef struct number {
  dp_tensor tensor;
  union {
    int64_t i64;
    double f64;
    float f32;
  } value;
} number;

/* 0: a fraction where a whole number must be. */
static int set_number(number *n, const dp_tvm_any *any, int is_int, int bits) {
  double value =
      any->type == DP_TVM_INT ? (double)any->value.integer : any->value.number;
  if (is_int && any->type != DP_TVM_INT)
    return 0;
  memset(n, 0, sizeof *n);
  if (is_int)
    n->value.i64 = any->value.integer;
  else if (bits == 32)
    n->value.f32 = (float)value;
  else
    n->value.f64 = value;
  n->tensor.data = &n->value;
  n->tensor.device.device_type = DP_CPU;
  n->tensor.dtype.code = is_int ? DP_TYPE_INT : DP_TYPE_FLOAT;
  n->tensor.dtype.bits = (uint8_t)bits;
  n->tensor.dtype.lanes = 1;
  return 1;
}

/* The entry for the elements of the first float tensor, an input or, where
 * none has floats, an output. */
static const dp_entry *choose(const dp_entry *const *entries, int32_t count,
                              const dp_tvm_any *arguments) {
  const dp_entry *first = entries[0];
  for (int32_t i = 0; i < first->num_inputs + first->num_outputs; ++i) {
    int32_t kind = i < first->num_inputs
                       ? first->inputs[i].kind
                       : first->outputs[i - first->num_inputs].kind;
    const dp_tensor *tensor = as_tensor(&arguments[i]);
    if (kind != DP_KIND_FLOAT || !tensor)
      continue;
    for (int32_t e = 0; e < count; ++e)
      if (entries[e]->float_bits == tensor->dtype.bits)
        return entries[e];
    return first; /* which says what is wrong with it */
  }
  return first;
}

/* Sets *tensor from the argument; 0: it is of no use. */
static int take(const dp_tvm_any *any, int is_int, int bits, number *n,
                const dp_tensor **tensor) {
  *tensor = as_tensor(any);
  if (*tensor || any->type == DP_TVM_NONE)
    return 1;
  if (!is_number(any) || !set_number(n, any, is_int, bits))
    return 0;
  *tensor = &n->tensor;
  return 1;
}

static int call(const dp_entry *entry, const dp_tvm_any *arguments,
                int32_t count) {
  int32_t inputs = entry->num_inputs, outputs = entry->num_outputs;
  int32_t sizes = entry->num_sizes;
  const dp_tensor *tensors[inputs + outputs + 2 * sizes + 1];
  number numbers[inputs + 2 * sizes + 1];
  memset(tensors, 0, sizeof tensors);
  for (int32_t i = 0; i < inputs; ++i) {
    int32_t kind = entry->inputs[i].kind;
    if (!take(&arguments[i], kind == DP_KIND_INT,
              kind == DP_KIND_FLOAT ? entry->float_bits : 64, &numbers[i],
              &tensors[i]))
      return raise_type_error("input `%s`: it must be a tensor%s",
                              entry->inputs[i].name,
                              entry->inputs[i].rank ? "" : " or a number");
  }
  for (int32_t o = 0; o < outputs; ++o) {
    tensors[inputs + o] = as_tensor(&arguments[inputs + o]);
    if (!tensors[inputs + o])
      return raise_type_error("output `%s`: it must be a tensor",
                              entry->outputs[o].name);
  }
  for (int32_t i = inputs + outputs; i < count; ++i) {
    int32_t k = i - inputs - outputs;
    if (!take(&arguments[i], 1, 64, &numbers[inputs + k], &tensors[i]))
      return raise_type_error("%s `%s`: it must be a whole number or a tensor",
                              k < sizes ? "size" : "length of",
                              entry->sizes[k % sizes].name);
  }
  char message[MESSAGE];
  dp_call made = {.struct_size = sizeof made,
                  .num_inputs = inputs,
                  .num_outputs = outputs,
                  .num_sizes = sizes,
                  .inputs = tensors,
                  .outputs = tensors + inputs,
                  .sizes = tensors + inputs + outputs,
                  .lengths = tensors + inputs + outputs + sizes,
                  .error = message,
                  .error_bytes = sizeof message};
  int code = dp_invoke_with_scratch(entry, &made);
  return code == DP_OK ? 0 : raise_error(kind_of(code), message);
}

int dp_tvm_ffi(const dp_entry *const *entries, int32_t count,
               const void *arguments, int32_t num_arguments, void *result) {
  const dp_entry *first = entries[0];
  int32_t arrays = first->num_inputs + first->num_outputs;
  if (num_arguments != arrays && num_arguments != arrays + first->num_sizes &&
      num_arguments != arrays + 2 * first->num_sizes)
    return raise_type_error(
        "%s %s takes %d inputs and %d outputs, then may take %d sizes, then as "
        "many lengths; it was given %d arguments",
        first->program, first->entry, (int)first->num_inputs,
        (int)first->num_outputs, (int)first->num_sizes, (int)num_arguments);
  memset(result, 0, sizeof(dp_tvm_any)); /* None */
  return call(choose(entries, count, arguments), arguments, num_arguments);
}
