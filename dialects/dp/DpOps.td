//===- DpOps.td - operations of the dp dialect -------------*- tablegen -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DANSKIN_DP_OPS_TD
#define DANSKIN_DP_OPS_TD

include "DpDialect.td"
include "DpTypes.td"
include "DpAttrs.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/IR/RegionKindInterface.td"

class Dp_Op<string mnemonic, list<Trait> traits = []> : Op<Dp_Dialect, mnemonic, traits>;

//===----------------------------------------------------------------------===//
// Program, sizes, inputs
//===----------------------------------------------------------------------===//

def Dp_ProgramOp : Dp_Op<"program", [Symbol, IsolatedFromAbove, NoTerminator, SingleBlock]> {
  let summary = "one dynamic program, stated for one instance";
  let description = [{
    The body holds `dp.size`, `dp.assume`, `dp.input` and `dp.table` in the
    order of the spec, then `dp.equation` and `dp.scatter` in any order.

    `reg` is what a choice without a regularizer of its own means; `entry` names
    the query the program answers once it is derived (`value`, `value_grad`,
    `hvp`, `argmax`).

    ```mlir
    dp.program @prefix {
      %N = dp.size "N"
      %x = dp.input "x"[%N] : !dp.array<1 x f64>
      ...
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<Dp_RegularizerInterface>:$reg,
                       OptionalAttr<StrAttr>:$entry);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name (`reg` $reg^)? (`entry` $entry^)? attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Dp_SizeOp : Dp_Op<"size", [Pure]> {
  let summary = "a size of the instance, at least 0";
  let description = [{
    `fixed` is the value the program is specialized to (`-D K=64`); the call
    still gives the size and must agree.
  }];
  let arguments = (ins StrAttr:$name, OptionalAttr<I64Attr>:$fixed);
  let results = (outs Index:$value);
  let assemblyFormat = "$name (`fixed` $fixed^)? attr-dict";
}

def Dp_AssumeOp : Dp_Op<"assume"> {
  let summary = "a constraint on sizes that the caller must meet";
  let description = [{ `text` is how the spec says it, for messages: `N >= 1`. }];
  let arguments = (ins I1:$condition, StrAttr:$text);
  let assemblyFormat = "$condition $text attr-dict";
}

def Dp_InputOp : Dp_Op<"input"> {
  let summary = "an array given by the caller";
  let description = [{
    The operands are its extents. The element type is `f64` (a float input, read
    in the entry's dtype) or `index` (an integer input). `shared` says that it
    usually comes without the batch axis. `default` is what every element is
    when the caller gives none. `gamma` marks the temperature (rank 0, always
    double, finite and above 0). The region of an integer input gets an
    element's indices and yields the lower bound and the exclusive upper bound
    promised for it. `graph` names the dag an input belongs to.

    ```mlir
    %y = dp.input "y"[%L] in {
    ^bb0(%l: index):
      dp.yield %c1, %V : index, index
    } : !dp.array<1 x index>
    ```
  }];
  let arguments = (ins StrAttr:$name, Variadic<Index>:$extents, UnitAttr:$shared,
                       UnitAttr:$gamma, OptionalAttr<F64Attr>:$initial, OptionalAttr<StrAttr>:$graph);
  let regions = (region AnyRegion:$values);
  let results = (outs Dp_ArrayType:$result);
  let assemblyFormat = [{
    $name `[` $extents `]` (`shared` $shared^)? (`gamma` $gamma^)? (`default` $initial^)?
    (`graph` $graph^)? (`in` $values^)? attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Tables and their equations
//===----------------------------------------------------------------------===//

def Dp_TableOp : Dp_Op<"table"> {
  let summary = "a table over a domain";
  let description = [{
    The domain region is a comprehension that yields the indices of each cell
    once; index d may depend on the indices before it. `role` tells a reader why
    the table is there, `absence` how an absent cell is stored.

    `owner` (a table, of which this one's first dimensions repeat the domain)
    says: a cell of this table is computed where the owner's cell of the same
    leading indices is. The scheduler sees the two as one statement.

    An output's cells are handed to the caller in the bounding box of the
    domain, zero elsewhere. `follows` names the input whose batching the output
    has (a gradient is summed over the batch where its input came without one).

    ```mlir
    %D = dp.table "D" table max {
      %i = dp.iterate %c0 to %N
      dp.yield %i : index
    } : !dp.array<1 x f64>
    ```
  }];
  let arguments = (ins StrAttr:$name, Dp_TableRole:$role, Dp_Absence:$absence,
                       Optional<Dp_ArrayType>:$owner, OptionalAttr<StrAttr>:$follows);
  let regions = (region SizedRegion<1>:$domain);
  let results = (outs Dp_ArrayType:$result);
  let assemblyFormat = [{
    $name $role $absence (`with` $owner^ `:` type($owner))? (`follows` $follows^)?
    $domain attr-dict `:` type($result)
  }];
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    unsigned getRank() { return getResult().getType().getRank(); }
    /// The equations (not scatters) that define this table, in program order.
    ::llvm::SmallVector<::mlir::dp::EquationOp> getEquations();
    /// The scatters that add into this table.
    ::llvm::SmallVector<::mlir::dp::ScatterOp> getScatters();
  }];
}

def Dp_EquationOp : Dp_Op<"equation"> {
  let summary = "defines the cells of a table (or of several of one domain)";
  let description = [{
    The block's arguments are the cell's indices. It applies to the cells for
    which every leading `dp.where` holds (those before any other read of a
    table); `otherwise`: and which no other equation of the table covers. Its
    yield gives the values, one a table. After `dp-isolate-reductions` a block
    holds at most one `dp.choose` or `dp.sum`, whose results it yields.

    ```mlir
    dp.equation %D {
    ^bb0(%i: index):
      %first = arith.cmpi eq, %i, %c0 : index
      dp.where %first
      dp.yield %zero : f64
    } : !dp.array<1 x f64>
    ```
  }];
  let arguments = (ins Variadic<Dp_ArrayType>:$tables, UnitAttr:$otherwise,
                       OptionalAttr<I64Attr>:$ordinal);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $tables (`otherwise` $otherwise^)? (`ordinal` $ordinal^)? $body attr-dict `:` type($tables)
  }];
  let hasRegionVerifier = 1;
}

def Dp_ScatterOp : Dp_Op<"scatter"> {
  let summary = "adds into cells of a table chosen by data";
  let description = [{
    For every cell of `over` (the block's arguments are its indices) and every
    iterated index for which the guards hold: adds the yielded value (last) to
    the cell of `table` whose indices are yielded before it. `table` has no
    equations and starts at 0. The order of the additions is the schedule's of
    the cells, then the loops', hence fixed.
  }];
  let arguments = (ins Dp_ArrayType:$table, Dp_ArrayType:$over);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$table `over` $over $body attr-dict `:` type($table) `,` type($over)";
  let hasRegionVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Comprehensions
//===----------------------------------------------------------------------===//

def Dp_IterateOp : Dp_Op<"iterate"> {
  let summary = "an index that runs from `lower` up to, not including, `upper`";
  let arguments = (ins Index:$lower, Index:$upper, OptionalAttr<StrAttr>:$name);
  let results = (outs Index:$index);
  let assemblyFormat = "$lower `to` $upper ($name^)? attr-dict";
}

def Dp_WhereOp : Dp_Op<"where"> {
  let summary = "keeps only what the condition holds for";
  let arguments = (ins I1:$condition);
  let assemblyFormat = "$condition attr-dict";
}

def Dp_YieldOp : Dp_Op<"yield", [Terminator, ReturnLike]> {
  let summary = "what a comprehension yields";
  let arguments = (ins Variadic<AnyType>:$operands);
  let assemblyFormat = "attr-dict ($operands^ `:` type($operands))?";
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

def Dp_ReadOp : Dp_Op<"read", [
    TypesMatchWith<"result is the element", "array", "result",
      "::llvm::cast<::mlir::dp::ArrayType>($_self).getElement()">]> {
  let summary = "a cell of a table or an element of an input";
  let arguments = (ins Dp_ArrayType:$array, Variadic<Index>:$indices);
  let results = (outs AnyTypeOf<[F64, Index]>:$result);
  let assemblyFormat = "$array `[` $indices `]` attr-dict `:` type($array)";
  let hasVerifier = 1;
}

def Dp_SourceOp : Dp_Op<"source"> {
  let summary = "the source vertex of an edge, promised to be below `vertex`";
  let description = [{
    `sources` is the integer input of a dag's edge sources, `edge` an edge of the
    incoming edges of `vertex`.
  }];
  let arguments = (ins Dp_ArrayType:$sources, Index:$edge, Index:$vertex);
  let results = (outs Index:$result);
  let assemblyFormat = "$sources `[` $edge `]` `before` $vertex attr-dict `:` type($sources)";
}

def Dp_ContainsOp : Dp_Op<"contains", [Pure]> {
  let summary = "does the table's domain contain this cell?";
  let description = [{ What `T[e]?` asks before it reads. }];
  let arguments = (ins Dp_ArrayType:$table, Variadic<Index>:$indices);
  let results = (outs I1:$result);
  let assemblyFormat = "$table `[` $indices `]` attr-dict `:` type($table)";
  let hasVerifier = 1;
}

def Dp_NoneOp : Dp_Op<"none", [Pure]> {
  let summary = "the absent value";
  let results = (outs F64:$result);
  let assemblyFormat = "attr-dict";
}

def Dp_PresentOp : Dp_Op<"present", [Pure]> {
  let summary = "is the value present?";
  let description = [{
    With `above`: present and not -inf, what a candidate of a maximum must be to
    count.
  }];
  let arguments = (ins F64:$value, UnitAttr:$above);
  let results = (outs I1:$result);
  let assemblyFormat = "$value (`above` $above^)? attr-dict";
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

def Dp_ChooseOp : Dp_Op<"choose", [SingleBlock, NoTerminator]> {
  let summary = "a regularized maximum or minimum over candidates";
  let description = [{
    The candidates are those of its `dp.arm`s, in order; one that is absent, or
    whose score is the losing infinity, does not count. Without any, the result
    is absent. Without `reg` it takes the program's. `gamma` is the node's own
    temperature; without it the call's.

    After `dp-specialize-regularizer` every choice is a max with a regularizer
    and without gamma (which stands in the scores). Results after the first are
    the statistics of the regularizer.

    ```mlir
    %v = dp.choose max reg #dp.entropy {
      dp.arm "stay" {
        ...
        dp.yield %a : f64
      }
    } : f64
    ```
  }];
  let arguments = (ins Dp_Sense:$sense, OptionalAttr<Dp_RegularizerInterface>:$reg,
                       Optional<F64>:$gamma);
  let regions = (region SizedRegion<1>:$arms);
  let results = (outs Variadic<AnyTypeOf<[F64, Index]>>:$results);
  let assemblyFormat = [{
    $sense (`reg` $reg^)? (`gamma` $gamma^)? $arms attr-dict `:` type($results)
  }];
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::Value getValue() { return getResults().front(); }
    /// The largest number of indices an arm binds.
    unsigned getMaxBinders();
  }];
}

def Dp_SumOp : Dp_Op<"sum", [SingleBlock, NoTerminator]> {
  let summary = "the sum over the candidates of its arms, 0 without any";
  let description = [{ A candidate with an absent value makes the sum absent. }];
  let regions = (region SizedRegion<1>:$arms);
  let results = (outs F64:$result);
  let assemblyFormat = "$arms attr-dict";
  let hasRegionVerifier = 1;
}

def Dp_ArmOp : Dp_Op<"arm", [SingleBlock]> {
  let summary = "an alternative of a choice or a sum: a comprehension of scores";
  let description = [{
    `ordinal` is its place among the alternatives of the spec.
  }];
  let arguments = (ins OptionalAttr<StrAttr>:$label);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "($label^)? $body attr-dict";
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// The indices it binds, in order.
    ::llvm::SmallVector<::mlir::Value> getBinders();
    ::mlir::Value getScore();
    /// Its place among the arms of its choice or sum.
    unsigned getOrdinal();
  }];
}

def Dp_WeightOp : Dp_Op<"weight", [Pure, AttrSizedOperandSegments]> {
  let summary = "the weight q of a candidate of a choice";
  let description = [{
    From the candidate's own score, which must be computed as the choice computed
    it, its place (arm and binders) and the choice's statistics. An absent
    candidate has weight 0.
  }];
  let arguments = (ins Dp_RegularizerInterface:$reg, I64Attr:$arm, F64:$score,
                       Variadic<Index>:$binders,
                       Variadic<AnyTypeOf<[F64, Index]>>:$statistics);
  let results = (outs F64:$result);
  let assemblyFormat = [{
    $reg `arm` $arm `of` $score `at` `(` $binders `)` `with` `(` $statistics `:` type($statistics) `)` attr-dict
  }];
}

def Dp_CurvatureOp : Dp_Op<"curvature", [Pure]> {
  let summary = "the curvature s of a candidate of weight q";
  let arguments = (ins Dp_RegularizerInterface:$reg, F64:$weight);
  let results = (outs F64:$result);
  let assemblyFormat = "$reg `of` $weight attr-dict";
}

#endif // DANSKIN_DP_OPS_TD
