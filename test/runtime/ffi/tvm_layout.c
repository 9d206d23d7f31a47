/*===- tvm_layout.c - runtime/src/tvm_ffi.h against TVM's header --*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#include "runtime/src/tvm_ffi.h"
#include "layout.h"
#include "tvm/ffi/c_api.h"

SAME(dp_tvm_object, references, TVMFFIObject, combined_ref_count);
SAME(dp_tvm_object, type, TVMFFIObject, type_index);
SAME(dp_tvm_object, deleter, TVMFFIObject, deleter);
_Static_assert(sizeof(dp_tvm_object) == sizeof(TVMFFIObject), "header");

SAME(dp_tvm_any, type, TVMFFIAny, type_index);
SAME(dp_tvm_any, value.integer, TVMFFIAny, v_int64);
SAME(dp_tvm_any, value.number, TVMFFIAny, v_float64);
SAME(dp_tvm_any, value.pointer, TVMFFIAny, v_ptr);
_Static_assert(sizeof(dp_tvm_any) == sizeof(TVMFFIAny), "any");

EQUAL(DP_TVM_NONE, kTVMFFINone);
EQUAL(DP_TVM_INT, kTVMFFIInt);
EQUAL(DP_TVM_FLOAT, kTVMFFIFloat);
EQUAL(DP_TVM_TENSOR_POINTER, kTVMFFIDLTensorPtr);
EQUAL(DP_TVM_TENSOR, kTVMFFITensor);

/* dp_tensor is DLTensor where dlpack.h comes first, as it does not here. */
SAME(dp_tensor, data, DLTensor, data);
SAME(dp_tensor, device, DLTensor, device);
SAME(dp_tensor, ndim, DLTensor, ndim);
SAME(dp_tensor, dtype, DLTensor, dtype);
SAME(dp_tensor, shape, DLTensor, shape);
SAME(dp_tensor, strides, DLTensor, strides);
SAME(dp_tensor, byte_offset, DLTensor, byte_offset);
_Static_assert(sizeof(dp_tensor) == sizeof(DLTensor), "tensor");
EQUAL(DP_TYPE_INT, kDLInt);
EQUAL(DP_TYPE_FLOAT, kDLFloat);
EQUAL(DP_CPU, kDLCPU);
EQUAL(DP_CPU_PINNED, kDLCUDAHost);
