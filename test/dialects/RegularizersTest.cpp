//===- RegularizersTest.cpp - the numbers of the emitted code -------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compares compiled choices with max_Omega from its definition: the weights are
// found by bisection in extended precision, the value is <q, x> - Omega(q).
//
//===----------------------------------------------------------------------===//

#include "dialects/dp/Dp.h"
#include "test/dialects/CompiledChoice.h"
#include "test/dialects/Tsallis15.h"
#include "gtest/gtest.h"
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <random>

using namespace danskin::test;
using Real = long double;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// A regularizer by its definition: Omega of one weight, and the weight as a
/// function of x - tau, which grows with it. Without the latter: hard.
struct Definition {
  const char *name;
  std::function<Real(Real)> omega;
  std::function<Real(Real)> weight;
  std::function<Real(Real)> curvature;
};

Real square(Real x) { return x * x; }

const Definition definitions[] = {
    {"hard", [](Real) { return 0; }, nullptr, [](Real) { return 0; }},
    {"entropy", [](Real q) { return q > 0 ? q * std::log(q) : 0; },
     [](Real d) { return std::exp(d); }, [](Real q) { return q; }},
    {"l2", [](Real q) { return q * q / 2; },
     [](Real d) { return std::max<Real>(0, d); },
     [](Real q) { return q > 0 ? 1 : 0; }},
    {"tsallis15",
     [](Real q) { return 4 / Real(3) * (std::pow(q, Real(1.5)) - q); },
     [](Real d) { return square(std::max<Real>(0, d / 2)); },
     [](Real q) { return std::sqrt(q); }},
};

mlir::dp::RegularizerAttrInterface getAttribute(const std::string &name,
                                                mlir::MLIRContext *context) {
  context->loadDialect<mlir::dp::DpDialect>();
  if (name == "hard")
    return mlir::dp::HardAttr::get(context);
  if (name == "entropy")
    return mlir::dp::EntropyAttr::get(context);
  if (name == "l2")
    return mlir::dp::L2Attr::get(context);
  return getTsallis15(context);
}

/// Weights that sum to 1, for scores relative to their maximum.
std::vector<Real> findWeights(const Definition &definition,
                              const std::vector<Real> &distances) {
  std::vector<Real> weights(distances.size(), 0);
  if (!definition.weight) {
    for (size_t i = 0; i < distances.size(); ++i)
      if (distances[i] == 0) {
        weights[i] = 1;
        break;
      }
    return weights;
  }
  Real low = -2, high = std::log(Real(distances.size() + 1)) + 1;
  for (int round = 0; round < 200; ++round) {
    Real tau = (low + high) / 2, sum = 0;
    for (size_t i = 0; i < distances.size(); ++i)
      sum += weights[i] = definition.weight(distances[i] - tau);
    (sum > 1 ? low : high) = tau;
  }
  return weights;
}

ChoiceResult evaluate(const Definition &definition,
                      const std::vector<double> &scores) {
  double maximum = -infinity;
  std::vector<size_t> counting;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (std::isnan(scores[i]))
      return {nan, {}, {}};
    if (scores[i] > -infinity)
      counting.push_back(i);
    maximum = std::max(maximum, scores[i]);
  }
  ChoiceResult result = {maximum, std::vector<double>(scores.size()), {}};
  std::vector<Real> distances;
  for (size_t i : counting)
    distances.push_back(scores[i] == maximum ? 0
                                             : Real(scores[i]) - Real(maximum));
  Real relative = 0;
  std::vector<Real> weights = findWeights(definition, distances);
  for (size_t k = 0; k < counting.size(); ++k) {
    result.weights[counting[k]] = weights[k];
    if (weights[k] > 0)
      relative += weights[k] * distances[k] - definition.omega(weights[k]);
  }
  if (!counting.empty())
    result.value = Real(maximum) + relative;
  return result;
}

class Regularizers
    : public testing::TestWithParam<std::tuple<Definition, bool>> {
protected:
  void SetUp() override {
    context = std::make_unique<mlir::MLIRContext>(
        mlir::MLIRContext::Threading::DISABLED);
    choice = std::make_unique<CompiledChoice>(
        getAttribute(getDefinition().name, context.get()), isDouble());
  }

  const Definition &getDefinition() const { return std::get<0>(GetParam()); }
  bool isDouble() const { return std::get<1>(GetParam()); }
  double round(double x) const { return isDouble() ? x : float(x); }
  double epsilon() const { return isDouble() ? 0x1p-52 : 0x1p-23; }

  /// Runs the compiled choice on the scores and compares with the definition.
  void check(std::vector<double> scores) const {
    for (double &score : scores)
      score = round(score);
    SCOPED_TRACE(testing::PrintToString(scores));
    ChoiceResult expected = evaluate(getDefinition(), scores);
    ChoiceResult got = choice->run(scores);
    if (std::isnan(expected.value)) {
      EXPECT_TRUE(std::isnan(got.value)) << got.value;
      return;
    }
    double tolerance = 8 * epsilon() * (1 + std::sqrt(scores.size()));
    if (std::isinf(expected.value))
      EXPECT_EQ(got.value, expected.value);
    else
      EXPECT_NEAR(got.value, expected.value,
                  tolerance * (1 + std::abs(expected.value)));
    for (size_t i = 0; i < scores.size(); ++i) {
      EXPECT_NEAR(got.weights[i], expected.weights[i], tolerance) << i;
      if (scores[i] > -infinity)
        EXPECT_NEAR(got.curvatures[i],
                    double(getDefinition().curvature(got.weights[i])),
                    2 * epsilon())
            << i;
    }
  }

  std::unique_ptr<mlir::MLIRContext> context;
  std::unique_ptr<CompiledChoice> choice;
};

/// Differences of weights are too coarse in f32.
class RegularizersInDouble : public Regularizers {};

TEST_P(Regularizers, IsTheIdentityWithoutCandidates) {
  check({});
  check({-infinity, -infinity});
  EXPECT_EQ(choice->run({}).value, -infinity);
}

TEST_P(Regularizers, TakesASingleCandidateWhole) {
  for (double score : {0.0, 1.5, -1e30, 1e-300, infinity}) {
    check({score});
    EXPECT_EQ(choice->run({round(score)}).weights[0], 1);
  }
}

TEST_P(Regularizers, CountsInfiniteScores) {
  check({infinity, 1, infinity});
  check({1, infinity, -1e30, infinity, infinity});
  check({3, -infinity, 2});
}

TEST_P(Regularizers, PropagatesNaN) {
  check({nan});
  check({1, nan, 2});
  check({nan, infinity});
  check({infinity, nan});
  check({2, 1, nan, -infinity});
  if (std::string(getDefinition().name) != "hard") {
    for (double weight : choice->run({1, nan, 2}).weights)
      EXPECT_TRUE(std::isnan(weight));
    for (double curvature : choice->run({1, nan, 2}).curvatures)
      EXPECT_TRUE(std::isnan(curvature));
  }
}

TEST_P(Regularizers, AgreesOnRandomLists) {
  std::mt19937 generator(7);
  std::normal_distribution<double> normal;
  for (size_t size : {1, 2, 3, 4, 10, 100})
    for (double scale : {1e-310, 1e-40, 1e-3, 1.0, 10.0, 1e30})
      for (int round = 0; round < 8; ++round) {
        std::vector<double> scores(size);
        for (double &score : scores)
          score = scale * normal(generator);
        check(scores);
      }
}

TEST_P(Regularizers, AgreesOnTies) {
  std::mt19937 generator(8);
  std::uniform_int_distribution<int> draw(0, 3);
  for (size_t size : {2, 3, 5, 30})
    for (int round = 0; round < 20; ++round) {
      std::vector<double> scores(size);
      for (double &score : scores)
        score = draw(generator) == 3 && round % 4 == 0 ? -infinity
                                                       : draw(generator);
      check(scores);
    }
  check(std::vector<double>(1000, 0.1));
}

/// H u, by the rule that the compiler uses, against differences of weights.
TEST_P(RegularizersInDouble, HaveTheHessianOfTheirWeights) {
  std::mt19937 generator(9);
  std::normal_distribution<double> normal;
  for (int round = 0; round < 20; ++round) {
    std::vector<double> x(5), u(5), ahead(5), behind(5);
    const double step = 1e-5;
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = normal(generator), u[i] = normal(generator);
      ahead[i] = x[i] + step * u[i], behind[i] = x[i] - step * u[i];
    }
    ChoiceResult at = choice->run(x);
    ChoiceResult plus = choice->run(ahead), minus = choice->run(behind);
    bool isKink = false;
    double mass = 0, mean = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      isKink |= (plus.weights[i] > 0) != (minus.weights[i] > 0);
      isKink |= at.weights[i] > 0 && at.weights[i] < 1e-4;
      mass += at.curvatures[i], mean += at.curvatures[i] * u[i];
    }
    for (size_t i = 0; !isKink && i < x.size(); ++i) {
      double expected = (plus.weights[i] - minus.weights[i]) / (2 * step);
      double got = mass > 0 ? at.curvatures[i] * (u[i] - mean / mass) : 0;
      EXPECT_NEAR(got, expected, 1e-6) << testing::PrintToString(x);
    }
  }
}

std::string
getTestName(const testing::TestParamInfo<Regularizers::ParamType> &info) {
  return std::string(std::get<0>(info.param).name) +
         (std::get<1>(info.param) ? "_f64" : "_f32");
}

INSTANTIATE_TEST_SUITE_P(All, Regularizers,
                         testing::Combine(testing::ValuesIn(definitions),
                                          testing::Bool()),
                         getTestName);
INSTANTIATE_TEST_SUITE_P(All, RegularizersInDouble,
                         testing::Combine(testing::ValuesIn(definitions),
                                          testing::Values(true)),
                         getTestName);

TEST(L2, IsMaxOmegaAndNotTheSemiringOfItsSum) {
  mlir::MLIRContext context;
  CompiledChoice choice(getAttribute("l2", &context), true);
  ChoiceResult result = choice.run({.3, 1, .8});
  EXPECT_NEAR(result.value, 0.66, 1e-15);
  EXPECT_EQ(result.weights[0], 0);
  EXPECT_NEAR(result.weights[1], 0.6, 1e-15);
  EXPECT_EQ(choice.run({3}).value, 2.5);
}

TEST(Hard, TakesTheFirstOfEqualScores) {
  mlir::MLIRContext context;
  CompiledChoice choice(getAttribute("hard", &context), false);
  EXPECT_EQ(choice.run({1, 2, 2}).weights, (std::vector<double>{0, 1, 0}));
  EXPECT_EQ(choice.run({infinity, infinity}).weights,
            (std::vector<double>{1, 0}));
}

} // namespace
