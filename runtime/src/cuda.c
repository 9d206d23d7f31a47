/*===- cuda.c - kernels on NVIDIA's GPUs, by the driver -----------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* The driver is loaded when a call first needs it, so a library runs where
|* there is none. Images are loaded once a process: a CUlibrary belongs to no
|* context, and its kernels can be launched in any.
|*
\*===----------------------------------------------------------------------===*/
#include "plan.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* What is used of cuda.h, whose layout does not change. */
typedef int result;
typedef void *library, *function, *stream, *context;
enum { CAPABILITY_MAJOR = 75, CAPABILITY_MINOR = 76 };
enum { NEAR_A_MULTIPROCESSOR = 81, NEAR_A_BLOCK = 97, MAX_NEAR_ATTRIBUTE = 8 };
enum { MAX_DEVICES = 64 };
/* What blocks have of their own memory without being asked, and what they may
 * have before the driver wants to know. */
enum { NEAR_TAKEN = 4096, NEAR_ALLOWED = 40960 };

typedef struct driver {
  result (*init)(unsigned flags);
  result (*error_string)(result code, const char **text);
  result (*attribute)(int *value, int attribute, int device);
  result (*retain)(context *primary, int device);
  result (*push)(context pushed);
  result (*pop)(context *popped);
  result (*load)(library *loaded, const void *image, void *, void **, unsigned,
                 void *, void **, unsigned);
  result (*kernel)(function *found, library from, const char *name);
  result (*set)(int attribute, int value, function kernel, int device);
  result (*launch)(function kernel, unsigned grid_x, unsigned grid_y,
                   unsigned grid_z, unsigned block_x, unsigned block_y,
                   unsigned block_z, unsigned shared_bytes, stream on,
                   void **arguments, void **extra);
  const char *missing; /* why there is none; NULL: there is one */
  result code;         /* of init */
} driver;

static driver cuda;
static pthread_once_t once = PTHREAD_ONCE_INIT;
/* Guards contexts and what dp_device_kernels has loaded. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static context contexts[MAX_DEVICES];

static void open_driver(void) {
  void *handle = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    cuda.missing = "there is no libcuda.so.1";
    return;
  }
  const struct {
    const char *name;
    void *to;
  } symbols[] = {
      {"cuInit", &cuda.init},
      {"cuGetErrorString", &cuda.error_string},
      {"cuDeviceGetAttribute", &cuda.attribute},
      {"cuDevicePrimaryCtxRetain", &cuda.retain},
      {"cuCtxPushCurrent_v2", &cuda.push},
      {"cuCtxPopCurrent_v2", &cuda.pop},
      {"cuLibraryLoadData", &cuda.load},
      {"cuLibraryGetKernel", &cuda.kernel},
      {"cuKernelSetAttribute", &cuda.set},
      {"cuLaunchKernel", &cuda.launch},
  };
  for (size_t k = 0; k < sizeof symbols / sizeof *symbols; ++k) {
    void *symbol = dlsym(handle, symbols[k].name);
    if (!symbol) {
      cuda.missing = "libcuda.so.1 is older than CUDA 12";
      return;
    }
    memcpy(symbols[k].to, &symbol, sizeof symbol);
  }
  cuda.code = cuda.init(0);
}

static int fail(const dp_plan *plan, const char *what, result code) {
  const char *text = NULL;
  if (cuda.error_string(code, &text) || !text)
    text = "unknown error";
  return dp_fail(plan, DP_ERROR_DRIVER, "CUDA cannot %s: %s (%d)", what, text,
                 code);
}

/* The image for a device: machine code of its major version that is not newer,
 * else PTX; or -1. */
static int32_t choose_image(const dp_device_kernels *device, int is_large,
                            int major, int minor) {
  int32_t best = -1;
  int most = -1;
  for (int32_t k = 0; k < device->num_images; ++k) {
    const char *arch = device->images[k].arch;
    int number = arch[0] == 's' ? atoi(arch + 3) : -1;
    if ((strcmp(arch, "ptx-large") == 0) != is_large)
      continue;
    if (number < 0 && most < 0)
      best = k;
    if (number / 10 == major && number % 10 <= minor && number > most) {
      best = k;
      most = number;
    }
  }
  return best;
}

/* The kernels of an image, loaded. */
static int load(const dp_plan *plan, int32_t image, void ***kernels) {
  const dp_device_kernels *device = plan->device;
  void **slots = device->loaded + (int64_t)image * DP_NUM_KERNELS;
  *kernels = slots;
  if (slots[DP_KERNEL_FIRST])
    return DP_OK;
  library loaded;
  result code = cuda.load(&loaded, device->images[image].bytes, NULL, NULL, 0,
                          NULL, NULL, 0);
  if (code)
    return fail(plan, "load the kernels", code);
  void *found[DP_NUM_KERNELS] = {NULL};
  for (int32_t k = 0; k < DP_NUM_KERNELS && !code; ++k)
    if (device->names[k])
      code = cuda.kernel(&found[k], loaded, device->names[k]);
  if (code)
    return fail(plan, "find the kernels", code);
  memcpy(slots, found, sizeof found);
  return DP_OK;
}

/* The context that PyTorch, JAX and CUDA's runtime use of a device. */
static int get_context(const dp_plan *plan, int device, context *found) {
  if (device < 0 || device >= MAX_DEVICES)
    return dp_fail(plan, DP_ERROR_DEVICE, "there is no GPU %d", device);
  if (!contexts[device]) {
    result code = cuda.retain(&contexts[device], device);
    if (code)
      return fail(plan, "use the GPU", code);
  }
  *found = contexts[device];
  return DP_OK;
}

static int prepare(const dp_plan *plan, context *where, void ***kernels) {
  int device = (int)plan->place.device_id;
  int code = get_context(plan, device, where);
  if (code != DP_OK)
    return code;
  int major = 0, minor = 0;
  result failed = cuda.attribute(&major, CAPABILITY_MAJOR, device);
  if (!failed)
    failed = cuda.attribute(&minor, CAPABILITY_MINOR, device);
  if (failed)
    return fail(plan, "ask the GPU", failed);
  int32_t image = choose_image(plan->device, dp_is_large(plan), major, minor);
  if (image < 0)
    return dp_fail(plan, DP_ERROR_DRIVER,
                   "the library has no kernels for this GPU, which is sm_%d%d",
                   major, minor);
  result pushed = cuda.push(*where);
  if (pushed)
    return fail(plan, "use the GPU", pushed);
  code = load(plan, image, kernels);
  if (code != DP_OK)
    cuda.pop(where);
  return code;
}

int64_t dp_cuda_near(const dp_plan *plan, int64_t blocks) {
  pthread_once(&once, open_driver);
  int together = 0, alone = 0, device = (int)plan->place.device_id;
  if (cuda.missing || cuda.code || blocks < 1 ||
      cuda.attribute(&together, NEAR_A_MULTIPROCESSOR, device) ||
      cuda.attribute(&alone, NEAR_A_BLOCK, device))
    return 0;
  int64_t most = together / blocks < alone ? together / blocks : alone;
  return most < NEAR_TAKEN ? 0 : most - NEAR_TAKEN;
}

int dp_cuda_launch(const dp_plan *plan, const dp_launch *launches,
                   int32_t count) {
  pthread_once(&once, open_driver);
  if (cuda.missing)
    return dp_fail(plan, DP_ERROR_DRIVER, "CUDA's driver cannot be used: %s",
                   cuda.missing);
  if (cuda.code)
    return fail(plan, "start", cuda.code);
  context where = NULL;
  void **kernels = NULL;
  pthread_mutex_lock(&mutex);
  int code = prepare(plan, &where, &kernels);
  pthread_mutex_unlock(&mutex);
  if (code != DP_OK)
    return code;
  result failed = 0;
  for (int32_t k = 0; k < count && !failed; ++k) {
    const dp_launch *l = &launches[k];
    void *arguments[] = {l->words};
    if (l->near > NEAR_ALLOWED)
      failed = cuda.set(MAX_NEAR_ATTRIBUTE, (int)l->near, kernels[l->kernel],
                        (int)plan->place.device_id);
    if (failed)
      break;
    failed = cuda.launch(kernels[l->kernel], (unsigned)l->blocks, 1, 1,
                         (unsigned)l->threads, 1, 1, (unsigned)l->near,
                         plan->call->stream, arguments, NULL);
  }
  cuda.pop(&where);
  return failed ? fail(plan, "launch the kernel", failed) : DP_OK;
}
