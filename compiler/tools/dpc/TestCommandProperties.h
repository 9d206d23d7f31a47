//===- TestCommandProperties.h - what needs no reference --------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Metamorphic properties of an engine's results, each checked where the traits
// of the program say that it must hold and tallied as not applicable where they
// do not. E is the gradient by the weights, under cotangents of 1. The sources
// are Mensch & Blondel, "Differentiable Dynamic Programming for Structured
// Prediction and Attention", ICML 2018, and the convexity of max_Omega.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_TESTCOMMANDPROPERTIES_H
#define DANSKIN_TOOLS_DPC_TESTCOMMANDPROPERTIES_H

#include "compiler/tools/dpc/CallRandom.h"
#include "compiler/tools/dpc/TestCommandCheck.h"
#include "compiler/tools/dpc/TestCommandTraits.h"

namespace danskin {

class PropertyChecker {
public:
  /// All must outlive the checker.
  PropertyChecker(const ast::Program &program, const ProgramTraits &traits,
                  Engine &engine, RandomEngine &random, Tally &tally)
      : program(program), traits(traits), engine(engine), random(random),
        tally(tally) {}

  /// `call` is of one instance with finite floats, without cotangents and
  /// directions. Fails only where an engine does.
  llvm::Error check(const ResolvedCall &call);

private:
  using Step = llvm::Error (PropertyChecker::*)();

  // Of the weights.
  llvm::Error checkEuler();      ///< p (V - gamma dV/dgamma) = <grad, inputs>
  llvm::Error checkSigns();      ///< E has the signs of the coefficients
  llvm::Error checkMarginals();  ///< |E| <= 1 where an element is met once
  llvm::Error checkMonotone();   ///< V rises with what it adds
  llvm::Error checkCurvature();  ///< <v, H v> has one sign
  llvm::Error checkBounds();     ///< V is near that of hard
  llvm::Error checkDeadWeight(); ///< a weight of -inf is a candidate less
  llvm::Error checkDeadEdge();   ///< as is an edge of a dag taken out

  llvm::Error checkConvexity(); ///< V between is not above the chord

  // Of what is there under other names.
  llvm::Error checkLabels();    ///< those of a size permuted
  llvm::Error checkEdgeOrder(); ///< edges into a vertex turned around
  llvm::Error compareRenamed(const ResolvedCall &renamed,
                             const Results &expected);

  /// Value and E are those of all paths or trees, one after the other.
  llvm::Error checkSolutions();

  // Of directions in which all paths gain alike.
  llvm::Error checkShift(); ///< one more on each element of an input
  llvm::Error checkGauge(); ///< any other
  llvm::Error checkShifted(const std::string &what,
                           const reference::TensorMap &direction, double gain);
  llvm::Expected<std::optional<double>> getCommonGain(const std::string &name);
  llvm::Expected<std::optional<reference::TensorMap>> findGauge();

  llvm::Expected<Results> evaluate(ResolvedCall call, bool grad = true);
  /// The reference's values of all outputs together, every choice hard.
  llvm::Expected<double> getHardValue(const ResolvedCall &call);
  ResolvedCall moveInputs(const reference::TensorMap &by, double factor = 1);
  bool areNear(double a, double b, double scale) const;
  double getScale() const;

  const ast::Program &program;
  const ProgramTraits &traits;
  Engine &engine;
  RandomEngine &random;
  Tally &tally;

  ResolvedCall call;
  Results base;
  double value = 0;   ///< of all outputs together
  int gaugesLeft = 3; ///< they take the reference many gradients
  int enumerationsLeft = 5;
  /// Of what the instances that follow do not depend on.
  RandomEngine ownRandom;
};

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_TESTCOMMANDPROPERTIES_H
