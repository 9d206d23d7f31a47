//===- DpAttrs.td - attributes of the dp dialect -----------*- tablegen -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DANSKIN_DP_ATTRS_TD
#define DANSKIN_DP_ATTRS_TD

include "DpDialect.td"
include "DpInterfaces.td"

//===----------------------------------------------------------------------===//
// Enums
//===----------------------------------------------------------------------===//

def Dp_Sense : I32EnumAttr<"Sense", "which extreme a choice seeks", [
  I32EnumAttrCase<"Max", 0, "max">, I32EnumAttrCase<"Min", 1, "min">]> {
  let cppNamespace = "::mlir::dp";
}

def Dp_TableRole : I32EnumAttr<"TableRole", "why a table is there", [
  I32EnumAttrCase<"Table", 0, "table">,   // the user's
  I32EnumAttrCase<"Let", 1, "let">,       // the user's `let`
  I32EnumAttrCase<"Node", 2, "node">,     // a reduction hoisted out of an equation
  I32EnumAttrCase<"Output", 3, "output">  // handed to the caller
]> {
  let cppNamespace = "::mlir::dp";
}

def Dp_Absence : I32EnumAttr<"Absence", "how a table stores an absent cell", [
  I32EnumAttrCase<"Never", 0, "never">,      // every cell is present
  I32EnumAttrCase<"Max", 1, "max">,          // absent is -inf
  I32EnumAttrCase<"Min", 2, "min">,          // absent is +inf
  I32EnumAttrCase<"Explicit", 3, "explicit"> // a bit beside the number
]> {
  let cppNamespace = "::mlir::dp";
}

//===----------------------------------------------------------------------===//
// Regularizers
//===----------------------------------------------------------------------===//

class Dp_Regularizer<string cppName, string name, list<string> more = []> : AttrDef<Dp_Dialect, cppName,
    [DeclareAttrInterfaceMethods<Dp_RegularizerInterface, more>]> {
  let mnemonic = name;
}

def Dp_HardAttr : Dp_Regularizer<"Hard", "hard", ["weighsByPlace"]> {
  let summary = "Omega = 0: the maximum; ties go to the first candidate";
}
def Dp_EntropyAttr : Dp_Regularizer<"Entropy", "entropy", ["isLogSumExp"]> {
  let summary = "Omega = sum p log p: log-sum-exp, weights softmax";
}
def Dp_L2Attr : Dp_Regularizer<"L2", "l2", ["asksOften"]> {
  let summary = "Omega = 1/2 sum p^2: weights sparsemax";
}

#endif // DANSKIN_DP_ATTRS_TD
