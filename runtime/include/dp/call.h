/*===- call.h - calling a compiled dynamic program ----------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* What a host needs to call an entry. Every header that the compiler writes
|* contains this text, so hosts need no installed file; the guard lets several
|* such headers meet in one translation unit.
|*
\*===----------------------------------------------------------------------===*/
#ifndef DP_CALL_H
#define DP_CALL_H

#include <stddef.h>
#include <stdint.h>

/* A new major version changes the prefix of every symbol (dp1_). A new minor
 * version only adds members at the end of dp_call. */
#define DP_ABI_MAJOR 1
#define DP_ABI_MINOR 1

#ifdef __cplusplus
extern "C" {
#endif

/* An array as DLPack 1.x describes one (struct DLTensor), not owned. Where
 * dlpack.h comes first dp_tensor *is* DLTensor; otherwise it is a type of its
 * own with the same layout, and a DLTensor * is cast. */
#ifdef DLPACK_DLPACK_H_
typedef DLTensor dp_tensor;
#else
typedef struct dp_device {
  int32_t device_type; /* DP_CPU */
  int32_t device_id;
} dp_device;

typedef struct dp_data_type {
  uint8_t code; /* DP_TYPE_INT, DP_TYPE_FLOAT */
  uint8_t bits;
  uint16_t lanes; /* 1 */
} dp_data_type;

typedef struct dp_tensor {
  void *data;
  dp_device device;
  int32_t ndim;
  dp_data_type dtype;
  int64_t *shape;
  int64_t *strides;     /* in elements, any sign; NULL: dense, row-major */
  uint64_t byte_offset; /* of the first element from data */
} dp_tensor;
#endif

enum { DP_CPU = 1, DP_CUDA = 2, DP_CPU_PINNED = 3, DP_CUDA_MANAGED = 13 };
enum { DP_TYPE_INT = 0, DP_TYPE_FLOAT = 2 };

/* What an entry returns. The message in the error buffer ends in [R..] with
 * the same number. After an error nothing was written, except after
 * DP_ERROR_KERNEL. */
enum {
  DP_OK = 0,
  DP_ERROR_CALL = 1,       /* malformed dp_call: struct_size, counts, NULL */
  DP_ERROR_RANK = 2,       /* wrong number of axes */
  DP_ERROR_TYPE = 3,       /* wrong element type */
  DP_ERROR_DEVICE = 4,     /* not in memory that the entry can read */
  DP_ERROR_SHAPE = 5,      /* an axis contradicts the sizes */
  DP_ERROR_SIZE = 6,       /* a size is missing, negative or contradictory */
  DP_ERROR_CONSTRAINT = 7, /* the sizes break a constraint of the program */
  DP_ERROR_LENGTH = 8,     /* a length outside 0..padded size */
  DP_ERROR_BATCH = 9,      /* two arrays disagree about the batch */
  DP_ERROR_LAYOUT = 10,    /* misaligned, or an output lies over something */
  DP_ERROR_VALUE = 11,     /* an int or gamma outside its range */
  DP_ERROR_WORKSPACE = 12, /* too little workspace, or more than 2^63 bytes */
  DP_ERROR_KERNEL = 13,    /* the generated code gave up */
  DP_ERROR_DRIVER = 14     /* CUDA's driver is not there, or failed */
};

/* flags of dp_call */
enum {
  DP_TRUST_INPUTS = 1 /* do not validate int inputs: a wrong one is
                         undefined behaviour */
};

/* A host's way of running body(context, i) for every i in 0..count, in any
 * order and on any threads; it returns when all have. */
typedef void (*dp_body)(void *context, int64_t i);
typedef void (*dp_parallel_for)(void *host, int64_t count, dp_body body,
                                void *context);

/* One call. Fill with zeros, then set struct_size and what is needed.
 *
 * Arrays come in the order of the program. An input of declared rank r has
 * rank r, and is then the same for all instances, or r + 1, and then its first
 * axis is the batch. A call is batched if any input, size or length is.
 *
 * On a GPU, all arrays and lengths lie in the memory of one; inputs of rank 0
 * may lie in the CPU's, sizes do. The call starts the work on the stream and
 * returns. It knows nothing of what lies on the GPU: where lengths or int
 * inputs are not what they must be, the instance's floats become NaN, and its
 * status the error's number. */
typedef struct dp_call {
  uint32_t struct_size; /* sizeof(dp_call) */
  uint32_t flags;
  int32_t num_inputs;
  int32_t num_outputs;
  int32_t num_sizes;   /* of sizes and lengths, where those are given */
  int32_t max_threads; /* 0: one a processor */
  const dp_tensor *const *inputs;  /* NULL entry: the input's default */
  const dp_tensor *const *outputs; /* none may overlap another array */
  /* NULL, or one entry a size: NULL where inputs determine it, else an i32 or
   * i64 of rank 0, or of rank 1 with one element an instance. */
  const dp_tensor *const *sizes;
  /* NULL, or one entry a size: NULL, or how much of the padded size each
   * instance uses (i32 or i64, rank 0 or 1). Elements beyond are not read;
   * results beyond are exactly 0. */
  const dp_tensor *const *lengths;
  void *workspace;              /* any alignment; contents are lost */
  int64_t workspace_bytes;      /* at least what <entry>_workspace returns */
  void *stream;                 /* a CUstream; unused on the CPU */
  dp_parallel_for parallel_for; /* NULL: an own pool of threads */
  void *parallel_host;          /* its first argument */
  char *error;                  /* receives a message; may be NULL */
  int64_t error_bytes;
  int32_t
      *status; /* NULL, or on the GPU: takes DP_OK or an error an instance */
} dp_call;

#ifdef __cplusplus
}
#endif
#endif
