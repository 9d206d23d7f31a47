//===- Support.cpp - what the tests of the reference share ----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/reference/Support.h"
#include "compiler/reference/Sizes.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace danskin::reference {

Case Case::fromText(const std::string &text) {
  Case result;
  result.diagnostics = std::make_unique<Diagnostics>();
  result.file = parseFile("dp 1\n" + text, "test.dp", *result.diagnostics);
  if (!result.file) {
    result.diagnostics->print(errs());
    ADD_FAILURE() << "the program does not parse";
    exit(1);
  }
  return result;
}

Case Case::fromExample(const std::string &name) {
  std::string path =
      DANSKIN_SOURCE_DIR "/examples/" + name + "/" + name + ".dp";
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer) {
    ADD_FAILURE() << path << ": " << buffer.getError().message();
    exit(1);
  }
  Case result;
  result.diagnostics = std::make_unique<Diagnostics>();
  result.file = parseFile((*buffer)->getBuffer(), path, *result.diagnostics);
  EXPECT_TRUE(result.file);
  return result;
}

Case &Case::size(const std::string &name, int64_t value) {
  instance.sizes[name] = value;
  return *this;
}

Case &Case::set(const std::string &name, Shape shape,
                std::vector<double> data) {
  Tensor tensor(std::move(shape));
  EXPECT_EQ(tensor.data.size(), data.size());
  tensor.data = std::move(data);
  instance.floats[name] = std::move(tensor);
  return *this;
}

Case &Case::setInts(const std::string &name, Shape shape,
                    std::vector<int64_t> data) {
  IntTensor tensor(std::move(shape));
  EXPECT_EQ(tensor.data.size(), data.size());
  tensor.data = std::move(data);
  instance.ints[name] = std::move(tensor);
  return *this;
}

Case &Case::randomFloats(unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  for (const ArrayDecl &array : getArrays(getProgram())) {
    if (array.isInt)
      continue;
    Shape shape;
    for (const ast::Expr *extent : array.extents)
      shape.push_back(*evaluateExtent(*extent, instance.sizes));
    Tensor tensor(shape);
    for (double &x : tensor.data)
      x = normal(random);
    instance.floats[array.name] = std::move(tensor);
  }
  return *this;
}

TensorMap Case::value(const std::string &reg) {
  cantFail(checkInstance(getProgram(), instance));
  Query query;
  query.reg = reg;
  return cantFail(Interpreter(getProgram(), instance).value(query));
}

double Case::scalar(const std::string &reg) {
  return value(reg).begin()->second.data.at(0);
}

TensorMap Case::gradient(const std::string &reg,
                         const std::vector<std::string> &wrt) {
  Query query;
  query.reg = reg;
  query.wrt = wrt;
  return cantFail(Interpreter(getProgram(), instance).gradient(query));
}

HessianProduct Case::hessian(const std::string &reg,
                             const std::vector<std::string> &wrt,
                             const TensorMap &directions) {
  Query query;
  query.reg = reg;
  query.wrt = wrt;
  query.directions = directions;
  return cantFail(Interpreter(getProgram(), instance).hessianProduct(query));
}

IntTensor Case::argmax() {
  return cantFail(Interpreter(getProgram(), instance).argmax()).rows;
}

std::string Case::getError() {
  if (Error error = checkInstance(getProgram(), instance))
    return llvm::toString(std::move(error));
  auto values = Interpreter(getProgram(), instance).value(Query());
  return values ? "" : llvm::toString(values.takeError());
}

std::vector<std::string> Case::getFloatNames() const {
  std::vector<std::string> names;
  for (const auto &input : getProgram().inputs)
    if (input->element == ast::InputDecl::Float)
      names.push_back(input->name);
  return names;
}

double dot(const TensorMap &a, const TensorMap &b) {
  double sum = 0;
  for (const auto &[name, tensor] : a)
    for (size_t k = 0; k < tensor.data.size(); ++k)
      sum += tensor.data[k] * b.at(name).data[k];
  return sum;
}

TensorMap randomLike(const TensorMap &like, unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  TensorMap result = like;
  for (auto &[name, tensor] : result)
    for (double &x : tensor.data)
      x = normal(random);
  return result;
}

std::vector<std::pair<std::string, Case>> getExamples(unsigned seed) {
  std::vector<std::pair<std::string, Case>> cases;
  auto add = [&](const char *name) -> Case & {
    cases.emplace_back(name, Case::fromExample(name));
    return cases.back().second;
  };
  add("dtw").size("N", 4).size("M", 3).size("K", 2);
  add("viterbi").size("T", 4).size("S", 3);
  add("rnnt").size("T", 3).size("U", 2);
  add("cky").size("N", 4).size("G", 2);
  add("semimarkov").size("T", 4).size("S", 2).size("W", 3);
  add("valueiter").size("S", 2).size("A", 3).size("K", 3);
  add("ctc").size("T", 6).size("L", 3).size("V", 3).setInts("y", {3},
                                                            {1, 1, 2});
  add("nussinov").size("N", 5).size("Q", 3).setInts("s", {5}, {0, 1, 2, 1, 0});
  add("sw")
      .size("N", 3)
      .size("M", 2)
      .size("Q", 3)
      .setInts("a", {3}, {0, 1, 2})
      .setInts("b", {2}, {2, 1});
  add("sw3")
      .size("N", 3)
      .size("M", 2)
      .size("Q", 3)
      .setInts("a", {3}, {0, 1, 2})
      .setInts("b", {2}, {2, 1});
  add("dagpath")
      .size("V", 4)
      .size("E", 5)
      .setInts("g.indptr", {5}, {0, 0, 1, 3, 5})
      .setInts("g.src", {5}, {0, 0, 1, 1, 2});
  for (auto &[name, test] : cases)
    test.randomFloats(seed++);
  return cases;
}

} // namespace danskin::reference
