/*===- abi.h - what generated code and runtime share --------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* The compiler emits one constant dp_entry for each entry and element type,
|* compiler/target/EntryPoints.cpp, and the runtime interprets it. The two are
|* linked into one library, so dp_entry may change with any release.
|*
\*===----------------------------------------------------------------------===*/
#ifndef DP_ABI_H
#define DP_ABI_H

#include "dp/call.h"

#ifdef __cplusplus
extern "C" {
#endif

/* constant + sum of coefficients[k] * size[k]; text is it as in the source. */
typedef struct dp_affine {
  const int64_t *coefficients; /* one a size */
  int64_t constant;
  const char *text;
} dp_affine;

typedef struct dp_size {
  const char *name;
  int64_t fixed; /* the value it was specialized to, or -1 */
} dp_size;

/* form >= 0, or form == 0. */
typedef struct dp_constraint {
  dp_affine form;
  int32_t is_equality;
  const char *text; /* the relation as in the source: "N >= 1" */
} dp_constraint;

enum {
  DP_KIND_FLOAT = 0, /* the entry's element type */
  DP_KIND_INT = 1,   /* i64; inputs may come as i32 */
  DP_KIND_GAMMA = 2, /* f64, finite and > 0 */
  DP_KIND_F64 = 3    /* f64 */
};

enum {
  DP_INPUT_DEFAULT = 1, /* may be NULL: default_value everywhere */
  DP_INPUT_SHARED = 2   /* declared shared; the batch axis is still allowed */
};

typedef struct dp_input {
  const char *name;
  const char *declaration; /* its line in the source, for messages */
  int32_t kind;
  int32_t rank;
  const dp_affine *extents; /* one an axis */
  int32_t flags;
  double default_value;
} dp_input;

typedef struct dp_output {
  const char *name;
  int32_t kind; /* not DP_KIND_GAMMA; a gradient in gamma is DP_KIND_F64 */
  int32_t rank;
  /* -1: one result an instance. Otherwise the index of an input: one result
   * an instance if that input is batched, else the sum over all instances. */
  int32_t follows;
} dp_output;

/* The generated functions but dp_lanes_function compute one instance.
 *   sizes    the values of the sizes
 *   arrays   first elements, inputs then outputs
 *   strides  in elements, those of all arrays concatenated
 * Float arrays hold the entry's element type, int arrays int64_t. */
typedef int32_t (*dp_run_function)(const int64_t *sizes, void *const *arrays,
                                   const int64_t *strides, void *workspace);
/* The same for `count` instances of equal sizes, at most `lanes`. Before an
 * array's strides stands the one from instance to instance. The workspace holds
 * `lanes` times that of one. Gives a bit for each instance that failed. */
typedef int32_t (*dp_lanes_function)(const int64_t *sizes, void *const *arrays,
                                     const int64_t *strides, void *workspace,
                                     int64_t count);
/* The same as dp_run_function for thread number `thread` of `threads` that call
 * it with the same arguments and share the cells. They meet by `team`, see
 * dp_meet; one thread alone needs none. Each gives a code of its own. */
typedef int32_t (*dp_team_function)(const int64_t *sizes, void *const *arrays,
                                    const int64_t *strides, void *workspace,
                                    int64_t thread, int64_t threads,
                                    void *team);
/* Bytes of workspace of one instance (aligned to 64); negative: too many. */
typedef int64_t (*dp_workspace_function)(const int64_t *sizes);
/* The extents of all outputs, concatenated. */
typedef void (*dp_extents_function)(const int64_t *sizes, int64_t *extents);
/* 0, or 1 + the index of an input with a bad element; then fault holds its
 * index (rank numbers), the value, the lower and the exclusive upper bound.
 * Outputs are not looked at. */
typedef int64_t (*dp_validate_function)(const int64_t *sizes,
                                        void *const *arrays,
                                        const int64_t *strides, int64_t *fault);

/* What a processor must have to run a dp_lanes_function. */
enum { DP_ISA_ANY = 0, DP_ISA_AVX2 = 1, DP_ISA_AVX512 = 2 };

/* Kernels for a processor. Where `one` is NULL, `run` gives the bits that
 * dp_entry's run gives. Otherwise `one` and `run` have bits of their own, and
 * where either fails an instance, dp_entry's run has its results. */
typedef struct dp_lanes {
  int32_t isa;
  int32_t lanes;
  dp_lanes_function run; /* NULL: there is `one` */
  dp_team_function one;
  /* How many lanes would be as fast as `one`; NULL: `run` is always faster. */
  dp_workspace_function cells;
  int32_t has_team; /* is more than one thread of use to `one`? */
} dp_lanes;

/* The words (int64_t) of a device kernel's one argument: those of the call,
 * then DP_WORDS_SIZE a size; DP_WORDS_INPUT an input, then its strides and its
 * padded shape, and the strides of its i32; DP_WORDS_OUTPUT an output, then its
 * strides, its padded shape, and the strides of its sum. Addresses are the
 * device's. */
enum {
  DP_WORD_BATCH,        /* instances */
  DP_WORD_WORKSPACE,    /* of the first block */
  DP_WORD_BLOCK_BYTES,  /* of workspace a block: for numbers, then a kernel,
                           then converted ints */
  DP_WORD_KERNEL_BYTES, /* that an instance may take of these */
  DP_WORD_NEAR_BYTES,   /* of the block's own memory, for the first of these */
  DP_WORD_STATUS,       /* int32_t an instance */
  DP_WORD_FLAGS,        /* of dp_call, and DP_FLAG_RAGGED */
  DP_WORDS_CALL
};
enum {
  DP_SIZE_WORD_PADDED,
  DP_SIZE_WORD_LENGTHS, /* one an instance, or NULL: padded */
  DP_SIZE_WORD_STEP,    /* from one length to the next, in elements */
  DP_SIZE_WORD_BITS,    /* of a length */
  DP_WORDS_SIZE
};
enum {
  DP_ARRAY_WORD_DATA,   /* of an input or output: of instance 0 */
  DP_ARRAY_WORD_STRIDE, /* from instance to instance, in elements */
  DP_INPUT_WORD_IS_VALUE,
  DP_INPUT_WORD_VALUE,  /* the bytes of what every element is */
  DP_INPUT_WORD_PLACE,  /* where in the block's workspace that is, or ints that
                           come as i32 are to be as i64; otherwise -1 */
  DP_INPUT_WORD_NARROW, /* NULL, or where they come from */
  DP_INPUT_WORD_NARROW_STRIDE,
  DP_WORDS_INPUT,
  DP_OUTPUT_WORD_SUM = 2, /* NULL, or what the instances' terms add up to */
  DP_WORDS_OUTPUT
};
enum { DP_FLAG_RAGGED = 1 << 16 }; /* instances differ in size */

/* What an instance's status may be besides an error code: the scaled kernel
 * cannot hold its numbers. */
enum { DP_STATUS_AGAIN = -1 };

/* Machine code of a GPU. */
typedef struct dp_image {
  const char *arch; /* "sm_90", or text: "ptx"; "ptx-large" has indices of 64
                       bits, the others of 32 */
  const void *bytes;
  int64_t size;
} dp_image;

enum {
  DP_KERNEL_FIRST, /* runs all instances */
  DP_KERNEL_AGAIN, /* those with DP_STATUS_AGAIN */
  DP_KERNEL_SUMS,  /* adds up terms */
  DP_NUM_KERNELS
};

enum { DP_MAX_THREADS = 256 }; /* of a block */

/* The block's own memory, as kernels and the emulator name it. */
#define DP_NEAR_NAME "dp_near"
enum { DP_EMULATED_NEAR_BYTES = 1 << 9 }; /* few, so that some do without */

typedef void (*dp_emulated_kernel)(int64_t *words);

enum { DP_ANY_BLOCK = -1 };

/* What an emulated kernel may access: elements of `bytes` bytes, in a box of
 * strides in elements, for each of `count` instances. */
typedef struct dp_region {
  const char *what; /* "input", for messages */
  const char *name; /* NULL: it has none */
  int32_t block;    /* whose alone it is, or DP_ANY_BLOCK */
  const void *first;
  int64_t bytes;
  int64_t count, between; /* instances; from one to the next, in elements */
  int32_t rank;
  const int64_t *shape, *strides;
} dp_region;

enum { DP_FAULT_BYTES = 320 };

typedef struct dp_emulated_launch {
  dp_emulated_kernel kernel;
  int64_t *words;
  int64_t blocks;
  int32_t threads;
  int32_t num_regions;
  const dp_region *regions;
  int64_t near;               /* bytes of each block's own memory */
  char fault[DP_FAULT_BYTES]; /* the emulator's: what is wrong, or "" */
} dp_emulated_launch;

/* Runs all threads of all blocks, or up to a fault of the kernel. */
typedef void (*dp_emulator)(dp_emulated_launch *launch);

/* Kernels for a device: those of images by their names, or emulated ones, which
 * take arrays of the CPU. */
typedef struct dp_device_kernels {
  dp_workspace_function workspace;   /* as dp_entry's */
  dp_workspace_function near;        /* what of it is better the block's own */
  const char *names[DP_NUM_KERNELS]; /* NULL: there is none */
  int32_t num_images;
  int32_t max_threads; /* of a block: DP_MAX_THREADS */
  int32_t columns; /* a thread takes so many cells side by side; else below 2 */
  const dp_image *images;
  void **loaded; /* the runtime's: DP_NUM_KERNELS an image, at first NULL */
  dp_emulator emulator;
  dp_emulated_kernel emulated[DP_NUM_KERNELS];
} dp_device_kernels;

typedef struct dp_entry {
  const char *program;
  const char *entry;
  const char *dtype; /* "f32" or "f64" */
  int32_t float_bits;
  int32_t num_sizes;
  int32_t num_constraints;
  int32_t num_inputs;
  int32_t num_outputs;
  const dp_size *sizes;
  const dp_constraint *constraints;
  const dp_input *inputs;
  const dp_output *outputs;
  dp_run_function run;
  dp_workspace_function workspace;
  dp_extents_function extents;
  dp_validate_function validate; /* NULL: nothing to validate */
  int32_t num_lanes;
  const dp_lanes *lanes;           /* the best first */
  const dp_device_kernels *device; /* NULL: none */
} dp_entry;

#ifdef __cplusplus
}
#endif
#endif
