//===- Interface.h - what an entry looks like from outside ------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The C++ side of dp_entry (runtime/include/dp/abi.h), which entry points,
// header, example and manifest are all made from. It knows nothing of MLIR.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TARGET_INTERFACE_H
#define DANSKIN_TARGET_INTERFACE_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace danskin {

/// constant + sum of coefficients[k] * size k; `text` as in the source.
struct SizeForm {
  std::vector<int64_t> coefficients; ///< one a size
  int64_t constant = 0;
  std::string text;
};

struct SizeInterface {
  std::string name;
  std::optional<int64_t> fixed; ///< specialized to this value
};

/// form >= 0, or form == 0.
struct ConstraintInterface {
  SizeForm form;
  bool isEquality = false;
  std::string text; ///< the relation as in the source
};

/// The values are those of abi.h.
enum class ArrayKind : int32_t {
  Float = 0, ///< the entry's element type
  Int = 1,   ///< i64
  Gamma = 2, ///< f64, finite and > 0
  F64 = 3,   ///< f64
};

/// What the elements of an int input mean, for programs that make some up.
enum class IntRole {
  Index,       ///< any value from `lower` on, below `upper`
  DagPointers, ///< of a `dag`: where each vertex' edges begin
  DagSources,  ///< of a `dag`: where each edge comes from
};

struct InputInterface {
  std::string name;        ///< `x`, `gamma`, `ct.cost`, `dir.x`, `g.indptr`
  std::string declaration; ///< the line of the source that declares it
  ArrayKind kind = ArrayKind::Float;
  std::vector<SizeForm> extents;      ///< one an axis
  std::optional<double> defaultValue; ///< what a NULL stands for
  bool isShared = false;
  IntRole role = IntRole::Index;
  std::optional<SizeForm> lower, upper; ///< bounds where they are affine
};

struct OutputInterface {
  std::string name; ///< `cost`, `grad.x`, `hvp.x`, `jvp.cost`
  ArrayKind kind = ArrayKind::Float;
  std::vector<std::string> extents; ///< one text an axis, for documents
  /// The index of the input whose batch axis decides between one result an
  /// instance and the sum over all; none: always one an instance.
  std::optional<int32_t> follows;
  std::string description; ///< for the header; may be empty
};

/// What a processor must have. The values are those of abi.h.
enum class Isa : int32_t { Any = 0, Avx2 = 1, Avx512 = 2 };

/// Kernels for a processor: over several instances at once, and over one; the
/// module may lack either.
struct LanesInterface {
  Isa isa = Isa::Any;
  std::string run, one, cells;
};

/// Machine code of a device.
struct ImageInterface {
  std::string arch; ///< "sm_90", or text: "ptx", "ptx-large"
  std::string bytes;
};

/// Kernels for a device: by name in its images, or emulated in the module.
struct DeviceInterface {
  /// What dp-wrap-kernels made; `again` may be empty.
  std::string kernel, again, sums;
  std::string workspace, near; ///< the module's functions
  int32_t columns = 1;         ///< that a thread takes
  bool isEmulated = false;
  std::vector<ImageInterface> images;
};

/// One entry for one element type. `name` is `value`, `value_grad`, ...
struct EntryInterface {
  std::string program;
  std::string name;
  std::string dtype; ///< "f32" or "f64"
  std::vector<SizeInterface> sizes;
  std::vector<ConstraintInterface> constraints;
  std::vector<InputInterface> inputs;
  std::vector<OutputInterface> outputs;
  /// Names of the generated functions in the module; an empty `validate`
  /// says that there is nothing to validate.
  std::string run, workspace, extents, validate;
  std::vector<LanesInterface> lanes; ///< the best first
  std::optional<DeviceInterface> device;

  int32_t floatBits() const { return dtype == "f32" ? 32 : 64; }
  /// dp1_<program>_<entry>_<dtype>
  std::string symbol() const {
    return "dp1_" + program + "_" + name + "_" + dtype;
  }
};

/// How far kernels were found to be from the reference interpreter.
struct Verification {
  unsigned instances = 0; ///< of each program
  /// By `f32` and `f64`: the largest error of an element, relative to the
  /// largest element of its kind of result (to 1 where that is less).
  std::vector<std::pair<std::string, double>> largestErrors;
};

/// What is compiled at once: everything that one library holds.
struct LibraryInterface {
  std::string source;                   ///< the name of the .dp file
  std::string sourceHash;               ///< of its text, in hex
  std::string commandLine;              ///< that made it
  std::string compilerVersion;          ///< of dpc
  std::string regularizer;              ///< `--reg`, or empty
  std::vector<std::string> flags;       ///< the others that change the code
  std::vector<EntryInterface> entries;  ///< of all programs and element types
  std::optional<Verification> verified; ///< nothing without `--verify`

  /// The names of the programs, in order, each once.
  std::vector<std::string> programs() const;
};

} // namespace danskin

#endif
