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
void dp_emulator_launch(dp_emulated_launch *launch);

int32_t dp_emulator_thread(void); /* of the block */
int32_t dp_emulator_threads(void);
int32_t dp_emulator_block(void);
int32_t dp_emulator_blocks(void);
/* Waits for the others, who must come to the same place in the code. */
void dp_emulator_barrier(int32_t place);
/* A barrier that gives whether any thread's vote is not 0. */
int32_t dp_emulator_barrier_or(int32_t vote, int32_t place);
extern char dp_near[DP_EMULATED_NEAR_BYTES];
/* A variable that kernels have besides. */
void dp_emulator_variable(const void *address, int64_t bytes);
/* Before an access of so many bytes at once. */
void dp_emulator_read(const void *address, int64_t bytes);
void dp_emulator_write(const void *address, int64_t bytes);
/* A write of what several threads may write. */
void dp_emulator_set(const void *address, int64_t bytes);

#ifdef __cplusplus
}
#endif
#endif
