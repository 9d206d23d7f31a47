//===- Call.h - the command line of a call ----------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What `dpc run` and `dpc eval` share: one command line, one meaning of it, two
// engines.
//
//   dpc eval F x=x.npy y=y.npy [g.indptr=p.npy g.src=s.npy] [W=3] [len:N=n.npy]
//     [--program NAME] [--reg=R] [--gamma=G] [--float=f32|f64] [-D K=64]
//     [--entry=value,grad,hvp,argmax] [--wrt x,y,d,gamma]
//     [dir:x=vx.npy ...] [ct:cost=c.npy ...] [--seed=S] [-o DIR] [--describe]
//
// - An input is a .npy file, a number (of rank 0), or `random:3x4`,
//   `random:normal`, `random`: normal floats, ints in their range, a random dag
//   (`g=random`); without a shape the sizes must be known otherwise.
// - An input with one more leading axis than declared is a batch. One without
// is
//   broadcast, and its gradient summed over the batch. A length, a size, gamma,
//   a direction and a cotangent may each be one or one per instance; the
//   direction of a broadcast input is one.
// - `len:N` gives the own size of each instance, at most the padded one. What
// is
//   beyond it is never read, and 0 in results.
// - Without `--float` the type is f32 if all float arrays are f4, else f64.
// - `-o DIR` takes <output>.npy, grad.<name>.npy, hvp.<name>.npy,
//   jvp.<output>.npy, argmax.npy and argmax.length.npy. Without it the results
//   are printed.
// - `--wrt` is all float inputs unless given.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_CALL_H
#define DANSKIN_TOOLS_DPC_CALL_H

#include "compiler/frontend/Frontend.h"
#include "compiler/reference/Interpreter.h"
#include "compiler/reference/Sizes.h"
#include "compiler/tools/dpc/Npy.h"

namespace danskin {

//===----------------------------------------------------------------------===//
// The command line
//===----------------------------------------------------------------------===//

struct Assignment {
  std::string name, value;
};

/// The command line, not yet looked at with the program in hand.
struct CallSpec {
  std::string file;
  std::string program; ///< empty: the only one
  std::optional<std::string> reg;
  std::string gamma = "1";
  std::string dtype; ///< f32, f64, or empty
  std::vector<std::string> entries = {"value"};
  std::optional<std::vector<std::string>> wrt;
  std::vector<Assignment> values; ///< inputs and sizes
  std::vector<Assignment> lengths, directions, cotangents;
  std::map<std::string, int64_t> defines;
  std::string outputFolder;
  uint64_t seed = 0;
  bool describe = false, warningsAreErrors = false;
  /// Options this parser does not know: an engine may.
  std::vector<std::string> engineOptions;
};

llvm::Expected<CallSpec> parseCall(llvm::ArrayRef<const char *> arguments);

//===----------------------------------------------------------------------===//
// The call
//===----------------------------------------------------------------------===//

/// An array of a call, with a leading batch axis or not.
template <class ArrayType> struct Batched {
  ArrayType array;
  bool isBatched = false;
};

struct ResolvedCall {
  const ast::Program *program = nullptr;
  std::optional<std::string> reg;
  bool isSingle = false; ///< f32; float arrays are rounded to it already
  bool value = false, grad = false, hvp = false, argmax = false;
  std::vector<std::string> wrt;

  bool isBatched = false; ///< do results have a batch axis?
  int64_t batch = 1;
  reference::SizeMap sizes; ///< as padded
  /// Sizes that differ from instance to instance, `batch` elements each.
  std::map<std::string, std::vector<int64_t>> lengths;
  std::map<std::string, Batched<reference::Tensor>> floats;
  std::map<std::string, Batched<reference::IntTensor>> ints;
  /// By input, let or `gamma`; by output.
  std::map<std::string, Batched<reference::Tensor>> directions, cotangents;
  Batched<reference::Tensor> gamma; ///< always f64

  /// Is there a gradient for each instance of what `name` stands for?
  bool hasBatchAxis(const std::string &name) const;
  /// The sizes of one instance.
  reference::SizeMap getSizes(int64_t instance) const;
};

/// Finds the program the call is about.
llvm::Expected<const ast::Program *> selectProgram(const ast::File &file,
                                                   const CallSpec &spec);

/// Reads the files and settles sizes, batch, types and names.
llvm::Expected<ResolvedCall> resolveCall(const ast::Program &program,
                                         const CallSpec &spec);

//===----------------------------------------------------------------------===//
// Engines and results
//===----------------------------------------------------------------------===//

struct Results {
  reference::TensorMap values, grads, hvps, jvps;
  /// (B, capacity, width), without B where the call is no batch; 0 beyond the
  /// length. reference::Path says what a row is.
  std::optional<reference::IntTensor> argmax, argmaxLength;
};

class Engine {
public:
  virtual ~Engine() = default;
  virtual llvm::Expected<Results> evaluate(const ResolvedCall &call) = 0;
};

/// Makes the engine for a call; `file` holds the program of the call.
using EngineFactory =
    llvm::function_ref<llvm::Expected<std::unique_ptr<Engine>>(
        const ast::File &file, const CallSpec &spec, const ResolvedCall &call,
        Diagnostics &diagnostics)>;

/// A whole command: parses, reads, evaluates, writes. Returns the exit code.
int runCallCommand(llvm::ArrayRef<const char *> arguments,
                   EngineFactory makeEngine);

llvm::Error writeResults(const Results &results, const ResolvedCall &call,
                         const std::string &folder);
void printResults(const Results &results, llvm::raw_ostream &os);
/// Sizes, inputs, outputs and entries.
void describeProgram(const ast::Program &program,
                     llvm::ArrayRef<std::string> entries,
                     llvm::raw_ostream &os);

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_CALL_H
