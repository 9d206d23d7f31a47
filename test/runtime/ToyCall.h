//===- ToyCall.h - building and checking calls of the toy -------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TEST_RUNTIME_TOYCALL_H
#define DANSKIN_TEST_RUNTIME_TOYCALL_H

#include "Toy.h"
#include <cstring>
#include <memory>
#include <string>
#include <vector>

/// An array with storage of its own in any layout.
template <typename T> struct Array {
  std::vector<T> storage;
  std::vector<int64_t> shape, strides;
  dp_tensor tensor;

  /// Dense; `dense` false keeps room for `padding` elements between the rows
  /// of the last axis and turns the first axis around.
  explicit Array(std::vector<int64_t> shape, bool dense = true, T fill = T())
      : shape(std::move(shape)) {
    int64_t step = dense ? 1 : 3;
    strides.resize(this->shape.size());
    for (size_t i = strides.size(); i-- > 0;) {
      strides[i] = step;
      step *= this->shape[i] + (dense ? 0 : 1);
    }
    storage.assign(static_cast<size_t>(step) + 1, fill);
    std::memset(&tensor, 0, sizeof tensor);
    tensor.data = storage.data();
    tensor.device.device_type = DP_CPU;
    tensor.ndim = static_cast<int32_t>(this->shape.size());
    tensor.dtype.code = std::is_floating_point<T>::value ? 2 : 0;
    tensor.dtype.bits = sizeof(T) * 8;
    tensor.dtype.lanes = 1;
    tensor.shape = this->shape.data();
    tensor.strides = dense ? nullptr : strides.data();
    if (!dense && !strides.empty() && this->shape[0] > 0) {
      tensor.byte_offset = static_cast<uint64_t>(
          strides[0] * (this->shape[0] - 1) * int64_t(sizeof(T)));
      strides[0] = -strides[0];
    }
  }
  Array(const Array &) = delete;

  template <typename... I> T &operator()(I... index) {
    const int64_t list[] = {int64_t(index)..., 0};
    int64_t at = static_cast<int64_t>(tensor.byte_offset / sizeof(T));
    for (size_t i = 0; i < strides.size(); ++i)
      at += list[i] * strides[i];
    return storage[static_cast<size_t>(at)];
  }
};

/// A batched call of the toy: B instances padded to N x K, weights in common.
template <typename T> struct ToyCall {
  int64_t B, N, K, W;
  Array<T> x, w;
  Array<int64_t> y;
  Array<double> gamma;
  Array<T> score, rows, gradX, gradW;
  Array<int64_t> width, lengths;
  const dp_tensor *inputs[TOY_INPUTS], *outputs[TOY_OUTPUTS];
  const dp_tensor *sizes[TOY_SIZES], *sizeLengths[TOY_SIZES];
  std::vector<char> workspace;
  char error[512] = "";
  dp_call call;
  const dp_entry *entry;

  ToyCall(int64_t B, int64_t N, int64_t K, int64_t W, bool dense = true)
      : B(B), N(N), K(K), W(W), x({B, N, K}, dense), w({K + 1}, dense),
        y({B, N}, dense), gamma({B}, dense, 1), score({B}, dense, T(-7)),
        rows({B, N + W}, dense, T(-7)), gradX({B, N, K}, dense, T(-7)),
        gradW({K + 1}, dense, T(-7)), width({}), lengths({B}, dense, N),
        inputs{&x.tensor, &w.tensor, &y.tensor, &gamma.tensor, nullptr},
        outputs{&score.tensor, &rows.tensor, &gradX.tensor, &gradW.tensor},
        sizes{nullptr, nullptr, &width.tensor}, sizeLengths{},
        entry(sizeof(T) == 8 ? &toy_f64 : &toy_f32) {
    width() = W;
    uint32_t seed = 1;
    auto draw = [&] {
      return int64_t((seed = seed * 1664525u + 1013904223u) >> 16);
    };
    for (int64_t b = 0; b < B; ++b)
      for (int64_t i = 0; i < N; ++i) {
        y(b, i) = draw() % (K + 1);
        for (int64_t k = 0; k < K; ++k)
          x(b, i, k) = T(draw()) / T(7919);
      }
    for (int64_t k = 0; k <= K; ++k)
      w(k) = T(draw()) / T(104729);
    std::memset(&call, 0, sizeof call);
    call.struct_size = sizeof call;
    call.num_inputs = TOY_INPUTS;
    call.num_outputs = TOY_OUTPUTS;
    call.num_sizes = TOY_SIZES;
    call.inputs = inputs;
    call.outputs = outputs;
    call.sizes = sizes;
    call.error = error;
    call.error_bytes = sizeof error;
  }

  void useLengths() {
    sizeLengths[TOY_N] = &lengths.tensor;
    call.lengths = sizeLengths;
  }

  /// Calls with exactly the workspace it asks for.
  int operator()() {
    int64_t bytes = dp_workspace(entry, &call);
    if (bytes < 0)
      return int(-bytes);
    workspace.assign(size_t(bytes), '\xff');
    call.workspace = workspace.data();
    call.workspace_bytes = bytes;
    return dp_invoke(entry, &call);
  }
};

#endif
