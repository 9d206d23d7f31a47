//===- FourthRegularizerTest.cpp - a new regularizer, all the way ---------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The whole pipeline with a regularizer that no pass has heard of: its value by
// recursion over a compiled choice, its derivatives by differences.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Lowering.h"
#include "compiler/pipeline/Pipelines.h"
#include "dialects/dp/Dp.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "test/dialects/CompiledChoice.h"
#include "test/dialects/Tsallis15.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/TargetSelect.h"
#include "gtest/gtest.h"

using namespace danskin;
using namespace danskin::test;

namespace {

using Vector = std::vector<double>;

/// T[i] = max { x[i]^2 | T[k] + x[i] for k in 0..i }; out = T[N-1].
constexpr const char *program = R"(
dp.program @hops reg #dptest.tsallis15 {
  %N = dp.size "N"
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %positive = arith.cmpi sge, %N, %c1 : index
  dp.assume %positive "N >= 1"
  %x = dp.input "x"[%N] : !dp.array<1 x f64>
  %gamma = dp.input "gamma"[] gamma default 1.0 : !dp.array<0 x f64>
  %T = dp.table "T" table max {
    %i = dp.iterate %c0 to %N "i"
    dp.yield %i : index
  } : !dp.array<1 x f64>
  %out = dp.table "out" output max {
    dp.yield
  } : !dp.array<0 x f64>
  dp.equation %T ordinal 0 {
  ^bb0(%i: index):
    %v = dp.choose max {
      dp.arm {
        %a = dp.read %x[%i] : !dp.array<1 x f64>
        %s = arith.mulf %a, %a : f64
        dp.yield %s : f64
      }
      dp.arm {
        %k = dp.iterate %c0 to %i "k"
        %t = dp.read %T[%k] : !dp.array<1 x f64>
        %a = dp.read %x[%i] : !dp.array<1 x f64>
        %s = arith.addf %t, %a : f64
        dp.yield %s : f64
      }
    } : f64
    dp.yield %v : f64
  } : !dp.array<1 x f64>
  dp.equation %out {
    %last = arith.subi %N, %c1 : index
    %v = dp.read %T[%last] : !dp.array<1 x f64>
    dp.yield %v : f64
  } : !dp.array<0 x f64>
}
)";

/// An entry of the program, compiled.
class Kernel {
public:
  explicit Kernel(const char *entry) {
    mlir::DialectRegistry registry;
    registerTsallis15(registry);
    mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
    loadDialects(context);
    auto module = mlir::parseSourceString<mlir::ModuleOp>(program, &context);
    mlir::PassManager passes(&context);
    PipelineOptions options;
    options.floats = {"f64"};
    populatePipeline(passes, options, *findEntry(entry), *findStage("llvm"));
    if (!module || mlir::failed(passes.run(*module)))
      llvm::report_fatal_error("the program does not compile");
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    auto llvmContext = std::make_unique<llvm::LLVMContext>();
    auto llvmModule = translate(*module, *llvmContext);
    jit = llvm::cantFail(llvm::orc::LLJITBuilder().create());
    llvm::cantFail(jit->addIRModule(llvm::orc::ThreadSafeModule(
        std::move(llvmModule), std::move(llvmContext))));
    prefix = std::string("hops_") + entry + "_f64_";
  }

  /// Inputs, then outputs, all contiguous vectors or scalars.
  void run(int64_t size, std::vector<double *> arrays) const {
    auto workspace = find<int64_t (*)(const int64_t *)>("workspace");
    auto kernel = find<int32_t (*)(const int64_t *, double *const *,
                                   const int64_t *, void *)>("run");
    std::vector<int64_t> strides(arrays.size(), 1);
    std::vector<char> memory(workspace(&size));
    ASSERT_EQ(kernel(&size, arrays.data(), strides.data(), memory.data()), 0);
  }

private:
  template <typename Function> Function find(const char *part) const {
    return llvm::cantFail(jit->lookup(prefix + part)).toPtr<Function>();
  }
  std::unique_ptr<llvm::orc::LLJIT> jit;
  std::string prefix;
};

const Vector x = {0.3, -0.8, 0.5, 1.1, -0.2, 0.7};
const Vector direction = {1, -2, 0.5, 0.3, -0.7, 1.5};
constexpr double step = 1e-5;

Vector moved(double by) {
  Vector at = x;
  for (size_t i = 0; i < x.size(); ++i)
    at[i] += by * direction[i];
  return at;
}

double inner(const Vector &a, const Vector &b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i)
    sum += a[i] * b[i];
  return sum;
}

struct ValueAndGradient {
  double value = 0;
  Vector gradient = Vector(x.size());
};

ValueAndGradient evaluate(const Kernel &kernel, Vector at, double gamma) {
  ValueAndGradient result;
  double cotangent = 1;
  kernel.run(at.size(), {at.data(), &gamma, &cotangent, &result.value,
                         result.gradient.data()});
  return result;
}

TEST(FourthRegularizer, HasItsValue) {
  mlir::MLIRContext context;
  context.loadDialect<mlir::dp::DpDialect>();
  CompiledChoice choice(getTsallis15(&context), true);
  Kernel kernel("value_grad");
  for (double gamma : {1.0, 0.4}) {
    Vector table;
    for (double a : x) {
      Vector scores = {a * a / gamma};
      for (double t : table)
        scores.push_back((t + a) / gamma);
      table.push_back(gamma * choice.run(scores).value);
    }
    EXPECT_NEAR(evaluate(kernel, x, gamma).value, table.back(), 1e-13);
  }
}

TEST(FourthRegularizer, HasTheGradientOfItsValue) {
  Kernel kernel("value_grad");
  double gamma = 0.4;
  double ahead = evaluate(kernel, moved(step), gamma).value;
  double behind = evaluate(kernel, moved(-step), gamma).value;
  EXPECT_NEAR(inner(evaluate(kernel, x, gamma).gradient, direction),
              (ahead - behind) / (2 * step), 1e-8);
}

TEST(FourthRegularizer, HasTheHessianOfItsValue) {
  Kernel first("value_grad"), second("hvp");
  double gamma = 0.4, cotangent = 1, value = 0, tangent = 0;
  Vector at = x, along = direction, product(x.size());
  second.run(x.size(), {at.data(), &gamma, &cotangent, along.data(), &value,
                        &tangent, product.data()});
  EXPECT_NEAR(tangent, inner(evaluate(first, x, gamma).gradient, direction),
              1e-13);
  Vector ahead = evaluate(first, moved(step), gamma).gradient;
  Vector behind = evaluate(first, moved(-step), gamma).gradient;
  for (size_t i = 0; i < x.size(); ++i)
    EXPECT_NEAR(product[i], (ahead[i] - behind[i]) / (2 * step), 1e-7) << i;
}

} // namespace
