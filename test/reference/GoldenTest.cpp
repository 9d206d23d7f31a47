//===- GoldenTest.cpp - published results ---------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// test/golden/cases.json holds results other projects publish in their tests,
// or closed forms, each with its source. What is expected, of an output or
// input `name`: its `value`, the `last` element of it, `grad`, `hvp`, `jvp`
// along `directions`, or the `states` of the best path (the last index of each
// cell, from the first cell to the last).
//
//===----------------------------------------------------------------------===//

#include "test/reference/Support.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cmath>

namespace danskin::reference {
namespace {

const char *const folder = DANSKIN_SOURCE_DIR "/test/golden/";

std::string readText(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  EXPECT_TRUE(bool(buffer)) << path;
  return buffer ? (*buffer)->getBuffer().str() : "";
}

/// Infinities are written as strings.
double toNumber(const llvm::json::Value &value) {
  if (auto text = value.getAsString())
    return *text == "-inf" ? -INFINITY : INFINITY;
  return *value.getAsNumber();
}

std::vector<double> toNumbers(const llvm::json::Array &array) {
  std::vector<double> numbers;
  for (const llvm::json::Value &value : array)
    numbers.push_back(toNumber(value));
  return numbers;
}

Tensor toTensor(const llvm::json::Object &object) {
  Shape shape;
  for (const llvm::json::Value &extent : *object.getArray("shape"))
    shape.push_back(*extent.getAsInteger());
  Tensor tensor(shape);
  tensor.data = toNumbers(*object.getArray("data"));
  return tensor;
}

/// The last index of the cells of the best path, the first cell first.
std::vector<double> getStates(Case &test) {
  IntTensor rows = test.argmax();
  const ast::Program &program = test.getProgram();
  size_t rank = program.tables.front()->binders.size();
  std::vector<double> states;
  for (int64_t row = rows.shape[0] - 1; row >= 0; --row)
    if (rows.at({row, 0}) < int64_t(program.tables.size()))
      states.push_back(double(rows.at({row, int64_t(rank)})));
  return states;
}

Case makeCase(const llvm::json::Object &object) {
  std::string program = object.getString("program")->str();
  std::string text =
      readText(std::string(folder) + "programs/" + program + ".dp");
  // The text has its `dp 1`; fromText adds one.
  Case test = Case::fromText(text.substr(text.find("dp 1") + 4));
  for (const auto &[name, value] : *object.getObject("sizes"))
    test.size(name.str(), *value.getAsInteger());
  for (const auto &[name, value] : *object.getObject("floats"))
    test.instance.floats[name.str()] = toTensor(*value.getAsObject());
  for (const auto &[name, value] : *object.getObject("ints")) {
    Tensor tensor = toTensor(*value.getAsObject());
    test.setInts(name.str(), tensor.shape,
                 {tensor.data.begin(), tensor.data.end()});
  }
  test.instance.gamma = *object.getNumber("gamma");
  return test;
}

std::vector<double> compute(Case &test, const llvm::json::Object &object,
                            const std::string &what, const std::string &name) {
  std::string reg = object.getString("reg")->str();
  if (what == "states")
    return getStates(test);
  if (what == "value" || what == "last") {
    std::vector<double> all = test.value(reg)[name].data;
    return what == "last" ? std::vector<double>{all.back()} : all;
  }
  if (what == "grad")
    return test.gradient(reg, {name})[name].data;
  TensorMap directions;
  for (const auto &[input, value] : *object.getObject("directions"))
    directions[input.str()] = toTensor(*value.getAsObject());
  if (what == "jvp")
    return test.hessian(reg, {}, directions).jvp[name].data;
  return test.hessian(reg, {name}, directions).hvp[name].data;
}

TEST(Golden, Cases) {
  auto cases = llvm::json::parse(readText(std::string(folder) + "cases.json"));
  ASSERT_TRUE(bool(cases)) << llvm::toString(cases.takeError());
  for (const llvm::json::Value &value : *cases->getAsArray()) {
    const llvm::json::Object &object = *value.getAsObject();
    Case test = makeCase(object);
    for (const llvm::json::Value &item : *object.getArray("expect")) {
      const llvm::json::Object &expect = *item.getAsObject();
      std::string what = expect.getString("what")->str();
      std::string name = expect.getString("name")->str();
      SCOPED_TRACE(object.getString("id")->str() + " " + what + " " + name);
      std::vector<double> found = compute(test, object, what, name);
      std::vector<double> wanted = toNumbers(*expect.getArray("data"));
      double tolerance = *expect.getNumber("tolerance");
      ASSERT_EQ(found.size(), wanted.size());
      for (size_t k = 0; k < found.size(); ++k)
        if (found[k] != wanted[k]) {
          EXPECT_NEAR(found[k], wanted[k], tolerance) << "element " << k;
        }
    }
  }
}

} // namespace
} // namespace danskin::reference
