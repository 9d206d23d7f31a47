//===- DpDialect.td - the dialect of dynamic programs -----*- tablegen -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DANSKIN_DP_DIALECT_TD
#define DANSKIN_DP_DIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def Dp_Dialect : Dialect {
  let name = "dp";
  let cppNamespace = "::mlir::dp";
  let summary = "Dynamic programs as equations over index domains";
  let description = [{
    A `dp.program` states one instance of a dynamic program: sizes, inputs and
    tables are SSA values, equations define the tables' cells. Whatever ranges
    over indices (a table's domain, an equation, an arm of a choice) is a
    *comprehension block*: a single block of `dp.iterate` (a bound index),
    `dp.where` (a guard), reads and arithmetic, closed by `dp.yield`. Read from
    top to bottom it means: for every value of the iterated indices for which
    the guards hold, yield.

    Arithmetic is `arith` and `math` on `f64`, the abstract real number;
    conditional values are `scf.if`; index arithmetic is `affine.apply`,
    `affine.min`, `affine.max` or `arith` on `index`. Any `f64` may be *absent*:
    an operation with an absent operand is absent (an `scf.if` is what the
    branch taken is). Absence is not a number and no arithmetic makes it.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::affine::AffineDialect"
  ];
}

#endif // DANSKIN_DP_DIALECT_TD
