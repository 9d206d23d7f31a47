//===- Pipelines.cpp - the stages of the compiler -------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/Pipelines.h"
#include "compiler/conversion/Lowering.h"
#include "compiler/conversion/Passes.h"
#include "compiler/transforms/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace danskin;

static OpPassManager &onProgram(OpPassManager &manager) {
  return manager.nest<dp::ProgramOp>();
}

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

static void addReverse(OpPassManager &manager, const PipelineOptions &options) {
  DpDifferentiateReverseOptions reverse;
  reverse.wrt = options.wrt;
  onProgram(manager).addPass(createDpDifferentiateReverse(reverse));
}

static void deriveNothing(OpPassManager &, const PipelineOptions &) {}

static void keepValues(OpPassManager &manager, const PipelineOptions &) {
  onProgram(manager).addPass(createDpCarryMaxima());
}

static void deriveHessianProduct(OpPassManager &manager,
                                 const PipelineOptions &options) {
  addReverse(manager, options);
  DpDifferentiateForwardOptions forward;
  forward.wrt = options.wrt;
  onProgram(manager).addPass(createDpDifferentiateForward(forward));
  // Options of list type refer to the list.
  static const std::string products[] = {"hvp.", "jvp."};
  DpEliminateDeadTablesOptions dead;
  dead.keep = products;
  onProgram(manager).addPass(createDpEliminateDeadTables(dead));
}

ArrayRef<Entry> danskin::getEntries() {
  static const Entry entries[] = {
      {"value", "value", "the outputs", keepValues, ""},
      {"value_grad", "grad",
       "the outputs, and the gradient of <ct, outputs> in one sweep back",
       addReverse, ""},
      {"hvp", "hvp",
       "along a direction v: H v of <ct, outputs>, and J v of each output",
       deriveHessianProduct, ""},
      {"argmax", "argmax", "the path of the all-hard program", deriveNothing,
       "hard",
       /*tracesPath=*/true},
  };
  return entries;
}

const Entry *danskin::findEntry(StringRef name) {
  for (const Entry &entry : getEntries())
    if (entry.name == name || entry.query == name)
      return &entry;
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Stages
//===----------------------------------------------------------------------===//

void danskin::populateChecks(OpPassManager &manager) {
  onProgram(manager).addPass(createDpVerifyDomains());
  onProgram(manager).addPass(createDpVerifyCausality());
  onProgram(manager).addPass(createDpSplitTables());
}

static void addEquations(OpPassManager &manager, const PipelineOptions &options,
                         const Entry &entry) {
  DpSpecializeRegularizerOptions specialize;
  specialize.regularizer = options.regularizer;
  if (!entry.onlyRegularizer.empty()) {
    specialize.regularizer = entry.onlyRegularizer.str();
    specialize.everywhere = true;
  }
  onProgram(manager).addPass(createDpSpecializeRegularizer(specialize));
  onProgram(manager).addPass(createDpIsolateReductions());
}

static void addDerivatives(OpPassManager &manager,
                           const PipelineOptions &options, const Entry &entry) {
  DpSelectEntryOptions select;
  select.entry = entry.name.str();
  onProgram(manager).addPass(createDpSelectEntry(select));
  if (entry.tracesPath)
    onProgram(manager).addPass(createDpLayOutPaths());
  entry.derive(manager, options);
  onProgram(manager).addPass(createDpStoreWeights());
  onProgram(manager).addPass(createDpSimplifyPresence());
  onProgram(manager).addPass(createCSEPass());
  onProgram(manager).addPass(createDpEliminateDeadTables());
  // A path speaks of the program's own tables.
  if (!entry.tracesPath)
    onProgram(manager).addPass(createDpFuseCells());
}

void danskin::populateSchedule(OpPassManager &manager, Order order,
                               bool isForVectors, bool tracesPath) {
  DpAssignScheduleOptions schedule;
  // The fewer times there are, the shorter a path is known to be.
  schedule.fewestTimes = tracesPath && order == Order::RowsFirst;
  schedule.wavefront = isForVectors && order == Order::RowsFirst;
  schedule.rowMajor = order == Order::Rows;
  schedule.rowsFirst = order == Order::RowsFirst;
  onProgram(manager).addPass(createDpAssignSchedule(schedule));
}

static void addSchedule(OpPassManager &manager, const PipelineOptions &options,
                        const Entry &entry) {
  // Sums by segments have their order from those, which must be the same for
  // batches and for single instances.
  Order order = options.order;
  if (options.checkpoint && !entry.tracesPath && order == Order::RowsFirst)
    order = Order::Widest;
  populateSchedule(manager, order, options.lanes > 1, entry.tracesPath);
  if (!entry.tracesPath) {
    onProgram(manager).addPass(createDpSplitSums());
    onProgram(manager).addPass(createDpScatterSums());
  }
  DpPlanStorageOptions plan;
  if (!options.storage.empty())
    plan.storage = options.storage;
  if (!options.lane.empty())
    plan.lane = options.lane;
  onProgram(manager).addPass(createDpPlanStorage(plan));
  DpChooseFormOptions form;
  if (!options.form.empty())
    form.form = options.form;
  onProgram(manager).addPass(createDpChooseForm(form));
  onProgram(manager).addPass(createDpVerifySchedule());
  // The bound on a path's length comes from the schedule. A path reads all.
  if (entry.tracesPath)
    onProgram(manager).addPass(createDpTracePath());
  else if (options.storage != "box")
    onProgram(manager).addPass(createDpFoldStorage());
  if (options.checkpoint && !entry.tracesPath && options.storage != "box")
    onProgram(manager).addPass(createDpCheckpointTables());
}

PipelineOptions PipelineOptions::onDevice(unsigned indexBits) const {
  PipelineOptions device = *this;
  device.order = Order::Widest;
  device.lanes = 1;
  device.forThreads = true;
  device.indexBits = indexBits;
  return device;
}

static void addLoops(OpPassManager &manager, const PipelineOptions &options,
                     const Entry &entry) {
  ConvertDpToScfOptions convert;
  convert.floatTypes = options.floats;
  convert.forThreads = options.forThreads;
  manager.addPass(createConvertDpToScf(convert));
  if (options.forThreads) {
    manager.addPass(createDpWrapKernels({options.indexBits}));
    // Loops are one where it is seen that bounds do not depend on the outer.
    manager.addPass(createCanonicalizerPass());
    manager.addPass(createCSEPass());
    manager.addPass(createDpCarryFaults({/*cellsOnly=*/true}));
    manager.addPass(createDpFlattenBranches());
    manager.addPass(createLoopInvariantCodeMotionPass());
    manager.addPass(createCSEPass());
    manager.addPass(createDpNameMaxima());
    manager.addPass(createDpUnrollReductions());
    manager.addPass(createDpRaiseLoads());
    manager.addPass(createDpPrefetchInputs());
    manager.addPass(createDpDistributeCells());
    return;
  }
  manager.addPass(createDpCarryFaults());
  if (options.lanes > 1) {
    // What is known to be the same is the same for all lanes.
    manager.addPass(createCanonicalizerPass());
    manager.addPass(createCSEPass());
    DpVectorizeLanesOptions vectorize;
    vectorize.width = options.lanes;
    manager.addPass(createDpVectorizeLanes(vectorize));
  }
  DpVectorizeCellsOptions cells;
  cells.width = options.lanes;
  manager.addPass(createDpVectorizeCells(cells));
  manager.addPass(createDpWrapEntryPoints());
}

static void addLlvm(OpPassManager &manager, const PipelineOptions &options,
                    const Entry &entry) {
  populateLowerToLLVM(manager, options.indexBits);
}

ArrayRef<Stage> danskin::getStages() {
  static const Stage stages[] = {
      {"ast", "the tree, names and types resolved", nullptr},
      {"dp", "equations over domains, one reduction each", addEquations},
      {"grad", "with the entry's tangent and adjoint tables", addDerivatives},
      {"schedule", "with time, storage, numeric form and lane axis",
       addSchedule},
      {"loops", "loops over memory", addLoops},
      {"llvm", "the LLVM dialect", addLlvm},
      {"ir", "LLVM IR", nullptr},
      {"asm", "assembly", nullptr},
      {"obj", "a relocatable object, the runtime in it", nullptr},
      {"lib", "the library", nullptr},
  };
  return stages;
}

const Stage *danskin::findStage(StringRef name) {
  for (const Stage &stage : getStages())
    if (stage.name == name)
      return &stage;
  return nullptr;
}

void danskin::populatePipeline(OpPassManager &manager,
                               const PipelineOptions &options,
                               const Entry &entry, const Stage &last,
                               const Stage *first) {
  const Stage *begin = first ? first + 1 : getStages().begin();
  for (const Stage *stage = begin; stage <= &last; ++stage)
    if (stage->populate)
      stage->populate(manager, options, entry);
}

void danskin::loadDialects(MLIRContext &context) {
  context.loadDialect<dp::DpDialect, affine::AffineDialect, arith::ArithDialect,
                      func::FuncDialect, LLVM::LLVMDialect, math::MathDialect,
                      memref::MemRefDialect, NVVM::NVVMDialect, scf::SCFDialect,
                      vector::VectorDialect>();
}
