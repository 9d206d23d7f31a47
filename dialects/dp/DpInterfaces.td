//===- DpInterfaces.td - what a regularizer must answer ----*- tablegen -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DANSKIN_DP_INTERFACES_TD
#define DANSKIN_DP_INTERFACES_TD

include "mlir/IR/OpBase.td"

def Dp_RegularizerInterface : AttrInterface<"RegularizerAttrInterface"> {
  let cppNamespace = "::mlir::dp";
  let description = [{
    A regularizer Omega behind `max_Omega(x) = max over the simplex of <p, x> -
    Omega(p)`. It separates what Omega is from everything that uses one: passes
    ask for statistics, weights and curvature and never name an Omega. All
    answers are for gamma = 1; the temperature enters by homogeneity,
    `max_{gamma Omega}(x) = gamma max_Omega(x / gamma)`, which
    `dp-specialize-regularizer` writes out.

    Scores given to it are present and above -inf; there may be none (the
    choice is then absent). Scores may be +inf: the hard maximum takes the first
    of them, the others share the weight among them. A NaN score gives NaN.
  }];
  let methods = [
    InterfaceMethod<"Does gamma scale this Omega? (Not the hard maximum's.)",
      "bool", "usesGamma">,
    InterfaceMethod<[{The types (`f64` or `index`) of the statistics that a choice
      keeps so that any weight can be formed later from its own score. `binders`
      is the largest number of indices an arm of the choice binds.}],
      "::llvm::SmallVector<::mlir::Type>", "getStatisticTypes",
      (ins "::mlir::MLIRContext *":$context, "unsigned":$binders)>,
    InterfaceMethod<[{Is max_Omega log sum exp? Then a choice among logarithms is the
      logarithm of a sum, and a back end may add instead.}],
      "bool", "isLogSumExp", (ins), [{}], [{ return false; }]>,
    InterfaceMethod<[{Is a weight formed from the candidate's place alone? The statistics
      are then the place of the winner, its arm (-1: there is none) before what
      the arm bound; scores are not read again, and who has weight was present.}],
      "bool", "weighsByPlace", (ins), [{}], [{ return false; }]>,
    InterfaceMethod<"Does emitChoice run over the scores more than twice?",
      "bool", "asksOften", (ins), [{}], [{ return false; }]>,
    InterfaceMethod<[{How H, the derivative of the weights, is made. The Hessian of a
      separable Omega acts as `(H u)_c = s_c (u_c - mean)`, with `s_c` the
      curvature and `mean = sum s u / sum s`. Zero: H = 0 (hard). Weights: s is
      the weight itself (entropy), so mean is the tangent of the value. Own: ask
      emitCurvature.}],
      "::mlir::dp::CurvatureKind", "getCurvatureKind">,
    InterfaceMethod<[{Emits max_Omega over the candidates: the value, then the
      statistics. May run over the candidates several times. Without candidates
      the value is -inf.}],
      "::llvm::SmallVector<::mlir::Value>", "emitChoice",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::dp::CandidateRange &":$candidates)>,
    InterfaceMethod<"Emits the weight q of one candidate from its score and the statistics.",
      "::mlir::Value", "emitWeight",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "const ::mlir::dp::Candidate &":$candidate, "::mlir::ValueRange":$statistics)>,
    InterfaceMethod<"Emits the curvature s of a candidate of weight q (kind Own).",
      "::mlir::Value", "emitCurvature",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Value":$weight)>,
  ];
}

#endif // DANSKIN_DP_INTERFACES_TD
