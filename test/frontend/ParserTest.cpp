//===- ParserTest.cpp - every production, every fault of syntax -*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/frontend/Support.h"
#include <gtest/gtest.h>

using namespace danskin::test;

TEST(Expressions, Precedence) {
  EXPECT_EQ(treeOf(R"(1 + 2 * 3)"), "binary + : int(number 1 : int binary * : "
                                    "int(number 2 : int number 3 : int))");
  EXPECT_EQ(treeOf(R"(1 - 2 - 3)"), "binary - : int(binary - : int(number 1 : "
                                    "int number 2 : int) number 3 : int)");
  EXPECT_EQ(treeOf(R"(-x^2)"), "negate(binary ^(input x number 2 : int))");
  EXPECT_EQ(treeOf(R"(x^-z^2)"),
            "binary ^(input x negate(binary ^(input z number 2 : int)))");
  EXPECT_EQ(treeOf(R"(x^z^2)"),
            "binary ^(input x binary ^(input z number 2 : int))");
  EXPECT_EQ(treeOf(R"(-x * z)"), "binary *(negate(input x) input z)");
  EXPECT_EQ(treeOf(R"((1 + x) * z)"),
            "binary *(binary +(number 1 : int input x) input z)");
  EXPECT_EQ(treeOf(R"(1 / 2)"), "binary /(number 1 : int number 2 : int)");
  EXPECT_EQ(treeOf(R"(0.5 + 1e-3 + 2.5E+1)"),
            "binary +(binary +(number 0.5 number 0.001) number 25)");
  EXPECT_EQ(treeOf(R"(if N < M then x else z + 1)"),
            "if(compare <(size N : int size M : int) then(input x) else(binary "
            "+(input z number 1 : int)))");
  EXPECT_EQ(treeOf(R"(if N < M then 1 else if N == M then 2 else 3)"),
            "if : int(compare <(size N : int size M : int) then(number 1 : "
            "int) else(if : int(compare ==(size N : int size M : int) "
            "then(number 2 : int) else(number 3 : int))))");
}

TEST(Expressions, Operands) {
  EXPECT_EQ(treeOf(R"(none)"), "none");
  EXPECT_EQ(treeOf(R"(exp(log(sqrt(abs(tanh(x))))))"),
            "call exp(call log(call sqrt(call abs(call tanh(input x)))))");
  EXPECT_EQ(treeOf(R"(clamp(x, fmin(0, 1), fmax(N, M)))"),
            "call clamp(input x call fmin : int(number 0 : int number 1 : int) "
            "call fmax : int(size N : int size M : int))");
  EXPECT_EQ(treeOf(R"(v[k + N/2]? else z)"),
            "read input v ?(binary + : int(input k : int binary / floor : "
            "int(size N : int number 2 : int)) else(input z))");
  EXPECT_EQ(
      treeOf(R"(max[hard] { a: x | z for i in 0..N, j in i..=M if i < j })"),
      "max(reg hard alternative a(input x) alternative(for i ..(number 0 : int "
      "size N : int) for j ..=(binder i : int size M : int) guard(compare "
      "<(binder i : int binder j : int)) input z))");
  EXPECT_EQ(treeOf(R"(min { | x })"), "min(alternative(input x))");
  EXPECT_EQ(treeOf(R"(sum { v[i] for i in 0..N })"),
            "sum(alternative(for i ..(number 0 : int size N : int) read input "
            "v(binder i : int)))");
  EXPECT_EQ(treeOf(R"(max[entropy(exp(x))] { x | v[0]? })"),
            "max(reg entropy(gamma(call exp(input x))) alternative(input x) "
            "alternative(read input v ?(number 0 : int)))");
}

TEST(Conditions, Forms) {
  EXPECT_EQ(
      treeOf(R"(if 0 <= k < N then 1 else 2)"),
      "if : int(and(compare <=(number 0 : int input k : int) compare <(input k "
      ": int size N : int)) then(number 1 : int) else(number 2 : int))");
  EXPECT_EQ(treeOf(R"(if not N == 1 and N > 2 or N != 3 then 1 else 2)"),
            "if : int(or(and(not(compare ==(size N : int number 1 : int)) "
            "compare >(size N : int number 2 : int)) compare !=(size N : int "
            "number 3 : int)) then(number 1 : int) else(number 2 : int))");
  EXPECT_EQ(treeOf(R"(if (N < 1 or M >= 2) and (N + 1) * 2 < M then 1 else 2)"),
            "if : int(and(or(compare <(size N : int number 1 : int) compare "
            ">=(size M : int number 2 : int)) compare <(binary * : int(binary "
            "+ : int(size N : int number 1 : int) number 2 : int) size M : "
            "int)) then(number 1 : int) else(number 2 : int))");
  EXPECT_EQ(treeOf(R"(if ((N)) < ((M) - 1) then 1 else 2)"),
            "if : int(compare <(size N : int binary - : int(size M : int "
            "number 1 : int)) then(number 1 : int) else(number 2 : int))");
}

TEST(Items, WholeTree) {
  EXPECT_EQ(tree(R"(reg entropy
size V >= 1, E, W == 2
shared input g : dag[V, E]
input s : int[i in V] in 0..=i
table T[]
T[] = W
table D[v in 0..V] where abs(v - 3) <= W
D[0] = T
D[v] when v >= 1 = min { D[g.src(e)] for e in g.in(v) }
D[V] otherwise = T[]
output y[v in 0..V] = D[s[v]])"),
            R"(file edition 1
  program p
    reg entropy
    size V >=
      number 1 : int
    size E
    size W ==
      number 2 : int
    shared input g dag
      extent
        size V : int
      extent
        size E : int
    input s int
      extent i
        size V : int
      values ..=
        number 0 : int
        binder i : int
    table T
    table D
      for v ..
        number 0 : int
        size V : int
      where
        compare <=
          call abs : int
            binary - : int
              binder v : int
              number 3 : int
          size W : int
    equation T #0
      size W : int
    equation D #0
      value
        number 0 : int
      read table T
    equation D #1
      variable v
      when
        compare >=
          binder v : int
          number 1 : int
      min
        alternative
          for e edges of g
            binder v : int
          read table D
            source g : int
              binder e : int
    equation D #2 otherwise
      value
        size V : int
      read table T
    output y
      for v ..
        number 0 : int
        size V : int
      read table D
        read input s : int
          binder v : int
)");
}

TEST(Items, SeveralPrograms) {
  EXPECT_EQ(
      faults("dp 1 program a { output y = 1 } program b { output y = 2 }"), "");
  EXPECT_EQ(
      faults("dp 1 program a { output y = 1 } program a { output y = 2 }"),
      "E0202@1:41");
}

TEST(Items, RepeatedNamesAreEquality) {
  EXPECT_NE(tree(R"(size N
table D[i in 0..N, j in 0..N]
D[k, k] = 1
D[i, j] otherwise = 0
output y = D[0, 0]? else none)")
                .find("variable k\n      value\n        binder k : int"),
            std::string::npos);
}

// Every word but six can be a name, also those that mean something elsewhere.
TEST(Items, KeywordsAsNames) {
  EXPECT_EQ(faultsOf(R"(size size, in, program
input reg : float[dag in size]
input input : float[size]
shared input shared : float
let let[for in 0..size] = input[for] + reg[for]
table where[table in 0..=size]
where[0] = shared
where[otherwise] otherwise = where[otherwise-1] + let[otherwise-1]
table else[i in 0..1]
else[i] = where[0]? else 1
table then[] then[] = else[0]
table when[and in 0..size] when[and] = if and < and and and == and then and else and
output output = then + sum { for for for in 0..in } + exp(entropy)
input entropy : float
input class : float
input lambda : float
output float = class + lambda)"),
            "");
}

TEST(Syntax, Faults) {
  EXPECT_EQ(faultsOf(R"(size N
let a = 1 +
table D[i in 0..N]
D[i] = 1
output y = a)"),
            "E0101@5:1");
  EXPECT_EQ(faultsOf(R"(size N >
output y = 1)"),
            "E0101@3:8");
  EXPECT_EQ(faultsOf(R"(size N = 3
output y = 1)"),
            "E0101@3:8");
  EXPECT_EQ(faultsOf(R"(input x float
output y = 1)"),
            "E0101@3:9");
  EXPECT_EQ(faultsOf(R"(input x : flot
output y = 1)"),
            "E0101@3:11");
  EXPECT_EQ(faultsOf(R"(shared x : float
output y = 1)"),
            "E0101@3:8");
  EXPECT_EQ(faultsOf(R"(input x : dag[N + 1, E]
output y = 1)"),
            "E0101@3:17");
  EXPECT_EQ(faultsOf(R"(output y = max { })"), "E0101@3:18");
  EXPECT_EQ(faultsOf(R"(output y = max(1, 2))"), "E0101@3:15");
  EXPECT_EQ(faultsOf(R"(output y = max { 1 2 })"), "E0101@3:20");
  EXPECT_EQ(faultsOf(R"(output y = max { a: })"), "E0101@3:21");
  EXPECT_EQ(faultsOf(R"(output y = max { 1 for i 0..3 })"), "E0101@3:26");
  EXPECT_EQ(faultsOf(R"(output y = max { 1 for i in 0 })"), "E0101@3:31");
  EXPECT_EQ(faultsOf(R"(output y = if 1 then 2 else 3)"), "E0101@3:15");
  EXPECT_EQ(faultsOf(R"(output y = if 1 < 2 then 3)"), "E0101@4:1");
  EXPECT_EQ(faultsOf(R"(output y = if 1 = 2 then 3 else 4)"), "E0101@3:17");
  EXPECT_EQ(faultsOf(R"(output y = (1)"), "E0101@4:1");
  EXPECT_EQ(faultsOf(R"(output y = 1 + for)"), "E0201@3:16");
  EXPECT_EQ(faultsOf(R"(output y = 1 + then 2)"), "E0101@3:16");
  EXPECT_EQ(faultsOf(R"(output y = not 1)"), "E0101@3:12");
  EXPECT_EQ(faultsOf(R"(output y = 1))"), "E0101@3:13");
  EXPECT_EQ(faultsOf(R"(output y = g.in(1))"), "E0101@3:12");
  EXPECT_EQ(faultsOf(R"(output y = g.sink(1))"), "E0101@3:14");
  EXPECT_EQ(faultsOf(R"(output y = x?)"), "E0101@3:13");
  EXPECT_EQ(faultsOf(R"(table D
output y = 1)"),
            "E0101@4:1");
  EXPECT_EQ(faultsOf(R"(table D[i]
output y = 1)"),
            "E0101@3:10");
  EXPECT_EQ(faultsOf(R"(table D[i in 0..2]
D[i] if i > 1 = 2
output y = 1)"),
            "E0101@4:6");
  EXPECT_EQ(faultsOf(R"(table D[i in 0..2]
D[0..1] = 2
output y = 1)"),
            "E0101@4:4");
  EXPECT_EQ(faultsOf(R"(y = 1
output z = 1)"),
            "E0101@3:1");
  EXPECT_EQ(faultsOf(R"(outpt y = 1
outpu z = 2
output x = 3)"),
            "E0101@3:1");
  EXPECT_EQ(faultsOf(R"(reg 3
output z = 1)"),
            "E0101@3:1");
  EXPECT_EQ(faultsOf(R"(output z = 1;)"), "E0102@3:13");
  EXPECT_EQ(faultsOf(R"(output z = 1 & 2)"), "E0102@3:14 E0101@3:16");
  EXPECT_EQ(faultsOf(R"(output z = 2x)"), "E0103@3:12");
  EXPECT_EQ(faultsOf(R"(output z = .5)"), "E0103@3:12");
  EXPECT_EQ(faultsOf(R"(output z = 99999999999999999999)"), "E0103@3:12");
  EXPECT_EQ(faultsOf(R"(output z = 1e999)"), "E0103@3:12");
  EXPECT_EQ(faultsOf(R"(size none
output z = 1)"),
            "E0104@3:6");
  EXPECT_EQ(faultsOf(R"(output z = fmin(1))"), "E0203@3:12");
  EXPECT_EQ(faultsOf(R"(output z = expp(1))"), "E0201@3:12");
}

TEST(Syntax, Files) {
  EXPECT_EQ(faults(""), "E0101@1:1 E0101@1:1");
  EXPECT_EQ(faults("dp 1"), "E0101@1:5");
  EXPECT_EQ(faults("dp 2 program a { output y = 1 }"), "E0105@1:4");
  EXPECT_EQ(faults("program a { output y = 1 }"), "E0101@1:1");
  EXPECT_EQ(faults("dp 1 progam a { output y = 1 }"), "E0101@1:6");
  EXPECT_EQ(faults("dp 1 program a { output y = 1"), "E0101@1:30");
  EXPECT_EQ(
      faults("dp 1\nprogram a { output y = 1\nprogram b { output y = 1 }"),
      "E0101@3:1");
  EXPECT_EQ(faults("# only \xc3\xa9 in a comment\r\ndp 1\r\nprogram a {\r\n"
                   "output y = \xc3\xa9\r\n}"),
            "E0102@4:12 E0101@5:1");
}

static std::string repeated(const std::string &text, unsigned times) {
  std::string result;
  while (times--)
    result += text;
  return result;
}

TEST(Syntax, Limits) {
  EXPECT_EQ(
      faultsOf("output y = " + repeated("(", 200) + "1" + repeated(")", 200)),
      "");
  for (const char *opening : {"(", "-", "1^", "max { ", "if 1 < 2 then ",
                              "exp(", "v[", "if (", "if not ", "sum { 1 if ("})
    EXPECT_EQ(faultsOf("output y = " + repeated(opening, 100000)).substr(0, 8),
              "E0107@3:")
        << opening;
  EXPECT_EQ(faultsOf("output y = 1" + repeated("+ 1", 4000)), "");
  EXPECT_EQ(faultsOf("output y = 1" + repeated("+ 1", 5000)).substr(0, 7),
            "E0107@3");
  EXPECT_EQ(faultsOf("output y = if 1 < 2" + repeated(" < 2", 5000) +
                     " then 1 else 2")
                .substr(0, 7),
            "E0107@3");
  // Chained comparisons copy their middle; nested they must not explode.
  EXPECT_EQ(faultsOf("output y = " + repeated("if 0 < (", 8) + "1" +
                     repeated(") < 2 then 1 else 2", 8)),
            "");
  EXPECT_EQ(faultsOf("output y = " + repeated("if 0 < (", 60) + "1" +
                     repeated(") < 2 then 1 else 2", 60))
                .substr(0, 7),
            "E0107@3");
  EXPECT_EQ(
      faultsOf("output y = max {1" + repeated("| 1", 2000) + "}").substr(0, 7),
      "E0107@3");
  EXPECT_EQ(faults(std::string((16u << 20) + 1, ' ')).substr(0, 9),
            "E0106@1:1");
  EXPECT_EQ(faults(repeated("+ ", 1u << 21)).find("E0106") != std::string::npos,
            true);
}
