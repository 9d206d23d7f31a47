//===- TestProgram.cpp - programs for tests, from text --------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/analysis/TestProgram.h"
#include "compiler/analysis/Dependences.h"
#include "compiler/analysis/Domains.h"
#include "compiler/frontend/DpGen.h"
#include "compiler/frontend/Frontend.h"
#include "compiler/schedule/Wavefront.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"

using namespace danskin;

TestProgram::TestProgram(const std::string &text) {
  context.loadDialect<mlir::dp::DpDialect, mlir::affine::AffineDialect,
                      mlir::arith::ArithDialect, mlir::math::MathDialect,
                      mlir::scf::SCFDialect>();
  Diagnostics diagnostics;
  std::unique_ptr<ast::File> file = parseFile(text, "test.dp", diagnostics);
  if (!file) {
    llvm::raw_string_ostream os(errors);
    diagnostics.print(os);
    return;
  }
  module = generateDp(*file->programs.front(), text, "test.dp", {}, context);
  if (mlir::failed(mlir::verify(*module)))
    errors = "the module does not verify";
  program = *module->getOps<mlir::dp::ProgramOp>().begin();
}

std::string danskin::faultsOf(const std::string &text) {
  TestProgram test(text);
  if (!test.errors.empty())
    return test.errors;
  std::string found;
  for (const DomainFault &fault : checkDomains(test.program)) {
    found += fault.code + " " + fault.message;
    if (!fault.witness.empty())
      found += " | " + fault.witness;
    found += "\n";
  }
  return found;
}

std::string danskin::scheduleOf(const std::string &text) {
  TestProgram test(text);
  if (!test.errors.empty())
    return test.errors;
  ProofBudget budget{dependenceProofLimit};
  ProgramDependences dependences = getDependences(test.program, budget);
  if (dependences.incomplete)
    return "too many proofs";
  SchedulingResult result = solve(dependences.problem);
  if (!result)
    return "no schedule";
  if (verify(dependences.problem, result.schedule))
    return "the schedule is wrong";
  return toString(dependences.problem, result.schedule);
}
