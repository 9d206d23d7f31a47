//===- Passes.td - passes that leave dp --------------------*- tablegen -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DANSKIN_CONVERSION_PASSES_TD
#define DANSKIN_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertDpToScf : Pass<"convert-dp-to-scf", "::mlir::ModuleOp"> {
  let summary = "turn each dp.program into loops over memory";
  let description = [{
    Expects isolated reductions over specialized choices, and a schedule on each
    table without an owner (tables without one run last, in program order,
    row-major). Replaces each dp.program, for each float type asked for, by four
    functions `<program>_<entry>_<f32|f64>_{run,workspace,extents,validate}`
    over sizes (`index`), strided arrays, and a workspace. Where the program's
    form is `auto`, arrays are f32 and the program chooses by log-sum-exp, there
    is a fifth, `scaled`: the run that keeps what it can as mantissas and
    exponents in single precision. It gives a code other than 0 where numbers
    are none that this format holds; `run` gives their results. Where statements
    have a second schedule, `wavefront`, a function of that name takes it; it is
    otherwise as `scaled`, or `run` where that is not. Where there is none but
    inputs do not lie as adjacent cells want them, `turned` has copies that do.
    Of a program with a
    dp.traceback each of these calls a private `<name>_path`, which walks the paths
    of one of the instances that a workspace holds element by element; with
    `for-threads` it walks itself. A table with a window of its schedule keeps as
    many times, in turn. With `for-threads` there
    are `shapes`, the extents of inputs and outputs, and `holds`, whether sizes are
    such as the program demands; and where cells along diagonals read others at
    constant distances, threads go down columns instead, in a marked loop in which they
    meet by themselves. Ensures that every
    cell is computed once, at its time; that no memory is allocated; that
    float arithmetic has the order of the program. Does not make an interface
    that C can call.
  }];
  let options = [
    ListOption<"floatTypes", "float-type", "std::string",
               "what float inputs and outputs are: f32, f64 (default: f64)">,
    Option<"forThreads", "for-threads", "bool", "false",
           "adjacent threads take adjacent cells of an instance">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect"
  ];
}

def DpVectorizeLanes : Pass<"dp-vectorize-lanes", "::mlir::ModuleOp"> {
  let summary = "add kernels that compute several instances of equal sizes at once";
  let description = [{
    Expects the functions of convert-dp-to-scf. Adds to each `<name>_run` that has
    no memory of its own a `<name>_lanes` over `width` instances, one a lane of
    a vector: its arrays have a leading axis of lanes, the workspace is `width`
    times as large, and the number of instances, 1 to `width`, comes last; those
    that are missing repeat the last. It gives an `i32` with a bit for each lane
    that failed. Paths are walked by calls, one instance after the other. Where there is a `<name>_scaled`, that is what is vectorized, and
    `width` is twice as much. Every lane has the bits that the kernel it is made
    from gives. Does not change the order of cells.
  }];
  let options = [
    Option<"width", "width", "unsigned", "8", "lanes; below 2 there are none">
  ];
  let dependentDialects = ["::mlir::vector::VectorDialect"];
}

def DpVectorizeCells : Pass<"dp-vectorize-cells", "::mlir::ModuleOp"> {
  let summary = "add kernels that compute several cells of an instance at once";
  let description = [{
    Expects the functions of convert-dp-to-scf, whose loops over cells of equal
    time are marked. Adds to each `<name>_run` a `<name>_one` of the same arguments
    and results that takes `width` iterations of the innermost of these loops at
    a time. Threads may share these loops: it has three arguments more, the
    calling thread's number, how many there are and what they meet by. It is made
    from a `<name>_wavefront` or a `<name>_turned`, which are there for nothing
    else, or from a `<name>_scaled`, else from the run. Every cell has the bits
    that the kernel it is made from gives. A `<name>_cells` says of sizes how
    many lanes of instances would be as fast.
  }];
  let options = [
    Option<"width", "width", "unsigned", "8", "cells; below 2: one">
  ];
  let dependentDialects = ["::mlir::vector::VectorDialect",
                           "::mlir::LLVM::LLVMDialect"];
}

def DpCarryFaults : Pass<"dp-carry-faults", "::mlir::ModuleOp"> {
  let summary = "note the faults of a cell, or of a kernel, at its end";
  let description = [{
    What notes a fault is a branch with one store that is marked so. Replaces those
    within a marked loop over cells by one at the end of its body, and, without
    `cells-only`, all others by one before the notes are read. In between, whether
    there was a fault is carried by loops and branches.
  }];
  let options = [Option<"cellsOnly", "cells-only", "bool", "false",
                        "leave what is in no loop over cells">];
}

def DpFlattenBranches : Pass<"dp-flatten-branches", "::mlir::ModuleOp"> {
  let summary = "compute both sides of small branches and select";
  let description = [{
    Replaces an scf.if whose sides only compute, and load from tables in the
    workspace, by both sides and selections, so that threads of a warp stay together
    and loads need not wait for one another. Expects such tables, which are views, to
    end with an element that may be loaded in vain. Leaves branches with loads from
    arrays: what they ask may be what keeps them inside.
  }];
  let options = [Option<"limit", "limit", "unsigned", "40", "operations of a side">];
}

def DpNameMaxima : Pass<"dp-name-maxima", "::mlir::ModuleOp"> {
  let summary = "maxima as operations of their own";
  let description = [{
    Replaces comparisons and selections that are the maximum or the minimum of two
    f32 numbers, a NaN where one is, by llvm.intr.maximum and llvm.intr.minimum; of a
    zero and a negative zero these give the greater and the lesser one. Drops
    selections that say of an infinity, which stands for an absent number, what the
    number says itself.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def DpUnrollReductions : Pass<"dp-unroll-reductions", "::mlir::ModuleOp"> {
  let summary = "several rounds of a cell's reduction in one";
  let description = [{
    Unrolls loops that carry values and load, directly within a marked loop over
    cells. What is left of the rounds runs one by one. Results are the same bits.
  }];
  let options = [Option<"factor", "factor", "unsigned", "4", "rounds in one">,
                 Option<"limit", "limit", "unsigned", "28", "operations of a round">];
}

def DpRaiseLoads : Pass<"dp-raise-loads", "::mlir::ModuleOp"> {
  let summary = "load as early as can be";
  let description = [{
    Moves each load, with what its place is computed from, up in its block to where
    these are known, over whatever does not write the same memory. Expects that
    different memrefs do not overlap.
  }];
}

def DpPrefetchInputs : Pass<"dp-prefetch-inputs", "::mlir::ModuleOp"> {
  let summary = "ask for memory some times before it is loaded";
  let description = [{
    In a marked loop over cells within a loop over time, prefetches what a load will
    want `ahead` times later, from memory that the loop over time does not write and
    at places that its index has a part in. One load a memory, so that neighbors are
    not asked for twice.
  }];
  let options = [Option<"ahead", "ahead", "unsigned", "4", "times">];
}

def DpDistributeCells : Pass<"dp-distribute-cells", "::mlir::ModuleOp"> {
  let summary = "give the loops over cells to the threads of a block";
  let description = [{
    Expects the functions of convert-dp-to-scf and kernels. Afterwards all threads of
    a block call a `run`, `scaled` or `validate` together, with the same arguments. Each
    takes its share of a marked loop's iterations; loops within are taken as one
    where their bounds allow it, else a warp takes an iteration of the outer one.
    Where a loop outside of all others adds up, each thread adds a part, and all add
    the parts. Additions to one place are one thread's, in their order: the number of threads
    must be a power of two. What is not in such
    loops and writes memory is the first thread's. There is a barrier between a
    write and what may meet it. A loop in which they meet by themselves is all
    threads' as it is. `validate` gives each thread the same verdict.
    Does not change what a cell computes.
  }];
  let dependentDialects = ["::mlir::NVVM::NVVMDialect", "::mlir::LLVM::LLVMDialect"];
}

def DpWrapKernels : Pass<"dp-wrap-kernels", "::mlir::ModuleOp"> {
  let summary = "make kernels of a GPU that take the instances of a batch";
  let description = [{
    Expects the functions of convert-dp-to-scf for threads. Adds to each
    `<name>_run` a `<name>_kernel`, of whose blocks each takes every so-manyth
    instance: it reads the instance's sizes, checks them and the int inputs, pads
    the outputs and runs. Where there is a `<name>_scaled` the kernel runs that, and
    a `<name>_again` takes the instances that it failed. A `<name>_sums` adds up the
    instances' terms of outputs that have no batch axis, in the order of the batch.
    The kernels' one argument is an array of words, runtime/include/dp/abi.h
    (DP_WORDS_CALL and on). exp and log of the runtime get bodies.
  }];
  let options = [Option<"indexBits", "index-bits", "unsigned", "64", "of an index, once lowered">];
  let dependentDialects = ["::mlir::NVVM::NVVMDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::vector::VectorDialect"];
}

def DpWrapEntryPoints : Pass<"dp-wrap-entry-points", "::mlir::ModuleOp"> {
  let summary = "give the functions of kernels signatures that C can call";
  let description = [{
    Expects the functions of convert-dp-to-scf. Renames each to `<name>.body`, makes
    it internal, and puts a function of the old name in its place that takes
    pointers: to sizes, arrays, strides (in elements), and the workspace or the
    result. Does not check what the pointers give.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::memref::MemRefDialect", "::mlir::LLVM::LLVMDialect"
  ];
}

def DpLowerControlFlow : Pass<"dp-lower-control-flow", "::mlir::ModuleOp"> {
  let summary = "make blocks of loops and branches";
  let description = [{
    As convert-scf-to-cf. Where a branch has the mark `dp.cold`, LLVM is told how
    seldom it is taken.
  }];
  let dependentDialects = ["::mlir::cf::ControlFlowDialect",
                           "::mlir::LLVM::LLVMDialect"];
}

def DpLowerToLLVM : Pass<"dp-lower-to-llvm", "::mlir::ModuleOp"> {
  let summary = "convert what kernels are made of to the llvm dialect at once";
  let description = [{
    Upstream's patterns for vector, memref, math, arith, cf and func in a single
    conversion; one pass a dialect takes three times as long. Expects no scf and
    no memref.reinterpret_cast.
  }];
  let options = [Option<"indexBits", "index-bits", "unsigned", "64", "of an index">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // DANSKIN_CONVERSION_PASSES_TD
