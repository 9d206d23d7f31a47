/*===- runtime.h - what generated code calls ----------------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* All of it is linked into each library and hidden there. Ownership, threads,
|* errors and versions: runtime/README.md.
|*
\*===----------------------------------------------------------------------===*/
#ifndef DP_RUNTIME_H
#define DP_RUNTIME_H

#include "dp/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Checks the call, then computes every instance of the batch, in parallel.
 * Equivalent loop: for b in 0..B: entry->run(instance b). Returns DP_OK or an
 * error code. Reentrant; the bits of the results do not depend on the number
 * of threads. */
int dp_invoke(const dp_entry *entry, const dp_call *call);

/* Bytes of workspace that dp_invoke wants for this call, or minus an error
 * code. Reads inputs' shapes, sizes and lengths, but no data; needs no outputs.
 */
int64_t dp_workspace(const dp_entry *entry, const dp_call *call);

/* The shape that an output of this call must have, batch axis included.
 * `shape` has room for the declared rank + 1. Returns DP_OK or an error code.
 */
int dp_output_shape(const dp_entry *entry, const dp_call *call, int32_t output,
                    int32_t *rank, int64_t *shape);

/* Starts the threads that a call with this max_threads would use, so that no
 * later call allocates. Optional. */
int dp_prepare(int32_t max_threads);

/* An entry as other hosts call one. Both take a workspace from malloc, since
 * these hosts bring none, that of XLA on a GPU from XLA; nothing of theirs need
 * be installed.
 *
 * dp_xla_ffi is a handler of XLA's typed FFI: `frame` is a XLA_FFI_CallFrame,
 * the result a XLA_FFI_Error. runtime/src/xla_ffi.c has its attributes.
 *
 * dp_tvm_ffi is a function of TVM FFI: `arguments` and `result` are TVMFFIAny.
 * The `count` entries differ in their element type alone. runtime/src/tvm_ffi.c
 * has the order of the arguments. */
void *dp_xla_ffi(const dp_entry *entry, void *frame);
int dp_tvm_ffi(const dp_entry *const *entries, int32_t count,
               const void *arguments, int32_t num_arguments, void *result);

/* Waits for all threads that compute an instance together; NULL: it is one. */
void dp_meet(void *team);
/* From here on what this thread computes is 0 if it is below the least normal
 * number; gives what dp_restore_underflow takes. */
uint64_t dp_flush_underflow(void);
void dp_restore_underflow(uint64_t before);

/* The most of DP_ISA_* that this processor has and its system keeps the
 * registers of. Compilers ask it too. */
int32_t dp_host_isa(void);

/* Elementary functions without libm: the same bits everywhere. f64: below
 * 1 ULP; f32: rounded from f64. They follow C99 annex F for special values,
 * but set no errno and care for no floating-point exceptions. */
double dp_exp_f64(double x);
double dp_exp2_f64(double x);
double dp_log_f64(double x);
double dp_log2_f64(double x);
double dp_tanh_f64(double x);
double dp_pow_f64(double x, double y);
float dp_exp_f32(float x);
float dp_exp2_f32(float x);
float dp_log_f32(float x);
float dp_log2_f32(float x);
float dp_tanh_f32(float x);
float dp_pow_f32(float x, float y);

#ifdef __cplusplus
}
#endif
#endif
