//===- RandomText.cpp - random programs, right and wrong ------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/analysis/RandomText.h"
#include <random>
#include <vector>

using namespace danskin;

namespace {
class Writer {
public:
  explicit Writer(unsigned seed) : random(seed), hasData(seed % 3 == 0) {}

  RandomText write() {
    std::string text = "dp 1\nprogram p {\n  size N" + pick({"", " >= 1"}) +
                       ", M" + pick({"", " >= 1", " >= N", " == N + 1"}) + "\n";
    text += "  input x : float[" + pick({"N", "N + 1", "M", "M + N"}) + "]\n";
    if (hasData)
      text += "  input y : int[" + pick({"N", "N + 1"}) + "] in " +
              pick({"0..N", "0..=M", "1..=N"}) + "\n";
    text += "  table D[i in " + pick({"0..N", "0..=N", "1..=N"}) + ", j in " +
            pick({"0..M", "0..=M", "i..=N", "0..=i", "i+1..=N"}) + "]";
    if (chance(5))
      text += " where " + condition();
    text += "\n";
    unsigned count = 1 + random() % 3;
    for (unsigned k = 0; k < count; ++k)
      text += equation(k + 1 == count && !chance(4));
    return {text + "  output o = 0\n}\n", hasData};
  }

private:
  bool chance(unsigned outOf) { return random() % outOf == 0; }

  std::string pick(std::vector<std::string> choices) {
    return choices[random() % choices.size()];
  }

  std::string index() {
    std::string base = pick({"i", "j", "i", "j", "N", "M", "0", "1"});
    if (hasData && chance(6))
      base = "y[" + pick({"i", "i - 1", "j", "0"}) + "]";
    if (chance(10))
      return "(" + base + " + " + pick({"0", "1", "j"}) + ") / 2";
    return base + pick({"", "", " - 1", " + 1", " - 2"});
  }

  std::string condition() {
    if (chance(5))
      return condition() + pick({" and ", " or "}) + condition();
    if (chance(8))
      return "not (" + condition() + ")";
    if (chance(8))
      return "abs(i - j) <= " + pick({"1", "2", "N"});
    return plain() + pick({" == ", " != ", " < ", " <= ", " > ", " >= "}) +
           plain();
  }

  /// An index without data, which a `where` must not have.
  std::string plain() {
    return pick({"i", "j", "i", "j", "N", "M", "0", "1"}) +
           pick({"", "", " - 1", " + 1"});
  }

  std::string equation(bool otherwise) {
    std::string first = pick({"i", "i", "0", "N"});
    std::string second = pick({"j", "j", "0", "M", "N"});
    // The names i and j must mean the indices in what follows.
    if (otherwise || first != "i" || second != "j")
      if (otherwise || chance(2))
        first = "i", second = "j";
    std::string text = "  D[" + first + ", " + second + "]";
    useI = first == "i", useJ = second == "j";
    if (otherwise)
      text += " otherwise";
    else if (chance(2))
      text += " when " + named([&] { return condition(); });
    return text + " = max { " + arm() + " | " + arm() + " | 0 }\n";
  }

  std::string arm() {
    return named([&] {
      std::string text =
          "D[" + index() + ", " + index() + "]" + pick({"", "?", "?"});
      if (chance(3))
        text += " + x[" + index() + "]";
      if (chance(4))
        text += " + (D[" + index() + ", " + index() + "]? else 0)";
      bool binds = chance(4);
      if (binds) {
        text += " + D[k, j]" + pick({"", "?"});
        text += " for k in " + pick({"i+1..j", "0..i", "i..=N", "1..3"});
      }
      if (chance(2))
        text += " if " + condition();
      return text;
    });
  }

  /// Draws until only the names that the pattern binds are used.
  template <typename Draw> std::string named(Draw draw) {
    for (;;) {
      std::string text = draw();
      if ((useI || !mentions(text, 'i')) && (useJ || !mentions(text, 'j')))
        return text;
    }
  }

  /// `i` as a name of its own.
  static bool mentions(const std::string &text, char name) {
    for (size_t k = 0; k < text.size(); ++k)
      if (text[k] == name && (k == 0 || !isalpha(text[k - 1])) &&
          (k + 1 == text.size() || !isalpha(text[k + 1])))
        return true;
    return false;
  }

  std::mt19937 random;
  bool hasData, useI = true, useJ = true;
};
} // namespace

RandomText danskin::randomProgram(unsigned seed) {
  return Writer(seed).write();
}
