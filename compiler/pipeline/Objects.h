//===- Objects.h - machine code of several modules at once ------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_PIPELINE_OBJECTS_H
#define DANSKIN_PIPELINE_OBJECTS_H

#include "compiler/target/Cpu.h"
#include "llvm/Support/ThreadPool.h"
#include <chrono>
#include <deque>
#include <functional>

namespace llvm {
class LLVMContext;
} // namespace llvm

namespace danskin {

/// Called with the name of each part of the work and the milliseconds that it
/// took, for `--time`. Parts on different threads overlap.
using Clock = std::function<void(llvm::StringRef part, double milliseconds)>;

/// The milliseconds that passed since `last`, which becomes now.
double takeLap(std::chrono::steady_clock::time_point &last);

/// Turns LLVM modules into objects, on as many threads as there are processors.
class Objects {
public:
  explicit Objects(const CpuOptions &options);
  ~Objects();

  /// Starts on a module, which `context` owns. Fails where there is no code
  /// generator for the target.
  llvm::Error add(std::unique_ptr<llvm::LLVMContext> context,
                  std::unique_ptr<llvm::Module> module);

  /// Waits for all. Appends the objects in the order in which their modules
  /// were added, or fails as those did that failed.
  llvm::Error take(std::vector<std::string> &objects, const Clock &clock);

private:
  struct Job;
  void compile(Job &job);

  const CpuOptions &options;
  std::deque<std::unique_ptr<Job>> jobs;
  llvm::DefaultThreadPool pool; ///< the last: waits before the jobs go
};

} // namespace danskin

#endif // DANSKIN_PIPELINE_OBJECTS_H
