/*===- xla_ffi.h - what is used of XLA's typed FFI ----------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* The binary interface of xla/ffi/api/c_api.h at version 0.1, of which later
|* versions are extensions. Written down here because a library must compile
|* and load where there is no XLA; test/runtime/xla_layout.c compares.
|*
\*===----------------------------------------------------------------------===*/
#ifndef DP_SRC_XLA_FFI_H
#define DP_SRC_XLA_FFI_H

#include <stddef.h>
#include <stdint.h>

/* A newer declaration is refused by older versions of XLA. */
enum { DP_XLA_MAJOR = 0, DP_XLA_MINOR = 1 };

enum { DP_XLA_METADATA = 1 }; /* type of an extension */
enum { DP_XLA_EXECUTE = 3 };  /* stage */
enum { DP_XLA_ARRAY = 1 };    /* type of an attribute */
enum {
  DP_XLA_INVALID_ARGUMENT = 3,
  DP_XLA_RESOURCE_EXHAUSTED = 8,
  DP_XLA_UNIMPLEMENTED = 12,
  DP_XLA_INTERNAL = 13
};

/* XLA_FFI_DataType */
enum { DP_XLA_S32 = 4, DP_XLA_S64 = 5, DP_XLA_F32 = 11, DP_XLA_F64 = 12 };

typedef struct dp_xla_extension {
  size_t struct_size;
  int type;
  struct dp_xla_extension *next;
} dp_xla_extension;

typedef struct dp_xla_version {
  size_t struct_size;
  dp_xla_extension *extensions;
  int major, minor;
} dp_xla_version;

typedef struct dp_xla_metadata {
  size_t struct_size;
  dp_xla_version version;
  uint32_t traits;
} dp_xla_metadata;

typedef struct dp_xla_metadata_extension {
  dp_xla_extension base;
  dp_xla_metadata *metadata;
} dp_xla_metadata_extension;

typedef struct dp_xla_buffer {
  size_t struct_size;
  dp_xla_extension *extensions;
  int dtype;
  void *data;
  int64_t rank;
  int64_t *dims;
} dp_xla_buffer;

/* Arguments and results. */
typedef struct dp_xla_buffers {
  size_t struct_size;
  dp_xla_extension *extensions;
  int64_t size;
  int *types;
  dp_xla_buffer **buffers;
} dp_xla_buffers;

typedef struct dp_xla_span {
  const char *text;
  size_t length;
} dp_xla_span;

typedef struct dp_xla_array {
  int dtype;
  size_t size;
  void *data;
} dp_xla_array;

typedef struct dp_xla_attributes {
  size_t struct_size;
  dp_xla_extension *extensions;
  int64_t size;
  int *types;
  dp_xla_span **names;
  void **values;
} dp_xla_attributes;

typedef struct dp_xla_error_arguments {
  size_t struct_size;
  dp_xla_extension *extensions;
  const char *message;
  int code;
} dp_xla_error_arguments;

typedef struct dp_xla_stream_arguments {
  size_t struct_size;
  dp_xla_extension *extensions;
  void *context;
  void *stream; /* out: a CUstream */
} dp_xla_stream_arguments;

typedef struct dp_xla_ordinal_arguments {
  size_t struct_size;
  dp_xla_extension *extensions;
  void *context;
  int32_t ordinal; /* out: the number of the GPU */
} dp_xla_ordinal_arguments;

typedef struct dp_xla_allocate_arguments {
  size_t struct_size;
  dp_xla_extension *extensions;
  void *context;
  size_t size;
  size_t alignment; /* a power of two, at most 16 */
  void *data;       /* out */
} dp_xla_allocate_arguments;

typedef struct dp_xla_free_arguments {
  size_t struct_size;
  dp_xla_extension *extensions;
  void *context;
  size_t size;
  void *data;
} dp_xla_free_arguments;

/* Each function gives NULL, or an error that the handler may return. Those that
 * are not used are pointers without a type. */
typedef struct dp_xla_api {
  size_t struct_size;
  dp_xla_extension *extensions;
  dp_xla_version version;
  const void *internal;
  void *(*create_error)(dp_xla_error_arguments *arguments);
  void *before_stream[3];
  void *(*get_stream)(dp_xla_stream_arguments *arguments);
  void *before_allocate[4];
  void *(*allocate)(dp_xla_allocate_arguments *arguments);
  void *(*free)(dp_xla_free_arguments *arguments);
  void *before_ordinal[6];
  /* Not in all versions: struct_size tells. */
  void *(*get_ordinal)(dp_xla_ordinal_arguments *arguments);
} dp_xla_api;

typedef struct dp_xla_frame {
  size_t struct_size;
  dp_xla_extension *extensions;
  const dp_xla_api *api;
  void *context;
  int stage;
  dp_xla_buffers arguments;
  dp_xla_buffers results;
  dp_xla_attributes attributes;
} dp_xla_frame;

#endif
