/*===- plan.h - a call, checked and resolved ----------------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#ifndef DP_SRC_PLAN_H
#define DP_SRC_PLAN_H

#include "dp/runtime.h"

/* How a size got its value. */
typedef struct dp_origin {
  enum {
    DP_FROM_NOTHING,
    DP_FROM_PROGRAM, /* specialized */
    DP_FROM_CALL,
    DP_FROM_INPUT,
    DP_FROM_CONSTRAINT
  } from;
  int32_t index; /* of the input or constraint */
  int32_t axis;
} dp_origin;

/* What a message is about. */
typedef struct dp_subject {
  const char *what; /* "input" */
  const char *name;
  const char *relation;    /* to the declaration: "", or "like " */
  const char *declaration; /* that says what it must be; NULL: none does */
} dp_subject;

/* An input or output of the call, seen as one instance and a batch stride. */
typedef struct dp_array {
  char *data;             /* of instance 0; NULL: an output not yet given */
  const int64_t *shape;   /* padded */
  const int64_t *strides; /* in elements */
  int64_t batch_stride;   /* in elements; 0 where the array has no batch axis */
  int32_t bytes;          /* of an element */
  uint8_t is_batched;
  uint8_t is_default;
  uint8_t is_i32;   /* an int input to convert */
  uint8_t is_sum;   /* an output summed over the instances of the batch */
  uint8_t is_value; /* the CPU has its one element, whatever runs */
} dp_array;

/* Everything about a call that does not change while it runs. The pointers
 * lead into the frame of dp_with_plan. */
typedef struct dp_plan {
  const dp_entry *entry;
  const dp_call *call;
  int32_t num_arrays;
  int32_t num_axes;        /* of all arrays */
  int32_t num_output_axes; /* of all outputs */
  dp_array *arrays;        /* inputs, then outputs */
  double *defaults;        /* one an input, of its element type */
  int64_t *strides;        /* room for dense strides, one an axis */
  int64_t *sizes;          /* padded */
  dp_origin *origins;      /* one a size */
  int64_t *output_shapes;  /* padded, of all outputs */

  int32_t is_batched;
  int32_t is_ragged; /* instances differ in size */
  int64_t batch;     /* instances; 1 where the call is not batched */
  dp_subject batch_from;

  const dp_device_kernels *device; /* that run the call; NULL: the CPU's do */
  dp_device place;                 /* of its arrays */

  const dp_lanes *lanes; /* kernels for this processor; NULL: none */
  int64_t width;         /* instances they compute at once, or 1 */

  int64_t slots;  /* tasks that may run at once */
  int64_t team;   /* threads for one instance, where tasks run one by one */
  int64_t tasks;  /* blocks of instances */
  int64_t kernel; /* bytes of a slot for each of width: of generated code, */
  int64_t ints;   /* then converted ints, */
  int64_t parts;  /* then an instance's terms of the sums */
  int64_t sums;   /* elements of a block's sums, at the end of the workspace */
  int64_t workspace_bytes;
} dp_plan;

typedef int (*dp_action)(dp_plan *plan, void *context);

/* error.c */
int dp_fail(const dp_plan *plan, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Appends to the message; dp_fail_done closes one begun so. */
void dp_note(const dp_plan *plan, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int dp_fail_done(const dp_plan *plan, int code);
/* An input, or an output, which counts on from the inputs. */
dp_subject dp_array_subject(const dp_plan *plan, int32_t index);
dp_subject dp_size_subject(const dp_plan *plan, int32_t k);
dp_subject dp_length_subject(const dp_plan *plan, int32_t k);
/* "input `x`: <message> (input x : float[N, K]) [R..]", in one or in parts. */
int dp_fail_at(const dp_plan *plan, const dp_subject *subject, int code,
               const char *format, ...) __attribute__((format(printf, 4, 5)));
void dp_begin_at(const dp_plan *plan, const dp_subject *subject);
int dp_end_at(const dp_plan *plan, const dp_subject *subject, int code);

/* tensor.c */
int64_t dp_read_int(const dp_tensor *tensor, int64_t b);
const char *dp_first_element(const dp_tensor *tensor);
int dp_join_batch(dp_plan *plan, const dp_subject *subject, int64_t instances);
int dp_bind_inputs(dp_plan *plan);
int dp_bind_size_tensors(dp_plan *plan);
int dp_bind_outputs(dp_plan *plan);
int dp_check_data(const dp_plan *plan);

/* sizes.c */
int dp_affine_value(const dp_plan *plan, const dp_affine *form,
                    const int64_t *sizes, int64_t *value);
/* Appends "N = 3 (axis 0 of input `x`), ..." for the sizes of the form, or for
 * all of the program where it is NULL. */
void dp_note_sizes(const dp_plan *plan, const dp_affine *form,
                   const int64_t *sizes);
/* Ends a message about a size: whence it comes, and the declaration there. */
int dp_end_at_origin(const dp_plan *plan, int32_t k, int code);
int dp_resolve_sizes(dp_plan *plan);

/* instances.c */
/* What the call says instances have of size k; NULL: the padded value. */
const dp_tensor *dp_find_lengths(const dp_plan *plan, int32_t k);
void dp_instance_sizes(const dp_plan *plan, int64_t b, int64_t *sizes);
int dp_check_instances(dp_plan *plan);
int dp_check_gamma(const dp_plan *plan);

/* overlap.c */
int dp_check_overlap(const dp_plan *plan);

/* box.c: walks over strided boxes */
void dp_box_zero(char *data, int32_t bytes, int32_t rank, const int64_t *shape,
                 const int64_t *strides);
void dp_box_zero_outside(char *data, int32_t bytes, int32_t rank,
                         const int64_t *shape, const int64_t *strides,
                         const int64_t *extents);
void dp_box_from_i32(int64_t *to, const char *from, int32_t rank,
                     const int64_t *extents, const int64_t *strides);
void dp_box_add(double *sums, int32_t rank, const int64_t *shape,
                const void *terms, int32_t bytes, const int64_t *extents);
void dp_box_store_sums(char *data, int32_t bytes, int32_t rank,
                       const int64_t *shape, const int64_t *strides,
                       const double *sums, int64_t blocks, int64_t pitch);
/* Number of elements, or -1 beyond 2^62. */
int64_t dp_box_count(int32_t rank, const int64_t *extents);

/* lanes.c */
void dp_choose_lanes(dp_plan *plan);
/* Should so many instances of these sizes run one by one? */
int dp_prefers_one(const dp_lanes *lanes, int64_t count, const int64_t *sizes);

/* run.c */
int dp_validate_instances(const dp_plan *plan);
int dp_run_instances(const dp_plan *plan);

/* device.c */
/* The first input that lies on a GPU, where the entry has kernels for one;
 * NULL: the call runs on the CPU. */
const dp_tensor *dp_find_gpu(const dp_entry *entry, const dp_call *call);
void dp_choose_device(dp_plan *plan);
/* Whether memory of this kind is where the call runs. */
int dp_is_at_device(const dp_plan *plan, const dp_tensor *tensor);
int dp_lay_out_device(dp_plan *plan);
int dp_run_device(const dp_plan *plan);
/* Whether places in memory need more than 31 bits. */
int dp_is_large(const dp_plan *plan);

/* cuda.c */
typedef struct dp_launch {
  int32_t kernel; /* DP_KERNEL_FIRST, ... */
  int32_t threads;
  int64_t blocks;
  int64_t *words;
  int64_t num_words;
  int64_t near; /* bytes of each block's own memory */
} dp_launch;
/* How much of it there can be, beside what kernels want anyway, where so many
 * blocks share a multiprocessor; 0 where the driver does not say. */
int64_t dp_cuda_near(const dp_plan *plan, int64_t blocks);
int dp_cuda_launch(const dp_plan *plan, const dp_launch *launches,
                   int32_t count);

/* emulate.c: the same, by the emulator */
int dp_emulate(const dp_plan *plan, const dp_launch *launches, int32_t count);

/* threads.c */
int64_t dp_processors(int32_t max_threads);
void dp_parallel(const dp_call *call, int64_t count, dp_body body,
                 void *context);
void dp_pool_grow(int64_t threads);

/* team.c */
typedef struct dp_team_call {
  dp_team_function one;
  const int64_t *sizes;
  void *const *arrays;
  const int64_t *strides;
  void *workspace;
} dp_team_call;
/* Calls it by up to so many threads; a code that one of them returned, or 0. */
int32_t dp_run_team(const dp_call *call, int64_t threads,
                    const dp_team_call *what);

/* data + bytes, where data may be NULL for an array without elements. */
static inline char *dp_advance(const void *data, int64_t bytes) {
  return (char *)((uintptr_t)data + (uintptr_t)bytes);
}

static inline int dp_is_at_cpu(const dp_tensor *tensor) {
  return tensor->device.device_type == DP_CPU ||
         tensor->device.device_type == DP_CPU_PINNED;
}

static inline int64_t dp_round_up(int64_t bytes) {
  return (bytes + 63) & ~(int64_t)63;
}

#endif
