//===- interface.h - what the hand-written kernels are called -------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels written by hand for one purpose each: what a generated kernel is held
// against. They take the shapes that the benchmark measures, no others: batches
// are multiples of 16 or as said, N, M and T multiples of 64, S is 8, 32 or
// 128.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_BENCH_LIMITS_INTERFACE_H
#define DANSKIN_BENCH_LIMITS_INTERFACE_H

#include <cstdint>

/// F(name, parameters, arguments), all of them void.
#define LIMITS_FUNCTIONS(F)                                                    \
  /* Soft-DTW of costs d[b][n][m]; b a multiple of 16, or 1. */                \
  F(softdtw_forward,                                                           \
    (const float *d, int64_t b, int64_t n, int64_t m, float gamma,             \
     float *value),                                                            \
    (d, b, n, m, gamma, value))                                                \
  F(softdtw_gradient,                                                          \
    (const float *d, int64_t b, int64_t n, int64_t m, float gamma,             \
     float *value, float *gradient),                                           \
    (d, b, n, m, gamma, value, gradient))                                      \
  /* The derivative along z and the Hessian-product; b a multiple of 16. */    \
  F(softdtw_product,                                                           \
    (const float *d, const float *z, int64_t b, int64_t n, int64_t m,          \
     float gamma, float *derivative, float *product),                          \
    (d, z, b, n, m, gamma, derivative, product))                               \
  /* Hard DTW; path[b] holds `length[b]` cells i * m + j from the end. */      \
  F(dtw_path,                                                                  \
    (const float *d, int64_t b, int64_t n, int64_t m, float *value,            \
     int32_t *path, int32_t *length),                                          \
    (d, b, n, m, value, path, length))                                         \
  /* Chains of full potentials w[b][t][new][old], from a vector of 0. */       \
  F(chain_forward,                                                             \
    (const float *w, int64_t b, int64_t t, int64_t s, float *value),           \
    (w, b, t, s, value))                                                       \
  F(chain_gradient,                                                            \
    (const float *w, int64_t b, int64_t t, int64_t s, float *value,            \
     float *gradient),                                                         \
    (w, b, t, s, value, gradient))                                             \
  F(chain_path,                                                                \
    (const float *w, int64_t b, int64_t t, int64_t s, float *value,            \
     int32_t *path),                                                           \
    (w, b, t, s, value, path))                                                 \
  F(sparse_chain_forward,                                                      \
    (const float *w, int64_t b, int64_t t, int64_t s, float *value),           \
    (w, b, t, s, value))                                                       \
  /* Chains of shared transitions a[from][to] and scores u[b][t][to]. */       \
  F(crf_forward,                                                               \
    (const float *a, const float *u, int64_t b, int64_t t, int64_t s,          \
     float *value),                                                            \
    (a, u, b, t, s, value))                                                    \
  F(crf_gradient,                                                              \
    (const float *a, const float *u, int64_t b, int64_t t, int64_t s,          \
     float *value, float *byScore, float *byTransition),                       \
    (a, u, b, t, s, value, byScore, byTransition))                             \
  F(crf_path,                                                                  \
    (const float *a, const float *u, int64_t b, int64_t t, int64_t s,          \
     float *value, int32_t *path),                                             \
    (a, u, b, t, s, value, path))                                              \
  /* Local alignment with affine gaps of sequences x[b][n], y[b][m]. */        \
  F(affine_alignment,                                                          \
    (const int32_t *x, const int32_t *y, int64_t b, int64_t n, int64_t m,      \
     const float *scores, int64_t symbols, float opening, float extending,     \
     float *value),                                                            \
    (x, y, b, n, m, scores, symbols, opening, extending, value))

#define LIMITS_DECLARE(name, parameters, arguments) void name parameters;
namespace limits::avx2 {
LIMITS_FUNCTIONS(LIMITS_DECLARE)
}
namespace limits::avx512 {
LIMITS_FUNCTIONS(LIMITS_DECLARE)
}

#endif // DANSKIN_BENCH_LIMITS_INTERFACE_H
