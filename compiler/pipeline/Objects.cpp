//===- Objects.cpp - machine code of several modules at once --------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/Objects.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/TimeProfiler.h"
#include "llvm/Target/TargetMachine.h"

using namespace danskin;

struct Objects::Job {
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;
  std::unique_ptr<llvm::TargetMachine> machine;
  bool isTraced = false;
  std::optional<llvm::Expected<std::string>> object;
  double optimizing = 0, emitting = 0; ///< milliseconds
};

Objects::Objects(const CpuOptions &options) : options(options) {}
Objects::~Objects() = default;

llvm::Error Objects::add(std::unique_ptr<llvm::LLVMContext> context,
                         std::unique_ptr<llvm::Module> module) {
  auto machine = createCpuMachine(options);
  if (!machine)
    return machine.takeError();
  jobs.push_back(std::make_unique<Job>());
  Job &job = *jobs.back();
  job.context = std::move(context);
  job.module = std::move(module);
  job.machine = std::move(*machine);
  job.isTraced = llvm::timeTraceProfilerEnabled();
  pool.async([this, &job] { compile(job); });
  return llvm::Error::success();
}

double danskin::takeLap(std::chrono::steady_clock::time_point &last) {
  auto now = std::chrono::steady_clock::now();
  double passed = std::chrono::duration<double, std::milli>(now - last).count();
  last = now;
  return passed;
}

void Objects::compile(Job &job) {
  // Each thread has a trace of its own.
  if (job.isTraced)
    llvm::timeTraceProfilerInitialize(/*TimeTraceGranularity=*/100, "dpc");
  auto last = std::chrono::steady_clock::now();
  optimizeForCpu(*job.module, *job.machine, options);
  job.optimizing = takeLap(last);
  job.object = emitCpuObject(*job.module, *job.machine);
  job.emitting = takeLap(last);
  job.module.reset();
  if (job.isTraced)
    llvm::timeTraceProfilerFinishThread();
}

llvm::Error Objects::take(std::vector<std::string> &objects,
                          const Clock &clock) {
  pool.wait();
  llvm::Error error = llvm::Error::success();
  for (std::unique_ptr<Job> &job : jobs) {
    if (clock) {
      clock("optimizer", job->optimizing);
      clock("code", job->emitting);
    }
    if (*job->object)
      objects.push_back(std::move(**job->object));
    else
      error = llvm::joinErrors(std::move(error), job->object->takeError());
  }
  jobs.clear();
  return error;
}
