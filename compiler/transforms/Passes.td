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
           "what choices without a regularizer of their own mean (default: the program's, else hard)">
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
}

#endif // DANSKIN_TRANSFORMS_PASSES_TD
