/*===- emulator.h - the threads of a GPU on the CPU ---------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* What kernels compiled for the emulator call (compiler/target/Device.cpp).
|*
\*===----------------------------------------------------------------------===*/
#ifndef DP_SRC_EMULATOR_H
#define DP_SRC_EMULATOR_H

#include "dp/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A dp_emulator. */
const char *dp_emulator_launch(dp_emulated_kernel kernel, int64_t *words,
                               int64_t blocks, int32_t threads);

int32_t dp_emulator_thread(void); /* of the block */
int32_t dp_emulator_threads(void);
int32_t dp_emulator_block(void);
int32_t dp_emulator_blocks(void);
void dp_emulator_barrier(void);
/* A barrier that gives whether any thread's vote is not 0. */
int32_t dp_emulator_barrier_or(int32_t vote);
extern char dp_near[DP_EMULATED_NEAR_BYTES];
/* Before an access of so many bytes. */
void dp_emulator_read(const void *address, int64_t bytes);
void dp_emulator_write(const void *address, int64_t bytes);

#ifdef __cplusplus
}
#endif
#endif
