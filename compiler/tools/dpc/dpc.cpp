//===- dpc.cpp - the compiler driver --------------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/Pipelines.h"
#include "compiler/tools/dpc/BenchCommand.h"
#include "compiler/tools/dpc/Commands.h"
#include "compiler/tools/dpc/CompiledEngine.h"
#include "compiler/tools/dpc/Evaluate.h"
#include "compiler/tools/dpc/TestCommand.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

using namespace danskin;

llvm::ArrayRef<Command> danskin::getCommands() {
  static const Command commands[] = {
      {"", "FILE.dp -o LIBRARY.so [--emit-header=FILE.h] [options]", "compile",
       compileCommand},
      {"check", "FILE.dp [--json]", "class, schedule, cost and memory",
       checkCommand},
      {"run", "FILE.dp x=x.npy ... -o DIRECTORY", "compile and call",
       runCommand},
      {"eval", "FILE.dp x=x.npy ... -o DIRECTORY",
       "the same by the reference interpreter", evalCommand},
      {"test", "FILE.dp", "compare kernels with oracles and properties",
       [](Arguments arguments) {
         return testCommand(arguments, makeCompiledEngine);
       }},
      {"bench", "FILE.dp N=256 B=64 ...", "how fast it is at these sizes",
       benchCommand},
      {"explain", "CODE",
       "what a diagnostic's code, or a family of them, means", explainCommand},
  };
  return commands;
}

/// Those whose values no table lists.
static constexpr llvm::StringLiteral furtherOptions =
    R"(  --wrt=NAMES             inputs and lets to differentiate by (default: all float inputs)
  -D NAME=VALUE           specialize a size
  --form=auto|native|wide scaled single precision where that is as good (default),
                          the arrays' type, or double
  --precise               the same as --form=wide: gradients of f32 arrays with errors
                          below 1e-6, whatever the length and gamma
  --lane=none|first       the free axis of the innermost loop
  --storage=full|box      rows from their own first cell, or bounding boxes
  --row-major             schedule cell by cell in the order of the indices (default:
                          where there is such an order)
  --widest                schedule as many cells as can be at equal time
  --target=cpu[:ISAS]     kernels that compute several instances or cells at once for
                            avx2, avx512, any (default avx2); the library takes what
                            the processor has. native: for this machine, as run and
                            bench have it
  --target=cuda:sm_80,... kernels for NVIDIA's GPUs too, by architecture
  --target=cuda-sim       such kernels on the CPU, watched for races (cuda-sim:large:
                            those for more than 2^31 elements)
  --lanes=N               how many: 1, 2, 4, 8 (default; 16 for native with AVX-512)
                            or 16
  --sanitize=NAMES        instrument kernels: address, thread
  -O0 .. -O3              how hard LLVM tries (default -O2)
  --memory=full           keep every cell that derivatives read
  --memory=checkpoint     keep a checkpoint now and then, and compute again what lies
                          between: about the square root of the memory, a third more time
  -c                      the same as --emit=obj
  -S                      the same as --emit=asm
  -g                      lines of the program in the code, for debuggers and profilers
  -MD                     write a rule of make too, OUTPUT: FILE.dp, beside the output
  -MF FILE                write it to FILE
  --verify                compare the kernels with the reference interpreter on 64 random
                          instances; the manifest keeps the largest error
  --print-schedule        print when the cells of each entry run
  --time                  print how long each part took
  --time-trace[=FILE]     write that as a trace for chrome://tracing or Perfetto
                          (default OUTPUT.time-trace)
  -Werror                 warnings are errors
  --diagnostics-format=text|json
)";

static int printHelp(llvm::raw_ostream &os) {
  os << "dpc: compiles differentiable dynamic programs\n\n";
  for (const Command &command : getCommands())
    os << "  dpc " << command.name << (command.name.empty() ? "" : " ")
       << command.usage << "\n        " << command.summary << "\n";
  os << R"(
Options of compiling
  -o FILE                 the library (.so shared, .a static), or what --emit names
  --emit=STAGE            print a stage instead of making a library:
)";
  for (const Stage &stage : getStages())
    os << "                            " << llvm::left_justify(stage.name, 10)
       << stage.summary << "\n";
  os << R"(                            manifest  the library's description, JSON
                            header    the C header
                            example-c a C program that calls the library
  --emit-header=FILE      write the C header too
  --emit-manifest=FILE    write the manifest too
  --program=NAME          of a file with several programs, only this one
  --reg=NAME              the regularizer of choices that name none: hard, entropy, l2
  --float=f32,f64         the types of arrays (default f32)
  --entry=NAMES           the queries of the library:
)";
  for (const Entry &entry : getEntries())
    os << "                            " << llvm::left_justify(entry.query, 11)
       << entry.summary << "\n";
  os << furtherOptions;
  return 0;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  Arguments arguments(const_cast<const char **>(argv) + 1, argc - 1);
  if (arguments.empty())
    return printHelp(llvm::errs()), 1;
  llvm::StringRef first = arguments.front();
  if (first == "--help" || first == "-h")
    return printHelp(llvm::outs());
  if (first == "--version") {
    llvm::outs() << "dpc 0.1.0\n";
    return 0;
  }
  for (const Command &command : getCommands())
    if (!command.name.empty() && command.name == first)
      return command.run(arguments.drop_front());
  if (llvm::is_contained({"fmt", "lsp", "plot"}, first)) {
    llvm::errs() << "dpc: error: `dpc " << first
                 << "` does not exist yet; `dpc --help` lists what does\n";
    return 1;
  }
  return compileCommand(arguments);
}
