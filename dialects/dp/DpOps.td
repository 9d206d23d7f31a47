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
include "mlir/Interfaces/InferTypeOpInterface.td"
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
      %c0 = arith.constant 0 : index
      %one = arith.constant 1 : index
      %S = dp.table "S" table never {
        %i = dp.iterate %c0 to %N "i"
        dp.yield %i : index
      } : !dp.array<1 x f64>
      %total = dp.table "total" output never {
        dp.yield
      } : !dp.array<0 x f64>
      dp.equation %S {
      ^bb0(%i: index):
        %first = arith.cmpi eq, %i, %c0 : index
        dp.where %first
        %v = dp.read %x[%i] : !dp.array<1 x f64>
        dp.yield %v : f64
      } : !dp.array<1 x f64>
      dp.equation %S otherwise {
      ^bb0(%i: index):
        %before = arith.subi %i, %one : index
        %s = dp.read %S[%before] : !dp.array<1 x f64>
        %v = dp.read %x[%i] : !dp.array<1 x f64>
        %sum = arith.addf %s, %v : f64
        dp.yield %sum : f64
      } : !dp.array<1 x f64>
      dp.equation %total {
        %last = arith.subi %N, %one : index
        %s = dp.read %S[%last] : !dp.array<1 x f64>
        dp.yield %s : f64
      } : !dp.array<0 x f64>
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
    dp.program @labels {
      %L = dp.size "L"
      %V = dp.size "V" fixed 29
      %c1 = arith.constant 1 : index
      %enough = arith.cmpi sge, %V, %c1 : index
      dp.assume %enough "V >= 1"
      %gamma = dp.input "gamma"[] gamma default 1.0 : !dp.array<0 x f64>
      %y = dp.input "y"[%L] in {
      ^bb0(%l: index):
        dp.yield %c1, %V : index, index
      } : !dp.array<1 x index>
    }
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
    dp.program @triangle {
      %N = dp.size "N"
      %c0 = arith.constant 0 : index
      %T = dp.table "T" table max {
        %i = dp.iterate %c0 to %N "i"
        %j = dp.iterate %i to %N "j"
        dp.yield %i, %j : index, index
      } : !dp.array<2 x f64>
      %stat = dp.table "T.stat" node never with %T : !dp.array<2 x f64> {
        %i = dp.iterate %c0 to %N "i"
        %j = dp.iterate %i to %N "j"
        dp.yield %i, %j : index, index
      } : !dp.array<2 x index>
    }
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
    dp.program @ramp {
      %N = dp.size "N"
      %c0 = arith.constant 0 : index
      %D = dp.table "D" table max {
        %i = dp.iterate %c0 to %N "i"
        dp.yield %i : index
      } : !dp.array<1 x f64>
      dp.equation %D {
      ^bb0(%i: index):
        %first = arith.cmpi eq, %i, %c0 : index
        dp.where %first
        %zero = arith.constant 0.0 : f64
        dp.yield %zero : f64
      } : !dp.array<1 x f64>
      dp.equation %D otherwise ordinal 1 {
      ^bb0(%i: index):
        %none = dp.none
        dp.yield %none : f64
      } : !dp.array<1 x f64>
    }
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

    ```mlir
    dp.program @histogram {
      %L = dp.size "L"
      %V = dp.size "V"
      %c0 = arith.constant 0 : index
      %y = dp.input "y"[%L] in {
      ^bb0(%l: index):
        dp.yield %c0, %V : index, index
      } : !dp.array<1 x index>
      %E = dp.table "E" table never {
        %l = dp.iterate %c0 to %L "l"
        dp.yield %l : index
      } : !dp.array<1 x f64>
      %G = dp.table "grad.e" output never {
        %v = dp.iterate %c0 to %V "v"
        dp.yield %v : index
      } : !dp.array<1 x f64>
      dp.equation %E {
      ^bb0(%l: index):
        %one = arith.constant 1.0 : f64
        dp.yield %one : f64
      } : !dp.array<1 x f64>
      dp.scatter %G over %E {
      ^bb0(%l: index):
        %v = dp.read %y[%l] : !dp.array<1 x index>
        %e = dp.read %E[%l] : !dp.array<1 x f64>
        dp.yield %v, %e : index, f64
      } : !dp.array<1 x f64>, !dp.array<1 x f64>
    }
    ```
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
  let extraClassDeclaration = [{
    /// Where it runs over the edges of a vertex, from its offset in the graph to
    /// that of the next: the vertex, which each edge determines. Else null.
    ::mlir::Value getVertex();
  }];
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

def Dp_ReadOp : Dp_Op<"read", [NoMemoryEffect,
    TypesMatchWith<"result is the element", "array", "result",
      "::llvm::cast<::mlir::dp::ArrayType>($_self).getElement()">]> {
  let summary = "a cell of a table or an element of an input";
  let arguments = (ins Dp_ArrayType:$array, Variadic<Index>:$indices);
  let results = (outs AnyTypeOf<[F64, Index]>:$result);
  let assemblyFormat = "$array `[` $indices `]` attr-dict `:` type($array)";
  let hasVerifier = 1;
}

def Dp_SourceOp : Dp_Op<"source", [NoMemoryEffect]> {
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
    dp.program @segment reg #dp.entropy {
      %N = dp.size "N"
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %x = dp.input "x"[%N] : !dp.array<1 x f64>
      %V = dp.table "V" table max {
        %i = dp.iterate %c0 to %N "i"
        dp.yield %i : index
      } : !dp.array<1 x f64>
      dp.equation %V {
      ^bb0(%i: index):
        %v = dp.choose max {
          dp.arm "start" {
            %s = dp.read %x[%i] : !dp.array<1 x f64>
            dp.yield %s : f64
          }
          dp.arm "jump" {
            %k = dp.iterate %c1 to %i "k"
            %from = arith.subi %i, %k : index
            %inside = dp.contains %V[%from] : !dp.array<1 x f64>
            dp.where %inside
            %s = dp.read %V[%from] : !dp.array<1 x f64>
            dp.yield %s : f64
          }
        } : f64
        %w = dp.sum {
          dp.arm {
            %k = dp.iterate %c0 to %i "k"
            %s = dp.read %x[%k] : !dp.array<1 x f64>
            dp.yield %s : f64
          }
        }
        %r = arith.addf %v, %w : f64
        dp.yield %r : f64
      } : !dp.array<1 x f64>
    }
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
  let description = [{
    ```mlir
    dp.program @weights {
      %x = dp.input "x"[] : !dp.array<0 x f64>
      %value = dp.table "value" table max {
        dp.yield
      } : !dp.array<0 x f64>
      %m = dp.table "value.stat0" node never with %value : !dp.array<0 x f64> {
        dp.yield
      } : !dp.array<0 x f64>
      %t = dp.table "value.stat1" node never with %value : !dp.array<0 x f64> {
        dp.yield
      } : !dp.array<0 x f64>
      %s = dp.table "s" output never {
        dp.yield
      } : !dp.array<0 x f64>
      dp.equation %value, %m, %t {
        %r:3 = dp.choose max reg #dp.l2 {
          dp.arm {
            %score = dp.read %x[] : !dp.array<0 x f64>
            dp.yield %score : f64
          }
        } : f64, f64, f64
        dp.yield %r#0, %r#1, %r#2 : f64, f64, f64
      } : !dp.array<0 x f64>, !dp.array<0 x f64>, !dp.array<0 x f64>
      dp.equation %s {
        %score = dp.read %x[] : !dp.array<0 x f64>
        %max = dp.read %m[] : !dp.array<0 x f64>
        %tau = dp.read %t[] : !dp.array<0 x f64>
        %q = dp.weight #dp.l2 arm 0 of %score at () with (%max, %tau : f64, f64)
        %c = dp.curvature #dp.l2 of %q
        dp.yield %c : f64
      } : !dp.array<0 x f64>
    }
    ```
  }];
  let arguments = (ins Dp_RegularizerInterface:$reg, F64:$weight);
  let results = (outs F64:$result);
  let assemblyFormat = "$reg `of` $weight attr-dict";
}

//===----------------------------------------------------------------------===//
// The path of the winners
//===----------------------------------------------------------------------===//

def Dp_TracebackOp : Dp_Op<"traceback", [SingleBlock, NoTerminator]> {
  let summary = "walks from the outputs to the winners and writes the path down";
  let description = [{
    Runs after every equation. It starts at the cells of those `dp.visit` that
    are roots, in their order, each domain row by row. To visit a cell is to run
    the `dp.visit`s of its table in order: `dp.step` writes a row of the path,
    `dp.descend` names a cell to visit next, before anything named later and
    whatever was named by earlier visits (preorder).

    `rows` is an output of rank 2 whose rows are filled from the first, the
    others are 0; `length` an output of rank 0. `stack` is a table without
    equations: a row for each cell that is named but not visited. A path that
    does not fit makes the kernel fail.

    ```mlir
    dp.program @path entry "argmax" {
      %N = dp.size "N"
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %T = dp.table "T" table max {
        %i = dp.iterate %c0 to %N "i"
        dp.yield %i : index
      } : !dp.array<1 x f64>
      %out = dp.table "out" output max {
        %i = dp.iterate %c0 to %N "i"
        dp.yield %i : index
      } : !dp.array<1 x f64>
      %rows = dp.table "argmax" output never {
        %i = dp.iterate %c0 to %N "i"
        %j = dp.iterate %c0 to %c1 "j"
        dp.yield %i, %j : index, index
      } : !dp.array<2 x index>
      %length = dp.table "argmax.length" output never {
        dp.yield
      } : !dp.array<0 x index>
      %stack = dp.table "argmax.stack" node never {
        %i = dp.iterate %c0 to %N "i"
        %j = dp.iterate %c0 to %c2 "j"
        dp.yield %i, %j : index, index
      } : !dp.array<2 x index>
      dp.equation %T {
      ^bb0(%i: index):
        %zero = arith.constant 0.0 : f64
        dp.yield %zero : f64
      } : !dp.array<1 x f64>
      dp.equation %out {
      ^bb0(%i: index):
        %v = dp.read %T[%i] : !dp.array<1 x f64>
        dp.yield %v : f64
      } : !dp.array<1 x f64>
      dp.traceback %rows length %length stack %stack {
        dp.visit %out root {
        ^bb0(%i: index):
          %v = dp.read %T[%i] : !dp.array<1 x f64>
          %present = dp.present %v
          dp.where %present
          dp.descend %T[%i] : !dp.array<1 x f64>
          dp.yield
        } : !dp.array<1 x f64>
        dp.visit %T {
        ^bb0(%i: index):
          dp.step %i
          dp.yield
        } : !dp.array<1 x f64>
      } : !dp.array<2 x index>, !dp.array<0 x index>, !dp.array<2 x index>
    }
    ```
  }];
  let arguments = (ins Dp_ArrayType:$rows, Dp_ArrayType:$length, Dp_ArrayType:$stack);
  let regions = (region SizedRegion<1>:$visits);
  let assemblyFormat = [{
    $rows `length` $length `stack` $stack $visits attr-dict `:` type($rows) `,` type($length) `,` type($stack)
  }];
  let hasRegionVerifier = 1;
}

def Dp_VisitOp : Dp_Op<"visit", [HasParent<"TracebackOp">]> {
  let summary = "what the visit of a cell adds to the path, and where it goes on";
  let description = [{
    The block's arguments are the cell's indices. A comprehension that yields
    nothing.
  }];
  let arguments = (ins Dp_ArrayType:$table, UnitAttr:$root);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$table (`root` $root^)? $body attr-dict `:` type($table)";
  let hasRegionVerifier = 1;
}

def Dp_StepOp : Dp_Op<"step"> {
  let summary = "writes a row of the path";
  let arguments = (ins Variadic<Index>:$row);
  let assemblyFormat = "$row attr-dict";
  let hasVerifier = 1;
}

def Dp_DescendOp : Dp_Op<"descend"> {
  let summary = "names a cell to visit next";
  let arguments = (ins Dp_ArrayType:$table, Variadic<Index>:$indices);
  let assemblyFormat = "$table `[` $indices `]` attr-dict `:` type($table)";
  let hasVerifier = 1;
}

#endif // DANSKIN_DP_OPS_TD
