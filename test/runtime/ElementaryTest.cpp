//===- ElementaryTest.cpp - own functions against libm's long double ------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dp/runtime.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>
#include <random>

namespace {

/// Distance in units of the last place of T.
template <typename T> double ulps(T got, long double wanted) {
  if (std::isnan(wanted))
    return std::isnan(got) ? 0 : HUGE_VAL;
  T rounded = static_cast<T>(wanted);
  if (std::isinf(rounded) || std::isinf(got))
    return rounded == got ? 0 : HUGE_VAL;
  T size = std::fabs(rounded);
  T ulp = std::nextafter(size, std::numeric_limits<T>::infinity()) - size;
  return static_cast<double>(std::fabs(got - wanted) / ulp);
}

struct Case {
  const char *name;
  double (*wide)(double);
  float (*narrow)(float);
  long double (*exact)(long double);
  std::vector<std::pair<double, double>> ranges;
};

const Case cases[] = {
    {"exp",
     dp_exp_f64,
     dp_exp_f32,
     expl,
     {{-750, 710}, {-1, 1}, {-104, 89}, {-1e-9, 1e-9}}},
    {"exp2",
     dp_exp2_f64,
     dp_exp2_f32,
     exp2l,
     {{-1080, 1024}, {-1, 1}, {-150, 128}}},
    {"log",
     dp_log_f64,
     dp_log_f32,
     logl,
     {{0, 3}, {0.9, 1.1}, {0, 1e300}, {0, 1e-310}, {0, 1e-40}}},
    {"log2",
     dp_log2_f64,
     dp_log2_f32,
     log2l,
     {{0, 3}, {0.9, 1.1}, {0, 1e300}, {0, 1e-310}, {0, 1e-40}}},
    {"tanh",
     dp_tanh_f64,
     dp_tanh_f32,
     tanhl,
     {{-1, 1}, {-25, 25}, {0.5, 0.6}, {-1e-300, 1e-300}}}};

TEST(Elementary, IsWithinOneUlp) {
  std::mt19937_64 random(7);
  for (const Case &c : cases)
    for (auto [low, high] : c.ranges) {
      std::uniform_real_distribution<double> draw(low, high);
      double wide = 0, narrow = 0;
      for (int i = 0; i < 50000; ++i) {
        double x = draw(random);
        auto y = static_cast<float>(x);
        wide = std::max(wide, ulps(c.wide(x), c.exact(x)));
        narrow = std::max(narrow, ulps(c.narrow(y), c.exact(y)));
      }
      EXPECT_LT(wide, 1) << c.name << " on " << low << ".." << high;
      EXPECT_LT(narrow, 0.51) << c.name << " on " << low << ".." << high;
    }
}

TEST(Elementary, PowersAreWithinOneUlp) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> logs(-700, 700), near(-5, 5);
  double worst = 0;
  for (int i = 0; i < 100000; ++i) {
    double x = std::exp(i % 2 ? logs(random) : near(random));
    double y = i % 2 ? near(random) / 5 : logs(random) / 5;
    worst = std::max(worst, ulps(dp_pow_f64(x, y), powl(x, y)));
  }
  EXPECT_LT(worst, 1);
}

bool isSame(double got, double wanted) {
  if (std::isnan(wanted))
    return std::isnan(got);
  return std::signbit(got) == std::signbit(wanted) && ulps(got, wanted) < 1.5;
}

TEST(Elementary, SpecialValuesAreThoseOfC) {
  const double infinity = std::numeric_limits<double>::infinity();
  const double values[] = {0.0,      -0.0,      1,         -1,       2,
                           -2,       3,         -3,        0.5,      -0.5,
                           infinity, -infinity, NAN,       1e308,    -1e308,
                           1e-310,   -1e-310,   0x1p53,    -0x1p53,  0x1p53 + 2,
                           1e17,     5e-324,    1.0000001, 0.9999999};
  for (double x : values) {
    EXPECT_PRED2(isSame, dp_exp_f64(x), std::exp(x)) << x;
    EXPECT_PRED2(isSame, dp_exp2_f64(x), std::exp2(x)) << x;
    EXPECT_PRED2(isSame, dp_log_f64(x), std::log(x)) << x;
    EXPECT_PRED2(isSame, dp_log2_f64(x), std::log2(x)) << x;
    EXPECT_PRED2(isSame, dp_tanh_f64(x), std::tanh(x)) << x;
    for (double y : values)
      EXPECT_PRED2(isSame, dp_pow_f64(x, y), std::pow(x, y)) << x << " " << y;
  }
}

} // namespace
