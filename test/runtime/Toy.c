//===- Toy.c - a hand-written entry for the runtime's tests ---------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Toy.h"

const double toy_poison = 1e300;

#define AT2(array, strides, i, j) array[(i) * strides[0] + (j) * strides[1]]

#define DEFINE_RUN(NAME, REAL)                                                 \
  static int32_t NAME(const int64_t *sizes, void *const *arrays,               \
                      const int64_t *strides, void *workspace) {               \
    const int64_t N = sizes[TOY_N], K = sizes[TOY_K], W = sizes[TOY_W];        \
    const REAL *x = arrays[TOY_X], *w = arrays[TOY_WEIGHTS];                   \
    const int64_t *y = arrays[TOY_Y];                                          \
    const double gamma = *(const double *)arrays[TOY_GAMMA];                   \
    const REAL scale = (REAL)gamma * *(const REAL *)arrays[TOY_CT];            \
    REAL *const *out = (REAL *const *)arrays + TOY_INPUTS;                     \
    const int64_t *sx = strides, *sw = strides + 2, *sy = strides + 3;         \
    const int64_t *s_rows = strides + 4, *s_dx = strides + 5,                  \
                  *s_dw = strides + 7;                                         \
    REAL *terms = workspace;                                                   \
    REAL total = 0;                                                            \
    for (int64_t k = 0; k <= K; ++k)                                           \
      out[TOY_GRAD_W][k * s_dw[0]] = 0;                                        \
    for (int64_t i = 0; i < N; ++i) {                                          \
      int64_t label = y[i * sy[0]];                                            \
      terms[i] = w[label * sw[0]];                                             \
      out[TOY_GRAD_W][label * s_dw[0]] += scale;                               \
      for (int64_t k = 0; k < K; ++k) {                                        \
        if ((double)AT2(x, sx, i, k) == toy_poison)                            \
          return TOY_FAILURE;                                                  \
        terms[i] += AT2(x, sx, i, k) * w[k * sw[0]];                           \
        AT2(out[TOY_GRAD_X], s_dx, i, k) = scale * w[k * sw[0]];               \
        out[TOY_GRAD_W][k * s_dw[0]] += scale * AT2(x, sx, i, k);              \
      }                                                                        \
      total += terms[i];                                                       \
    }                                                                          \
    for (int64_t i = 0; i < N; ++i)                                            \
      out[TOY_ROWS][i * s_rows[0]] = terms[i];                                 \
    for (int64_t i = N; i < N + W; ++i)                                        \
      out[TOY_ROWS][i * s_rows[0]] = (REAL)W;                                  \
    *out[TOY_SCORE] = (REAL)W + scale * total;                                 \
    return 0;                                                                  \
  }

DEFINE_RUN(run_f64, double)
DEFINE_RUN(run_f32, float)

static int64_t workspace(const int64_t *sizes) {
  return sizes[TOY_N] > INT64_MAX / 8 ? -1 : sizes[TOY_N] * 8;
}

static void extents(const int64_t *sizes, int64_t *extents) {
  extents[0] = sizes[TOY_N] + sizes[TOY_W];
  extents[1] = sizes[TOY_N];
  extents[2] = sizes[TOY_K];
  extents[3] = sizes[TOY_K] + 1;
}

static int64_t validate(const int64_t *sizes, void *const *arrays,
                        const int64_t *strides, int64_t *fault) {
  const int64_t *y = arrays[TOY_Y];
  for (int64_t i = 0; i < sizes[TOY_N]; ++i) {
    int64_t value = y[i * strides[3]];
    if (value >= 0 && value < sizes[TOY_K] + 1)
      continue;
    fault[0] = i;
    fault[1] = value;
    fault[2] = 0;
    fault[3] = sizes[TOY_K] + 1;
    return 1 + TOY_Y;
  }
  return 0;
}

static const int64_t of_n[] = {1, 0, 0}, of_k[] = {0, 1, 0};
static const dp_size sizes[] = {{"N", -1}, {"K", -1}, {"W", -1}};
static const dp_constraint constraints[] = {{{of_n, -1, "N - 1"}, 0, "N >= 1"}};
static const dp_affine x_extents[] = {{of_n, 0, "N"}, {of_k, 0, "K"}};
static const dp_affine w_extents[] = {{of_k, 1, "K + 1"}};
static const dp_affine y_extents[] = {{of_n, 0, "N"}};
static const dp_input inputs[] = {
    {"x", "input x : float[N, K]", DP_KIND_FLOAT, 2, x_extents, 0, 0},
    {"w", "input w : float[K + 1]", DP_KIND_FLOAT, 1, w_extents, 0, 0},
    {"y", "input y : int[N] in 0..K + 1", DP_KIND_INT, 1, y_extents, 0, 0},
    {"gamma", "reg entropy", DP_KIND_GAMMA, 0, 0, DP_INPUT_DEFAULT, 1},
    {"ct.score", "output score", DP_KIND_FLOAT, 0, 0, DP_INPUT_DEFAULT, 1}};
static const dp_output outputs[] = {{"score", DP_KIND_FLOAT, 0, -1},
                                    {"rows", DP_KIND_FLOAT, 1, -1},
                                    {"grad.x", DP_KIND_FLOAT, 2, TOY_X},
                                    {"grad.w", DP_KIND_FLOAT, 1, TOY_WEIGHTS}};

#define DEFINE_ENTRY(DTYPE, BITS)                                              \
  const dp_entry toy_##DTYPE = {                                               \
      "toy",       "value_grad", #DTYPE,  BITS,        TOY_SIZES, 1,           \
      TOY_INPUTS,  TOY_OUTPUTS,  sizes,   constraints, inputs,    outputs,     \
      run_##DTYPE, workspace,    extents, validate,    0,         NULL,        \
      NULL};

DEFINE_ENTRY(f64, 64)
DEFINE_ENTRY(f32, 32)
