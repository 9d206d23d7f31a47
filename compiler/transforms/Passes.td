//===- Passes.td - passes from dp to dp --------------------*- tablegen -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DANSKIN_TRANSFORMS_PASSES_TD
#define DANSKIN_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def DpSpecializeRegularizer : Pass<"dp-specialize-regularizer", "::mlir::dp::ProgramOp"> {
  let summary = "write every choice as a max at gamma = 1";
  let description = [{
    Expects choices as the spec has them. Ensures that each is a max with a
    regularizer of its own and no gamma: a min is the negated max of the negated
    scores, and gamma enters by homogeneity, `gamma max(x / gamma)`. Does not
    change which candidates there are.
  }];
  let options = [
    Option<"regularizer", "regularizer", "std::string", "\"\"",
           "what choices without a regularizer of their own mean (default: the program's, else hard)">,
    Option<"everywhere", "everywhere", "bool", "false",
           "choices with a regularizer of their own take it too">
  ];
}

def DpIsolateReductions : Pass<"dp-isolate-reductions", "::mlir::dp::ProgramOp"> {
  let summary = "give every choice and sum an equation of its own";
  let description = [{
    Expects specialized choices. Ensures that an equation is either pointwise or
    one reduction over pointwise arms whose results it yields: what stands
    deeper is hoisted into a node table over the cell and the indices it needs,
    owned by the table it came from. Choices get the statistics tables that
    their regularizer asks for. Does not differentiate.
  }];
}

def DpDifferentiateReverse : Pass<"dp-differentiate-reverse", "::mlir::dp::ProgramOp"> {
  let summary = "add the gradient of the outputs along cotangents";
  let description = [{
    Expects isolated reductions. Adds an input `ct.<output>` for each output and
    an output `grad.<name>` for each name of `wrt`, with an adjoint table for
    every table in between. An adjoint gathers over the cells that read it; where
    the map from reader to cell cannot be inverted into loops (it goes through
    data), it is a dp.scatter. Does not schedule.
  }];
  let options = [
    ListOption<"wrt", "wrt", "std::string", "inputs and lets to differentiate by (default: all float inputs but gamma)">
  ];
}

def DpDifferentiateForward : Pass<"dp-differentiate-forward", "::mlir::dp::ProgramOp"> {
  let summary = "add the directional derivative of every output";
  let description = [{
    Expects isolated reductions. Adds an input `dir.<name>` for each name of
    `wrt` and an output `jvp.<output>` for each output, with a tangent table for
    every table that depends on one of them. Applied to the gradient program it
    gives the Hessian-product: `jvp.grad.<name>` is then called `hvp.<name>`.
  }];
  let options = [
    ListOption<"wrt", "wrt", "std::string", "inputs and lets that have a direction (default: all float inputs but gamma)">
  ];
}

def DpEliminateDeadTables : Pass<"dp-eliminate-dead-tables", "::mlir::dp::ProgramOp"> {
  let summary = "erase tables that no output needs";
  let description = [{
    Ensures that every table left is an output whose name starts with one of
    `keep` (all outputs where the list is empty) or is needed to compute one.
    Inputs stay, needed or not: they are the caller's.
  }];
  let options = [
    ListOption<"keep", "keep", "std::string", "prefixes of the outputs to keep (default: all)">
  ];
}

def DpSimplifyPresence : Pass<"dp-simplify-presence", "::mlir::dp::ProgramOp"> {
  let summary = "ask for presence only where it is in doubt";
  let description = [{
    Ensures that no dp.present (without `above`) asks for an expression of
    operators, nor for what is never absent: it asks for the parts that may be
    absent. Nor does a weight that is formed from a place alone keep the score
    of its candidate, or ask whether it is there. Does not change what counts.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def DpStoreWeights : Pass<"dp-store-weights", "::mlir::dp::ProgramOp"> {
  let summary = "keep the weights of small choices instead of what makes them";
  let description = [{
    Expects derivatives and no schedule. Where other cells ask for weights of a
    log-sum-exp over at most `arms` candidates, each arm gets a table of its
    weights, computed with the choice, and who asks reads it. Does not keep
    weights of arms that run over anything.
  }];
  let options = [
    Option<"mostArms", "arms", "unsigned", "4",
           "the most candidates of such a choice">
  ];
}

def DpCarryMaxima : Pass<"dp-carry-maxima", "::mlir::dp::ProgramOp"> {
  let summary = "take a maximum over a table as its cells are computed";
  let description = [{
    Expects isolated reductions. Replaces an output's hard choice over all cells
    of a table by tables of the maximum so far, which can be computed with those
    cells, so that none need be kept. Leaves all values as they were. Does
    nothing where somebody asks where the maximum is, nor over other domains
    than boxes.
  }];
}

def DpFuseCells : Pass<"dp-fuse-cells", "::mlir::dp::ProgramOp"> {
  let summary = "compute together what belongs to one cell";
  let description = [{
    Expects isolated reductions and no schedule. Gives a table an owner over the
    same domain where, of the two, one reads the other at its own cell only, and
    whatever else they read needs neither. Ensures that the program has a
    schedule where it had one. Does not fuse over different domains.
  }];
}

//===----------------------------------------------------------------------===//
// Proofs and schedules
//===----------------------------------------------------------------------===//

def DpVerifyDomains : Pass<"dp-verify-domains", "::mlir::dp::ProgramOp"> {
  let summary = "prove that equations cover each cell once and reads stay inside";
  let description = [{
    Expects what the front end makes. Fails with an error and the smallest
    instance that breaks it where a cell has no equation or two, a read leaves a
    table or an input, a `?` cannot fail, a range is unbounded, or a proof takes
    too long. The proofs hold for all sizes that meet the assumptions. Changes
    nothing.
  }];
  let options = [
    Option<"proofLimit", "proof-limit", "unsigned", "4000",
           "emptiness proofs that one question may cost">
  ];
}

def DpVerifyCausality : Pass<"dp-verify-causality", "::mlir::dp::ProgramOp"> {
  let summary = "prove that no cell reads itself";
  let description = [{
    Fails with the instance where a cell does. Longer cycles are found by
    dp-assign-schedule, which any cycle keeps from finding a schedule. Changes
    nothing.
  }];
}

def DpSplitTables : Pass<"dp-split-tables", "::mlir::dp::ProgramOp"> {
  let summary = "give equations of opposed directions tables of their own";
  let description = [{
    Expects a proved program, before reductions are isolated. Where the tables
    of a component have no schedule, each of them with several equations that
    read tables becomes one table of the same name an equation, over the cells
    of that equation; a read asks which one holds its cell. Ensures that the
    program means what it did. Does not report a program that still has no
    schedule: dp-assign-schedule does.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect"];
}

def DpAssignSchedule : Pass<"dp-assign-schedule", "::mlir::dp::ProgramOp"> {
  let summary = "find an order in which every cell comes after those it reads";
  let description = [{
    Sets `schedule` on every statement, that is each dp.table without an owner
    and each dp.scatter: an array of rows, each the coefficients of the
    statement's dims, then a constant. All statements have equally many rows.
    Cells run in lexicographic order of their rows' values; those of equal
    values are independent. An output or a scatter that nothing reads gets no
    schedule: it runs after everything else, in program order. Proves what it
    has found.
  }];
  let options = [
    Option<"rowMajor", "row-major", "bool", "false",
           "only rows that are one dim, forward or backward">,
    Option<"rowsFirst", "rows-first", "bool", "false",
           "such rows where they are a schedule, any others where not">,
    Option<"wavefront", "wavefront", "bool", "false",
           "a second schedule, `wavefront`, where rows take cell by cell">,
    Option<"fewestTimes", "fewest-times", "bool", "false",
           "such a second schedule, and no rows where they do not">
  ];
}

def DpVerifySchedule : Pass<"dp-verify-schedule", "::mlir::dp::ProgramOp"> {
  let summary = "prove that the schedule orders every read";
  let description = [{
    Expects `schedule` attributes as dp-assign-schedule sets them, whoever set
    them. Fails at a read whose cell does not run before its reader. Changes
    nothing.
  }];
}

def DpSelectEntry : Pass<"dp-select-entry", "::mlir::dp::ProgramOp"> {
  let summary = "say which query the program answers";
  let description = [{
    Sets the program's `entry`, after which its functions are named.
  }];
  let options = [Option<"entry", "entry", "std::string", "\"value\"", "value, value_grad, hvp or argmax">];
}

def DpChooseForm : Pass<"dp-choose-form", "::mlir::dp::ProgramOp"> {
  let summary = "choose in which number format tables are computed";
  let description = [{
    Sets the program's `form`: `native`, the type of the entry's arrays; `wide`,
    double whatever they are, which holds a gradient's error flat in the length
    of the recursion; or `auto`: native where all choices are hard, otherwise
    wide, and beside it scaled single precision where choices are log-sum-exps
    and arrays are f32.
  }];
  let options = [Option<"form", "form", "std::string", "\"auto\"", "auto, native or wide">];
}

def DpPlanStorage : Pass<"dp-plan-storage", "::mlir::dp::ProgramOp"> {
  let summary = "choose how tables lie in memory and which axis runs innermost";
  let description = [{
    Sets `storage` on every table: `full`, the cells of each row from its own
    first one (a band takes its width), or `box`, the bounding box. Sets the
    program's `lane`, the free axis that becomes the innermost loop: `none`,
    the last one, or `first`.
  }];
  let options = [
    Option<"storage", "storage", "std::string", "\"full\"", "full or box">,
    Option<"lane", "lane", "std::string", "\"none\"", "none or first">
  ];
}

def DpFoldStorage : Pass<"dp-fold-storage", "::mlir::dp::ProgramOp"> {
  let summary = "find the tables of which the latest cells are enough";
  let description = [{
    Sets `schedule_window` (and `wavefront_window`) on tables of which all reads
    come soon after their cells: the number of the schedule's first row that is
    not constant, and how many of its times, a power of two, need room at once.
  }];
}

def DpSplitSums : Pass<"dp-split-sums", "::mlir::dp::ProgramOp"> {
  let summary = "sum over a wavefront row by row";
  let description = [{
    Expects schedules. A sum without indices over both indices of a table whose
    time is of both becomes a sum over a new table, which has the sum of each
    row.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def DpScatterSums : Pass<"dp-scatter-sums", "::mlir::dp::ProgramOp"> {
  let summary = "have cells of a wavefront add to sums over its rows";
  let description = [{
    Expects schedules. A sum over cells of a table of two indices whose time is
    of both, one index being the sum's own, becomes a scatter over these cells,
    scheduled right after each and marked `apart`: cells of equal time add to
    places of their own. A schedule gets a row more where it ends with one that
    is not constant. The order of the terms is the same in all schedules.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def DpCheckpointTables : Pass<"dp-checkpoint-tables", "::mlir::dp::ProgramOp"> {
  let summary = "keep what a later phase reads backwards by segments of time";
  let description = [{
    Sets `schedule_segmented` (and `wavefront_segmented`) on tables of one phase
    that only one later phase reads, in the opposite order of times, and on
    those of that phase that only sums read, on which it sets `schedule_summed`:
    how many times before a segment the table is read.
    On the program it sets `schedule_checkpoint`: the row of the schedule whose
    times are cut, how many times before a segment its cells read, how many
    after it its readers read, how many before a time readers read one another,
    the least sum of a reader's time and of what it reads, then the constants of
    the rows before of both phases. Memory is then about the square root of that
    of all times, and the tables of the first phase are computed twice.
  }];
}

def DpLayOutPaths : Pass<"dp-lay-out-paths", "::mlir::dp::ProgramOp"> {
  let summary = "number the tables of paths";
  let description = [{
    Sets `path_number` of tables and outputs, in the order of the text, outputs
    after tables, and the program's `path_rank` and `path_binders`: the most
    indices that one of them has, and that an arm of theirs binds. They fix the
    layout of the rows of a path before tables that nothing needs are left out.
    Expects isolated reductions.
  }];
}

def DpTracePath : Pass<"dp-trace-path", "::mlir::dp::ProgramOp"> {
  let summary = "add the path of the winners";
  let description = [{
    Expects isolated reductions whose choices are all hard, paths laid out, and,
    for a tight bound on the length, schedules. Adds the outputs `argmax` and
    `argmax.length` with the dp.traceback that fills them. A row is a table's
    number (outputs count after the tables), the indices of its cell, the number
    of its equation, that of the arm that won (among the arms of all choices of
    the equation), and the indices that the arm bound; each part as long as it is
    at most, filled up with -1. An equation without a choice has a row with arm
    -1. Tables that no choice stands behind give nothing. Fails where a path goes
    through anything but sums of cells.
  }];
}

#endif // DANSKIN_TRANSFORMS_PASSES_TD
