//===- Toy.h - a hand-written entry for the runtime's tests -------*- C -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   size N >= 1, K, W
//   input x : float[N, K]
//   input w : float[K + 1]
//   input y : int[N] in 0..K + 1
//   score = W + ct * gamma * sum { sum { x[i, k] * w[k] } + w[y[i]] }
//   rows[i in 0..N + W] = the i-th term, and W beyond N
//
// with the gradients in x and w.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TEST_RUNTIME_TOY_H
#define DANSKIN_TEST_RUNTIME_TOY_H

#include "dp/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TOY_N, TOY_K, TOY_W, TOY_SIZES };
enum { TOY_X, TOY_WEIGHTS, TOY_Y, TOY_GAMMA, TOY_CT, TOY_INPUTS };
enum { TOY_SCORE, TOY_ROWS, TOY_GRAD_X, TOY_GRAD_W, TOY_OUTPUTS };

extern const dp_entry toy_f64, toy_f32;

/* The kernel of toy_f64 fails with this code for a score it dislikes. */
enum { TOY_FAILURE = 7 };
extern const double toy_poison; /* as x[0, 0] it makes the kernel fail */

/* Calls toy_f64 on one small instance from C; 0 if everything was right,
 * otherwise the line that was not. */
int call_toy_from_c(void);

#ifdef __cplusplus
}
#endif
#endif
