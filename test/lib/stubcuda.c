/*===- stubcuda.c - a driver of CUDA without a GPU ----------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* What the runtime and the Python package use of libcuda.so.1, for tests of all
|* that surrounds kernels: two GPUs of sm_90, whose memory is the CPU's. What is
|* asked for is written down, a line each, and kernels are a function's part.
|* stubcuda.py builds and reads it.
|*
\*===----------------------------------------------------------------------===*/
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OK = 0, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, NO_DEVICE = 101 };
enum { NO_CONTEXT = 201, NOT_FOUND = 500, DEVICES = 2, DEPTH = 8 };

typedef void (*launch_function)(const char *kernel, int device, int64_t stream,
                                unsigned blocks, unsigned threads,
                                int64_t *words);

static char text[1 << 16];
static int contexts[DEVICES], stack[DEPTH], depth, started, events;

/* What tests set. */
launch_function stub_launch;
int stub_pointer_device; /* where all memory lies */
int stub_fails;          /* what the next allocation or launch returns */

/* What was asked for since the last time. */
const char *stub_log(void) {
  static char last[sizeof text];
  memcpy(last, text, sizeof text);
  text[0] = 0;
  return last;
}

static void note(const char *format, ...) {
  size_t used = strlen(text);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text + used, sizeof text - used, format, arguments);
  va_end(arguments);
}

/* The GPU of the context that was pushed last; -1: none was. */
static int current(void) { return depth ? stack[depth - 1] : -1; }

static int take_failure(void) {
  int code = stub_fails;
  stub_fails = OK;
  return code;
}

int cuInit(unsigned flags) {
  (void)flags;
  started = 1;
  return OK;
}

int cuGetErrorString(int code, const char **string) {
  *string = code == OUT_OF_MEMORY ? "out of memory"
            : code == NO_DEVICE   ? "invalid device ordinal"
                                  : "an error";
  return OK;
}

int cuDeviceGetAttribute(int *value, int attribute, int device) {
  if (!started)
    return NOT_INITIALIZED;
  if (device < 0 || device >= DEVICES)
    return NO_DEVICE;
  /* The major and minor capability; memory of a multiprocessor and a block. */
  *value = attribute == 75 ? 9 : attribute == 76 ? 0 : 1 << 16;
  return OK;
}

int cuDevicePrimaryCtxRetain(void **context, int device) {
  if (device < 0 || device >= DEVICES)
    return NO_DEVICE;
  *context = &contexts[device];
  return OK;
}

int cuCtxPushCurrent_v2(void *context) {
  if (depth == DEPTH)
    return OUT_OF_MEMORY;
  stack[depth++] = (int)((int *)context - contexts);
  return OK;
}

int cuCtxPopCurrent_v2(void **context) {
  if (!depth)
    return NO_CONTEXT;
  *context = &contexts[stack[--depth]];
  return OK;
}

int cuLibraryLoadData(void **library, const void *image, void *options,
                      void **values, unsigned count, void *more,
                      void **more_values, unsigned more_count) {
  (void)options, (void)values, (void)count, (void)more;
  (void)more_values, (void)more_count;
  *library = (void *)image;
  return OK;
}

int cuLibraryGetKernel(void **kernel, void *library, const char *name) {
  (void)library;
  *kernel = strdup(name);
  return *kernel ? OK : NOT_FOUND;
}

int cuKernelSetAttribute(int attribute, int value, void *kernel, int device) {
  (void)attribute, (void)value, (void)kernel, (void)device;
  return OK;
}

int cuLaunchKernel(void *kernel, unsigned grid_x, unsigned grid_y,
                   unsigned grid_z, unsigned block_x, unsigned block_y,
                   unsigned block_z, unsigned shared, void *stream,
                   void **arguments, void **extra) {
  (void)grid_y, (void)grid_z, (void)block_y, (void)block_z, (void)shared;
  (void)extra;
  int code = take_failure();
  if (current() < 0 || code)
    return code ? code : NO_CONTEXT;
  note("launch %s on %d, stream %lld\n", (const char *)kernel, current(),
       (long long)(intptr_t)stream);
  if (stub_launch)
    stub_launch(kernel, current(), (intptr_t)stream, grid_x, block_x,
                arguments[0]);
  return OK;
}

int cuMemAllocAsync(uint64_t *pointer, size_t bytes, void *stream) {
  int code = take_failure();
  void *memory = code || current() < 0 ? NULL : malloc(bytes);
  if (!memory)
    return code ? code : NO_CONTEXT;
  memset(memory, 0xff, bytes);
  *pointer = (uintptr_t)memory;
  note("allocate %zu on %d, stream %lld\n", bytes, current(),
       (long long)(intptr_t)stream);
  return OK;
}

int cuMemFreeAsync(uint64_t pointer, void *stream) {
  if (current() < 0)
    return NO_CONTEXT;
  free((void *)(uintptr_t)pointer);
  note("free on %d, stream %lld\n", current(), (long long)(intptr_t)stream);
  return OK;
}

int cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes,
                         void *stream) {
  if (current() < 0)
    return NO_CONTEXT;
  memcpy((void *)(uintptr_t)to, from, bytes);
  note("upload %zu on %d, stream %lld\n", bytes, current(),
       (long long)(intptr_t)stream);
  return OK;
}

int cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes, void *stream) {
  if (current() < 0)
    return NO_CONTEXT;
  memcpy(to, (void *)(uintptr_t)from, bytes);
  note("download %zu on %d, stream %lld\n", bytes, current(),
       (long long)(intptr_t)stream);
  return OK;
}

int cuStreamSynchronize(void *stream) {
  note("synchronize stream %lld\n", (long long)(intptr_t)stream);
  return OK;
}

int cuEventCreate(void **event, unsigned flags) {
  (void)flags;
  *event = (void *)(intptr_t)++events;
  return current() < 0 ? NO_CONTEXT : OK;
}

int cuEventRecord(void *event, void *stream) {
  (void)event;
  note("record stream %lld\n", (long long)(intptr_t)stream);
  return OK;
}

int cuStreamWaitEvent(void *stream, void *event, unsigned flags) {
  (void)event, (void)flags;
  note("wait stream %lld\n", (long long)(intptr_t)stream);
  return OK;
}

int cuEventDestroy_v2(void *event) {
  (void)event;
  return OK;
}

int cuPointerGetAttribute(void *data, int attribute, uint64_t pointer) {
  (void)pointer;
  if (attribute != 9) /* the number of the GPU */
    return NOT_FOUND;
  memcpy(data, &stub_pointer_device, sizeof stub_pointer_device);
  return OK;
}
