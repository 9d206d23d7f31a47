/*===- tvm_ffi.h - what is used of TVM FFI ------------------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* The binary interface of tvm/ffi/c_api.h, written down here because a library
|* must compile and load where there is no TVM; test/runtime/tvm_layout.c
|* compares.
|*
\*===----------------------------------------------------------------------===*/
#ifndef DP_SRC_TVM_FFI_H
#define DP_SRC_TVM_FFI_H

#include "dp/call.h"

/* TVMFFITypeIndex */
enum {
  DP_TVM_NONE = 0,
  DP_TVM_INT = 1,
  DP_TVM_FLOAT = 3,
  DP_TVM_TENSOR_POINTER = 7, /* DLTensor * */
  DP_TVM_TENSOR = 70         /* an object: its header, then a DLTensor */
};

/* TVMFFIObject */
typedef struct dp_tvm_object {
  uint64_t references;
  int32_t type;
  uint32_t padding;
  void (*deleter)(void *self, int flags);
} dp_tvm_object;

/* TVMFFIAny */
typedef struct dp_tvm_any {
  int32_t type;
  uint32_t padding;
  union {
    int64_t integer;
    double number;
    void *pointer;
  } value;
} dp_tvm_any;

#endif
