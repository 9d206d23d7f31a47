//===- SizesTest.cpp - sizes from shapes ----------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ToyCall.h"
#include "gtest/gtest.h"

namespace {

// size A, B == A + 1, C, D == 4 (specialized)
// input p : float[C - A], q : float[2 * A + 1, B], r : float[10 - C, D]
const int64_t c_a[] = {-1, 0, 1, 0}, two_a[] = {2, 0, 0, 0}, b[] = {0, 1, 0, 0},
              minus_c[] = {0, 0, -1, 0}, d[] = {0, 0, 0, 1},
              b_a[] = {-1, 1, 0, 0};
const dp_size sizes[] = {{"A", -1}, {"B", -1}, {"C", -1}, {"D", 4}};
const dp_constraint constraints[] = {{{b_a, -1, "B - A - 1"}, 1, "B == A + 1"}};
const dp_affine p_extents[] = {{c_a, 0, "C - A"}};
const dp_affine q_extents[] = {{two_a, 1, "2 * A + 1"}, {b, 0, "B"}};
const dp_affine r_extents[] = {{minus_c, 10, "10 - C"}, {d, 0, "D"}};
const dp_input inputs[] = {
    {"p", "input p : float[C - A]", DP_KIND_FLOAT, 1, p_extents, 0, 0},
    {"q", "input q : float[2 * A + 1, B]", DP_KIND_FLOAT, 2, q_extents, 0, 0},
    {"r", "input r : float[10 - C, D]", DP_KIND_FLOAT, 2, r_extents, 0, 0}};
const dp_output outputs[] = {{"sizes", DP_KIND_INT, 1, -1}};

int32_t run(const int64_t *values, void *const *arrays, const int64_t *strides,
            void *) {
  for (int k = 0; k < 4; ++k)
    static_cast<int64_t *>(arrays[3])[k * strides[5]] = values[k];
  return 0;
}
int64_t workspace(const int64_t *) { return 0; }
void extents(const int64_t *, int64_t *result) { result[0] = 4; }

const dp_entry entry = {"affine", "value", "f32",   32,        4,
                        1,        3,       1,       sizes,     constraints,
                        inputs,   outputs, run,     workspace, extents,
                        nullptr,  0,       nullptr, nullptr};

struct Call {
  Array<float> p, q, r;
  Array<int64_t> out{{4}};
  const dp_tensor *in[3] = {&p.tensor, &q.tensor, &r.tensor};
  const dp_tensor *results[1] = {&out.tensor};
  char error[300] = "";
  dp_call call = {};

  Call(int64_t p, std::vector<int64_t> q, std::vector<int64_t> r)
      : p({p}), q(q), r(r) {
    call.struct_size = sizeof call;
    call.num_inputs = 3;
    call.num_outputs = 1;
    call.inputs = in;
    call.outputs = results;
    call.error = error;
    call.error_bytes = sizeof error;
  }
  int operator()() { return dp_invoke(&entry, &call); }
};

TEST(Sizes, AreSolvedThroughForms) {
  // C from r, then A from p, then B from q or the constraint.
  Call c(2, {7, 4}, {5, 4});
  ASSERT_EQ(c(), DP_OK) << c.error;
  EXPECT_EQ(c.out(0), 3);
  EXPECT_EQ(c.out(1), 4);
  EXPECT_EQ(c.out(2), 5);
  EXPECT_EQ(c.out(3), 4);
}

TEST(Sizes, ContradictionsNameBothSides) {
  Call q(2, {8, 4}, {5, 4});
  EXPECT_EQ(q(), DP_ERROR_SHAPE);
  EXPECT_STREQ(q.error,
               "input `q`: axis 0 is 8, but must be `2 * A + 1` = 7, with A = "
               "3 (axis 0 of input `p`) (input q : float[2 * A + 1, B]) [R05]");
  Call r(2, {7, 4}, {5, 3});
  EXPECT_EQ(r(), DP_ERROR_SHAPE);
  EXPECT_STREQ(r.error, "input `r`: axis 1 is 3, but must be `D` = 4, with D = "
                        "4 (specialized) (input r : float[10 - C, D]) [R05]");
  Call b(2, {7, 5}, {5, 4});
  EXPECT_EQ(b(), DP_ERROR_CONSTRAINT);
  EXPECT_STREQ(b.error, "the program demands `B == A + 1`, but A = 3 (axis 0 "
                        "of input `p`), B = 5 (axis 1 of input `q`) [R07]");
  Call negative(2, {7, 4}, {11, 4});
  EXPECT_EQ(negative(), DP_ERROR_SIZE);
  EXPECT_STREQ(negative.error,
               "`10 - C` = 11 leaves no size `C` >= 0 (axis 0 of input `r`) "
               "(input r : float[10 - C, D]) [R06]");
}

TEST(Sizes, SpecializedOnesHaveOneLength) {
  Call c(2, {7, 4}, {5, 4});
  Array<int64_t> length({}, true, 3);
  const dp_tensor *lengths[] = {nullptr, nullptr, nullptr, &length.tensor};
  c.call.lengths = lengths;
  c.call.num_sizes = 4;
  EXPECT_EQ(c(), DP_ERROR_LENGTH);
  EXPECT_STREQ(
      c.error,
      "length of `D`: it is 3, but must lie in 4..=4 (specialized) [R08]");
}

TEST(Sizes, InstancesStayWithinThePadding) {
  // A shorter A makes C - A longer than p.
  Call c(2, {7, 4}, {5, 4});
  Array<int64_t> a({}, true, 2), b({}, true, 3);
  const dp_tensor *lengths[] = {&a.tensor, &b.tensor, nullptr, nullptr};
  c.call.lengths = lengths;
  c.call.num_sizes = 4;
  EXPECT_EQ(c(), DP_ERROR_LENGTH);
  EXPECT_STREQ(c.error, "input `p`: axis 0 is padded to 2, but `C - A` = 3, "
                        "with A = 2 (axis 0 of input `p`), C = 5 (axis 0 of "
                        "input `r`) (input p : float[C - A]) [R08]");
}

} // namespace
