//===- GraphTest.cpp - faults of a dag speak of edges and vertices --------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ToyCall.h"
#include "gtest/gtest.h"

namespace {

// size V, E; input g : dag[V, E]
const int64_t of_v[] = {1, 0}, of_e[] = {0, 1};
const dp_size sizes[] = {{"V", -1}, {"E", -1}};
const dp_affine pointers[] = {{of_v, 1, "V + 1"}}, sources[] = {{of_e, 0, "E"}};
const dp_input inputs[] = {
    {"g.indptr", "input g : dag[V, E]", DP_KIND_INT, 1, pointers, 0, 0},
    {"g.src", "input g : dag[V, E]", DP_KIND_INT, 1, sources, 0, 0}};

int32_t run(const int64_t *, void *const *, const int64_t *, void *) {
  return 0;
}
int64_t workspace(const int64_t *) { return 0; }
void extents(const int64_t *, int64_t *) {}

int64_t guilty, found[4];
int64_t validate(const int64_t *, void *const *, const int64_t *,
                 int64_t *fault) {
  std::memcpy(fault, found, sizeof found);
  return guilty;
}

const dp_entry entry = {"graph",  "value", "f32",   32,        2,
                        0,        2,       0,       sizes,     nullptr,
                        inputs,   nullptr, run,     workspace, extents,
                        validate, 0,       nullptr, nullptr};

std::string callWith(int64_t input, std::vector<int64_t> fault) {
  guilty = input + 1;
  std::copy(fault.begin(), fault.end(), found);
  Array<int64_t> indptr({4}), src({2});
  const dp_tensor *tensors[] = {&indptr.tensor, &src.tensor};
  char error[300] = "";
  dp_call call = {};
  call.struct_size = sizeof call;
  call.num_inputs = 2;
  call.inputs = tensors;
  call.error = error;
  call.error_bytes = sizeof error;
  EXPECT_EQ(dp_invoke(&entry, &call), DP_ERROR_VALUE);
  return error;
}

TEST(Graph, FaultsSpeakOfEdgesAndVertices) {
  EXPECT_EQ(callWith(1, {1, 2, 0, 2}),
            "input `g.src`: element [1] is 2, but must lie in 0..2: edge 1 "
            "leads to vertex 2, from one before it (input g : dag[V, E]) "
            "[R11]");
  EXPECT_EQ(callWith(0, {2, 1, 2, 3}),
            "input `g.indptr`: element [2] is 1, but must lie in 2..3: the "
            "edges to vertex 1 end there (input g : dag[V, E]) [R11]");
  EXPECT_EQ(callWith(0, {0, 1, 0, 1}),
            "input `g.indptr`: element [0] is 1, but must lie in 0..1: the "
            "edges to vertex 0 begin there (input g : dag[V, E]) [R11]");
}

} // namespace
