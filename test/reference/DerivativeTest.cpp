//===- DerivativeTest.cpp - derivatives against differences and properties ===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/reference/Support.h"
#include <cmath>

namespace danskin::reference {
namespace {

const char *const regs[] = {"hard", "entropy", "l2"};

double total(const TensorMap &values) {
  double sum = 0;
  for (const auto &[name, tensor] : values)
    for (double x : tensor.data)
      sum += x;
  return sum;
}

/// Moves gamma and the float inputs along a direction.
void move(Instance &instance, const TensorMap &direction, double step) {
  for (const auto &[name, tensor] : direction)
    for (size_t k = 0; k < tensor.data.size(); ++k)
      (name == "gamma" ? instance.gamma : instance.floats[name].data[k]) +=
          step * tensor.data[k];
}

std::vector<std::string> getSlots(const Case &test) {
  std::vector<std::string> names = test.getFloatNames();
  names.push_back("gamma");
  return names;
}

TEST(Derivatives, GradientsAreSlopes) {
  for (auto &[name, test] : getExamples(1))
    for (const char *reg : regs) {
      TensorMap gradient = test.gradient(reg, getSlots(test));
      TensorMap direction = randomLike(gradient, 7);
      Instance at = test.instance;
      const double h = 1e-5;
      move(test.instance, direction, h);
      double above = total(test.value(reg));
      test.instance = at;
      move(test.instance, direction, -h);
      double below = total(test.value(reg));
      test.instance = at;
      EXPECT_NEAR((above - below) / (2 * h), dot(gradient, direction), 1e-6)
          << name << " " << reg;
    }
}

TEST(Derivatives, HessianProductsAreSlopesOfGradients) {
  for (auto &[name, test] : getExamples(20))
    for (const char *reg : regs) {
      std::vector<std::string> slots = getSlots(test);
      TensorMap direction = randomLike(test.gradient(reg, slots), 3);
      HessianProduct product = test.hessian(reg, slots, direction);
      Instance at = test.instance;
      const double h = 1e-5;
      move(test.instance, direction, h);
      TensorMap above = test.gradient(reg, slots);
      test.instance = at;
      move(test.instance, direction, -h);
      TensorMap below = test.gradient(reg, slots);
      test.instance = at;
      for (const auto &[slot, tensor] : product.hvp)
        for (size_t k = 0; k < tensor.data.size(); ++k)
          EXPECT_NEAR((above[slot].data[k] - below[slot].data[k]) / (2 * h),
                      tensor.data[k], 1e-5)
              << name << " " << reg << " " << slot;
    }
}

TEST(Derivatives, HessiansAreSymmetricAndJvpIsTheGradientsProduct) {
  for (auto &[name, test] : getExamples(40))
    for (const char *reg : regs) {
      std::vector<std::string> slots = getSlots(test);
      for (const auto &let : test.getProgram().lets)
        slots.push_back(let->name);
      TensorMap gradient = test.gradient(reg, slots);
      TensorMap u = randomLike(gradient, 1), v = randomLike(gradient, 2);
      HessianProduct alongV = test.hessian(reg, slots, v);
      HessianProduct alongU = test.hessian(reg, slots, u);
      double scale = 1 + std::fabs(dot(alongV.hvp, u));
      EXPECT_NEAR(dot(alongV.hvp, u), dot(alongU.hvp, v), 1e-10 * scale)
          << name << " " << reg;
      EXPECT_NEAR(total(alongV.jvp), dot(gradient, v), 1e-10 * scale)
          << name << " " << reg;
    }
}

TEST(Derivatives, MaximaLinearInTheirWeightsAreConvex) {
  for (auto &[name, test] : getExamples(60)) {
    if (name == "dtw" || name == "dagpath" || name == "valueiter")
      continue; // minima, or not linear
    for (const char *reg : regs)
      for (unsigned seed = 1; seed < 6; ++seed) {
        TensorMap gradient = test.gradient(reg, test.getFloatNames());
        TensorMap v = randomLike(gradient, seed);
        EXPECT_GE(dot(test.hessian(reg, test.getFloatNames(), v).hvp, v),
                  -1e-10)
            << name << " " << reg;
      }
  }
}

TEST(Derivatives, ScalingAndEuler) {
  for (auto &[name, test] : getExamples(80)) {
    if (name == "dtw" || name == "valueiter")
      continue; // not linear in the inputs
    for (const char *reg : regs) {
      // V = <E, theta> + gamma dV/dgamma.
      TensorMap gradient = test.gradient(reg, getSlots(test));
      double sum = test.instance.gamma * gradient["gamma"].data[0];
      for (const std::string &input : test.getFloatNames())
        for (size_t k = 0; k < gradient[input].data.size(); ++k)
          sum += gradient[input].data[k] * test.instance.floats[input].data[k];
      double once = test.scalar(reg);
      EXPECT_NEAR(once, sum, 1e-10) << name << " " << reg;
      // V of everything doubled is 2 V, to the bit.
      Instance at = test.instance;
      test.instance.gamma *= 2;
      for (auto &[input, tensor] : test.instance.floats)
        for (double &x : tensor.data)
          x *= 2;
      EXPECT_EQ(test.scalar(reg), 2 * once) << name << " " << reg;
      test.instance = at;
    }
  }
}

TEST(Derivatives, GaugeOfAChain) {
  // theta(u -> v) + phi(v) - phi(u) leaves the value, and H times it is 0.
  Case test = Case::fromText(R"(
program p {
  size T >= 1, S
  input w : float[T, S, S]
  table A[t in 0..=T, s in 0..S]
  A[0, s] = 0
  A[t, s] otherwise = max { A[t-1, r] + w[t-1, r, s] for r in 0..S }
  output o = max { A[T, s] for s in 0..S }
})");
  test.size("T", 3).size("S", 3).randomFloats(5);
  Tensor gauge(Shape{3, 3, 3});
  std::mt19937 random(4);
  double phi[4][3] = {};
  for (int t : {1, 2}) // the ends are free of it
    for (double &x : phi[t])
      x = std::normal_distribution<double>()(random);
  for (int64_t t = 0; t < 3; ++t)
    for (int64_t r = 0; r < 3; ++r)
      for (int64_t s = 0; s < 3; ++s)
        gauge.at({t, r, s}) = phi[t + 1][s] - phi[t][r];
  for (const char *reg : regs) {
    double before = test.scalar(reg);
    TensorMap gradient = test.gradient(reg, {"w"});
    HessianProduct product = test.hessian(reg, {"w"}, {{"w", gauge}});
    for (double x : product.hvp["w"].data)
      EXPECT_NEAR(x, 0, 1e-12) << reg;
    Instance at = test.instance;
    move(test.instance, {{"w", gauge}}, 1);
    EXPECT_NEAR(test.scalar(reg), before, 1e-12) << reg;
    TensorMap moved = test.gradient(reg, {"w"});
    test.instance = at;
    for (size_t k = 0; k < moved["w"].data.size(); ++k)
      EXPECT_NEAR(moved["w"].data[k], gradient["w"].data[k], 1e-12) << reg;
  }
}

TEST(Derivatives, GradientOfALetIsTheExpectedAlignment) {
  Case test = Case::fromExample("dtw");
  test.size("N", 5).size("M", 4).size("K", 1).randomFloats(9);
  Tensor alignment = test.gradient("entropy", {"d"})["d"];
  EXPECT_EQ(alignment.shape, (Shape{5, 4}));
  EXPECT_NEAR(alignment.at({0, 0}), 1, 1e-12);
  EXPECT_NEAR(alignment.at({4, 3}), 1, 1e-12);
  for (int64_t i = 0; i < 5; ++i) {
    double row = 0;
    for (int64_t j = 0; j < 4; ++j)
      row += alignment.at({i, j});
    EXPECT_GE(row, 1 - 1e-12); // every row is passed
  }
}

TEST(Derivatives, Conventions) {
  auto slope = [](const std::string &expr, double x, double second) {
    Case test = Case::fromText(
        "program p { input x : float\n output o = " + expr + " }");
    test.set("x", {}, {x});
    Tensor one;
    one.data = {1};
    HessianProduct product = test.hessian("hard", {"x"}, {{"x", one}});
    EXPECT_EQ(product.hvp["x"].data[0], second) << expr;
    EXPECT_EQ(product.jvp["o"].data[0],
              test.gradient("hard", {"x"})["x"].data[0])
        << expr;
    return product.jvp["o"].data[0];
  };
  EXPECT_EQ(slope("abs(x)", 0, 0), 0);
  EXPECT_EQ(slope("sqrt(x)", 0, 0), 0);
  EXPECT_EQ(slope("x^0.5", 0, 0), 0);
  EXPECT_EQ(slope("x^2", 0, 2), 0);
  EXPECT_EQ(slope("-x^2", 3, -2), -6);
  EXPECT_EQ(slope("fmax(x, 2 * x)", 0, 0), 1);
  EXPECT_EQ(slope("fmin(3 * x, x)", 0, 0), 3);
  EXPECT_EQ(slope("clamp(x, -1, 1)", 2, 0), 0);
  EXPECT_EQ(slope("fmax(log(x), 1)", 0, 0), 0);
}

} // namespace
} // namespace danskin::reference
