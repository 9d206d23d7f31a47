/*===- xla_layout.c - runtime/src/xla_ffi.h against XLA's header --*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#include "runtime/src/xla_ffi.h"
#include "layout.h"
#include "xla/ffi/api/c_api.h"

SAME(dp_xla_extension, struct_size, XLA_FFI_Extension_Base, struct_size);
SAME(dp_xla_extension, type, XLA_FFI_Extension_Base, type);
SAME(dp_xla_extension, next, XLA_FFI_Extension_Base, next);

SAME(dp_xla_version, extensions, XLA_FFI_Api_Version, extension_start);
SAME(dp_xla_version, major, XLA_FFI_Api_Version, major_version);
SAME(dp_xla_version, minor, XLA_FFI_Api_Version, minor_version);

SAME(dp_xla_metadata, version, XLA_FFI_Metadata, api_version);
SAME(dp_xla_metadata, traits, XLA_FFI_Metadata, traits);
SAME(dp_xla_metadata_extension, metadata, XLA_FFI_Metadata_Extension, metadata);

SAME(dp_xla_buffer, dtype, XLA_FFI_Buffer, dtype);
SAME(dp_xla_buffer, data, XLA_FFI_Buffer, data);
SAME(dp_xla_buffer, rank, XLA_FFI_Buffer, rank);
SAME(dp_xla_buffer, dims, XLA_FFI_Buffer, dims);

SAME(dp_xla_buffers, size, XLA_FFI_Args, size);
SAME(dp_xla_buffers, types, XLA_FFI_Args, types);
SAME(dp_xla_buffers, buffers, XLA_FFI_Args, args);
SAME(dp_xla_buffers, size, XLA_FFI_Rets, size);
SAME(dp_xla_buffers, types, XLA_FFI_Rets, types);
SAME(dp_xla_buffers, buffers, XLA_FFI_Rets, rets);

SAME(dp_xla_span, text, XLA_FFI_ByteSpan, ptr);
SAME(dp_xla_span, length, XLA_FFI_ByteSpan, len);
SAME(dp_xla_array, dtype, XLA_FFI_Array, dtype);
SAME(dp_xla_array, size, XLA_FFI_Array, size);
SAME(dp_xla_array, data, XLA_FFI_Array, data);

SAME(dp_xla_attributes, size, XLA_FFI_Attrs, size);
SAME(dp_xla_attributes, types, XLA_FFI_Attrs, types);
SAME(dp_xla_attributes, names, XLA_FFI_Attrs, names);
SAME(dp_xla_attributes, values, XLA_FFI_Attrs, attrs);

SAME(dp_xla_error_arguments, message, XLA_FFI_Error_Create_Args, message);
SAME(dp_xla_error_arguments, code, XLA_FFI_Error_Create_Args, errc);
SAME(dp_xla_stream_arguments, context, XLA_FFI_Stream_Get_Args, ctx);
SAME(dp_xla_stream_arguments, stream, XLA_FFI_Stream_Get_Args, stream);
SAME(dp_xla_ordinal_arguments, context, XLA_FFI_DeviceOrdinal_Get_Args, ctx);
SAME(dp_xla_ordinal_arguments, ordinal, XLA_FFI_DeviceOrdinal_Get_Args,
     device_ordinal);
SAME(dp_xla_allocate_arguments, context, XLA_FFI_DeviceMemory_Allocate_Args,
     ctx);
SAME(dp_xla_allocate_arguments, size, XLA_FFI_DeviceMemory_Allocate_Args, size);
SAME(dp_xla_allocate_arguments, alignment, XLA_FFI_DeviceMemory_Allocate_Args,
     alignment);
SAME(dp_xla_allocate_arguments, data, XLA_FFI_DeviceMemory_Allocate_Args, data);
SAME(dp_xla_free_arguments, context, XLA_FFI_DeviceMemory_Free_Args, ctx);
SAME(dp_xla_free_arguments, size, XLA_FFI_DeviceMemory_Free_Args, size);
SAME(dp_xla_free_arguments, data, XLA_FFI_DeviceMemory_Free_Args, data);

SAME(dp_xla_api, version, XLA_FFI_Api, api_version);
SAME(dp_xla_api, create_error, XLA_FFI_Api, XLA_FFI_Error_Create);
SAME(dp_xla_api, get_stream, XLA_FFI_Api, XLA_FFI_Stream_Get);
SAME(dp_xla_api, allocate, XLA_FFI_Api, XLA_FFI_DeviceMemory_Allocate);
SAME(dp_xla_api, free, XLA_FFI_Api, XLA_FFI_DeviceMemory_Free);
SAME(dp_xla_api, get_ordinal, XLA_FFI_Api, XLA_FFI_DeviceOrdinal_Get);

SAME(dp_xla_frame, extensions, XLA_FFI_CallFrame, extension_start);
SAME(dp_xla_frame, api, XLA_FFI_CallFrame, api);
SAME(dp_xla_frame, context, XLA_FFI_CallFrame, ctx);
SAME(dp_xla_frame, stage, XLA_FFI_CallFrame, stage);
SAME(dp_xla_frame, arguments, XLA_FFI_CallFrame, args);
SAME(dp_xla_frame, results, XLA_FFI_CallFrame, rets);
SAME(dp_xla_frame, attributes, XLA_FFI_CallFrame, attrs);

EQUAL(DP_XLA_METADATA, XLA_FFI_Extension_Metadata);
EQUAL(DP_XLA_EXECUTE, XLA_FFI_ExecutionStage_EXECUTE);
EQUAL(DP_XLA_ARRAY, XLA_FFI_AttrType_ARRAY);
EQUAL(DP_XLA_INVALID_ARGUMENT, XLA_FFI_Error_Code_INVALID_ARGUMENT);
EQUAL(DP_XLA_RESOURCE_EXHAUSTED, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED);
EQUAL(DP_XLA_UNIMPLEMENTED, XLA_FFI_Error_Code_UNIMPLEMENTED);
EQUAL(DP_XLA_INTERNAL, XLA_FFI_Error_Code_INTERNAL);
EQUAL(DP_XLA_S32, XLA_FFI_DataType_S32);
EQUAL(DP_XLA_S64, XLA_FFI_DataType_S64);
EQUAL(DP_XLA_F32, XLA_FFI_DataType_F32);
EQUAL(DP_XLA_F64, XLA_FFI_DataType_F64);
EQUAL(DP_XLA_MAJOR, XLA_FFI_API_MAJOR);
_Static_assert(DP_XLA_MINOR <= XLA_FFI_API_MINOR, "a version to come");
