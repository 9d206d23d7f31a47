//===- DpTypes.td - types of the dp dialect ----------------*- tablegen -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DANSKIN_DP_TYPES_TD
#define DANSKIN_DP_TYPES_TD

include "DpDialect.td"

def Dp_ArrayType : TypeDef<Dp_Dialect, "Array"> {
  let mnemonic = "array";
  let summary = "an input or a table: `rank` indices, one element a cell";
  let description = [{
    The element is `f64` (a real number, possibly absent) or `index` (an
    integer input, a recorded decision). Extents belong to the operation that
    makes the array.

    Example: `!dp.array<2 x f64>`, `!dp.array<0 x f64>`, `!dp.array<1 x index>`.
  }];
  let parameters = (ins "unsigned":$rank, "::mlir::Type":$element);
  let assemblyFormat = "`<` $rank `x` $element `>`";
  let genVerifyDecl = 1;
}

#endif // DANSKIN_DP_TYPES_TD
